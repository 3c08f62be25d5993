-- netudp_spec.lua - net.udp: what it takes, who is heard; and the iterator
-- datagrams.

local net = require "dialtone"
local core = require "dialtone.core"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local plain, fault = support.plain, support.fault
local it = support.closing(it, function(cleanup) finally(cleanup) end)

after_each(function() net.getaddrinfo = core.getaddrinfo end)

-- Keeps a socket that does not wait for ever.
local function limited(...)
  local s = keep(...)
  s:settimeout(5)
  return s
end

-- A datagram from a socket of its own goes there and back.
local function assert_answers(s, where)
  local client = limited(net.socket(net.address(where).family, "SOCK_DGRAM"))
  assert(client:sendto("ping", where))
  local data, from = s:recvfrom(100)
  assert.equal("ping", data)
  assert(s:sendto("pong", from))
  assert.equal("pong", client:recv(100))
  return from
end

local function text_of(host, port)
  return tostring(net.address(host, port))
end

local function count_descriptors()
  local n = 0
  for _ in pairs(fault.descriptors()) do n = n + 1 end
  return n
end

describe("net.udp", function()
  for _, transport in ipairs(support.datagrams) do
    it("takes an address as value, text and table: " .. transport.name, function()
      for i = 1, 3 do
        local address = transport.address()
        local fields = transport.inet and { host = address.host, port = address.port } or { path = address.path }
        local s = limited(net.udp(({ address, tostring(address), fields })[i]))
        assert.equal("SOCK_DGRAM", s:type())
        assert.equal(transport.domain, s:family())
        local client = transport.bound()
        assert(client:sendto("x", s:getsockname()))
        local data, from = s:recvfrom(10)
        assert.equal("x", data)
        assert.equal(client:getsockname(), from)
      end
    end)
  end

  it("takes host and port, and a port alone for the loopback's", function()
    assert.equal("127.0.0.1", keep(net.udp("127.0.0.1", 0)):getsockname().host)
    local s = limited(net.udp(0))
    assert.equal("127.0.0.1", s:getsockname().host)
    assert_answers(s, s:getsockname())
    local port = s:getsockname().port
    s:close()
    assert.equal(text_of("127.0.0.1", port), tostring(keep(net.udp(("%d"):format(port))):getsockname()))
  end)

  if support.ipv6 then
    it("receives by both families at *", function()
      for _, s in ipairs { limited(net.udp("*:0")), limited(net.udp("*", 0)) } do
        local port = s:getsockname().port
        assert.equal("AF_INET", assert_answers(s, text_of("127.0.0.1", port)).family)
        assert.equal("AF_INET6", assert_answers(s, text_of("::1", port)).family)
      end
    end)

    it("is for one family when asked", function()
      local s = limited(net.udp("*:0", { family = "AF_INET" }))
      assert.equal("AF_INET", s:family())
      s = limited(net.udp("*:0", { family = "AF_INET6" }))
      assert.is_true(s:getsockopt("IPV6_V6ONLY"))
      local client = support.udp4.socket()
      assert(client:connect("127.0.0.1", s:getsockname().port))
      client:send("x")
      client:settimeout(5)
      assert_fails("ECONNREFUSED", "^recv", client:recv(1))
    end)

    it("sends to both families without an address", function()
      local s = limited(net.udp())
      for _, transport in ipairs { support.udp4, support.udp6 } do
        local peer = transport.bound()
        peer:settimeout(5)
        assert(s:sendto("ping", peer:getsockname()))
        local _, from = peer:recvfrom(10)
        assert.equal(transport.host, from.host)
        assert(peer:sendto("pong", from))
        local data, other = s:recvfrom(10)
        assert.equal("pong", data)
        assert.equal(peer:getsockname(), other)
      end
    end)
  end

  it("is IPv4's where there is no IPv6", function()
    fault.fail("socket", "EAFNOSUPPORT")
    assert.equal("AF_INET", keep(net.udp()):family())
    fault.fail("socket", "EAFNOSUPPORT")
    assert.equal("0.0.0.0", keep(net.udp("*:0")):getsockname().host)
  end)

  it("looks names up, for datagrams", function()
    local asked
    net.getaddrinfo = function(host, service, hints)
      asked = { host = host, service = service, type = hints.type }
      return { net.address("127.0.0.1", 0) }
    end
    assert.equal("127.0.0.1", keep(net.udp("example.org:ntp")):getsockname().host)
    assert.same({ host = "example.org", service = "ntp", type = "SOCK_DGRAM" }, asked)
  end)

  it("sets options, and shares no port unless asked", function()
    local s = keep(net.udp(0, { broadcast = true, rcvbuf = 65536, multicastttl = 3 }))
    assert.is_true(s:getsockopt("SO_BROADCAST"))
    assert.equal(3, s:getsockopt("IP_MULTICAST_TTL"))
    assert.is_false(s:getsockopt("SO_REUSEADDR"))
    assert_fails("EADDRINUSE", "^udp " .. plain(s:getsockname()) .. ": %u", net.udp(s:getsockname()))
    s = keep(net.udp(0, { reuseport = true }))
    assert.equal(s:getsockname(), keep(net.udp(s:getsockname(), { reuseport = true })):getsockname())
    assert.is_true(keep(net.udp(nil, { broadcast = true })):getsockopt("SO_BROADCAST"))
  end)

  it("removes with unlink what another has left", function()
    local old = support.unix_datagram.bound()
    local name = old:getsockname()
    assert_fails("EADDRINUSE", "^udp", net.udp(name, { unlink = true }))
    old:close()
    assert_fails("EADDRINUSE", "^udp", net.udp(name))
    assert.equal(name, keep(net.udp(name, { unlink = true })):getsockname())
  end)

  it("raises for wrong types and unknown options, and fails for what is no address", function()
    assert.matches("netudp_spec", assert_raises("bad argument to 'udp'", function() net.udp(false) end))
    assert.matches("netudp_spec",
      assert_raises("bad argument to 'udp'", function() net.udp(nil, { peer = true }) end))
    assert.matches("netudp_spec", assert_raises("udp: unknown option 'pier' %(valid: .*peer, ",
      function() net.udp(0, { pier = "x" }) end))
    assert_fails("EINVAL", "^udp localhost: no port", net.udp("localhost"))
    assert_fails("EINVAL", "^udp x: no port", net.udp(nil, { peer = "x" }))
    assert_fails("EINVAL", "^udp %*:1: %* is no host", net.udp(nil, { peer = "*:1" }))
    assert_fails("EAI_NONAME", "^udp no%.such%.invalid:1: %u", net.udp(nil, { peer = "no.such.invalid:1" }))
  end)
end)

describe("the option peer of net.udp", function()
  for _, transport in ipairs(support.datagrams) do
    it("connects a socket without an address: " .. transport.name, function()
      local peer = transport.bound()
      local name = peer:getsockname()
      for _, where in ipairs { name, tostring(name) } do
        local s = limited(net.udp(nil, { peer = where }))
        assert.equal(transport.domain, s:family())
        assert.equal(name, s:getpeername())
        assert(s:send("x"))
        assert.equal("x", peer:recv(10))
      end
    end)

    it("connects one with an address: " .. transport.name, function()
      local peer, other = transport.bound(), transport.bound()
      local s = limited(net.udp(transport.address(), { peer = peer:getsockname() }))
      assert(s:send("ping"))
      local data, from = peer:recvfrom(10)
      assert.equal("ping", data)
      assert.equal(s:getsockname(), from)
      other:settimeout(0)
      other:sendto("from another", s:getsockname())
      assert(peer:sendto("pong", from))
      assert.equal("pong", s:recv(100))
    end)
  end

  it("connects one that is bound everywhere", function()
    for _, transport in ipairs(support.inet) do
      if not transport.stream then
        local peer = transport.bound()
        local s = limited(net.udp("*:0", { peer = peer:getsockname() }))
        assert(s:send("x"))
        assert.equal("x", peer:recv(10))
      end
    end
  end)

  it("hears of a refusal", function()
    local gone = support.udp4.bound()
    local s = limited(net.udp(nil, { peer = gone:getsockname() }))
    gone:close()
    assert(s:send("x"))
    assert_fails("ECONNREFUSED", "^recv", s:recv(1))
  end)

  it("takes the first address of a name that there is a way to", function()
    local peer = support.udp4.bound()
    net.getaddrinfo = function() return { net.address("::1", 1), peer:getsockname() } end
    fault.fail("connect", "ENETUNREACH")
    local before = count_descriptors()
    assert.equal(peer:getsockname(), keep(net.udp(nil, { peer = "x:1" })):getpeername())
    assert.equal(before + 1, count_descriptors())
    fault.fail("connect", "ENETUNREACH", 1, true)
    assert_fails("ENETUNREACH", "^udp x:1: connect .*: %u", net.udp(nil, { peer = "x:1" }))
    assert_fails("ENETUNREACH", "^udp x:1: connect .*: %u", net.udp(0, { peer = "x:1" }))
    assert.equal(before + 1, count_descriptors())
  end)
end)

describe("datagrams", function()
  for _, transport in ipairs(support.datagrams) do
    it("gives data and senders, till the socket is closed: " .. transport.name, function()
      local s, client = transport.bound(), transport.bound()
      for _, data in ipairs { "one", "", "three" } do assert(client:sendto(data, s:getsockname())) end
      local list = {}
      for data, from in s:datagrams() do
        list[#list + 1] = data
        assert.equal(client:getsockname(), from)
        if #list == 3 then s:close() end
      end
      assert.same({ "one", "", "three" }, list)
      for _ in s:datagrams() do error("it is closed") end
    end)
  end

  it("cuts to a size, and has room for the largest without one", function()
    local s, client = support.udp4.bound(), support.udp4.bound()
    local large = ("x"):rep(65507)
    assert(client:sendto(large, s:getsockname()))
    assert(client:sendto(large, s:getsockname()))
    assert.equal(large, (s:datagrams()()))
    assert.equal(("x"):rep(10), (s:datagrams(10)()))
  end)

  it("waits in a task, and ends when another closes the socket", function()
    net.run(function()
      local s, client = support.udp4.bound(), support.udp4.bound()
      local name = s:getsockname()
      local task = net.spawn(function()
        for data, from in s:datagrams() do s:sendto(data:upper(), from) end
        return "ended"
      end)
      client:settimeout(5)
      for _, word in ipairs { "a", "b", "c" } do
        assert(client:sendto(word, name))
        assert.equal(word:upper(), client:recv(10))
      end
      assert.equal("waiting", task:status())
      s:close()
      local ok, result = task:join()
      assert.is_true(ok, result)
      assert.equal("ended", result)
    end)
  end)

  it("ends the stream of a connection too", function()
    local a, b = keep(net.socketpair())
    keep(b)
    assert(b:send("x"))
    b:close()
    local list = {}
    for data, from in a:datagrams() do list[#list + 1] = data .. tostring(from) end
    assert.same({ "xnil" }, list)
  end)

  it("raises what else goes wrong", function()
    local s = support.udp4.bound()
    local function loop() for _ in s:datagrams() do end end -- luacheck: ignore 542
    s:settimeout(0.01)
    assert_raises("^recvfrom " .. plain(s:getsockname()) .. ": .*time limit", loop)
    net.run(function() assert_raises("^recvfrom .*: .*time limit", loop) end)
    s:settimeout(5)
    local gone = support.udp4.bound()
    assert(s:connect(gone:getsockname()))
    gone:close()
    assert(s:send("x"))
    assert_raises("^recvfrom .*: Connection refused", loop)
    for _, wrong in ipairs { -1, 0.5, "many", 2 ^ 40 } do
      assert_raises("bad argument", s.datagrams, s, wrong)
    end
    assert_raises("socket expected", s.datagrams, io.stdout)
  end)
end)
