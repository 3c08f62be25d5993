-- socket.lua - a spec whose case leaks two sockets, and a plan for a fault that
-- the next case must not see; see leak.lua.
local net = require "dialtone"
local core = require "dialtone.core"
local kept = {}

describe("leaky", function()
  it("keeps sockets", function()
    kept[1], kept[2] = assert(net.socketpair())
    assert.equal(2, #kept)
    core.fault.fail("socket", "EMFILE", 1, true)
  end)

  it("meets no fault of its predecessor", function()
    assert(net.socket("AF_INET", "SOCK_DGRAM")):close()
  end)
end)
