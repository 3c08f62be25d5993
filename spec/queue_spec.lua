-- queue_spec.lua - queues: order, bounds, who is served first, the end, limits.

local net = require "dialtone"
local support = require "spec.support.transport"
local until_waiting = require "spec.support.task".until_waiting
local assert_fails, assert_raises, pack = support.assert_fails, support.assert_raises, support.pack
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local SHORT, LONG = 0.02, 60

-- All that is in it.
local function contents(queue)
  local list = {}
  while queue:count() > 0 do list[#list + 1] = queue:get() end
  return list
end

describe("net.queue", function()
  it("gives values in the order in which they were put", function()
    local queue = net.queue()
    for _, value in ipairs { 1, "two", false, print } do assert.is_true(queue:put(value)) end
    assert.same({ 1, "two", false, print }, contents(queue))
    queue:put(false)
    assert.same({ n = 1, false }, pack(queue:get()))
  end)

  it("counts", function()
    local queue = net.queue()
    for i = 0, 3 do
      assert.equal(i, queue:count())
      assert.equal(i, #queue)
      assert.equal("queue " .. i, tostring(queue))
      queue:put(i)
    end
    contents(queue)
    assert.equal(0, #queue)
    queue:close()
    assert.equal("queue 0 closed", tostring(queue))
  end)

  it("refuses nil", function()
    local queue = net.queue()
    assert_raises("bad argument #1 to 'put' %(a value that is not nil", function() queue:put(nil) end)
    assert_raises("bad argument #1 to 'put'", function() queue:put() end)
    assert.equal(0, #queue)
  end)

  it("has room for its capacity: put waits when it is full, get when it is empty", function()
    net.run(function()
      local queue, log = net.queue(2), {}
      local giver = net.spawn(function()
        for i = 1, 5 do
          queue:put(i)
          log[#log + 1] = "+" .. i
        end
      end)
      until_waiting(giver)
      assert.equal(2, #queue)
      for i = 1, 5 do
        assert.equal(i, queue:get())
        log[#log + 1] = "-" .. i
        if i <= 3 then support.eventually(function() return #log == 2 + 2 * i end) end
      end
      giver:join()
      assert.equal("+1 +2 -1 +3 -2 +4 -3 +5 -4 -5", table.concat(log, " "))
      local taker = net.spawn(queue.get, queue)
      until_waiting(taker)
      queue:put("now")
      assert.same({ true, "now" }, { taker:join() })
    end)
  end)

  it("holds as many as there are without a capacity", function()
    local queue = net.queue()
    for i = 1, 10000 do assert(queue:put(i, 0)) end
    assert.equal(10000, #queue)
  end)

  it("raises for wrong arguments", function()
    for _, wrong in ipairs { 0, -1, 1.5, "x", {}, true, 2 ^ 53 } do
      assert_raises("bad argument #1", net.queue, wrong)
    end
    local queue = net.queue()
    for _, name in ipairs { "put", "get", "close", "count" } do
      for _, wrong in ipairs { 1, "x", {}, io.stdout } do
        assert_raises("dialtone%.queue expected, got", queue[name], wrong, 1)
      end
    end
    for _, wrong in ipairs { -1, 0 / 0, "x", {} } do
      assert_raises("bad argument", queue.get, queue, wrong)
      assert_raises("bad argument", queue.put, queue, 1, wrong)
    end
    assert.equal(0, #queue)
  end)

  it("does not keep what was taken from it", function()
    local queue, weak = net.queue(), setmetatable({}, { __mode = "k" })
    for _ = 1, 3 do
      local value = {}
      weak[value] = true
      queue:put(value)
    end
    queue:get()
    queue:get()
    collectgarbage()
    local left = 0
    for _ in pairs(weak) do left = left + 1 end
    assert.equal(1, left)
  end)
end)

describe("whoever came first", function()
  it("gets first", function()
    net.run(function()
      local queue, log, tasks = net.queue(), {}, {}
      for i = 1, 5 do
        tasks[i] = net.spawn(function()
          local letter = queue:get()
          log[#log + 1] = i .. letter
        end)
      end
      until_waiting(tasks)
      for _, letter in ipairs { "a", "b", "c" } do queue:put(letter) end
      for i = 1, 3 do assert(tasks[i]:join(5)) end
      queue:put("d")
      queue:put("e")
      for i = 4, 5 do assert(tasks[i]:join(5)) end
      assert.equal("1a 2b 3c 4d 5e", table.concat(log, " "))
    end)
  end)

  it("puts first", function()
    net.run(function()
      local queue, log, tasks = net.queue(1), {}, {}
      queue:put(0)
      for i = 1, 5 do tasks[i] = net.spawn(queue.put, queue, i) end
      until_waiting(tasks)
      for _ = 0, 5 do log[#log + 1] = queue:get(1) end
      assert.equal("0 1 2 3 4 5", table.concat(log, " "))
    end)
  end)

  -- The values are there, but those who wait have not had their turn yet.
  it("is not overtaken by a task that runs: taking", function()
    net.run(function()
      local queue, first = net.queue(), nil
      until_waiting(net.spawn(function() first = queue:get() end))
      queue:put(1)
      queue:put(2)
      assert.equal(2, queue:get(1))
      assert.equal(1, first)
    end)
  end)

  it("is not overtaken by a task that runs: putting", function()
    net.run(function()
      local queue = net.queue(1)
      queue:put(0)
      until_waiting(net.spawn(queue.put, queue, "waited"))
      assert.equal(0, queue:get())
      net.scope(function(scope)
        scope:spawn(function()
          assert.equal("waited", queue:get())
          assert.equal("came later", queue:get())
        end)
        queue:put("came later")
      end)
    end)
  end)

  it("has its turn beside a task that never waits", function()
    net.run(function()
      local queue, over, taken = net.queue(), false, 0
      for _ = 1, 3 do
        net.spawn(function()
          while queue:get() do taken = taken + 1 end
        end)
      end
      net.spawn(function()
        while not over do queue:put(0) end
        queue:close()
      end)
      support.eventually(function() return taken >= 100 end)
      over = true
    end)
  end)

  it("is served by the main program too", function()
    local queue, got = net.queue(1), {}
    local task = net.spawn(function()
      for i = 1, 3 do got[i] = queue:get() end
      for i = 1, 3 do queue:put(-i) end
      return "done"
    end)
    for i = 1, 3 do assert.is_true(queue:put(i)) end
    for i = 1, 3 do assert.equal(-i, queue:get()) end
    assert.same({ 1, 2, 3 }, got)
    assert.same({ true, "done" }, { task:join() })
  end)
end)

describe("queue:close", function()
  it("wakes all who wait with \"closed\"", function()
    net.run(function()
      local full, empty, tasks = net.queue(1), net.queue(), {}
      full:put("last")
      for i = 1, 3 do
        tasks[i] = net.spawn(full.put, full, i)
        tasks[i + 3] = net.spawn(empty.get, empty)
      end
      until_waiting(tasks)
      assert.is_true(full:close())
      assert.is_true(empty:close())
      for i, task in ipairs(tasks) do
        local result = pack(task:join(1))
        assert.is_true(result[1])
        assert_fails("closed", i <= 3 and "^put" or "^get", result[2], result[3], result[4])
      end
      assert.equal("last", full:get())
      assert_fails("closed", "^get: the queue is closed$", full:get())
    end)
  end)

  it("leaves what is in it to be taken, and refuses more", function()
    local queue = net.queue()
    queue:put(1)
    queue:put(2)
    assert.is_true(queue:close())
    assert.is_true(queue:close())
    assert_fails("closed", "^put: the queue is closed$", queue:put(3))
    assert.equal(2, #queue)
    assert.equal(1, queue:get())
    assert.equal(2, queue:get())
    for _ = 1, 2 do assert_fails("closed", "^get", queue:get(LONG)) end
  end)

  -- A value is there for the one who waits, but he has not had his turn yet.
  it("does not take from a task what was put for it", function()
    net.run(function()
      local queue = net.queue()
      local first, second = net.spawn(queue.get, queue), net.spawn(queue.get, queue)
      until_waiting { first, second }
      queue:put("for the first")
      queue:close()
      assert.same({ true, "for the first" }, { first:join(1) })
      assert.equal("closed", select(4, second:join(1)))
    end)
  end)
end)

describe("a time limit", function()
  it("ends get and put", function()
    for _, call in ipairs { net.run, function(fn) fn() end } do
      call(function()
        local queue = net.queue(1)
        support.assert_takes(SHORT, function() assert_fails("timeout", "^get", queue:get(SHORT)) end)
        queue:put(1)
        support.assert_takes(SHORT, function() assert_fails("timeout", "^put", queue:put(2, SHORT)) end)
        assert.equal(1, #queue)
        assert.equal(1, queue:get(LONG))
        assert.is_true(queue:put(2, LONG))
      end)
    end
  end)

  it("of 0 does not wait", function()
    for _, call in ipairs { net.run, function(fn) fn() end } do
      call(function()
        local queue = net.queue(1)
        assert_fails("timeout", "^get", queue:get(0))
        assert.is_true(queue:put(1, 0))
        assert_fails("timeout", "^put", queue:put(2, 0))
        assert.equal(1, queue:get(0))
      end)
    end
  end)

  it("leaves the values to others", function()
    net.run(function()
      local queue = net.queue()
      local first = net.spawn(queue.get, queue, 0.005)
      local second = net.spawn(queue.get, queue)
      assert_fails("timeout", "^get", select(2, first:join(5)))
      until_waiting(second)
      queue:put("x")
      assert.same({ true, "x" }, { second:join(1) })
    end)
  end)

  it("is there where nobody could ever put anything", function()
    assert_fails("EDEADLK", "^get", net.queue():get())
    local queue = net.queue(1)
    queue:put(1)
    assert_fails("EDEADLK", "^put", queue:put(2))
  end)
end)

describe("a task that is cancelled while it waits", function()
  it("leaves the queue to the others: taking", function()
    net.run(function()
      local queue, tasks = net.queue(), {}
      for i = 1, 4 do tasks[i] = net.spawn(queue.get, queue) end
      until_waiting(tasks)
      tasks[1]:cancel()
      tasks[3]:cancel()
      queue:put("a")
      queue:put("b")
      assert.same({ true, "a" }, { tasks[2]:join(1) })
      assert.same({ true, "b" }, { tasks[4]:join(1) })
      assert.equal("cancelled", tasks[1]:status())
      assert.equal(0, #queue)
    end)
  end)

  it("leaves the queue to the others: putting", function()
    net.run(function()
      local queue, tasks = net.queue(1), {}
      queue:put(0)
      for i = 1, 4 do tasks[i] = net.spawn(queue.put, queue, i) end
      until_waiting(tasks)
      tasks[1]:cancel()
      tasks[3]:cancel()
      local got = {}
      for i = 1, 3 do got[i] = queue:get(1) end
      assert.same({ 0, 2, 4 }, got)
      assert_fails("timeout", "^get", queue:get(0))
    end)
  end)

  it("passes on what was meant for it: taking", function()
    net.run(function()
      local queue = net.queue()
      local first, second = net.spawn(queue.get, queue), net.spawn(queue.get, queue)
      until_waiting { first, second }
      queue:put("x")
      first:cancel()
      assert.same({ true, "x" }, { second:join(1) })
      assert.equal("cancelled", first:status())
    end)
  end)

  it("passes on what was meant for it: putting", function()
    net.run(function()
      local queue = net.queue(1)
      queue:put(0)
      local first, second = net.spawn(queue.put, queue, 1), net.spawn(queue.put, queue, 2)
      until_waiting { first, second }
      queue:get()
      first:cancel()
      assert.same({ true, true }, { second:join(1) })
      assert.equal(2, queue:get(0))
    end)
  end)

  it("passes it on when its time limit ends it as well", function()
    net.run(function()
      local queue = net.queue()
      net.spawn(queue.get, queue, SHORT)
      local second = net.spawn(queue.get, queue)
      until_waiting(second)
      local deadline = net.now() + 2 * SHORT
      while net.now() < deadline do end -- luacheck: ignore 542
      queue:put("x")
      assert.same({ true, "x" }, { second:join(1) })
    end)
  end)
end)

describe("many values", function()
  it("pass from task to task, each once and in order", function()
    net.run(function()
      for _, capacity in ipairs { 1, 7, 1000 } do
        local queue, count = net.queue(capacity), capacity == 1 and 10000 or 100000
        net.spawn(function()
          for i = 1, count do queue:put(i) end
          queue:close()
        end)
        local last = 0
        while true do
          local value = queue:get()
          if not value then break end
          if value ~= last + 1 then error(("%d after %d"):format(value, last)) end
          last = value
        end
        assert.equal(count, last)
      end
    end)
  end)

  it("are shared by many tasks, and none is lost", function()
    net.run(function()
      local queue, seen, count = net.queue(3), {}, 0
      net.scope(function(scope)
        local givers = 0
        for giver = 1, 5 do
          scope:spawn(function()
            for i = 1, 400 do
              queue:put(giver * 1000 + i)
              if i % 7 == giver then net.sleep(0) end
            end
            givers = givers + 1
            if givers == 5 then queue:close() end
          end)
        end
        for taker = 1, 4 do
          scope:spawn(function()
            while true do
              local value = queue:get()
              if not value then return end
              if seen[value] then error("came twice") end
              seen[value], count = true, count + 1
              if value % 5 == taker then net.sleep(0) end
            end
          end)
        end
      end)
      assert.equal(2000, count)
    end)
  end)

  -- The two use the processor all the time, so these are times of this process:
  -- other work of the machine does not count.
  it("in a queue that is never empty let a task that ticks have its turns", function()
    net.run(function()
      local queue, over, delays, passed = net.queue(1000), false, {}, 0
      for i = 1, 500 do queue:put(i) end
      for _ = 1, 2 do
        net.spawn(function()
          while not over do
            queue:put(queue:get())
            passed = passed + 1
          end
        end)
      end
      for i = 1, 100 do
        local start = os.clock()
        net.sleep(0.001)
        delays[i] = os.clock() - start - 0.001
      end
      over = true
      table.sort(delays)
      assert(passed > 1000, passed)
      assert(delays[50] < 0.005, ("half of the delays are over %.4f s"):format(delays[50]))
      assert(delays[100] < 0.05, ("the longest delay is %.4f s"):format(delays[100]))
    end)
  end)
end)
