-- listing_spec.lua - what there is: net.sockets, net.tasks, and what a task says
-- of itself.

local net = require "dialtone"
local support = require "spec.support.transport"
local task = require "spec.support.task"
local child = require "spec.support.child"
local keep, run, LONG = support.keep, task.run, task.LONG
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- The sockets that are listed now and are not in `before`.
local function new_since(before)
  local known, list = {}, {}
  for _, s in ipairs(before) do known[s] = true end
  for _, s in ipairs(net.sockets()) do
    if not known[s] then list[#list + 1] = s end
  end
  return list
end

local function collect()
  collectgarbage()
  collectgarbage()
end

describe("net.sockets", function()
  it("lists the open sockets themselves", function()
    local before = net.sockets()
    local a, b = keep(net.socketpair())
    local listed = {}
    for _, s in ipairs(new_since(before)) do listed[s] = true end
    assert.same({ [a] = true, [b] = true }, listed)
    a:close()
    local left = new_since(before)
    assert.equal(1, #left)
    assert.is_true(rawequal(b, left[1]))
    assert.is_true(left[1]:close())
    assert.same({}, new_since(before))
  end)

  it("is sorted by descriptor, in whatever order they came", function()
    local list = {}
    for i = 1, 40 do list[i] = keep(assert(net.socket("AF_UNIX", "SOCK_DGRAM"))) end
    for i = 40, 2, -3 do list[i]:close() end
    for _ = 1, 5 do keep(assert(net.socket("AF_UNIX", "SOCK_DGRAM"))) end
    local last = -1
    for _, s in ipairs(net.sockets()) do
      assert.is_true(s:fileno() > last)
      last = s:fileno()
    end
  end)

  it("knows sockets of every birth", function()
    local before = net.sockets()
    local listener = keep(assert(net.listen("127.0.0.1:0")))
    local client = keep(assert(net.connect(listener:getsockname())))
    local conn = keep(assert(listener:accept()))
    local copy = keep(assert(conn:dup()))
    local adopted = keep(assert(net.fromfd(assert(keep(assert(net.udp())):detach()))))
    local a, b = keep(net.socketpair())
    assert(a:sendfds("x", { conn }))
    local _, received = b:recvfds()
    keep(received[1])
    local names = {}
    for _, s in ipairs(new_since(before)) do names[s] = true end
    for _, s in ipairs { listener, client, conn, copy, adopted, a, b, received[1] } do
      assert.is_true(names[s], tostring(s))
      names[s] = nil
    end
    assert.is_nil(next(names))
  end)

  it("lists a duplicate and its original each on its own", function()
    local before = net.sockets()
    local a, b = keep(net.socketpair())
    b:close()
    local copy = keep(assert(a:dup()))
    a:close()
    assert.is_true(rawequal(copy, new_since(before)[1]))
    assert.equal(1, #new_since(before))
    for _ = 1, 3 do keep(assert(net.socket("AF_UNIX", "SOCK_DGRAM"))) end
    assert.equal(4, #new_since(before)) -- none has taken another's place
  end)

  it("forgets what is detached, and what failed to open", function()
    local before = net.sockets()
    local s = assert(net.socket("AF_UNIX", "SOCK_DGRAM"))
    local fd = s:detach()
    assert.is_nil(net.fromfd(2147483647))
    assert.same({}, new_since(before))
    keep(assert(net.fromfd(fd)))
  end)

  it("keeps nothing from the collector", function()
    collect()
    local before = net.sockets()
    local weak = setmetatable({}, { __mode = "v" });
    (function() weak[1] = assert(net.socket("AF_UNIX", "SOCK_DGRAM")) end)()
    collect()
    assert.is_nil(weak[1])
    assert.same({}, new_since(before))
  end)

  it("uses places again: sockets that come and go leave no memory behind", function()
    local function churn()
      for _ = 1, 2000 do assert(net.socket("AF_UNIX", "SOCK_DGRAM")):close() end
      collect()
      return collectgarbage("count")
    end
    churn()
    local once = churn()
    assert.is_true(churn() - once < 4)
  end)

  it("does not show what calls wait with", function()
    run(function(spawn)
      local before = net.sockets()
      local a, b = keep(net.socketpair())
      local file = assert(io.open("/dev/null"))
      local waits = { spawn(net.wait, a:fileno(), "read"), spawn(net.poll, { a }, LONG) }
      spawn(net.getaddrinfo, "localhost", 1):join()
      task.until_waiting(waits)
      local names = {}
      for _, s in ipairs(new_since(before)) do names[s] = true end
      assert.same({ [a] = true, [b] = true }, names)
      file:close()
    end)
  end)

  it("can be closed while it is gone through", function()
    local before = net.sockets()
    for _ = 1, 10 do net.socketpair() end
    for _, s in ipairs(new_since(before)) do assert.is_true(s:close()) end
    assert.same({}, new_since(before))
  end)

  it("holds when finalizers open, close and list while it is made", function()
    local newproxy = rawget(_G, "newproxy")
    local seen = 0
    local function finalized(fn)
      if newproxy then
        getmetatable(newproxy(true)).__gc = fn
      else
        setmetatable({}, { __gc = fn })
      end
    end
    local kept = {}
    for round = 1, 200 do
      kept[#kept + 1] = keep(assert(net.socket("AF_UNIX", "SOCK_DGRAM")))
      finalized(function()
        seen = seen + 1
        local s = kept[round]
        if round % 2 == 0 then s:close() end
        for _, one in ipairs(net.sockets()) do assert(one:fileno()) end
        net.socket("AF_UNIX", "SOCK_DGRAM"):close()
      end)
      local last = -1
      for _, s in ipairs(net.sockets()) do
        local fd = s:fileno()
        assert.is_true(fd == nil or fd > last) -- nil: closed since by a finalizer
        last = fd or last
      end
    end
    collect()
    assert.equal(200, seen)
  end)
end)

-- What finalizers see when the interpreter closes the state.
describe("at the end of the Lua state", function()
  it("finalizers may list, and what they open is closed", function()
    local output, ok = child.lua([[
      local net = require "dialtone"
      local function finalized(fn)
        local proxy = rawget(_G, "newproxy") and newproxy(true) or setmetatable({}, {})
        getmetatable(proxy).__gc = fn
        return type(proxy) == "table" and setmetatable(proxy, getmetatable(proxy)) or proxy
      end
      a, b = net.socketpair()
      task = net.spawn(function() a:recv(1) end)
      net.sleep(0)
      keep = {}
      for i = 1, 20 do
        keep[i] = finalized(function()
          c = net.socket("AF_UNIX", "SOCK_DGRAM")
          for _, s in ipairs(net.sockets()) do assert(s:fileno()) end
          for _, one in ipairs(net.tasks()) do one:traceback() end
          tostring(task)
          print("listed")
        end)
        keep[-i] = net.socket("AF_UNIX", "SOCK_DGRAM")
      end
    ]])
    assert.is_true(ok, output)
    assert.equal(("listed\n"):rep(20), output)
  end)
end)

describe("net.tasks", function()
  it("lists the tasks that have not ended, in the order of their making", function()
    run(function(spawn)
      local before = #net.tasks()
      local one, two, three = spawn(net.sleep, LONG), spawn(net.sleep, LONG), spawn(function() end)
      local list = net.tasks()
      assert.equal(before + 3, #list)
      for i, expected in ipairs { one, two, three } do assert.is_true(rawequal(expected, list[before + i])) end
      three:join()
      one:cancel()
      one:join()
      list = net.tasks()
      assert.equal(before + 1, #list)
      assert.is_true(rawequal(two, list[before + 1]))
    end)
    assert.same({}, net.tasks())
  end)

  it("can be cancelled while it is gone through", function()
    run(function(spawn)
      local first = #net.tasks()
      for _ = 1, 10 do spawn(net.sleep, LONG) end
      net.sleep(0)
      local list = net.tasks()
      for i = first + 1, #list do list[i]:cancel() end
      for i = first + 1, #list do list[i]:join() end
      assert.equal(first, #net.tasks())
    end)
  end)
end)

-- What task:waiting gives when `call` waits in a task.
local function waiting_in(spawn, call, ...)
  local one = spawn(call, ...)
  task.until_waiting(one)
  return one:waiting()
end

describe("task:waiting", function()
  it("gives the operation and the socket, the same object", function()
    run(function(spawn)
      local a, b = keep(net.socketpair())
      local listener = keep(assert(net.listen("127.0.0.1:0")))
      local function check(name, object, ...)
        local operation, what, seconds = waiting_in(spawn, ...)
        assert.equal(name, operation)
        assert.is_true(rawequal(object, what))
        assert.is_nil(seconds)
      end
      check("read", a, a.read, a)
      check("accept", listener, listener.accept, listener)
      check("accept", listener, function() return listener:accepts()() end)
      check("read", b, function() for _ in b:lines() do end end)
    end)
  end)

  it("gives what other calls wait for", function()
    run(function(spawn)
      local a = keep(net.socketpair())
      local queue, list, sleeper = net.queue(), { a }, spawn(net.sleep, LONG)
      local function check(name, object, ...)
        local operation, what = waiting_in(spawn, ...)
        assert.equal(name, operation)
        assert.is_true(rawequal(object, what))
      end
      check("get", queue, queue.get, queue)
      check("join", sleeper, sleeper.join, sleeper)
      check("poll", list, net.poll, list)
      check("wait", a, net.wait, a)
      check("sleep", nil, net.sleep, LONG)
      check("scope", nil, net.scope, function() net.sleep(LONG) end)
    end)
  end)

  it("gives the seconds that are left", function()
    run(function(spawn)
      local a = keep(net.socketpair())
      a:settimeout(30)
      for _, call in ipairs {
        function() a:read() end, function() net.sleep(30) end, function() net.queue():get(30) end,
        function() net.timeout(30, net.sleep, LONG) end,
      } do
        local _, _, seconds = waiting_in(spawn, call)
        assert.is_true(seconds > 20 and seconds <= 30, seconds)
      end
    end)
  end)

  it("gives the same where a task cannot yield", function()
    run(function(spawn)
      local a = keep(net.socketpair())
      local operation, what = waiting_in(spawn, function()
        table.sort({ 2, 1 }, function() a:recv(1) return true end)
      end)
      assert.equal("recv", operation)
      assert.is_true(rawequal(a, what))
    end)
  end)

  it("gives nil for one that does not wait", function()
    run(function(spawn)
      local inner
      local one = spawn(function(self) inner = { self and self:waiting() } end)
      assert.is_nil(one:waiting())
      one:join()
      assert.is_nil(one:waiting())
      assert.same({}, inner)
    end)
  end)

  it("survives a coroutine that somebody else resumed", function()
    run(function(spawn)
      local a, b = keep(net.socketpair())
      local co
      local one = spawn(function()
        co = coroutine.running()
        a:recv(1)
      end)
      task.until_waiting(one)
      coroutine.resume(co, "what nobody waited for")
      assert.is_nil(one:waiting())
      assert.is_string(tostring(one))
      assert.is_string(one:traceback())
      assert(b:send("x")) -- it is noticed when the task should go on
      assert.is_false((one:join()))
    end)
  end)
end)

local HERE = "listing_spec%.lua:%d+"

describe("a task as text", function()
  it("says its number, its function's place and its status", function()
    run(function(spawn)
      local one = spawn(function() net.sleep(LONG) end)
      assert.matches("^task %d+ %(.*" .. HERE .. "%) ready$", tostring(one))
      task.until_waiting(one)
      assert.matches("^task %d+ %(.*" .. HERE .. "%) waiting: sleep, %d+%.%d s left$", tostring(one))
      one:cancel()
      one:join()
      assert.matches("^task %d+ cancelled$", tostring(one))
      local number = tonumber(tostring(one):match("%d+"))
      assert.equal(number + 1, tonumber(tostring(spawn(net.sleep, 0)):match("%d+")))
    end)
  end)

  it("names the peer, the task that it joins, the host, the descriptor", function()
    run(function(spawn)
      local listener = keep(assert(net.listen("127.0.0.1:0")))
      local client = keep(assert(net.connect(listener:getsockname())))
      local reader = spawn(function() local line = client:read() return line end)
      local joiner = spawn(function() reader:join() end)
      task.until_waiting { reader, joiner }
      assert.equal(": read " .. tostring(listener:getsockname()), tostring(reader):match("waiting(.*)"))
      assert.equal(": join " .. tostring(reader):match("^task %d+"), tostring(joiner):match("waiting(.*)"))

      support.fault.delay("getaddrinfo", 2)
      local asker = spawn(net.getaddrinfo, "localhost")
      task.until_waiting(asker)
      assert.equal(": getaddrinfo localhost", tostring(asker):match("waiting(.*)"))

      local watcher = spawn(net.wait, client:fileno())
      task.until_waiting(watcher)
      assert.equal((": wait fd %d"):format(client:fileno()), tostring(watcher):match("waiting(.*)"))
    end)
  end)

  it("says nothing of a place that is C's", function()
    run(function(spawn)
      local one = spawn(net.sleep, LONG)
      assert.matches("^task %d+ ready$", tostring(one))
      task.until_waiting(one)
      assert.matches("^task %d+ waiting: sleep, ", tostring(one))
    end)
  end)

  it("finds the function below many calls", function()
    run(function(spawn)
      local function deep(n)
        if n == 0 then net.sleep(LONG) else deep(n - 1) end
        return n
      end
      local one = spawn(function() deep(5000) return 1 end)
      local line = debug.getinfo(1, "l").currentline - 1
      task.until_waiting(one)
      assert.matches("listing_spec.lua:" .. line .. ") waiting", tostring(one), 1, true)
    end)
  end)
end)

describe("task:traceback", function()
  it("gives the calls that the task is in", function()
    run(function(spawn)
      local function outer() net.sleep(LONG) return 1 end
      local one = spawn(function() outer() return 1 end)
      assert.equal(tostring(one), one:traceback())
      task.until_waiting(one)
      local text = one:traceback()
      assert.matches("^task %d+ .- waiting: sleep.-\nstack traceback:\n", text)
      local _, count = text:gsub("listing_spec.lua:%d+: in ", "")
      assert.equal(2, count)
      one:cancel()
      one:join()
      assert.equal(tostring(one), one:traceback())
    end)
  end)

  it("works in the task itself", function()
    local text = net.run(function()
      local own = net.tasks()[1]:traceback()
      return own
    end)
    assert.matches("^task %d+ .- running\nstack traceback:\n", text)
  end)
end)
