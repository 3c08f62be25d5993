-- fault_spec.lua - what happens when system calls fail: each call in turn, with
-- several errors.  A failure shows as nil, message, code, or not at all where it
-- should be absorbed; nothing leaks; the object still closes; a retry succeeds.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails = support.keep, support.assert_fails
local it = support.closing(it, function(cleanup) finally(cleanup) end)
local fault = support.fault

local unpack = table.unpack or unpack -- luacheck: ignore

-- What is open, by our census and by the kernel's.
local function census()
  local list = {}
  for _, entry in ipairs(fault.census()) do list[#list + 1] = entry.fd .. " " .. entry.call end
  for fd, target in pairs(fault.descriptors()) do list[#list + 1] = fd .. " " .. target end
  table.sort(list)
  return table.concat(list, "\n")
end

-- Collects what a failed call may have left to the collector.
local function settle()
  collectgarbage()
  collectgarbage()
  return census()
end

-- --- one call, one failure -----------------------------------------------------

-- For each call: the errors to try, and a function that prepares, and returns
-- what is done: that is called with the fault, and again without.  `name` is the
-- operation in the message where it is another.
local cases = {
  socket = { { "EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "EPERM" }, function()
    return function() return net.socket("AF_INET", "SOCK_STREAM") end
  end },
  socketpair = { { "EMFILE", "ENFILE", "ENOMEM", "EOPNOTSUPP" }, function()
    return function() return net.socketpair() end
  end },
  accept = { { "EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "EPERM", "EINVAL" }, function()
    local listener, client = support.tcp4.listener(), support.tcp4.socket()
    assert(client:connect(listener:getsockname()))
    return function() return listener:accept() end
  end },
  dup = { { "EMFILE", "ENOMEM" }, function()
    local s = support.tcp4.socket()
    return function() return s:dup() end
  end },
  adopt = { { "EMFILE", "EPERM", "ENOMEM" }, function()
    local fd = support.tcp4.socket():detach()
    return function() return net.fromfd(fd) end
  end, name = "fromfd" },
  bind = { { "EADDRINUSE", "EACCES", "ENOMEM", "EADDRNOTAVAIL" }, function()
    local s = support.tcp4.socket()
    return function() return s:bind("127.0.0.1", 0) end
  end },
  listen = { { "EADDRINUSE", "EOPNOTSUPP", "ENOBUFS" }, function()
    local s = support.tcp4.bound()
    return function() return s:listen() end
  end },
  connect = { { "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT", "EADDRNOTAVAIL",
    "EPERM", "ENOBUFS", "EISCONN", "ENETDOWN" }, function()
    local listener, s = support.tcp4.listener(), support.tcp4.socket()
    local name = listener:getsockname()
    return function() return s:connect(name) end
  end },
  shutdown = { { "ENOTCONN", "ENOBUFS" }, function()
    local s = keep(net.socketpair())
    return function() return s:shutdown("SHUT_WR") end
  end },
  getsockname = { { "ENOBUFS", "EINVAL" }, function()
    local s = support.tcp4.bound()
    return function() return s:getsockname() end
  end },
  getpeername = { { "ENOTCONN", "ENOBUFS" }, function()
    local s = support.tcp4.pair()
    return function() return s:getpeername() end
  end },
  getsockopt = { { "ENOPROTOOPT", "EACCES", "ENOMEM" }, function()
    local s = support.tcp4.socket()
    return function() return s:getsockopt("SO_RCVBUF") end
  end },
  setsockopt = { { "ENOPROTOOPT", "EPERM", "ENOMEM", "EINVAL" }, function()
    local s = support.tcp4.socket()
    return function() return s:setsockopt("SO_KEEPALIVE", true) end
  end },
  send = { { "EPIPE", "ECONNRESET", "ENOBUFS", "ENOMEM", "EMSGSIZE", "EHOSTUNREACH", "ETIMEDOUT" },
    function()
      local s = support.tcp4.pair()
      return function() return s:send("data") end
    end },
  recv = { { "ECONNRESET", "ETIMEDOUT", "ENOMEM", "EIO", "ECONNREFUSED", "ENOTCONN" }, function()
    local a, b = support.tcp4.pair()
    assert(b:send("data"))
    return function() return a:recv(10) end
  end },
  sendto = { { "ENOBUFS", "EPERM", "ENETUNREACH", "EMSGSIZE", "EACCES" }, function()
    local a, b = support.udp4.bound(), support.udp4.bound()
    local name = b:getsockname()
    return function() return a:sendto("data", name) end
  end },
  recvfrom = { { "ECONNREFUSED", "ENOMEM", "EHOSTUNREACH" }, function()
    local a, b = support.udp4.pair()
    assert(b:send("data"))
    return function() return a:recvfrom(10) end
  end },
  sendmsg = { { "EPIPE", "ETOOMANYREFS", "ENOBUFS", "EINVAL" }, function()
    local s = keep(net.socketpair())
    return function() return s:sendmsg({ "one", "two" }) end
  end },
  recvmsg = { { "ECONNRESET", "ENOMEM", "EMSGSIZE" }, function()
    local a, b = keep(net.socketpair())
    assert(b:send("data"))
    return function() return a:recvmsg(10) end
  end },
  sendmany = { { "EPIPE", "ENOBUFS", "ECONNREFUSED" }, function()
    local a = support.udp4.pair()
    return function() return a:sendmany({ "one", "two" }) end
  end },
  recvmany = { { "ECONNREFUSED", "ENOMEM" }, function()
    local a, b = support.udp4.pair()
    assert(b:send("data"))
    return function() return a:recvmany(4, 100) end
  end },
  sendfile = { { "EPIPE", "ECONNRESET", "ENOMEM", "EIO", "EOVERFLOW" }, function()
    local s, file = keep(net.socketpair()), support.file("content")
    return function() return s:sendfile(file, 0) end
  end },
  poll = { { "ENOMEM", "EINVAL", "EFAULT" }, function()
    local s = keep(net.socketpair())
    return function() return net.poll({ { s, "POLLOUT" } }, 1) end
  end },
  ioctl = { { "EINVAL", "ENOTTY", "ENOMEM" }, function()
    local s = support.tcp4.pair()
    return function() return s:queued() end
  end, name = "queued" },
  getaddrinfo = { { "ENOMEM", "EMFILE", "EIO" }, function()
    return function() return net.getaddrinfo("127.0.0.1", 80, { flags = "AI_NUMERICHOST" }) end
  end },
  getnameinfo = { { "ENOMEM", "EMFILE" }, function()
    local address = net.address("127.0.0.1:80")
    return function() return net.getnameinfo(address, "NI_NUMERICHOST|NI_NUMERICSERV") end
  end },
  getifaddrs = { { "ENOMEM", "EMFILE", "EACCES" }, function()
    return function() return net.interfaces() end
  end, name = "interfaces" },
}

-- Closes whatever sockets a call has returned.
local function close_all(...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if type(value) == "userdata" then
      local ok, close = pcall(function() return value.close end)
      if ok and close then assert.is_true(close(value)) end
    end
  end
end

local function sorted(map)
  local list = {}
  for key in pairs(map) do list[#list + 1] = key end
  table.sort(list)
  return ipairs(list)
end

for _, call in sorted(cases) do
  local errors, prepare = cases[call][1], cases[call][2]
  local name = cases[call].name or call
  describe("a failure of " .. call, function()
    for _, code in ipairs(errors) do
      it("with " .. code .. " is reported, leaks nothing, and passes", function()
        local act = prepare()
        local before = settle()
        fault.clear()
        fault.fail(call, code)
        local results = { act() }
        assert(fault.count(call) >= 1, call .. " was not called")
        assert_fails(code, "^" .. name .. "[ :].*%u", results[1], results[2], results[3])
        assert.equal(before, settle())

        fault.clear()
        results = { act() }
        assert(results[1], results[2])
        assert.is_nil(results[3] ~= nil and type(results[2]) == "string" and results[3] or nil)
        close_all(unpack(results))
      end)
    end

    it("that stays is reported each time, until it ends", function()
      local act = prepare()
      local before = settle()
      fault.fail(call, errors[1], 1, true)
      for _ = 1, 3 do
        local value, message, code = act()
        assert_fails(errors[1], "^" .. name, value, message, code)
      end
      assert.equal(before, settle())
      fault.clear()
      local results = { act() }
      assert(results[1], results[2])
      close_all(unpack(results))
    end)
  end)
end

it("this spec knows every call", function()
  local covered = { close = true, set_nonblocking = true }
  covered.splice, covered.pipe, covered.read = true, true, true -- copy_spec.lua
  -- the pollers' own, for which spec/c/test_poller.c has cases
  for _, call in ipairs { "epoll_create", "epoll_ctl", "epoll_wait", "kqueue", "kevent" } do
    covered[call] = true
  end
  for _, call in ipairs(fault.calls()) do
    assert(cases[call] or covered[call], call .. " has no case here")
  end
end)

it("a call that there is not cannot be made to fail", function()
  for _, act in ipairs { fault.fail, fault.short, fault.delay, fault.count } do
    local second = act == fault.fail and "EIO" or 1
    local ok, message = pcall(act, "nosuchcall", second)
    assert.is_false(ok)
    assert.matches("no such call", message, 1, true)
  end
  local ok, message = pcall(fault.fail, "recv", "ENOSUCHTHING")
  assert.is_false(ok)
  assert.matches("no such errno", message, 1, true)
end)

describe("a descriptor that cannot be put into non-blocking mode", function()
  it("fails connect, accept and accepts, before anything is waited for", function()
    local listener = support.tcp4.listener()
    local client = keep(net.socket("AF_INET", "SOCK_STREAM"))
    keep(listener:dup(), client:dup()) -- the mode is shared
    local where = listener:getsockname()
    fault.fail("set_nonblocking", "EPERM", 1, true)
    assert_fails("EPERM", "^connect " .. tostring(where):gsub("%p", "%%%0") .. ": ",
      client:connect(where))
    assert_fails("EPERM", "^accept ", listener:accept())
    local ok, message = pcall(listener:accepts())
    assert.is_false(ok)
    assert.matches("^accept .*: Operation not permitted", tostring(message))
    fault.clear()
    assert.is_true(client:connect(where))
    assert(keep(listener:accept()))
  end)
end)

-- --- what is absorbed ------------------------------------------------------------

describe("accept", function()
  local passing = { "ECONNABORTED", "EPROTO", "ENETDOWN", "ENOPROTOOPT", "EHOSTDOWN", "ENONET",
    "EHOSTUNREACH", "ENETUNREACH" }
  for _, code in ipairs(passing) do
    it("passes over a connection that failed with " .. code, function()
      local listener, client = support.tcp4.listener(), support.tcp4.socket()
      assert(client:connect(listener:getsockname()))
      fault.fail("accept", code)
      local _, peer = keep(listener:accept())
      assert.equal(client:getsockname(), peer)
    end)
  end

  it("keeps to its limit while it passes over connections", function()
    local listener = support.tcp4.listener()
    listener:settimeout(0.05)
    fault.fail("accept", "ECONNABORTED", 1, true)
    support.assert_takes(0.05, function() assert_fails("timeout", "^accept", listener:accept()) end)
  end)

  it("passes over one, and then would have to wait: EAGAIN with settimeout(0)", function()
    local listener = support.tcp4.listener()
    listener:settimeout(0)
    fault.fail("accept", "ECONNABORTED")
    assert_fails("EAGAIN", "^accept", listener:accept())
  end)

  it("loses no client when there are no descriptors left", function()
    local listener, client = support.tcp4.listener(), support.tcp4.socket()
    assert(client:connect(listener:getsockname()))
    fault.fail("accept", "EMFILE", 1, true)
    for _ = 1, 5 do assert_fails("EMFILE", "^accept", listener:accept()) end
    fault.clear()
    local _, peer = keep(listener:accept())
    assert.equal(client:getsockname(), peer)
  end)
end)

describe("EAGAIN after poll has said that it is ready", function()
  local function check(call, make)
    for _, limit in ipairs { false, 5 } do
      it("is not seen by who calls " .. call .. ", limit: " .. tostring(limit), function()
        local s, act = make()
        s:settimeout(limit or nil)
        for nth = 1, 2 do
          fault.fail(call, "EAGAIN", nth)
          assert(act())
        end
        fault.clear()
        fault.fail(call, "EAGAIN")
        s:settimeout(0)
        local value, message, code = act()
        assert_fails("EAGAIN", "^" .. call, value, message, code)
      end)
    end
  end
  for _, call in ipairs { "recv", "recvfrom", "recvmsg", "recvmany" } do
    check(call, function()
      local a, b = keep(net.socketpair("AF_UNIX", "SOCK_DGRAM"))
      for _ = 1, 8 do assert(b:send("x")) end
      return a, function() return a[call](a, 1) end
    end)
  end
  for _, call in ipairs { "send", "sendmsg", "sendmany" } do
    check(call, function()
      local a = keep(net.socketpair())
      return a, function() return a[call](a, call == "send" and "x" or { "x" }) end
    end)
  end
  check("sendfile", function()
    local a, file = keep(net.socketpair()), support.file("content")
    return a, function() return a:sendfile(file, 0) end
  end)
  check("accept", function()
    local listener = support.tcp4.listener()
    for _ = 1, 3 do
      assert(support.tcp4.socket():connect(listener:getsockname()))
    end
    return listener, function()
      local conn, message, code = listener:accept()
      if conn then keep(conn) end
      return conn, message, code
    end
  end)
end)

describe("a failure while a call waits", function()
  for _, code in ipairs { "ENOMEM", "EINVAL" } do
    it("of poll with " .. code .. " is the call's", function()
      local a, b = keep(net.socketpair())
      a:settimeout(5)
      fault.fail("poll", code)
      assert_fails(code, "^recv", a:recv(1))
      fault.clear()
      assert(b:send("x"))
      assert.equal("x", a:recv(1))
    end)
  end

  it("of the calls that would let the kernel wait changes nothing", function()
    for _, call in ipairs { "setsockopt", "set_nonblocking" } do
      for nth = 1, 2 do
        local a, b = keep(net.socketpair())
        assert(b:send("xy"))
        fault.fail(call, "EPERM", nth)
        fault.fail("recv", "EAGAIN") -- as if it had to wait
        assert.equal("x", a:recv(1))
        assert.equal("y", a:recv(1))
        fault.clear()
        a:settimeout(0.01)
        assert_fails("timeout", "^recv", a:recv(1))
      end
    end
  end)

  -- poll(2) allows it where the kernel wants memory.
  it("of poll with EAGAIN is nobody's: it is asked again, for the same", function()
    local a = keep(net.socketpair())
    for nth = 1, 2 do
      fault.fail("poll", "EAGAIN", nth)
      assert.is_true(net.wait(a, "write", 5))
      fault.clear()
    end
  end)

  it("of connect, when it notes the end in a task, is not the end: EINTR", function()
    local listener, client = support.tcp4.listener(), support.tcp4.socket()
    fault.fail("connect", "EINTR", 2)
    assert.is_true(net.run(function()
      return net.timeout(5, client.connect, client, listener:getsockname())
    end))
    assert.equal(3, fault.count("connect"))
  end)

  it("of the poller, for ever, ends the wait beside tasks", function()
    local child = fault.fork()
    if child == 0 then
      fault.watch(20, "")
      local a, peer = net.socketpair()
      net.spawn(a.recv, a, 1)
      net.sleep(0) -- it waits: what fails is to wait, not to begin that
      for _, call in ipairs(fault.calls()) do
        if call == "epoll_wait" or call == "kevent" or call == "poll" then
          fault.fail(call, "EINVAL", 1, true)
        end
      end
      for _ = 1, 3 do pcall(net.sleep, 0) end
      local ok, message = pcall(net.sleep, 10)
      assert(peer:fileno()) -- the collector has not ended the task's wait
      fault._exit(not ok and tostring(message):find("Invalid argument", 1, true) and 0 or 2)
    end
    assert.equal(0, fault.waitpid(child))
  end)

  it("of getsockname is net.serve's, and its listener is closed", function()
    local before = settle()
    fault.fail("getsockname", "ENOBUFS")
    assert_fails("ENOBUFS", "^getsockname", net.serve("127.0.0.1:0", net.echo))
    fault.clear()
    assert.equal(before, census())
    local listener = support.tcp4.listener()
    fault.fail("getsockname", "ENOBUFS")
    assert_fails("ENOBUFS", "^getsockname", net.serve(listener, net.echo))
    fault.clear()
    assert(listener:getsockname())
  end)

  it("of getsockopt when a connection ends is connect's", function()
    local listener, client = support.tcp4.listener(), support.tcp4.socket()
    fault.fail("getsockopt", "ENOBUFS")
    assert_fails("ENOBUFS", "^connect", client:connect(listener:getsockname()))
    fault.clear()
    assert.is_true(client:close())
  end)
end)

describe("a socket", function()
  it("is made without TCP_NODELAY where the system will not", function()
    fault.fail("setsockopt", "ENOPROTOOPT", 1, true)
    local s = keep(net.socket("AF_INET", "SOCK_STREAM"))
    fault.clear()
    assert.is_false(s:getsockopt("TCP_NODELAY"))
  end)

  it("prints whatever fails", function()
    for _, call in ipairs { "getsockname", "getpeername", "getsockopt", "ioctl" } do
      local s = support.tcp4.pair()
      for _, code in ipairs { "ENOBUFS", "EBADF", "ENOTCONN" } do
        fault.fail(call, code, 1, true)
        assert.matches("AF_INET", tostring(s))
      end
      fault.clear()
    end
  end)

  it("names itself in a failure whatever else fails", function()
    local s = support.unix.pair()
    fault.fail("getpeername", "ENOTCONN", 1, true)
    fault.fail("getsockname", "ENOBUFS", 1, true)
    fault.fail("send", "EPIPE")
    assert_fails("EPIPE", "^send.*: %u", s:send("x"))
  end)
end)

describe("close", function()
  for _, code in ipairs { "EIO", "ENOSPC", "EDQUOT" } do
    it("reports " .. code .. ", once, and the descriptor is gone", function()
      local a, b = keep(net.socketpair())
      fault.fail("close", code, 1, true)
      assert_fails(code, "^close.*: %u", a:close())
      assert.is_true(a:close())
      assert.equal(1, fault.count("close"))
      fault.clear()
      assert_fails("eof", "^recv", b:recv(1))
      assert_fails("closed", "^recv", a:recv(1))
    end)
  end

  it("by the collector may fail in silence", function()
    local a, b = assert(net.socketpair()) -- luacheck: ignore
    keep(b)
    fault.fail("close", "EIO", 1, true)
    a = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    fault.clear()
    assert_fails("eof", "^recv", b:recv(1))
  end)
end)

-- --- less than was asked ------------------------------------------------------------

describe("a short transfer", function()
  it("is what send and its kind report", function()
    local a, b = keep(net.socketpair())
    for _, call in ipairs { "send", "sendmsg" } do
      fault.short(call, 1)
      assert.equal(1, a[call](a, call == "send" and "data" or { "data", "more" }))
      assert.equal("d", b:recv(10))
    end
  end)

  it("is what recv and its kind give; the rest comes after", function()
    local a, b = keep(net.socketpair())
    for _, call in ipairs { "recv", "recvfrom" } do
      assert(b:send("data"))
      fault.short(call, 1)
      assert.equal("d", (a[call](a, 10)))
      assert.equal("ata", (a[call](a, 10)))
    end
    assert(b:send("data"))
    fault.short("recvmsg", 1)
    local message = a:recvmsg({ 2, 2 })
    assert.equal("d", message[1])
    assert.equal("", message[2] or "")
    assert.equal(1, message.length)
    assert.equal("ata", a:recv(10))
  end)

  it("of many messages does not stop sendmany, and is what recvmany gives", function()
    local a, b = keep(net.socketpair("AF_UNIX", "SOCK_DGRAM"))
    fault.short("sendmany", 2)
    assert.equal(3, a:sendmany({ "one", "two", "three" }))
    fault.short("recvmany", 1)
    local list = assert(b:recvmany(5))
    assert.equal(1, #list)
    assert.equal("one", list[1][1])
    list = assert(b:recvmany(5))
    assert.equal(2, #list)
    assert.equal("two", list[1][1])
  end)

  it("does not stop sendfile", function()
    local text = ("0123456789"):rep(10) -- each piece has its share of the buffer
    local file = support.file(text)
    for _, bytes in ipairs { 1, 7 } do
      local a, b = keep(net.socketpair())
      fault.clear()
      fault.short("sendfile", bytes, 1, true)
      assert.equal(100, a:sendfile(file, 0))
      assert(fault.count("sendfile") >= 100 / bytes)
      a:close()
      assert.equal(text, support.drain(b))
    end
  end)

  it("does not stop sendfile where it reads and sends itself", function()
    local text = ("0123456789"):rep(10)
    for _, code in ipairs { "EINVAL", "ENOSYS" } do
      local a, b = keep(net.socketpair())
      fault.fail("sendfile", code, 1, true)
      fault.short("send", 7, 1, true)
      local file = support.file(text)
      assert.equal(100, a:sendfile(file))
      assert.is_nil(file:read(1)) -- its position moved on, too
      assert.equal(50, a:sendfile(file, 50))
      assert.equal(10, a:sendfile(file, 5, 10))
      fault.clear()
      a:close()
      assert.equal(text .. text:sub(51) .. "5678901234", support.drain(b))
    end
  end)

  it("is counted by sendfile when it fails in the end", function()
    local file = support.file(("x"):rep(1000))
    local a, b = keep(net.socketpair())
    fault.short("sendfile", 100, 1, true)
    a:settimeout(5)
    -- one plan for each call: the failure comes from the waiting between
    fault.fail("poll", "ENOMEM")
    assert.equal(1000, a:sendfile(file, 0))
    assert.equal(1000, #b:recv(2000))
    fault.clear()
    fault.fail("sendfile", "EIO")
    local value, message, code, count = a:sendfile(file, 0)
    assert_fails("EIO", "^sendfile", value, message, code)
    assert.equal(0, count)
  end)
end)

-- --- a blocking copy ----------------------------------------------------------------

describe("a duplicate of a socket that lets the kernel wait", function()
  -- Both descriptors share the mode; what was set through one must not keep
  -- calls on the other for ever.  In a child, which is killed if it hangs.
  for _, call in ipairs {
    "copy:sendfile(file, 0)", "copy:send(('x'):rep(1000000))", "copy:sendmsg({ ('x'):rep(100000) })",
    "copy:sendmany({ 'x' })",
  } do
    for _, limit in ipairs { "0", "0.05" } do
      it("keeps to its limit: " .. limit .. " " .. call, function()
        local child = support.child(([[
          local a, b = assert(net.socketpair())
          local copy = assert(a:dup())
          local file = assert(io.tmpfile())
          file:write(("x"):rep(4000000))
          copy:settimeout(0)
          while copy:send(("x"):rep(8192)) do end
          assert(b:send("x"))
          fault.fail("recv", "EAGAIN") -- as if it had to wait
          assert(a:recv(1))
          copy:settimeout(%s)
          local value, message, code = %s
          say(code)
        ]]):format(limit, call))
        support.assert_takes(0, function()
          assert.equal(limit == "0" and "EAGAIN" or "timeout", child:line())
        end)
      end)
    end
  end
end)

-- --- every call of a whole session, failed in turn -----------------------------------

local function close_session(list)
  for _, s in ipairs(list) do
    -- a received descriptor that could not be adopted, on LuaJIT
    if type(s) == "number" then s = assert(net.fromfd(s)) end
    s:close()
  end
  if list.detached then assert(net.fromfd(list.detached)):close() end
end

-- A little of everything.  Each step gives what assert takes; the first failure
-- ends it.  All sockets go into `list`.
local function session(list)
  local function must(...)
    local value, message, code = ...
    if not value then error({ message = message, code = code }, 0) end
    if type(value) == "userdata" then list[#list + 1] = value end
    return ...
  end
  local listener = must(net.socket("AF_INET", "SOCK_STREAM"))
  must(listener:setsockopt("SO_REUSEADDR", true))
  must(listener:bind("127.0.0.1", 0))
  must(listener:listen())
  local name = must(listener:getsockname())
  list[#list] = nil -- an address is nothing to be closed
  local client = must(net.socket("AF_INET", "SOCK_STREAM"))
  client:settimeout(5)
  must(client:connect(name))
  local conn = must(listener:accept())
  must(conn:send("hello"))
  must(client:recv(10))
  must(client:sendmsg({ "one", "two" }))
  must(conn:recvmsg({ 3, 10 }))
  must(client:tcpinfo())
  must(client:queued())
  must(net.poll({ { client, "POLLOUT" } }, 1))
  local a, b = must(net.socketpair())
  list[#list + 1] = b
  must(a:sendfds("fds", { client, conn }))
  local _, received = must(b:recvfds(10))
  for _, s in ipairs(received) do list[#list + 1] = s end
  must(a:sendmany({ "one", "two" }))
  must(b:recvmany(2))
  local file = support.file("content")
  must(a:sendfile(file, 0))
  must(b:recvfrom(100))
  must(a:dup())
  list.detached = must(a:detach()) -- which is ours until fromfd has succeeded
  must(net.fromfd(list.detached))
  list.detached = nil
  must(b:shutdown("SHUT_WR"))
  must(tostring(b))
end

describe("a session in which one call fails", function()
  local always = { "EMFILE", "ENOMEM", "EBADF", "EIO" }
  local absorbed = { EINTR = true, EAGAIN = true, ECONNABORTED = true }

  for _, call in ipairs(fault.calls()) do
    it("ends in good order: " .. call, function()
      local list = {}
      fault.clear()
      session(list)
      local times = fault.count(call)
      close_session(list)
      support.cleanup()
      local before = settle()
      for nth = 1, times do
        for _, forever in ipairs { false, true } do
          for _, code in ipairs(always) do
            list = {}
            fault.fail(call, code, nth, forever)
            local ok, failure = pcall(session, list)
            -- EBADF makes an object forget its descriptor: with a fault that is
            -- not true, so this process must close what is left.
            if not ok then
              assert(type(failure) == "table", failure)
              assert.equal("string", type(failure.message))
              assert.matches("^%l[%w_]*[ :]", failure.message)
              assert.equal("string", type(failure.code))
            end
            fault.clear()
            close_session(list)
            for _, entry in ipairs(fault.census()) do
              if code == "EBADF" and not before:find("%f[%d]" .. entry.fd .. " " .. entry.call) then
                net.fromfd(entry.fd):close()
              end
            end
            support.cleanup()
            assert.equal(before, settle(), ("%s %d %s"):format(call, nth, code))
          end
        end
      end
    end)
  end

  for _, code in ipairs { "EINTR", "EAGAIN" } do
    it("with " .. code .. " goes through, where a call may wait", function()
      assert(absorbed[code])
      for _, call in ipairs {
        "send", "recv", "sendmsg", "recvmsg", "sendmany", "recvmany", "sendfile", "recvfrom", "accept",
      } do
        local list = {}
        fault.clear()
        fault.fail(call, code)
        local ok, failure = pcall(session, list)
        close_session(list)
        assert(ok, type(failure) == "table" and failure.message or failure)
      end
    end)
  end
end)

-- --- failures that do not end -----------------------------------------------------

describe("a call that may not wait", function()
  for _, code in ipairs { "ECONNABORTED", "EINTR" } do
    it("does not retry for ever: accept, " .. code, function()
      local listener = support.tcp4.listener()
      listener:settimeout(0)
      fault.fail("accept", code, 1, true)
      assert_fails("EAGAIN", "^accept", listener:accept())
    end)
  end
end)

describe("a call with a limit", function()
  for _, code in ipairs { "ECONNABORTED", "EINTR" } do
    it("ends at it, though accept fails for ever: " .. code, function()
      local listener = support.tcp4.listener()
      listener:settimeout(0.05)
      fault.fail("accept", code, 1, true)
      assert_fails("timeout", "^accept", listener:accept())
    end)
  end
end)
