-- wire.lua - what a script is given to make connections with while they are
-- recorded: sockets that note each call, between the packets that it caused.
--
-- A socket made here has a name and a side of the picture. It behaves as any other
-- socket does; accept gives another such one. Times are the wall clock's, as the
-- kernel stamps packets, in seconds since the recording began.

local core = require "dialtone.core"
local filter = require "dialtone.handshake.filter"
local packet = require "dialtone.handshake.packet"

local unpack = table.unpack or unpack -- luacheck: ignore

local Wire = {}
Wire.__index = Wire
Wire.cost = 0 -- seconds that asking the kernel took, so far: no call's own

local QUIET = 0.03 -- seconds without a packet, after which no more are expected
local SHOWN = 24   -- bytes of a text argument

-- --- time -------------------------------------------------------------------------------

local function since(self, sec, nsec)
  return (sec - self.sec) + (nsec - self.nsec) / 1e9
end

local function now(self)
  return since(self, core.inner.wallclock())
end

local function add(self, event)
  if not event.saved then event.time = event.time or now(self) end
  self.events[#self.events + 1] = event
  return event
end

-- --- what the kernel says -------------------------------------------------------------------

local function is_target(self, host, port)
  local targets = self.ports[port]
  return targets and (targets[host] or targets["0.0.0.0"] or targets["::"])
end

-- The filter knows ports alone, and lets all of ICMP through. Ours is what comes from
-- or goes to an address that is bound or called here: other programs have other
-- connections, be it from a port of the same number.
local function is_ours(self, found)
  if not found.source_port then
    found = found.about or found
    if found.protocol and self.hears_icmp then return true end
  end
  return found.source_port and (is_target(self, found.source_host, found.source_port)
    or is_target(self, found.destination_host, found.destination_port))
end

-- The packets that came since, as events.
local function drain(self)
  if not self.capture then return 0 end
  local list = assert(self.capture:read())
  for _, found in ipairs(list) do
    if is_ours(self, found) then
      found.kind = "packet"
      found.time = found.sec and since(self, found.sec, found.nsec)
      add(self, found)
    end
  end
  return #list
end

-- The kernel's own table of the connections, as an event of kind "kernel". None when it
-- cannot be had: a table without rows would say that all are closed.
local function sample(self)
  drain(self)
  if not self.diag then return end
  local start = now(self)
  local ports = {}
  for port in pairs(self.ports) do ports[#ports + 1] = port end
  local rows = self.diag:sockets(self.family, ports)
  if not rows then return end
  local cost = now(self) - start
  self.cost = self.cost + cost
  return add(self, { kind = "kernel", sockets = rows, cost = cost })
end

-- --- the sockets ------------------------------------------------------------------------------

local Socket = {}

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function shown(value)
  if type(value) ~= "string" then return tostring(value) end
  if value:find("[^%w%p \n\r\t]") then return #value .. " bytes" end
  if #value > SHOWN then value = value:sub(1, SHOWN) .. "..." end
  return '"' .. value:gsub("[\n\r\t]", ESCAPES) .. '"'
end

-- What looks like a name or an address needs no quotation marks.
local function shown_argument(value)
  if type(value) == "string" and #value <= 60 and value:find("^[%w_.:|*%[%]/@-]+$") then return value end
  if type(value) == "table" then
    local ok, address = pcall(core.address, value)
    return tostring(ok and address or "...")
  end
  return shown(value)
end

-- The first argument of these is data.
local SENDS = { send = true, sendto = true, write = true }

local function shown_arguments(call, ...)
  local parts = {}
  for i = 1, select("#", ...) do
    parts[i] = (i == 1 and SENDS[call] and shown or shown_argument)((select(i, ...)))
  end
  return table.concat(parts, ", ")
end

local function shown_result(self, call, value, message, code)
  if value == nil then return tostring(code or message) end
  if call == "bind" then return tostring(self.socket:getsockname()) end
  if value == true then return "ok" end
  if call == "accept" then return tostring(message) end
  if type(value) == "string" or type(value) == "number" then return shown(value) end
  return "ok"
end

-- These are in the picture; others are made, and nothing is said.
local RECORDED = {}
for name in ("bind listen connect accept send recv sendto recvfrom sendmsg recvmsg read readuntil write flush " ..
  "shutdown close setsockopt getsockopt peek"):gmatch("%a+") do
  RECORDED[name] = true
end

-- An address that a call makes ours, and its port: to be watched before there are
-- packets. `wire.ports` has the hosts by port.
local function watch_address(wire, address)
  local port = address and address.port
  if not port or port == 0 then return end
  if wire.capture and not wire.ports[port] then
    local watched, message = wire.capture:watch(port)
    if not watched then add(wire, { kind = "note", text = ("not captured, port %d: %s"):format(port, message) }) end
  end
  wire.ports[port] = wire.ports[port] or {}
  wire.ports[port][address.host] = true
end

-- What is no address the call itself will complain of.
local function watch_argument(wire, ...)
  local ok, found = pcall(core.address, ...)
  if ok and found then watch_address(wire, found) end
end

local BEFORE = { connect = watch_argument, sendto = function(wire, _, ...) watch_argument(wire, ...) end }

-- A port that the system chose for a client is not watched: the peer's is.
local function note_local(self, call)
  self.address = self.socket:getsockname() or self.address
  if call == "bind" or call == "listen" then watch_address(self.wire, self.address) end
end

local function state_of(socket, kind)
  if kind ~= "SOCK_STREAM" then return nil end
  local info = socket:tcpinfo()
  if not info then return nil end
  return info.state == "CLOSE" and "CLOSED" or info.state
end

local adopt

-- Without a capture there is the SYN that the kernel has kept for who accepts. When it
-- came is not known.
local function note_saved(self)
  local saved = self.wire.level == 0 and self.socket:getsockopt("TCP_SAVED_SYN")
  local found = saved and packet.decode(saved)
  if not found then return end
  found.kind, found.saved = "packet", true
  add(self.wire, found)
end

-- accept's socket is one of ours, on the listener's side.
local results = {
  accept = function(self, socket, peer)
    if not socket then return nil end
    local accepted = adopt(self.wire, self.name, self.side, socket, self.kind)
    note_saved(accepted)
    return accepted, peer
  end,
}

-- A socket that has said farewell is closed, but its connection is in TIME_WAIT.
local function lingers(taken, address)
  local found
  for _, row in ipairs(taken and taken.sockets or {}) do
    if tostring(row.source) == address then
      if row.state ~= "TIME_WAIT" then return false end
      found = true
    end
  end
  return found
end

local function finish(self, event, call, ...)
  event.ended = now(self.wire)
  event.took = math.max(0, event.ended - event.time - (self.wire.cost - event.cost_before))
  local value, message, code = ...
  event.result = shown_result(self, call, value, message, code)
  event.failed = value == nil and (code or "failed") or nil
  if call ~= "close" then
    note_local(self, call)
    event.state = state_of(self.socket, self.kind)
    event.address = self.address and tostring(self.address)
  end
  local taken = sample(self.wire)
  if event.state == "CLOSED" and lingers(taken, event.address) then event.state = "TIME_WAIT" end
  if results[call] and value then return results[call](self, ...) end
  return ...
end

-- Addresses stand in a call's text, and not our wrapping of a socket.
local function record(self, call, ...)
  local wire = self.wire
  if BEFORE[call] then BEFORE[call](wire, ...) end
  drain(wire)
  local event = add(wire, { kind = "call", call = call, side = self.side, name = self.name, socket = self.id,
    text = ("%s(%s)"):format(call, shown_arguments(call, ...)), cost_before = wire.cost })
  return finish(self, event, call, self.socket[call](self.socket, ...))
end

local methods = {}
local function method(name)
  methods[name] = methods[name] or function(self, ...)
    if RECORDED[name] then return record(self, name, ...) end
    return self.socket[name](self.socket, ...)
  end
  return methods[name]
end

function Socket.__index(self, key)
  local value = rawget(self, "socket")[key]
  return type(value) == "function" and method(key) or value
end

function Socket.__tostring(self)
  return tostring(self.socket)
end

function adopt(wire, name, side, socket, kind)
  local self = setmetatable({ wire = wire, name = name, side = side, socket = socket, kind = kind,
    id = #wire.sockets + 1, fileno = function(this) return this.socket:fileno() end }, Socket)
  wire.sockets[self.id] = self
  note_local(self)
  return self
end

local LOST = {
  SYN = "SYNs", ACK = "ACKs that carry no data", FIN = "FINs", all = "everything that is sent to it",
}

-- --- for scripts --------------------------------------------------------------------------------

--- What a script of net.handshake is given: it makes sockets that are in the picture.
-- @type wire

--- Makes a socket that is in the picture, in the recording's network. It is used as
-- any other socket, and each call that it makes is recorded; what it accepts is in the
-- picture, too.
-- @function wire:socket
-- @tparam string name for the picture: the socket is on the right when the name begins
-- with "server", else on the left
-- @tparam[opt] string domain the recording's family when there is none
-- @tparam[opt="SOCK_STREAM"] string type
-- @tparam[opt] string|integer protocol
-- @treturn socket
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code as of net.socket
-- @usage local listener = assert(wire:socket("server"))
function Wire:socket(name, domain, kind, protocol)
  if type(name) ~= "string" then
    error(("wire:socket: a name (string) expected, got %s"):format(type(name)), 2)
  end
  domain, kind = domain or self.family, kind or "SOCK_STREAM"
  local event = add(self, { kind = "call", call = "socket", name = name,
    side = name:find("^server") and "server" or "client",
    text = ("socket(%s)"):format(shown_arguments("socket", domain, kind, protocol or 0)) })
  local socket, message, code = self.open(domain, kind, protocol or 0)
  event.ended = now(self)
  event.took = event.ended - event.time
  event.cost = self.private and event.took or nil -- to have it made elsewhere is our work
  if not socket then
    event.result, event.failed = code, code
    return nil, message, code
  end
  if kind == "SOCK_RAW" then self.hears_icmp = true end
  event.result, event.socket = "fd " .. socket:fileno(), #self.sockets + 1
  socket:settimeout(self.timeout)
  if kind == "SOCK_STREAM" and self.level == 0 then socket:setsockopt("TCP_SAVE_SYN", 1) end
  return adopt(self, name, event.side, socket, kind)
end

--- Lets segments be lost on their way to a socket, as a bad line would do it: the
-- socket gets a filter. They are on the wire, and the socket does not hear of them.
-- @function wire:lose
-- @tparam socket socket for TCP; a listener loses what is for those in its queue, too
-- @tparam ?string what `"SYN"`, `"ACK"` (those that carry no data), `"FIN"`, or `"all"`;
-- nil: nothing any more
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code as of setsockopt
-- @see socket(7) SO_ATTACH_FILTER
-- @usage wire:lose(listener, "ACK") -- the third segment of the handshake
function Wire:lose(socket, what)
  local program = what and filter.losing(what)
  if what and not program then
    error(("lose: unknown segments '%s' (valid: SYN, ACK, FIN, all)"):format(tostring(what)), 2)
  end
  drain(self)
  add(self, { kind = "note", text = what and ("from here on %s loses %s"):format(socket.name, LOST[what])
    or ("from here on %s loses nothing"):format(socket.name) })
  if program then return socket.socket:setsockopt("SO_ATTACH_FILTER", program) end
  return socket.socket:setsockopt("SO_DETACH_FILTER")
end

--- Writes a sentence into the picture.
-- @function wire:note
-- @tparam string text a format as of string.format, when values follow
-- @tparam[opt] any ... values: numbers, and others by their tostring
-- @treturn boolean true
function Wire:note(text, ...)
  local values = { ... }
  for i = 1, select("#", ...) do
    if type(values[i]) ~= "number" then values[i] = tostring(values[i]) end
  end
  drain(self)
  add(self, { kind = "note", text = values[1] and text:format(unpack(values)) or text })
  return true
end

--- Waits until no packet has come for a moment (30 ms), or until `ready()` is true.
-- @function wire:wait
-- @tparam[opt] function ready is asked again and again
-- @tparam[opt=1] number seconds how long at most
-- @treturn boolean whether `ready()` was true; true without it
-- @usage wire:wait(function() return wire:count("SYN") == 2 end, 3)
function Wire:wait(ready, seconds)
  local deadline = now(self) + (seconds or 1)
  local last = now(self)
  while self.capture or ready do
    core.sleep(0.005)
    if drain(self) > 0 then last = now(self) end
    if ready and ready() then
      sample(self)
      return true
    end
    if now(self) > deadline or not ready and now(self) - last > QUIET then break end
  end
  sample(self)
  return not ready
end

--- Counts what was captured so far.
-- @function wire:count
-- @tparam[opt] string name of the packets, such as `"SYN"`; without it, all
-- @treturn integer how many there are; 0 at level 0
function Wire:count(name)
  drain(self)
  local count = 0
  for _, event in ipairs(self.events) do
    if event.kind == "packet" and (not name or event.name == name) then count = count + 1 end
  end
  return count
end

--- Asks the kernel for the state of a TCP socket, also of one that no program holds.
-- @function wire:state
-- @tparam address source its own address
-- @tparam[opt] address destination the other end's; without it, any one that is alive
-- @treturn ?string such as `"SYN_RCVD"`; nil: there is none
-- @see sock_diag(7)
function Wire:state(source, destination)
  local taken = sample(self)
  local found
  for _, row in ipairs(taken and taken.sockets or {}) do
    if row.source == source and (not destination or row.destination == destination) then
      if row.state ~= "TIME_WAIT" then return row.state end
      found = row.state
    end
  end
  return found
end

--- Reads the kernel's TCP counters, of the recording's network.
-- @function wire:counters
-- @treturn ?table numbers by name: `ListenOverflows`, `ListenDrops` and others, from
-- /proc/net/netstat; nil where there is none
function Wire:counters()
  local text = self.read("/proc/net/netstat")
  if not text then return nil end
  local found = {}
  for head, names, values in text:gmatch("(%w+): ([^\n]+)\n%w+: ([^\n]+)") do
    local list = {}
    for value in values:gmatch("%S+") do list[#list + 1] = tonumber(value) end
    local i = 0
    for name in names:gmatch("%S+") do
      i = i + 1
      if head == "TcpExt" then found[name] = list[i] end
    end
  end
  return found
end

return Wire
