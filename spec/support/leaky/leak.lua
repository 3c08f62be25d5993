-- leak.lua - a spec whose second case leaks; spec/guard_spec.lua runs it and
-- expects the guard to say so, of that case only.
local kept

describe("leaky", function()
  it("is clean before", function() end)

  it("keeps a file", function()
    kept = io.open("/dev/zero")
  end)

  it("is clean after", function()
    assert.is_truthy(kept)
  end)
end)
