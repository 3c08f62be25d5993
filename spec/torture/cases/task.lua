-- task.lua - cases: tasks wait, and wake each other.

local net = require "dialtone"

return function(t)
  local case, must, same, done = t.case, t.must, t.same, t.done

  case("spawn, join", t.nothing, function()
    local task = net.spawn(function(...)
      net.sleep(0)
      return ...
    end, 1, 2, 3)
    local one, two, three = done(task:join())
    return same(one, 1) and same(two, 2) and same(three, 3) and same(task:status(), "done")
  end)
  case("a task that fails", t.nothing, function()
    local ok, failure = net.spawn(error, "this"):join()
    if not tostring(failure):find("this", 1, true) then error(failure, 0) end
    return not ok
  end)
  case("cancel", t.pair, function(_, b)
    local task = net.spawn(b.recv, b, 10)
    net.sleep(0)
    task:cancel()
    local ok, value, code, reason = task:join()
    if ok then return value, code, reason end -- it had failed already
    if code ~= "cancelled" then error(value, 0) end
    return true
  end)
  case("tasks, waiting, traceback", t.pair, function(_, b)
    return net.scope(function(scope)
      local task = scope:spawn(b.recv, b, 10)
      net.sleep(0)
      local list = net.tasks()
      local operation, object = task:waiting()
      local text = task:traceback()
      task:cancel()
      local ok, value, code, reason = task:join()
      if ok then return value, code, reason end -- it had failed already
      if code ~= "cancelled" then error(value, 0) end
      return #text > 0 and same(operation, "recv") and same(object, b) and same(list[#list], task)
    end)
  end)
  case("sleep", t.nothing, function()
    net.sleep(0.0001)
    return true
  end)
  case("step, fileno", t.nothing, function()
    return (net.fileno() or 0) >= 0 and (net.step(0) or true)
  end, "main")
  case("run", t.nothing, function()
    return net.run(function()
      net.sleep(0.0001)
      return 1
    end)
  end, "main")
  case("wait", t.pair, function(a) return net.wait(a, "write") end)
  case("wait for a duplicate", t.pair, function(a, b)
    must(b:send("x"))
    must(net.wait(a:fileno(), "read"))
    return #must(a:recv(10)) > 0
  end)
  case("poll", t.pair, function(a, b)
    return net.poll({ { a, "POLLOUT" }, b }, 1)
  end)
  case("poll that waits", t.pair, function(a, b)
    local task = net.spawn(function()
      net.sleep(0)
      return must(a:send("x"))
    end)
    local ready, message, code = net.poll({ b }, 0.05)
    done(task:join())
    if not ready then return nil, message, code end
    return #must(b:recv(10)) > 0
  end)
  case("a task reads what another writes", t.pair, function(a, b)
    return net.scope(function(scope)
      local task = scope:spawn(function() return must(b:read()) end)
      net.sleep(0)
      must(a:write("hello\n"))
      must(a:flush())
      return done(task:join())
    end)
  end)
  case("a wait in a function of C's", t.nothing, function()
    local list = { 3, 1, 2 }
    table.sort(list, function(x, y)
      net.sleep(0)
      return x < y
    end)
    return same(list[1], 1)
  end)
  case("an iterator in a coroutine", t.pair, function(a, b)
    t.send(a, "x\n")
    local co = coroutine.wrap(function() return must(b:read()) end)
    return co()
  end)
  case("many timers", t.nothing, function()
    local tasks = {}
    for i = 1, 20 do tasks[i] = net.spawn(net.sleep, i * 1e-6) end
    for i = 1, 20 do done(tasks[i]:join()) end
    return true
  end)

  case("queue", t.nothing, function()
    local queue = net.queue(1)
    return net.scope(function(scope)
      local task = scope:spawn(function()
        for i = 1, 3 do must(queue:put(i)) end
        return true
      end)
      for i = 1, 3 do same(must(queue:get()), i) end
      queue:close()
      return done(task:join()) and same(queue:count(), 0)
    end)
  end)
end
