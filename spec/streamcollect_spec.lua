-- streamcollect_spec.lua - the collector may run in the middle of a call that reads
-- or writes, and what it runs may close the socket.  What is wrong then is seen by
-- the sanitizers (make asan), and by chance elsewhere.

local net = require "dialtone"
local support = require "spec.support.transport"
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- Calls the function again and again, for a while: with all that busted has in
-- memory the collector may take long.
local function repeatedly(fn)
  local deadline = support.clock() + 0.3
  for round = 1, 200 do
    fn(round)
    if support.clock() > deadline then break end
  end
end

-- Calls the function when the collector next runs.
local function at_collection(fn)
  if newproxy then -- luacheck: ignore
    getmetatable(newproxy(true)).__gc = fn -- luacheck: ignore
  else
    setmetatable({}, { __gc = fn })
  end
end

-- The collector runs as often as it can.
local function hurried(body)
  local pause = collectgarbage("setpause", 1)
  local multiplier = collectgarbage("setstepmul", 100000)
  local ok, message = pcall(body)
  collectgarbage("setpause", pause)
  collectgarbage("setstepmul", multiplier)
  assert(ok, message)
end

describe("a socket that the collector closes", function()
  it("in a write, which makes texts of numbers, fails or has written", function()
    local finalized = 0
    hurried(function()
      repeatedly(function(round)
        local a, b = net.socketpair()
        a:setvbuf("full")
        a:write("begin\n")
        at_collection(function()
          finalized = finalized + 1
          a:close()
        end)
        for i = 1, 10 do
          local ok, _, code = a:write(round + i, 7 * round + i, 1000 * i + round)
          if not ok then assert.equal("closed", code) end
        end
        a:close()
        b:close()
      end)
    end)
    collectgarbage()
    assert.is_true(finalized > 0)
  end)

  it("in a read of several results, gives what was read, or fails", function()
    local line = ("x"):rep(50)
    hurried(function()
      repeatedly(function(round)
        local a, b = net.socketpair()
        local lines = {}
        for i = 1, 20 do lines[i] = line .. i .. round end
        a:send(table.concat(lines, "\n") .. "\n")
        assert.equal(lines[1], b:read())
        at_collection(function() b:close() end)
        for i = 2, 14, 3 do
          local first, second, third = b:read("l", "l", "l")
          if not first then break end
          assert.equal(lines[i], first)
          assert.is_true(second == lines[i + 1] or second == nil)
          assert.is_true(third == lines[i + 2] or third == nil)
        end
        b:read()
        a:close()
        b:close()
      end)
    end)
  end)
end)
