-- connectoptions_spec.lua - tables of options: what is known by which name, what
-- raises, and what reaches the socket.

local net = require "dialtone"
local options = require "dialtone.options"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local rows = {}
for _, row in ipairs(net.options()) do rows[row.name] = row end

local function tcp(family) return keep(net.socket(family or "AF_INET", "SOCK_STREAM")) end
local function udp(family) return keep(net.socket(family or "AF_INET", "SOCK_DGRAM")) end

-- All of the manual's names that a short one may stand for.
local function names_of(short)
  if type(short) == "string" then return { short } end
  return short.any or { short.ipv4, short.ipv6 }
end

-- --- the table of names ------------------------------------------------------------------

describe("the short names", function()
  for key, short in pairs(options.short) do
    it(key .. " stands for what can be set, of one type", function()
      local kind
      for _, name in ipairs(names_of(short)) do
        local row = assert(rows[name], name)
        assert.matches("set", row.access)
        kind = kind or row.type
        assert.equal(kind, row.type)
      end
    end)
  end

  it("name the family's own where the families differ", function()
    for key, short in pairs(options.short) do
      if type(short) == "table" and not short.any then
        assert.equal("IPPROTO_IP", rows[short.ipv4].level, key)
        assert.equal("IPPROTO_IPV6", rows[short.ipv6].level, key)
      end
    end
  end)
end)

-- --- check -------------------------------------------------------------------------------

local own = {
  timeout = "seconds", name = "string", ["local"] = "string|table", count = "integer",
  factor = "number", on_end = "function", list = "table", tls = "boolean|table", data = "any",
  family = { "AF_INET", "AF_INET6" },
}

local function check(opts) return options.check("dial", opts, own) end

describe("options.check", function()
  it("gives the table back, and an empty one for none", function()
    local opts = { timeout = 5, nodelay = true }
    assert.equal(opts, check(opts))
    assert.same({}, check(nil))
    assert.same({}, check({}))
  end)

  it("raises for what is no table", function()
    for _, value in ipairs { "x", 5, true } do
      assert_raises("dial: table of options expected, got " .. type(value), check, value)
    end
    assert_raises("dial: table of options expected, got boolean", check, false)
  end)

  it("takes the manual's names", function()
    check { SO_KEEPALIVE = true, IP_TTL = 3, TCP_NODELAY = false, SO_LINGER = false,
      IP_ADD_MEMBERSHIP = "239.1.2.3", SO_RCVTIMEO = 1.5, IP_MTU_DISCOVER = "IP_PMTUDISC_DO" }
  end)

  it("names an unknown option, and lists the valid ones", function()
    local message = assert_raises("dial: unknown option 'tiemout' %(valid: ", check, { tiemout = 5 })
    local list = message:match("valid: (.*), and socket options by name, as 'SO_KEEPALIVE'%)$")
    local seen, last = {}, ""
    for name in list:gmatch("[^, ]+") do
      assert.is_true(last < name, name)
      seen[name], last = true, name
    end
    for name in pairs(own) do assert.is_true(seen[name], name) end
    for name in pairs(options.short) do assert.is_true(seen[name], name) end
  end)

  it("lists the names of the same prefix for a misspelled one of the manual", function()
    local message = assert_raises("dial: unknown option 'TCP_NODELY' %(valid: ", check, { TCP_NODELY = true })
    assert.matches("TCP_KEEPIDLE.*TCP_NODELAY", message)
    assert.not_matches("SO_KEEPALIVE", message)
    assert.not_matches("TCP_INFO", message) -- can only be read
    assert_raises("unknown option 'XX_FOO' %(valid: broadcast, ", check, { XX_FOO = 1 })
    assert_raises("unknown option 'keepAlive' %(valid: broadcast, ", check, { keepAlive = true })
  end)

  it("raises for what can only be read", function()
    assert_raises("dial: option SO_TYPE cannot be set", check, { SO_TYPE = 1 })
  end)

  it("raises for keys that are no texts", function()
    assert_raises("dial: unknown option '1' %(valid: ", check, { "SO_KEEPALIVE" })
    assert_raises("dial: unknown option 'true'", check, { [true] = 1 })
    assert_raises("dial: unknown option 'table: ", check, { [{}] = 1 })
  end)

  it("cuts a long name", function()
    local message = assert_raises("unknown option 'x+'", check, { [("x"):rep(1e6)] = 1 })
    assert.is_true(#message < 1000)
  end)

  it("complains of the same one each time", function()
    for _ = 1, 5 do
      assert_raises("unknown option 'aa'", check, { bb = 1, aa = 1, cc = 1, nodelay = 5 })
    end
  end)

  local right = {
    timeout = { 0, 1, 0.5, math.huge }, name = { "", "x" }, ["local"] = { "x", {} }, count = { 0, -1, 2 ^ 40 },
    factor = { -1.5, 0, math.huge }, on_end = { print }, list = { {} }, tls = { true, false, {} },
    data = { 1, "x", false, {} }, family = { "AF_INET", "AF_INET6" },
    nodelay = { true, false, 0, 1 }, keepidle = { 60 }, linger = { 0, 5, false }, device = { "lo", "", 1 },
    ttl = { 64, -1 }, mark = { 4294967295 }, SO_KEEPALIVE = { true }, SO_RCVBUF = { 65536 },
  }
  for key, values in pairs(right) do
    it("takes " .. key .. " of its type", function()
      for _, value in ipairs(values) do check { [key] = value } end
    end)
  end

  local wrong = {
    timeout = { "seconds", -1, 0 / 0, "1", true }, name = { "string", 5, {}, false },
    ["local"] = { "string or table", 5, true }, count = { "integer", 0.5, "1", 0 / 0, math.huge },
    factor = { "number", "1" }, on_end = { "function", {}, "x" }, list = { "table", "x" },
    tls = { "boolean or table", 1, "yes" }, family = { "'AF_INET', 'AF_INET6'", "AF_UNIX", 4, true },
    nodelay = { "boolean", 2, "yes", {} }, SO_KEEPALIVE = { "boolean", -1, "on" },
    keepidle = { "integer", 1.5, true, "60" }, linger = { "whole seconds >= 0 or false", true, -1, 0.5, "5" },
    device = { "interface (name or index)", 0.5, true, print }, congestion = { "string", 1, {} },
    ttl = { "integer", "64", false }, IP_TTL = { "integer", 1.5 },
  }
  for key, row in pairs(wrong) do
    it("raises where " .. key .. " is of another type", function()
      for i = 2, #row do
        local got = type(row[i]) == "number" and tostring(row[i]) or type(row[i])
        assert_raises(support.plain(("dial: option %s: %s expected, got %s"):format(key, row[1], got)) .. "$",
          check, { [key] = row[i] })
      end
    end)
  end

  it("takes a verb's own option before a socket's of the same name", function()
    local known = { mark = "string" }
    options.check("dial", { mark = "x" }, known)
    assert_raises("option mark: string expected, got 1", options.check, "dial", { mark = 1 }, known)
  end)

  it("blames the caller of the verb, or whom it is told", function()
    local function verb(opts, level)
      local checked = options.check("dial", opts, own, level)
      return checked
    end
    local function line_of(fn)
      local ok, message = pcall(fn)
      assert.is_false(ok)
      return tonumber(message:match("connectoptions_spec.lua:(%d+): dial: "))
    end
    local here = debug.getinfo(1, "l").currentline
    assert.equal(here + 2, line_of(function()
      local _ = verb { foo = 1 }
    end))
    assert.equal(here + 5, line_of(function()
      local _ = verb(5)
    end))
    local function outer()
      local _ = verb({ foo = 1 }, 3)
    end
    assert.equal(here + 11, line_of(function()
      local _ = outer()
    end))
  end)
end)

-- --- apply -------------------------------------------------------------------------------

describe("options.apply", function()
  it("does nothing without options", function()
    local s = tcp()
    assert.is_true(options.apply(s, nil))
    assert.is_true(options.apply(s, {}))
  end)

  -- on a TCP socket over IPv4, unless there is a maker
  local values = {
    { "broadcast", true, udp }, { "deferaccept", 3 }, { "keepalive", true }, { "keepalive", false },
    { "keepcount", 4 }, { "keepidle", 100 }, { "keepinterval", 10 }, { "linger", 5 }, { "linger", false },
    { "multicastloop", false, udp }, { "multicastttl", 7, udp }, { "nodelay", false }, { "nodelay", true },
    { "priority", 5 }, { "reuseaddr", true }, { "reuseport", true }, { "tos", 16 }, { "ttl", 33 },
    { "congestion", "reno" }, { "SO_KEEPALIVE", true }, { "TCP_KEEPIDLE", 55 },
  }
  for _, row in ipairs(values) do
    local key, value, maker = row[1], row[2], row[3] or tcp
    local name = options.short[key] and names_of(options.short[key])[1] or key
    if rows[name].available then
      it(("sets %s to %s"):format(key, tostring(value)), function()
        local s = maker()
        assert.is_true(options.apply(s, { [key] = value }))
        assert.equal(value, s:getsockopt(name))
      end)
    end
  end

  it("asks for buffers", function()
    local s = tcp()
    assert.is_true(options.apply(s, { rcvbuf = 20000, sndbuf = 30000 }))
    assert.is_true(s:getsockopt("SO_RCVBUF") >= 20000)
    assert.is_true(s:getsockopt("SO_SNDBUF") >= 30000)
  end)

  it("sets all that it is given, and passes over what is no socket option", function()
    local s = tcp()
    assert.is_true(options.apply(s, { timeout = 5, keepalive = true, linger = 3, TCP_KEEPINTVL = 9, [1] = "x" }))
    assert.is_true(s:getsockopt("SO_KEEPALIVE"))
    assert.equal(3, s:getsockopt("SO_LINGER"))
    assert.equal(9, s:getsockopt("TCP_KEEPINTVL"))
  end)

  it("takes the first name that this system has, where there are several", function()
    local keepidle = options.short.keepidle
    finally(function()
      options.short.keepidle = keepidle
      support.cleanup()
    end)
    for _, names in ipairs { { "TCP_KEEPIDLE", "TCP_KEEPALIVE" }, { "TCP_KEEPALIVE", "TCP_KEEPIDLE" } } do
      options.short.keepidle = { any = names }
      local s, name = tcp(), rows[names[1]].available and names[1] or names[2]
      assert.is_true(options.apply(s, { keepidle = 77 }))
      assert.equal(77, s:getsockopt(name))
    end
  end)

  it("leaves to the verb what is the verb's", function()
    local s = tcp()
    assert.is_true(options.apply(s, { keepalive = true, reuseaddr = true }, { keepalive = "boolean" }))
    assert.is_false(s:getsockopt("SO_KEEPALIVE"))
    assert.is_true(s:getsockopt("SO_REUSEADDR"))
  end)

  if support.ipv6 then
    it("sets the family's own on IPv6, and IPv4's for mapped peers", function()
      for key, value in pairs { ttl = 33, tos = 16, multicastttl = 7, multicastloop = false } do
        local short, s = options.short[key], udp("AF_INET6")
        assert.is_true(options.apply(s, { [key] = value }))
        assert.equal(value, s:getsockopt(short.ipv6), key)
        local mapped, _, code = s:getsockopt(short.ipv4)
        assert.is_true(mapped == value or mapped == nil and code ~= nil, key)
      end
    end)

    it("sets v6only either way", function()
      for _, value in ipairs { true, false } do
        local s = tcp("AF_INET6")
        assert.is_true(options.apply(s, { v6only = value }))
        assert.equal(value, s:getsockopt("IPV6_V6ONLY"))
      end
    end)
  end

  it("tells what the system refuses", function()
    assert_fails("ENOPROTOOPT", "^setsockopt IPV6_V6ONLY: ", options.apply(tcp(), { v6only = true }))
    local ok, message, code = options.apply(tcp(), { device = "nosuchdevice0" })
    assert.is_true(code == "ENODEV" or code == "EPERM" or code == "ENOPROTOOPT", message)
    assert.is_nil(ok)
  end)

  it("stops at the first that fails, in the order of the alphabet", function()
    local s = tcp()
    assert_fails("ENOPROTOOPT", "IPV6_V6ONLY",
      options.apply(s, { keepalive = true, v6only = true, zzz = 1, reuseaddr = true }))
    assert.is_true(s:getsockopt("SO_KEEPALIVE"))
    assert.is_true(s:getsockopt("SO_REUSEADDR"))
    s = tcp()
    assert_fails("ENOPROTOOPT", "IPV6_V6ONLY", options.apply(s, { IPV6_V6ONLY = true, keepalive = true }))
    assert.is_false(s:getsockopt("SO_KEEPALIVE"))
  end)

  it("tells what this system does not have", function()
    local absent
    for name, row in pairs(rows) do
      if not row.available and row.type == "boolean" and row.access:find("set") then absent = name end
    end
    if not absent then return end
    options.check("dial", { [absent] = true }, {})
    assert_fails("ENOPROTOOPT", "not on this system", options.apply(tcp(), { [absent] = true }))
  end)

  it("tells that the socket is closed", function()
    local s = tcp()
    s:close()
    assert_fails("closed", "^setsockopt", options.apply(s, { ttl = 5 }))
    assert_fails("closed", "^setsockopt", options.apply(s, { keepalive = true }))
  end)
end)
