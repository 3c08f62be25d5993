-- clean.lua - a spec that leaks nothing, in all the ways there are; see leak.lua.
local net = require "dialtone"
local each

describe("clean", function()
  before_each(function() each = assert(io.open("/dev/zero")) end)
  after_each(function() each:close() end)

  it("closes", function()
    local a, b = assert(net.socketpair())
    a:close()
    b:close()
  end)

  it("leaves it to the collector", function()
    assert(net.socketpair())
  end)

  it("closes in finally", function()
    local file = assert(io.open("/dev/zero"))
    finally(function() file:close() end)
    assert.is_truthy(each)
  end)
end)
