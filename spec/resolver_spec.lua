-- resolver_spec.lua - names to addresses and back, without a network: numbers,
-- localhost, and what must never reach the C library's resolver.

local net = require "dialtone"
local support = require "spec.support.transport"
local fault, assert_fails, assert_raises = support.fault, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local function texts(list)
  local result = {}
  for i, address in ipairs(assert(list)) do result[i] = tostring(address) end
  return table.concat(result, " ")
end

-- A host of so many bytes that could be a name.
local function host_of(length)
  local host = (("a"):rep(62) .. "."):rep(30):sub(1, length)
  return (host:gsub("%.$", "a"))
end

-- Refused with this code, and not by the C library.
local function assert_refused(code, pattern, ...)
  fault.clear()
  assert_fails(code, pattern, net.getaddrinfo(...))
  if fault.count("getaddrinfo") > 0 then error("the resolver was asked", 2) end
end

describe("net.getaddrinfo", function()
  it("gives literals back", function()
    assert.equal("127.0.0.1:80", texts(net.getaddrinfo("127.0.0.1", 80)))
    assert.equal("[::1]:80", texts(net.getaddrinfo("::1", "80")))
    assert.equal("[2001:db8::1]:0", texts(net.getaddrinfo("2001:DB8::1", nil)))
    assert.equal("1.2.3.4:5", texts(net.getaddrinfo("::ffff:1.2.3.4", 5)))
    assert.equal("[fe80::1%lo]:80", texts(net.getaddrinfo("fe80::1%lo", 80)))
  end)

  it("knows localhost, and gives each address once", function()
    local list = assert(net.getaddrinfo("localhost", 80))
    local seen = {}
    assert.is_true(#list >= 1)
    for _, address in ipairs(list) do
      assert.is_nil(seen[tostring(address)])
      seen[tostring(address)] = true
      assert.equal(80, address.port)
      assert.is_true(address.host == "127.0.0.1" or address.host == "::1")
    end
  end)

  it("takes ports and services", function()
    for _, service in ipairs { 0, 1, 65535, "0", "80", "65535", "00080" } do
      assert.equal(tonumber(service), net.getaddrinfo("127.0.0.1", service)[1].port)
    end
    assert.equal(80, net.getaddrinfo("127.0.0.1", "http", { type = "SOCK_STREAM" })[1].port)
    assert.equal(0, net.getaddrinfo("127.0.0.1")[1].port)
  end)

  it("takes no host: the loopback, or the wildcard", function()
    for _, address in ipairs(assert(net.getaddrinfo(nil, 80))) do
      assert.is_true(address.host == "127.0.0.1" or address.host == "::1")
    end
    for _, address in ipairs(assert(net.getaddrinfo(nil, 80, { flags = "AI_PASSIVE" }))) do
      assert.is_true(address.host == "0.0.0.0" or address.host == "::")
    end
    assert_refused("EAI_NONAME", "neither host nor service", nil, nil)
    assert_refused("EAI_NONAME", "neither host nor service")
  end)

  it("takes hints by name, number, list", function()
    local function family_of(hints)
      local list = assert(net.getaddrinfo(nil, 80, hints))
      assert.equal(1, #list)
      return list[1].family
    end
    assert.equal("AF_INET", family_of { family = "AF_INET" })
    assert.equal("AF_INET6", family_of { family = "AF_INET6" })
    assert.equal("AF_INET", family_of { family = 2, type = "SOCK_STREAM", protocol = "IPPROTO_TCP" })
    assert.equal("AF_INET", family_of { family = "PF_INET", type = 2, protocol = 17, flags = 0 })
    local host = "127.0.0.1"
    for _, flags in ipairs {
      "AI_NUMERICHOST", "AI_NUMERICHOST|AI_NUMERICSERV", { "AI_NUMERICHOST", "AI_NUMERICSERV" }, {}, 0,
    } do
      assert.equal("127.0.0.1:80", texts(net.getaddrinfo(host, "80", { flags = flags })))
    end
    assert_fails("EAI_NONAME", "", net.getaddrinfo("localhost", 80, { flags = "AI_NUMERICHOST" }))
    assert_fails("EAI_NONAME", "", net.getaddrinfo(host, "http", { flags = "AI_NUMERICSERV" }))
    assert_fails("EAI_FAMILY", "", net.getaddrinfo(host, 80, { family = 200 }))
    assert_fails("EAI_SOCKTYPE", "", net.getaddrinfo(host, 80, { type = 200 }))
    assert_fails("EAI_BADFLAGS", "", net.getaddrinfo(host, 80, { flags = 0x40000000 }))
  end)

  it("gives the canonical name when it was asked for", function()
    local list = assert(net.getaddrinfo("127.0.0.1", 80, { flags = "AI_CANONNAME" }))
    assert.equal("127.0.0.1", list.canonname)
    assert.is_nil(net.getaddrinfo("127.0.0.1", 80).canonname)
  end)

  it("raises for unknown hints and wrong types", function()
    assert_raises("unknown hint 'famly'.*family, type, protocol, flags", net.getaddrinfo, "x", 1, { famly = 1 })
    assert_raises("unknown hint '1'", net.getaddrinfo, "x", 1, { "AF_INET" })
    assert_raises("#3.*unknown domain 'AF_X'", net.getaddrinfo, "x", 1, { family = "AF_X" })
    assert_raises("#3.*unknown type 'SOCK_X'", net.getaddrinfo, "x", 1, { type = "SOCK_X" })
    assert_raises("#3.*unknown flag 'MSG_PEEK'", net.getaddrinfo, "x", 1, { flags = "MSG_PEEK" })
    assert_raises("#3", net.getaddrinfo, "x", 1, { protocol = true })
    assert_raises("#3.*table expected", net.getaddrinfo, "x", 1, "AF_INET")
    assert_raises("#1.*string expected", net.getaddrinfo, 5, 1)
    assert_raises("#2.*string expected", net.getaddrinfo, "x", {})
  end)

  it("says that a name does not exist", function()
    local list, message, code = net.getaddrinfo("nonexistent.invalid", 80)
    assert.is_nil(list)
    assert.matches("^getaddrinfo nonexistent%.invalid: ", message)
    assert.is_true(code == "EAI_NONAME" or code == "EAI_AGAIN", code) -- without a resolver
  end)

  it("says that a service does not exist, and which", function()
    assert_fails("EAI_SERVICE", "^getaddrinfo nosuchservice: ", net.getaddrinfo("127.0.0.1", "nosuchservice"))
    assert_fails("EAI_SERVICE", "^getaddrinfo 80x: ", net.getaddrinfo(nil, "80x"))
  end)

  it("refuses ports out of range, and wraps none", function()
    for _, service in ipairs {
      -1, 65536, 65536 + 80, 1.5, 2 ^ 32 + 80, 2 ^ 64 + 80, 1 / 0, "-1", "65536", "4294967376", " 80", "\t80", "+80",
      "18446744073709551696",
    } do
      assert_refused("EAI_SERVICE", "port is not a whole number in 0%.%.65535", "127.0.0.1", service)
    end
    assert_refused("EAI_SERVICE", "empty", "127.0.0.1", "")
    assert_refused("EAI_SERVICE", "NUL", "127.0.0.1", "80\0")
    assert_refused("EAI_SERVICE", "not a service", "127.0.0.1", "*")
  end)

  it("refuses what inet_aton takes for a number and inet_pton does not", function()
    for _, host in ipairs {
      "0127.0.0.1", "127.1", "0x7f000001", "0X7F000001", "2130706433", "017700000001", "127.0.0.0x1",
      "127.0.0.01", "1.2.3.4.", "256.1.1.1", "1.2.3.4.5", "0", "1.", "0x", "example.1", "example.0x1f",
      "::ffff:127.1",
    } do
      assert_refused("EAI_NONAME", "not an IPv4 address", host, 80)
      assert_refused("EAI_NONAME", "not an IPv4 address", host, 80, { flags = "AI_NUMERICHOST" })
    end
  end)

  it("refuses hosts over 253 bytes, and cuts none", function()
    for _, length in ipairs { 254, 255, 256, 257, 1025, 65536 } do
      assert_refused("EAI_NONAME", "longer than 253 bytes", (host_of(253) .. ("a"):rep(length)):sub(1, length), 80)
      assert_refused("EAI_NONAME", "longer than 253 bytes", "127.0.0.1." .. ("x"):rep(length - 10), 80)
    end
    assert_refused("EAI_NONAME", "longer", "0x" .. ("0"):rep(244) .. "7f000001.x", 80) -- CVE-2024-24806
  end)

  it("hands hosts of 253 bytes on, and of 254 with the final dot", function()
    for _, host in ipairs { host_of(253), host_of(253) .. "." } do
      fault.clear()
      fault.fail("getaddrinfo", "ENOMEM") -- so that nobody is asked
      assert_fails("ENOMEM", "^getaddrinfo ", net.getaddrinfo(host, 80))
      assert.equal(1, fault.count("getaddrinfo"))
    end
  end)

  it("refuses odd bytes in hosts", function()
    assert_refused("EAI_NONAME", "NUL", "localhost\0", 80)
    assert_refused("EAI_NONAME", "NUL", "127.0.0.1\0.example.org", 80)
    assert_refused("EAI_NONAME", "space or control", "127.0.0.1 x", 80)
    assert_refused("EAI_NONAME", "space or control", "localhost\n", 80)
    assert_refused("EAI_NONAME", "not ASCII.*AI_IDN", "m\195\188nchen.example", 80)
    assert_refused("EAI_NONAME", "AI_PASSIVE", "*", 80)
    assert_refused("EAI_NONAME", "empty", "", 80)
  end)

  it("names the errno where the system failed", function()
    fault.fail("getaddrinfo", "EMFILE")
    assert_fails("EMFILE", "^getaddrinfo localhost: ", net.getaddrinfo("localhost", 80))
    assert(net.getaddrinfo("localhost", 80))
  end)
end)

describe("net.getnameinfo", function()
  local numeric = "NI_NUMERICHOST|NI_NUMERICSERV"

  it("gives the literal and the number", function()
    assert.same({ "127.0.0.1", "80" }, { net.getnameinfo("127.0.0.1:80", numeric) })
    assert.same({ "127.0.0.1", "80" }, { net.getnameinfo("127.0.0.1", 80, "NI_NUMERICHOST", "NI_NUMERICSERV") })
    assert.same({ "::1", "0" }, { net.getnameinfo(net.address("::1", 0), { "NI_NUMERICHOST", "NI_NUMERICSERV" }) })
    assert.same({ "::1", "1" }, { net.getnameinfo({ host = "::1", port = 1 }, numeric) })
  end)

  it("gives names", function()
    local host, service = net.getnameinfo("127.0.0.1:80", "NI_NUMERICHOST")
    assert.equal("127.0.0.1", host)
    assert.equal("http", service)
    host, service = assert(net.getnameinfo("127.0.0.1:80", "NI_NUMERICSERV"))
    assert.equal("localhost", host)
    assert.equal("80", service)
  end)

  it("gives the scope's interface", function()
    assert.equal("fe80::1%lo", (net.getnameinfo("[fe80::1%lo]:80", numeric)))
  end)

  it("takes addresses only, and no names", function()
    assert_fails("EINVAL", "^getnameinfo localhost:80: .*getaddrinfo", net.getnameinfo("localhost:80"))
    assert_fails("EINVAL", "", net.getnameinfo("localhost", 80))
    assert_fails("EINVAL", "port is not", net.getnameinfo("127.0.0.1", 65536))
    assert_raises("address expected", net.getnameinfo)
    assert_raises("unknown flag", net.getnameinfo, "127.0.0.1:80", "NI_NUMERIC")
  end)

  it("fails for families that have no names", function()
    assert_fails("EAI_FAMILY", "^getnameinfo netlink:0/0: ", net.getnameinfo("netlink:0/0"))
    assert_fails("EAI_FAMILY", "^getnameinfo AF_UNSPEC: ", net.getnameinfo("AF_UNSPEC"))
  end)

  it("names the errno where the system failed", function()
    fault.fail("getnameinfo", "ENOMEM")
    assert_fails("ENOMEM", "^getnameinfo 127%.0%.0%.1:80: ", net.getnameinfo("127.0.0.1:80"))
  end)
end)
