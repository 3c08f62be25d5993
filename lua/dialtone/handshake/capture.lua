-- capture.lua - the packets that pass an interface, between these ports.
--
-- packet(7): a socket of AF_PACKET, which needs CAP_NET_RAW, with a filter of the
-- kernel's (bpf) for the ports that are meant. Linux only.

local core = require "dialtone.core"
local filter = require "dialtone.handshake.filter"
local packet = require "dialtone.handshake.packet"

local Capture = {}
Capture.__index = Capture

local MOST_PORTS = 40 -- of a filter, whose jumps are bytes
local MOST_TRIES = 100 -- milliseconds for the kernel to stamp packets
local OUTGOING, LOOPBACK = 4, 772 -- PACKET_OUTGOING, ARPHRD_LOOPBACK
local MOST = 320 -- bytes of a packet: its headers, and a little more

-- --- capturing ----------------------------------------------------------------------

-- One port more from now on: true, or nil, message. A filter is changed in one step.
function Capture:watch(port)
  if self.watched[port] then return true end
  if #self.ports >= MOST_PORTS then return nil, ("the filter has room for %d ports"):format(MOST_PORTS) end
  self.watched[port] = true
  self.ports[#self.ports + 1] = port
  return self.socket:setsockopt("SO_ATTACH_FILTER", filter.ports(self.ports, MOST))
end

-- The time when it came, as the kernel has it: seconds of the wall clock, in two
-- parts so that nothing is rounded away.
local function stamp(message)
  local time = message.control and message.control.SO_TIMESTAMPNS
  return time and time.sec, time and time.nsec
end

-- What goes out at the loopback interface comes in there, too.
local function is_copy(message)
  local address = message.address
  return address and address.pkttype == OUTGOING and address.hatype == LOOPBACK
end

-- What has come since, as a list of packets (packet.lua) with `sec` and `nsec`: all, or
-- at most so many.
function Capture:read(most)
  local list = {}
  while #list < (most or math.huge) do
    local message, reason, code = self.socket:recvmsg(MOST)
    if not message then
      if code == "EAGAIN" then return list end
      return nil, reason, code
    end
    local found = not is_copy(message) and packet.decode(message[1])
    if found then
      found.sec, found.nsec = stamp(message)
      list[#list + 1] = found
    end
  end
  return list
end

function Capture:close()
  return self.socket:close()
end

local function prepare(socket, interface)
  socket:settimeout(0)
  if interface == "lo" then socket:setsockopt("PACKET_IGNORE_OUTGOING", true) end -- saves room, where it is known
  local done, message = socket:setsockopt("SO_TIMESTAMPNS", true)
  if done then done, message = socket:setsockopt("SO_ATTACH_FILTER", filter.ports({}, MOST)) end
  if not done then return nil, message end
  if interface == "any" then return socket:bind { family = "AF_PACKET", ifindex = 0, protocol = "ETH_P_ALL" } end
  return socket:bind { family = "AF_PACKET", interface = interface, protocol = "ETH_P_ALL" }
end

-- Whether a datagram of ours has the time when it was sent, and not when it was read.
local function is_stamped(socket, address)
  if not socket:sendto("", address) then return nil end
  local sec, nsec = core.inner.wallclock()
  local message = socket:recvmsg(1)
  local at, fraction = stamp(message or {})
  return at and (at < sec or at == sec and fraction <= nsec)
end

-- The kernel begins to stamp what comes a moment after the first socket has asked for
-- it, and gives what has no stamp the time of its reading: calls would stand before
-- the packets that they caused.
local function wait_for_stamps(open)
  local socket = open("AF_INET", "SOCK_DGRAM", 0)
  if not socket then return end
  socket:settimeout(0.1)
  local address = socket:setsockopt("SO_TIMESTAMPNS", true) and socket:bind("127.0.0.1", 0) and socket:getsockname()
  for _ = 1, address and MOST_TRIES or 0 do
    if is_stamped(socket, address) ~= false then break end
    core.sleep(0.001)
  end
  socket:close()
end

-- Begins to capture at an interface; `open` is net.socket, or makes a socket
-- elsewhere. Returns a Capture, or nil, message.
local function new(open, interface)
  local socket, message = open("AF_PACKET", "SOCK_DGRAM", 0)
  if not socket then return nil, message end
  local done
  done, message = prepare(socket, interface)
  if not done then
    socket:close()
    return nil, message
  end
  wait_for_stamps(open)
  return setmetatable({ socket = socket, ports = {}, watched = {} }, Capture)
end

return { new = new }
