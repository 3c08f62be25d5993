-- capture.lua - the packets that pass an interface, between these ports.
--
-- packet(7): a socket of AF_PACKET, which needs CAP_NET_RAW, with a filter of the
-- kernel's (bpf) for the ports that are meant. Linux only.

local packet = require "dialtone.handshake.packet"

local Capture = {}
Capture.__index = Capture

local MOST = 320 -- bytes of a packet: its headers, and a little more

-- --- the filter ---------------------------------------------------------------------

-- { code, jump if true, jump if false, k }; jumps count from the next instruction.
local LOAD8, LOAD16, LOAD16_X, LOAD_X_HEADER = 0x30, 0x28, 0x48, 0xb1
local AND, JUMP_EQUAL, RETURN = 0x54, 0x15, 0x06

-- Goes on `on_true` or `on_false` instructions further down, or to "accept" or
-- "drop", which `resolve` knows when the program is whole.
local function jump(program, k, on_true, on_false)
  program[#program + 1] = { JUMP_EQUAL, on_true, on_false, k }
end

local function ports_of(program, load, offset, ports)
  program[#program + 1] = { load, 0, 0, offset }
  for _, port in ipairs(ports) do jump(program, port, "accept", 0) end
end

-- ICMP goes through (its errors tell of our packets), and TCP and UDP from or to
-- one of the ports.
local function family_part(program, ports, load, source, destination, before)
  jump(program, 1, "accept", 0)
  jump(program, 58, "accept", 0)
  jump(program, 6, 1, 0)
  jump(program, 17, 0, "drop")
  if before then program[#program + 1] = before end
  ports_of(program, load, source, ports)
  ports_of(program, load, destination, ports)
  program[#program + 1] = { RETURN, 0, 0, 0 }
end

local function resolve(program)
  local last = #program -- accepts; the one before drops
  for at, instruction in ipairs(program) do
    for field = 2, 3 do
      if instruction[field] == "accept" then instruction[field] = last - at - 1 end
      if instruction[field] == "drop" then instruction[field] = last - at - 2 end
    end
  end
  return program
end

-- For socket filters: jumps are bytes, so there is room for about fifty ports.
local function filter_for(ports)
  local six = {}
  family_part(six, ports, LOAD16, 40, 42)
  local program = {
    { LOAD8, 0, 0, 0 }, -- the version, in the upper four bits
    { AND, 0, 0, 0xf0 },
    { JUMP_EQUAL, 0, 1, 0x60 },
    { 0x05, 0, 0, 0 },  -- 6: further than a conditional jump may go
    { LOAD8, 0, 0, 9 }, -- IPv4: its protocol
  }
  family_part(program, ports, LOAD16_X, 0, 2, { LOAD_X_HEADER, 0, 0, 0 })
  program[4][4] = #program - 4
  program[#program + 1] = { LOAD8, 0, 0, 6 }
  for _, instruction in ipairs(six) do program[#program + 1] = instruction end
  program[#program + 1] = { RETURN, 0, 0, 0 }
  program[#program + 1] = { RETURN, 0, 0, MOST }
  return resolve(program)
end

-- --- capturing ----------------------------------------------------------------------

-- Only these ports from now on. A filter is changed in one step.
function Capture:watch(port)
  if self.watched[port] or #self.ports >= 40 then return true end
  self.watched[port] = true
  self.ports[#self.ports + 1] = port
  return self.socket:setsockopt("SO_ATTACH_FILTER", filter_for(self.ports))
end

-- The time when it came, as the kernel has it: seconds of the wall clock, in two
-- parts so that nothing is rounded away.
local function stamp(message)
  local time = message.control and message.control.SO_TIMESTAMPNS
  return time and time.sec, time and time.nsec
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
    local found = packet.decode(message[1])
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
  for _, option in ipairs { "SO_TIMESTAMPNS", interface == "lo" and "PACKET_IGNORE_OUTGOING" or nil } do
    local done, message = socket:setsockopt(option, true)
    if not done then return nil, message end
  end
  local done, message = socket:setsockopt("SO_ATTACH_FILTER", filter_for {})
  if not done then return nil, message end
  return socket:bind { family = "AF_PACKET", interface = interface, protocol = "ETH_P_ALL" }
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
  return setmetatable({ socket = socket, ports = {}, watched = {} }, Capture)
end

return { new = new, filter_for = filter_for }
