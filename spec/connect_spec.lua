-- connect_spec.lua - bind, listen, connect, accept: who finds whom, and the
-- failures on the way.

local net = require "dialtone"
local support = require "spec.support.transport"
local process = require "spec.support.child"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local where = support.where
local it = support.closing(it, function(cleanup) finally(cleanup) end)

describe("bind", function()
  for _, transport in ipairs(support.inet) do
    describe(transport.name, function()
      it("lets the system choose for port 0", function()
        local s = transport.socket()
        assert.is_true(s:bind(transport.host, 0))
        local name = assert(s:getsockname())
        assert.equal(transport.host, name.host)
        assert(name.port > 0)
        assert.equal(transport.domain, name.family)
      end)

      it("takes an address in each of its forms", function()
        local text = tostring(net.address(transport.host, 0))
        assert.is_true(transport.socket():bind(text))
        assert.is_true(transport.socket():bind(net.address(text)))
        assert.is_true(transport.socket():bind { host = transport.host, port = 0 })
        assert.is_true(transport.socket():bind("*", 0))
        assert.is_true(transport.socket():bind("*:0"))
      end)

      it("fails with EADDRINUSE when somebody has the address", function()
        local name = transport.bound():getsockname()
        local s = transport.socket()
        assert_fails("EADDRINUSE", where("bind", name), s:bind(name))
      end)

      it("leaves the socket usable after a failure", function()
        local name = transport.bound():getsockname()
        local s = transport.socket()
        assert_fails("EADDRINUSE", where("bind", name), s:bind(name))
        assert.is_true(s:bind(transport.address()))
        if transport.stream then
          assert.is_true(s:listen())
          local client = transport.socket()
          assert.is_true(client:connect(s:getsockname()))
          keep(s:accept())
        end
      end)

      it("fails with EINVAL the second time", function()
        local s = transport.bound()
        assert_fails("EINVAL", "^bind .*: %u", s:bind(transport.address()))
      end)

      it("lets two share a port with SO_REUSEPORT", function()
        local a, b = transport.socket(), transport.socket()
        assert(a:setsockopt("SO_REUSEPORT", true))
        assert(b:setsockopt("SO_REUSEPORT", true))
        assert.is_true(a:getsockopt("SO_REUSEPORT"))
        assert.is_true(a:bind(transport.host, 0))
        assert.is_true(b:bind(a:getsockname()))
        assert.equal(a:getsockname(), b:getsockname())
      end)

      it("shares no port unless asked", function()
        assert.is_false(transport.socket():getsockopt("SO_REUSEPORT"))
      end)
    end)
  end

  it("fails with EADDRNOTAVAIL for an address that is not ours", function()
    assert_fails("EADDRNOTAVAIL", "^bind 203%.0%.113%.1:0: %u",
      support.tcp4.socket():bind("203.0.113.1", 0))
  end)

  it("fails with EINVAL for what is no address, before any system call", function()
    local s = support.tcp4.socket()
    for _, wrong in ipairs { "localhost:80", "127.1:80", "127.0.0.1", "127.0.0.1:65536", ":80", "" } do
      assert_fails("EINVAL", "^bind .*: ", s:bind(wrong))
    end
    for _, port in ipairs { -1, 65536, 65536 + 80, 1.5 } do
      assert_fails("EINVAL", "^bind .*: ", s:bind("127.0.0.1", port))
    end
    assert.is_true(s:bind("127.0.0.1", 0))
  end)

  it("raises for what cannot be an address", function()
    local s = support.tcp4.socket()
    assert_raises("bad argument", s.bind, s)
    assert_raises("bad argument", s.bind, s, true)
    assert_raises("bad argument", s.bind, s, print)
  end)

  it("fails with EADDRINUSE for a path that exists", function()
    local name = support.unix.bound():getsockname()
    assert_fails("EADDRINUSE", where("bind", name), support.unix.socket():bind(name))
  end)

  it("fails with ENOENT for a path in no directory", function()
    local path = support.path() .. "/s"
    assert_fails("ENOENT", where("bind", "unix:" .. path), support.unix.socket():bind(path))
  end)
end)

describe("listen", function()
  for _, transport in ipairs(support.streams) do
    it("takes any backlog that is an int: " .. transport.name, function()
      for _, backlog in ipairs { 0, 1, -1, 2 ^ 31 - 1, -2 ^ 31 } do
        local s = transport.bound()
        assert.is_true(s:listen(backlog))
      end
      local s = transport.bound()
      assert.is_true(s:listen())
      assert.is_true(s:listen(5)) -- again, to change it
    end)

    it("accepts with a backlog of 0: " .. transport.name, function()
      local listener, client = transport.listener(0), transport.socket()
      assert.is_true(client:connect(listener:getsockname()))
      keep(listener:accept())
    end)
  end

  it("raises for a backlog that is no int", function()
    local s = support.tcp4.bound()
    for _, wrong in ipairs { 2 ^ 31, -2 ^ 31 - 1, 2 ^ 53, 1.5, "many", {}, true } do
      assert_raises("bad argument", s.listen, s, wrong)
    end
  end)

  it("fails with EOPNOTSUPP on a datagram socket", function()
    for _, transport in ipairs(support.datagrams) do
      assert_fails("EOPNOTSUPP", "^listen .*: %u", transport.bound():listen())
    end
  end)
end)

describe("connect and accept", function()
  for _, transport in ipairs(support.streams) do
    describe(transport.name, function()
      it("give two ends that agree on their names", function()
        local listener, client = transport.listener(), transport.socket()
        local name = listener:getsockname()
        assert.is_true(client:connect(name))
        local conn, peer = keep(listener:accept())
        assert.equal(client:getsockname(), peer)
        assert.equal(client:getsockname(), conn:getpeername())
        assert.equal(name, client:getpeername())
        assert.equal(name, conn:getsockname())
        assert.equal(transport.domain, conn:family())
        assert.equal(transport.type, conn:type())
        assert.equal(transport.protocol, conn:protocol())
      end)

      it("keep the order of the clients", function()
        local listener = transport.listener()
        for i = 1, 3 do
          local client = transport.socket()
          assert(client:connect(listener:getsockname()))
          assert(client:send("client " .. i))
        end
        for i = 1, 3 do
          assert.equal("client " .. i, keep(listener:accept()):recv(100))
        end
      end)

      it("refuse where nobody listens, and name the address", function()
        local name = transport.refusing()
        assert_fails("ECONNREFUSED", where("connect", name, "Connection refused$"),
          transport.socket():connect(name))
      end)

      it("refuse with a time limit too", function()
        local name, s = transport.refusing(), transport.socket()
        s:settimeout(5)
        assert_fails("ECONNREFUSED", where("connect", name), s:connect(name))
      end)

      it("can be tried again after a refusal", function()
        local s = transport.socket()
        assert_fails("ECONNREFUSED", "^connect", s:connect(transport.refusing()))
        local listener = transport.listener()
        assert.is_true(s:connect(listener:getsockname()))
        keep(listener:accept())
      end)

      it("fail with EISCONN the second time", function()
        local listener, client = transport.listener(), transport.socket()
        local name = listener:getsockname()
        assert(client:connect(name))
        assert_fails("EISCONN", where("connect", name), client:connect(name))
        assert(keep(listener:accept()):send("x"))
        assert.equal("x", client:recv(1)) -- the connection is as it was
      end)

      it("fail with EINVAL on a socket that does not listen", function()
        assert_fails("EINVAL", "^accept.*: %u", transport.bound():accept())
      end)

      it("fail with ENOTCONN on a socket without a peer", function()
        local s = transport.bound()
        assert_fails("ENOTCONN", "^getpeername.*: %u", s:getpeername())
        if transport.inet then
          assert_fails("ENOTCONN", "^shutdown.*: %u", s:shutdown("SHUT_WR"))
        end
      end)

      it("give the new socket no time limit of the listener's", function()
        local listener, client = transport.listener(), transport.socket()
        listener:settimeout(3)
        assert(client:connect(listener:getsockname()))
        assert.is_nil((keep(listener:accept()):gettimeout()))
        assert.equal(3, listener:gettimeout())
      end)

      -- Linux calls a unix listener ready then, but says EAGAIN.  In a child,
      -- which is killed if it goes round in circles.
      it("end for a listener that is shut down", function()
        local child = support.child(([[
          local listener = assert(net.socket(%q, "SOCK_STREAM"))
          assert(listener:bind(%s))
          assert(listener:listen())
          assert(listener:shutdown("SHUT_RD"))
          listener:settimeout(0.05)
          local value, message, code = listener:accept()
          say(code, message)
        ]]):format(transport.domain, transport.inet and ("%q, 0"):format(transport.host) or '""'))
        local code, message = (child:line() or "killed"):match("^(%S+) ?(.*)")
        assert(code == "EINVAL" or code == "timeout" and not transport.inet, code)
        assert.matches("^accept .*: ", message)
      end)
    end)
  end

  for _, transport in ipairs(support.datagrams) do
    describe(transport.name, function()
      it("fail with EOPNOTSUPP at accept", function()
        assert_fails("EOPNOTSUPP", "^accept.*: %u", transport.bound():accept())
      end)

      it("fix the peer, and \"AF_UNSPEC\" undoes it", function()
        local a, b, other = transport.bound(), transport.bound(), transport.bound()
        assert.is_true(a:connect(b:getsockname()))
        assert.equal(b:getsockname(), a:getpeername())
        assert(a:send("to b"))
        assert.equal("to b", b:recv(10))
        assert.is_true(a:connect(other:getsockname())) -- it can be changed
        assert.equal(other:getsockname(), a:getpeername())

        assert.is_true(a:connect("AF_UNSPEC"))
        assert_fails("ENOTCONN", "^getpeername", a:getpeername())
        local code = select(3, a:send("to nobody"))
        assert(code == "EDESTADDRREQ" or code == "ENOTCONN", code)
        assert(a:sendto("to b", b:getsockname()))
        local data, from = b:recvfrom(10)
        assert.equal("to b", data)
        if transport.domain == "AF_UNIX" then assert.equal(a:getsockname(), from) end
      end)
    end)
  end

  for _, transport in ipairs(support.inet) do
    it("keep the port of a socket that was bound first: " .. transport.name, function()
      local server = transport.stream and transport.listener() or transport.bound()
      local client = transport.bound()
      local name = client:getsockname()
      assert(client:connect(server:getsockname()))
      assert.equal(name, client:getsockname())
      if transport.stream then
        local _, peer = keep(server:accept())
        assert.equal(name, peer)
      end
    end)
  end

  it("honour a local address", function()
    local listener, client = support.tcp4.listener(), support.tcp4.socket()
    assert(client:bind("127.0.0.2", 0))
    assert(client:connect(listener:getsockname()))
    local _, peer = keep(listener:accept())
    assert.equal("127.0.0.2", peer.host)
    assert.equal(client:getsockname().port, peer.port)
  end)

  it("receive only from the peer of a connected datagram socket", function()
    local a, b, other = support.udp4.bound(), support.udp4.bound(), support.udp4.bound()
    assert(a:connect(b:getsockname()))
    assert(other:sendto("from another", a:getsockname()))
    assert(b:sendto("from b", a:getsockname()))
    assert.equal("from b", a:recv(100))
  end)

  it("name the path of a unix client that has one", function()
    local listener, client = support.unix.listener(), support.unix.bound()
    assert(client:connect(listener:getsockname()))
    local conn, peer = keep(listener:accept())
    assert.equal(client:getsockname().path, peer.path)
    assert.equal(peer, conn:getpeername())
  end)

  it("print an unnamed unix client as unix:", function()
    local listener, client = support.unix.listener(), support.unix.socket()
    assert(client:connect(listener:getsockname()))
    local _, peer = keep(listener:accept())
    assert.equal("unix:", tostring(peer))
  end)

  it("fail with ENOENT where there is no such path", function()
    local path = support.path()
    for _, transport in ipairs { support.unix, support.unix_datagram } do
      assert_fails("ENOENT", where("connect", "unix:" .. path), transport.socket():connect(path))
    end
  end)

  it("fail with EPROTOTYPE between a stream and a datagram socket", function()
    local name = support.unix_datagram.bound():getsockname()
    assert_fails("EPROTOTYPE", where("connect", name), support.unix.socket():connect(name))
  end)

  it("fail for an address of another family", function()
    local s = support.tcp4.socket()
    local code = select(3, s:connect(net.address("::1", 1)))
    assert(code == "EAFNOSUPPORT" or code == "EINVAL", code)
    code = select(3, s:connect(net.address("unix:/nowhere")))
    assert(code == "EAFNOSUPPORT" or code == "EINVAL", code)
  end)

  it("fail with EINVAL for what is no address", function()
    assert_fails("EINVAL", "^connect .*127%.0%.0%.1:http.*: ",
      support.tcp4.socket():connect("127.0.0.1:http"))
    assert_fails("EINVAL", "^connect .*: ", support.tcp4.socket():connect("127.0.0.1", 65536))
  end)

  it("accept a client that has reset its connection already", function()
    local listener, client = support.tcp4.listener(), support.tcp4.socket()
    assert(client:connect(listener:getsockname()))
    local name = client:getsockname()
    assert(client:setsockopt("SO_LINGER", 0))
    client:close()
    local conn, peer = keep(listener:accept())
    assert.equal(name, peer) -- from accept: getpeername would not know it
    assert_fails("ENOTCONN", "^getpeername", conn:getpeername())
    assert_fails("ECONNRESET", where("recv", name), conn:recv(1))
  end)
end)

if support.ipv6 then
  describe("a listener for both families", function()
    local function listener(only)
      local s = support.tcp6.socket()
      if only ~= nil then assert(s:setsockopt("IPV6_V6ONLY", only)) end
      assert(s:bind("*", 0))
      assert(s:listen())
      return s
    end

    it("is not for IPv6 only, unless the system says so", function()
      local file = io.open("/proc/sys/net/ipv6/bindv6only")
      local only = file and file:read("*n") == 1
      if file then file:close() end
      assert.equal(only or false, support.tcp6.socket():getsockopt("IPV6_V6ONLY"))
    end)

    it("shows an IPv4 client as plain IPv4", function()
      local server = listener(false)
      local client = support.tcp4.socket()
      assert(client:connect("127.0.0.1", server:getsockname().port))
      local conn, peer = keep(server:accept())
      assert.equal("AF_INET", peer.family)
      assert.equal("127.0.0.1", peer.host)
      assert.equal(client:getsockname(), peer)
      assert.equal(peer, conn:getpeername())
      assert.equal(client:getpeername(), conn:getsockname())
      assert(conn:send("hello"))
      assert.equal("hello", client:recv(10))
    end)

    it("takes an IPv6 client", function()
      local server = listener(false)
      local client = support.tcp6.socket()
      assert(client:connect("::1", server:getsockname().port))
      local _, peer = keep(server:accept())
      assert.equal("AF_INET6", peer.family)
      assert.equal(client:getsockname(), peer)
    end)

    it("refuses IPv4 clients with IPV6_V6ONLY, and leaves them the port", function()
      local server = listener(true)
      local port = server:getsockname().port
      assert_fails("ECONNREFUSED", "^connect 127%.0%.0%.1:" .. port .. ": %u",
        support.tcp4.socket():connect("127.0.0.1", port))
      -- the port may be taken by an old connection: then by another listener's
      support.eventually(function()
        return support.tcp4.socket():bind("127.0.0.1", listener(true):getsockname().port)
      end)
    end)

    it("lets an IPv6 socket connect to an IPv4 address", function()
      local server, client = support.tcp4.listener(), support.tcp6.socket()
      assert(client:connect(server:getsockname()))
      assert.equal(server:getsockname(), client:getpeername())
      local _, peer = keep(server:accept())
      assert.equal(client:getsockname(), peer)
      assert.equal("AF_INET", peer.family)
    end)

    it("lets an IPv6 datagram socket answer an IPv4 one", function()
      local server, client = support.udp6.socket(), support.udp4.bound()
      assert(server:bind("*", 0))
      assert(client:sendto("ping", "127.0.0.1", server:getsockname().port))
      local data, from = server:recvfrom(10)
      assert.equal("ping", data)
      assert.equal(client:getsockname(), from)
      assert.equal(4, server:sendto("pong", from))
      assert.equal("pong", client:recv(10))
    end)
  end)
end

-- Connects clients until one has to wait; it has the limit.
local function fill_backlog(transport, listener, limit)
  for _ = 1, 10 do
    local client = transport.socket()
    client:settimeout(limit)
    local start = support.clock()
    local ok, message, code = client:connect(listener:getsockname())
    if not ok then return client, message, code, support.clock() - start end
  end
  error("the backlog is never full")
end

describe("a full backlog", function()
  for _, transport in ipairs(support.streams) do
    describe(transport.name, function()
      it("keeps a client waiting until its limit", function()
        local listener = transport.listener(2)
        local _, message, code, took = fill_backlog(transport, listener, 0.2)
        assert_fails("timeout", where("connect", listener:getsockname(), "%l"), nil, message, code)
        assert(took >= 0.2 and took < 0.2 + support.LATE, took)
      end)

      it("does not spoil the connections that are in it", function()
        local listener = transport.listener(2)
        fill_backlog(transport, listener, 0.05)
        listener:settimeout(0)
        for _ = 1, 3 do
          assert.equal(1, keep(listener:accept()):send("x"))
        end
      end)
    end)
  end

  it("gives EINPROGRESS, then EALREADY, without a wait", function()
    local listener = support.tcp4.listener(0)
    local name = listener:getsockname()
    fill_backlog(support.tcp4, listener, 0.05)
    local client = support.tcp4.socket()
    client:settimeout(0)
    assert_fails("EINPROGRESS", where("connect", name), client:connect(name))
    assert_fails("EALREADY", where("connect", name), client:connect(name))
  end)

  it("gives EAGAIN on a unix socket that may not wait", function()
    local listener = support.unix.listener(0)
    fill_backlog(support.unix, listener, 0.05)
    local client = support.unix.socket()
    client:settimeout(0)
    assert_fails("EAGAIN", where("connect", listener:getsockname()),
      client:connect(listener:getsockname()))
  end)

  it("keeps a unix client without a limit until there is room", function()
    local listener = support.unix.listener(0)
    local name = tostring(listener:getsockname())
    fill_backlog(support.unix, listener, 0.05)
    local child = support.child(([[
      local s = assert(net.socket("AF_UNIX", "SOCK_STREAM"))
      say "ready"
      say(s:connect(%q))
    ]]):format(name))
    assert.equal("ready", child:line())
    child:asleep()
    for _ = 1, 2 do keep(listener:accept()) end
    assert.equal("true", child:line())
  end)
end)

describe("connect without a wait", function()
  for _, transport in ipairs(support.streams) do
    if transport.inet then
      it("is in progress, then done: " .. transport.name, function()
        local listener, client = transport.listener(), transport.socket()
        local name = listener:getsockname()
        client:settimeout(0)
        assert_fails("EINPROGRESS", where("connect", name), client:connect(name))
        local ready = assert(net.poll({ { client, "POLLOUT" } }, 5))
        assert.is_true(ready[1].POLLOUT)
        assert.equal(0, client:getsockopt("SO_ERROR"))
        assert.equal(name, client:getpeername())
        keep(listener:accept())
      end)

      it("reports a refusal by SO_ERROR, once: " .. transport.name, function()
        local client, name = transport.socket(), transport.refusing()
        client:settimeout(0)
        local _, _, code = client:connect(name)
        if code == "EINPROGRESS" then
          assert(net.poll({ { client, "POLLOUT" } }, 5))
          assert.equal("ECONNREFUSED", client:getsockopt("SO_ERROR"))
          assert.equal(0, client:getsockopt("SO_ERROR"))
        else
          assert.equal("ECONNREFUSED", code)
        end
      end)

      it("can be finished by a call that waits: " .. transport.name, function()
        local listener, client = transport.listener(), transport.socket()
        local name = listener:getsockname()
        client:settimeout(0)
        assert_fails("EINPROGRESS", "^connect", client:connect(name))
        client:settimeout(5)
        assert.is_true(client:connect(name))
        assert_fails("EISCONN", where("connect", name), client:connect(name))
        keep(listener:accept())
      end)
    end
  end
end)

-- What runs a command in a network of its own, where even the loopback is down:
-- nothing can be reached, and nothing leaves this machine.  Root may have one;
-- others may where a user namespace makes them root.
local function in_own_network()
  assert(select(2, process.run("command -v unshare")),
    "there is no unshare: install util-linux (make deps does)")
  local answer
  for _, command in ipairs { "unshare -n", "unshare -r -n" } do
    answer = process.run(command .. " echo yes")
    if answer == "yes\n" then return command end
  end
  pending("this system lets this user have no network of its own: " .. answer)
end

describe("an unreachable network", function()
  if process.run("uname") ~= "Linux\n" then return end -- nobody else has them

  it("gives ENETUNREACH or EADDRNOTAVAIL at connect", function()
    local child = support.child([[
      for _, case in ipairs {
        { "AF_INET", "SOCK_STREAM", "192.0.2.1:80" },
        { "AF_INET", "SOCK_DGRAM", "192.0.2.1:80" },
        { "AF_INET6", "SOCK_STREAM", "[2001:db8::1]:80" },
        { "AF_INET6", "SOCK_DGRAM", "[2001:db8::1]:80" },
      } do
        local s = net.socket(case[1], case[2])
        if s then
          local ok, message, code = s:connect(case[3])
          say(ok, code, message)
          s:close()
        end
      end
    ]], in_own_network())
    local count = 0
    for line in child:rest():gmatch("[^\n]+") do
      count = count + 1
      local code, address = line:match("^nil (%u+) connect (%S+): %u")
      assert(code == "ENETUNREACH" or code == "EADDRNOTAVAIL" and address:find("[", 1, true), line)
    end
    assert(count >= 2)
  end)

  it("gives ENETUNREACH at sendto", function()
    local child = support.child([[
      local s = assert(net.socket("AF_INET", "SOCK_DGRAM"))
      local ok, message, code = s:sendto("x", "192.0.2.1:9")
      say(ok, code, message)
    ]], in_own_network())
    assert.matches("^nil ENETUNREACH sendto 192%.0%.2%.1:9: %u", child:rest())
  end)
end)
