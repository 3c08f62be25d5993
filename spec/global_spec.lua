-- global_spec.lua - loading the module changes nothing but package.loaded.
-- In a fresh interpreter, since busted has a world of its own.

local child = require "spec.support.child"

-- What a program could notice, as lines of text, before and after.
local probe = [==[
local open = io.open

local function keys(t, prefix, into)
  for k, v in pairs(t) do into[prefix .. tostring(k)] = tostring(v) end
end

local function state()
  local seen = {}
  keys(_G, "global ", seen)
  for _, name in ipairs { "io", "os", "string", "table", "math", "debug", "coroutine", "package" } do
    keys(_G[name], name .. ".", seen)
  end
  keys(package.loaded, "loaded ", seen)
  keys(getmetatable(""), "string metatable ", seen)
  seen["metatable of _G"] = tostring(getmetatable(_G))
  seen["locale"] = os.setlocale()
  local status = open("/proc/self/status")
  if status then
    for line in status:lines() do
      local name, value = line:match("^(Sig%a+):%s*(%x+)$")
      if name then seen[name] = value end
    end
    status:close()
  end
  return seen
end

local function differences(before, after)
  local list = {}
  for k, v in pairs(after) do
    if before[k] ~= v then list[#list + 1] = k end
  end
  for k in pairs(before) do
    if after[k] == nil then list[#list + 1] = k end
  end
  table.sort(list)
  return list
end

local before = state()
LOAD
local list = differences(before, state())
for _, what in ipairs(list) do print(what) end
]==]

local function changes(load)
  return (child.lua((probe:gsub("LOAD", load))))
end

local function hex(status, name)
  return status:match(name .. ":%s*(%x+)")
end

describe("requiring dialtone", function()
  it("changes nothing global", function()
    for line in changes('require "dialtone"'):gmatch("[^\n]+") do
      assert.matches("^loaded dialtone", line)
    end
  end)

  it("is what this spec would notice", function()
    assert.equal("global noticed\n", changes("noticed = 1"))
    assert.equal("io.open\n", changes("io.open = print"))
  end)

  it("leaves SIGPIPE as it was", function()
    if not io.open("/proc/self/status") then pending("needs /proc") end
    local output = child.lua([[
      require "dialtone"
      local file = assert(io.open("/proc/self/status"))
      io.write(file:read("*a"))
      file:close()
    ]])
    for _, name in ipairs { "SigIgn", "SigCgt" } do
      local mask = assert(hex(output, name))
      -- SIGPIPE is signal 13: bit 12, the lowest bit of the fourth digit
      local digit = tonumber(mask:sub(-4, -4), 16)
      assert.equal(0, digit % 2, name .. " " .. mask)
    end
  end)
end)
