-- setup.lua - a spec that leaks outside its cases; see leak.lua.
local kept

describe("leaky", function()
  setup(function()
    kept = io.open("/dev/zero")
  end)

  it("is clean itself", function()
    assert.is_truthy(kept)
  end)
end)
