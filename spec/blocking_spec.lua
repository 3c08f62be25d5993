-- blocking_spec.lua - calls that may not wait, and calls that may not wait
-- long: settimeout, MSG_DONTWAIT, SO_RCVTIMEO, SO_SNDTIMEO.

local net = require "dialtone"
local support = require "spec.support.transport"
local task = require "spec.support.task"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local assert_takes = support.assert_takes
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local SHORT = 0.05

-- What waits for input ...
local receivers = {
  recv = function(s, ...) return s:recv(100, ...) end,
  recvfrom = function(s, ...) return s:recvfrom(100, ...) end,
  recvmsg = function(s, ...) return s:recvmsg(100, 100, ...) end,
  recvmany = function(s, ...) return s:recvmany(4, 100, ...) end,
}

-- ... and for room.
local senders = {
  send = function(s, ...) return s:send("x", ...) end,
  sendmsg = function(s, ...) return s:sendmsg({ "x", "y" }, ...) end,
  sendmany = function(s, ...) return s:sendmany({ "x", "y" }, ...) end,
}

-- TCP may find room for a little more, when what was sent is acknowledged.
local function until_it_fails(send, ...)
  for _ = 1, 10000 do
    local value, message, code = send(...)
    if not value then return value, message, code end
  end
end

local function names(functions)
  local list = {}
  for name in pairs(functions) do list[#list + 1] = name end
  table.sort(list)
  return ipairs(list)
end

-- A child that connects to the listener and runs the script with `s`.
local function peer(listener, script)
  return support.child(([[
    local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
    assert(s:connect(%q))
    local function pause(seconds) net.poll({}, seconds) end
  ]]):format(tostring(listener:getsockname())) .. script)
end

describe("settimeout", function()
  it("is what gettimeout gives", function()
    local s = support.tcp4.socket()
    assert.is_nil((s:gettimeout()))
    for _, seconds in ipairs { 0, 10, 0.5, 0.001, 86400 * 365 } do
      assert.is_true(s:settimeout(seconds))
      assert.equal(seconds, s:gettimeout())
    end
    assert.is_true(s:settimeout(nil))
    assert.is_nil((s:gettimeout()))
    assert(s:settimeout(1))
    assert.is_true(s:settimeout())
    assert.is_nil((s:gettimeout()))
  end)

  it("takes more seconds than a clock can count", function()
    local a, b = keep(net.socketpair())
    assert(b:send("abc"))
    for _, seconds in ipairs { 1e9, 1e10, 1e18, 1e300, math.huge } do
      assert.is_true(a:settimeout(seconds))
      if support.fault then support.fault.fail("recv", "EAGAIN") end -- let it wait
      assert.equal("abc", a:recv(10, "MSG_PEEK"))
    end
  end)

  it("raises for what is no number of seconds", function()
    local s = support.tcp4.socket()
    for _, wrong in ipairs { -1, -0.001, "spam", "1", true, {}, 0 / 0, -math.huge } do
      assert_raises("bad argument", s.settimeout, s, wrong)
    end
    assert.is_nil((s:gettimeout()))
  end)

  it("is each object's own, and the same for its kinds", function()
    local a, b = keep(net.socketpair())
    a:settimeout(1)
    assert.is_nil((b:gettimeout()))
    assert.is_nil((keep(net.socketpair()):gettimeout())) -- no default was set
  end)
end)

for _, transport in ipairs(support.all) do
  describe(transport.name, function()
    for _, name in names(receivers) do
      local receive = receivers[name]

      it(name .. " gives EAGAIN at once with settimeout(0)", function()
        local a = transport.pair()
        a:settimeout(0)
        assert_takes(0, function() assert_fails("EAGAIN", "^" .. name .. " .*: %u", receive(a)) end)
      end)

      it(name .. " gives EAGAIN at once with MSG_DONTWAIT", function()
        local a = transport.pair()
        for _, limit in ipairs { 10, 0, false } do
          a:settimeout(limit or nil)
          assert_takes(0, function()
            assert_fails("EAGAIN", "^" .. name, receive(a, "MSG_DONTWAIT"))
          end)
        end
      end)

      it(name .. " ends with \"timeout\" at its limit, not before", function()
        local a, b = transport.pair()
        a:settimeout(SHORT)
        for _ = 1, 2 do -- each call has the whole limit
          assert_takes(SHORT, function()
            assert_fails("timeout", "^" .. name .. " .*: %l", receive(a))
          end)
        end
        assert(b:send("late"))
        assert.is_truthy(receive(a)) -- and the socket is as good as before
      end)

      it(name .. " takes what is there, whatever the limit", function()
        local a, b = transport.pair()
        for _, limit in ipairs { 0, 1e-12, SHORT, 10, false } do
          a:settimeout(limit or nil)
          assert(b:send("now"))
          if limit == 0 then assert(net.poll({ a }, 5)) end
          assert.is_truthy(receive(a))
        end
      end)

      it(name .. " ends with EAGAIN at SO_RCVTIMEO", function()
        local a = transport.pair()
        assert(a:setsockopt("SO_RCVTIMEO", SHORT))
        assert_takes(SHORT * 0.9, function()
          assert_fails("EAGAIN", "^" .. name, receive(a))
        end)
      end)
    end

    it("the earlier of settimeout and SO_RCVTIMEO ends it", function()
      local a = transport.pair()
      a:settimeout(SHORT)
      assert(a:setsockopt("SO_RCVTIMEO", 10))
      assert_takes(SHORT, function() assert_fails("timeout", "^recv", a:recv(1)) end)
      a:settimeout(10)
      assert(a:setsockopt("SO_RCVTIMEO", SHORT))
      assert_takes(SHORT * 0.9, function() assert_fails("EAGAIN", "^recv", a:recv(1)) end)
    end)

    it("shows SO_RCVTIMEO and SO_SNDTIMEO as the user set them", function()
      local a, b = transport.pair()
      assert.equal(0, a:getsockopt("SO_RCVTIMEO") or 0)
      assert(b:send("x"))
      if support.fault then support.fault.fail("recv", "EAGAIN") end -- as if it had to wait
      assert.equal("x", a:recv(1))
      assert.equal(0, a:getsockopt("SO_RCVTIMEO") or 0)
      assert.equal(0, a:getsockopt("SO_SNDTIMEO") or 0)
      assert(a:setsockopt("SO_RCVTIMEO", 0.5))
      assert.equal(0.5, a:getsockopt("SO_RCVTIMEO"))
      assert.equal(0, a:getsockopt("SO_SNDTIMEO") or 0)
      assert(a:setsockopt("SO_RCVTIMEO", 0))
      assert.equal(0, a:getsockopt("SO_RCVTIMEO") or 0)
    end)

    it("ends with EAGAIN at SO_RCVTIMEO and SO_SNDTIMEO in a task, too", function()
      local a = transport.pair()
      assert(a:setsockopt("SO_RCVTIMEO", SHORT))
      local _, message, code = task.run(function(spawn)
        task.ticker(spawn) -- the loop waits, not the kernel
        return a:recv(1)
      end)
      assert.equal("EAGAIN", code)
      assert.matches("^recv", message)
      a:settimeout(SHORT / 2)
      _, _, code = task.run(function(spawn)
        task.ticker(spawn)
        return a:recv(1)
      end)
      assert.equal("timeout", code)
    end)

    it("rounds SO_RCVTIMEO up to microseconds, and on to the next second", function()
      local a = transport.pair()
      assert(a:setsockopt("SO_RCVTIMEO", 1.9999999))
      assert.equal(2, a:getsockopt("SO_RCVTIMEO"))
    end)

    it("keeps to a limit that is set after a call has waited without one", function()
      local a, b = transport.pair()
      assert(b:send("x"))
      if support.fault then support.fault.fail("recv", "EAGAIN") end
      assert.equal("x", a:recv(1))
      a:settimeout(SHORT)
      for _, name in names(receivers) do
        assert_takes(SHORT, function() assert_fails("timeout", "^" .. name, receivers[name](a)) end)
      end
      a:settimeout(0)
      for _, name in names(receivers) do
        assert_takes(0, function() assert_fails("EAGAIN", "^" .. name, receivers[name](a)) end)
      end
      a:settimeout(nil)
      assert_fails("EAGAIN", "^recv", a:recv(1, "MSG_DONTWAIT"))
    end)
  end)
end

-- UDP never waits for room.
local with_room = {}
for _, transport in ipairs(support.all) do
  if transport.stream or not transport.inet then with_room[#with_room + 1] = transport end
end

for _, transport in ipairs(with_room) do
  describe(transport.name, function()
    for _, name in names(senders) do
      local send = senders[name]

      it(name .. " gives EAGAIN at once when there is no room", function()
        local a, b = transport.pair()
        support.fill(a, b)
        assert_takes(0, function()
          assert_fails("EAGAIN", "^" .. name, until_it_fails(send, a, "MSG_DONTWAIT"))
          a:settimeout(0)
          assert_fails("EAGAIN", "^" .. name, until_it_fails(send, a))
        end)
      end)

      it(name .. " ends with \"timeout\" when there is no room", function()
        local a, b = transport.pair()
        support.fill(a, b)
        a:settimeout(0.03)
        assert_takes(0.03, function()
          assert_fails("timeout", "^" .. name .. ".*: %l", until_it_fails(send, a))
        end)
        b:settimeout(0)
        repeat until not b:recv(65536) -- makes room
        a:settimeout(5)
        assert.is_truthy(send(a))
      end)

      it(name .. " ends with EAGAIN at SO_SNDTIMEO", function()
        local a, b = transport.pair()
        support.fill(a, b)
        assert(a:setsockopt("SO_SNDTIMEO", SHORT))
        assert_takes(SHORT * 0.9, function()
          assert_fails("EAGAIN", "^" .. name, until_it_fails(send, a))
        end)
      end)
    end
  end)
end

describe("sendto", function()
  it("waits for room in a queue to which it is not connected, without spinning", function()
    local a, b = support.unix_datagram.bound(), support.unix_datagram.bound()
    local name = b:getsockname()
    a:settimeout(0)
    repeat until not a:sendto("x", name)
    assert_fails("EAGAIN", "^sendto " .. support.plain(name) .. ": %u", a:sendto("x", name))
    a:settimeout(SHORT)
    if support.fault then support.fault.clear() end
    assert_takes(SHORT, function()
      assert_fails("timeout", "^sendto " .. support.plain(name) .. ": %l", a:sendto("x", name))
    end)
    if support.fault then assert(support.fault.count("sendto") < 50, "it spins") end
  end)
end)

describe("sendfile", function()
  for _, transport in ipairs(support.streams) do
    it("tells how much went before the limit: " .. transport.name, function()
      local a, b = transport.pair()
      local file = support.file(("0123456789abcdef"):rep(1024 * 1024))
      for _, case in ipairs { { 0, "EAGAIN" }, { SHORT, "timeout" } } do
        a:settimeout(case[1])
        local sent
        assert_takes(case[1], function()
          local value, message, code, count = a:sendfile(file, 0)
          assert_fails(case[2], "^sendfile", value, message, code)
          sent = count
        end)
        assert.equal("number", type(sent))
        b:settimeout(1)
        local got = 0
        while got < sent do got = got + #assert(b:recv(65536)) end
        assert.equal(sent, got)
      end
    end)
  end
end)

describe("accept", function()
  for _, transport in ipairs(support.streams) do
    describe(transport.name, function()
      it("gives EAGAIN at once for an empty queue with settimeout(0)", function()
        local listener = transport.listener()
        listener:settimeout(0)
        assert_takes(0, function() assert_fails("EAGAIN", "^accept.*: %u", listener:accept()) end)
      end)

      it("takes a connection that is there with settimeout(0)", function()
        local listener, client = transport.listener(), transport.socket()
        listener:settimeout(0)
        assert(client:connect(listener:getsockname()))
        assert(net.poll({ listener }, 5))
        keep(listener:accept())
        assert_fails("EAGAIN", "^accept", listener:accept())
      end)

      it("ends with \"timeout\" at its limit, and can be called again", function()
        local listener, client = transport.listener(), transport.socket()
        listener:settimeout(SHORT)
        for _ = 1, 2 do
          assert_takes(SHORT, function()
            assert_fails("timeout", "^accept " .. support.plain(listener:getsockname()) .. ": %l",
              listener:accept())
          end)
        end
        assert(client:connect(listener:getsockname()))
        local conn = keep(listener:accept())
        assert.is_nil((conn:gettimeout()))
      end)

      it("ends with EAGAIN at SO_RCVTIMEO", function()
        local listener = transport.listener()
        assert(listener:setsockopt("SO_RCVTIMEO", SHORT))
        assert_takes(SHORT * 0.9, function() assert_fails("EAGAIN", "^accept", listener:accept()) end)
      end)
    end)
  end
end)

describe("recvfds", function()
  it("keeps to limits as recvmsg does", function()
    local a = keep(net.socketpair())
    a:settimeout(0)
    assert_fails("EAGAIN", "^recvfds", a:recvfds())
    a:settimeout(SHORT)
    assert_takes(SHORT, function() assert_fails("timeout", "^recvfds", a:recvfds()) end)
  end)
end)

describe("a tiny limit", function()
  it("is a limit: the call ends with \"timeout\"", function()
    local a = keep(net.socketpair())
    for _, seconds in ipairs { 1e-3, 1e-6, 1e-9, 1e-12, 1e-300 } do
      a:settimeout(seconds)
      assert_takes(seconds, function() assert_fails("timeout", "^recv", a:recv(1)) end)
    end
  end)

  it("is not spun on", function()
    if not support.fault then return end
    local a = keep(net.socketpair())
    a:settimeout(0.0005)
    support.fault.clear()
    assert_fails("timeout", "^recv", a:recv(1))
    assert(support.fault.count("poll") <= 3)
    assert(support.fault.count("recv") <= 3)
  end)
end)

describe("a call that waits", function()
  it("gets an answer that comes inside the limit", function()
    local listener = support.tcp4.listener()
    local child = peer(listener, [[ s:recv(100) pause(0.05) s:send("answer") s:recv(1) ]])
    local conn = keep(listener:accept())
    assert(child.pid)
    conn:settimeout(10)
    assert(conn:send("question"))
    assert_takes(0.05, function() assert.equal("answer", conn:recv(100)) end)
  end)

  it("gets an answer after its limit at the next call", function()
    local listener = support.tcp4.listener()
    peer(listener, [[ s:recv(100) s:recv(100) s:send("answer") s:recv(1) ]])
    local conn = keep(listener:accept())
    assert(conn:send("question"))
    conn:settimeout(SHORT)
    assert_fails("timeout", "^recv", conn:recv(100))
    assert(conn:send("go on"))
    conn:settimeout(10)
    assert.equal("answer", conn:recv(100))
  end)

  it("without a limit waits as long as it takes, for each kind of call", function()
    local listener = support.tcp4.listener()
    peer(listener, [[
      for i = 1, 4 do
        pause(0.02)
        assert(s:send("x"))
        assert(s:recv(1))
      end
      s:recv(1)
    ]])
    local conn = keep(listener:accept())
    for _, name in names(receivers) do
      assert.is_truthy(receivers[name](conn))
      assert(conn:send("y"))
    end
  end)

  for _, name in names(senders) do
    it("without a limit sends when there is room again: " .. name, function()
      local listener = support.tcp4.listener()
      local child = peer(listener, [[
        pause(0.05)
        local sum = 0
        while true do
          local data = s:recv(65536)
          if not data then break end
          sum = sum + #data
        end
        say(sum)
      ]])
      local conn = keep(listener:accept())
      local sum = 0
      for _ = 1, 500 do -- some of these must wait
        local count = conn:send(("x"):rep(20000))
        sum = sum + count
        count = assert(senders[name](conn))
        sum = sum + (name == "sendmany" and 2 or count)
        assert(name ~= "sendmany" or count == 2)
      end
      conn:close()
      assert.equal(tostring(sum), child:line())
    end)
  end

  it("with MSG_WAITALL waits for all of it", function()
    local listener = support.tcp4.listener()
    peer(listener, [[
      for i = 1, 3 do
        pause(0.02)
        assert(s:send("part" .. i))
      end
      s:recv(1)
    ]])
    local conn = keep(listener:accept())
    assert.equal("part1part2part3", conn:recv(15, "MSG_WAITALL"))
  end)

  it("with MSG_WAITALL gives what came when the stream ends", function()
    local a, b = keep(net.socketpair())
    assert(b:send("half"))
    assert(b:close())
    assert.equal("half", a:recv(100, "MSG_WAITALL"))
    assert_fails("eof", "^recv", a:recv(100, "MSG_WAITALL"))
  end)

  it("with MSG_WAITALL and a limit ends at the limit, and loses nothing", function()
    local a, b = support.tcp4.pair()
    a:settimeout(SHORT)
    assert(b:send("half"))
    local data, _, code = a:recv(100, "MSG_WAITALL")
    if not data then
      assert.equal("timeout", code)
      data = assert(a:recv(100))
    end
    assert.equal("half", data)
  end)
end)
