-- waiting_spec.lua - who waits in tasks: for sockets that are closed or whose
-- numbers are used again, for times, and for his turn.

local net = require "dialtone"
local support = require "spec.support.transport"
local task = require "spec.support.task"
local assert_fails, keep, pack = support.assert_fails, support.keep, support.pack
local run, until_waiting, waits = task.run, task.until_waiting, task.waits
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local LONG, SHORT = task.LONG, 0.02

local function pair() return keep(net.socketpair()) end

-- A chunk of Lua 5.4 and later; nil elsewhere.
local function load54(source)
  if rawget(_G, "setfenv") then return nil end
  return load(source)
end

describe("net.wait", function()
  it("waits for sockets that do not wait themselves", function()
    local peer, socket = net.socketpair()
    assert(socket:settimeout(0))
    assert_fails("EAGAIN", "^recv", socket:recv(10))
    for _, where in ipairs { function(fn) fn() end, function(fn) net.run(fn) end } do
      where(function()
        local before = net.now()
        assert_fails("timeout", "^wait", net.wait(socket, "read", 0.05))
        assert(net.now() - before >= 0.05)
        local late = net.spawn(function()
          net.sleep(0.01)
          peer:send("x")
        end)
        assert.is_true(net.wait(socket, "read", 5))
        assert.equal("x", socket:recv(10))
        late:join()
      end)
    end
    peer:close()
    socket:close()
  end)
end)

describe("closing a socket", function()
  for _, wait in ipairs(waits) do
    if wait.on_socket then
      it("wakes at once who waits for it: " .. wait.name, function()
        local w = wait.make()
        local started, took = nil, nil
        local function in_task()
          local result = pack(pcall(w.call))
          took = support.clock() - started
          return result
        end
        run(function(spawn)
          local one = spawn(in_task)
          until_waiting(one)
          w.socket:settimeout(0) -- what was gathered does not keep it open
          started = support.clock()
          w.socket:close()
          local _, result = one:join()
          if result[1] then
            assert_fails("closed", "^%l+", result[2], result[3], result[4])
          else
            assert.matches("closed", result[2])
          end
        end)
        assert(took < 0.1, took)
      end)
    end
  end

  it("wakes all who wait to accept, and both directions", function()
    run(function(spawn)
      local listener, list = support.tcp4.listener(), {}
      for i = 1, 20 do list[i] = spawn(function() return listener:accept() end) end
      local peer, socket = pair()
      support.fill(socket)
      list[21] = spawn(function() return socket:recv(1) end)
      list[22] = spawn(function() return socket:write(("x"):rep(70000)) end)
      until_waiting(list)
      listener:close()
      socket:settimeout(0)
      socket:close()
      for i = 1, 22 do assert.equal("closed", (select(4, list[i]:join())), i) end
      peer:close()
    end)
  end)

  it("wakes who waits in the main program", function()
    local _, socket = pair()
    local one = net.spawn(function()
      net.sleep(0) -- we wait since before its first turn
      socket:close()
    end)
    assert_fails("closed", "^recv", socket:recv(1))
    one:join()
  end)

  it("may be done by a task that is waked by the same event batch", function()
    run(function(spawn)
      local pairs_of, list, ended = {}, {}, 0
      for i = 1, 50 do
        local peer, socket = pair()
        pairs_of[i] = { peer = peer, socket = socket }
      end
      for i = 1, 50 do
        list[i] = spawn(function()
          pairs_of[i].socket:recv(1)
          ended = ended + 1
          for k = 1, 50 do pairs_of[k].socket:close() end
        end)
      end
      until_waiting(list)
      for i = 1, 50 do pairs_of[i].peer:send("x") end
      for i = 1, 50 do assert.is_true((list[i]:join(5))) end
      assert.equal(50, ended)
    end)
  end)
end)

describe("shutting down a socket for writing", function()
  for _, kind in ipairs { "SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET" } do
    it("wakes who waits for room in a full one: " .. kind, function()
      local socket = keep(net.socketpair("AF_UNIX", kind))
      while socket:send(("x"):rep(100), "MSG_DONTWAIT") do end
      task.run(function(spawn)
        local sender = spawn(function() return socket:send("y") end)
        task.until_waiting(sender, "send")
        assert.is_true(socket:shutdown("SHUT_WR"))
        local ended, bytes, _, code = sender:join(5)
        assert.same({ true, nil, "EPIPE" }, { ended, bytes, code })
      end)
    end)
  end
end)

describe("a task that waits to read", function()
  for name, call in pairs {
    ["the main program"] = function(fn) return fn() end,
    ["a call without waiting"] = function(fn, socket)
      socket:settimeout(0)
      return fn()
    end,
  } do
    it("gets what " .. name .. " has received and left", function()
      local peer, socket = pair()
      local one = net.spawn(socket.read, socket)
      until_waiting(one)
      assert(peer:send("one\ntwo\n"))
      assert.equal("one", call(function() return socket:read() end, socket))
      assert.same({ true, "two" }, { one:join(5) })
    end)
  end
end)

describe("a second who waits for the same", function()
  for _, name in ipairs { "recv", "read", "wait", "write" } do
    it("is told that it is busy: " .. name, function()
      run(function(spawn)
        local w = waits[name].make()
        local one = spawn(w.call)
        until_waiting(one)
        assert.equal("busy", (select(3, w.call())))
        w.wake()
        assert.same({ true, w.gives }, { one:join() })
      end)
    end)
  end

  it("may wait for the other direction", function()
    run(function(spawn)
      local peer, socket = pair()
      support.fill(socket)
      local reader = spawn(function() return socket:recv(1) end)
      local writer = spawn(function() return socket:write(("y"):rep(70000)) ~= nil end)
      until_waiting { reader, writer }
      support.fault.fail("recv", "EINTR", 1)
      peer:send("x")
      assert.same({ true, "x" }, { reader:join() })
      repeat until not peer:recv(65536, "MSG_DONTWAIT")
      spawn(function() repeat until not peer:recv(65536) end)
      assert.same({ true, true }, { writer:join() })
      socket:close()
    end)
  end)

  it("waits in turn to accept: each connection wakes one", function()
    run(function(spawn)
      local listener, list, order, clients = support.tcp4.listener(), {}, {}, {}
      for i = 1, 5 do
        list[i] = spawn(function()
          keep(listener:accept())
          order[#order + 1] = i
        end)
      end
      until_waiting(list)
      for i = 1, 5 do
        clients[i] = support.tcp4.socket()
        assert(clients[i]:connect(listener:getsockname()))
        assert.is_true((list[i]:join(5)))
        for later = i + 1, 5 do until_waiting(list[later], "accept") end
      end
      assert.same({ 1, 2, 3, 4, 5 }, order)
    end)
  end)

  it("accepts what came together", function()
    run(function(spawn)
      local listener, list = support.tcp4.listener(), {}
      for i = 1, 10 do list[i] = spawn(function() return keep(listener:accept()) ~= nil end) end
      until_waiting(list)
      for _ = 1, 10 do
        local client = support.tcp4.socket()
        client:settimeout(0)
        client:connect(listener:getsockname())
      end
      for i = 1, 10 do assert.same({ true, true }, { list[i]:join(5) }) end
    end)
  end)
end)

-- --- numbers that are used again ------------------------------------------------

-- Sockets come and go at random, with their numbers, while tasks wait for them.
-- What must come of each wait is known.
local Churn = {}
Churn.__index = Churn

-- The task of `entry` waits for input.
function Churn:wait(entry)
  local socket = entry.socket
  local ways = {
    function() return socket:recv(10) end,
    function() return socket:read() end,
    function() return net.wait(socket) end,
    function() return net.wait(socket:fileno(), "read") end,
  }
  entry.way = math.random(#ways)
  entry.task = self.spawn(ways[entry.way])
  if entry.way == 4 then until_waiting(entry.task) end -- before the number is another's
end

function Churn:open()
  local peer, socket = net.socketpair()
  local entry = { peer = peer, socket = socket }
  self.list[#self.list + 1] = entry
  self:wait(entry)
end

-- How the wait must end now.
function Churn:expect(entry, ...)
  local result = pack(entry.task:join(5))
  assert.equal(select("#", ...), math.min(result.n, select("#", ...)))
  for i = 1, select("#", ...) do
    local expected = select(i, ...)
    if expected ~= self then assert.equal(expected, result[i]) end
  end
end

local steps = {}

function steps:feed(entry)
  self.count = self.count + 1
  assert(entry.peer:send(self.count .. "\n"))
  local gives = { self.count .. "\n", tostring(self.count), true, true }
  self:expect(entry, true, gives[entry.way])
  if entry.way > 2 then assert.equal(self.count .. "\n", entry.socket:recv(10)) end
  self:wait(entry)
end

function steps:cancel(entry)
  entry.task:cancel()
  self:expect(entry, false, self, "cancelled")
  self:wait(entry)
end

-- Who waits for a number waits for a duplicate of it, which is not closed.
function steps:close(entry, place)
  entry.socket:close()
  if entry.way == 4 then
    entry.peer:close()
    self:expect(entry, true, true)
  else
    self:expect(entry, true, nil, self, "closed")
    entry.peer:close()
  end
  table.remove(self.list, place)
end

-- The duplicate is registered as the same open file, and stays so.
function steps:dup(entry)
  if entry.way == 4 then return end
  local socket = assert(entry.socket:dup())
  entry.socket:close()
  self:expect(entry, true, nil, self, "closed")
  entry.socket = socket
  self:wait(entry)
end

function steps:finish(entry, place)
  entry.peer:close()
  local gives = { nil, nil, true, true }
  self:expect(entry, true, gives[entry.way])
  entry.socket:close()
  table.remove(self.list, place)
end

local names = { "feed", "feed", "cancel", "close", "dup", "finish" }

describe("a number that is used again", function()
  it("brings nobody another's events, and nobody misses his own", function()
    local seed = os.time()
    math.randomseed(seed)
    run(function(spawn)
      local churn = setmetatable({ spawn = spawn, list = {}, count = 0 }, Churn)
      local ending = support.clock() + 1 -- that is not many steps under valgrind
      for _ = 1, 5000 do
        if support.clock() > ending then break end
        while #churn.list < 12 do churn:open() end
        if math.random(3) == 1 then net.sleep(0) end -- else all in one turn
        local place = math.random(#churn.list)
        local name = names[math.random(#names)]
        local ok, message = pcall(steps[name], churn, churn.list[place], place)
        if not ok then
          error(("seed %d, step %s: %s"):format(seed, name, tostring(message)), 0)
        end
      end
      for _, entry in ipairs(churn.list) do
        entry.task:cancel()
        entry.socket:close()
        entry.peer:close()
      end
    end)
  end)
end)

-- --- time ------------------------------------------------------------------------

describe("time", function()
  it("ends 10,000 sleeps in their order", function()
    run(function(spawn)
      local order, list = {}, {}
      for i = 1, 10000 do
        local seconds = 0.05 + (i * 7919) % 10000 / 200000 -- each of them once
        list[i] = spawn(function()
          local ending = net.now() + seconds
          net.sleep(seconds)
          order[#order + 1] = ending
        end)
      end
      for i = 1, 10000 do assert.is_true((list[i]:join(10))) end
      local wrong = 0
      for i = 2, #order do
        if order[i] < order[i - 1] - 0.001 then wrong = wrong + 1 end
      end
      assert(wrong < 100, wrong) -- some were held up between the two clocks
    end)
  end)

  it("ends sleeps in the order of their times, however they began", function()
    run(function(spawn)
      local order, list = {}, {}
      for _, i in ipairs { 5, 1, 4, 2, 3 } do
        list[i] = spawn(function()
          net.sleep(i / 100)
          order[#order + 1] = i
        end)
      end
      for i = 1, 5 do list[i]:join(5) end
      assert.same({ 1, 2, 3, 4, 5 }, order)
    end)
  end)

  it("is never early", function()
    run(function(spawn)
      local early = 0
      local list = {}
      for i = 1, 200 do
        list[i] = spawn(function()
          for _ = 1, 10 do
            local seconds = math.random() / 100
            local start = net.now()
            net.sleep(seconds)
            if net.now() - start < seconds then early = early + 1 end
          end
        end)
      end
      for i = 1, 200 do list[i]:join() end
      assert.equal(0, early)
    end)
  end)

  it("is not late while there is nothing else to do", function()
    run(function()
      local best = math.huge -- a busy machine is late now and then
      for _ = 1, 10 do
        local start = net.now()
        net.sleep(0.003)
        best = math.min(best, net.now() - start - 0.003)
      end
      assert(best >= 0 and best < 0.02, best)
    end)
  end)

  it("takes sleeps back without waiting for them", function()
    run(function(spawn)
      local list = {}
      for i = 1, 10000 do list[i] = spawn(net.sleep, LONG) end
      until_waiting(list)
      support.assert_takes(0, function()
        for i = 1, 10000 do list[i]:cancel() end
        for i = 1, 10000 do list[i]:join() end
      end)
    end)
  end)

  it("bounds each call anew, and whole calls", function()
    run(function(spawn)
      local peer, socket = pair()
      local limit = 5 * SHORT
      socket:settimeout(limit)
      spawn(function()
        while true do
          peer:send("x")
          net.sleep(SHORT / 4)
        end
      end)
      support.assert_takes(limit, function() assert_fails("timeout", "^read", socket:read(100)) end)
      support.assert_takes(limit, function()
        for _ = 1, limit / (SHORT / 4) + 2 do assert(socket:recv(100)) end
      end)
    end)
  end)

  it("ends a wait that began when the limit was longer", function()
    run(function(spawn)
      local _, socket = pair()
      for _, limit in ipairs { LONG, SHORT, LONG, SHORT / 2 } do
        socket:settimeout(limit)
        local one = spawn(function() return socket:recv(1) end)
        if limit == LONG then
          until_waiting(one)
          one:cancel()
          one:join()
        else
          support.assert_takes(0, function()
            assert.equal("timeout", (select(4, one:join())))
          end)
        end
      end
    end)
  end)
end)

-- --- fairness --------------------------------------------------------------------

describe("a task that never has to wait", function()
  local peer, socket, ended
  -- Each does something that can always be done at once.
  local spinners = {
    ["receives"] = function() socket:recv(1, "MSG_PEEK") end,
    ["reads"] = function()
      socket:peek(1)
    end,
    ["sleeps for no time"] = function() net.sleep(0) end,
    ["joins"] = function() ended:join() end,
    ["waits for a descriptor"] = function() net.wait(socket) end,
    ["yields"] = function() coroutine.yield() end,
    ["receives in a coroutine"] = function()
      coroutine.wrap(function()
        for _ = 1, 100 do socket:recv(1, "MSG_PEEK") end
      end)()
    end,
    ["receives where it cannot yield"] = function()
      table.sort({ 1, 2 }, function()
        socket:recv(1, "MSG_PEEK")
        return false
      end)
    end,
    ["sends"] = function()
      peer:send("x")
      socket:recv(1)
    end,
  }

  -- Lets it spin for 50 ms beside a task that ticks; gives the ticks and the
  -- longest delay of one.  Who spins uses the processor all the time, so these are
  -- times of this process: other work of the machine does not count.
  local function measure(spawn, spin)
    local ending, ticks, worst = os.clock() + 0.05, 0, 0
    local one = spawn(function()
      while os.clock() < ending do
        local start = os.clock()
        net.sleep(0.001)
        ticks, worst = ticks + 1, math.max(worst, os.clock() - start - 0.001)
      end
    end)
    until_waiting(one)
    spin(function() return os.clock() < ending end)
    one:join()
    return ticks, worst
  end

  for name, once in pairs(spinners) do
    local function spin(goes_on)
      while goes_on() do once() end
    end
    local function prepare(spawn)
      peer, socket = pair()
      peer:send("x")
      ended = spawn(function() end)
      ended:join()
    end
    -- 5 ms is what is promised.  Now and then the process may be charged for what
    -- is not its own, so one of ten attempts is enough: who never gives way takes
    -- 50 ms in each.
    local function check(attempt)
      local ticks, worst
      for _ = 1, 10 do
        ticks, worst = attempt()
        if ticks >= 5 and worst < 0.005 then return end
      end
      error(("%d turns, %.4f s late"):format(ticks, worst))
    end

    it("lets others have their turns: it " .. name, function()
      check(function()
        return run(function(spawn)
          prepare(spawn)
          return measure(spawn, function(goes_on) spawn(spin, goes_on):join() end)
        end)
      end)
    end)

    if name ~= "yields" then
      it("lets tasks have their turns when it is the main program: it " .. name, function()
        check(function()
          prepare(net.spawn)
          return measure(net.spawn, spin)
        end)
      end)
    end
  end
end)

-- --- what a task's end runs -----------------------------------------------------

describe("a task's own yield", function()
  it("lets the others have a turn, and goes on with nothing", function()
    run(function(spawn)
      local order = {}
      local function body(name)
        for _ = 1, 3 do
          order[#order + 1] = name
          assert.equal(0, select("#", coroutine.yield(1, 2, 3)))
        end
        return name
      end
      local one, two = spawn(body, "a"), spawn(body, "b")
      assert.same({ true, "a" }, { one:join() })
      assert.same({ true, "b" }, { two:join() })
      assert.equal("ababab", table.concat(order))
    end)
  end)

  it("is nobody else's: a coroutine yields to who resumed it", function()
    run(function(spawn)
      local peer, socket = pair()
      local lines = coroutine.wrap(function()
        for line in socket:lines() do coroutine.yield(line) end
      end)
      local got = {}
      local one = spawn(function()
        for line in lines do got[#got + 1] = line end
      end)
      for i = 1, 3 do
        peer:send(i .. "\n")
        support.eventually(function() return #got == i end)
      end
      peer:close()
      one:join()
      assert.same({ "1", "2", "3" }, got)
    end)
  end)
end)

describe("to-be-closed variables", function()
  local chunk = load54 [[
    local net, close, body = ...
    return function()
      local first <close> = setmetatable({}, { __close = close })
      return body()
    end
  ]]
  if not chunk then return end

  local function closing(close, body) return chunk(net, close, body) end

  it("are closed when the task is cancelled, fails and ends", function()
    run(function(spawn)
      local seen
      local function close(_, failure) seen = { tostring(failure) } end
      local one = spawn(closing(close, function() return (net.sleep(LONG)) end))
      until_waiting(one)
      one:cancel()
      one:join()
      assert.same({ "cancelled" }, seen)
      one = spawn(closing(close, function() error("on purpose", 0) end))
      one:join()
      assert.same({ "on purpose" }, seen)
      assert.same({ true, 1 }, { spawn(closing(close, function() return 1 end)):join() })
      assert.same({ "nil" }, seen)
    end)
  end)

  it("may wait: who joins the task waits for that too", function()
    run(function(spawn)
      local closed
      local function close()
        net.sleep(SHORT)
        closed = true
      end
      for i, body in ipairs {
        function() return (net.sleep(LONG)) end,
        function() error("on purpose", 0) end,
        function() return 1 end,
      } do
        closed = false
        local one = spawn(closing(close, body))
        if i == 1 then
          until_waiting(one)
          one:cancel()
        end
        local ok, failure, trace = one:join()
        assert.is_true(closed)
        if not ok then assert(trace, failure) end
      end
    end)
    local closed = false
    local ok, message = pcall(net.run, closing(function()
      net.sleep(SHORT)
      closed = true
    end, function() error("on purpose", 0) end))
    assert.is_false(ok)
    assert.matches("^on purpose", message)
    assert.is_true(closed)
  end)

  it("are closed also when the closing of others fails", function()
    run(function(spawn)
      local count = 0
      local inner = closing(function()
        count = count + 1
        error("in close", 0)
      end, function() return (net.sleep(LONG)) end)
      local one = spawn(closing(function()
        count = count + 1
        error("in close", 0)
      end, function()
        local result = inner()
        return result
      end))
      until_waiting(one)
      one:cancel()
      one:join()
      assert.equal(2, count)
    end)
  end)
end)
