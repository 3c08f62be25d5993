-- reliability_spec.lua - doc/reliability.md: every promise names a test that is there,
-- and every part of the torture stands for a promise.

local function contents(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

-- The rows of the table: promise, test, figure asked, figure seen.
local function promises()
  local list = {}
  for line in contents("doc/reliability.md"):gmatch("[^\n]+") do
    local promise, test, asked, seen = line:match("^| (.-) | (.-) | (.-) | (.-) |$")
    if promise and promise ~= "promise" then
      list[#list + 1] = { promise = promise, test = test, asked = asked, seen = seen }
    end
  end
  return list
end

-- The names in the first column of the driver's table.
local function parts()
  local set = {}
  local rows = contents("spec/torture/run"):match("cat <<'END'\n(.-)END\n")
  for name in rows:gmatch("([%w_]+) *|[^\n]*\n") do set[name] = true end
  return set
end

local function target_is_there(name)
  return contents("Makefile"):find("\n" .. name .. ":", 1, true) ~= nil
end

describe("each promise", function()
  local known = parts()

  for _, row in ipairs(promises()) do
    it("is tested by what is there: " .. row.promise, function()
      local found = row.test == "-" and 1 or 0
      for path, rest in row.test:gmatch("`(spec/[%w_/]+%.lua)`([^;]*)") do
        local text = contents(path)
        local case = rest:match('"(.+)"')
        if case then assert.is_truthy(text:find(case, 1, true), path .. ": " .. case) end
        found = found + 1
      end
      for names in row.test:gmatch("torture: ([%w, ]+)") do
        for name in names:gmatch("%w+") do
          assert.is_true(known[name], "no part " .. name)
          found = found + 1
        end
      end
      for name in row.test:gmatch("`make ([%w-]+)`") do
        assert.is_true(target_is_there(name), "no target " .. name)
        found = found + 1
      end
      assert.is_true(found > 0, row.test)
      assert.is_true(#row.seen > 0)
    end)
  end

  it("has its parts of the torture", function()
    local text = contents("doc/reliability.md")
    for name in pairs(known) do
      assert.is_truthy(text:match("torture: [%w, ]*" .. name), name)
    end
  end)
end)
