-- task_spec.lua - tasks: what they come to, cancelling, time, and fairness.

local net = require "dialtone"
local support = require "spec.support.transport"
local task = require "spec.support.task"
local assert_fails, assert_raises, keep = support.assert_fails, support.assert_raises, support.keep
local listen_to_errors, pack = support.listen_to_errors, support.pack
local run, until_waiting, waits = task.run, task.until_waiting, task.waits
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local LONG, SHORT = task.LONG, 0.02

-- On LuaJIT a wait that pcall itself calls raises just outside of the pcall.
local function wait_long()
  local ok = net.sleep(LONG)
  return ok
end

-- A task that was cancelled, as join gives it.
local function assert_cancelled(...)
  assert.same({ n = 3, false, "the task was cancelled", "cancelled" }, pack(...))
end

describe("net.spawn", function()
  it("starts no task before somebody waits", function()
    run(function(spawn)
      local began
      local one = spawn(function() began = true end)
      assert.is_nil(began)
      assert.equal("ready", one:status())
      net.sleep(0)
      assert.is_true(began)
      assert.equal("done", one:status())
    end)
  end)

  it("passes arguments, 30 at most", function()
    run(function(spawn)
      local list = {}
      for i = 1, 31 do list[i] = i end
      local unpack = rawget(_G, "unpack") or table.unpack
      local one = spawn(function(...) return select("#", ...), (select(30, ...)) end, unpack(list, 1, 30))
      assert.same({ n = 3, true, 30, 30 }, pack(one:join()))
      assert_raises("too many arguments for a task %(30 at most%)", net.spawn, print, unpack(list))
      assert.same({ n = 4, true, nil, 2, nil }, pack(spawn(function(...) return ... end, nil, 2, nil):join()))
    end)
  end)

  it("takes C functions and what can be called like a function, and nothing else", function()
    run(function(spawn)
      assert.same({ n = 2, true, "4" }, pack(spawn(tostring, 4):join()))
      assert.same({ n = 2, true, true }, pack(spawn(net.sleep, 0.001):join()))
      local object = setmetatable({}, { __call = function(self, x) return self, x end })
      assert.same({ n = 3, true, object, 5 }, pack(spawn(object, 5):join()))
    end)
    for _, value in ipairs { 1, "x", {}, true, coroutine.create(function() end) } do
      assert_raises("function expected, got", net.spawn, value)
    end
    assert_raises("function expected", net.spawn)
  end)

  it("says what a task is at", function()
    run(function(spawn)
      local inner, one
      local cancelled, queue = spawn(print), net.queue()
      cancelled:cancel()
      one = spawn(function()
        inner = one:status()
        queue:get()
      end)
      assert.equal("ready", one:status())
      net.sleep(0)
      assert.equal("running", inner)
      assert.equal("waiting", one:status())
      assert.equal("get", (one:waiting()))
      queue:put("go on")
      one:join()
      assert.equal("done", one:status())
      local failed = spawn(function() error("on purpose") end)
      failed:join()
      assert.equal("failed", failed:status())
      assert.equal("cancelled", cancelled:status())
    end)
  end)
end)

describe("task:join", function()
  it("gives what the function returned, however much it is", function()
    local unpack = rawget(_G, "unpack") or table.unpack
    run(function(spawn)
      for _, count in ipairs { 0, 1, 19, 20, 21, 200, 5000 } do
        local list = {}
        for i = 1, count do list[i] = i end
        local queue = net.queue()
        local one = spawn(function()
          queue:get()
          return unpack(list)
        end)
        local early = spawn(function() return select("#", one:join()) end)
        until_waiting { one, early }
        spawn(queue.put, queue, "go on") -- its turn comes when we wait
        for _ = 1, 2 do -- while it waits, and after the end
          local result = pack(one:join())
          assert.equal(count + 1, result.n)
          assert.is_true(result[1])
          assert.equal(count > 0 and count or true, result[result.n])
        end
        assert.same({ true, count + 1 }, { early:join() })
      end
    end)
  end)

  it("gives the error and its traceback", function()
    run(function(spawn)
      local one = spawn(function()
        net.sleep(0)
        error("on purpose")
      end)
      local ok, failure, trace = one:join()
      assert.is_false(ok)
      assert.matches("^spec/task_spec.lua:%d+: on purpose$", failure)
      assert.matches("^spec/task_spec.lua:%d+: on purpose\nstack traceback:\n", trace)
      assert.matches("spec/task_spec.lua:%d+: in function", trace)
    end)
  end)

  it("gives an error that is no text as it is", function()
    run(function(spawn)
      local object = setmetatable({}, { __tostring = function() return "an object" end })
      for _, value in ipairs { object, 5, false, {} } do
        local ok, failure, trace = spawn(function() error(value, 0) end):join()
        assert.is_false(ok)
        assert.equal(value, failure)
        assert.equal("string", type(trace))
      end
      assert.matches("^an object\nstack traceback:", (select(3, spawn(error, object):join())))
      local mute = setmetatable({}, { __tostring = function() return {} end })
      assert.matches("^table: [%w]+\nstack traceback:", (select(3, spawn(error, mute):join())))
      local ok, failure = spawn(function() error() end):join()
      assert.same({ false, nil }, { ok, failure })
    end)
  end)

  it("is a task's, and says what it got instead", function()
    run(function(spawn)
      local join = spawn(function() end).join
      assert_raises("task expected, got number", join, 5)
      assert_raises("task expected, got table", join, {})
    end)
  end)

  it("has any number of callers", function()
    run(function(spawn)
      local list, queue = {}, net.queue()
      local one = spawn(function() return (queue:get()) end)
      for i = 1, 50 do list[i] = spawn(function() return select(2, one:join()) end) end
      until_waiting(list)
      queue:put("result")
      for i = 1, 50 do assert.same({ true, "result" }, { list[i]:join() }) end
    end)
  end)

  it("takes a limit, and the task goes on", function()
    run(function(spawn)
      local queue = net.queue()
      local one = spawn(function() return (queue:get()) end)
      support.assert_takes(0.01, function()
        assert_fails("timeout", "^join: ", one:join(0.01))
      end)
      assert_fails("timeout", "^join: ", one:join(0))
      assert.equal("waiting", one:status())
      queue:put(1)
      assert.same({ true, 1 }, { one:join(LONG) })
      assert.same({ true, 1 }, { one:join(0) })
    end)
  end)

  it("raises for a task that would wait for its own end", function()
    run(function(spawn)
      local self
      self = spawn(function() return self:join() end)
      local ok, failure = self:join()
      assert.is_false(ok)
      assert.matches("a task cannot wait for its own end", failure)
    end)
  end)

  it("waits in the main program", function()
    local one = net.spawn(function()
      net.sleep(SHORT)
      return 1
    end)
    assert.same({ true, 1 }, { one:join() })
    assert.equal("done", one:status())
  end)

  it("raises in the main program when nothing can end it", function()
    local a, b
    a = net.spawn(function() return b:join() end)
    b = net.spawn(function() return a:join() end)
    assert_raises("nothing can end this wait", a.join, a)
    a:cancel()
    b:join()
  end)
end)

describe("net.run", function()
  it("gives what the function returns, and waits for all other tasks", function()
    local ended
    assert.same({ n = 3, 1, nil, 3 }, pack(net.run(function(...)
      net.spawn(function()
        net.sleep(SHORT)
        ended = true
      end)
      return ...
    end, 1, nil, 3)))
    assert.is_true(ended)
    assert.equal(0, select("#", net.run()))
    assert.equal(0, select("#", net.run(function() end)))
  end)

  it("gives nil, message, code when the function's task is cancelled", function()
    assert.same({ n = 3, nil, "the task was cancelled", "cancelled" }, pack(net.run(function()
      net.tasks()[1]:cancel()
      wait_long()
    end)))
  end)

  it("raises what the function raised, with the traceback, and at once", function()
    local left
    local message = assert_raises("^spec/task_spec.lua:%d+: on purpose\nstack traceback:", net.run, function()
      left = net.spawn(wait_long)
      until_waiting(left)
      error("on purpose")
    end)
    assert.matches("in function", message)
    assert.equal("waiting", left:status())
    left:cancel()
    assert_cancelled(left:join())
    local object = {}
    local ok, failure = pcall(net.run, function() error(object) end)
    assert.is_false(ok)
    assert.equal(object, failure)
  end)

  it("raises at once also when another task waits where it cannot yield", function()
    local peer, socket = keep(net.socketpair())
    local left
    support.assert_takes(0, function()
      assert_raises("on purpose", net.run, function()
        left = net.spawn(function()
          return (("x"):gsub("x", function() return socket:recv(1) end))
        end)
        until_waiting(left)
        error("on purpose")
      end)
    end)
    peer:send("y")
    assert.same({ true, "y" }, { left:join() })
  end)

  it("raises when only tasks are left that wait for each other", function()
    local a, b
    assert_raises("task_spec%.lua:%d+: net%.run: 2 tasks are left, and each waits for another", function()
      net.run(function()
        a = net.spawn(function() return b:join() end)
        b = net.spawn(function() return a:join() end)
      end)
    end)
    a:cancel()
    assert_cancelled(select(2, b:join()))
  end)

  it("leaves others their turns beside a task that will not be cancelled", function()
    run(function(spawn)
      local refusals, turns = 0, 0
      local stubborn = spawn(function()
        while turns < 5 and refusals < 100000 do
          pcall(wait_long)
          refusals = refusals + 1
        end
        return "its own end"
      end)
      spawn(function()
        while true do
          net.sleep(0)
          turns = turns + 1
        end
      end)
      until_waiting(stubborn)
      stubborn:cancel()
      assert.same({ true, "its own end" }, { stubborn:join() })
      assert(turns >= 5, turns)
    end)
  end)

  it("is not for tasks, and says what is", function()
    local ok, message = run(function() return pcall(net.run, print) end)
    assert.is_false(ok)
    assert.matches("net%.run: this is a task", message)
    ok, message = run(function() return pcall(net.step) end)
    assert.is_false(ok)
    assert.matches("net%.step: the loop runs already", message)
  end)

  it("goes on after an error as if nothing had been", function()
    for _ = 1, 3 do
      assert_raises("on purpose", net.run, function() error("on purpose") end)
      assert.equal(1, net.run(function()
        net.sleep(0.001)
        return 1
      end))
    end
  end)
end)

describe("net.step", function()
  it("lets tasks have turns, and says when it must be called again", function()
    local turns = 0
    local one = net.spawn(function()
      for _ = 1, 3 do
        turns = turns + 1
        net.sleep(0)
      end
      net.sleep(0.05)
    end)
    assert.same({ true, 0 }, { net.step(0) })
    assert.equal(1, turns)
    for _ = 1, 3 do net.step(0) end
    assert.equal(3, turns)
    local more, seconds = net.step(0)
    assert.is_true(more)
    assert.is_true(seconds > 0 and seconds <= 0.05, seconds)
    support.eventually(function() return not net.step(1) end)
    assert.equal("done", one:status())
    assert.is_false((net.step(0)))
  end)

  it("waits no longer than it is told, also beside a task that cannot yield", function()
    local peer, socket = keep(net.socketpair())
    local one = net.spawn(function()
      return (("x"):gsub("x", function() return socket:recv(1) end))
    end)
    net.step(0)
    for _ = 1, 3 do
      support.assert_takes(0.01, function() assert.is_true((net.step(0.01))) end)
    end
    support.assert_takes(0, function() net.step(0) end)
    peer:send("y")
    support.eventually(function() return not net.step(0.1) end)
    assert.same({ true, "y" }, { one:join() })
  end)

  it("goes on to wait after a signal", function()
    local one = net.spawn(net.sleep, 60)
    net.step(0)
    local often = support.fault.alarm(200)
    local ok, message = pcall(support.assert_takes, 0.05, function() net.step(0.05) end)
    support.fault.alarm(often)
    one:cancel()
    one:join()
    assert(ok, message)
  end)

  it("waits for what happens, not for its whole limit", function()
    local peer, socket = keep(net.socketpair())
    local one = net.spawn(function() return socket:recv(1) end)
    net.step(0)
    peer:send("y")
    support.assert_takes(0, function() net.step(LONG) end)
    assert.same({ true, "y" }, { one:join() })
  end)

  it("has a descriptor to be watched", function()
    local fd = net.fileno()
    if not fd then return end -- poll(2) has none
    local peer, socket = keep(net.socketpair())
    local one = net.spawn(function() return socket:recv(1) end)
    net.step(0)
    peer:send("y")
    assert.equal(1, #assert(net.poll({ fd }, 5)))
    net.step(0)
    assert.equal("done", one:status())
  end)
end)

describe("a task that fails", function()
  it("is reported once, with its traceback, and ends alone", function()
    local told = listen_to_errors()
    local ended
    net.run(function()
      net.spawn(function() error("on purpose") end)
      net.spawn(function()
        support.eventually(function() return told[1] end)
        ended = true
      end)
    end)
    assert.is_true(ended)
    assert.equal(1, #told)
    assert.matches("^spec/task_spec.lua:%d+: on purpose\nstack traceback:", told[1].message)
    assert.equal("failed", told[1].task:status())
  end)

  it("is not reported when somebody waits for it, is when nobody does any more", function()
    local told = listen_to_errors()
    net.run(function()
      local one = net.spawn(function()
        net.sleep(0)
        error("on purpose")
      end)
      assert.is_false((one:join()))
      assert.equal(0, #told)
      local queue = net.queue()
      one = net.spawn(function()
        queue:get()
        error("on purpose")
      end)
      assert_fails("timeout", "^join: ", one:join(0.001))
      queue:put("go on")
      support.eventually(function() return told[1] end, "nobody is told")
    end)
    assert.equal(1, #told)
  end)

  it("does not disturb anybody when the report fails, or waits", function()
    local ended = 0
    function net.onerror()
      net.sleep(0.005)
      ended = ended + 1
    end
    net.run(function()
      for _ = 1, 5 do net.spawn(error, "on purpose") end
    end)
    assert.equal(5, ended)
    local output, status = task.script [[
      function net.onerror(message) error("in the report: " .. message:match("^[^\n]*"), 0) end
      net.run(function() net.spawn(function() error("first", 0) end) end)
      print(net.run(function() return "goes on" end))
    ]]
    assert.equal(0, status)
    assert.matches(
      "^dialtone: first\nstack traceback:.*\ndialtone: net.onerror: in the report: first\ngoes on\n$", output)
  end)
end)

describe("task:cancel", function()
  for _, wait in ipairs(waits) do
    it("ends a task that waits in " .. wait.name, function()
      run(function(spawn)
        local w = wait.make()
        local one = spawn(w.call)
        until_waiting(one)
        assert.is_true(one:cancel())
        support.assert_takes(0, function() assert_cancelled(one:join()) end)
        assert.equal("cancelled", one:status())
        if w.finish then w.finish() end
      end)
    end)

    it("is seen by pcall, and raised again by the next wait: " .. wait.name, function()
      run(function(spawn)
        local w = wait.make()
        local seen, again = {}, nil
        local one = spawn(function()
          local ok, value = pcall(function()
            local result = w.call()
            return result
          end)
          seen = { ok, type(value), tostring(value) }
          ok, again = pcall(wait_long)
          again = not ok and again == value
          wait_long()
          seen = "it went on"
        end)
        until_waiting(one)
        one:cancel()
        assert_cancelled(one:join())
        assert.same({ false, "userdata", "cancelled" }, seen)
        assert.is_true(again)
        if w.finish then w.finish() end
      end)
    end)

    if wait.on_socket then
      it("leaves the socket as it was: " .. wait.name, function()
        run(function(spawn)
          local w = wait.make()
          local one = spawn(w.call)
          until_waiting(one)
          one:cancel()
          one:join()
          local result = spawn(w.call)
          until_waiting(result) -- it does not fail: the socket is not busy
          if w.wake then
            w.wake()
            assert.same({ true, w.gives }, { result:join() })
          end
          result:cancel()
          result:join()
          if w.finish then w.finish() end
          assert.is_true(w.socket:close())
        end)
      end)
    end
  end

  it("keeps a task from beginning", function()
    run(function(spawn)
      local began
      local one = spawn(function() began = true end)
      one:cancel()
      assert_cancelled(one:join())
      assert.is_nil(began)
    end)
  end)

  it("is harmless when it comes twice, or late", function()
    run(function(spawn)
      local one = spawn(wait_long)
      until_waiting(one)
      assert.is_true(one:cancel())
      assert.is_true(one:cancel())
      assert_cancelled(one:join())
      assert.is_true(one:cancel())
      assert_cancelled(one:join())
      local two = spawn(function() return 1 end)
      two:join()
      assert.is_true(two:cancel())
      assert.same({ true, 1 }, { two:join() })
    end)
  end)

  it("may come from the task itself: its next wait raises", function()
    run(function(spawn)
      local self, reached
      self = spawn(function()
        assert.is_true(self:cancel())
        reached = self:status()
        net.sleep(0)
        reached = "too far"
      end)
      assert_cancelled(self:join())
      assert.equal("running", reached)
    end)
  end)

  it("does not unmake results: a task that waits no more has done its work", function()
    run(function(spawn)
      local one = spawn(function()
        pcall(wait_long)
        return "result"
      end)
      until_waiting(one)
      one:cancel()
      assert.same({ true, "result" }, { one:join() })
    end)
  end)

  it("ends tasks that never have to wait", function()
    local peer, socket = keep(net.socketpair())
    peer:send("x")
    local ended = net.spawn(function() end)
    ended:join()
    local bodies = {
      sleep = function() net.sleep(0) end,
      yield = coroutine.yield,
      receive = function() socket:recv(1, "MSG_PEEK") end,
      join = function() ended:join() end,
      coroutine = function() coroutine.wrap(function() socket:recv(1, "MSG_PEEK") end)() end,
      gsub = function() return (("x"):gsub("x", function() socket:recv(1, "MSG_PEEK") end)) end,
    }
    for name, body in pairs(bodies) do
      run(function(spawn)
        local times = 0
        local one = spawn(function()
          while true do
            body()
            times = times + 1
          end
        end)
        support.eventually(function() return times > 10 end, name)
        one:cancel()
        local result = pack(one:join(5))
        assert.equal("cancelled", result[3], name)
      end)
    end
  end)

  it("fails nobody else who waits for the same connections", function()
    run(function(spawn)
      local listener = support.tcp4.listener()
      local got, list = 0, {}
      for i = 1, 3 do
        list[i] = spawn(function()
          local conn = keep(listener:accept())
          got = got + 1
          if i == 1 then list[2]:cancel() end
          return conn
        end)
      end
      until_waiting(list)
      for _ = 1, 2 do
        local client = support.tcp4.socket()
        client:settimeout(0)
        client:connect(listener:getsockname())
      end
      assert.is_true((list[1]:join(5)))
      assert_cancelled(list[2]:join(5))
      assert.is_true((list[3]:join(5)))
      assert.equal(2, got)
    end)
  end)
end)

-- --- misuse --------------------------------------------------------------------

describe("a task whose coroutine somebody else resumes while it waits", function()
  it("fails, and says why; what it was about to send is let go", function()
    run(function(spawn)
      local a, b = keep(net.socketpair())
      local co, went_on
      local one = spawn(function()
        co = coroutine.running()
        a:write(("x"):rep(4000000))
        went_on = true
        coroutine.yield()
      end)
      until_waiting(one, "write")
      assert(coroutine.resume(co))
      assert.is_true(went_on)
      collectgarbage()
      repeat until not b:recv(65536, "MSG_DONTWAIT")
      local ok, message = one:join(5)
      assert.is_false(ok)
      assert.matches("resumed or closed by somebody else", message)
      assert.equal("failed", one:status())
    end)
  end)

  if coroutine.close then
    it("fails when it is closed, too", function()
      run(function(spawn)
        local a, b = keep(net.socketpair())
        local co
        local one = spawn(function()
          co = coroutine.running()
          return a:read()
        end)
        until_waiting(one)
        assert.is_true(coroutine.close(co))
        assert(b:write("line\n"):flush())
        assert.matches("resumed or closed", (select(2, one:join(5))))
      end)
    end)
  end
end)
