-- model.lua - from what was recorded to steps: sequence numbers as distances, sides,
-- and the states of both ends.
--
-- The states follow from the segments (RFC 9293, 3.3.2), as each end sees them; and
-- where the kernel said otherwise before the next segment, the kernel is right: what
-- an end drops, no capture can know.

local model = {}

-- --- connections --------------------------------------------------------------------------

local function text_of(host, port)
  return host:find(":", 1, true) and ("[%s]:%d"):format(host, port) or ("%s:%d"):format(host, port)
end

-- What is known of an address; a socket may be bound to all of them.
local function look_up(map, address)
  local port = address:match("%d+$")
  return map[address] or port and (map["0.0.0.0:" .. port] or map["[::]:" .. port])
end

-- Another connection between the same addresses: a SYN that is no repetition.
local function begins_anew(connection, segment)
  return segment.flags.SYN and not segment.flags.ACK and connection.base.client
    and segment.from == connection.client and not connection.itself
    and segment.seq ~= connection.base.client
end

-- Both directions have one connection. The end that is on the picture's right is the
-- server; else it is who did not begin. In which state that one is nobody knows when it
-- is none of ours: its answer will tell.
local function connection_of(self, segment)
  local from, to = segment.from, segment.to
  local key = from < to and from .. " " .. to or to .. " " .. from
  local found = self.connections[key]
  if not found or begins_anew(found, segment) then
    local turned = look_up(self.sides, from) == "server" and look_up(self.sides, to) ~= "server"
    local client, server = turned and to or from, turned and from or to
    local idle = look_up(self.listening, server) and "LISTEN" or look_up(self.sides, server) and "CLOSED" or nil
    found = {
      client = client, server = server, state = { client = "CLOSED", server = idle }, listed = {}, unanswered = {},
      base = {}, occupied = {}, scale = {}, number = #self.list + 1, itself = from == to,
    }
    self.connections[key] = found
    self.list[#self.list + 1] = found
  end
  return found
end

-- --- states -----------------------------------------------------------------------------

-- What sending a segment makes of a state.
local SENT = {
  SYN = { CLOSED = "SYN_SENT", SYN_SENT = "SYN_SENT" },
  ["SYN-ACK"] = { LISTEN = "SYN_RCVD", SYN_SENT = "SYN_RCVD" },
  FIN = { ESTABLISHED = "FIN_WAIT1", SYN_RCVD = "FIN_WAIT1", CLOSE_WAIT = "LAST_ACK" },
}

-- What receiving one does; `acked`: it acknowledges our FIN.
local RECEIVED = {
  SYN = { SYN_SENT = "SYN_RCVD" },
  ["SYN-ACK"] = { SYN_SENT = "ESTABLISHED", SYN_RCVD = "ESTABLISHED" },
  ACK = { SYN_RCVD = "ESTABLISHED" },
  FIN = { ESTABLISHED = "CLOSE_WAIT", SYN_RCVD = "CLOSE_WAIT", FIN_WAIT1 = "CLOSING", FIN_WAIT2 = "TIME_WAIT" },
  acked = { FIN_WAIT1 = "FIN_WAIT2", CLOSING = "TIME_WAIT", LAST_ACK = "CLOSED" },
}

local function move(connection, side, table_)
  local state = connection.state[side]
  connection.state[side] = table_ and table_[state] or state
end

local function kind_of(flags)
  if flags.SYN then return flags.ACK and "SYN-ACK" or "SYN" end
  return "ACK"
end

-- In which state one was that answers so.
local BEFORE = { SYN = "CLOSED", ["SYN-ACK"] = "LISTEN", RST = "CLOSED" }

-- What an answer says of what held before: of segments that came meanwhile, too.
local function look_back(connection, segment, side)
  local flags, state = segment.flags, connection.state[side]
  local before = BEFORE[flags.RST and "RST" or kind_of(flags)] or "ESTABLISHED"
  if state and not (state == "CLOSED" and before == "LISTEN") then return end
  connection.state[side] = before
  for _, earlier in ipairs(connection.unanswered) do earlier.states[side] = before end
end

local function follow(connection, segment, side, other)
  local flags = segment.flags
  if flags.RST then
    connection.state.client, connection.state.server = "CLOSED", "CLOSED"
    return
  end
  move(connection, side, SENT[kind_of(flags)])
  if flags.FIN then
    move(connection, side, SENT.FIN)
    connection.fin = connection.fin or {}
    connection.fin[side] = segment.seq + segment.length
  end
  move(connection, other, RECEIVED[kind_of(flags)])
  local fin = connection.fin and connection.fin[other]
  if fin and flags.ACK and (segment.ack - fin) % 2 ^ 32 == 1 then move(connection, other, RECEIVED.acked) end
  if flags.FIN then move(connection, other, RECEIVED.FIN) end
end

-- --- segments ----------------------------------------------------------------------------

-- Distances from the first number that each side has sent.
local function relate(connection, segment, side, other)
  local base = connection.base
  if segment.flags.SYN or not base[side] then
    base[side] = segment.flags.SYN and segment.seq or (segment.seq - 1) % 2 ^ 32
  end
  segment.relative_seq = (segment.seq - base[side]) % 2 ^ 32
  if segment.flags.ACK then
    if not base[other] then base[other] = (segment.ack - 1) % 2 ^ 32 end
    segment.relative_ack = (segment.ack - base[other]) % 2 ^ 32
  end
end

-- A SYN and a FIN count as one byte each: why an acknowledgement is what it is.
local function explain(connection, segment, side, other)
  local flags, last = segment.flags, connection.occupied[other]
  if last and flags.ACK and (last.seq + last.occupies) % 2 ^ 32 == segment.ack then
    segment.acknowledges = { seq = last.seq, relative_seq = last.relative_seq, occupies = last.occupies }
  end
  segment.occupies = segment.length + (flags.SYN and 1 or 0) + (flags.FIN and 1 or 0)
  if segment.occupies > 0 then connection.occupied[side] = segment end
end

-- RFC 7323, 2.3: the window of all but the SYNs, when both of them had the option.
local function scale(connection, segment, side)
  if segment.flags.SYN then
    connection.scale[side] = segment.options.wscale or false
    return
  end
  local mine, his = connection.scale.client, connection.scale.server
  if connection.itself then his = mine end
  if mine and his then segment.window = segment.window * 2 ^ connection.scale[side] end
end

-- The same numbers were seen before: it is sent again.
local function is_repeated(connection, segment, side)
  local occupies = segment.length > 0 or segment.flags.SYN or segment.flags.FIN
  if not occupies then return nil end
  connection.seen = connection.seen or {}
  local key = side .. segment.seq .. segment.name
  local again = connection.seen[key]
  connection.seen[key] = true
  return again
end

local function take_segment(self, segment)
  local connection = connection_of(self, segment)
  local side = segment.from == connection.client and "client" or "server"
  local other = connection.itself and side or side == "client" and "server" or "client"
  segment.side, segment.connection = side, connection.number
  segment.again = is_repeated(connection, segment, side)
  relate(connection, segment, side, other)
  if segment.saved then return end
  explain(connection, segment, side, other)
  scale(connection, segment, side)
  if side == "server" then look_back(connection, segment, side) end
  follow(connection, segment, side, other)
  segment.states = { client = connection.state.client, server = connection.state.server }
  if connection.itself then segment.states.server = nil end
  connection.last = segment
  if side == "server" then connection.unanswered = {} else table.insert(connection.unanswered, segment) end
end

-- What else there is has a side, and no states.
local function take_other(self, found)
  local quoted = found.about
  local mine = quoted and quoted.destination_port and text_of(quoted.destination_host, quoted.destination_port)
  local side = mine and look_up(self.sides, mine) or found.source_port and look_up(self.sides, found.from)
  if not side and quoted then -- of a router, or of our own system: to who sent that
    local sender = quoted.source_port and look_up(self.sides, text_of(quoted.source_host, quoted.source_port))
    side = sender == "server" and "client" or "server"
  end
  local aim = found.source_port and look_up(self.sides, found.to)
  if not side and aim then side = aim == "client" and "server" or "client" end
  if not side then side = found.name:find("reply") and "server" or "client" end
  found.side = side
end

local function take_packet(self, found)
  if found.source_port then
    found.from = text_of(found.source_host, found.source_port)
    found.to = text_of(found.destination_host, found.destination_port)
  else
    found.from, found.to = found.source_host, found.destination_host
  end
  if found.protocol == "TCP" then take_segment(self, found) else take_other(self, found) end
  self.packets[#self.packets + 1] = found
  return found
end

-- --- the kernel's word ----------------------------------------------------------------------

local function correct(self, connection, side, state, event)
  if connection.state[side] == state then return end
  connection.state[side] = state
  local last = connection.last
  if last and last.states[side] then
    last.states[side] = state
  else
    self.steps[#self.steps + 1] =
      { kind = "state", side = side, state = state, connection = connection.number, time = event.time }
  end
end

-- How many stand in each listener's queue, when that is not what it was.
local function take_queue(self, event, address, length, limit)
  local shown = length .. "/" .. limit
  if self.queues[address] == shown then return end
  self.queues[address] = shown
  self.steps[#self.steps + 1] =
    { kind = "queue", side = "server", time = event.time, address = address, length = length, limit = limit }
end

-- A side that has nothing in the table is closed, or has only a listener.
local function take_kernel(self, event)
  self.overhead = self.overhead + event.cost -- the next call had to wait for that
  local seen = {}
  -- Whose end is of this kernel: ours, and what was in its table.
  local function is_here(connection, side)
    return connection.listed[side] or look_up(self.sides, connection[side])
  end
  for _, row in ipairs(event.sockets) do
    local from, to = tostring(row.source), tostring(row.destination)
    local key = from < to and from .. " " .. to or to .. " " .. from
    local connection = self.connections[key]
    if row.state == "LISTEN" then
      self.listening[from] = true
      take_queue(self, event, from, row.received, row.unsent)
    end
    if connection then
      local side = from == connection.client and "client" or "server"
      correct(self, connection, side, row.state, event)
      seen[key .. side], connection.listed[side] = true, true
    end
  end
  event.connections = {}
  for key, connection in pairs(self.connections) do
    for _, side in ipairs { "client", "server" } do
      local state = connection.state[side]
      local is_gone = not seen[key .. side] and not connection.itself and is_here(connection, side)
      if is_gone and state ~= "LISTEN" and state ~= "CLOSED" then
        correct(self, connection, side, side == "server" and state == "SYN_RCVD" and "LISTEN" or "CLOSED", event)
      end
    end
    event.connections[connection.number] =
      { client = connection.state.client, server = connection.state.server }
  end
end

-- --- all of it --------------------------------------------------------------------------------

-- A call that returned before anything else happened is one step, else it is two.
local function take_call(self, event)
  event.waited, event.overhead = not event.ended or nil, self.overhead -- it may not be over yet
  self.overhead = event.cost or 0
  self.calling[event] = #self.steps + 1
  for _, connection in ipairs(self.list) do connection.last = nil end
  if event.call == "listen" and not event.failed then self.listening[event.address] = true end
  return event
end

local function take_return(self, event)
  local call = event.of
  if self.calling[call] == #self.steps then return nil end
  call.waited = true
  return event
end

local TAKE = {
  packet = take_packet,
  kernel = take_kernel,
  call = take_call,
  ["return"] = take_return,
  note = function(_, event) return event end,
}

-- In the order in which things happened. What has no time stands where it was found.
local function in_order(events)
  local list, last = {}, 0
  for i, event in ipairs(events) do
    last = event.time or last
    list[#list + 1] = { event = event, time = last, order = i }
    if event.kind == "call" and event.ended then
      list[#list + 1] = { event = { kind = "return", of = event, side = event.side, name = event.name,
        time = event.ended }, time = event.ended, order = i + 0.5 }
    end
  end
  table.sort(list, function(a, b)
    if a.time ~= b.time then return a.time < b.time end
    return a.order < b.order
  end)
  return list
end

-- Steps of a recording's events. `sides` says on which side an address is, by its
-- text; `listening` which of them listen, as is known from elsewhere. Returns the list
-- of calls, returns, packets, queues and notes in order, the packets alone, and the
-- connections.
function model.steps(events, sides, listening)
  local self = { sides = sides, connections = {}, list = {}, packets = {}, steps = {}, calling = {}, queues = {},
    listening = {}, overhead = 0 }
  for address in pairs(listening or {}) do self.listening[address] = true end
  for _, item in ipairs(in_order(events)) do
    local step = TAKE[item.event.kind](self, item.event)
    if step then self.steps[#self.steps + 1] = step end
  end
  return self.steps, self.packets, self.list
end

return model
