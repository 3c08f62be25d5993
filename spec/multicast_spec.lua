-- multicast_spec.lua - groups joined and left, sources chosen and blocked: ip(7),
-- ipv6(7), RFC 3678.  All stays on this host: IPv4 on the loopback, and IPv6,
-- whose loopback has no way for groups, in interface-local scope (ff01::).

local net = require "dialtone"
local support = require "spec.support.transport"
local assert_fails, assert_raises = support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local options = {}
for _, option in ipairs(net.options()) do options[option.name] = option end

local lo = net.if_nametoindex("lo")
if not lo then return end -- not Linux

-- An interface that IPv6 groups can be reached on, and its address; or the
-- loopback, on which they can be joined at least.
local function interface_for_groups()
  for _, interface in ipairs(net.interfaces()) do
    if interface.flags.IFF_UP and interface.flags.IFF_RUNNING and interface.flags.IFF_MULTICAST then
      for _, entry in ipairs(interface.addresses) do
        if entry.address.host:find("^fe80:") then return interface.name, entry.address end
      end
    end
  end
  return "lo"
end
local device, own_address = interface_for_groups()

local families = {
  {
    name = "IPv4", transport = support.udp4, any = "0.0.0.0", interface = "lo",
    group = "239.195.7.1", unicast = "127.0.0.1",
    send_if = "IP_MULTICAST_IF", join = "IP_ADD_MEMBERSHIP", leave = "IP_DROP_MEMBERSHIP",
    loop = "IP_MULTICAST_LOOP", hops = "IP_MULTICAST_TTL", recv_hops = "IP_RECVTTL", hops_type = "IP_TTL",
    other = "ff01::1:7", all = "IP_MULTICAST_ALL",
  },
  {
    name = "IPv6", transport = support.udp6, any = "::", interface = device, deaf = not own_address,
    group = "ff01::1:7", unicast = "::1",
    send_if = "IPV6_MULTICAST_IF", join = "IPV6_JOIN_GROUP", leave = "IPV6_LEAVE_GROUP",
    loop = "IPV6_MULTICAST_LOOP", hops = "IPV6_MULTICAST_HOPS", recv_hops = "IPV6_RECVHOPLIMIT",
    hops_type = "IPV6_HOPLIMIT", other = "239.195.7.1", all = "IPV6_MULTICAST_ALL",
  },
}
if not support.ipv6 then families[2] = nil end
for _, family in ipairs(families) do family.index = net.if_nametoindex(family.interface) end

-- It hears what it has joined itself: other processes may run this file, too.
local function receiver(family)
  local s = family.transport.socket()
  if options[family.all].available then s:setsockopt(family.all, false) end -- an old kernel may fail
  assert(s:bind(family.any, 0))
  assert(s:settimeout(2))
  return s
end

-- A sender, and a function that sends to the group at the receiver's port.
local function sender(family, to)
  local s = family.transport.socket()
  assert(s:setsockopt(family.send_if, family.interface))
  local scope = family.name == "IPv6" and family.index or nil
  local address = net.address { host = family.group, port = to:getsockname().port, scope = scope }
  return s, function(text)
    if not family.deaf then assert(s:sendto(text, address)) end
  end
end

-- What was sent has come.
local function assert_heard(family, socket, text)
  if not family.deaf then assert.equal(text, socket:recv(100)) end
end

local function assert_silent(socket)
  assert_fails("EAGAIN", "^recv", socket:recv(100, "MSG_DONTWAIT"))
end

-- The receiver hears the group after `join`, and not before nor after `leave`.
local function assert_membership(family, join, leave, value)
  local s = receiver(family)
  local _, send = sender(family, s)
  send("before")
  assert_silent(s)
  assert.is_true(assert(s:setsockopt(join, value)))
  send("hello")
  assert_heard(family, s, "hello")
  assert_fails("EADDRINUSE", "^setsockopt " .. join .. ": ", s:setsockopt(join, value))
  assert.is_true(assert(s:setsockopt(leave, value)))
  send("after")
  assert_silent(s)
  assert_fails("EADDRNOTAVAIL", "^setsockopt " .. leave .. ": ", s:setsockopt(leave, value))
end

for _, family in ipairs(families) do
  describe("a group of " .. family.name, function()
    it("is joined and left on an interface by name, index and its text", function()
      for _, interface in ipairs { family.interface, family.index, tostring(family.index) } do
        assert_membership(family, family.join, family.leave, { group = family.group, interface = interface })
      end
    end)

    it("is joined and left by the calls for both families", function()
      assert_membership(family, "MCAST_JOIN_GROUP", "MCAST_LEAVE_GROUP",
        { group = family.group, interface = family.interface })
    end)

    it("may be an address value", function()
      local group = net.address(family.group, 0)
      assert_membership(family, family.join, family.leave, { group = group, interface = family.interface })
      assert_membership(family, "MCAST_JOIN_GROUP", "MCAST_LEAVE_GROUP",
        { group = group, interface = family.interface })
    end)

    it("alone is joined where the system will", function()
      local s = receiver(family)
      local ok, message, code = s:setsockopt(family.join, family.group)
      if ok then
        assert.is_true(s:setsockopt(family.leave, family.group))
      else -- no route
        assert_fails(code, "^setsockopt " .. family.join .. ": ", ok, message, code)
        assert.is_true(code == "ENODEV" or code == "EADDRNOTAVAIL", message)
      end
    end)

    it("is no other address", function()
      local s = receiver(family)
      assert_fails("EINVAL", "^setsockopt " .. family.join .. ": ",
        s:setsockopt(family.join, { group = family.unicast, interface = family.interface }))
      for _, text in ipairs { family.other, "nonsense", "", "239.1.2", "ff01::1:7::" } do
        for _, name in ipairs { family.join, "MCAST_JOIN_GROUP" } do
          assert_fails("EINVAL", "^setsockopt " .. name .. ": .*", s:setsockopt(name, text))
          assert_fails("EINVAL", "^setsockopt " .. name .. ": .*", s:setsockopt(name, { group = text }))
        end
      end
      assert_fails("EINVAL", "not an IPv%d address", s:setsockopt(family.join, net.address(family.other, 0)))
    end)

    it("needs an interface that exists", function()
      local s = receiver(family)
      for _, interface in ipairs { "nosuch0", 999999 } do
        assert_fails("ENODEV", "^setsockopt " .. family.join .. ": No such device",
          s:setsockopt(family.join, { group = family.group, interface = interface }))
      end
    end)

    it("is checked", function()
      local s = receiver(family)
      for _, name in ipairs { family.join, "MCAST_JOIN_GROUP" } do
        for _, wrong in ipairs { 1, true, print } do
          assert_raises(name .. ": group or .* expected", s.setsockopt, s, name, wrong)
        end
        assert_raises(name .. ": field 'group': address expected, got nil", s.setsockopt, s, name, {})
        assert_raises(name .. ": field 'group': ", s.setsockopt, s, name, { group = 5 })
        assert_raises(name .. ": field 'interface': ", s.setsockopt, s, name, { group = family.group, interface = {} })
        assert_raises(name .. ": field 'interface': ", s.setsockopt, s, name, { group = family.group, interface = -1 })
        assert_raises(name .. ": unknown field 'iface'", s.setsockopt, s, name, { group = family.group, iface = "lo" })
        assert_raises(name .. ": unknown field 'source'", s.setsockopt, s, name, { group = family.group, source = "x" })
      end
    end)

    it("is not heard by the sender's own host when the loop is off", function()
      local s = receiver(family)
      assert(s:setsockopt(family.join, { group = family.group, interface = family.interface }))
      local from, send = sender(family, s)
      assert.is_true(from:getsockopt(family.loop))
      send("heard")
      assert_heard(family, s, "heard")
      assert(from:setsockopt(family.loop, false))
      assert.is_false(from:getsockopt(family.loop))
      if family.interface == "lo" then return end -- a loopback brings everything back
      send("unheard")
      assert_silent(s)
    end)

    it("is reached with the hops that were set", function()
      local s = receiver(family)
      assert(s:setsockopt(family.join, { group = family.group, interface = family.interface }))
      assert(s:setsockopt(family.recv_hops, true))
      local from, send = sender(family, s)
      for _, hops in ipairs { 1, 7, 255 } do
        assert(from:setsockopt(family.hops, hops))
        send("x")
        if not family.deaf then assert.equal(hops, s:recvmsg(10).control[family.hops_type]) end
      end
      assert(from:setsockopt(family.hops, -1)) -- the default
      assert.equal(1, from:getsockopt(family.hops))
    end)

    it("is left out by a socket that wants only its own groups", function()
      local name = family.all
      local member, other = receiver(family), family.transport.socket()
      local port = member:getsockname().port
      member:close()
      member = family.transport.socket()
      for _, s in ipairs { member, other } do
        assert(s:setsockopt("SO_REUSEADDR", true))
        assert(s:bind(family.any, port))
      end
      assert(member:setsockopt(family.join, { group = family.group, interface = family.interface }))
      local _, send = sender(family, member)
      if not other:setsockopt(name, true) then return end
      send("to all")
      assert_heard(family, other, "to all")
      assert(other:setsockopt(name, false))
      send("to members")
      assert_silent(other)
    end)
  end)
end

describe("a group's source", function()
  local ipv4 = families[1]

  -- Sends from 127.0.0.1 and 127.0.0.9, and gives what came.
  local function heard(s)
    for _, host in ipairs { "127.0.0.1", "127.0.0.9" } do
      local from = support.udp4.socket()
      assert(from:bind(host, 0))
      assert(from:setsockopt("IP_MULTICAST_IF", "lo"))
      assert(from:sendto(host, ipv4.group, s:getsockname().port))
    end
    local all = {}
    while true do
      local text = s:recv(100, "MSG_DONTWAIT")
      if not text then return table.concat(all, " ") end
      all[#all + 1] = text
    end
  end

  local names = {
    { "IP_ADD_SOURCE_MEMBERSHIP", "IP_DROP_SOURCE_MEMBERSHIP" },
    { "MCAST_JOIN_SOURCE_GROUP", "MCAST_LEAVE_SOURCE_GROUP" },
  }
  local interfaces = {
    { "lo", lo, "127.0.0.1", net.address("127.0.0.1", 0) },
    { "lo", lo },
  }
  for i, pair in ipairs(names) do
    it("is the only one that is heard: " .. pair[1], function()
      for _, interface in ipairs(interfaces[i]) do
        local s = receiver(ipv4)
        local value = { group = ipv4.group, source = "127.0.0.9", interface = interface }
        assert.equal("", heard(s))
        assert.is_true(assert(s:setsockopt(pair[1], value)))
        assert.equal("127.0.0.9", heard(s))
        assert.is_true(assert(s:setsockopt(pair[2], value)))
        assert.equal("", heard(s))
      end
    end)
  end

  local blocks = { { "IP_BLOCK_SOURCE", "IP_UNBLOCK_SOURCE" }, { "MCAST_BLOCK_SOURCE", "MCAST_UNBLOCK_SOURCE" } }
  for i, pair in ipairs(blocks) do
    it("can be blocked and unblocked: " .. pair[1], function()
      for _, interface in ipairs(interfaces[i]) do
        local s = receiver(ipv4)
        local value = { group = ipv4.group, source = net.address("127.0.0.9", 0), interface = interface }
        assert(s:setsockopt("IP_ADD_MEMBERSHIP", { group = ipv4.group, interface = "lo" }))
        assert.equal("127.0.0.1 127.0.0.9", heard(s))
        assert.is_true(assert(s:setsockopt(pair[1], value)))
        assert.equal("127.0.0.1", heard(s))
        assert.is_true(assert(s:setsockopt(pair[2], value)))
        assert.equal("127.0.0.1 127.0.0.9", heard(s))
      end
    end)
  end

  it("is chosen in IPv6, too", function()
    local ipv6 = families[2]
    if not ipv6 or ipv6.deaf then return end
    local s = receiver(ipv6)
    local from, send = sender(ipv6, s)
    assert(from:bind(own_address))
    local value = { group = ipv6.group, source = own_address, interface = ipv6.interface }
    assert(s:setsockopt("MCAST_JOIN_SOURCE_GROUP", value))
    send("hello")
    assert_heard(ipv6, s, "hello")
    assert(s:setsockopt("MCAST_LEAVE_SOURCE_GROUP", value))
    value.source = "2001:db8::1"
    assert(s:setsockopt("MCAST_JOIN_SOURCE_GROUP", value))
    send("hello")
    assert_silent(s)
  end)

  it("must be given", function()
    local s = receiver(ipv4)
    for _, name in ipairs { "IP_ADD_SOURCE_MEMBERSHIP", "MCAST_JOIN_SOURCE_GROUP", "IP_BLOCK_SOURCE" } do
      assert_raises(name .. ": table { group =, source = } expected, got string", s.setsockopt, s, name, ipv4.group)
      assert_raises(name .. ": field 'source': address expected, got nil",
        s.setsockopt, s, name, { group = ipv4.group })
      assert_fails("EINVAL", "^setsockopt " .. name .. ": ", s:setsockopt(name, { group = ipv4.group, source = "::1" }))
    end
    assert_fails("EINVAL", "name or index", s:setsockopt("MCAST_JOIN_SOURCE_GROUP",
      { group = ipv4.group, source = "127.0.0.1", interface = "127.0.0.1" }))
  end)
end)

describe("the interface for sending", function()
  it("of IPv4 is given by name, index, text of an address and value", function()
    local s = support.udp4.socket()
    assert.equal("0.0.0.0", s:getsockopt("IP_MULTICAST_IF"))
    assert.is_true(s:setsockopt("IP_MULTICAST_IF", "127.0.0.1"))
    assert.equal("127.0.0.1", s:getsockopt("IP_MULTICAST_IF"))
    assert.is_true(s:setsockopt("IP_MULTICAST_IF", "0.0.0.0"))
    assert.equal("0.0.0.0", s:getsockopt("IP_MULTICAST_IF"))
    assert.is_true(s:setsockopt("IP_MULTICAST_IF", net.address("127.0.0.1:5")))
    assert.equal("127.0.0.1", s:getsockopt("IP_MULTICAST_IF"))
    for _, interface in ipairs { "lo", lo, tostring(lo) } do
      assert.is_true(s:setsockopt("IP_MULTICAST_IF", interface))
    end
    assert_fails("ENODEV", "^setsockopt IP_MULTICAST_IF: ", s:setsockopt("IP_MULTICAST_IF", "nosuch0"))
    assert_fails("EADDRNOTAVAIL", "^setsockopt IP_MULTICAST_IF: ", s:setsockopt("IP_MULTICAST_IF", "203.0.113.9"))
  end)

  it("of IPv6 is given by name and index", function()
    if not support.ipv6 then return end
    local s = support.udp6.socket()
    for _, interface in ipairs { "lo", lo, tostring(lo) } do
      assert.is_true(s:setsockopt("IPV6_MULTICAST_IF", interface))
      assert.equal(lo, s:getsockopt("IPV6_MULTICAST_IF"))
      assert.is_true(s:setsockopt("IPV6_MULTICAST_IF", 0))
      assert.equal(0, s:getsockopt("IPV6_MULTICAST_IF"))
    end
    assert_fails("ENODEV", "^setsockopt IPV6_MULTICAST_IF: ", s:setsockopt("IPV6_MULTICAST_IF", "nosuch0"))
    assert_fails("ENODEV", "^setsockopt IPV6_MULTICAST_IF: ", s:setsockopt("IPV6_MULTICAST_IF", 999999))
  end)
end)

describe("a group's scope", function()
  it("is the interface, when none is given", function()
    if not support.ipv6 then return end
    local ipv6 = families[2]
    assert_membership(ipv6, "IPV6_JOIN_GROUP", "IPV6_LEAVE_GROUP", ipv6.group .. "%" .. ipv6.interface)
    assert_membership(ipv6, "MCAST_JOIN_GROUP", "MCAST_LEAVE_GROUP", ipv6.group .. "%" .. ipv6.interface)
    assert_membership(ipv6, "IPV6_JOIN_GROUP", "IPV6_LEAVE_GROUP",
      { group = ipv6.group .. "%" .. ipv6.interface })
  end)
end)
