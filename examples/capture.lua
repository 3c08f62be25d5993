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

local PACKET_OUTGOING = 4 -- from linux/if_packet.h

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
    os.exit((code == "EPERM" or code == "EACCES") and 2 or 1)
  end
  return value
end

-- SOCK_DGRAM takes the link layer's header off; where the packet came from
-- stands in the address. Bound when made, the socket would hear all
-- interfaces, so it gets its protocol only with bind.
local socket = check(net.socket("AF_PACKET", "SOCK_DGRAM", 0))
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

-- What stands behind the IP header: a text, and the two ports.
local transports = {
  [1] = function() return "ICMP" end,
  [58] = function() return "ICMPv6" end,
  [17] = function(text)
    return ("UDP %d bytes"):format(u16(text, 5) - 8), u16(text, 1), u16(text, 3)
  end,
  [6] = function(text, length)
    local set, flags = text:byte(14), {}
    for bit, name in ipairs(tcp_flags) do
      if has(set, 2 ^ (bit - 1)) then
        flags[#flags + 1] = name
      end
    end
    local header = math.floor(text:byte(13) / 16) * 4
    return ("TCP [%s] %d bytes"):format(table.concat(flags, " "), length - header),
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
    tostring(net.address(destination, to)), what), from, to
end

local lines = 0
while lines < count do
  local text, from = socket:recvfrom(65535)
  check(text, from)
  -- On "lo" every packet is seen twice: going out and coming in.
  if not (interface == "lo" and from.pkttype == PACKET_OUTGOING) then
    local line, source, destination = describe(text)
    if not port or source == port or destination == port then
      print(line)
      lines = lines + 1
    end
  end
end
