-- diag.lua - what the kernel knows of its TCP sockets, those that no program holds
-- included: who stands in a listener's queue, half a connection, TIME_WAIT.
--
-- sock_diag(7): NETLINK_SOCK_DIAG, which needs no privilege. Linux only.

local core = require "dialtone.core"
local native = require "dialtone.handshake.native"
local packet = require "dialtone.handshake.packet"
local pack, unpack = native.pack, native.unpack

local Diag = {}
Diag.__index = Diag

local SOCK_DIAG_BY_FAMILY, NLMSG_ERROR, NLMSG_DONE = 20, 2, 3
local NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
local FAMILIES = { AF_INET = 2, AF_INET6 = 10 }
local TCP, ALL, INET_DIAG_REQ_BYTECODE = 6, 2 ^ 32 - 1, 1

local STATES = { "ESTABLISHED", "SYN_SENT", "SYN_RCVD", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSED",
  "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RCVD" }

-- A program by which the kernel chooses (linux/inet_diag.h): those from or to one of
-- the ports, as a machine may have some ten thousand others. Each test is three
-- instructions { code, bytes on if true, bytes on if not }: equal?, the port, and a jump to
-- the end. Who jumps further than that is left out. (Joined by table.concat: in a long
-- chain of `..` LuaJIT does not outlive it when memory ends.)
local function chosen(ports)
  local JUMP, SOURCE_EQUAL, DESTINATION_EQUAL = 1, 11, 12
  local parts, left = {}, #ports * 24
  for _, port in ipairs(ports) do
    for _, code in ipairs { SOURCE_EQUAL, DESTINATION_EQUAL } do
      local otherwise = left == 12 and 16 or 12
      for _, bytes in ipairs { string.char(code, 8), pack(otherwise, 2), "\0\0", pack(port, 2), string.char(JUMP, 4),
        pack(left - 8, 2) } do parts[#parts + 1] = bytes end
      left = left - 12
    end
  end
  local program = table.concat(parts)
  return table.concat { pack(4 + #program, 2), pack(INET_DIAG_REQ_BYTECODE, 2), program }
end

-- struct nlmsghdr, struct inet_diag_req_v2 for all states of a family, and an attribute.
local function request(sequence, family, ports)
  local body = table.concat { string.char(family, TCP, 0, 0), pack(ALL, 4), ("\0"):rep(48), chosen(ports) }
  return table.concat { pack(16 + #body, 4), pack(SOCK_DIAG_BY_FAMILY, 2), pack(NLM_F_REQUEST + NLM_F_DUMP, 2),
    pack(sequence, 4), pack(0, 4), body }
end

local function address(text, at_host, at_port, family)
  local host = family == FAMILIES.AF_INET and packet.host4 or packet.host6
  return core.address(host(text, at_host), packet.u16(text, at_port))
end

-- struct inet_diag_msg.
local function socket_at(text, at)
  local family = text:byte(at)
  local found = {
    state = STATES[text:byte(at + 1)] or "?",
    retransmits = text:byte(at + 3),
    received = unpack(text, at + 56, 4), -- a listener: how many stand in its queue
    unsent = unpack(text, at + 60, 4),   -- a listener: the backlog
    source = address(text, at + 8, at + 4, family),
    destination = address(text, at + 24, at + 6, family),
  }
  return found
end

-- One datagram of the answer. True after the last of it, or nil, a reason.
local function read_answer(text, sequence, list)
  local at = 1
  if #text < 16 then return nil, "sock_diag: an answer that is cut" end
  while at + 16 <= #text + 1 do
    local length, kind = unpack(text, at, 4), unpack(text, at + 4, 2)
    if length < 16 or unpack(text, at + 8, 4) ~= sequence then return false end
    if kind == NLMSG_DONE then return true end
    if kind == NLMSG_ERROR then return nil, "sock_diag: error " .. 2 ^ 32 - unpack(text, at + 16, 4) end
    if length >= 16 + 72 then list[#list + 1] = socket_at(text, at + 16) end
    at = at + length + -length % 4
  end
  return false
end

-- The TCP sockets of a family from or to one of the ports: a list, or nil, message.
function Diag:sockets(family, ports)
  if not ports[1] then return {} end
  self.sequence = self.sequence + 1
  local list = {}
  local sent, message = self.socket:sendto(request(self.sequence, FAMILIES[family], ports), self.kernel)
  if not sent then return nil, message end
  while true do
    local answer, from = self.socket:recvfrom(65536)
    if not answer then return nil, from end
    if from.pid == 0 then
      local ended, reason = read_answer(answer, self.sequence, list)
      if ended then return list end
      if ended == nil then return nil, reason end
    end
  end
end

function Diag:close()
  return self.socket:close()
end

-- `open` is net.socket, or makes a socket elsewhere. Returns a Diag, or nil, message.
local function new(open)
  local socket, message = open("AF_NETLINK", "SOCK_RAW", "NETLINK_SOCK_DIAG")
  if not socket then return nil, message end
  socket:settimeout(2)
  local kernel = assert(core.address { family = "AF_NETLINK", pid = 0, groups = 0 })
  return setmetatable({ socket = socket, kernel = kernel, sequence = 0 }, Diag)
end

return { new = new }
