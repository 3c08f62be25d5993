-- raw_spec.lua - sockets below TCP and UDP: ICMP echo, packets of the loopback
-- interface, the kernel's list of links.  Where a process may not, it is told so:
-- EPERM or EACCES.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails = support.keep, support.assert_fails
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- --- bytes, on every Lua --------------------------------------------------------

local function big16(number)
  return string.char(math.floor(number / 256), number % 256)
end

local function number16(text, at)
  local high, low = text:byte(at, at + 1)
  return high * 256 + low
end

-- The kernel's own structures are in the processor's order: this is SO_TYPE, 1.
local little
do
  local s = net.socket("AF_INET", "SOCK_STREAM")
  little = s:getsockopt(1, 3, 4):byte(1) == 1
  s:close()
end

local function native(number, size)
  local bytes = {}
  for i = 1, size do
    bytes[little and i or size + 1 - i] = string.char(math.floor(number / 256 ^ (i - 1)) % 256)
  end
  return table.concat(bytes)
end

local function from_native(text, at, size)
  local number = 0
  for i = 1, size do
    number = number * 256 + text:byte(little and at + size - i or at + i - 1)
  end
  return number
end

-- --- ICMP -------------------------------------------------------------------------

-- RFC 1071
local function checksum(text)
  local sum = 0
  for i = 1, #text - 1, 2 do sum = sum + number16(text, i) end
  if #text % 2 == 1 then sum = sum + text:byte(-1) * 256 end
  while sum > 65535 do sum = sum % 65536 + math.floor(sum / 65536) end
  return 65535 - sum
end

local function echo_request(kind, id, payload)
  local rest = big16(id) .. big16(1) .. payload
  return string.char(kind, 0) .. big16(checksum(string.char(kind, 0, 0, 0) .. rest)) .. rest
end

local families = {
  { domain = "AF_INET", protocol = "IPPROTO_ICMP", host = "127.0.0.1", request = 8, reply = 0 },
  { domain = "AF_INET6", protocol = "IPPROTO_ICMPV6", host = "::1", request = 128, reply = 129 },
}

-- Receives until the reply to `payload` comes; returns who sent it.
local function await_reply(s, family, raw, payload)
  s:settimeout(30)
  while true do
    local data, from = assert(s:recvfrom(2000))
    if raw and family.domain == "AF_INET" then -- its IP header comes along
      data = data:sub(data:byte(1) % 16 * 4 + 1)
    end
    if data:byte(1) == family.reply and data:sub(9) == payload then return from end
  end
end

local function ping(s, family, raw)
  local payload = "dialtone " .. tostring(s:fileno()) .. " " .. support.clock()
  local packet = echo_request(family.request, 4321, payload)
  assert.equal(#packet, s:sendto(packet, family.host))
  local from = await_reply(s, family, raw, payload)
  assert.equal(family.domain, from.family)
  assert.equal(family.host, from.host)
  -- the same on a connected socket
  payload = payload .. "!"
  packet = echo_request(family.request, 4321, payload)
  assert.is_true(s:connect(net.address(family.host, 0)))
  assert.equal(#packet, s:send(packet))
  await_reply(s, family, raw, payload)
end

-- Whether the code is one of those for what a process may not do.
local function assert_forbidden(operation, value, message, code)
  assert(code == "EPERM" or code == "EACCES", code)
  assert_fails(code, "^" .. operation .. " AF_.*: %u", value, message, code)
end

for _, family in ipairs(families) do
  if family.domain == "AF_INET" or support.ipv6 then
    describe("a raw socket of " .. family.protocol, function()
      it("gets an echo from loopback, or EPERM", function()
        local s, message, code = net.socket(family.domain, "SOCK_RAW", family.protocol)
        if not s then return assert_forbidden("socket", s, message, code) end
        keep(s)
        assert.equal("SOCK_RAW", s:type())
        assert.equal(family.protocol, s:protocol())
        ping(s, family, true)
      end)
    end)

    describe("an unprivileged socket of " .. family.protocol, function()
      it("gets an echo from loopback, or EACCES", function()
        local s, message, code = net.socket(family.domain, "SOCK_DGRAM", family.protocol)
        if not s then return assert_forbidden("socket", s, message, code) end
        keep(s)
        assert.equal("SOCK_DGRAM", s:type())
        assert.equal(family.protocol, s:protocol())
        ping(s, family, false)
      end)
    end)
  end
end

-- --- packets ------------------------------------------------------------------------

local function supported(file)
  local handle = io.open(file)
  if handle then handle:close() end
  return handle ~= nil
end

if supported("/proc/net/packet") then
  describe("a packet socket", function()
    -- Receives until a packet with the payload comes. Others' traffic on the loopback
    -- may take all the room of the queue: then it is sent again. `each` is given every
    -- packet's address.
    local function capture(s, payload, send, each)
      local until_, again = support.clock() + 30, 0
      s:settimeout(0.5)
      repeat
        if support.clock() >= again then
          assert(send())
          again = support.clock() + 0.5
        end
        local data, from, code = s:recvfrom(70000)
        assert(data or code == "timeout", from)
        if data and each then each(from) end
        local at = data and data:find(payload, 1, true)
        if at then return data, from, at end
      until support.clock() > until_
      error("the packet was not captured within 30 s")
    end

    for _, kind in ipairs { "SOCK_RAW", "SOCK_DGRAM" } do
      it("captures loopback traffic, or EPERM: " .. kind, function()
        local s, message, code = net.socket("AF_PACKET", kind)
        if not s then return assert_forbidden("socket", s, message, code) end
        keep(s)
        assert(s:bind { family = "AF_PACKET", interface = "lo", protocol = "ETH_P_ALL" })
        local name = s:getsockname()
        assert.equal("AF_PACKET", name.family)
        assert.equal("lo", name.interface)
        assert.equal(net.if_nametoindex("lo"), name.ifindex)

        local a, b = support.udp4.pair()
        local payload = "a datagram to myself " .. support.clock()
        local data, from, at = capture(s, payload, function() return a:send(payload) end)
        assert.equal("AF_PACKET", from.family)
        assert.equal("lo", from.interface)
        assert.equal("ETH_P_IP", from.protocol)
        -- before the payload: UDP's header, with both ports
        assert.equal(a:getsockname().port, number16(data, at - 8))
        assert.equal(b:getsockname().port, number16(data, at - 6))
        -- Ethernet (14 bytes, SOCK_RAW only), IP (20), UDP (8)
        assert.equal(kind == "SOCK_RAW" and 43 or 29, at)
        assert.equal(payload, b:recv(100))
      end)
    end

    it("takes one protocol alone, by the text of its address", function()
      local s, message, code = net.socket("AF_PACKET", "SOCK_DGRAM")
      if not s then return assert_forbidden("socket", s, message, code) end
      keep(s)
      assert(s:bind("packet:lo/ETH_P_IPV6"))
      assert.equal("packet:lo/ETH_P_IPV6", tostring(s:getsockname()):match("^packet:lo/[%w_]+"))
      local a = support.udp4.pair()
      assert(a:send("IPv4 is not captured"))
      if support.ipv6 then
        local c = support.udp6.pair()
        local payload = "IPv6 is " .. support.clock()
        capture(s, payload, function() return c:send(payload) end, function(from)
          assert.equal("ETH_P_IPV6", from.protocol)
        end)
      end
    end)

    it("sends a frame that another one captures, or EPERM", function()
      local s, message, code = net.socket("AF_PACKET", "SOCK_DGRAM")
      if not s then return assert_forbidden("socket", s, message, code) end
      keep(s)
      local reader = keep(net.socket("AF_PACKET", "SOCK_DGRAM"))
      assert(reader:bind("packet:lo/0x88b5")) -- for local experiments (IEEE 802)
      local payload = "a frame " .. support.clock()
      local data, from = capture(reader, payload, function()
        local sent = s:sendto(payload, "packet:lo/0x88b5/00:00:00:00:00:00")
        assert.equal(#payload, sent)
        return sent
      end)
      assert.equal(payload, data)
      assert.equal("lo", from.interface)
      assert.equal(0x88b5, tonumber(from.protocol))
    end)

    it("gives frames as messages too, with the time when they came", function()
      local reader, message, code = net.socket("AF_PACKET", "SOCK_DGRAM")
      if not reader then return assert_forbidden("socket", reader, message, code) end
      keep(reader):settimeout(5)
      assert(reader:setsockopt("SO_TIMESTAMPNS", true))
      assert(reader:bind("packet:lo/0x88b6"))
      assert(reader:setsockopt("PACKET_IGNORE_OUTGOING", true))
      local sender = keep(net.socket("AF_PACKET", "SOCK_DGRAM"))
      for _ = 1, 2 do
        assert(sender:sendto("a frame", "packet:lo/0x88b6/00:00:00:00:00:00"))
      end
      local frame = assert(reader:recvmsg(100))
      assert.equal("a frame", frame[1])
      assert(math.abs(frame.control.SO_TIMESTAMPNS.sec - os.time()) <= 2)
      assert.equal("a frame", assert(reader:recvmany(2, 100))[1][1])
    end)
  end)
end

-- --- netlink ------------------------------------------------------------------------

if supported("/proc/net/netlink") then
  describe("a netlink socket", function()
    local RTM_NEWLINK, RTM_GETLINK, NLMSG_DONE, IFLA_IFNAME = 16, 18, 3, 3
    local NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300

    -- The names in one datagram of the answer, into `links`; true at its end.
    local function read_links(data, links)
      local at = 1
      while at + 15 <= #data do
        local length, kind = from_native(data, at, 4), from_native(data, at + 4, 2)
        assert(kind == RTM_NEWLINK or kind == NLMSG_DONE, kind)
        if kind == NLMSG_DONE then return true end
        local index = from_native(data, at + 20, 4)
        local attribute = at + 32 -- after nlmsghdr (16) and ifinfomsg (16)
        while attribute + 4 <= at + length do
          local size = from_native(data, attribute, 2)
          if from_native(data, attribute + 2, 2) == IFLA_IFNAME then
            links[index] = data:sub(attribute + 4, attribute + size - 2)
          end
          attribute = attribute + math.floor((size + 3) / 4) * 4
        end
        at = at + math.floor((length + 3) / 4) * 4
      end
    end

    it("lists the links that if_nametoindex knows", function()
      local s, message, code = net.socket("AF_NETLINK", "SOCK_RAW", "NETLINK_ROUTE")
      if not s then return assert_forbidden("socket", s, message, code) end
      keep(s)
      assert.is_true(s:bind("netlink:0/0"))
      local name = s:getsockname()
      assert.equal("AF_NETLINK", name.family)
      assert(name.pid > 0)
      assert.equal(0, name.groups)

      local request = native(32, 4) .. native(RTM_GETLINK, 2)
        .. native(NLM_F_REQUEST + NLM_F_DUMP, 2) .. native(7, 4) .. native(0, 4)
        .. ("\0"):rep(16)
      assert.equal(32, s:sendto(request, { family = "AF_NETLINK", pid = 0, groups = 0 }))
      s:settimeout(30)
      local links, done = {}, false
      while not done do
        local data, from = assert(s:recvfrom(65536))
        assert.equal("AF_NETLINK", from.family)
        assert.equal(0, from.pid) -- the kernel
        done = read_links(data, links)
      end
      local count = 0
      for index, link in pairs(links) do
        count = count + 1
        assert.equal(index, net.if_nametoindex(link))
        assert.equal(link, net.if_indextoname(index))
      end
      assert(count >= 1)
    end)
  end)
end

-- --- somebody else's rights -----------------------------------------------------------

-- A command that runs another as nobody, if we may.
local function drop_command()
  local command = "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all"
  local pipe = io.popen(command .. " id -u 2>/dev/null")
  local answer = pipe:read("*l")
  pipe:close()
  return answer == "65534" and command
end

describe("a process without rights", function()
  local command = drop_command()
  if not command then return end -- then this very process has none, see above

  it("is told EPERM or EACCES", function()
    local child = support.child([[
      for _, kind in ipairs {
        { "AF_INET", "SOCK_RAW", "IPPROTO_ICMP" }, { "AF_INET6", "SOCK_RAW", "IPPROTO_ICMPV6" },
        { "AF_PACKET", "SOCK_RAW" }, { "AF_PACKET", "SOCK_DGRAM" },
      } do
        local s, message, code = net.socket(kind[1], kind[2], kind[3])
        say(s, code, message)
      end
      local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
      local ok, message, code = s:bind("127.0.0.1", 1)
      say(ok, code, message)
      ok, message, code = s:setsockopt("SO_MARK", 1)
      say(ok, code, message)
    ]], command)
    local expected = {
      "^nil EPERM socket AF_INET SOCK_RAW: %u", "^nil EPERM socket AF_INET6 SOCK_RAW: %u",
      "^nil EPERM socket AF_PACKET SOCK_RAW: %u", "^nil EPERM socket AF_PACKET SOCK_DGRAM: %u",
      "^nil EACCES bind 127%.0%.0%.1:1: %u", "^nil EPERM setsockopt .*: %u",
    }
    for _, pattern in ipairs(expected) do
      local line = child:line()
      if not (line:find("EAFNOSUPPORT", 1, true) and pattern:find("INET6")) then
        assert.matches(pattern, line)
      end
    end
  end)
end)
