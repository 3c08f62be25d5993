-- constant_spec.lua - the constants by name and as numbers.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_raises = support.keep, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

describe("constants()", function()
  it("gives every name a whole number", function()
    local count = 0
    for name, number in pairs(net.constants()) do
      assert.matches("^%u[%u%l%d_]+$", name)
      assert.equal("number", type(number), name)
      assert.equal(math.floor(number), number, name)
      count = count + 1
    end
    assert.is_true(count > 300)
  end)

  it("has families, types, protocols, levels, flags and options", function()
    local c = net.constants()
    for _, name in ipairs {
      "AF_INET", "AF_INET6", "AF_UNIX", "PF_INET", "SOCK_STREAM", "SOCK_DGRAM", "IPPROTO_TCP",
      "SOL_SOCKET", "IPPROTO_IPV6", "SOL_TCP", "MSG_PEEK", "SHUT_RDWR", "AI_PASSIVE",
      "NI_NUMERICHOST", "POLLIN", "IFF_UP", "SO_REUSEADDR", "TCP_NODELAY", "IP_TTL",
    } do
      assert.equal("number", type(c[name]), name)
    end
    assert.equal(c.AF_INET, c.PF_INET)
    assert.equal(c.IPPROTO_TCP, c.SOL_TCP)
  end)

  it("gives numbers that the calls take", function()
    local c = net.constants()
    local s = keep(net.socket(c.AF_INET, c.SOCK_DGRAM, c.IPPROTO_UDP))
    assert.equal("AF_INET", s:family())
    assert.equal("IPPROTO_UDP", s:protocol())
    assert.is_true(s:setsockopt(c.IPPROTO_IP, c.IP_TTL, 9))
    assert.equal(9, s:getsockopt("IP_TTL"))
  end)

  it("leaves out what this system does not have", function()
    local c = net.constants()
    assert.is_true(c.AF_NETLINK == nil or c.AF_NDRV == nil)
    for _, option in ipairs(net.options()) do
      if not option.available then assert.is_nil(c[option.name]) end
    end
  end)

  it("gives a table of the caller's own", function()
    net.constants().AF_INET = "changed"
    assert.equal("number", type(net.constants().AF_INET))
  end)
end)

describe("a constant's name", function()
  it("that this system does not have is called that, and not unknown", function()
    local c = net.constants()
    local foreign = c.AF_NETLINK and "AF_NDRV" or "AF_NETLINK"
    assert_raises("this system has no " .. foreign, net.socket, foreign, "SOCK_DGRAM")
  end)

  it("is told from its beginning and from a longer one", function()
    assert_raises("unknown domain 'AF_INE'", net.socket, "AF_INE", "SOCK_DGRAM")
    assert_raises("unknown domain 'AF_INET66'", net.socket, "AF_INET66", "SOCK_DGRAM")
    assert_raises("unknown domain", net.socket, "af_inet", "SOCK_DGRAM")
  end)

  it("of a protocol may be another family's", function()
    local s = net.socket("AF_NETLINK", "SOCK_RAW", "NETLINK_ROUTE")
    if not s then return end -- not Linux
    keep(s)
    assert.equal("AF_NETLINK", s:family())
    assert.equal("NETLINK_ROUTE", s:getsockopt("SO_PROTOCOL"))
  end)
end)
