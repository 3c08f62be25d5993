-- init.lua - net.handshake: a connection made and recorded, the packets on the wire
-- and what the kernel holds at both ends.
--
-- Three levels, each of which gives what it can. Level 2 captures on the interface,
-- which needs CAP_NET_RAW; level 1 does so in a private network (namespace.lua), which
-- needs no privilege but a kernel that allows it; level 0 captures nothing, and tells
-- the calls, the SYN that the kernel has kept, the kernel's own table.

local capture = require "dialtone.handshake.capture"
local core = require "dialtone.core"
local diag = require "dialtone.handshake.diag"
local html = require "dialtone.handshake.html"
local json = require "dialtone.handshake.json"
local model = require "dialtone.handshake.model"
local namespace = require "dialtone.handshake.namespace"
local options = require "dialtone.options"
local svg = require "dialtone.handshake.svg"
local text = require "dialtone.handshake.text"
local Wire = require "dialtone.handshake.wire"

local handshake = { classes = { wire = Wire } }

-- --- levels -----------------------------------------------------------------------------

local function read_here(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local found = file:read("*a")
  file:close()
  return found
end

local levels = {}

levels[2] = function(wire, interface)
  local captured, message = capture.new(core.socket, interface)
  if not captured then return nil, message end
  wire.capture, wire.open, wire.read = captured, core.socket, read_here
  return "packets captured on " .. interface
end

levels[1] = function(wire)
  local private, message = namespace.open()
  if not private then return nil, message end
  local function open(...) return private:socket(...) end
  local captured, reason = capture.new(open, "lo")
  if not captured then
    private:close()
    return nil, reason
  end
  wire.capture, wire.open, wire.private = captured, open, private
  wire.read = function(path) return private:read(path) end
  return "packets captured in a private network"
end

levels[0] = function(wire)
  wire.open, wire.read = core.socket, read_here
  return "no packets captured: the calls, the kept SYN and the kernel's table"
end

-- By the option `private`.
local ORDER = { ["nil"] = { 2, 1, 0 }, ["true"] = { 1, 2, 0 }, ["false"] = { 2, 0 } }

-- What a system does not have at all, it raises for; and memory may end.
local function attempt(fn, ...)
  local ok, value, message = pcall(fn, ...)
  if not ok and value == "not enough memory" then error(value, 0) end
  if not ok then return nil, value end
  return value, message
end

-- The best level that there is.
local function choose(wire, opts)
  local reasons = {}
  for _, level in ipairs(ORDER[tostring(opts.private)]) do
    if level <= (opts.level or 2) then
      local about, reason = attempt(levels[level], wire, opts.interface or "lo")
      if about then
        wire.level = level
        wire.about = ("level %d: %s"):format(level, about)
        wire.reason = reasons[1] and table.concat(reasons, "; ") or nil
        return wire
      end
      reasons[#reasons + 1] = ("not level %d: %s"):format(level, reason)
    end
  end
end

-- --- the recording ------------------------------------------------------------------------

local drawn = { width = "number", absolute = "boolean", title = "string" }
local paged = { absolute = "boolean", title = "string" }

local Recording = {}
Recording.__index = Recording
handshake.classes.recording = Recording

--- What net.handshake gives. Its fields are `level` and `about` (what was captured, in
-- words), `reason` (why not more), `packets`, `steps`, `connections`. `tostring` is the
-- picture.
-- @type recording

--- Draws the picture as text, in plain ASCII.
-- @function recording:text
-- @tparam[opt] table options `width` in columns (80); `colour`: for a terminal; `absolute`:
-- sequence numbers as they are in the packets; `verbose`: every segment's window
-- @treturn string lines
-- @usage io.write(hs:text { width = 100, colour = true })
function Recording:text(opts)
  return text.draw(self, opts)
end

--- Gives all of it as JSON (RFC 8259): an object with `level`, `about`, `reason`,
-- `connections`, `steps` and `packets`. The manual lists the fields of each.
-- @function recording:json
-- @treturn string one line of UTF-8
-- @usage io.open("handshake.json", "w"):write(hs:json())
function Recording:json()
  return json.recording(self)
end

--- Draws the picture as SVG: one file that needs no other, with the states as
-- colours of the lifelines. It is light or dark as its reader has it.
-- @function recording:svg
-- @tparam[opt] table options `width`: how many pixels there are for it (1320; at 720 the
-- calls stand between the lifelines, at 420 the states, too); `absolute`: sequence
-- numbers as they are in the packets; `title`
-- @treturn string a document
-- @usage io.open("handshake.svg", "w"):write(hs:svg { title = "The handshake" })
function Recording:svg(opts)
  return svg.draw(self, options.check_own("svg", opts, drawn))
end

--- Makes one page, of HTML, that replays the recording: step by step, or with its own
-- times slowed down. It fetches nothing; without JavaScript it is the picture and all
-- details.
-- @function recording:html
-- @tparam[opt] table options `title`; `absolute`: begins with the sequence numbers as
-- they are in the packets
-- @treturn string a document
-- @usage io.open("handshake.html", "w"):write(hs:html())
function Recording:html(opts)
  return html.page(self, options.check_own("html", opts, paged))
end

--- Lists the packets by name, in the order in which they came.
-- @function recording:names
-- @treturn table such as `{ "SYN", "SYN-ACK", "ACK" }`
-- @usage assert.same({ "SYN", "RST-ACK" }, hs:names())
function Recording:names()
  local list = {}
  for i, packet in ipairs(self.packets) do list[i] = packet.name end
  return list
end

function Recording:__tostring()
  return self:text()
end

local function sides_of(wire)
  local sides = {}
  for _, socket in ipairs(wire.sockets) do
    if socket.address then
      local address = tostring(socket.address)
      sides[address] = sides[address] or socket.side
    end
  end
  return sides
end

-- What a wire has recorded.
function handshake.recording(wire)
  local about = wire.about
  if wire.reason then about = about .. " (" .. wire.reason .. ")" end
  local self = { level = wire.level, reason = wire.reason, about = about, events = wire.events }
  self.steps, self.packets, self.connections = model.steps(wire.events, sides_of(wire), wire.listening)
  return setmetatable(self, Recording)
end

-- --- running ----------------------------------------------------------------------------------

-- A whole life of a connection, when there is no script.
local function whole_life(wire)
  local listener = assert(wire:socket("server"))
  assert(listener:bind(wire.host, 0))
  assert(listener:listen(5))
  local client = assert(wire:socket("client"))
  assert(client:connect(listener:getsockname()))
  local server = assert(listener:accept())
  assert(client:send("hello"))
  assert(server:recv(100))
  client:close()
  assert(server:recv(100) == nil) -- the end of the stream
  local before = wire:count("ACK")
  if wire.level > 0 then -- it is acknowledged in its own time
    wire:wait(function() return wire:count("ACK") > before end, 0.2)
  end
  server:close()
  listener:close()
end

local HOSTS = { AF_INET = "127.0.0.1", AF_INET6 = "::1" }

local function new_wire(opts)
  local wire = setmetatable({ events = {}, sockets = {}, ports = {}, family = opts.family or "AF_INET",
    timeout = opts.timeout or 10 }, Wire)
  wire.host = HOSTS[wire.family]
  wire.sec, wire.nsec = core.inner.wallclock()
  return wire
end

-- A wire to record with, at the best level that there is; close it in the end.
function handshake.open(opts)
  local wire = choose(new_wire(opts), opts)
  wire.diag = attempt(diag.new, wire.open)
  return wire
end

function handshake.close(wire)
  for _, socket in ipairs(wire.sockets) do socket.socket:close() end
  if wire.diag then wire.diag:close() end
  if wire.capture then wire.capture:close() end
  if wire.private then wire.private:close() end
end

local function run(wire, script)
  local ok, failure = pcall(function()
    script(wire)
    wire:wait()
  end)
  local recording = ok and handshake.recording(wire)
  handshake.close(wire)
  if not ok then error(failure, 0) end
  return recording
end

local known = {
  [1] = "function", level = { 0, 1, 2 }, private = "boolean", interface = "string",
  family = { "AF_INET", "AF_INET6" }, timeout = "seconds",
}

--- Makes connections and records them: the calls that are made, the packets on the
-- wire, the states at both ends, the listener's queue.
--
-- Without a script it is the whole life of one connection. A script is called with a
-- wire, which makes the sockets. What a script raises, this raises.
--
-- Packets are captured where that is allowed (level 2: CAP_NET_RAW), else in a private
-- network where such may be made (level 1: unshare(1)), else not (level 0): what it came
-- to stands in `level`, why not more in `reason`. Linux only.
-- @function handshake
-- @tparam[opt] table options a script as `[1]`; `level`: no more than this; `private`: true,
-- a private network, also where one could capture; false, none; `family`: `"AF_INET"` (when there is
-- none) or `"AF_INET6"`; `interface` to capture on (`"lo"`; `"any"`: all); `timeout` of each call in
-- seconds (10)
-- @treturn recording `packets` is a list; of each the fields name, protocol, from, to,
-- side, time, length, and for TCP flags, seq, ack, relative_seq, relative_ack, window, options,
-- states. `steps` has these and the calls, notes and queues, in their order
-- @see packet(7), sock_diag(7), network_namespaces(7), RFC 9293
-- @usage local hs = net.handshake()
-- print(hs)
-- assert(hs:names()[1] == "SYN")
function handshake.handshake(opts, blamed)
  opts = options.check_own("handshake", opts, known, blamed)
  return run(handshake.open(opts), opts[1] or whole_life)
end

return handshake
