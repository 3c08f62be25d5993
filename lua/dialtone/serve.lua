-- serve.lua - servers: a task for each connection.
--
-- The handler is the task.  What must be done at its end, in whatever way it
-- comes, is done when the loop tells of it: reporting, flushing, closing, and
-- letting in the next one.

local core = require "dialtone.core"
local listen = require "dialtone.listen"
local options = require "dialtone.options"
local tasks = core.tasks

local Server = {}
Server.__index = Server

-- Failures of accept that are about what the process or the system has left:
-- accept(2).  The connections stay in the kernel's queue.
local scarce = { EMFILE = true, ENFILE = true, ENOMEM = true, ENOBUFS = true }
local PAUSE_FIRST, PAUSE_LAST = 0.05, 0.15

-- --- connections --------------------------------------------------------------------

local let_in

-- A connection is counted until it is closed, also while the rest is sent.
local function close_connection(server, conn)
  if tasks.unsent(conn) then
    local task = tasks.supervise(server.ending, conn.close, conn)
    server.connections[task] = conn
    if server.closed then task:cancel() end
  else
    conn:close()
    server.active = server.active - 1
  end
end

-- The end of a handler, or of what sent its rest.
local function note_end(server, task, ok, failure, trace)
  local conn = server.connections[task]
  server.connections[task] = nil
  if not ok and task:status() == "failed" then
    server.failed = server.failed + 1
    server.report(trace, task, failure)
  end
  close_connection(server, conn)
  let_in(server)
end

-- Whoever waits for a connection to end looks again.
function let_in(server)
  if server.room then tasks.open(server.room) end
  if server.active == 0 and server.empty then tasks.open(server.empty) end
end

local function begin(server, conn, peer)
  if server.timeout then conn:settimeout(server.timeout) end
  server.accepted = server.accepted + 1
  server.active = server.active + 1
  server.connections[tasks.supervise(server.ending, server.handler, conn, peer)] = conn
end

-- --- accepting --------------------------------------------------------------------------

-- Waits until a connection ends, at most until `deadline`.
local function wait_for_room(server, deadline)
  local gate = tasks.gate()
  server.room = gate
  tasks.pass(gate, function() tasks.open(gate) end, deadline)
  server.room = nil
end

-- Nothing can be accepted just now: said once, and tried again soon.
local function pause(server, message, code, length)
  if length == PAUSE_FIRST then server.report(message, nil, message) end
  server.pauses = server.pauses + 1
  wait_for_room(server, core.now() + length)
  return math.min(length * 2, PAUSE_LAST), code
end

local function accept_all(server)
  local listener, length = server.listener, PAUSE_FIRST
  while not server.closed do
    if server.active >= server.max then
      wait_for_room(server)
    else
      local conn, peer, code = listener:accept()
      if conn then
        length = PAUSE_FIRST
        begin(server, conn, peer)
      elseif scarce[code] then
        length = pause(server, peer, code, length)
      elseif code == "closed" or code == "EINVAL" or code == "EBADF" then
        return -- closed, or shut down
      elseif code ~= "timeout" and code ~= "EAGAIN" then
        length = pause(server, peer, code, length)
      end
    end
  end
end

-- --- the server object --------------------------------------------------------------------

local function stop_accepting(server)
  if server.closed then return end
  server.closed = true
  server.listener:close()
  if server.path then os.remove(server.path) end
  server.acceptor:cancel()
end

local function cancel_all(server)
  local list = {}
  for task in pairs(server.connections) do list[#list + 1] = task end
  for _, task in ipairs(list) do task:cancel() end
  return #list
end

-- Waits until there is no connection.
local function wait_for_all(server, interrupted, deadline)
  if server.active == 0 then return end
  server.empty = server.empty or tasks.gate()
  tasks.pass(server.empty, interrupted, deadline)
end

--- Ends the server: nothing more is accepted, the handlers are cancelled, and
-- their connections closed.
-- @function server:close
-- @treturn boolean true
-- @usage server:close()
function Server:close()
  stop_accepting(self)
  cancel_all(self)
  return true
end

--- Ends the server in good order: nothing more is accepted, and the handlers may
-- finish. Those that are not done in time are cancelled. Waits until all have ended.
-- @function server:drain
-- @tparam[opt] number seconds how long they have; nil: as long as they need
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `"timeout"`, when some had to be cancelled
-- @usage server:drain(10)
function Server:drain(seconds)
  local late = false
  stop_accepting(self)
  wait_for_all(self, function()
    late = true
    cancel_all(self)
  end, seconds and core.now() + seconds)
  tasks.unwind()
  if late then return nil, "drain " .. tostring(self.address) .. ": the time limit was reached", "timeout" end
  return true
end

--- What the server has done so far.
-- @function server:stats
-- @treturn table `accepted`, `active` and `failed` connections (those whose
-- handlers raised), `pauses` (for want of descriptors or memory), `queued` (how
-- many wait in the kernel's queue, where it tells)
-- @usage print(server:stats().active)
function Server:stats()
  local info = not self.closed and core.now and self.listener:tcpinfo()
  return {
    accepted = self.accepted, active = self.active, failed = self.failed,
    pauses = self.pauses, queued = info and info.queue_length or nil,
  }
end

function Server:__tostring()
  return ("server %s, %d connection%s%s"):format(tostring(self.address), self.active,
    self.active == 1 and "" or "s", self.closed and ", closed" or "")
end

local known = { max = "integer", timeout = "seconds" }
for name, kind in pairs(listen.known) do known[name] = kind end

-- What net.listen is to be given.
local function listener_options(opts)
  local rest = {}
  for name, value in pairs(opts) do
    if name ~= "max" and name ~= "timeout" then rest[name] = value end
  end
  return rest
end

local function is_socket(value)
  return type(value) == "userdata" and type(value.accept) == "function"
end

local serve = {}

-- `report` is asked for at each call: users may replace net.onerror at any time.
function serve.new(report)
  --- Serves connections: each gets a task of its own, in which the handler is
  -- called with the connection and its peer's address. When the handler ends, in
  -- whatever way, what it wrote is sent and the connection closed; if it fails,
  -- that is reported through `net.onerror`, and concerns no other. The server runs
  -- whenever this Lua state waits: `net.run()` at the end of a script.
  -- @function serve
  -- @tparam integer|string|address|socket where to listen, as `net.listen` takes
  -- it; or a listening socket
  -- @tparam function handler
  -- @tparam[opt] table opts `max`: how many connections at once (more wait in the
  -- kernel's queue); `timeout`: the connections' time limit for each call, in
  -- seconds; and what net.listen takes
  -- @treturn server with the fields `address` and `listener`
  -- @treturn[2] nil
  -- @treturn[2] string message
  -- @treturn[2] string code as of net.listen
  -- @usage net.serve("127.0.0.1:7000", function(conn)
  --   for line in conn:lines() do conn:write(line:upper(), "\n") end
  -- end)
  -- net.run()
  return function(where, handler, opts)
    if type(handler) ~= "function" then
      error(("bad argument #2 to 'serve' (function expected, got %s)"):format(type(handler)), 2)
    end
    opts = options.check("serve", opts, known)
    local listener, message, code = where, nil, nil
    if not is_socket(where) then
      listener, message, code = listen.listen(where, listener_options(opts))
      if not listener then return nil, message, code end
    end
    local address = listener:getsockname()
    local server = setmetatable({
      listener = listener, address = address, handler = handler, report = report,
      max = opts.max or math.huge, timeout = opts.timeout, connections = {},
      accepted = 0, active = 0, failed = 0, pauses = 0,
    }, Server)
    server.ending = function(...) note_end(server, ...) end
    server.acceptor = core.spawn(accept_all, server)
    return server
  end
end

--- A handler that sends back what comes: `net.serve(7000, net.echo)`.
-- @function echo
-- @tparam socket conn
-- @usage net.serve(7000, net.echo)
function serve.echo(conn)
  while true do
    local data = conn:recv(65536)
    if not data or not conn:write(data) then return end
  end
end

return serve
