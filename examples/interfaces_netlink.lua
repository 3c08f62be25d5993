-- The network interfaces, asked of the Linux kernel over netlink(7): a protocol
-- that this library knows nothing of, spoken in Lua over its sockets.
--
--   lua interfaces_netlink.lua
--
-- (net.interfaces() gives the same, and on every system.)
--
-- Netlink messages are C structures in the machine's own byte order. The script
-- asks for all links (RTM_GETLINK) and prints name, index, state, MTU and
-- hardware address of each. It needs no privileges. Ends with status 1 where
-- there is no netlink.

local net = require "dialtone"

-- From linux/netlink.h, linux/rtnetlink.h and linux/if_link.h.
local RTM_NEWLINK, RTM_GETLINK = 16, 18
local NLMSG_ERROR, NLMSG_DONE = 2, 3
local NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
local IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_OPERSTATE = 1, 3, 4, 16
local operstates = { [0] = "unknown", "not present", "down", "lower layer down",
  "testing", "dormant", "up" }

local netlink, message = net.socket("AF_NETLINK", "SOCK_RAW", "NETLINK_ROUTE")
if not netlink then
  io.stderr:write("interfaces_netlink: ", message, "\n")
  os.exit(1, true)
end
netlink:settimeout(5)

-- The machine's byte order: an option as the kernel has it, an int in memory.
-- IP_TTL (2 at the level of IP) is a number below 256.
local ttl = assert(assert(net.socket("AF_INET", "SOCK_DGRAM")):getsockopt("IPPROTO_IP", 2, 4))
local little_endian = ttl:byte(1) ~= 0

local function pack(n, size)
  local bytes = {}
  for i = 1, size do
    bytes[i] = string.char(n % 256)
    n = math.floor(n / 256)
  end
  local text = table.concat(bytes)
  return little_endian and text or text:reverse()
end

local function unpack(text, at, size)
  local bytes = text:sub(at, at + size - 1)
  if little_endian then
    bytes = bytes:reverse()
  end
  local n = 0
  for i = 1, size do
    n = n * 256 + bytes:byte(i)
  end
  return n
end

-- Everything in netlink begins at a multiple of four bytes.
local function aligned(n)
  return n + -n % 4
end

-- struct nlmsghdr { u32 length; u16 type; u16 flags; u32 sequence; u32 pid; }
-- and struct ifinfomsg { u8 family, pad; u16 type; u32 index, flags, change; }
local function request(sequence)
  local body = ("\0"):rep(16)
  return pack(16 + #body, 4) .. pack(RTM_GETLINK, 2)
    .. pack(NLM_F_REQUEST + NLM_F_DUMP, 2) .. pack(sequence, 4) .. pack(0, 4) .. body
end

-- struct rtattr { u16 length; u16 type; } and the value, one after the other.
local function attributes(text, at, stop)
  local found = {}
  while at + 4 <= stop do
    local length = unpack(text, at, 2)
    if length < 4 then
      break
    end
    found[unpack(text, at + 2, 2)] = text:sub(at + 4, at + length - 1)
    at = at + aligned(length)
  end
  return found
end

local function link(text, at, stop)
  local found = attributes(text, at + 16 + 16, stop)
  local hardware = (found[IFLA_ADDRESS] or ""):gsub(".", function(byte)
    return (":%02x"):format(byte:byte())
  end)
  return {
    index = unpack(text, at + 16 + 4, 4),
    name = found[IFLA_IFNAME]:sub(1, -2), -- without C's final NUL
    mtu = unpack(found[IFLA_MTU], 1, 4),
    state = operstates[found[IFLA_OPERSTATE]:byte()] or "?",
    hardware = hardware:sub(2),
  }
end

local function print_link(l)
  print(("%3d  %-16s %-10s mtu %-6d %s"):format(l.index, l.name, l.state, l.mtu, l.hardware))
end

-- One answer holds several messages. True after the last of them.
local function read_answer(text, sequence)
  local at = 1
  while at + 16 <= #text + 1 do
    local length, kind = unpack(text, at, 4), unpack(text, at + 4, 2)
    if unpack(text, at + 8, 4) ~= sequence or length < 16 then
      return nil
    elseif kind == NLMSG_DONE then
      return true
    elseif kind == NLMSG_ERROR then
      error("the kernel answers with error " .. 2 ^ 32 - unpack(text, at + 16, 4))
    elseif kind == RTM_NEWLINK then
      print_link(link(text, at, at + length))
    end
    at = at + aligned(length)
  end
end

local kernel = assert(net.address({ family = "AF_NETLINK", pid = 0, groups = 0 }))
assert(netlink:sendto(request(1), kernel))
repeat
  local answer, from = assert(netlink:recvfrom(65536))
  -- Any process may write to a netlink socket; only the kernel is process 0.
until from.pid == 0 and read_answer(answer, 1)
