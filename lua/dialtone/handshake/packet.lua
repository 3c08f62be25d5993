-- packet.lua - the bytes of a packet, from its IP header on, as a table: what a
-- capture gives, and what TCP_SAVED_SYN does.
--
-- RFC 791 (IPv4), 8200 (IPv6), 9293 (TCP), 7323 (its options), 768 (UDP), 792 and
-- 4443 (ICMP). Lua 5.1 has neither bit operators nor string.unpack.

local core = require "dialtone.core"

local packet = {}

-- Big-endian, as all numbers of the internet's protocols.
local function u16(text, at)
  local high, low = text:byte(at, at + 1)
  return high * 256 + low
end

local function u32(text, at)
  return u16(text, at) * 65536 + u16(text, at + 2)
end

-- Addresses as texts.
function packet.host4(text, at)
  return table.concat({ text:byte(at, at + 3) }, ".")
end

function packet.host6(text, at)
  local groups = {}
  for g = 0, 7 do groups[g + 1] = ("%x"):format(u16(text, at + g * 2)) end
  return core.address(table.concat(groups, ":"), 0).host -- inet_ntop(3) shortens it
end

packet.u16 = u16

-- --- TCP --------------------------------------------------------------------------

-- Bit by bit, the lowest first.
local FLAGS = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" }

-- A segment is named after these; PSH and the others say nothing about the connection.
local NAMED = { "SYN", "FIN", "RST", "ACK" }

-- Of an option: its name, and what its value is.
local function flag() return true end
local OPTIONS = {
  [2] = { "mss", u16, 4 },
  [3] = { "wscale", function(text, at) return text:byte(at) end, 3 },
  [4] = { "sack_permitted", flag, 2 },
  [5] = { "sack", flag, 2 },
  [8] = { "timestamp", u32, 10 },
  [34] = { "fastopen", flag, 2 },
}
local END, NOTHING = 0, 1

local function tcp_options(text, at, stop)
  local options, order = {}, {}
  while at < stop do
    local kind = text:byte(at)
    if kind == END then break end
    local length = kind == NOTHING and 1 or text:byte(at + 1)
    if not length or length < 1 or kind ~= NOTHING and length < 2 or at + length > stop then break end
    local known = OPTIONS[kind]
    if known and length >= known[3] then
      options[known[1]] = known[2](text, at + 2)
      order[#order + 1] = known[1]
    end
    at = at + length
  end
  options.order = order
  return options
end

local function name_of(flags, length)
  local parts = {}
  for _, name in ipairs(NAMED) do
    if flags[name] then parts[#parts + 1] = name end
  end
  if length > 0 and not (flags.SYN or flags.FIN or flags.RST) then return "DATA" end
  return table.concat(parts, "-")
end

local function tcp(found, text, at)
  if #text < at + 19 then return nil end
  local header = math.floor(text:byte(at + 12) / 16) * 4
  local set = text:byte(at + 13)
  if header < 20 then return nil end
  found.flags = {}
  for bit, name in ipairs(FLAGS) do
    if set % 2 ^ bit >= 2 ^ (bit - 1) then found.flags[name] = true end
  end
  found.protocol = "TCP"
  found.source_port, found.destination_port = u16(text, at), u16(text, at + 2)
  found.seq, found.ack = u32(text, at + 4), u32(text, at + 8)
  found.window = u16(text, at + 14)
  found.length = math.max(0, found.size - (at - 1) - header)
  found.options = tcp_options(text, at + 20, math.min(at + header, #text + 1))
  found.name = name_of(found.flags, found.length)
  return found
end

-- --- UDP and ICMP -------------------------------------------------------------------

local function udp(found, text, at)
  if #text < at + 7 then return nil end
  found.protocol, found.name = "UDP", "UDP"
  found.source_port, found.destination_port = u16(text, at), u16(text, at + 2)
  found.length = math.max(0, u16(text, at + 4) - 8)
  return found
end

-- Type, or type and code, in words.
local ICMP4 = {
  ["0"] = "echo reply", ["8"] = "echo request", ["11"] = "time exceeded",
  ["3.0"] = "network unreachable", ["3.1"] = "host unreachable", ["3.2"] = "protocol unreachable",
  ["3.3"] = "port unreachable", ["3.4"] = "fragmentation needed", ["3"] = "unreachable",
}
local ICMP6 = {
  ["129"] = "echo reply", ["128"] = "echo request", ["3"] = "time exceeded",
  ["1.0"] = "no route", ["1.3"] = "host unreachable", ["1.4"] = "port unreachable",
  ["1"] = "unreachable", ["2"] = "packet too big",
}
local ECHO = { [0] = true, [8] = true, [128] = true, [129] = true } -- of both: no other has these
local ERRORS4, ERRORS6 = { [3] = true, [11] = true }, { [1] = true, [2] = true, [3] = true }

local function icmp(found, text, at, names, errors)
  if #text < at + 7 then return nil end
  local kind, code = text:byte(at, at + 1)
  found.protocol = names == ICMP4 and "ICMP" or "ICMPv6"
  found.icmp_type, found.icmp_code = kind, code
  found.name = found.protocol .. " " .. (names[kind .. "." .. code] or names[tostring(kind)] or "type " .. kind)
  found.length = math.max(0, found.size - (at - 1) - 8)
  if ECHO[kind] then found.identifier, found.sequence = u16(text, at + 4), u16(text, at + 6) end
  if errors[kind] then found.about = packet.decode(text:sub(at + 8), true) end
  return found
end

local TRANSPORTS = {
  [1] = function(found, text, at) return icmp(found, text, at, ICMP4, ERRORS4) end,
  [58] = function(found, text, at) return icmp(found, text, at, ICMP6, ERRORS6) end,
  [6] = tcp,
  [17] = udp,
}

-- --- IP -----------------------------------------------------------------------------

-- Returns the transport's number, and where it begins.
local function ipv4(found, text)
  local header = text:byte(1) % 16 * 4
  if header < 20 or #text < header then return nil end
  found.source_host, found.destination_host = packet.host4(text, 13), packet.host4(text, 17)
  found.size, found.ttl = u16(text, 3), text:byte(9)
  return text:byte(10), header + 1
end

local function ipv6(found, text)
  if #text < 40 then return nil end
  found.source_host, found.destination_host = packet.host6(text, 9), packet.host6(text, 25)
  found.size, found.ttl = u16(text, 5) + 40, text:byte(8)
  return text:byte(7), 41
end

-- Of an ICMP error's quotation there may be eight bytes of the transport: its ports.
local function quoted(found, text, at)
  if #text >= at + 3 then found.source_port, found.destination_port = u16(text, at), u16(text, at + 2) end
  return found
end

-- The packet that these bytes are: nil when they are none that is known.
-- Fields: source_host, destination_host, source_port, destination_port, protocol
-- ("TCP", "UDP", "ICMP", "ICMPv6"), name ("SYN", "SYN-ACK", "DATA" ...), length (of
-- the data in it), size (with its headers), ttl; TCP: flags, seq, ack, window (as
-- sent, not scaled), options; ICMP echoes: identifier, sequence; ICMP errors: about,
-- the packet that they complain of.
function packet.decode(text, is_quotation)
  local version = math.floor((text:byte(1) or 0) / 16)
  local reader = version == 4 and #text >= 20 and ipv4 or version == 6 and ipv6
  if not reader then return nil end
  local found = {}
  local transport, at = reader(found, text)
  if not transport then return nil end
  if is_quotation then return quoted(found, text, at) end
  local decode = TRANSPORTS[transport]
  return decode and decode(found, text, at)
end

return packet
