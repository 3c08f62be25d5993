-- option_effect_spec.lua - options do what their manual says, seen from outside.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local options = {}
for _, option in ipairs(net.options()) do options[option.name] = option end

-- A case for systems that have the option.
local function with(name, title, body)
  if options[name].available then it(name .. " " .. title, body) end
end

-- What only some users may: true, or it failed with EPERM.
local function permitted(ok, message, code)
  if ok then return true end
  assert.is_true(code == "EPERM" or code == "EACCES", message)
  return false
end

-- Nothing has come, and on the loopback nothing will.
local function assert_silent(socket)
  assert_fails("EAGAIN", "^recv", socket:recv(100, "MSG_DONTWAIT"))
end

-- --- time ---------------------------------------------------------------------------

describe("a bound of time", function()
  for _, transport in ipairs(support.all) do
    it("ends a receive with EAGAIN: " .. transport.name, function()
      local a = transport.pair()
      assert(a:setsockopt("SO_RCVTIMEO", 0.06))
      support.assert_takes(0.05, function() assert_fails("EAGAIN", "^recv ?", a:recv(1)) end)
    end)
  end

  it("ends a send with EAGAIN", function()
    local a = support.unix.pair()
    support.fill(a)
    assert(a:setsockopt("SO_SNDTIMEO", 0.06))
    support.assert_takes(0.05, function() assert_fails("EAGAIN", "^send", a:send("x")) end)
  end)

  it("ends an accept with EAGAIN", function()
    local listener = support.tcp4.listener()
    assert(listener:setsockopt("SO_RCVTIMEO", 0.06))
    support.assert_takes(0.05, function() assert_fails("EAGAIN", "^accept", listener:accept()) end)
  end)

  it("yields to a shorter one of settimeout", function()
    local a = support.tcp4.pair()
    assert(a:setsockopt("SO_RCVTIMEO", 5))
    assert(a:settimeout(0.05))
    support.assert_takes(0.05, function() assert_fails("timeout", "^recv", a:recv(1)) end)
  end)

  it("can be taken away", function()
    local a = support.tcp4.pair()
    assert(a:setsockopt("SO_RCVTIMEO", 0.02))
    assert_fails("EAGAIN", "^recv", a:recv(1))
    assert(a:setsockopt("SO_RCVTIMEO", 0))
    assert(a:settimeout(0.1))
    support.assert_takes(0.1, function() assert_fails("timeout", "^recv", a:recv(1)) end)
  end)

  it("is the user's own, whatever the kernel has been told", function()
    local listener = support.tcp4.listener()
    local child = support.child(([[
      local s = net.socket("AF_INET", "SOCK_STREAM")
      assert(s:connect(%q))
      s:recv(1)
      net.poll({}, 0.1)
      s:send("x")
      s:recv(1)
    ]]):format(tostring(listener:getsockname())))
    local conn = keep(listener:accept())
    conn:send("a")
    assert.equal("x", conn:recv(1)) -- without a limit: the kernel waits
    assert.equal(0, conn:getsockopt("SO_RCVTIMEO"))
    assert.equal(0, conn:getsockopt("SO_SNDTIMEO"))
    assert(conn:setsockopt("SO_RCVTIMEO", 0.06))
    assert.is_true(conn:getsockopt("SO_RCVTIMEO") < 0.1)
    support.assert_takes(0.05, function() assert_fails("EAGAIN", "^recv", conn:recv(1)) end)
    assert(conn:setsockopt("SO_RCVTIMEO", 0))
    assert.equal(0, conn:getsockopt("SO_RCVTIMEO"))
    conn:close()
    child:rest()
  end)
end)

-- --- filters -----------------------------------------------------------------------------

local drop_all = { { 0x06, 0, 0, 0 } } -- ret #0
local keep_all = { { code = 0x06, k = 0xffffffff } }

describe("a filter", function()
  if not options.SO_ATTACH_FILTER.available then return end

  for _, transport in ipairs(support.datagrams) do
    if transport.inet then
      it("drops everything until it is detached: " .. transport.name, function()
        local a, b = transport.pair()
        assert.is_true(b:setsockopt("SO_ATTACH_FILTER", drop_all))
        assert(a:send("lost"))
        assert_silent(b)
        assert.is_true(b:setsockopt("SO_DETACH_FILTER"))
        assert(a:send("here"))
        assert.equal("here", b:recv(100))
        assert_fails("ENOENT", "^setsockopt SO_DETACH_FILTER: ", b:setsockopt("SO_DETACH_FILTER"))
      end)
    end
  end

  it("sees the bytes", function()
    local a, b = support.udp4.pair()
    -- the first byte of the data, behind UDP's 8: 'y' passes
    assert(b:setsockopt("SO_ATTACH_FILTER", {
      { code = 0x30, k = 8 },                         -- ldb [8]
      { code = 0x15, jt = 0, jf = 1, k = ("y"):byte() }, -- jeq #'y', next, +1
      { code = 0x06, k = 0xffffffff },                -- ret #-1
      { code = 0x06 },                                -- ret #0
    }))
    for _, text in ipairs { "no", "yes", "never", "y" } do assert(a:send(text)) end
    assert.equal("yes", b:recv(100))
    assert.equal("y", b:recv(100))
    assert_silent(b)
  end)

  it("can be read back", function()
    local s = support.udp4.socket()
    assert.same({}, s:getsockopt("SO_ATTACH_FILTER"))
    assert(s:setsockopt("SO_ATTACH_FILTER", { { 0x30, 0, 0, 8 }, { 0x15, 0, 1, 121 }, { 6, 0, 0, 4294967295 }, { 6 } }))
    local filter = s:getsockopt("SO_ATTACH_FILTER")
    assert.equal(4, #filter)
    assert.same({ code = 0x15, jt = 0, jf = 1, k = 121 }, filter[2])
    assert.same({ code = 6, jt = 0, jf = 0, k = 4294967295 }, filter[3])
    local other = support.udp4.socket()
    assert.is_true(other:setsockopt("SO_ATTACH_FILTER", filter))
    assert.same(filter, other:getsockopt("SO_GET_FILTER"))
  end)

  it("can be locked", function()
    local s = support.udp4.socket()
    assert(s:setsockopt("SO_ATTACH_FILTER", keep_all))
    assert.is_true(s:setsockopt("SO_LOCK_FILTER", true))
    assert_fails("EPERM", "^setsockopt SO_DETACH_FILTER: ", s:setsockopt("SO_DETACH_FILTER"))
    assert_fails("EPERM", "^setsockopt SO_LOCK_FILTER: ", s:setsockopt("SO_LOCK_FILTER", false))
  end)

  it("that makes no sense fails as the kernel says", function()
    local s = support.udp4.socket()
    assert_fails("EINVAL", "^setsockopt SO_ATTACH_FILTER: ", s:setsockopt("SO_ATTACH_FILTER", {}))
    assert_fails("EINVAL", "^setsockopt SO_ATTACH_FILTER: ",
      s:setsockopt("SO_ATTACH_FILTER", { { 0x15, 200, 200, 0 } })) -- a jump out of it
    assert_fails("EINVAL", "^setsockopt SO_ATTACH_FILTER: ", s:setsockopt("SO_ATTACH_FILTER", { { 0xffff } }))
  end)

  it("that is none raises", function()
    local s = support.udp4.socket()
    for _, wrong in ipairs { "x", 1, true, { 1 }, { "x" }, { {} } } do
      assert_raises("SO_ATTACH_FILTER: .* expected", s.setsockopt, s, "SO_ATTACH_FILTER", wrong)
    end
    assert_raises("'code'.*65536", s.setsockopt, s, "SO_ATTACH_FILTER", { { 65536 } })
    assert_raises("'jt'.*256", s.setsockopt, s, "SO_ATTACH_FILTER", { { 6, 256 } })
    assert_raises("'jf'.*%-1", s.setsockopt, s, "SO_ATTACH_FILTER", { { 6, 0, -1 } })
    assert_raises("'k'.*string", s.setsockopt, s, "SO_ATTACH_FILTER", { { code = 6, k = "1" } })
    local long = {}
    for i = 1, 4097 do long[i] = drop_all[1] end
    assert_raises("more than 4096", s.setsockopt, s, "SO_ATTACH_FILTER", long)
  end)

  with("SO_ATTACH_REUSEPORT_CBPF", "chooses among sockets of one port", function()
    local first = support.udp4.socket()
    assert(first:setsockopt("SO_REUSEPORT", true))
    assert(first:bind("127.0.0.1", 0))
    local second = support.udp4.socket()
    assert(second:setsockopt("SO_REUSEPORT", true))
    assert(second:bind(first:getsockname()))
    assert.is_true(first:setsockopt("SO_ATTACH_REUSEPORT_CBPF", { { 6, 0, 0, 1 } })) -- always number 1
    for _ = 1, 20 do
      assert(support.udp4.socket():sendto("x", first:getsockname()))
    end
    assert_silent(first)
    for _ = 1, 20 do assert.equal("x", second:recv(10, "MSG_DONTWAIT")) end
  end)

  with("SO_ATTACH_BPF", "takes descriptors, and refuses what is no program", function()
    local s, other = support.udp4.socket(), support.udp4.socket()
    local _, message, code = s:setsockopt("SO_ATTACH_BPF", other)
    assert_fails(code, "^setsockopt SO_ATTACH_BPF: ", nil, message, code)
    other:close()
    assert_fails("EBADF", "^setsockopt SO_ATTACH_BPF: ", s:setsockopt("SO_ATTACH_BPF", other))
    assert_fails("EBADF", "^setsockopt SO_ATTACH_BPF: ", s:setsockopt("SO_ATTACH_BPF", 1000000))
    assert.equal("SOCK_DGRAM", s:getsockopt("SO_TYPE")) -- and is open still
  end)
end)

-- --- the socket's own ------------------------------------------------------------------

describe("the option", function()
  with("SO_ERROR", "has what went wrong, once", function()
    local s = support.udp4.socket()
    assert(s:connect(support.tcp4.refusing())) -- no UDP there
    assert.equal(0, s:getsockopt("SO_ERROR"))
    assert(s:send("x"))
    assert.equal("ECONNREFUSED", support.eventually(function()
      local code = s:getsockopt("SO_ERROR")
      return code ~= 0 and code
    end))
    assert.equal(0, s:getsockopt("SO_ERROR"))
  end)

  with("SO_LINGER", "of 0 resets the connection on close", function()
    local a, b = support.tcp4.pair()
    assert(a:setsockopt("SO_LINGER", 0))
    a:close()
    assert_fails("ECONNRESET", "^recv 127.0.0.1:%d+: ", b:recv(1))
  end)

  with("SO_ACCEPTCONN", "knows a listener", function()
    assert.is_true(support.tcp4.listener():getsockopt("SO_ACCEPTCONN"))
    assert.is_false(support.tcp4.bound():getsockopt("SO_ACCEPTCONN"))
  end)

  with("SO_BROADCAST", "permits broadcasts", function()
    local s = support.udp4.socket()
    assert_fails("EACCES", "^sendto", s:sendto("x", "127.255.255.255:9"))
    assert(s:setsockopt("SO_BROADCAST", true))
    assert(s:sendto("x", "127.255.255.255:9"))
  end)

  with("SO_REUSEPORT", "lets two sockets have one port", function()
    local first, second = support.tcp4.socket(), support.tcp4.socket()
    assert(first:setsockopt("SO_REUSEPORT", true))
    assert(first:bind("127.0.0.1", 0))
    assert_fails("EADDRINUSE", "^bind", second:bind(first:getsockname()))
    assert(second:setsockopt("SO_REUSEPORT", true))
    assert.is_true(second:bind(first:getsockname()))
  end)

  with("SO_BINDTODEVICE", "takes an interface by name and index, and \"\" for none", function()
    local s = support.udp4.socket()
    if not permitted(s:setsockopt("SO_BINDTODEVICE", "lo")) then return end
    assert.equal("lo", s:getsockopt("SO_BINDTODEVICE"))
    if permitted(s:setsockopt("SO_BINDTODEVICE", "")) then
      assert.equal("", s:getsockopt("SO_BINDTODEVICE"))
    end
    local other = support.udp4.socket()
    if permitted(other:setsockopt("SO_BINDTODEVICE", net.if_nametoindex("lo"))) then
      assert.equal("lo", other:getsockopt("SO_BINDTODEVICE"))
    end
  end)

  with("SO_BINDTODEVICE", "fails for an interface that is not there", function()
    local s = support.udp4.socket()
    for _, name in ipairs { "nosuch0", "lo\0", ("l"):rep(16), ("l"):rep(1000), 999999 } do
      assert_fails("ENODEV", "^setsockopt SO_BINDTODEVICE: ", s:setsockopt("SO_BINDTODEVICE", name))
    end
  end)

  with("SO_BINDTOIFINDEX", "takes an interface by name and index", function()
    local index = net.if_nametoindex("lo")
    for _, interface in ipairs { "lo", index, tostring(index) } do
      local s = support.udp4.socket()
      if permitted(s:setsockopt("SO_BINDTOIFINDEX", interface)) then
        assert.equal(index, s:getsockopt("SO_BINDTOIFINDEX"))
      end
    end
    assert_fails("ENODEV", "^setsockopt SO_BINDTOIFINDEX: ",
      support.udp4.socket():setsockopt("SO_BINDTOIFINDEX", "nosuch0"))
  end)

  with("SO_COOKIE", "is the socket's own", function()
    local a, b = support.udp4.socket(), support.udp4.socket()
    assert.equal("number", type(a:getsockopt("SO_COOKIE")))
    assert.equal(a:getsockopt("SO_COOKIE"), a:getsockopt("SO_COOKIE"))
    assert.not_equal(a:getsockopt("SO_COOKIE"), b:getsockopt("SO_COOKIE"))
  end)

  with("SO_PEEK_OFF", "moves what MSG_PEEK sees", function()
    local a, b = support.unix.pair()
    assert(b:setsockopt("SO_PEEK_OFF", 2))
    a:send("hello")
    assert.equal("ll", b:recv(2, "MSG_PEEK"))
    assert.equal("o", b:recv(2, "MSG_PEEK"))
    assert.equal("hello", b:recv(10))
  end)

  with("SO_RXQ_OVFL", "and SO_MEMINFO count what was dropped", function()
    local a, b = support.udp4.pair()
    assert(b:setsockopt("SO_RCVBUF", 1))
    for _ = 1, 100 do a:send(("x"):rep(1000)) end
    local info = b:getsockopt("SO_MEMINFO")
    if info then assert.is_true(#info >= 9 and info[9] > 0) end
  end)
end)

-- --- IP --------------------------------------------------------------------------------

local function received_control(socket, name)
  local message = assert(socket:recvmsg(100))
  return message.control[name]
end

describe("the option", function()
  with("IP_TTL", "is what the peer sees", function()
    local a, b = support.udp4.pair()
    assert(b:setsockopt("IP_RECVTTL", true))
    assert(a:setsockopt("IP_TTL", 33))
    a:send("x")
    assert.equal(33, received_control(b, "IP_TTL"))
  end)

  with("IP_TOS", "is what the peer sees", function()
    local a, b = support.udp4.pair()
    assert(b:setsockopt("IP_RECVTOS", true))
    assert(a:setsockopt("IP_TOS", 16))
    a:send("x")
    assert.equal(16, received_control(b, "IP_TOS"))
  end)

  with("IP_MINTTL", "drops what came from farther away", function()
    local listener = support.tcp4.listener()
    local a = support.tcp4.socket()
    assert(a:connect(listener:getsockname()))
    local b = keep(listener:accept())
    assert(b:setsockopt("IP_MINTTL", 100))
    assert(a:send("x")) -- with the usual 64
    assert(b:settimeout(0.1))
    assert_fails("timeout", "^recv", b:recv(1))
  end)

  with("IP_LOCAL_PORT_RANGE", "bounds the ports that the system chooses", function()
    local s = support.tcp4.socket()
    if s:setsockopt("IP_LOCAL_PORT_RANGE", { 45000, 45050 }) then
      assert(s:bind("127.0.0.1", 0))
      local port = s:getsockname().port
      assert.is_true(port >= 45000 and port <= 45050, port)
    end
  end)

  with("IP_FREEBIND", "binds to what is not here yet", function()
    local s = support.udp4.socket()
    assert_fails("EADDRNOTAVAIL", "^bind", s:bind("203.0.113.9:0"))
    assert(s:setsockopt("IP_FREEBIND", true))
    assert.is_true(s:bind("203.0.113.9:0"))
  end)

  with("IP_MTU", "is known of a connected socket", function()
    local a = support.udp4.pair()
    assert.is_true(a:getsockopt("IP_MTU") >= 576)
    assert_fails("ENOTCONN", "^getsockopt IP_MTU: ", support.udp4.socket():getsockopt("IP_MTU"))
  end)

  with("IP_UNICAST_IF", "takes an interface", function()
    local s = support.udp4.socket()
    assert(s:setsockopt("IP_UNICAST_IF", "lo"))
    assert.equal(net.if_nametoindex("lo"), s:getsockopt("IP_UNICAST_IF"))
    assert_fails("ENODEV", "^setsockopt IP_UNICAST_IF: ", s:setsockopt("IP_UNICAST_IF", "nosuch0"))
    -- An index is an int, in digits too.
    assert_fails("ENODEV", "^setsockopt IP_UNICAST_IF: ", s:setsockopt("IP_UNICAST_IF", "2222223721"))
  end)

  with("ICMP_FILTER", "hides types of messages", function()
    local s, message, code = net.socket("AF_INET", "SOCK_RAW", "IPPROTO_ICMP")
    if not s then return permitted(s, message, code) end
    keep(s)
    assert(s:connect("127.0.0.1"))
    assert(s:setsockopt("ICMP_FILTER", 2 ^ 8)) -- the request; the answer (0) passes
    assert(s:send("\8\0\247\255\0\0\0\0"))
    assert(s:settimeout(2))
    assert.equal(0, s:recv(100):byte(21))
    assert_silent(s)
  end)

  if support.ipv6 then
    with("IPV6_UNICAST_HOPS", "is what the peer sees", function()
      local a, b = support.udp6.pair()
      assert(b:setsockopt("IPV6_RECVHOPLIMIT", true))
      assert(a:setsockopt("IPV6_UNICAST_HOPS", 12))
      a:send("x")
      assert.equal(12, received_control(b, "IPV6_HOPLIMIT"))
    end)

    with("IPV6_TCLASS", "is what the peer sees", function()
      local a, b = support.udp6.pair()
      assert(b:setsockopt("IPV6_RECVTCLASS", true))
      assert(a:setsockopt("IPV6_TCLASS", 32))
      a:send("x")
      assert.equal(32, received_control(b, "IPV6_TCLASS"))
    end)

    with("IPV6_V6ONLY", "keeps IPv4 out, or lets it in", function()
      for _, only in ipairs { true, false } do
        local listener = support.tcp6.socket()
        assert(listener:setsockopt("IPV6_V6ONLY", only))
        assert(listener:bind("::", 0))
        assert(listener:listen())
        local client = support.tcp4.socket()
        local ok, _, code = client:connect("127.0.0.1", listener:getsockname().port)
        if only then
          assert.equal("ECONNREFUSED", code)
        else
          assert.is_true(ok)
          local conn, peer = listener:accept()
          keep(conn)
          assert.equal("AF_INET", peer.family)
        end
      end
    end)
  end
end)

-- --- TCP and UDP --------------------------------------------------------------------------

describe("the option", function()
  with("TCP_DEFER_ACCEPT", "holds a connection back until data comes", function()
    local listener = support.tcp4.bound()
    assert(listener:setsockopt("TCP_DEFER_ACCEPT", 5))
    assert.is_true(listener:getsockopt("TCP_DEFER_ACCEPT") >= 5) -- rounded to retransmissions
    assert(listener:listen())
    local client = support.tcp4.socket()
    assert(client:connect(listener:getsockname()))
    assert(listener:settimeout(0))
    assert_fails("EAGAIN", "^accept", listener:accept())
    assert(client:send("now"))
    assert(listener:settimeout(2))
    local conn = keep(listener:accept())
    assert.equal("now", conn:recv(10, "MSG_DONTWAIT"))
  end)

  with("TCP_FASTOPEN", "gives the listener a queue", function()
    local listener = support.tcp4.listener()
    assert.equal(0, listener:getsockopt("TCP_FASTOPEN"))
    assert(listener:setsockopt("TCP_FASTOPEN", 5))
    assert.equal(5, listener:getsockopt("TCP_FASTOPEN"))
  end)

  with("TCP_FASTOPEN_CONNECT", "is no hindrance to a connection", function()
    local listener = support.tcp4.listener()
    local client = support.tcp4.socket()
    assert(client:setsockopt("TCP_FASTOPEN_CONNECT", true))
    assert(client:connect(listener:getsockname()))
    assert(client:send("hello"))
    assert.equal("hello", keep(listener:accept()):recv(10))
  end)

  with("TCP_FASTOPEN_KEY", "holds 16 or 32 bytes", function()
    local listener = support.tcp4.listener()
    assert(listener:setsockopt("TCP_FASTOPEN_KEY", ("0123456789abcdef")))
    assert.equal("0123456789abcdef", listener:getsockopt("TCP_FASTOPEN_KEY"))
    assert(listener:setsockopt("TCP_FASTOPEN_KEY", ("k"):rep(32)))
    assert.equal(("k"):rep(32), listener:getsockopt("TCP_FASTOPEN_KEY"))
    assert_fails("EINVAL", "^setsockopt TCP_FASTOPEN_KEY: ", listener:setsockopt("TCP_FASTOPEN_KEY", "short"))
  end)

  for _, transport in ipairs { support.tcp4, support.tcp6 } do
    if support.ipv6 or transport == support.tcp4 then
      with("TCP_SAVED_SYN", "has the headers of the first packet: " .. transport.name, function()
        local listener = transport.bound()
        assert(listener:setsockopt("TCP_SAVE_SYN", 1))
        assert(listener:listen())
        local client = transport.socket()
        assert(client:connect(listener:getsockname()))
        local conn, peer = listener:accept()
        keep(conn)
        local syn = conn:getsockopt("TCP_SAVED_SYN")
        local start = transport == support.tcp4 and (syn:byte(1) % 16) * 4 or 40
        local function port(at) return syn:byte(at) * 256 + syn:byte(at + 1) end
        assert.equal(peer.port, port(start + 1))
        assert.equal(listener:getsockname().port, port(start + 3))
        assert.equal("", conn:getsockopt("TCP_SAVED_SYN")) -- it is gone when it was read
      end)
    end
  end

  with("TCP_CONGESTION", "chooses the algorithm by name", function()
    local s = support.tcp4.socket()
    assert.matches("^[%w_-]+$", s:getsockopt("TCP_CONGESTION"))
    assert(s:setsockopt("TCP_CONGESTION", "reno"))
    assert.equal("reno", s:getsockopt("TCP_CONGESTION"))
    assert_fails("ENOENT", "^setsockopt TCP_CONGESTION: ", s:setsockopt("TCP_CONGESTION", "nosuch"))
  end)

  with("TCP_CORK", "gathers until it is taken off", function()
    local a, b = support.tcp4.pair()
    assert(a:setsockopt("TCP_CORK", true))
    a:send("one ")
    a:send("two")
    assert_silent(b)
    assert(a:setsockopt("TCP_CORK", false))
    assert.equal("one two", b:recv(100))
  end)

  with("TCP_INFO", "gives the bytes that tcpinfo reads", function()
    local a = support.tcp4.pair()
    assert.equal(1, a:getsockopt("TCP_INFO"):byte(1)) -- ESTABLISHED
  end)

  with("UDP_SEGMENT", "cuts one send into datagrams", function()
    for _, transport in ipairs(support.ipv6 and { support.udp4, support.udp6 } or { support.udp4 }) do
      local a, b = transport.pair()
      if a:setsockopt("UDP_SEGMENT", 3) then
        assert.equal(8, a:send("abcdefgh"))
        assert.equal("abc", b:recv(100, "MSG_DONTWAIT"))
        assert.equal("def", b:recv(100, "MSG_DONTWAIT"))
        assert.equal("gh", b:recv(100, "MSG_DONTWAIT"))
        assert_silent(b)
      end
    end
  end)

  with("UDP_CORK", "gathers one datagram until it is taken off", function()
    local a, b = support.udp4.pair()
    assert(a:setsockopt("UDP_CORK", true))
    a:send("one ")
    a:send("two")
    assert_silent(b)
    assert(a:setsockopt("UDP_CORK", false))
    assert.equal("one two", b:recv(100))
  end)
end)

-- --- netlink and packets ----------------------------------------------------------------

describe("the option", function()
  with("NETLINK_ADD_MEMBERSHIP", "joins a group that is listed then", function()
    local s = keep(net.socket("AF_NETLINK", "SOCK_RAW", "NETLINK_ROUTE"))
    assert.same({}, s:getsockopt("NETLINK_LIST_MEMBERSHIPS"))
    assert(s:setsockopt("NETLINK_ADD_MEMBERSHIP", 1)) -- RTNLGRP_LINK
    local _, message, code = s:setsockopt("NETLINK_ADD_MEMBERSHIP", 33)
    if code then assert_fails(code, "^setsockopt NETLINK_ADD", nil, message, code) end
    assert.same(code and { 1 } or { 1, 33 }, s:getsockopt("NETLINK_LIST_MEMBERSHIPS"))
    assert(s:setsockopt("NETLINK_DROP_MEMBERSHIP", 1))
    assert.same(code and {} or { 33 }, s:getsockopt("NETLINK_LIST_MEMBERSHIPS"))
  end)

  with("PACKET_ADD_MEMBERSHIP", "takes an interface and a mode", function()
    local s, message, code = net.socket("AF_PACKET", "SOCK_RAW")
    if not s then return permitted(s, message, code) end
    keep(s)
    for _, interface in ipairs { "lo", net.if_nametoindex("lo") } do
      local mode = { interface = interface, type = "PACKET_MR_PROMISC" }
      assert.is_true(s:setsockopt("PACKET_ADD_MEMBERSHIP", mode))
      assert.is_true(s:setsockopt("PACKET_DROP_MEMBERSHIP", mode))
    end
    local group = { interface = "lo", type = "PACKET_MR_MULTICAST", address = "\1\0\94\0\0\1" }
    assert.is_true(s:setsockopt("PACKET_ADD_MEMBERSHIP", group))
    assert.is_true(s:setsockopt("PACKET_DROP_MEMBERSHIP", group))
    group.address = "longer than any"
    assert_fails("EINVAL", "^setsockopt PACKET_ADD_MEMBERSHIP: ",
      s:setsockopt("PACKET_ADD_MEMBERSHIP", group))
    group.address = 5
    assert_raises("'address'", s.setsockopt, s, "PACKET_ADD_MEMBERSHIP", group)
    assert_fails("ENODEV", "^setsockopt PACKET_ADD_MEMBERSHIP: ",
      s:setsockopt("PACKET_ADD_MEMBERSHIP", { interface = "nosuch0", type = 1 }))
    assert_raises("'type'", s.setsockopt, s, "PACKET_ADD_MEMBERSHIP", { interface = "lo" })
    assert_raises("'type'", s.setsockopt, s, "PACKET_ADD_MEMBERSHIP", { interface = "lo", type = "X" })
    assert_raises("'interface'", s.setsockopt, s, "PACKET_ADD_MEMBERSHIP", { type = 1 })
    assert_raises("unknown field 'kind'", s.setsockopt, s, "PACKET_ADD_MEMBERSHIP", { kind = 1 })
  end)

  with("PACKET_STATISTICS", "counts packets and drops", function()
    local s, message, code = net.socket("AF_PACKET", "SOCK_RAW")
    if not s then return permitted(s, message, code) end
    keep(s)
    local a, b = support.udp4.pair()
    assert(s:setsockopt("SO_ATTACH_FILTER", { -- others use this interface, too
      { code = 0x28, k = 14 + 20 + 2 }, -- the port that it is for
      { code = 0x15, jt = 0, jf = 1, k = b:getsockname().port },
      { code = 0x06, k = 65535 },
      { code = 0x06, k = 0 },
    }))
    assert(s:bind("packet:lo/ETH_P_IP"))
    assert.same({ 0, 0 }, s:getsockopt("PACKET_STATISTICS"))
    a:send("x")
    assert.is_true(s:getsockopt("PACKET_STATISTICS")[1] > 0)
  end)
end)
