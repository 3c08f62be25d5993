-- fork_spec.lua - a child after fork(2) that goes on using the module has a loop
-- of its own, and takes nothing away from its parent's.

local net = require "dialtone"
local tasks = require "dialtone.core".inner
local support = require "spec.support.transport"
local task = require "spec.support.task"
local keep, fault, until_waiting = support.keep, support.fault, task.until_waiting
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- Calls the body in a child, which then ends; gives its process number.
local function fork(body)
  local child = fault.fork()
  if child > 0 then return child end
  local ok, message = pcall(body)
  if not ok then io.stderr:write("in the child: ", tostring(message), "\n") end
  fault._exit(ok and 0 or 1)
end

-- The same, and waits for its end; all must be well in it.
local function in_child(body) assert.equal(0, fault.waitpid(fork(body))) end

-- A task that answers each line with the same in capitals; gives the task and the
-- client's end.
local function echo(spawn)
  local client, server = keep(net.socketpair())
  client:settimeout(5)
  local one = spawn(function()
    for line in server:lines() do server:write(line:upper(), "\n") end
  end)
  until_waiting(one)
  return one, client, server
end

local function assert_served(client, text)
  assert(client:write(text, "\n"))
  if tasks.unsent(client) then assert(client:flush()) end
  assert.equal(text:upper(), client:read())
end

-- Where the process may fork.
local ways = {
  { "in the main program", function(body) body(net.spawn) end },
  { "in a task", function(body) task.run(body) end },
  { "where a task cannot yield", function(body)
    task.run(function(spawn)
      table.sort({ 1, 2 }, function()
        if body then body(spawn) end
        body = nil
        return false
      end)
    end)
  end },
}

for _, way in ipairs(ways) do
  local function case(name, body)
    it(name .. ", " .. way[1], function() way[2](body) end)
  end

  describe("a child after fork", function()
    case("lists copies of its own: what it closes stays open in the parent", function(spawn)
      local one, client, server = echo(spawn)
      in_child(function()
        local count = #net.sockets()
        assert.equal("read", (one:waiting()))
        net.onerror = function() end -- the echo's, whose socket is closed
        server:close()
        assert.equal(count - 1, #net.sockets())
        for _, s in ipairs(net.sockets()) do s:close() end
        assert.equal(0, #net.sockets())
      end)
      assert_served(client, "still here")
      local listed = {}
      for _, s in ipairs(net.sockets()) do listed[s] = true end
      assert.is_true(listed[client] and listed[server])
      client:close()
      one:join()
    end)

    case("leaves its parent's tasks alone when it ends", function(spawn)
      local one, client = echo(spawn)
      in_child(function() end)
      assert_served(client, "one")
      client:close()
      one:join()
    end)

    case("closes its copies, and the parent's stay registered", function(spawn)
      local one, client, server = echo(spawn)
      in_child(function()
        client:close()
        server:close()
      end)
      assert_served(client, "one")
      client:close()
      assert.is_true((one:join(5)))
    end)

    case("runs tasks of its own", function(spawn)
      local one, client = echo(spawn)
      in_child(function()
        local two, mine = echo(net.spawn)
        assert_served(mine, "one")
        mine:close()
        assert.is_true((two:join(5)))
        assert.equal("waiting", one:status())
      end)
      assert_served(client, "two")
      client:close()
      one:join()
    end)

    case("goes on with the tasks that waited", function(spawn)
      local one, client, server = echo(spawn)
      local other = spawn(function() return net.wait(server:dup(), "read", 5) end)
      until_waiting(other)
      in_child(function()
        assert_served(client, "one")
        assert_served(client, "two")
        client:close()
        assert.is_true((other:join(5)))
      end)
      assert_served(client, "three")
      client:close()
      one:join()
      other:join()
    end)

    case("goes on with sleeps, queues and limits", function(spawn)
      local begun = 0
      local function begin() begun = begun + 1 end
      local one = spawn(function() begin() return net.sleep(0.02) end)
      local peer, socket = keep(net.socketpair())
      socket:settimeout(0.02)
      local two = spawn(function() begin() return (select(3, socket:recv(1))) end)
      local queue = net.queue()
      local three = spawn(function() begin() return (queue:get()) end)
      support.eventually(function() return begun == 3 end)
      local function check()
        assert.same({ true, true }, { one:join(5) })
        assert.same({ true, "timeout" }, { two:join(5) })
        queue:put("value")
        assert.same({ true, "value" }, { three:join(5) })
      end
      in_child(check)
      check()
      peer:close()
    end)

    case("goes on with what waits where a task cannot yield", function(spawn)
      local client, server = keep(net.socketpair())
      local one = spawn(function() return (("x"):gsub("x", function() return server:read() end)) end)
      until_waiting(one)
      in_child(function()
        client:write("line\n")
        if tasks.unsent(client) then client:flush() end
        assert.same({ true, "line" }, { one:join(5) })
      end)
      client:write("again\n")
      if tasks.unsent(client) then client:flush() end
      assert.same({ true, "again" }, { one:join(5) })
    end)

    case("may fork again", function(spawn)
      local one, client = echo(spawn)
      in_child(function()
        assert_served(client, "one")
        in_child(function() assert_served(client, "two") end)
        assert_served(client, "three")
      end)
      assert_served(client, "four")
      client:close()
      one:join()
    end)
  end)
end

describe("a child after fork", function()
  it("may run all that is left", function()
    local one, client = echo(net.spawn)
    in_child(function()
      net.spawn(function()
        assert_served(client, "one")
        one:cancel() -- no end of the stream comes while the parent has it
      end)
      net.run()
      assert.equal("cancelled", one:status())
    end)
    assert_served(client, "two")
    client:close()
    one:join()
  end)

  it("goes on with the wait that the main program is in, when a task forks", function()
    local peer, socket = keep(net.socketpair())
    local child
    socket:settimeout(5)
    local one = net.spawn(function()
      net.sleep(0) -- the main program waits since before its first turn
      child = fault.fork()
      if child > 0 then assert.equal(0, fault.waitpid(child)) end
      net.sleep(0.001)
      peer:send(child > 0 and "parent" or "child")
    end)
    local got = socket:recv(10)
    if child == 0 then fault._exit(got == "child" and 0 or 1) end
    assert.equal("parent", got)
    assert.same({ true }, { one:join() })
  end)

  it("sends what was written and had no room", function()
    local peer, socket = keep(net.socketpair())
    local filled = support.fill(socket)
    net.spawn(function() socket:write("end") end):join()
    assert.is_true(tasks.unsent(socket))
    in_child(function()
      while filled > 0 do filled = filled - #peer:recv(filled) end
      net.run()
      assert.equal("end", peer:recv(10))
    end)
    net.run()
    assert.equal("end", peer:recv(10))
  end)

  it("has a descriptor of its own to be watched", function()
    local fd = net.fileno()
    if not fd then return end -- poll(2) has none
    in_child(function()
      local one, client = echo(net.spawn)
      client:send("x\n")
      assert.equal(1, #assert(net.poll({ (assert(net.fileno())) }, 5)))
      client:shutdown("SHUT_WR")
      one:join(5)
    end)
    assert.equal(fd, net.fileno())
  end)

  it("copies through a pipe of its own", function()
    local from, source = keep(net.socketpair())
    local target, to = keep(net.socketpair())
    local copying = net.spawn(net.copy, source, target)
    until_waiting(copying)
    in_child(function()
      local x, child_source = net.socketpair()
      local child_target, y = net.socketpair()
      x:send("the child's")
      x:close()
      assert.same({ true, 11 }, { net.spawn(net.copy, child_source, child_target):join(5) })
      assert.equal("the child's", y:recv(100))
    end)
    from:send("the parent's")
    from:close()
    assert.same({ true, 12 }, { copying:join(5) })
    assert.equal("the parent's", to:recv(100))
  end)

  it("shares a listener: each connection is accepted once", function()
    local listener = support.tcp4.listener()
    local count = 0
    local one = net.spawn(function()
      while true do
        local conn = listener:accept()
        if not conn then return end
        count = count + 1
        conn:send("x")
        conn:close()
      end
    end)
    until_waiting(one)
    local child = fork(function()
      support.eventually(function() return count >= 1 end)
    end)
    local clients = 0
    support.eventually(function()
      local client = support.tcp4.socket()
      client:settimeout(5)
      assert(client:connect(listener:getsockname()))
      assert.equal("x", client:recv(1))
      clients = clients + 1
      return clients >= 20 and clients > count
    end)
    assert.equal(0, fault.waitpid(child))
    listener:close()
    one:join()
  end)

  it("ends quietly, with all that waits in it", function()
    local output, status = task.script [[
      local task = require "spec.support.task"
      local waiting = {}
      for _, place in ipairs(task.places) do
        local a, b = net.socketpair()
        waiting[#waiting + 1] = net.spawn(place.call, function() return b:recv(1) end)
        waiting[#waiting + 1] = net.spawn(function() return a:recv(1) end)
      end
      task.until_waiting(waiting)
      local child = fault.fork()
      if child == 0 then
        net.sleep(0.001) -- the loop runs here, too
        return
      end
      print(fault.waitpid(child))
    ]]
    assert.same({ "0\n", 0 }, { output, status })
  end)
end)
