-- message_spec.lua - sendmsg and recvmsg: buffers, addresses, flags, and control
-- data that is no descriptor (those are in descriptor_spec.lua).

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local SHORT = 0.05

local function pair(type)
  return keep(net.socketpair("AF_UNIX", type or "SOCK_DGRAM"))
end

-- The methods as functions, for assert_raises.
local function sendmsg(s, ...) return s:sendmsg(...) end
local function recvmsg(s, ...) return s:recvmsg(...) end

for _, transport in ipairs(support.all) do
  describe("sendmsg and recvmsg over " .. transport.name, function()
    it("gather several buffers into one message, and scatter it again", function()
      local a, b = transport.pair()
      assert.equal(11, a:sendmsg({ "he", "", "llo ", "world" }))
      local m = assert(b:recvmsg({ 4, 0, 100 }))
      assert.same({ "hell", "", "o world" }, { m[1], m[2], m[3] })
      assert.equal(3, #m)
      assert.equal(11, m.length)
    end)

    it("take a plain string and a number, and give one buffer for one size", function()
      local a, b = transport.pair()
      assert.equal(3, a:sendmsg("a\0b"))
      assert.equal("a\0b", b:recvmsg(100)[1])
      assert.equal(4, a:sendmsg({ 12, 34 }))
      assert.equal("1234", b:recvmsg(100)[1])
      assert.equal(2, a:sendmsg(12))
      assert.equal("12", b:recvmsg(100)[1])
    end)

    it("leave buffers that nothing came for empty", function()
      local a, b = transport.pair()
      a:sendmsg("abc")
      local m = assert(b:recvmsg({ 3, 3, 3 }))
      assert.same({ "abc", "", "" }, { m[1], m[2], m[3] })
    end)

    it("carry as many buffers as the system has room for, and no more", function()
      local a, b = transport.pair()
      local list, sizes = {}, {}
      for i = 1, 1024 do
        list[i] = ("%d"):format(i % 10)
        sizes[i] = 1
      end
      assert.equal(1024, a:sendmsg(list))
      local m = assert(b:recvmsg(sizes, 0, "MSG_WAITALL"))
      assert.same({ "1", "2", "4" }, { m[1], m[2], m[1024] })
      list[1025], sizes[1025] = "x", 1
      assert_fails("EMSGSIZE", "^sendmsg", a:sendmsg(list))
      assert_raises("at most 1024", recvmsg, b, sizes)
    end)

    it("have empty tables for flags and control data where there are none", function()
      local a, b = transport.pair()
      a:sendmsg("x")
      local m = assert(b:recvmsg(10))
      assert.is_nil(next(m.flags))
      assert.is_nil(next(m.control))
    end)

    it("look without taking with MSG_PEEK", function()
      local a, b = transport.pair()
      a:sendmsg({ "ab", "cd" })
      assert.equal("abcd", b:recvmsg(10, nil, "MSG_PEEK")[1])
      assert.equal("abcd", b:recvmsg(10)[1])
    end)

    it("report \"closed\" on a closed socket", function()
      local a = transport.socket()
      a:close()
      assert_fails("closed", "^sendmsg: ", a:sendmsg({ "x" }))
      assert_fails("closed", "^recvmsg: ", a:recvmsg(10))
    end)

    it("end with \"timeout\" when the limit has passed", function()
      local a = transport.pair()
      a:settimeout(SHORT)
      support.assert_takes(SHORT, function()
        assert_fails("timeout", "^recvmsg .*time", a:recvmsg(10))
      end)
      assert_fails("EAGAIN", "^recvmsg", a:recvmsg(10, nil, "MSG_DONTWAIT"))
    end)
  end)
end

for _, transport in ipairs(support.streams) do
  describe("the end of a stream over " .. transport.name, function()
    it("is \"eof\", again and again, and no message", function()
      local a, b = transport.pair()
      a:sendmsg("last")
      a:shutdown("SHUT_WR")
      assert.equal("last", b:recvmsg(10)[1])
      for _ = 1, 2 do
        assert_fails("eof", "^recvmsg", b:recvmsg(10))
        assert_fails("eof", "^recvmsg", b:recvmsg({ 1, 2 }))
      end
    end)

    it("is not seen by a call without room for data", function()
      local a, b = transport.pair()
      a:sendmsg("x")
      local m = assert(b:recvmsg(0))
      assert.same({ "", 0 }, { m[1], m.length })
      assert.equal("x", b:recvmsg(1)[1])
    end)

    it("comes after what a call with too little room has left", function()
      local a, b = transport.pair()
      a:sendmsg("abcdef")
      a:close()
      assert.equal("abc", b:recvmsg(3)[1])
      assert.equal("def", b:recvmsg(30)[1])
      assert_fails("eof", "^recvmsg", b:recvmsg(3))
    end)
  end)
end

for _, transport in ipairs(support.datagrams) do
  describe("datagrams over " .. transport.name, function()
    it("say in flags when they were cut, and in length what has come", function()
      local a, b = transport.pair()
      a:sendmsg("0123456789")
      local m = assert(b:recvmsg(4))
      assert.same({ "0123", 4, { MSG_TRUNC = true } }, { m[1], m.length, m.flags })
    end)

    it("tell their whole length with MSG_TRUNC, and give what fits", function()
      local a, b = transport.pair()
      a:sendmsg("0123456789")
      local m = assert(b:recvmsg({ 2, 2 }, nil, "MSG_TRUNC"))
      assert.same({ "01", "23", 10 }, { m[1], m[2], m.length })
      assert.is_true(m.flags.MSG_TRUNC)
    end)

    it("of no bytes are messages of no bytes, not an end", function()
      local a, b = transport.pair()
      for _, message in ipairs { "", {}, { "" }, { "", "" } } do
        assert.equal(0, a:sendmsg(message))
        local m = assert(b:recvmsg(10))
        assert.same({ "", 0 }, { m[1], m.length })
      end
    end)

    it("go to the message's address, in any of its forms", function()
      local a, b = transport.bound(), transport.bound()
      local to = b:getsockname()
      local forms = { to, tostring(to) }
      forms[3] = transport.inet and { host = to.host, port = to.port } or { path = to.path }
      for i, form in ipairs(forms) do
        assert.equal(1, a:sendmsg({ i, address = form }))
        local m = assert(b:recvmsg(10))
        assert.equal(tostring(i), m[1])
        assert.is_true(m.address == a:getsockname())
      end
    end)

    it("need an address when the socket is not connected", function()
      local a = transport.bound()
      local _, message, code = a:sendmsg("x")
      assert.is_truthy(code == "EDESTADDRREQ" or code == "ENOTCONN", message)
    end)

    it("can be answered with the message itself", function()
      local a, b = transport.bound(), transport.bound()
      a:sendmsg({ "ping", address = b:getsockname() })
      assert.equal(4, b:sendmsg(b:recvmsg(10)))
      assert.equal("ping", a:recvmsg(10)[1])
    end)
  end)
end

describe("sendmsg", function()
  it("raises for what is no message", function()
    local a = pair()
    for _, what in ipairs { true, print, io.stdout } do
      assert_raises("message expected", sendmsg, a, what)
    end
    assert_raises("message expected", sendmsg, a)
    assert_raises("dialtone.socket expected", a.sendmsg, "x", "y")
  end)

  it("raises for unknown fields, and names them", function()
    local a = pair()
    assert_raises("unknown field 'adress'", sendmsg, a, { "x", adress = "y" })
    assert_raises("unknown field", sendmsg, a, { "x", [true] = "y" })
  end)

  it("raises for a buffer that is no string, and says which", function()
    local a = pair()
    assert_raises("buffer 2 .* got table", sendmsg, a, { "x", {} })
    assert_raises("buffer 1 .* got boolean", sendmsg, a, { true })
  end)

  it("raises for an address of a wrong type, and fails for a text that is none", function()
    local a = keep(net.socket("AF_INET", "SOCK_DGRAM"))
    assert_raises("address", sendmsg, a, { "x", address = 5 })
    assert_raises("address", sendmsg, a, { "x", address = true })
    assert_fails("EINVAL", "300", a:sendmsg({ "x", address = "300.0.0.1:5" }))
  end)

  it("raises for flags that are none", function()
    assert_raises("MSG_FOO", sendmsg, pair(), "x", "MSG_FOO")
  end)

  it("returns what one system call took of a long stream message", function()
    local a, b = pair("SOCK_STREAM")
    a:settimeout(0)
    local data = ("x"):rep(1000000)
    local sent = assert(a:sendmsg({ data, data, data }))
    assert.is_true(sent > 0 and sent < 3000000)
    assert_fails("EAGAIN", "^sendmsg", a:sendmsg({ data }))
    a:settimeout(SHORT)
    support.assert_takes(SHORT, function()
      assert_fails("timeout", "^sendmsg", a:sendmsg({ data }))
    end)
    local got = 0
    while got < sent do got = got + assert(b:recvmsg(65536)).length end
    assert.equal(sent, got)
  end)

  it("fails with EMSGSIZE for a datagram that is too long", function()
    local a, b = support.udp4.pair()
    assert_fails("EMSGSIZE", "^sendmsg", a:sendmsg({ ("x"):rep(65508) }))
    assert.equal(1, a:sendmsg("x"))
    assert.equal("x", b:recvmsg(1)[1])
  end)

  it("sends a record whole over SOCK_SEQPACKET, and MSG_EOR comes with it", function()
    local a, b = pair("SOCK_SEQPACKET")
    a:sendmsg({ "ab", "cd" })
    a:sendmsg("ef")
    assert.equal("abcd", b:recvmsg(10)[1])
    assert.equal("ef", b:recvmsg(10)[1])
    a:close()
    assert_fails("eof", "^recvmsg", b:recvmsg(10))
  end)

  it("reaches an AF_INET6 socket's IPv4 peer, whose address comes back plain", function()
    if not support.ipv6 then return end
    local a, b = keep(net.socket("AF_INET6", "SOCK_DGRAM")), support.udp4.bound()
    assert(a:bind("[::]:0"))
    assert.equal(4, a:sendmsg({ "ping", address = b:getsockname() }))
    local m = assert(b:recvmsg(10))
    assert.equal(4, b:sendmsg({ "pong", address = m.address }))
    assert.is_true(a:recvmsg(10).address == b:getsockname())
  end)
end)

describe("recvmsg", function()
  it("raises for sizes that are none", function()
    local a = pair()
    for _, size in ipairs { -1, 0.5, "x", 2 ^ 40 } do
      assert_raises("expected", recvmsg, a, size)
    end
    assert_raises("size 2", recvmsg, a, { 1, -1 })
    assert_raises("size 1", recvmsg, a, { "x" })
    assert_raises("size 2", recvmsg, a, { 2 ^ 30, 2 ^ 30 })
    assert_raises("expected", recvmsg, a)
  end)

  it("raises for a controlsize that is none", function()
    local a = pair()
    for _, size in ipairs { -1, 65537, "x" } do
      assert_raises("expected", recvmsg, a, 1, size)
    end
  end)

  it("gives no address where the sender has none", function()
    local a, b = pair()
    a:sendmsg("x")
    assert.is_nil(b:recvmsg(1).address)
    a, b = support.tcp4.pair()
    a:sendmsg("x")
    assert.is_nil(b:recvmsg(1).address)
  end)

  it("shows urgent data as MSG_OOB", function()
    local a, b = support.tcp4.pair()
    assert.equal(1, a:sendmsg("!", "MSG_OOB"))
    support.eventually(function() return net.poll({ { b, "POLLPRI" } }, 1) end)
    local m = assert(b:recvmsg(1, nil, "MSG_OOB"))
    assert.same({ "!", { MSG_OOB = true } }, { m[1], m.flags })
  end)

  it("counts what MSG_TRUNC drops from a TCP stream, and shows no old bytes", function()
    local a, b = support.tcp4.pair()
    a:sendmsg("secret")
    assert.equal("secret", b:recvmsg(6)[1])
    a:sendmsg("public")
    local m = assert(b:recvmsg(6, nil, "MSG_TRUNC"))
    assert.equal(6, m.length)
    assert.is_nil(m[1]:find("secret", 1, true))
  end)
end)

-- --- control data -------------------------------------------------------------

-- A UDP pair of which the second reports what the options ask for.
local function reporting(transport, ...)
  local a, b = transport.pair()
  for i = 1, select("#", ...) do assert(b:setsockopt((select(i, ...)), true)) end
  return a, b
end

describe("control data of IPv4", function()
  it("carries a time to live and a type of service, by name", function()
    local a, b = reporting(support.udp4, "IP_RECVTTL", "IP_RECVTOS")
    assert.equal(1, a:sendmsg({ "x", control = { IP_TTL = 7, IP_TOS = 16 } }))
    local m = assert(b:recvmsg(1))
    assert.equal(7, m.control.IP_TTL)
    assert.equal(16, m.control.IP_TOS)
    assert.equal(2, #m.control)
    for _, item in ipairs(m.control) do
      assert.equal("IPPROTO_IP", item.level)
      assert.equal(m.control[item.type], item.value)
    end
  end)

  it("is taken as a list too, with names and numbers", function()
    local a, b = reporting(support.udp4, "IP_RECVTTL", "IP_RECVTOS")
    a:sendmsg({ "x", control = {
      { type = "IP_TTL", value = 9 },
      { level = "IPPROTO_IP", type = "IP_TOS", value = 8 },
    } })
    local m = assert(b:recvmsg(1))
    assert.same({ 9, 8 }, { m.control.IP_TTL, m.control.IP_TOS })
    a:sendmsg({ "x", control = { { level = 0, type = 2, value = 11 } } }) -- IP_TTL on Linux
    assert.equal(11, b:recvmsg(1).control.IP_TTL)
  end)

  it("sends a type of the list once, though its name is there too", function()
    local a, b = reporting(support.udp4, "IP_RECVTTL")
    a:sendmsg({ "x", control = { { type = "IP_TTL", value = 9 }, IP_TTL = 10 } })
    assert.equal(9, b:recvmsg(1).control.IP_TTL)
  end)

  it("tells where a packet came in and went to", function()
    local a, b = reporting(support.udp4, "IP_PKTINFO")
    a:sendmsg("x")
    local info = assert(b:recvmsg(1).control.IP_PKTINFO)
    assert.same({ "127.0.0.1", "127.0.0.1", net.if_nametoindex(info.interface) },
      { info.address, info.destination, info.ifindex })
  end)

  it("leaves the interface out when it has gone meanwhile", function()
    local a, b = reporting(support.udp4, "IP_PKTINFO")
    a:sendmsg("x")
    support.fault.fail("ioctl", "ENODEV")
    local info = assert(b:recvmsg(1).control.IP_PKTINFO)
    assert.same({ "127.0.0.1", nil }, { info.address, info.interface })
  end)

  it("chooses the address a packet comes from", function()
    local a, b = keep(net.socket("AF_INET", "SOCK_DGRAM")), support.udp4.bound()
    for _, info in ipairs {
      { address = "127.0.0.9" },
      { address = net.address("127.0.0.9", 0) },
      { address = "127.0.0.9", interface = "lo" },
      { address = "127.0.0.9", ifindex = net.if_nametoindex("lo") },
    } do
      assert(a:sendmsg({ "x", address = b:getsockname(), control = { IP_PKTINFO = info } }))
      assert.equal("127.0.0.9", b:recvmsg(1).address.host)
    end
  end)

  it("takes back the packet information that came, to answer from there", function()
    local a, b = support.udp4.bound(), keep(net.socket("AF_INET", "SOCK_DGRAM"))
    assert(b:bind("*", 0))
    assert(b:setsockopt("IP_PKTINFO", true))
    a:sendmsg({ "x", address = net.address("127.0.0.5", b:getsockname().port) })
    local m = assert(b:recvmsg(1))
    assert.equal("127.0.0.5", m.control.IP_PKTINFO.destination)
    assert(b:sendmsg({ "y", address = m.address, control = { IP_PKTINFO = m.control.IP_PKTINFO } }))
    assert.equal("127.0.0.5", a:recvmsg(1).address.host)
  end)

  it("fails for an interface and an address that are none", function()
    local a, b = support.udp4.pair()
    local function with(info)
      return a:sendmsg({ "x", address = b:getsockname(), control = { IP_PKTINFO = info } })
    end
    assert_fails("ENODEV", "nope0", with({ interface = "nope0" }))
    assert_fails("EINVAL", "300", with({ address = "300.0.0.1" }))
    assert_fails("EINVAL", "::1", with({ address = "::1" }))
  end)

  it("carries the time of arrival", function()
    local a, b = reporting(support.udp4, "SO_TIMESTAMPNS")
    a:sendmsg("x")
    local time = assert(b:recvmsg(1).control.SO_TIMESTAMPNS)
    assert.is_true(math.abs(time.sec - os.time()) < 60)
    assert.is_true(time.nsec >= 0 and time.nsec < 1e9)
    a, b = reporting(support.udp4, "SO_TIMESTAMP")
    a:sendmsg("x")
    time = assert(b:recvmsg(1).control.SO_TIMESTAMP)
    assert.is_true(math.abs(time.sec - os.time()) < 60)
    assert.is_true(time.usec >= 0 and time.usec < 1e6)
  end)

  it("cuts one long message into datagrams, and gathers them again", function()
    local a, b = support.udp4.pair()
    if not b:setsockopt("UDP_GRO", true) then return end
    assert.equal(300, a:sendmsg({ ("x"):rep(300), control = { UDP_SEGMENT = 100 } }))
    local got = 0
    while got < 300 do
      local m = assert(b:recvmsg(65535))
      got = got + m.length
      assert.is_true(m.length == 100 or m.control.UDP_GRO == 100)
    end
    assert.equal(300, got)
  end)

  it("tells of refused datagrams through the error queue, with who refused", function()
    local a = support.udp4.bound()
    assert(a:setsockopt("IP_RECVERR", true))
    assert_fails("EAGAIN", "^recvmsg", a:recvmsg(10, nil, "MSG_ERRQUEUE"))
    local to = support.udp4.bound()
    local address = to:getsockname()
    to:close()
    assert(a:sendmsg({ "lost", address = address }))
    local m = support.eventually(function() return a:recvmsg(100, nil, "MSG_ERRQUEUE") end)
    assert.equal("lost", m[1])
    assert.is_true(m.address == address)
    assert.is_true(m.flags.MSG_ERRQUEUE)
    local what = m.control.IP_RECVERR
    assert.same({ "ECONNREFUSED", "SO_EE_ORIGIN_ICMP", 3, 3, "127.0.0.1" },
      { what.errno, what.origin, what.type, what.code, what.offender.host })
  end)

  it("takes neither the error queue's nor urgent data from what a reader left", function()
    local a, b = support.tcp4.pair()
    assert(a:send("line\nrest"))
    assert.equal("line", b:read())
    assert_fails("EAGAIN", "^recvmsg", b:recvmsg(10, nil, "MSG_ERRQUEUE"))
    assert_fails("EINVAL", "^recvmsg", b:recvmsg(10, nil, "MSG_OOB"))
    assert.equal("re", b:recvmsg(2, nil, "MSG_PEEK")[1])
    assert.equal("rest", b:recvmsg(100, nil, "MSG_PEEK")[1])
    assert.equal("rest", b:recvmsg(100)[1])
  end)

  it("does not wait for the error queue, though there is input", function()
    local a, b = support.udp4.pair()
    a:sendmsg("x")
    assert(net.poll({ b }, 5))
    support.assert_takes(0, function()
      assert_fails("EAGAIN", "^recvmsg", b:recvmsg(10, nil, "MSG_ERRQUEUE"))
    end)
    assert.equal("x", b:recvmsg(10)[1])
  end)
end)

if support.ipv6 then
  describe("control data of IPv6", function()
    it("carries a hop limit and a traffic class", function()
      local a, b = reporting(support.udp6, "IPV6_RECVHOPLIMIT", "IPV6_RECVTCLASS")
      a:sendmsg({ "x", control = { IPV6_HOPLIMIT = 5, IPV6_TCLASS = 32 } })
      local m = assert(b:recvmsg(1))
      assert.same({ 5, 32 }, { m.control.IPV6_HOPLIMIT, m.control.IPV6_TCLASS })
    end)

    it("tells where a packet came in, and chooses where one leaves", function()
      local a, b = reporting(support.udp6, "IPV6_RECVPKTINFO")
      a:sendmsg({ "x", control = { IPV6_PKTINFO = { address = "::1", interface = "lo" } } })
      local info = assert(b:recvmsg(1).control.IPV6_PKTINFO)
      assert.same({ "::1", "lo", net.if_nametoindex("lo") },
        { info.address, info.interface, info.ifindex })
      assert.is_nil(info.destination)
    end)

    it("fails as the kernel says for an address that is not ours", function()
      local a = support.udp6.pair()
      local count, _, code = a:sendmsg({ "x", control = { IPV6_PKTINFO = { address = "fe80::5%lo" } } })
      assert.is_nil(count)
      assert.is_truthy(code == "EINVAL" or code == "EADDRNOTAVAIL" or code == "ENETUNREACH", code)
    end)

    it("shows an IPv4 packet's address plain", function()
      local a, b = keep(net.socket("AF_INET6", "SOCK_DGRAM")), support.udp4.bound()
      assert(a:bind("[::]:0"))
      assert(a:setsockopt("IPV6_RECVPKTINFO", true))
      b:sendmsg({ "x", address = net.address("127.0.0.1", a:getsockname().port) })
      local m = assert(a:recvmsg(1))
      assert.equal("127.0.0.1", m.control.IPV6_PKTINFO.address)
      local info = m.control.IPV6_PKTINFO
      assert(a:sendmsg({ "y", address = m.address, control = { IPV6_PKTINFO = info } }))
      assert.equal("y", b:recvmsg(1)[1])
    end)

    -- CPython's RFC 3542 cases: each room too small for both items
    it("is cut where the room ends, and says so", function()
      local a, b = reporting(support.udp6, "IPV6_RECVHOPLIMIT", "IPV6_RECVTCLASS")
      for size = 0, 64 do
        a:sendmsg({ "x", control = { IPV6_HOPLIMIT = 5, IPV6_TCLASS = 32 } })
        local m = assert(b:recvmsg(1, size))
        assert.equal("x", m[1])
        local hops, class = m.control.IPV6_HOPLIMIT, m.control.IPV6_TCLASS
        assert.is_true(hops == nil or hops == 5)
        assert.is_true(class == nil or class == 32)
        assert.equal(#m.control, (hops and 1 or 0) + (class and 1 or 0))
        assert.equal(#m.control < 2, m.flags.MSG_CTRUNC == true)
        if size == 64 then assert.equal(2, #m.control) end
      end
    end)
  end)
end

describe("control data of unix sockets", function()
  it("carries credentials, ours when nothing else is said", function()
    local a, b = pair()
    assert(b:setsockopt("SO_PASSCRED", true))
    local mine = a:peercred()
    assert(a:sendmsg({ "x", control = { SCM_CREDENTIALS = {} } }))
    assert.same({ pid = mine.pid, uid = mine.uid, gid = mine.gid }, b:recvmsg(1).control.SCM_CREDENTIALS)
    assert(a:sendmsg({ "x", control = { SCM_CREDENTIALS = mine } }))
    assert.same(mine, b:recvmsg(1).control.SCM_CREDENTIALS)
  end)

  it("fails for credentials that are not ours to send", function()
    local a = pair()
    local _, _, code = a:sendmsg({ "x", control = { SCM_CREDENTIALS = { pid = 2147483647 } } })
    assert.is_truthy(code == "EPERM" or code == "ESRCH")
  end)

  it("comes even with a record of no bytes, which is no end then", function()
    local a, b = pair("SOCK_SEQPACKET")
    assert(b:setsockopt("SO_PASSCRED", true))
    assert.equal(0, a:sendmsg({ control = { SCM_CREDENTIALS = {} } }))
    local m = assert(b:recvmsg(10))
    assert.equal("", m[1])
    assert.is_table(m.control.SCM_CREDENTIALS)
  end)

  -- Room of 0, 1, 8 bytes, and one less than a head: nothing fits.
  it("is dropped when there is no room at all, and says so", function()
    local a, b = pair()
    assert(b:setsockopt("SO_PASSCRED", true))
    for _, size in ipairs { 0, 1, 8, 15 } do
      a:sendmsg("x")
      local m = assert(b:recvmsg(1, size))
      assert.equal("x", m[1])
      assert.same({ MSG_CTRUNC = true }, m.flags)
      assert.is_nil(next(m.control))
    end
  end)

  it("fits into a room of 64 KiB", function()
    local a, b = pair()
    assert(b:setsockopt("SO_PASSCRED", true))
    a:sendmsg("x")
    assert.is_table(b:recvmsg(1, 65536).control.SCM_CREDENTIALS)
  end)
end)

describe("control data that has no name here", function()
  local SO_TIMESTAMPING = 37 -- on most of Linux's machines

  it("comes as bytes, under its numbers", function()
    local a, b = support.udp4.pair()
    if not b:setsockopt("SOL_SOCKET", SO_TIMESTAMPING, 8 + 16) then return end
    local m
    support.eventually(function() -- the kernel begins to take times some time after
      a:sendmsg("x")
      m = assert(b:recvmsg(1))
      return #m.control == 1
    end)
    assert.same({ 1, SO_TIMESTAMPING, "string" },
      { m.control[1].level, m.control[1].type, type(m.control[1].value) })
    assert.is_true(#m.control[1].value > 0)
  end)

  it("comes with a message without bytes, which is no end of the stream", function()
    local a = support.tcp4.pair()
    local TX_SOFTWARE, SOFTWARE, OPT_TSONLY = 2, 16, 2048
    if not a:setsockopt("SOL_SOCKET", SO_TIMESTAMPING, TX_SOFTWARE + SOFTWARE + OPT_TSONLY) then return end
    a:send("x")
    local m = support.eventually(function() return a:recvmsg(100, nil, "MSG_ERRQUEUE") end)
    assert.equal("", m[1])
    assert.is_true(m.flags.MSG_ERRQUEUE)
    assert.is_true(#m.control > 0)
  end)

  it("is sent as bytes or an integer", function()
    local a, b = support.udp4.pair()
    if not b:setsockopt("SOL_SOCKET", SO_TIMESTAMPING, 0) then return end
    for _, value in ipairs { 0, ("\0"):rep(4) } do
      assert.equal(1, a:sendmsg({ "x", control = {
        { level = "SOL_SOCKET", type = SO_TIMESTAMPING, value = value },
      } }))
      assert.equal("x", b:recvmsg(1)[1])
    end
  end)
end)

describe("control data to be sent", function()
  local function sends(control)
    local a = support.udp4.pair()
    return function() return a:sendmsg({ "x", control = control }) end
  end

  it("raises when it is no table of that shape", function()
    for _, control in ipairs { 1, "x", true } do
      assert_raises("table expected", sends(control))
    end
    assert_raises("table expected", sends({ 1 }))
    assert_raises("table expected", sends({ "IP_TTL" }))
    assert_raises("unknown field 'typ'", sends({ { typ = "IP_TTL" } }))
    assert_raises("name expected", sends({ [true] = 1 }))
    assert_raises("level", sends({ { type = 1, value = "x" } }))
    assert_raises("whole number", sends({ { level = 1, value = "x" } }))
    assert_raises("value", sends({ { level = 1, type = 99 } }))
    assert_raises("of another level", sends({ { level = 1, type = "IP_TTL", value = 1 } }))
    assert_raises("unknown level", sends({ { level = "SOL_FOO", type = 1, value = "" } }))
  end)

  it("raises for unknown types, and lists the known ones", function()
    assert_raises("'IP_TLL'.*SCM_RIGHTS.*IP_TTL", sends({ IP_TLL = 1 }))
    assert_raises("'X'.*SCM_RIGHTS", sends({ { type = "X", value = 1 } }))
    assert_raises("received only", sends({ SO_TIMESTAMPNS = { sec = 1, nsec = 1 } }))
  end)

  it("raises for values of another type or range", function()
    assert_raises("IP_TTL: whole number", sends({ IP_TTL = "7" }))
    assert_raises("IP_TTL: whole number", sends({ IP_TTL = 7.5 }))
    assert_raises("IP_TTL: whole number", sends({ IP_TTL = 2 ^ 31 }))
    assert_raises("IP_TOS: whole number in 0%.%.255", sends({ IP_TOS = 256 }))
    assert_raises("UDP_SEGMENT: whole number in 0%.%.65535", sends({ UDP_SEGMENT = 65536 }))
    assert_raises("IP_PKTINFO: table", sends({ IP_PKTINFO = "lo" }))
    assert_raises("unknown field 'index'", sends({ IP_PKTINFO = { index = 1 } }))
    assert_raises("unknown field .ifindex interface", sends({ IP_PKTINFO = { ["ifindex interface"] = 1 } }))
    assert_raises("unknown field .ifindex", sends({ IP_PKTINFO = { ["ifindex\0"] = 1 } }))
    assert_raises("ifindex: whole number", sends({ IP_PKTINFO = { ifindex = "lo" } }))
    assert_raises("address", sends({ IP_PKTINFO = { address = 1 } }))
    assert_raises("uid: whole number", sends({ SCM_CREDENTIALS = { uid = -1 } }))
    assert_raises("SCM_RIGHTS: list", sends({ SCM_RIGHTS = 1 }))
  end)

  it("fails as the kernel says for what it does not take", function()
    assert_fails("EINVAL", "^sendmsg", sends({ IP_TTL = 300 })())
    assert_fails("EINVAL", "^sendmsg", sends({ { level = 0, type = 8, value = "short" } })())
  end)

  it("may be longer than most, up to what the kernel allows", function()
    local list = {}
    for i = 1, 100 do list[i] = { type = "IP_TTL", value = i } end
    local a, b = reporting(support.udp4, "IP_RECVTTL")
    assert.equal(1, a:sendmsg({ "x", control = list }))
    assert.equal(100, b:recvmsg(1).control.IP_TTL)
    local huge = { { level = 0, type = 2, value = ("x"):rep(10000000) } }
    assert_fails("ENOBUFS", "^sendmsg", a:sendmsg({ "x", control = huge }))
  end)

  it("of a received message is not sent on", function()
    local a, b = reporting(support.udp4, "SO_TIMESTAMPNS")
    a:sendmsg("x")
    local m = assert(b:recvmsg(1))
    assert.is_truthy(m.control.SO_TIMESTAMPNS)
    assert.equal(1, b:sendmsg(m))
    assert.equal("x", a:recvmsg(1)[1])
  end)

  it("of a received message, and a field of its owner's, are in nobody's way", function()
    local a, b = reporting(support.udp4, "SO_TIMESTAMPNS")
    a:sendmsg("x")
    local m = assert(b:recvmsg(1))
    m.seen = true
    assert.equal(1, b:sendmsg(m))
    assert.equal(1, b:sendmany({ m }))
    assert.same({ "x", "x" }, { a:recv(1), (a:recv(1)) })
    m.flags, m.seen, m.control = nil, nil, { IP_TTL = "x" }
    assert_raises("IP_TTL", b.sendmsg, b, m)
    assert_raises("IP_TTL", b.sendmany, b, { m })
  end)

  it("may make the next message grow while it is read", function()
    local second, length = { "x" }, 1000
    local first = { "x", control = { SCM_RIGHTS = { { fileno = function()
      for i = 1, length do second[i] = "x" end
      return 0
    end } } } }
    local a, b = pair()
    local list = { first, second }
    assert.equal(2, a:sendmany(list))
    assert.equal("x", b:recv(2000))
    assert.equal(("x"):rep(1000), b:recv(2000))
    length = 3000
    assert_raises("at most 1024 buffers", function() return a:sendmany(list) end)
  end)
end)
