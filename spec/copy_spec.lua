-- copy_spec.lua - net.copy: from one socket to another. Between `source` and
-- `from`, and between `to` and `sink`, there is a connection each:
--
--   source ==> from -- net.copy --> to ==> sink

local net = require "dialtone"
local support = require "spec.support.transport"
local until_waiting = require "spec.support.task".until_waiting
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)
local fault, pack, reset = support.fault, support.pack, support.reset

local SHORT = 0.05
local KEPT = 65536 -- no more than this is taken from a stream before it can go on

-- Bytes in which nothing can be lost, doubled or exchanged unseen.
local function text(size)
  local list = {}
  for i = 1, math.ceil(size / 8) do list[i] = ("%07d\n"):format(i) end
  return table.concat(list):sub(1, size)
end

local LONG = text(10 * 1024 * 1024)

local function line(transport)
  local source, from = transport.pair()
  local to, sink = transport.pair()
  return source, from, to, sink
end

-- net.copy has failed so, after some bytes; gives how many.
local function assert_stops(code, pattern, result)
  assert_fails(code, pattern, result[1], result[2], result[3])
  assert.equal(4, result.n)
  assert.equal("number", type(result[4]))
  return result[4]
end

-- Whether two long texts are equal, without printing them.
local function assert_same_bytes(expected, actual)
  if expected ~= actual then
    error(("%d bytes are not the %d expected"):format(#tostring(actual), #expected), 2)
  end
end

-- All that comes till the stream ends, in a task; `result` is what it gave.
local function collector(socket)
  local collected = { task = nil, result = nil }
  collected.task = net.spawn(function() collected.result = assert(socket:read("a")) end)
  function collected.wait()
    assert(collected.task:join(10))
    return collected.result
  end
  return collected
end

local function sender(socket, data)
  return net.spawn(function()
    assert(socket:write(data))
    assert(socket:shutdown("SHUT_WR"))
  end)
end

-- The test goes on in the main program, or in a task.
local places = {
  ["the main program, with tasks"] = function(body) body() end,
  ["a task"] = function(body) net.run(body) end,
}

-- How the bytes go: through a pipe in the kernel, or by hand.
local ways = {
  ["splice"] = function() end,
  ["recv and send"] = function() fault.fail("splice", "EINVAL", 1, true) end,
}

for _, transport in ipairs(support.streams) do
  describe("net.copy, " .. transport.name, function()
    for place, within in pairs(places) do
      for way, choose in pairs(ways) do
        it(("copies all bytes in order and passes on the end, in %s, by %s"):format(place, way), function()
          local source, from, to, sink = line(transport)
          choose()
          within(function()
            local collected = collector(sink)
            sender(source, LONG)
            assert.equal(#LONG, net.copy(from, to))
            assert_same_bytes(LONG, collected.wait())
          end)
          if way == "splice" then
            assert.is_true(fault.count("splice") > 0)
            assert.is_true(fault.count("pipe") == 1)
          end
          assert(sink:send("answer")) -- only one direction has ended
          assert.equal("answer", to:recv(10))
        end)
      end
    end

    it("copies in a main program that has no tasks", function()
      local listener = transport.listener()
      local child = support.child(([[
        local source = assert(net.socket(%q, "SOCK_STREAM"))
        assert(source:connect(%q))
        local sink = assert(net.socket(%q, "SOCK_STREAM"))
        assert(sink:connect(%q))
        local data = ("0123456789abcdef"):rep(65536)
        net.spawn(function() source:write(data) source:shutdown("SHUT_WR") end)
        say(sink:read("a") == data)
      ]]):format(transport.domain, tostring(listener:getsockname()), transport.domain,
        tostring(listener:getsockname())))
      local from = keep(listener:accept())
      local to = keep(listener:accept())
      from:settimeout(5)
      to:settimeout(5)
      assert.equal(1048576, net.copy(from, to))
      assert.equal("true", child:line())
    end)

    it("copies both ways at once", function()
      local source, from, to, sink = line(transport)
      local there, back = text(2000000), text(3000000):reverse()
      net.run(function()
        local forth, home = collector(sink), collector(source)
        sender(source, there)
        sender(sink, back)
        local other = net.spawn(net.copy, to, from)
        assert.equal(#there, net.copy(from, to))
        local _, count = assert(other:join(10))
        assert.equal(#back, count)
        assert_same_bytes(there, forth.wait())
        assert_same_bytes(back, home.wait())
      end)
    end)

    it("copies from a socket that another task waits to write to, and to one that another reads", function()
      local source, from, to, sink = line(transport)
      net.run(function()
        local writing = net.spawn(function() return from:write(LONG) end)
        local reading = net.spawn(function() return to:read() end)
        assert(source:send("first"))
        until_waiting { writing, reading }
        local collected = collector(sink)
        sender(source, LONG)
        assert.equal(#LONG + 5, net.copy(from, to))
        assert_same_bytes("first" .. LONG, collected.wait())
        assert.equal("waiting", writing:status())
        assert.equal("waiting", reading:status())
        writing:cancel()
        reading:cancel()
      end)
    end)

    it("copies what is buffered first, after what was written", function()
      local source, from, to, sink = line(transport)
      net.run(function()
        assert(source:send("head\nbody"))
        assert.equal("head", from:read())
        assert(from:unread("more "))
        assert(to:write("prefix "))
        assert(source:shutdown("SHUT_WR"))
        assert.equal(9, net.copy(from, to))
        assert.equal("prefix more body", sink:read("a"))
      end)
    end)

    it("copies as many bytes as it is told, and does not end the stream then", function()
      local source, from, to, sink = line(transport)
      from:settimeout(5)
      assert(source:send("0123456789"))
      assert.equal(0, net.copy(from, to, 0))
      assert.equal(4, net.copy(from, to, 4)) -- of what the kernel has
      assert.equal("4", from:peek(1)) -- all is buffered
      assert.equal(3, net.copy(from, to, 3))
      assert.equal("789", from:read(3))
      assert(source:send("x"))
      assert.equal(1, net.copy(from, to, 1))
      assert.equal("0123456x", sink:read(8))
      assert(source:send("yz"))
      assert(source:shutdown("SHUT_WR"))
      assert.equal(2, net.copy(from, to, 3)) -- the stream has fewer
      assert.equal("yz", sink:read("a"))
    end)

    it("counts long ones exactly", function()
      local source, from, to, sink = line(transport)
      net.run(function()
        local collected = collector(sink)
        sender(source, LONG)
        assert.equal(3000001, net.copy(from, to, 3000001))
        assert(to:shutdown("SHUT_WR"))
        assert_same_bytes(LONG:sub(1, 3000001), collected.wait())
        assert_same_bytes(LONG:sub(3000002), from:read("a"))
      end)
    end)

    it("copies the end of a stream that was empty", function()
      local source, from, to, sink = line(transport)
      assert(source:shutdown("SHUT_WR"))
      assert.equal(0, net.copy(from, to))
      assert_fails("eof", "^recv", sink:recv(1))
    end)

    for way, choose in pairs(ways) do
      it("loses nothing when nobody takes anything till a time limit, by " .. way, function()
        local source, from, to, sink = line(transport)
        choose()
        to:settimeout(SHORT)
        net.run(function()
          sender(source, LONG)
          local count = assert_stops("timeout", "^copy", pack(net.copy(from, to)))
          assert.is_true(count > 0)
          to:settimeout(10)
          local collected = collector(sink)
          assert.equal(#LONG - count, net.copy(from, to))
          assert_same_bytes(LONG, collected.wait())
        end)
      end)

      it("takes little more than it can pass on, by " .. way, function()
        local source, from, to = line(transport)
        choose()
        to:settimeout(SHORT)
        net.run(function()
          local sending = sender(source, LONG)
          local count = assert_stops("timeout", "^copy", pack(net.copy(from, to)))
          fault.clear()
          from:settimeout(0)
          local received = fault.count("recv")
          assert_same_bytes(LONG:sub(count + 1, count + 100), assert(from:read(100)))
          assert.is_true(fault.count("recv") <= received + 1)
          fault.fail("recv", "ECONNRESET", 1, true) -- what is in the kernel cannot be had
          local kept = 100
          while from:read(1) do kept = kept + 1 end
          fault.clear()
          assert.is_true(kept <= KEPT, kept)
          sending:cancel()
        end)
      end)
    end

    it("fails at a time limit when nothing comes", function()
      local _, from, to = line(transport)
      from:settimeout(SHORT)
      for _, within in pairs(places) do
        within(function()
          support.assert_takes(SHORT, function()
            assert.equal(0, assert_stops("timeout", "^copy", pack(net.copy(from, to))))
          end)
        end)
      end
    end)

    it("may take longer than the time limit, as long as something comes", function()
      local source, from, to, sink = line(transport)
      from:settimeout(6 * SHORT)
      to:settimeout(6 * SHORT)
      for _, within in pairs(places) do
        within(function()
          local task = net.spawn(function()
            for _ = 1, 8 do
              net.sleep(SHORT)
              assert(source:send("x"))
            end
          end)
          assert.equal(8, net.copy(from, to, 8))
          assert(task:join(5))
          assert.equal("xxxxxxxx", sink:read(8))
        end)
      end
    end)

    it("may take longer than the time limit in a main program alone", function()
      local listener = transport.listener()
      local child = support.child(([[
        local source = assert(net.socket(%q, "SOCK_STREAM"))
        assert(source:connect(%q))
        for _ = 1, 8 do
          net.poll({}, %g)
          assert(source:send("x"))
        end
        say((source:recv(1)))
      ]]):format(transport.domain, tostring(listener:getsockname()), SHORT))
      local from = keep(listener:accept())
      local to = transport.pair()
      from:settimeout(6 * SHORT)
      assert.equal(8, net.copy(from, to, 8))
      assert_fails("timeout", "^copy", net.copy(from, to))
      assert(from:close())
      assert.equal("nil", child:line())
    end)

    it("lets others go on, though a call before left the waiting to the kernel", function()
      local listener = transport.listener()
      local child = support.child(([[
        local source = assert(net.socket(%q, "SOCK_STREAM"))
        assert(source:connect(%q))
        net.poll({}, 0.2)
        assert(source:write("x", ("y"):rep(1048576)))
        say(source:read("a"))
      ]]):format(transport.domain, tostring(listener:getsockname())))
      local from = keep(listener:accept())
      local to, sink = transport.pair()
      assert.equal("x", from:recv(1))
      net.run(function()
        local task = net.spawn(net.copy, from, to)
        assert.equal(1048576, #sink:read(1048576))
        net.sleep(SHORT)
        assert.equal("waiting", task:status())
        assert(from:write("end"):shutdown("SHUT_WR"))
        local _, count = task:join(5)
        assert.equal(1048576, count)
      end)
      assert.equal("end", child:line())
    end)

    it("waits for neither side whose time limit is 0", function()
      for _, within in pairs(places) do
        local source, from, to, sink = line(transport)
        within(function()
          from:settimeout(0)
          assert.equal(0, assert_stops("EAGAIN", "^copy", pack(net.copy(from, to))))
          assert(source:send("x"))
          support.eventually(function() return net.poll({ from }, 1) end)
          assert.equal(1, assert_stops("EAGAIN", "^copy", pack(net.copy(from, to))))
          from:settimeout(5)
          to:settimeout(0)
          sender(source, LONG)
          local count = assert_stops("EAGAIN", "^copy", pack(net.copy(from, to)))
          to:settimeout(nil)
          local collected = collector(sink)
          assert.equal(#LONG - count, net.copy(from, to))
          assert_same_bytes("x" .. LONG, collected.wait())
        end)
      end
    end)

    it("moves byte by byte, if need be", function()
      for _, call in ipairs { "recv", "send" } do
        local source, from, to, sink = line(transport)
        local data = text(200)
        assert(source:send(data))
        assert(source:shutdown("SHUT_WR"))
        fault.short(call, 1, 1, true)
        -- in a task TCP would not be asked again: where it is we who cut the call,
        -- the kernel has nothing more to tell
        local run = call == "recv" and transport.inet and function(fn) fn() end or net.run
        run(function() assert.equal(#data, net.copy(from, to)) end)
        assert.is_true(fault.count(call) >= #data)
        fault.clear()
        assert_same_bytes(data, sink:read("a"))
      end
    end)

    it("empties the pipe bit by bit, if need be", function()
      local source, from, to, sink = line(transport)
      net.run(function()
        local collected = collector(sink)
        sender(source, LONG)
        fault.short("splice", 100, 2, true) -- the first one fills the pipe
        assert.equal(#LONG, net.copy(from, to))
        assert.is_true(fault.count("splice") > 100)
        assert_same_bytes(LONG, collected.wait())
      end)
    end)

    it("goes on by hand when splice is refused at any time", function()
      for nth = 1, 4 do
        for _, code in ipairs { "EINVAL", "ENOSYS" } do
          local source, from, to, sink = line(transport)
          net.run(function()
            local collected = collector(sink)
            sender(source, LONG)
            fault.fail("splice", code, nth, true)
            assert.equal(#LONG, net.copy(from, to))
            assert_same_bytes(LONG, collected.wait())
          end)
          fault.clear()
        end
      end
    end)

    it("goes on by hand when there is no descriptor left for a pipe", function()
      local source, from, to, sink = line(transport)
      net.run(function()
        local collected = collector(sink)
        sender(source, LONG)
        fault.fail("pipe", "EMFILE", 1, true)
        assert.equal(#LONG, net.copy(from, to))
        assert.equal(0, fault.count("splice"))
        assert_same_bytes(LONG, collected.wait())
      end)
    end)

    it("is not disturbed by signals and by sockets that were not ready after all", function()
      for _, code in ipairs { "EINTR", "EAGAIN" } do
        for _, call in ipairs { "recv", "send" } do
          local source, from, to, sink = line(transport)
          local data = text(30000)
          assert(source:send(data))
          assert(source:shutdown("SHUT_WR"))
          for nth = 1, 3 do
            fault.fail(call, code, nth)
            assert.equal(nth * 1000, net.copy(from, to, nth * 1000))
          end
          fault.clear()
          net.copy(from, to)
          assert_same_bytes(data, sink:read("a"))
        end
      end
    end)

    it("is not disturbed by signals during splice", function()
      local source, from, to, sink = line(transport)
      net.run(function()
        local collected = collector(sink)
        sender(source, LONG)
        for nth = 1, 4 do
          fault.fail("splice", "EINTR", nth)
          assert.equal(1000000, net.copy(from, to, 1000000))
        end
        assert(net.copy(from, to))
        assert_same_bytes(LONG, collected.wait())
      end)
    end)

    it("keeps what was taken and not passed on, where a call fails", function()
      for _, call in ipairs { "recv", "send" } do
        for nth = 1, 2 do
          local source, from, to, sink = line(transport)
          local data = text(100000)
          assert(source:send(data))
          assert(source:shutdown("SHUT_WR"))
          fault.fail("splice", "EINVAL", 1, true)
          fault.fail(call, "ENOBUFS", nth)
          local count = assert_stops("ENOBUFS", "^copy", pack(net.copy(from, to)))
          assert.equal(#data - count, net.copy(from, to))
          fault.clear()
          assert_same_bytes(data, sink:read("a"))
        end
      end
    end)

    it("keeps what was taken and not passed on, where splice fails", function()
      for nth = 1, 4 do
        local source, from, to, sink = line(transport)
        net.run(function()
          local collected = collector(sink)
          sender(source, LONG)
          fault.fail("splice", "ENOBUFS", nth)
          local count = assert_stops("ENOBUFS", "^copy", pack(net.copy(from, to)))
          assert.equal(#LONG - count, net.copy(from, to))
          assert_same_bytes(LONG, collected.wait())
        end)
        fault.clear()
      end
    end)

    it("takes back what the other side did not take, and says so where it cannot", function()
      for _, code in ipairs { "EINTR", "EIO" } do
        local source, from, to, sink = line(transport)
        net.run(function()
          local collected, sending = collector(sink), sender(source, LONG)
          fault.fail("splice", "ENOBUFS", 2) -- the one that empties the pipe
          fault.fail("read", code)
          local lost = code ~= "EINTR"
          local count = assert_stops(lost and code or "ENOBUFS", "^copy", pack(net.copy(from, to)))
          assert.is_true(fault.count("read") > 0)
          if lost then
            assert.equal(0, assert_stops(code, "^copy", pack(net.copy(from, to)))) -- there is a hole
            assert(to:close())
            sending:cancel()
          else
            assert.equal(#LONG - count, net.copy(from, to))
          end
          assert_same_bytes(LONG:sub(1, lost and count or #LONG), collected.wait())
        end)
        fault.clear()
      end
    end)

    it("ends when its task is cancelled, keeps what it has, and leaves no descriptor", function()
      local source, from, to, sink = line(transport)
      net.run(function()
        sender(source, LONG)
        local task = net.spawn(net.copy, from, to)
        support.eventually(function()
          return fault.count("splice") > 0 and not net.poll({ { to, "POLLOUT" } }, 0.01)
        end)
        task:cancel()
        assert.is_nil((task:join(5)) or nil)
        assert.equal("cancelled", task:status())
        for _, entry in ipairs(fault.census()) do assert.not_equal("pipe", entry.call) end
        local collected = collector(sink)
        assert(net.copy(from, to))
        assert_same_bytes(LONG, collected.wait())
      end)
    end)

    it("fails when one of the sockets is closed", function()
      for i = 1, 2 do
        local pair = pack(select(2, line(transport)))
        assert(pair[i]:close())
        assert.equal(0, assert_stops("closed", "^copy: ", pack(net.copy(pair[1], pair[2]))))
      end
    end)

    it("fails when the socket that it waits for is closed", function()
      for i = 1, 2 do
        local source, from, to = line(transport)
        net.run(function()
          if i == 2 then sender(source, LONG) end
          local task = net.spawn(net.copy, from, to)
          if i == 2 then
            support.eventually(function() return not net.poll({ { to, "POLLOUT" } }, 0.01) end)
          end
          until_waiting(task)
          assert(i == 1 and from:close() or to:close())
          local result = pack(select(2, task:join(5)))
          local count = assert_stops("closed", "^copy", result)
          assert.equal(i == 2, count > 0)
          if i == 1 then return end
          from:settimeout(5)
          assert_same_bytes(LONG:sub(count + 1), from:read("a"))
        end)
      end
    end)

    it("fails when the other socket was closed meanwhile", function()
      local source, from, to = line(transport)
      net.run(function()
        local task = net.spawn(net.copy, from, to)
        until_waiting(task)
        assert(to:close())
        assert(source:send("x"))
        local result = pack(select(2, task:join(5)))
        assert.equal(0, assert_stops("closed", "^copy", result))
        assert.equal("x", from:read(1))
      end)
    end)

    it("fails when the receiver has gone, and keeps the rest", function()
      local source, from, to, sink = line(transport)
      net.run(function()
        sender(source, LONG)
        local task = net.spawn(net.copy, from, to)
        assert.equal(1000000, #sink:read(1000000))
        if transport.inet then reset(sink) else assert(sink:close()) end
        local result = pack(select(2, task:join(5)))
        local count = assert_stops(result[3] == "EPIPE" and "EPIPE" or "ECONNRESET", "^copy", result)
        assert.is_true(count >= 1000000)
        assert_same_bytes(LONG:sub(count + 1), from:read("a"))
      end)
    end)

    it("lets the other tasks go on", function()
      local source, from, to, sink = line(transport)
      net.run(function()
        local collected, turns, done = collector(sink), 0, false
        sender(source, LONG)
        net.spawn(function()
          while not done do
            turns = turns + 1
            net.sleep(0)
          end
        end)
        net.copy(from, to)
        done = true
        collected.wait()
        assert.is_true(turns >= 8, turns)
      end)
    end)

    it("lets nobody else send in the middle of what waits for room", function()
      local source, from, to, sink = line(transport)
      net.run(function()
        sender(source, LONG)
        local task = net.spawn(net.copy, from, to)
        support.eventually(function() return not net.poll({ { to, "POLLOUT" } }, 0.01) end)
        for _ = 1, 20 do net.sleep(0) end -- turns in which it, too, finds no room
        to:settimeout(10)
        assert_fails("busy", "^send", to:send("x"))
        assert_fails("busy", "^write", to:write("x"))
        local collected = collector(sink)
        assert(task:join(10))
        assert_same_bytes(LONG, collected.wait())
      end)
    end)

    it("is refused to a second one that reads or writes the same socket", function()
      local _, from, to = line(transport)
      local source, other = transport.pair()
      net.run(function()
        local task = net.spawn(net.copy, from, to)
        until_waiting(task)
        assert.equal(0, assert_stops("busy", "^copy", pack(net.copy(from, other))))
        assert_fails("busy", "^read", from:read())
        task:cancel()
        local writing = net.spawn(function() return to:write(LONG) end)
        until_waiting(writing)
        assert(source:send("y"))
        assert.equal(0, assert_stops("busy", "^copy", pack(net.copy(other, to))))
        assert.equal("y", other:read(1))
        writing:cancel()
      end)
    end)
  end)
end

for _, transport in ipairs(support.streams) do
  if transport.inet then
    describe("net.copy, " .. transport.name, function()
      it("fails when the sender has reset the connection, and so does the next read", function()
        local source, from, to, sink = line(transport)
        net.run(function()
          local task = net.spawn(net.copy, from, to)
          assert(source:send("some"))
          assert.equal("some", sink:read(4))
          reset(source)
          local result = pack(select(2, task:join(5)))
          assert.equal(4, assert_stops("ECONNRESET", "^copy .*:%d+: ", result))
          assert_fails("ECONNRESET", "^read", from:read())
          assert.equal(0, assert_stops("ECONNRESET", "^copy", pack(net.copy(from, to))))
        end)
      end)

      it("tells what became of earlier writes", function()
        local _, from, to, sink = line(transport)
        from:settimeout(5)
        net.run(function()
          reset(sink)
          support.eventually(function() return net.poll({ to }, 1) end)
          assert(to:write("into the void"))
          net.sleep(0)
          local result = pack(net.copy(from, to))
          assert.equal(0, assert_stops(result[3] == "EPIPE" and "EPIPE" or "ECONNRESET", "^copy", result))
        end)
      end)

      it("goes on behind urgent data", function()
        local source, from, to, sink = line(transport)
        local data = text(200000)
        net.run(function()
          local collected = collector(sink)
          net.spawn(function()
            assert(source:write(data))
            assert(source:flush())
            assert(source:send("!", "MSG_OOB"))
            assert(source:write(data))
            assert(source:shutdown("SHUT_WR"))
          end)
          assert.equal(2 * #data, net.copy(from, to))
          assert_same_bytes(data .. data, collected.wait())
        end)
      end)
    end)
  end
end

describe("net.copy", function()
  it("has no use for anything but two stream sockets and a count", function()
    local a, b = support.unix.pair()
    local datagram = support.udp4.bound()
    assert_raises("bad argument #2", net.copy, a, a)
    assert_raises("bad argument #1.*SOCK_STREAM", net.copy, datagram, a)
    assert_raises("bad argument #2.*SOCK_STREAM", net.copy, a, datagram)
    for _, wrong in ipairs { 1, "x", io.stdout, {} } do
      assert_raises("bad argument #1", net.copy, wrong, a)
      assert_raises("bad argument #2", net.copy, a, wrong)
    end
    assert_raises("bad argument #2", net.copy, a)
    for _, wrong in ipairs { -1, 1.5, "x", {}, 2 ^ 60 } do
      assert_raises("bad argument #3", net.copy, a, b, wrong)
    end
  end)

  it("copies between different kinds of sockets", function()
    local source, from = support.tcp4.pair()
    local to, sink = support.unix.pair()
    net.run(function()
      local collected = collector(sink)
      sender(source, LONG)
      assert.equal(#LONG, net.copy(from, to))
      assert_same_bytes(LONG, collected.wait())
    end)
  end)

  for _, poller in ipairs { "epoll", "poll", "kqueue" } do
    it("sleeps while nobody takes what is there, over " .. poller, function()
      local child = support.child([[
        local source, from = net.socketpair()
        local to, sink = net.socketpair()
        net.run(function()
          local data = ("0123456789"):rep(200000)
          net.spawn(function() source:write(data) source:shutdown("SHUT_WR") end)
          local task = net.spawn(net.copy, from, to)
          repeat -- it takes what there is room for
            net.sleep(0.001)
          until task:waiting() == "copy" and not net.poll({ { to, "POLLOUT" } }, 0.01)
          fault.clear()
          net.sleep(0.1)
          say(fault.count("poll") + fault.count("epoll_wait") + fault.count("kevent") < 10)
          say(sink:read("a") == data)
          say(select(2, task:join()))
        end)
      ]], "env DIALTONE_POLLER=" .. poller)
      assert.equal("true", child:line())
      assert.equal("true", child:line())
      assert.equal("2000000", child:line())
    end)
  end

  it("takes nothing but a pipe for all copies, and gives it back after the last", function()
    local function pipes()
      local count = 0
      for _, entry in ipairs(fault.census()) do
        if entry.call == "pipe" then count = count + 1 end
      end
      return count
    end
    net.run(function()
      local tasks, sinks = {}, {}
      for i = 1, 5 do
        local source, from, to, sink = line(support.tcp4)
        sender(source, LONG)
        tasks[i], sinks[i] = net.spawn(net.copy, from, to), sink
      end
      for i = 1, 5 do
        assert.equal(1000000, #sinks[i]:read(1000000))
        assert.equal(2, pipes())
      end
      for i = 1, 5 do
        assert_same_bytes(LONG:sub(1000001), sinks[i]:read("a"))
        assert(tasks[i]:join(5))
      end
    end)
    assert.equal(0, pipes())
  end)
end)
