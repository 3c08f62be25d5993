-- option_spec.lua - getsockopt and setsockopt: all options by a table, values
-- by type, mistakes, the plain form.  What options do is in
-- option_effect_spec.lua and multicast_spec.lua.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local options, list = {}, net.options()
for _, option in ipairs(list) do options[option.name] = option end

-- --- a socket for each option ------------------------------------------------------

local function maker(domain, kind, protocol)
  return function()
    local s, _, code = net.socket(domain, kind, protocol)
    if s then return keep(s) end
    assert(code == "EPERM" or code == "EACCES" or code == "EAFNOSUPPORT" or
      code == "EPROTONOSUPPORT" or code == "ESOCKTNOSUPPORT", code)
  end
end

local tcp = maker("AF_INET", "SOCK_STREAM")
local udp = maker("AF_INET", "SOCK_DGRAM")
local raw6 = maker("AF_INET6", "SOCK_RAW", 253) -- for experiments, RFC 3692
local unix = function() return (keep(net.socketpair())) end

local makers = {
  SOL_SOCKET = tcp,
  IPPROTO_IP = udp,
  IPPROTO_IPV6 = maker("AF_INET6", "SOCK_DGRAM"),
  IPPROTO_TCP = tcp,
  IPPROTO_UDP = udp,
  SOL_RAW = maker("AF_INET", "SOCK_RAW", "IPPROTO_ICMP"),
  IPPROTO_ICMPV6 = maker("AF_INET6", "SOCK_RAW", "IPPROTO_ICMPV6"),
  SOL_PACKET = maker("AF_PACKET", "SOCK_RAW"),
  SOL_NETLINK = maker("AF_NETLINK", "SOCK_RAW", "NETLINK_ROUTE"),
  AF_VSOCK = maker("AF_VSOCK", "SOCK_STREAM"),
  ["IPPROTO_IP, IPPROTO_IPV6"] = udp,
}

local special = {
  SO_PASSCRED = unix, SO_PASSSEC = unix, SO_PASSPIDFD = unix, SO_PASSRIGHTS = unix,
  SO_PEERCRED = unix, SO_PEERGROUPS = unix, SO_PEERSEC = unix,
  SO_ORIGINAL_DST = support.tcp4.pair,
  IP_MTU = support.udp4.pair,
  IP_HDRINCL = maker("AF_INET", "SOCK_RAW", 253),
  IP_NODEFRAG = maker("AF_INET", "SOCK_RAW", 253),
  IP_ROUTER_ALERT = maker("AF_INET", "SOCK_RAW", 253),
  IPV6_MTU = support.udp6.pair,
  IPV6_ADDRFORM = support.udp6.pair,
  IPV6_CHECKSUM = raw6, IPV6_HDRINCL = raw6,
  IPV6_ROUTER_ALERT = maker("AF_INET6", "SOCK_RAW", "IPPROTO_RAW"),
  IP6T_SO_ORIGINAL_DST = support.tcp6.pair,
}

-- nil where this user or machine cannot have one.
local function socket_for(option)
  if not support.ipv6 and option.name:find("^IPV6_") then return nil end
  local s = (special[option.name] or makers[option.level])()
  return s
end

-- What a kernel may say besides a value: it is older than the option, or built
-- without it.
local function is_lacking(code)
  return code == "ENOPROTOOPT" or code == "EOPNOTSUPP"
end

local function is_whole(value)
  return type(value) == "number" and value == math.floor(value)
end

local function all(values, check)
  if type(values) ~= "table" then return false end
  for _, value in ipairs(values) do
    if not check(value) then return false end
  end
  return true
end

local checks = {
  boolean = function(v) return type(v) == "boolean" end,
  integer = function(v) return is_whole(v) or type(v) == "string" and #v == 8 end,
  rate = function(v) return type(v) == "number" and v > 0 end,
  seconds = function(v) return type(v) == "number" and v >= 0 end,
  linger = function(v) return v == false or is_whole(v) end,
  string = function(v) return type(v) == "string" end,
  bytes = function(v) return type(v) == "string" end,
  errno = function(v) return v == 0 or type(v) == "string" end,
  constant = function(v) return type(v) == "string" and v:find("^%u[%u%d_]+$") ~= nil end,
  interface = function(v) return is_whole(v) or type(v) == "string" end,
  list = function(v) return all(v, is_whole) end,
  filter = function(v) return all(v, function(row) return is_whole(row.code) end) end,
  credentials = function(v) return is_whole(v.pid) and is_whole(v.uid) and is_whole(v.gid) end,
  address = function(v) return v.port ~= nil end,
}

local types = { group = true, ["source group"] = true, membership = true, descriptor = true, none = true }
for name in pairs(checks) do types[name] = true end

-- --- the list --------------------------------------------------------------------------

describe("options()", function()
  it("describes each option once", function()
    assert.is_true(#list > 200)
    local seen = {}
    for _, option in ipairs(list) do
      assert.is_nil(seen[option.name], option.name)
      seen[option.name] = true
      assert.matches("^[%u%d]+_[%u%d_]+$", option.name)
      assert.is_true(makers[option.level] ~= nil, option.level)
      assert.is_true(types[option.type], option.type)
      assert.is_true(option.access == "get" or option.access == "set" or option.access == "get, set")
      assert.equal("boolean", type(option.available))
      assert.equal("string", type(option.systems))
      assert.is_true(option.unit == nil or #option.unit > 0)
    end
  end)

  it("has the options of the manual's pages", function()
    for _, name in ipairs {
      "SO_LINGER", "SO_REUSEADDR", "SO_MARK", "SO_ATTACH_FILTER", "IP_TTL", "IP_MULTICAST_IF",
      "IPV6_V6ONLY", "MCAST_JOIN_GROUP", "TCP_NODELAY", "TCP_FASTOPEN", "UDP_SEGMENT",
      "ICMP_FILTER", "PACKET_STATISTICS", "NETLINK_ADD_MEMBERSHIP",
    } do
      assert.is_table(options[name], name)
    end
    assert.equal("SOL_SOCKET", options.SO_LINGER.level)
    assert.equal("linger", options.SO_LINGER.type)
    assert.equal("seconds", options.SO_LINGER.unit)
    assert.equal("get, set", options.SO_LINGER.access)
    assert.equal("IPPROTO_TCP", options.TCP_NODELAY.level)
  end)
end)

-- --- reading --------------------------------------------------------------------------

-- What getsockopt may answer instead on any kernel.
local unreadable = {
  SO_PEERGROUPS = "ENODATA", SO_ORIGINAL_DST = "ENOENT", IP6T_SO_ORIGINAL_DST = "ENOENT",
  TCP_QUEUE_SEQ = "EINVAL", TCP_REPAIR_QUEUE = "EINVAL", SO_RESERVE_MEM = "EOPNOTSUPP",
}

describe("getsockopt()", function()
  for _, option in ipairs(list) do
    if option.available and option.access:find("get") then
      it("gives " .. option.name .. " as " .. option.type, function()
        local s = socket_for(option)
        if not s then return end
        local value, message, code = s:getsockopt(option.name)
        if value ~= nil then
          assert.is_true(checks[option.type](value), tostring(value))
        else
          assert_fails(code, "^getsockopt " .. option.name .. ": ", value, message, code)
          assert.is_true(is_lacking(code) or code == unreadable[option.name], message)
        end
      end)
    end
  end

  it("names families, types and protocols", function()
    for _, transport in ipairs(support.all) do
      local s = transport.socket()
      assert.equal(transport.type, s:getsockopt("SO_TYPE"))
      if options.SO_DOMAIN.available then
        assert.equal(transport.domain, s:getsockopt("SO_DOMAIN"))
        assert.equal(transport.protocol, s:getsockopt("SO_PROTOCOL"))
      end
    end
  end)

  it("gives the peer of a unix socket", function()
    if not options.SO_PEERCRED.available then return end
    local a = keep(net.socketpair())
    assert.same(a:peercred(), a:getsockopt("SO_PEERCRED"))
  end)

  it("gives the groups of that peer", function()
    local a = keep(net.socketpair())
    local groups = options.SO_PEERGROUPS.available and a:getsockopt("SO_PEERGROUPS")
    if not groups then return end
    local pipe = assert(io.popen("id -G"))
    local text = " " .. pipe:read("*l") .. " "
    pipe:close()
    for _, group in ipairs(groups) do
      assert.is_truthy(text:find((" %d "):format(group), 1, true), text)
    end
  end)

  it("raises for what can only be set", function()
    local s = udp()
    assert_raises("SO_DETACH_FILTER cannot be read", s.getsockopt, s, "SO_DETACH_FILTER")
    assert_raises("IP_ADD_MEMBERSHIP cannot be read", s.getsockopt, s, "IP_ADD_MEMBERSHIP")
  end)

  it("fails for another family's option as the kernel does", function()
    local _, message, code = unix():getsockopt("TCP_NODELAY")
    assert_fails(code, "^getsockopt TCP_NODELAY: ", nil, message, code)
  end)
end)

-- --- setting what was read ----------------------------------------------------------------

-- These give something else than was set, or take nothing that can be read.
local one_way = {
  SO_RCVBUF = true, SO_SNDBUF = true, -- Linux doubles them
  SO_ATTACH_FILTER = true, TCP_ULP = true, TCP_FASTOPEN_KEY = true, -- "" and {} are "none"
  IPV6_ADDRFORM = true, PACKET_FANOUT = true, IPV6_ROUTER_ALERT = true,
  TCP_TIMESTAMP = true, -- a clock
}

-- What setsockopt may answer instead.
local unsettable = {
  SO_SNDLOWAT = "ENOPROTOOPT", SO_RESERVE_MEM = "EOPNOTSUPP", IP_MULTICAST_TTL = "EINVAL",
  IP_ROUTER_ALERT = "ENOBUFS", -- to switch off what is off
}

local function same_as_set(s, option, value)
  local ok, message, code = s:setsockopt(option.name, value)
  if not ok then
    assert_fails(code, "^setsockopt " .. option.name .. ": ", ok, message, code)
    assert.is_true(is_lacking(code) or code == "EPERM" or code == "EACCES" or code == unsettable[option.name], message)
    return
  end
  assert.is_true(ok)
  local now = s:getsockopt(option.name)
  if option.type == "seconds" then
    assert.is_true(now >= value and now <= value + 0.02, now) -- the kernel counts in ticks
  else
    assert.same(value, now)
  end
end

describe("setsockopt()", function()
  for _, option in ipairs(list) do
    if option.available and option.access == "get, set" and not one_way[option.name] then
      it("takes what getsockopt gives for " .. option.name, function()
        local s = socket_for(option)
        local value = s and s:getsockopt(option.name)
        if value ~= nil then same_as_set(s, option, value) end
      end)
    end
  end

  -- Linux ignores the first two, and takes the third on raw sockets alone.
  local ignored = { SO_BSDCOMPAT = true, TCP_THIN_DUPACK = true, SO_LOCK_FILTER = true }

  for _, option in ipairs(list) do
    if option.available and option.access == "get, set" and option.type == "boolean" and
      not ignored[option.name] then
      it("switches " .. option.name .. " on and off", function()
        local s = socket_for(option)
        if not s or s:getsockopt(option.name) == nil then return end
        same_as_set(s, option, true)
        same_as_set(s, option, false)
        if s:setsockopt(option.name, 1) then
          assert.is_true(s:getsockopt(option.name))
          assert.is_true(s:setsockopt(option.name, 0))
          assert.is_false(s:getsockopt(option.name))
        end
      end)
    end
  end

  local values = {
    { "SO_RCVLOWAT", 100 }, { "SO_PRIORITY", 5 }, { "SO_MARK", 4294967295 }, { "SO_PEEK_OFF", 3 },
    { "SO_MAX_PACING_RATE", 125000 }, { "SO_MAX_PACING_RATE", 2 ^ 32 - 1 },
    { "SO_MAX_PACING_RATE", 2 ^ 40 }, { "SO_MAX_PACING_RATE", math.huge },
    { "SO_BUSY_POLL", 50 }, { "SO_LINGER", 7 }, { "SO_LINGER", 0 }, { "SO_LINGER", false },
    { "SO_RCVTIMEO", 1.5 }, { "SO_RCVTIMEO", 3 }, { "SO_RCVTIMEO", 0 }, { "SO_SNDTIMEO", 0.25 },
    { "SO_TXTIME", { 1, 0 } },
    { "IP_TTL", 33 }, { "IP_TTL", 255 }, { "IP_TOS", 16 }, { "IP_MINTTL", 5 }, { "IP_MULTICAST_TTL", 0 },
    { "IP_MULTICAST_TTL", 255 }, { "IP_MTU_DISCOVER", "IP_PMTUDISC_DO" },
    { "IP_MTU_DISCOVER", "IP_PMTUDISC_PROBE" }, { "IP_LOCAL_PORT_RANGE", { 40000, 40009 } },
    { "IP_OPTIONS", "\1\1\1\0" },
    { "IPV6_UNICAST_HOPS", 17 }, { "IPV6_MULTICAST_HOPS", 0 }, { "IPV6_MULTICAST_HOPS", 255 },
    { "IPV6_TCLASS", 32 }, { "IPV6_MINHOPCOUNT", 2 }, { "IPV6_MTU_DISCOVER", "IPV6_PMTUDISC_DO" },
    { "IPV6_CHECKSUM", 4 }, { "IPV6_CHECKSUM", -1 },
    { "TCP_KEEPIDLE", 100 }, { "TCP_KEEPINTVL", 10 }, { "TCP_KEEPCNT", 4 }, { "TCP_SYNCNT", 3 },
    { "TCP_LINGER2", 20 }, { "TCP_USER_TIMEOUT", 5000 }, { "TCP_NOTSENT_LOWAT", 16384 },
    { "TCP_CONGESTION", "reno" }, { "TCP_SAVE_SYN", 2 }, { "TCP_TX_DELAY", 1000 },
    { "UDP_SEGMENT", 1200 }, { "ICMP_FILTER", 0xfffffffe }, { "PACKET_RESERVE", 64 },
    { "SO_VM_SOCKETS_CONNECT_TIMEOUT", 1.5 }, { "SO_VM_SOCKETS_BUFFER_SIZE", 65536 },
  }

  for _, row in ipairs(values) do
    local name, value = row[1], row[2]
    if options[name].available then
      it(("gives %s back as %s was set"):format(name, tostring(value)), function()
        local s = socket_for(options[name])
        if s and s:getsockopt(name) ~= nil then same_as_set(s, options[name], value) end
      end)
    end
  end

  it("takes a constant as a number too", function()
    if not options.IP_MTU_DISCOVER.available then return end
    local s = udp()
    assert.is_true(s:setsockopt("IP_MTU_DISCOVER", net.constants().IP_PMTUDISC_DO))
    assert.equal("IP_PMTUDISC_DO", s:getsockopt("IP_MTU_DISCOVER"))
  end)

  it("takes no bound of time as nil", function()
    local s = tcp()
    assert(s:setsockopt("SO_RCVTIMEO", 2))
    assert.is_true(s:setsockopt("SO_RCVTIMEO", nil))
    assert.equal(0, s:getsockopt("SO_RCVTIMEO"))
    assert(s:setsockopt("SO_RCVTIMEO", math.huge))
    assert.equal(0, s:getsockopt("SO_RCVTIMEO"))
  end)

  it("does not make none of a tiny time", function()
    local s = tcp()
    assert(s:setsockopt("SO_RCVTIMEO", 1e-12))
    local seconds = s:getsockopt("SO_RCVTIMEO")
    assert.is_true(seconds > 0 and seconds <= 0.02) -- the kernel counts in ticks
    assert(s:setsockopt("SO_RCVTIMEO", 0.9999999999))
    assert.equal(1, s:getsockopt("SO_RCVTIMEO"))
  end)

  it("asks for no less buffer than it is told", function()
    local s = tcp()
    for _, name in ipairs { "SO_RCVBUF", "SO_SNDBUF" } do
      assert.is_true(s:setsockopt(name, 20000))
      assert.is_true(s:getsockopt(name) >= 20000)
    end
  end)

  it("tells what only a privileged user may do", function()
    if not options.SO_RCVBUFFORCE.available then return end
    local s = tcp()
    local ok, message, code = s:setsockopt("SO_RCVBUFFORCE", 100000)
    if ok then
      assert.is_true(s:getsockopt("SO_RCVBUF") >= 100000)
    else
      assert_fails("EPERM", "^setsockopt SO_RCVBUFFORCE: Operation not permitted$", ok, message, code)
    end
  end)
end)

-- --- mistakes --------------------------------------------------------------------------------

describe("a mistake", function()
  -- as it looks to who calls the method
  local function assert_message(text, fn)
    local ok, message = pcall(fn)
    assert.is_false(ok)
    assert.equal(text, (message:gsub("^[^ ]*%d+: ", "")))
  end

  it("in a value's type is told with the option's name", function()
    local s = tcp()
    assert_message("bad argument #2 to 'setsockopt' (SO_LINGER: whole seconds >= 0 or false expected, got string)",
      function() s:setsockopt("SO_LINGER", "5") end)
    assert_message("bad argument #2 to 'setsockopt' (SO_KEEPALIVE: boolean expected, got string)",
      function() s:setsockopt("SO_KEEPALIVE", "yes") end)
    assert_message("bad argument #2 to 'setsockopt' (SO_KEEPALIVE: boolean expected, got 2)",
      function() s:setsockopt("SO_KEEPALIVE", 2) end)
    assert_message("bad argument #2 to 'setsockopt' (SO_RCVBUF: integer expected, got nil)",
      function() s:setsockopt("SO_RCVBUF") end)
    assert_message("bad argument #2 to 'setsockopt' (SO_DETACH_FILTER: no value expected, got boolean)",
      function() s:setsockopt("SO_DETACH_FILTER", true) end)
  end)

  for _, option in ipairs(list) do
    if option.available and option.access:find("set") then
      it("in the type of " .. option.name .. " raises", function()
        local s = udp()
        assert_raises(option.name .. ": .* expected, got function", s.setsockopt, s, option.name, print)
        if option.type ~= "none" and option.type ~= "seconds" then
          assert_raises(option.name .. ": .* expected, got nil", s.setsockopt, s, option.name)
        end
      end)
    end
  end

  it("in an integer raises: fractions, other ranges, texts", function()
    local s = tcp()
    local wrong = {
      SO_RCVBUF = { 1.5, 2 ^ 31, -2 ^ 31 - 1, 2 ^ 53, 0 / 0, math.huge, "1", true },
      SO_MARK = { -1, 2 ^ 32, 0.5 },
      SO_LINGER = { -1, 2 ^ 31, 1.5, true, "1" },
      SO_RCVTIMEO = { -1, -1e-9, 0 / 0, "1", false },
      SO_MAX_PACING_RATE = { -1, 1.5, 0 / 0, -math.huge },
      IP_MULTICAST_TTL = { 256, -2, 1.5 },
      IP_LOCAL_PORT_RANGE = { { 1 }, { 1, 65536 }, { 1, 2, 3 }, { "1", 2 }, 5 },
      SO_TXTIME = { { -1 }, { "x" }, 1 },
      SO_KEEPALIVE = { -1, 2, 0.5 },
    }
    for name, values in pairs(wrong) do
      if options[name].available then
        for _, value in ipairs(values) do
          assert_raises(name .. ": .* expected, got ", s.setsockopt, s, name, value)
        end
      end
    end
  end)

  it("in a constant lists the valid ones", function()
    if not options.IP_MTU_DISCOVER.available then return end
    local s = udp()
    local message = assert_raises("IP_PMTUDISC_DOO", s.setsockopt, s, "IP_MTU_DISCOVER", "IP_PMTUDISC_DOO")
    assert.matches("IP_PMTUDISC_PROBE", message)
  end)

  it("in a name lists the names that begin alike", function()
    local s = tcp()
    for _, method in ipairs { "getsockopt", "setsockopt" } do
      local message = assert_raises("unknown option 'SO_RCVBUFF' %(valid: SO_RCVBUF, SO_RCVBUFFORCE%)",
        s[method], s, "SO_RCVBUFF", method == "setsockopt" and 1 or nil)
      assert.not_matches("SO_LINGER", message)
    end
    assert_raises("valid: TCP_NODELAY%)", s.getsockopt, s, "TCP_NODELY")
  end)

  it("in a name lists all with its prefix, or the prefixes", function()
    local s = tcp()
    local message = assert_raises("unknown option 'UDP_XYZ'", s.getsockopt, s, "UDP_XYZ")
    assert.matches("UDP_CORK, .*UDP_SEGMENT", message)
    assert.not_matches("TCP_", message)
    assert_raises("unknown option 'REUSEADDR' %(names begin with SO_, IP_, ", s.getsockopt, s, "REUSEADDR")
    assert_raises("unknown option ''", s.getsockopt, s, "")
    assert_raises("unknown option 'SO_MARK'", s.getsockopt, s, "SO_MARK\0")
    assert_raises("unknown option 'SO_xxx", s.getsockopt, s, "SO_" .. ("x"):rep(1e6))
  end)

  it("in an argument raises", function()
    local s = tcp()
    assert_raises("string expected", s.getsockopt, s)
    assert_raises("string expected", s.getsockopt, s, {})
    assert_raises("string expected", s.setsockopt, s)
    assert_raises("SO_TYPE cannot be set", s.setsockopt, s, "SO_TYPE", 1)
    for _, wrong in ipairs { 1, "x", {} } do
      assert_raises("dialtone.socket expected", s.getsockopt, wrong, "SO_TYPE")
      assert_raises("dialtone.socket expected", s.setsockopt, wrong, "SO_DEBUG", false)
    end
  end)
end)

describe("an option", function()
  it("fails with what the kernel says, and the socket is none the worse", function()
    if not support.fault then return end
    local s = tcp()
    for _, code in ipairs { "EINVAL", "ERANGE", "ENOMEM" } do
      support.fault.fail("getsockopt", code)
      assert_fails(code, "^getsockopt SO_RCVBUF: ", s:getsockopt("SO_RCVBUF"))
      support.fault.fail("getsockopt", code)
      assert_fails(code, "^getsockopt IPPROTO_IP 2: ", s:getsockopt("IPPROTO_IP", 2))
      support.fault.fail("setsockopt", code)
      assert_fails(code, "^setsockopt SO_RCVTIMEO: ", s:setsockopt("SO_RCVTIMEO", 1))
      support.fault.fail("setsockopt", code)
      assert_fails(code, "^setsockopt IPPROTO_IP 2: ", s:setsockopt("IPPROTO_IP", 2, 1))
    end
    assert.equal(0, s:getsockopt("SO_RCVTIMEO"))
    assert.is_true(s:getsockopt("SO_RCVBUF") > 0)
  end)

  it("that this system does not have fails", function()
    for _, option in ipairs(list) do
      if not option.available then
        local s = tcp()
        if option.access:find("get") then
          assert_fails("ENOPROTOOPT", "^getsockopt " .. option.name .. ": not on this system$",
            s:getsockopt(option.name))
        end
        if option.access:find("set") then
          assert_fails("ENOPROTOOPT", "^setsockopt " .. option.name .. ": not on this system$",
            s:setsockopt(option.name, true))
        end
        s:close()
      end
    end
  end)

  it("of a closed socket fails", function()
    local s = tcp()
    s:close()
    assert_fails("closed", "^getsockopt: ", s:getsockopt("SO_TYPE"))
    assert_fails("closed", "^setsockopt: ", s:setsockopt("SO_KEEPALIVE", true))
    assert_fails("closed", "^getsockopt: ", s:getsockopt("SOL_SOCKET", 1))
    assert_fails("closed", "^setsockopt: ", s:setsockopt("SOL_SOCKET", 1, 1))
  end)

  it("of a descriptor that was closed behind our back fails, and the object knows", function()
    local s = tcp()
    local copy = net.fromfd(s:fileno())
    s:close()
    assert_fails("EBADF", "^getsockopt SO_TYPE: ", copy:getsockopt("SO_TYPE"))
    assert_fails("closed", "^getsockopt: ", copy:getsockopt("SO_TYPE"))
  end)

  it("does not outlast a socket that its value has closed", function()
    local s = udp()
    local group = setmetatable({}, { __index = function(_, key)
      s:close()
      if key == "group" then return "239.1.2.3" end
    end })
    assert_fails("closed", "^setsockopt: ", s:setsockopt("IP_ADD_MEMBERSHIP", group))
  end)
end)

-- --- the plain form ------------------------------------------------------------------------------

describe("level and number", function()
  local c = net.constants()

  it("get bytes", function()
    local s = tcp()
    local bytes = assert(s:getsockopt("SOL_SOCKET", c.SO_TYPE))
    assert.equal(4, #bytes)
    assert.equal(c.SOCK_STREAM, math.max(bytes:byte(1, 4)))
    assert.equal(bytes, s:getsockopt(c.SOL_SOCKET, c.SO_TYPE, 4))
    assert.equal("", s:getsockopt("SOL_SOCKET", c.SO_TYPE, 0))
    assert.equal(bytes, s:getsockopt("SOL_SOCKET", c.SO_TYPE, 100000))
  end)

  it("set bytes or an integer", function()
    local s = tcp()
    assert.is_true(s:setsockopt("SOL_SOCKET", c.SO_KEEPALIVE, 1))
    local on = s:getsockopt("SOL_SOCKET", c.SO_KEEPALIVE)
    assert.is_true(s:getsockopt("SO_KEEPALIVE"))
    assert.is_true(s:setsockopt("SOL_SOCKET", c.SO_KEEPALIVE, ("\0"):rep(4)))
    assert.is_false(s:getsockopt("SO_KEEPALIVE"))
    assert.is_true(s:setsockopt("SOL_SOCKET", c.SO_KEEPALIVE, on))
    assert.is_true(s:getsockopt("SO_KEEPALIVE"))
    assert.is_true(s:setsockopt("SOL_SOCKET", c.SO_KEEPALIVE, false))
    assert.is_false(s:getsockopt("SO_KEEPALIVE"))
  end)

  it("take the option's name as well, as in C", function()
    local s = tcp()
    assert.is_true(s:setsockopt("SOL_SOCKET", "SO_KEEPALIVE", true))
    assert.is_true(s:getsockopt("SOL_SOCKET", "SO_KEEPALIVE"))
    assert.is_true(s:setsockopt("IPPROTO_TCP", "TCP_NODELAY", false))
    assert.is_false(s:getsockopt("SOL_TCP", "TCP_NODELAY"))
    assert_raises("TCP_NODELAY is an option of level IPPROTO_TCP", s.getsockopt, s, "SOL_SOCKET", "TCP_NODELAY")
    assert_raises("unknown option 'SO_KEEPALIV'", s.setsockopt, s, "SOL_SOCKET", "SO_KEEPALIV", 1)
  end)

  it("fail with the numbers in the message", function()
    local s = tcp()
    assert_fails("ENOPROTOOPT", "^getsockopt SOL_SOCKET 9999: ", s:getsockopt("SOL_SOCKET", 9999))
    assert_fails("ENOPROTOOPT", "^setsockopt SOL_SOCKET 9999: ", s:setsockopt("SOL_SOCKET", 9999, 1))
    local _, message, code = s:getsockopt(9999, 1)
    assert_fails(code, "^getsockopt 9999 1: ", nil, message, code)
  end)

  it("are checked", function()
    local s = tcp()
    assert_raises("SOL_SOCKET", s.getsockopt, s, "SOL_SOKET", 1)
    assert_raises("bad argument", s.getsockopt, s, "SOL_SOCKET", 1.5)
    assert_raises("bad argument", s.getsockopt, s, "SOL_SOCKET", {})
    assert_raises("bad argument", s.getsockopt, s, "SOL_SOCKET", 1, -1)
    assert_raises("bad argument", s.getsockopt, s, "SOL_SOCKET", 1, 2 ^ 40)
    assert_raises("bad argument", s.setsockopt, s, "SOL_SOCKET", 1, {})
    assert_raises("bad argument", s.setsockopt, s, "SOL_SOCKET", 1, 2 ^ 40)
    assert_raises("bad argument", s.setsockopt, s, "SOL_SOCKET", 1, 1.5)
  end)

  it("set a bound of time that the calls heed", function()
    local s = support.udp4.bound()
    local other = tcp()
    assert(other:setsockopt("SO_RCVTIMEO", 0.05))
    local bytes = other:getsockopt("SOL_SOCKET", c.SO_RCVTIMEO)
    assert.is_true(s:setsockopt("SOL_SOCKET", c.SO_RCVTIMEO, bytes))
    support.assert_takes(0.05, function() assert_fails("EAGAIN", "^recv", s:recv(1)) end)
  end)
end)
