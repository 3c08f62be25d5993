-- guard_spec.lua - the guard against leaked descriptors (spec/support/guard.lua)
-- catches them.  Each case runs busted on a small spec of spec/support/leaky.

local child = require "spec.support.child"

local function busted(file)
  return child.run(("%s spec/support/busted.lua -o plainTerminal spec/support/leaky/%s.lua")
    :format(child.quote(child.interpreter()), file))
end

-- The part of the report about one case.
local function about(output, case)
  return output:match("\n[^\n]*%-> spec/support/leaky[^\n]*\n" .. case .. "\n(.-)\n\n")
    or output:match("\n[^\n]*%-> spec/support/leaky[^\n]*\n" .. case .. "\n(.*)$")
end

describe("the guard", function()
  it("fails the case that leaks a file, and no other", function()
    local output, ok = busted("leak")
    assert.is_false(ok)
    assert.matches("2 successes / 0 failures / 1 error /", output, 1, true)
    local report = about(output, "leaky keeps a file")
    assert.matches("left open by this test case", report, 1, true)
    assert.matches("%d+ /dev/zero", report)
  end)

  it("names every leaked socket", function()
    local output, ok = busted("socket")
    assert.is_false(ok)
    local _, count = about(output, "leaky keeps sockets"):gsub("%d+ socket:%[%d+%]", "")
    assert.equal(2, count)
  end)

  it("ends a plan for faults with its case", function()
    local output = busted("socket")
    assert.matches("1 success / 0 failures / 1 error /", output, 1, true)
  end)

  it("reports what a file leaks outside its cases", function()
    local output, ok = busted("setup")
    assert.is_false(ok)
    assert.matches("1 success / 0 failures / 1 error /", output, 1, true)
    assert.matches("left open by this file", output, 1, true)
    assert.matches("%d+ /dev/zero", output)
  end)

  it("lets clean cases pass", function()
    local output, ok = busted("clean")
    assert.is_true(ok)
    assert.matches("3 successes / 0 failures / 0 errors / 0 pending", output, 1, true)
  end)
end)
