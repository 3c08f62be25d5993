-- cost_spec.lua - what an echo between tasks costs: system calls, and memory that
-- the collector has to see to.  Times are measured by bench, not here.

local net = require "dialtone"
local core = require "dialtone.core"
local support = require "spec.support.transport"
local task = require "spec.support.task"
local file = require "spec.support.file"
local fault, keep, run = support.fault, support.keep, task.run
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local ROUNDS = 1000
local data = ("x"):rep(64) -- a long string: each one received is a new one

-- A connection, and how to send over it and back so many times.
local function echo_between(spawn)
  local listener = keep(assert(net.listen("127.0.0.1:0")))
  local a = keep(assert(net.connect(listener:getsockname())))
  local b = keep(assert(listener:accept()))
  spawn(function()
    for piece in function() return b:recv(65536) end do b:write(piece) end
  end)
  return function(rounds)
    for _ = 1, rounds do
      a:write(data)
      a:recv(65536)
    end
  end
end

-- Of all calls that wait, move bytes or ask about descriptors.
local calls = {
  "send", "recv", "sendmsg", "recvmsg", "sendto", "recvfrom", "poll", "epoll_wait", "epoll_ctl",
  "getsockopt", "setsockopt", "getsockname", "getpeername", "ioctl", "set_nonblocking",
}

local function counts()
  local list = {}
  for _, name in ipairs(calls) do list[name] = fault.count(name) end
  return list
end

describe("an echo that waits", function()
  if core.inner.poller() == "epoll" then
    it("is three system calls", function()
      run(function(spawn)
        local echo = echo_between(spawn)
        echo(10)
        local before = counts()
        echo(ROUNDS)
        local after, more = counts(), {}
        for name, count in pairs(after) do
          local each = (count - before[name]) / ROUNDS
          if each > 0 then more[name] = each end
        end
        -- both ends are here: each waits, receives and sends
        assert.same({ epoll_wait = 2, recv = 2, send = 2 }, more)
      end)
    end)
  end

  -- KiB that a string takes, and those that an echo does.
  local function measure(echo)
    local strings = {}
    for i = 1, ROUNDS do strings[i] = false end
    collectgarbage()
    collectgarbage("stop")
    local start = collectgarbage("count")
    for i = 1, ROUNDS do strings[i] = ("x"):rep(64) end
    local middle = collectgarbage("count")
    echo(ROUNDS)
    local finish = collectgarbage("count")
    collectgarbage("restart")
    assert.equal(ROUNDS, #strings)
    return (middle - start) / ROUNDS, (finish - middle) / ROUNDS
  end

  it("allocates the string that was received, and nothing else", function()
    run(function(spawn)
      local echo = echo_between(spawn)
      local one, each
      echo(100)
      for _ = 1, 4 do -- LuaJIT may still be compiling the first time
        one, each = measure(echo)
        -- both ends receive; Luas that keep each text once allocate nothing at all
        if each <= 2 * one + 1 / 1024 then return end
      end
      error(("%.1f bytes for an echo, %.1f for a string"):format(each * 1024 / 2, one * 1024))
    end)
  end)
end)

-- MiB of address space, on Linux; elsewhere nil.
local function mapped()
  local ok, status = pcall(file.read, "/proc/self/status")
  return ok and status:match("VmSize:%s*(%d+)") / 1024 or nil
end

if mapped() then
  describe("calls that wait on C stacks", function()
    it("give the stacks back, but for a few", function()
      run(function(spawn)
        local before, many, tasks = mapped(), 400, {}
        local gate = net.queue()
        for i = 1, many do
          tasks[i] = spawn(function()
            table.sort({ 2, 1 }, function(a, b) gate:get() return a < b end)
          end)
        end
        task.until_waiting(tasks)
        assert.is_true(mapped() - before > 3 * many, "no C stacks of 4 MiB are in use")
        gate:close()
        for i = 1, many do assert(tasks[i]:join()) end
        assert.is_true(mapped() - before < 3 * many / 4)
      end)
      collectgarbage()
    end)
  end)
end
