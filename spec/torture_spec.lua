-- torture_spec.lua - the cases of the torture (spec/torture): each of them is good
-- when nothing fails, and together they call every public function.

local net = require "dialtone"
local Case = require "spec.torture.case"
local unpack = table.unpack or unpack -- luacheck: ignore

local pack = table.pack or function(...) return { n = select("#", ...), ... } end

-- Tables with public functions, by what is put before their names.
local function interfaces()
  local socket, other = net.socketpair()
  local queue = net.queue(1)
  local server = assert(net.serve("127.0.0.1:0", net.echo))
  local task, scope
  net.scope(function(opened)
    scope = opened
    task = opened:spawn(function() end)
  end)
  local tables = { ["net."] = net }
  for name, object in pairs({ socket = socket, queue = queue, server = server, task = task, scope = scope }) do
    tables[name .. ":"] = debug.getmetatable(object).__index
  end
  socket:close()
  other:close()
  server:close()
  return tables
end

-- Calls `fn` while it is noted which functions of the tables are called; gives the
-- names of those that are not.
local function uncalled(tables, fn)
  local originals, called = {}, {}
  for prefix, methods in pairs(tables) do
    for name, original in pairs(methods) do
      if type(original) == "function" and name ~= "onerror" and name:sub(1, 2) ~= "__" then
        originals[#originals + 1] = { methods, name, original, prefix .. name }
      end
    end
  end
  for _, one in ipairs(originals) do
    local methods, name, original, full = unpack(one)
    methods[name] = function(...)
      called[full] = true
      return original(...)
    end
  end
  local ok, message = pcall(fn)
  local missing = {}
  for _, one in ipairs(originals) do
    local methods, name, original, full = unpack(one)
    methods[name] = original
    if not called[full] then missing[#missing + 1] = full end
  end
  assert(ok, message)
  table.sort(missing)
  return missing
end

local function run(case)
  local context = pack(case.setup())
  local ok, value, message = pcall(case.body, unpack(context, 1, context.n))
  Case.close(error)
  for _ = 1, 3 do net.step(0) end -- servers close their connections
  if not ok and (value == Case.FAILED or value == Case.WRONG) then value = Case.failure.message end
  assert(ok and value, case.name .. ": " .. tostring(ok and message or value))
end

describe("the cases of the torture", function()
  for _, case in ipairs(Case.list) do
    it("is good when nothing fails: " .. case.name, function() run(case) end)
  end

  it("call every public function", function()
    local missing = uncalled(interfaces(), function()
      for _, case in ipairs(Case.list) do run(case) end
    end)
    assert.equal("", table.concat(missing, " "))
  end)
end)
