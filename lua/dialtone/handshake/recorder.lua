-- recorder.lua - an echo server whose connections are recorded while they last, each
-- as a recording of its own.
--
-- One capture sees the packets of the server's port, and hands each to the
-- connection that it is of. The calls of the server are recorded, too, and those of
-- the clients that are started here. Without a capture there are these alone, the SYN
-- that the kernel has kept, and the kernel's table. In a private network there are no
-- other clients.
--
-- Everything is bounded: the connections that are kept, and what is kept of each.

local core = require "dialtone.core"
local handshake = require "dialtone.handshake"
local Wire = require "dialtone.handshake.wire"

local Recorder = {}
Recorder.__index = Recorder

-- Connections that are kept; events of each. Seconds, so that one sees it: between the
-- calls of a client of ours, and in the listener's queue.
local limits = { kept = 50, events = 400, pause = 0.25, unaccepted = 0.1 }

local MOST_OPEN = 100    -- connections that are served at once; others wait in the queue
local MOST_OWN = 8       -- clients of ours at once
local IDLE = 120         -- seconds for which a connection may say nothing
local BATCH = 256        -- packets that are taken at once

-- --- one at a time ------------------------------------------------------------------

-- Calls `fn` when no other task does: who asks and waits for the answer cannot be
-- asked by two.
local function exclusive(fn)
  local free = core.queue(1)
  free:put(true)
  local function leave(ok, ...)
    free:put(true)
    if not ok then error((...), 0) end
    return ...
  end
  return function(...)
    free:get()
    return leave(pcall(fn, ...))
  end
end

-- --- connections ----------------------------------------------------------------------

local function changed(self, connection)
  connection.version = connection.version + 1
  self.changed(connection)
end

-- The oldest go: those that have ended before the others.
local function make_room(self)
  if #self.connections < limits.kept then return end
  local index = 1
  for i, one in ipairs(self.connections) do
    if one.open == 0 then
      index = i
      break
    end
  end
  local gone = table.remove(self.connections, index)
  if gone.client and self.by_client[gone.client] == gone then self.by_client[gone.client] = nil end
end

-- The kernel's rows that are of this connection or of the listener.
local function diag_of(self, connection)
  return { sockets = function(_, family)
    local rows, all = {}, self.table_of(family)
    if not all then return nil end
    for _, row in ipairs(all) do
      local from, to = tostring(row.source), tostring(row.destination)
      local is_own = from == connection.client and to == self.server or from == self.server and to == connection.client
      if is_own or row.state == "LISTEN" and from == self.server then rows[#rows + 1] = row end
    end
    return rows
  end }
end

-- `client`: its address as a text, when it is known. `open` counts who still uses it.
local function new_connection(self, client, sec, nsec)
  make_room(self)
  self.count = self.count + 1
  local base = self.base
  local connection = { id = self.count, client = client, version = 0, open = 0 }
  if not sec then sec, nsec = core.inner.wallclock() end
  local ports = { [self.address.port] = { [self.address.host] = true } }
  connection.wire = setmetatable({ events = {}, sockets = { self.listener }, ports = ports,
    family = base.family, timeout = IDLE, host = base.host, sec = sec, nsec = nsec, level = base.level,
    about = base.about, reason = base.reason, open = base.open, diag = diag_of(self, connection) }, Wire)
  self.connections[#self.connections + 1] = connection
  if client then self.by_client[client] = connection end
  return connection
end

-- Whether there is room for more of it; said once, when there is none.
local function has_room(connection)
  local events = connection.wire.events
  if #events < limits.events then return true end
  if not connection.is_full then
    connection.is_full = true
    connection.wire:note("there was more, which is not shown")
  end
  return false
end

local function since(wire, sec, nsec)
  return (sec - wire.sec) + (nsec - wire.nsec) / 1e9
end

-- However long that takes, whatever the socket's own limit is; nil when it is closed.
local function until_readable(socket)
  return core.poll { socket }
end

-- --- packets ------------------------------------------------------------------------------

local function text_of(host, port)
  return (host:find(":", 1, true) and "[%s]:%d" or "%s:%d"):format(host, port)
end

-- The connection that a packet is of: a SYN of somebody unknown begins one. A port
-- that was used before may be used again.
local function connection_of(self, found)
  if found.protocol ~= "TCP" or not found.sec then return nil end
  local from = text_of(found.source_host, found.source_port)
  local to = text_of(found.destination_host, found.destination_port)
  if to ~= self.server and from ~= self.server then return nil end
  local client = to == self.server and from or to
  local known = self.by_client[client]
  local begins = to == self.server and found.flags.SYN and not found.flags.ACK
  if begins and (not known or known.accepted and known.open == 0) then
    return new_connection(self, client, found.sec, found.nsec)
  end
  return known
end

local function take(self, found)
  local connection = connection_of(self, found)
  if not connection then return end
  if has_room(connection) then
    local wire = connection.wire
    found.kind, found.time = "packet", since(wire, found.sec, found.nsec)
    wire.events[#wire.events + 1] = found
  end
  changed(self, connection)
end

local function take_packets(self)
  while until_readable(self.capture.socket) do
    for _, found in ipairs(self.capture:read(BATCH) or {}) do take(self, found) end
  end
end

-- --- the server -------------------------------------------------------------------------------

-- What accepting recorded belongs to the connection that came of it.
local function move_events(self, wire)
  local events = self.base.events
  self.base.events = {}
  local last, later = 0, since(wire, self.base.sec, self.base.nsec)
  for _, event in ipairs(events) do
    if event.kind == "call" then
      event.time, event.ended = event.time + later, event.ended and event.ended + later
      last = event.ended or event.time
    end
    if event.saved then event.time = last end -- it stands where it was found
    if event.kind ~= "kernel" then wire.events[#wire.events + 1] = event end
  end
end

local function adopt(self, connection, accepted)
  local wire = connection.wire
  self.base.sockets = { self.listener }
  move_events(self, wire)
  accepted.wire, accepted.id = wire, #wire.sockets + 1
  wire.sockets[accepted.id] = accepted
  connection.accepted, connection.open = true, connection.open + 1
  wire:state(self.address) -- the kernel is asked
  changed(self, connection)
end

-- Sends back what comes; when there is no more room, what comes then is not recorded.
local function echo(self, connection, accepted)
  accepted:settimeout(IDLE)
  repeat
    local socket = has_room(connection) and accepted or accepted.socket
    local data = socket:recv(4096)
    changed(self, connection)
    local done = data and (socket == accepted and accepted:send(data) == #data or socket:write(data))
    changed(self, connection)
  until not done
end

local function leave(self, connection, socket)
  socket:close()
  connection.open = connection.open - 1
  changed(self, connection)
end

local function serve(self, connection, accepted)
  self.active = self.active + 1
  local ok, failure = pcall(echo, self, connection, accepted)
  self.active = self.active - 1
  leave(self, connection, accepted)
  if not ok then error(failure, 0) end
end

-- Those that nobody has accepted yet, as the kernel's table has them.
local function look_at_queue(self)
  for _, connection in pairs(self.by_client) do
    if not connection.accepted and has_room(connection) then
      connection.wire:state(self.address)
      changed(self, connection)
    end
  end
end

local function accept(self)
  local accepted, peer = self.listener:accept()
  if not accepted then
    self.base.events = {}
    return core.sleep(limits.unaccepted) -- no descriptors, or he is gone
  end
  local client = tostring(peer)
  local known = self.by_client[client]
  if not known or known.accepted then known = new_connection(self, client) end
  adopt(self, known, accepted)
  self.tasks[accepted] = core.spawn(function()
    serve(self, known, accepted)
    self.tasks[accepted] = nil
  end)
end

local function accept_all(self)
  while until_readable(self.listener.socket) and not self.closed do
    if self.active >= MOST_OPEN then
      core.sleep(limits.unaccepted)
    else
      look_at_queue(self)
      core.sleep(limits.unaccepted)
      repeat accept(self) until self.closed or self.active >= MOST_OPEN or not core.poll({ self.listener.socket }, 0)
    end
  end
end

-- --- clients of ours ----------------------------------------------------------------------------

local function speak(self, connection, client)
  local function step(ok)
    changed(self, connection)
    return ok and core.sleep(limits.pause)
  end
  return step(client:connect(self.address)) and step(client:send("hello, number " .. connection.id))
    and step(client:recv(4096))
end

-- Begins a connection from here. True; or nil, message, code.
function Recorder:connect()
  if self.own >= MOST_OWN then return nil, "connect: wait until those before have ended", "busy" end
  local connection = new_connection(self)
  local client, message, code = connection.wire:socket("client", self.base.family)
  if not client then return nil, message, code end
  local bound
  bound, message, code = client:bind(self.base.host, 0) -- its packets can be told apart from now on
  if not bound then
    client:close()
    return nil, message, code
  end
  connection.client = tostring(client:getsockname())
  self.by_client[connection.client] = connection
  connection.open, self.own = 1, self.own + 1
  self.tasks[client] = core.spawn(function()
    local ok, failure = pcall(speak, self, connection, client)
    self.own = self.own - 1
    leave(self, connection, client)
    self.tasks[client] = nil
    if not ok then error(failure, 0) end
  end)
  return true
end

-- --- all of it ------------------------------------------------------------------------------------

-- A connection so far, as net.handshake gives one. Its events are looked at anew each
-- time, and a look changes them.
function Recorder:recording(connection)
  local copies = {}
  for i, event in ipairs(connection.wire.events) do
    local copy = {}
    for key, value in pairs(event) do copy[key] = value end
    copies[i] = copy
  end
  local wire = connection.wire
  return handshake.recording { events = copies, sockets = wire.sockets, level = wire.level, about = wire.about,
    reason = wire.reason, listening = { [self.server] = true } }
end

-- Ends everything, and closes what is open: first the sockets, without which the tasks
-- end by themselves, should there be no memory to cancel them.
function Recorder:close()
  self.closed = true
  handshake.close(self.base)
  if self.capture then self.capture:close() end
  if self.diag then self.diag:close() end
  for _, connection in ipairs(self.connections) do
    for _, socket in ipairs(connection.wire.sockets) do socket.socket:close() end
  end
  for socket in pairs(self.tasks) do socket.socket:close() end -- of connections that are forgotten
  for _, task in pairs(self.running) do
    if task then task:cancel() end
  end
  for _, task in pairs(self.tasks) do task:cancel() end
  return true
end

local function listen(self, port)
  local base = self.base
  local listener, message, code = base:socket("server", base.family)
  if not listener then return nil, message, code end
  listener:settimeout(nil)
  listener:setsockopt("SO_REUSEADDR", true)
  local ok
  ok, message, code = listener:bind(base.host, port)
  if ok then ok, message, code = listener:listen(5) end
  if not ok then return nil, message, code end
  self.listener, self.address = listener, listener:getsockname()
  self.server = tostring(self.address)
  base.events = {}
  return true
end

-- There is room for each task before it is there: nothing lies between the two.
local function start(self)
  self.running.accepting, self.running.taking = false, false
  self.running.accepting = core.spawn(accept_all, self)
  self.running.taking = self.capture and core.spawn(take_packets, self) or nil
end

-- Opens the server; `port` is 0 for any. `changed` hears of each connection that there
-- is more of. A Recorder, or nil, message, code.
local function new(opts, port, on_change)
  local base = handshake.open(opts)
  local self = setmetatable({ base = base, capture = base.capture, diag = base.diag, connections = {}, by_client = {},
    closed = false, running = {}, tasks = setmetatable({}, { __mode = "v" }), count = 0, active = 0, own = 0,
    changed = on_change }, Recorder)
  local diag, open = base.diag, base.open
  self.table_of = exclusive(function(family) return diag and diag:sockets(family, { self.address.port }) end)
  base.open = base.private and exclusive(open) or open
  base.diag = nil
  local ok, message, code = listen(self, port)
  if not ok then
    base.diag = diag
    handshake.close(base)
    return nil, message, code
  end
  base.capture = nil -- packets are not the listener's, but each connection's
  local begun, failure = pcall(start, self)
  if begun then return self end
  self:close()
  error(failure, 0)
end

return { new = new, limits = limits }
