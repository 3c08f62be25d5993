-- address_spec.lua - addresses as values: made of texts, hosts and ports and
-- tables, their fields, printed, compared, joined; and as arguments of sockets.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- Of this machine; specs run where there may be no other interface.
local LOOPBACK = assert(net.if_indextoname(assert(net.if_nametoindex("lo"))))
local LOOPBACK_INDEX = net.if_nametoindex(LOOPBACK)

local function text(...)
  return tostring(assert(net.address(...)))
end

-- What a socket of this kind makes of an address, without using it: the code
-- and the message of a bind that fails, or the name after one that did not.
local function bound(domain, kind, ...)
  local s = keep(net.socket(domain, kind))
  local ok, message, code = s:bind(...)
  if not ok then return nil, message, code end
  return tostring(s:getsockname())
end

describe("net.address", function()
  it("takes a text, and prints it again", function()
    for _, one in ipairs {
      "127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80", "[::]:0", "[2001:db8::1]:443",
      "[fe80::1%" .. LOOPBACK .. "]:80", "unix:/run/x", "unix:relative", "unix:@abstract", "unix:@", "unix:",
      "AF_UNSPEC",
    } do
      assert.equal(one, text(one))
    end
  end)

  it("takes host and port", function()
    assert.equal("127.0.0.1:80", text("127.0.0.1", 80))
    assert.equal("127.0.0.1:0", text("127.0.0.1", 0))
    assert.equal("[::1]:65535", text("::1", 65535))
    assert.equal("[::1]:80", text("::1", "80"))
    assert.equal("[fe80::1%" .. LOOPBACK .. "]:80", text("fe80::1%" .. LOOPBACK_INDEX, 80))
  end)

  it("gives an address back as it is", function()
    local address = net.address("127.0.0.1:80")
    assert.is_true(rawequal(address, net.address(address)))
  end)

  it("prints IPv6 in lower case and compressed", function()
    assert.equal("[2001:db8::abcd]:1", text("[2001:0DB8:0:0::ABCD]:1"))
    assert.equal("[64:ff9b::102:304]:1", text("64:ff9b::1.2.3.4", 1))
  end)

  it("takes the wildcard", function()
    assert.equal("[::]:80", text("*:80"))
    assert.equal("[::]:80", text("*", 80))
    assert.equal("0.0.0.0:80", text { family = "AF_INET", host = "*", port = 80 })
  end)

  it("makes IPv4 of IPv4 in IPv6", function()
    local address = net.address("[::ffff:1.2.3.4]:80")
    assert.equal("AF_INET", address.family)
    assert.equal("1.2.3.4:80", tostring(address))
    assert.equal(net.address("1.2.3.4:80"), address)
  end)

  it("takes for a unix path what looks like one", function()
    assert.equal("unix:/run/x", text("/run/x"))
    assert.equal("unix:./x", text("./x"))
    assert.equal("unix:@x", text("@x"))
  end)

  it("takes a table of fields", function()
    assert.equal("127.0.0.1:80", text { host = "127.0.0.1", port = 80 })
    assert.equal("127.0.0.1:80", text { family = "AF_INET", host = "127.0.0.1", port = "80" })
    assert.equal("[::1]:80", text { family = "AF_INET6", host = "::1", port = 80 })
    assert.equal("unix:/run/x", text { path = "/run/x" })
    assert.equal("unix:@x", text { family = "AF_UNIX", path = "\0x" })
    assert.equal("unix:", text { family = "AF_LOCAL", path = "" })
    assert.equal("AF_UNSPEC", text { family = "AF_UNSPEC" })
    local address = assert(net.address { host = "fe80::1", port = 80, scope = LOOPBACK_INDEX, flowinfo = 5 })
    assert.equal(LOOPBACK_INDEX, address.scope)
    assert.equal(5, address.flowinfo)
    assert.equal(address, net.address { host = "fe80::1", port = 80, scope = LOOPBACK })
  end)

  describe("refuses, and says why:", function()
    local not_ipv4 = "not an IPv4 address"
    for what, cases in pairs {
      ["octets"] = { not_ipv4, "0.0.0.:1", "300.0.0.0:1", "1.2.3.4.5:1", "1.2.3:1", "1.2.3.256:1" },
      ["forms of inet_aton"] = { not_ipv4, "0127.0.0.1:1", "127.1:1", "0x7f000001:1", "2130706433:1",
        "127.0.0.0x1:1", "017700000001:1" },
      ["names"] = { "names are looked up", "localhost:80", "a.0.0.0:1", "0.1.1.~1:1", "1+.1.1.1:1", "x" },
      ["IPv6 literals"] = { "not an IPv6 address", "[:::]:1", "[::0::]:1", "[1::abc::]:1", "[1:2:3:4:5:6]:1",
        "[1:2:3:4:5:6:7:8:9]:1", "[1:2:3:4:5:6:7:8:]:1", "[1::260.2.3.0]:1", "[1:2:3:4:1.2.3.4:5]:1",
        "[1:2:3:4:5:6:7:8:1.2.3.4]:1", "[::1q]:1", "[::1::2]:1" },
      ["IPv6 without brackets"] = { "needs brackets", "::1", "::1:80", "fe80::1%" .. LOOPBACK },
      ["no port"] = { "no port", "127.0.0.1", "127.0.0.1:", "[::1]", "*" },
      ["no host"] = { "no host", "", ":80" },
      ["ports"] = { "whole number in 0%.%.65535", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1: 80",
        "127.0.0.1:80 ", "127.0.0.1:http", "127.0.0.1:0x50", "[::1]:131152", "*:99999999999999999999" },
      ["scopes"] = { "unknown interface", "[fe80::1%nosuchif0]:1", "[fe80::1%]:1" },
      ["NULs"] = { "NUL", "127.0.0.1\0:80", "\0x", "/run/x\0y", "unix:/x\0" },
      ["brackets"] = { "%]", "[::1", "[::1:80", "[::1]80" },
      ["long paths"] = { "longer than %d+ bytes", "/" .. ("x"):rep(107), "@" .. ("x"):rep(108) },
    } do
      it(what, function()
        for i = 2, #cases do
          assert_fails("EINVAL", cases[1], net.address(cases[i]))
        end
      end)
    end
  end)

  it("refuses ports that are no whole number in 0..65535", function()
    for _, port in ipairs { -1, 65536, 65536 + 80, 1.5, 2 ^ 31, 2 ^ 32 + 80, 1e300, 1 / 0, 0 / 0, "", " 80", "80 ",
      "+80", "-1", "0x50", "1e3", "65536", "http", "80\0" } do
      assert_fails("EINVAL", "whole number in 0%.%.65535", net.address("127.0.0.1", port))
      assert_fails("EINVAL", "whole number in 0%.%.65535", net.address { host = "127.0.0.1", port = port })
    end
    assert_fails("EINVAL", "no port", net.address("127.0.0.1", nil))
    assert_fails("EINVAL", "no port", net.address { host = "127.0.0.1" })
  end)

  it("refuses a port after a whole address", function()
    assert_fails("EINVAL", "follows a whole address", net.address("127.0.0.1:22", 80))
    assert_fails("EINVAL", "follows a whole address", net.address("[::1]:22", 80))
  end)

  it("refuses hosts of any length, and cuts none", function()
    for _, length in ipairs { 253, 254, 255, 256, 257, 1025, 65536 } do
      local zeros = ("0"):rep(length - 9)
      assert_fails("EINVAL", "", net.address(zeros .. "127.0.0.1", 80))
      assert_fails("EINVAL", "", net.address("127.0.0.1" .. zeros, 80))
      assert_fails("EINVAL", "", net.address("127.0.0.1" .. ("\0"):rep(length - 9), 80))
      assert_fails("EINVAL", "", net.address("::" .. zeros .. "1", 80))
    end
    assert_fails("EINVAL", "", net.address("0x" .. ("0"):rep(244) .. "7f000001.x", 80)) -- CVE-2024-24806
  end)

  it("shows long and odd texts short and clean", function()
    local _, message = net.address(("y"):rep(1048576))
    assert.is_true(#message < 250)
    assert.matches("y%.%.%.: ", message)
    _, message = net.address("a\n\27[2J\0b:1")
    assert.matches("a??[2J?b:1", message, 1, true)
    assert.is_nil(message:find("%c"))
    _, message = net.address(("\195\169"):rep(60)) -- not cut inside a character
    assert.matches("^address [\195\169]+%.%.%.: ", message)
    assert.equal(0, select(2, message:gsub("[\192-\255]", "")) - select(2, message:gsub("[\128-\191]", "")))
  end)

  it("raises for what has not the right type", function()
    for _, value in ipairs { true, 80, print, keep(net.socketpair()), io.stdout } do
      assert_raises("address expected.*got " .. type(value), net.address, value)
    end
    assert_raises("address expected.*got nil", net.address, nil)
    assert_raises("address expected.*got no value", net.address)
    assert_raises("port expected", net.address, "127.0.0.1", true)
    assert_raises("port expected", net.address, "127.0.0.1", {})
    assert_raises("port", net.address, net.address("127.0.0.1:80"), 80)
    assert_raises("port", net.address, { path = "/x" }, 80)
  end)

  it("raises for fields that an address has not", function()
    assert_raises("unknown field 'hots'.*family, host, port, scope, flowinfo", net.address, { hots = "::1" })
    assert_raises("unknown field 'port'.*family, path", net.address, { path = "/x", port = 80 })
    assert_raises("unknown field 'host'", net.address, { family = "AF_NETLINK", host = "::1" })
    assert_raises("unknown field '1'", net.address, { "127.0.0.1", 80 })
    assert_raises("field 'host': string expected, got nil", net.address, { port = 80 })
    assert_raises("field 'host': string expected, got number", net.address, { host = 5, port = 80 })
    assert_raises("field 'port': number expected, got table", net.address, { host = "::1", port = {} })
    assert_raises("field 'path': string expected", net.address, { path = false })
    assert_raises("unknown family 'AF_X'.*AF_INET6", net.address, { family = "AF_X" })
    assert_raises("no addresses of family 99", net.address, { family = 99 })
    assert_raises("field 'family'", net.address, { family = 2.5 })
    assert_raises("field 'family'", net.address, { family = {} })
  end)

  it("refuses field values out of range", function()
    local function refused(pattern, fields)
      assert_fails("EINVAL", pattern, net.address(fields))
    end
    for _, flowinfo in ipairs { -1, 2 ^ 28, 1.5 } do
      refused("flowinfo is not", { host = "::1", port = 80, flowinfo = flowinfo })
    end
    for _, scope in ipairs { -1, 2 ^ 32, 2 ^ 32 + 1, 0.5 } do
      refused("scope is not", { host = "fe80::1", port = 80, scope = scope })
    end
    refused("unknown interface", { host = "fe80::1", port = 80, scope = "nosuchif0" })
    refused("has no scope", { host = "127.0.0.1", port = 80, scope = 1 })
    refused("not an IPv4 address", { family = "AF_INET", host = "::1", port = 80 })
    refused("NUL", { path = "/x\0y" })
    refused("names are looked up", { host = "localhost", port = 80 })
  end)
end)

describe("an address", function()
  it("has its family's fields, and no others", function()
    local fields = {
      "family", "host", "port", "scope", "flowinfo", "path", "interface", "ifindex", "protocol", "hatype",
      "pkttype", "hwaddr", "pid", "groups", "cid",
    }
    local function check(address, want)
      for _, field in ipairs(fields) do
        assert.equal(want[field], address[field], field)
      end
      assert.is_nil(address.nonsense)
      assert.is_nil(address[1])
    end
    check(net.address("127.0.0.1:80"), { family = "AF_INET", host = "127.0.0.1", port = 80 })
    check(net.address("[::1]:80"), { family = "AF_INET6", host = "::1", port = 80, scope = 0, flowinfo = 0 })
    check(net.address("[fe80::1%" .. LOOPBACK .. "]:80"),
      { family = "AF_INET6", host = "fe80::1%" .. LOOPBACK, port = 80, scope = LOOPBACK_INDEX, flowinfo = 0 })
    check(net.address("/run/x"), { family = "AF_UNIX", path = "/run/x" })
    check(net.address("unix:"), { family = "AF_UNIX", path = "" })
    check(net.address("@a\0\255"), { family = "AF_UNIX", path = "@a\0\255" })
    check(net.address("AF_UNSPEC"), { family = "AF_UNSPEC" })
  end)

  it("can be made of its fields again", function()
    for _, one in ipairs { "127.0.0.1:80", "[::1]:80", "[fe80::1%" .. LOOPBACK .. "]:80", "unix:@a\0\255" } do
      local a = net.address(one)
      assert.equal(a, net.address {
        family = a.family, host = a.host, port = a.port, scope = a.scope, flowinfo = a.flowinfo, path = a.path,
      })
    end
  end)

  it("does not change", function()
    local address = net.address("127.0.0.1:80")
    assert_raises("", function() address.port = 81 end)
    assert.equal(80, address.port)
  end)

  it("is equal by value", function()
    local texts = {
      "127.0.0.1:80", "127.0.0.1:81", "127.0.0.2:80", "[::1]:80", "[::2]:80", "[fe80::1]:80",
      "[fe80::1%" .. LOOPBACK .. "]:80", "unix:", "unix:@", "unix:/x", "unix:@x", "unix:@x\0", "AF_UNSPEC",
    }
    for i, one in ipairs(texts) do
      for j, other in ipairs(texts) do
        assert.equal(i == j, net.address(one) == net.address(other), one .. " " .. other)
      end
    end
    assert.is_false(net.address("127.0.0.1:80") == "127.0.0.1:80")
    assert.is_true(net.address { host = "::1", port = 1, flowinfo = 7 } == net.address("::1", 1))
  end)

  it("joins with texts, numbers and objects", function()
    local address = net.address("127.0.0.1:80")
    assert.equal("at 127.0.0.1:80!", "at " .. address .. "!")
    assert.equal("127.0.0.1:801", address .. 1)
    assert.equal("1127.0.0.1:80", 1 .. address)
    assert.equal("127.0.0.1:80127.0.0.1:80", address .. address)
    assert.equal("unix:@a\0b.", net.address("@a\0b") .. ".")
    assert_raises("attempt to concatenate a nil value", function() return address .. nil end)
    assert_raises("attempt to concatenate a table value", function() return {} .. address end)
  end)

  it("refuses a wrong self", function()
    local index = getmetatable(net.address("127.0.0.1:80")).__index
    for _, value in ipairs { 1, "x", {}, io.stdout, keep(net.socketpair()) } do
      assert_raises("dialtone%.address expected", index, value, "port")
    end
  end)
end)

describe("addresses of AF_PACKET", function()
  it("have texts", function()
    assert.equal("packet:" .. LOOPBACK, text("packet:" .. LOOPBACK))
    assert.equal("packet:" .. LOOPBACK, text("packet:" .. LOOPBACK_INDEX))
    assert.equal("packet:" .. LOOPBACK .. "/ETH_P_ALL", text("packet:" .. LOOPBACK .. "/3"))
    assert.equal("packet:*/ETH_P_IP", text("packet:*/0x0800"))
    assert.equal("packet:*/0x1234/01:02:0a", text("packet:*/4660/01:02:0A"))
    assert_fails("EINVAL", "unknown interface", net.address("packet:nosuchif0"))
    assert_fails("EINVAL", "unknown interface", net.address("packet:2147483648"))
    assert_fails("EINVAL", "unknown interface", net.address({ family = "AF_PACKET", interface = 2147483648 }))
    assert.equal("packet:2147483647", text("packet:2147483647"))
    assert_fails("EINVAL", "protocol", net.address("packet:*/ETH_P_NONE"))
    assert_fails("EINVAL", "hardware address", net.address("packet:*/0/1:2"))
  end)

  it("have tables and fields", function()
    local fields = {
      family = "AF_PACKET", interface = LOOPBACK, protocol = "ETH_P_IP", hwaddr = "01:02:03:04:05:06",
      hatype = 772, pkttype = 4,
    }
    local address = assert(net.address(fields))
    for name, value in pairs(fields) do assert.equal(value, address[name], name) end
    assert.equal(LOOPBACK_INDEX, address.ifindex)
    assert.equal("packet:" .. LOOPBACK .. "/ETH_P_IP/01:02:03:04:05:06", tostring(address))
    address = assert(net.address { family = "AF_PACKET", ifindex = LOOPBACK_INDEX, protocol = 0x1234 })
    assert.equal(LOOPBACK, address.interface)
    assert.equal(0x1234, address.protocol)
    assert.is_nil(address.hwaddr)
    address = assert(net.address { family = "AF_PACKET", protocol = "ETH_P_ALL" })
    assert.equal(0, address.ifindex)
    assert.is_nil(address.interface)
  end)

  it("refuse and raise as the others", function()
    local function packet(name, value)
      return { family = "AF_PACKET", [name] = value }
    end
    assert_fails("EINVAL", "unknown interface", net.address(packet("interface", "nosuchif0")))
    assert_fails("EINVAL", "protocol is not", net.address(packet("protocol", 65536)))
    assert_fails("EINVAL", "ifindex is not", net.address(packet("ifindex", 2 ^ 32 + 1)))
    for _, hwaddr in ipairs { "", "1", "xx", "01:02:", "01-02", ("01:"):rep(40) .. "01" } do
      assert_fails("EINVAL", "hardware address", net.address(packet("hwaddr", hwaddr)))
    end
    assert_raises("ETH_P_", net.address, packet("protocol", "IPPROTO_TCP"))
    assert_raises("field 'protocol': number expected", net.address, packet("protocol", true))
  end)
end)

describe("addresses of AF_NETLINK and AF_VSOCK", function()
  it("have texts, tables and fields", function()
    local address = assert(net.address { family = "AF_NETLINK", pid = 4294967295, groups = 17 })
    assert.equal("netlink:4294967295/17", tostring(address))
    assert.equal(4294967295, address.pid)
    assert.equal(17, address.groups)
    assert.equal(address, net.address("netlink:4294967295/17"))
    assert.equal("netlink:0/0", text { family = "AF_NETLINK" })

    address = assert(net.address { family = "AF_VSOCK", cid = 2, port = 4000000000 })
    assert.equal("vsock:2:4000000000", tostring(address))
    assert.equal(2, address.cid)
    assert.equal(4000000000, address.port)
    assert.is_nil(address.host)
    assert.equal(address, net.address("vsock:2:4000000000"))
    assert.equal(4294967295, net.address("vsock:*:1").cid)
  end)

  it("refuse what is out of range", function()
    assert_fails("EINVAL", "netlink:PID/GROUPS", net.address("netlink:1"))
    assert_fails("EINVAL", "vsock:CID:PORT", net.address("vsock:1"))
    assert_fails("EINVAL", "pid is not", net.address { family = "AF_NETLINK", pid = -1 })
    assert_fails("EINVAL", "groups is not", net.address { family = "AF_NETLINK", groups = 2 ^ 32 })
    assert_fails("EINVAL", "cid is not", net.address { family = "AF_VSOCK", cid = 1.5, port = 1 })
    assert_fails("EINVAL", "cid and port", net.address { family = "AF_VSOCK", cid = 1 })
  end)
end)

describe("a socket", function()
  it("takes an address in each of its forms", function()
    for _, form in ipairs {
      { "127.0.0.1:0" }, { "127.0.0.1", 0 }, { { host = "127.0.0.1", port = 0 } }, { net.address("127.0.0.1:0") },
    } do
      local name = assert(bound("AF_INET", "SOCK_DGRAM", form[1], form[2]))
      assert.matches("^127%.0%.0%.1:%d+$", name)
    end
  end)

  it("knows the wildcard of its family", function()
    assert.matches("^0%.0%.0%.0:%d+$", bound("AF_INET", "SOCK_DGRAM", "*:0"))
    assert.matches("^0%.0%.0%.0:%d+$", bound("AF_INET", "SOCK_DGRAM", "*", 0))
    assert.matches("^%[::%]:%d+$", bound("AF_INET6", "SOCK_DGRAM", "*:0"))
    assert.matches("^%[::%]:%d+$", bound("AF_INET6", "SOCK_DGRAM", { host = "*", port = 0 }))
  end)

  it("of IPv6 takes IPv4, and prints IPv4", function()
    assert.matches("^127%.0%.0%.1:%d+$", bound("AF_INET6", "SOCK_DGRAM", "127.0.0.1:0"))
    assert.matches("^127%.0%.0%.1:%d+$", bound("AF_INET6", "SOCK_DGRAM", net.address("127.0.0.1:0")))
    assert.matches("^127%.0%.0%.1:%d+$", bound("AF_INET6", "SOCK_DGRAM", "::ffff:127.0.0.1", 0))
  end)

  it("of IPv6 sees an IPv4 peer as IPv4", function()
    local server = keep(net.socket("AF_INET6", "SOCK_STREAM"))
    assert(server:bind("*:0"))
    assert(server:listen())
    local client = keep(net.socket("AF_INET", "SOCK_STREAM"))
    assert(client:connect("127.0.0.1", server:getsockname().port))
    local connection, peer = keep(server:accept())
    assert.equal("AF_INET", peer.family)
    assert.equal(client:getsockname(), peer)
    assert.equal(peer, connection:getpeername())
    assert.equal(client:getpeername(), connection:getsockname())
  end)

  it("refuses what is no address before any system call", function()
    local s = keep(net.socket("AF_INET", "SOCK_STREAM"))
    support.fault.clear()
    for _, port in ipairs { -1, 65536, 65536 + 80, 1.5 } do
      assert_fails("EINVAL", "^bind 127%.0%.0%.1:%S+: port is not", s:bind("127.0.0.1", port))
      assert_fails("EINVAL", "^connect 127%.0%.0%.1:%S+: port is not", s:connect("127.0.0.1", port))
    end
    assert_fails("EINVAL", "^bind 127%.1:80: not an IPv4 address", s:bind("127.1:80"))
    assert_fails("EINVAL", "^connect localhost:80: .*getaddrinfo", s:connect("localhost:80"))
    assert_fails("EINVAL", "no port", s:bind("127.0.0.1"))
    assert.equal(0, support.fault.count("bind"))
    assert.equal(0, support.fault.count("connect"))
    assert_raises("address expected", s.bind, s)
    assert_raises("address expected", s.connect, s, 80)
    assert(s:bind("127.0.0.1", 0))
  end)

  it("takes a number after a text for a port, and other texts for flags", function()
    local a = keep(net.socket("AF_INET", "SOCK_DGRAM"))
    assert(a:bind("127.0.0.1", 0))
    local name = a:getsockname()
    assert.equal(1, a:sendto("1", name.host, name.port))
    assert.equal(1, a:sendto("2", name.host, tostring(name.port), "MSG_DONTWAIT"))
    assert.equal(1, a:sendto("3", tostring(name), "MSG_DONTWAIT"))
    assert.equal(1, a:sendto("4", name, 64))
    assert_fails("EINVAL", "^sendto .*follows a whole address", a:sendto("5", tostring(name), 64))
    for i = 1, 4 do assert.equal(tostring(i), (a:recv(10))) end
  end)
end)

describe("a unix socket", function()
  local function pair_of_names(...)
    local s = keep(net.socket("AF_UNIX", "SOCK_DGRAM"))
    assert(s:bind(...))
    return s:getsockname(), s
  end

  it("keeps a path", function()
    local path = support.path()
    local name = pair_of_names(path)
    assert.equal(path, name.path)
    assert.equal("unix:" .. path, tostring(name))
    assert.equal(net.address(path), name)
  end)

  it("keeps a path that is no UTF-8", function()
    local path = support.path() .. "\255\254\1"
    local name = pair_of_names(path)
    os.remove(path)
    assert.equal(path, name.path)
    assert.equal(net.address("unix:" .. path), name)
  end)

  it("has no name before it has one", function()
    local s = keep(net.socket("AF_UNIX", "SOCK_STREAM"))
    assert.equal("", s:getsockname().path)
    assert.equal("unix:", tostring(s:getsockname()))
  end)

  it("keeps every byte of an abstract name", function()
    local unique = "dialtone." .. tostring({}):gsub("%W", "")
    for _, tail in ipairs { "", "\0", "\0a\255\0", "\255" } do
      local name, s = pair_of_names("\0" .. unique .. tail)
      assert.equal("@" .. unique .. tail, name.path)
      assert.equal(net.address("@" .. unique .. tail), name)
      local other = keep(net.socket("AF_UNIX", "SOCK_DGRAM"))
      assert(other:connect("@" .. unique .. tail))
      assert(other:send("x"))
      assert.equal("x", (s:recv(10)))
    end
  end)

  it("takes a name of 107 bytes and refuses one of 108", function()
    local unique = tostring({}):gsub("%W", "")
    local longest = unique .. ("n"):rep(107 - #unique)
    local name = pair_of_names("@" .. longest)
    assert.equal("@" .. longest, name.path)
    local s = keep(net.socket("AF_UNIX", "SOCK_DGRAM"))
    assert_fails("EINVAL", "longer than 107 bytes", s:bind("@" .. longest .. "n"))
    assert_fails("EINVAL", "longer than 107 bytes", s:bind("\0" .. longest .. "n"))
    local path = support.path()
    path = path .. ("p"):rep(107 - #path)
    assert_fails("EINVAL", "longer than 107 bytes", s:bind(path .. "p"))
    assert(s:bind(path))
    os.remove(path)
    assert.equal(path, s:getsockname().path)
  end)

  it("is given a name of its own by the system", function()
    local one, other = pair_of_names(""), pair_of_names("unix:")
    assert.matches("^@%x%x%x%x%x$", one.path)
    assert.matches("^@%x%x%x%x%x$", other.path)
    assert.are_not.equal(one, other)
  end)

  it("takes any text for a name, and no port", function()
    local s = keep(net.socket("AF_UNIX", "SOCK_DGRAM"))
    assert_fails("ENOENT", "^connect unix:127%.0%.0%.1:80: ", s:connect("127.0.0.1:80"))
    assert_fails("ENOENT", "^connect unix:nosuchname: ", s:connect("nosuchname"))
    assert_fails("ENOENT", "^connect unix:nosuchname: ", s:connect("unix:nosuchname"))
    assert_fails("EINVAL", "NUL in a unix path", s:connect("/x\0y"))
  end)

  it("tells a path that begins with @ from an abstract name", function()
    local a = net.address("./@x")
    assert.equal("unix:./@x", tostring(a))
    assert.equal(a, net.address(tostring(a)))
    assert.equal("./@x", a.path)
    assert.are_not.equal(a, net.address("@x"))
  end)
end)
