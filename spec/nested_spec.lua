-- nested_spec.lua - waits where a task cannot yield: in metamethods, comparison
-- functions, coroutines of the user's.  The call waits on its C stack, and the
-- others go on.

local net = require "dialtone"
local support = require "spec.support.transport"
local task = require "spec.support.task"
local assert_fails, keep = support.assert_fails, support.keep
local run, until_waiting, places = task.run, task.until_waiting, task.places
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local LONG, SHORT = task.LONG, 0.02

local function pair() return keep(net.socketpair()) end

-- A wait for what `feed` sends; "x" comes of it.
local function a_wait()
  local peer, socket = pair()
  return function() return socket:recv(1) end, function() assert(peer:send("x")) end, socket
end

for _, place in ipairs(places) do
  local inside = place.call

  describe("a wait in " .. place.name, function()
    it("gives its result, and others go on meanwhile", function()
      run(function(spawn)
        local ticks = task.ticker(spawn)
        local call, feed = a_wait()
        local one = spawn(inside, call)
        support.eventually(function() return ticks() > 2 end)
        assert.equal("waiting", one:status())
        collectgarbage()
        feed()
        assert.same({ true, "x" }, { one:join() })
      end)
    end)

    it("gives its result in the main program beside tasks", function()
      local call, feed = a_wait()
      local ticks = 0
      local one = net.spawn(function()
        for _ = 1, 5 do
          net.sleep(0.001)
          ticks = ticks + 1
        end
        collectgarbage()
        feed()
      end)
      assert.equal("x", inside(call))
      assert.equal(5, ticks)
      one:join()
    end)

    it("gives its result in the main program alone", function()
      local call, feed = a_wait()
      feed()
      assert.equal("x", inside(call))
      assert.equal("slept", inside(function() return net.sleep(0.001) and "slept" end))
    end)

    it("raises what is raised there", function()
      run(function(spawn)
        local call, feed = a_wait()
        local one = spawn(inside, function()
          call()
          error("on purpose", 0)
        end)
        until_waiting(one)
        feed()
        local ok, failure = one:join()
        assert.is_false(ok)
        assert.matches("on purpose", failure)
      end)
    end)

    it("ends when its task is cancelled", function()
      run(function(spawn)
        local call, feed, socket = a_wait()
        local seen
        local one = spawn(function()
          local ok, value = pcall(inside, call)
          seen = { ok, tostring(value) }
          net.sleep(LONG)
        end)
        until_waiting(one, "recv")
        one:cancel()
        assert.same({ false, "the task was cancelled", "cancelled" }, { one:join() })
        assert.is_false(seen[1])
        assert.matches("cancelled", seen[2])
        feed()
        assert.equal("x", socket:recv(1))
      end)
    end)

    it("ends at its time limit", function()
      run(function(spawn)
        local call, feed, socket = a_wait()
        socket:settimeout(SHORT)
        local one = spawn(inside, function() return (select(3, call())) end)
        support.assert_takes(SHORT, function()
          assert.same({ true, "timeout" }, { one:join() })
        end)
        feed()
      end)
    end)

    it("may be for another task", function()
      run(function(spawn)
        local call, feed = a_wait()
        local other = spawn(call)
        local one = spawn(inside, function() return (select(2, other:join())) end)
        until_waiting { other, one }
        feed()
        assert.same({ true, "x" }, { one:join() })
      end)
    end)

    it("ends when the socket is closed", function()
      run(function(spawn)
        local call, _, socket = a_wait()
        local one = spawn(inside, function() return (select(3, call())) end)
        until_waiting(one)
        socket:close()
        assert.same({ true, "closed" }, { one:join() })
      end)
    end)

    it("comes again and again", function()
      run(function(spawn)
        local peer, socket = pair()
        local one = spawn(function()
          local text = ""
          for _ = 1, 50 do text = text .. inside(function() return socket:recv(1) end) end
          return text
        end)
        for i = 1, 50 do
          peer:send(tostring(i % 10))
          if i % 3 == 0 then net.sleep(0) end
        end
        assert.same({ true, ("1234567890"):rep(5) }, { one:join() })
      end)
    end)
  end)
end

describe("waits where tasks cannot yield", function()
  it("end in any order, whatever lies upon what", function()
    run(function(spawn)
      for _, order in ipairs { { 1, 2, 3 }, { 3, 2, 1 }, { 2, 1, 3 }, { 1, 3, 2 }, { 2, 3, 1 }, { 3, 1, 2 } } do
        local list = {}
        for i = 1, 3 do
          local call, feed = a_wait()
          list[i] = { task = spawn(places[i * 4].call, call), feed = feed }
        end
        for i = 1, 3 do until_waiting(list[i].task) end
        for place, i in ipairs(order) do
          list[i].feed()
          assert.same({ true, "x" }, { list[i].task:join(5) })
          for later = place + 1, 3 do
            assert.equal("waiting", list[order[later]].task:status())
          end
        end
      end
    end)
  end)

  it("may be 200, in every place, with waits of other tasks between", function()
    run(function(spawn)
      local ticks = task.ticker(spawn)
      local list = {}
      for i = 1, 200 do
        local call, feed = a_wait()
        local body = i % 5 == 0 and call or function() return places[i % #places + 1].call(call) end
        list[i] = { task = spawn(body), feed = feed }
      end
      for i = 1, 200 do until_waiting(list[i].task) end
      collectgarbage()
      for i = 1, 200 do
        local place = (i * 77) % 200 + 1 -- each of them once
        list[place].feed()
        if i % 10 == 0 then
          local before = ticks()
          support.eventually(function() return ticks() > before end, "the ticking task does not go on")
        end
      end
      for i = 1, 200 do assert.same({ true, "x" }, { list[i].task:join(5) }) end
    end)
  end)

  it("may be cancelled all together", function()
    run(function(spawn)
      local list = {}
      for i = 1, 100 do list[i] = spawn(places[i % #places + 1].call, (a_wait())) end
      until_waiting(list)
      for i = 1, 100 do list[i]:cancel() end
      for i = 1, 100 do assert.equal("cancelled", (select(3, list[i]:join(5)))) end
    end)
  end)

  it("may lie deep in each other", function()
    run(function(spawn)
      local call, feed = a_wait()
      local function nest(depth)
        if depth == 0 then return call() end
        return places[depth % #places + 1].call(function() return nest(depth - 1) end)
      end
      local one = spawn(nest, 20)
      until_waiting(one)
      collectgarbage()
      feed()
      assert.same({ true, "x" }, { one:join(5) })
    end)
  end)

  it("may be begun by what goes on meanwhile, many levels deep", function()
    run(function(spawn)
      local depth, list, queue = 0, {}, net.queue()
      local function deeper()
        depth = depth + 1
        if depth < 50 then list[#list + 1] = spawn(places[depth % #places + 1].call, deeper) end
        return (queue:get())
      end
      list[1] = spawn(places[1].call, deeper)
      support.eventually(function() return depth == 50 end)
      until_waiting(list)
      for _ = 1, 50 do queue:put("x") end
      for _, one in ipairs(list) do assert.same({ true, "x" }, { one:join(5) }) end
      assert.equal(50, #list)
    end)
  end)

  it("do not keep the collector from working", function()
    run(function(spawn)
      local list, weak = {}, setmetatable({}, { __mode = "v" })
      for i = 1, 20 do
        local call, feed = a_wait()
        list[i] = { feed = feed, task = spawn(places[i % #places + 1].call, function()
          local kept = { "kept" }
          weak[#weak + 1] = { "garbage" }
          local got = call()
          return kept[1] .. got
        end) }
      end
      for i = 1, 20 do until_waiting(list[i].task) end
      for _ = 1, 3 do
        collectgarbage()
        for i = 1, 2000 do weak[21] = { i } end
      end
      assert.is_nil(next(weak, 21))
      for i = 1, 20 do list[i].feed() end
      for i = 1, 20 do assert.same({ true, "keptx" }, { list[i].task:join(5) }) end
    end)
  end)

  it("serve a connection each, line by line, from a generator", function()
    run(function(spawn)
      local list, count = {}, 0
      for i = 1, 20 do
        local peer, socket = pair()
        local lines = coroutine.wrap(function()
          while true do
            local line = socket:read()
            coroutine.yield(line)
            if not line then return end
          end
        end)
        list[i] = { peer = peer, task = spawn(function()
          local got = {}
          for line in lines do
            got[#got + 1], count = line, count + 1
          end
          return table.concat(got, " ")
        end) }
      end
      for n = 1, 3 do
        for i = 20, 1, -1 do list[i].peer:send(("%d.%d\n"):format(i, n)) end
        support.eventually(function() return count == 20 * n end)
      end
      for i = 1, 20 do
        list[i].peer:close()
        assert.same({ true, ("%d.1 %d.2 %d.3"):format(i, i, i) }, { list[i].task:join(5) })
      end
    end)
  end)

  it("fail as others do when two wait for one socket", function()
    run(function(spawn)
      local call, feed = a_wait()
      local one = spawn(places[1].call, call)
      until_waiting(one)
      assert_fails("busy", "^recv", call())
      feed()
      one:join()
    end)
  end)
end)

describe("a main program in a coroutine", function()
  it("waits while tasks go on", function()
    local call, feed = a_wait()
    local one = net.spawn(function()
      net.sleep(0) -- the main program waits since before its first turn
      feed()
    end)
    assert.equal("x", coroutine.wrap(function() return (call()) end)())
    one:join()
  end)

  it("runs tasks", function()
    local got = coroutine.wrap(function()
      return net.run(function()
        net.sleep(0.001)
        return "x"
      end)
    end)()
    assert.equal("x", got)
  end)

  it("is told when nothing can end its wait", function()
    local a, b
    a = net.spawn(function() return b:join() end)
    b = net.spawn(function() return a:join() end)
    local ok, message = coroutine.resume(coroutine.create(function() return (a:join()) end))
    assert.is_false(ok)
    assert.matches("nothing can end this wait", message)
    a:cancel()
    b:join()
  end)
end)

describe("a finalizer", function()
  -- Lets garbage be collected in tasks that do all kinds of things.
  local function among_tasks(finalizer)
    run(function(spawn)
      local peer, socket = pair()
      local going, list = true, {}
      list[1] = spawn(function()
        local sum = 0
        while true do
          local data = socket:recv(3000)
          if not data then return sum end
          sum = sum + #data
        end
      end)
      list[2] = spawn(function()
        while going do
          peer:send(("x"):rep(1000))
          net.sleep(0)
        end
        peer:close()
      end)
      for _ = 1, 30 do
        for _ = 1, 10 do task.garbage(finalizer) end
        collectgarbage("step", 10)
        net.sleep(0)
      end
      going = false
      collectgarbage()
      assert.is_true((list[1]:join(10)))
      assert.is_true((list[2]:join(10)))
    end)
  end

  it("may close sockets", function()
    local closed = 0
    among_tasks(function()
      local a, b = net.socketpair()
      if not a then return end
      a:write("x")
      a:close()
      b:close()
      closed = closed + 1
    end)
    assert(closed > 100, closed)
  end)

  it("may wait, though others may not go on meanwhile", function()
    local waited = 0
    among_tasks(function()
      net.sleep(0.0001)
      waited = waited + 1
    end)
    assert(waited > 100, waited)
  end)

  -- In a process of its own, where what is received is most of what makes the
  -- collector work: its finalizers come in the middle of receiving.
  it("may wait in the middle of what somebody else receives", function()
    local output, status = task.script [[
      local garbage = require "spec.support.task".garbage
      local peer, socket = net.socketpair()
      local text, sent, received, waited = ("x"):rep(30000), 0, 0, 0
      local function finalizer()
        net.sleep(0.0005)
        waited = waited + 1
      end
      net.run(function()
        local one = net.spawn(function()
          while true do
            local data = socket:recv(65536)
            if not data then return end
            received = received + #data
            for _ = 1, 3 do garbage(finalizer) end
          end
        end)
        local start = net.now()
        repeat
          sent = sent + (peer:send(text, "MSG_DONTWAIT") or 0)
          net.sleep(0)
        until net.now() - start > 0.3
        peer:close()
        one:join()
      end)
      print(sent == received, waited > 10)
      io.stdout:flush()
      fault._exit(0)
    ]]
    assert.same({ "true\ttrue\n", 0 }, { output, status })
  end)

  it("may read and write", function()
    local got = 0
    local peer, socket = pair()
    among_tasks(function()
      peer:write("line\n")
      if socket:read() == "line" then got = got + 1 end
    end)
    assert(got > 100, got)
  end)

  it("of a state that ends is harmless", function()
    local output, status = task.script [[
      local task = require "spec.support.task"
      for _ = 1, 3 do
        task.garbage(function()
          pcall(net.sleep, 0.001)
          local a, b = net.socketpair()
          if a then a:close() b:close() end
        end)
      end
      task.until_waiting(net.spawn(function() net.sleep(60) end))
    ]]
    assert.same({ "", 0 }, { output, status })
  end)

  -- On 5.1, 5.2 and 5.3 a collection then calls all finalizers that are left, the
  -- module's own too.  5.3 never ends one that begins in the middle of another.
  it("of a state that ends may run tasks that collect what is left", function()
    local output, status = task.script [[
      require("spec.support.task").kept(function()
        print(pcall(net.run, function()
          local other = net.spawn(table.sort, { 1, 2 }, function() return not net.sleep(0.001) end)
          collectgarbage()
          net.sleep(0.001)
          return other:join(), (pcall(net.spawn, type, 1))
        end))
        print(pcall(net.spawn, type, 1))
      end)
      collectgarbage()
    ]]
    local first, second = output:match("^(.-)\n(.-)\n$")
    assert.same({ 0 }, { status }, output)
    if task.luajit then
      assert.matches("^false.*this is called by a finalizer", first)
    else
      assert.equal("true\ttrue\ttrue", first)
      assert.matches(_VERSION:match("5%.[123]$") and "^false\t.*the Lua state ends: no task can begin$"
        or "^true\t", second)
    end
  end)

  it("of a state that ends may receive so much that the collector comes in between", function()
    local output, status = task.script [[
      local text, list = ("x"):rep(60000), {}
      require("spec.support.task").kept(function()
        local a, b = net.socketpair() -- older ones may be closed in between
        for i = 1, 300 do
          local line = text .. i .. "\n"
          assert(a:send(line))
          list[i] = i % 2 == 0 and b:read("L") or b:recv(70000)
          if list[i] ~= line then print(i, list[i]) end
        end
        a:close() -- nobody finalizes what is made in a finalizer
        b:close()
        print(#list)
      end)
    ]]
    assert.same({ "300\n", 0 }, { output, status })
  end)
end)

describe("a debug hook", function()
  it("may wait", function()
    run(function(spawn)
      local ticks, waited = task.ticker(spawn), 0
      local one = spawn(function()
        debug.sethook(function()
          debug.sethook()
          net.sleep(0.005)
          waited = waited + 1
        end, "", 1)
        local sum = 0
        for i = 1, 100 do sum = sum + i end
        net.sleep(0.005)
        return sum
      end)
      assert.same({ true, 5050 }, { one:join(5) })
      assert.equal(1, waited)
      assert(ticks() > 0)
    end)
  end)

  it("of a task is there again after a cancel that pcall saw", function()
    run(function(spawn)
      local count, seen, hook = 0, nil, nil
      local function my_hook() count = count + 1 end
      local one = spawn(function()
        debug.sethook(my_hook, "", 1000)
        pcall(function()
          local result = net.sleep(LONG)
          return result
        end)
        hook = debug.gethook()
        debug.sethook()
        seen = true
      end)
      until_waiting(one)
      one:cancel()
      one:join()
      debug.sethook()
      assert.is_true(seen)
      assert.equal(my_hook, hook)
    end)
  end)
end)

-- --- the end of the program -------------------------------------------------------

local waiting_tasks = [[
  local task = require "spec.support.task"
  local sockets, waiting = {}, {}
  for i, place in ipairs(task.places) do
    local a, b = net.socketpair()
    sockets[i] = { a, b }
    waiting[i] = net.spawn(place.call, function() return b:recv(1) end)
  end
  task.until_waiting(waiting)
]]

local ends = {
  ["comes"] = { "", 0 },
  ["comes by os.exit"] = { "os.exit(7)", 7 },
  ["comes by os.exit in a task"] = {
    "net.spawn(function() net.sleep(0.001) os.exit(7) end) net.sleep(60)", 7,
  },
  ["comes by os.exit where a task cannot yield"] = {
    [[net.spawn(function() table.sort({ 1, 2 }, function()
      net.sleep(0.001)
      os.exit(7)
    end) end) net.sleep(60)]], 7,
  },
  ["comes in net.run by os.exit where a task cannot yield"] = {
    [[net.run(function() table.sort({ 1, 2 }, function()
      net.sleep(0.001)
      os.exit(7)
    end) end)]], 7,
  },
  ["comes by an error"] = { "error()", 1 },
}
if not rawget(_G, "setfenv") then -- 5.2 and later close the state when told
  ends["comes by os.exit that closes the state"] = { "os.exit(7, true)", 7 }
  ends["comes by os.exit that closes the state, in a task"] = {
    "net.spawn(function() net.sleep(0.001) os.exit(7, true) end) net.sleep(60)", 7,
  }
  ends["comes by os.exit that closes the state, where a task cannot yield"] = {
    [[net.spawn(function() table.sort({ 1, 2 }, function()
      net.sleep(0.001)
      os.exit(7, true)
    end) end) net.sleep(60)]], 7,
  }
end

-- At such an end nothing is freed, and the sanitizer does not look into LuaJIT's
-- memory for what still refers to it.
if task.luajit and os.getenv("DIALTONE_MODE") == "asan" then
  for name, ending in pairs(ends) do
    if ending[2] == 7 then ends[name] = nil end
  end
end

describe("the end of a program whose tasks wait where they cannot yield", function()
  for name, ending in pairs(ends) do
    it("is quiet when it " .. name, function()
      local output, status = task.script(waiting_tasks .. ending[1])
      if ending[1] == "error()" then output = "" end -- the interpreter's own words
      assert.same({ "", ending[2] }, { output, status })
    end)
  end

  it("is quiet without them, too", function()
    local output, status = task.script [[
      net.spawn(function() net.sleep(60) end)
      net.spawn(function() error("never begun") end)
    ]]
    assert.same({ "", 0 }, { output, status })
  end)

  it("comes by a signal in the main program, which has the error", function()
    if task.luajit then return end -- its handler is its own affair
    local child = support.child [[
      net.spawn(function() table.sort({ 1, 2 }, function() net.sleep(60) return false end) end)
      net.spawn(function() while true do net.sleep(60) end end)
      say "ready"
      say(pcall(net.run))
    ]]
    assert.equal("ready", child:line())
    child:asleep()
    child:signal("INT")
    assert.matches("^false .*interrupted!", child:line())
  end)
end)
