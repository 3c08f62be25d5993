-- A small tcpdump: prints one line for every packet that passes an interface.
-- Linux only (packet(7)).
--
--   lua capture.lua [--count N] [--port P] [interface]
--
-- interface  "lo" unless told
-- --count N  ends after N lines
-- --port P   only TCP and UDP from or to that port
--
-- Needs root or CAP_NET_RAW. Ends with status 2 without those, 1 for other
-- failures.

local net = require "dialtone"

local interface, count, port = "lo", math.huge, nil
local i = 1
while arg[i] do
  if arg[i] == "--count" then
    i, count = i + 1, assert(tonumber(arg[i + 1]), "--count takes a number")
  elseif arg[i] == "--port" then
    i, port = i + 1, assert(tonumber(arg[i + 1]), "--port takes a number")
  else
    interface = arg[i]
  end
  i = i + 1
end
io.stdout:setvbuf("line")

local function check(value, message, code)
  if not value then
    io.stderr:write("capture: ", message, "\n")
    os.exit((code == "EPERM" or code == "EACCES") and 2 or 1, true)
  end
  return value
end

-- A program for the kernel's packet filter (bpf(4) of the BSDs; in Linux,
-- Documentation/networking/filter.rst): what it drops costs us nothing. Each
-- instruction is { code, jump if true, jump if false, k }, jumps counted from the
-- next one. This lets TCP and UDP from or to a port through. (It does not look
-- for extension headers of IPv6.)
local function filter_for(p)
  local LOAD8, LOAD16, LOAD16_X, LOAD_X_HEADER = 0x30, 0x28, 0x48, 0xb1
  local AND, JUMP_EQUAL, RETURN = 0x54, 0x15, 0x06
  return {
    { LOAD8, 0, 0, 0 },           -- the version, in the upper four bits
    { AND, 0, 0, 0xf0 },
    { JUMP_EQUAL, 8, 0, 0x60 },   -- 6: over there
    { LOAD8, 0, 0, 9 },           -- IPv4: its protocol
    { JUMP_EQUAL, 1, 0, 6 },      -- TCP
    { JUMP_EQUAL, 0, 12, 17 },    -- UDP, or drop
    { LOAD_X_HEADER, 0, 0, 0 },   -- X = how long the header is
    { LOAD16_X, 0, 0, 0 },        -- the source's port
    { JUMP_EQUAL, 10, 0, p },
    { LOAD16_X, 0, 0, 2 },        -- the destination's
    { JUMP_EQUAL, 8, 7, p },
    { LOAD8, 0, 0, 6 },           -- IPv6: the same, behind 40 bytes
    { JUMP_EQUAL, 1, 0, 6 },
    { JUMP_EQUAL, 0, 4, 17 },
    { LOAD16, 0, 0, 40 },
    { JUMP_EQUAL, 3, 0, p },
    { LOAD16, 0, 0, 42 },
    { JUMP_EQUAL, 1, 0, p },
    { RETURN, 0, 0, 0 },          -- drop
    { RETURN, 0, 0, 65535 },      -- let all of it through
  }
end

-- SOCK_DGRAM takes the link layer's header off. With a protocol from the start
-- the socket would hear all interfaces at once, so it gets that with bind.
local socket = check(net.socket("AF_PACKET", "SOCK_DGRAM", 0))
if port then
  check(socket:setsockopt("SO_ATTACH_FILTER", filter_for(port)))
end
if interface == "lo" then -- here every packet goes out and comes in
  check(socket:setsockopt("PACKET_IGNORE_OUTGOING", true))
end
check(socket:bind({ family = "AF_PACKET", interface = interface, protocol = "ETH_P_ALL" }))
print("capturing on " .. interface)

local function u16(text, at)
  local high, low = text:byte(at, at + 1)
  return high * 256 + low
end

local function has(byte, bit) -- Lua 5.1 has no bit operators
  return byte % (bit * 2) >= bit
end

local tcp_flags = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" }

local function list_of_flags(set)
  local flags = {}
  for bit, name in ipairs(tcp_flags) do
    if has(set, 2 ^ (bit - 1)) then
      flags[#flags + 1] = name
    end
  end
  return table.concat(flags, " ")
end

-- What stands behind the IP header: a text, and the ports if there are any.
local transports = {
  [1] = function() return "ICMP" end,
  [58] = function() return "ICMPv6" end,
  [17] = function(text)
    return ("UDP %d bytes"):format(u16(text, 5) - 8), u16(text, 1), u16(text, 3)
  end,
  [6] = function(text, length)
    local header = math.floor(text:byte(13) / 16) * 4
    return ("TCP [%s] %d bytes"):format(list_of_flags(text:byte(14)), length - header),
      u16(text, 1), u16(text, 3)
  end,
}
local shortest = { [1] = 8, [58] = 4, [17] = 8, [6] = 20 }

local function ipv4_host(text, at)
  return table.concat({ text:byte(at, at + 3) }, ".")
end

local function ipv6_host(text, at)
  local groups = {}
  for g = 0, 7 do
    groups[g + 1] = ("%x"):format(u16(text, at + g * 2))
  end
  -- inet_ntop(3) knows how to shorten it
  return assert(net.address(table.concat(groups, ":"), 0)).host
end

-- Source, destination, protocol number, where its header begins, and how many
-- bytes it and its data have.
local function ip(text)
  local version = math.floor((text:byte(1) or 0) / 16)
  if version == 4 and #text >= 20 then
    local header = text:byte(1) % 16 * 4
    return ipv4_host(text, 13), ipv4_host(text, 17), text:byte(10), header + 1,
      u16(text, 3) - header
  elseif version == 6 and #text >= 40 then
    return ipv6_host(text, 9), ipv6_host(text, 25), text:byte(7), 41, u16(text, 5)
  end
end

local function describe(text)
  local source, destination, protocol, at, length = ip(text)
  if not source then
    return #text .. " bytes, not IP"
  end
  local body = text:sub(at)
  local transport = transports[protocol]
  if not transport or #body < shortest[protocol] then
    return ("%s > %s protocol %d"):format(source, destination, protocol)
  end
  local what, from, to = transport(body, length)
  if not from then
    return ("%s > %s %s"):format(source, destination, what)
  end
  return ("%s > %s %s"):format(tostring(net.address(source, from)),
    tostring(net.address(destination, to)), what)
end

local lines = 0
while lines < count do
  print(describe(check(socket:recvfrom(65535))))
  lines = lines + 1
end
