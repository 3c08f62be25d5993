-- What ping(8) does, for IPv4 and IPv6: ICMP packets made and read by hand.
--
--   lua ping.lua [--count N] [--interval SECONDS] [--wait SECONDS] [host]
--
-- host       a name or a literal, 127.0.0.1 unless told
-- --count    how many requests, 4 unless told
-- --interval between two of them, 1 unless told
-- --wait     for each answer, 1 unless told
--
-- Ends with status 0 when all were answered, 1 when not, 2 when the system does
-- not let this user send any.
--
-- A raw socket needs root or CAP_NET_RAW. Without those, Linux has datagram
-- sockets for this one purpose, for the groups that the sysctl
-- net.ipv4.ping_group_range names; this script tries the one, then the other.

local net = require "dialtone"

local host, count, interval, patience = "127.0.0.1", 4, 1, 1
local i = 1
while arg[i] do
  local value = tonumber(arg[i + 1])
  if arg[i] == "--count" then
    i, count = i + 1, assert(value, "--count takes a number")
  elseif arg[i] == "--interval" then
    i, interval = i + 1, assert(value, "--interval takes a number")
  elseif arg[i] == "--wait" then
    i, patience = i + 1, assert(value, "--wait takes a number")
  else
    host = arg[i]
  end
  i = i + 1
end
io.stdout:setvbuf("line")

local function give_up(status, ...)
  io.stderr:write("ping: ", ...)
  io.stderr:write("\n")
  os.exit(status, true)
end

-- Where the two families differ.
local families = {
  AF_INET = {
    protocol = "IPPROTO_ICMP", request = 8, reply = 0,
    want_ttl = "IP_RECVTTL", ttl = "IP_TTL",
    header = true, -- a raw IPv4 socket gives the IP header, too
  },
  AF_INET6 = {
    protocol = "IPPROTO_ICMPV6", request = 128, reply = 129,
    want_ttl = "IPV6_RECVHOPLIMIT", ttl = "IPV6_HOPLIMIT",
  },
}

-- Numbers in network order, without bit operators: Lua 5.1 has none.
local function pack16(n)
  return string.char(math.floor(n / 256), n % 256)
end
local function unpack16(text, at)
  local high, low = text:byte(at, at + 1)
  return high * 256 + low
end

-- The checksum of RFC 1071: the sum of the 16-bit words, in one's complement.
local function checksum(text)
  if #text % 2 == 1 then
    text = text .. "\0"
  end
  local sum = 0
  for at = 1, #text, 2 do
    sum = sum + unpack16(text, at)
  end
  while sum > 65535 do
    sum = sum % 65536 + math.floor(sum / 65536)
  end
  return 65535 - sum
end

-- The kernel fills in the checksum of ICMPv6, as it covers the addresses, too;
-- there a right one of ours does no harm.
local function packet(kind, identifier, sequence, payload)
  local head, tail = string.char(kind, 0),
    pack16(identifier) .. pack16(sequence) .. payload
  return head .. pack16(checksum(head .. "\0\0" .. tail)) .. tail
end

-- Type, sequence number and payload of what came in.
local function parse(data, skip_header)
  if skip_header then
    data = data:sub(data:byte(1) % 16 * 4 + 1)
  end
  if #data < 8 then
    return nil
  end
  return data:byte(1), unpack16(data, 7), data:sub(9)
end

-- Standard Lua has no clock finer than a second, but the kernel stamps what it
-- receives. So this sends a byte to itself and reads the stamp.
local stamper, stamped = assert(net.socketpair("AF_UNIX", "SOCK_DGRAM"))
local has_stamps = stamped:setsockopt("SO_TIMESTAMPNS", true)

local function seconds(control)
  local stamp = control.SO_TIMESTAMPNS
  return stamp and stamp.sec + stamp.nsec / 1e9
end

local function now()
  if has_stamps then
    assert(stamper:send("x"))
    return seconds(assert(stamped:recvmsg(1)).control)
  end
end

local function open(address)
  local family = families[address.family]
  local socket, _, code = net.socket(address.family, "SOCK_RAW", family.protocol)
  if not socket and (code == "EPERM" or code == "EACCES") then
    socket, _, code = net.socket(address.family, "SOCK_DGRAM", family.protocol)
  end
  if not socket then
    give_up(2, "this user may not send ICMP here: ", code, " (be root, or see",
      " net.ipv4.ping_group_range)")
  end
  if has_stamps then
    assert(socket:setsockopt("SO_TIMESTAMPNS", true))
  end
  assert(socket:setsockopt(family.want_ttl, true))
  return socket
end

local list, message = net.getaddrinfo(host, nil, { type = "SOCK_RAW" })
if not list then
  give_up(1, message)
end
local target = list[1]
local family = families[target.family]
local socket = open(target)
local raw = socket:type() == "SOCK_RAW"
local identifier = math.floor(tonumber(tostring({}):match("%x+$"), 16) / 16) % 65536

-- Waits for the answer to `sequence`. A raw socket hears every ICMP packet of
-- the machine, among them our own requests when the target is ourselves.
local function wait_for_reply(sequence, payload)
  local started = now() or os.time()
  repeat
    local list_of_ready = net.poll({ socket }, patience)
    if not list_of_ready then
      return nil
    end
    local got, why = socket:recvmsg(2048)
    if not got then
      give_up(1, why)
    end
    local kind, got_sequence, got_payload = parse(got[1], raw and family.header)
    if kind == family.reply and got_sequence == sequence
      and got_payload == payload then
      return got
    end
  until (now() or os.time()) - started > patience
end

print("ping " .. host .. " (" .. target.host .. ") with a "
  .. (raw and "raw" or "datagram") .. " socket")
local answered = 0
for sequence = 1, count do
  if sequence > 1 then
    net.poll({}, interval) -- with nothing to wait for, a plain wait
  end
  -- Something that nobody else sends, so that answers are known by it.
  local payload = ("dialtone %d %d "):format(os.time(), identifier) .. host
  local sent_at = now()
  local sent, why = socket:sendto(
    packet(family.request, identifier, sequence % 65536, payload), target)
  if not sent then
    give_up(1, why)
  end
  local got = wait_for_reply(sequence % 65536, payload)
  if got then
    answered = answered + 1
    local received_at = seconds(got.control)
    print(("%d bytes from %s: seq=%d ttl=%s time=%s"):format(#payload + 8,
      got.address.host, sequence, tostring(got.control[family.ttl]),
      received_at and ("%.3f ms"):format((received_at - sent_at) * 1e3) or "?"))
  else
    print("no answer to " .. sequence)
  end
end
print(("%d sent, %d answered"):format(count, answered))
os.exit(answered == count and 0 or 1, true)
