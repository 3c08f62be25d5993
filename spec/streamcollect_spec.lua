-- streamcollect_spec.lua - the collector may run in the middle of a call that reads
-- or writes, and what it runs may close the socket.  What is wrong then is seen by
-- the sanitizers (make asan), and by chance elsewhere.

local support = require "spec.support.transport"
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- The scripts run in an interpreter of their own, in whose little memory the
-- collector is at work all the time.
local prelude = [[
collectgarbage("setpause", 1)
collectgarbage("setstepmul", 100000)

-- Calls the function when the collector next runs.
local function at_collection(fn)
  if newproxy then
    getmetatable(newproxy(true)).__gc = fn
  else
    setmetatable({}, { __gc = fn })
  end
end

local finalized = 0
]]

local function runs(script)
  local child = support.child(prelude .. script .. "say(finalized > 0)\n")
  assert.equal("true\n", child:rest())
end

describe("a socket that the collector closes", function()
  it("in a write, which makes texts of numbers, fails or has written", function()
    runs [[
      for round = 1, 100 do
        local a, b = net.socketpair()
        a:setvbuf("full")
        a:write("begin\n")
        at_collection(function()
          finalized = finalized + 1
          a:close()
        end)
        for i = 1, 60 do
          local ok, _, code = a:write(i + round, i + 1000 * round, 7 * i + round)
          assert(ok or code == "closed", code)
        end
        a:close()
        b:close()
      end
    ]]
  end)

  it("in a read of several results, gives what was read, or fails", function()
    runs [[
      local line = ("x"):rep(50)
      for round = 1, 60 do
        local a, b = net.socketpair()
        local lines = {}
        for i = 1, 20 do lines[i] = line .. i .. round end
        a:send(table.concat(lines, "\n") .. "\n")
        assert(b:read() == lines[1])
        at_collection(function()
          finalized = finalized + 1
          b:close()
        end)
        for i = 2, 14, 3 do
          local first, second, third = b:read("l", "l", "l")
          if not first then break end
          assert(first == lines[i])
          assert(second == lines[i + 1] or second == nil)
          assert(third == lines[i + 2] or third == nil)
        end
        b:read()
        a:close()
        b:close()
      end
    ]]
  end)
end)
