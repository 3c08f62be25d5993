-- serve.lua - servers: a task for each connection.
--
-- The handler is the task.  What must be done at its end, in whatever way it
-- comes, is done when the loop tells of it: reporting, flushing, closing, and
-- letting in the next one.

local core = require "dialtone.core"
local listen = require "dialtone.listen"
local options = require "dialtone.options"
local scopes = require "dialtone.scope"
local tasks = core.inner

local Server = {}
Server.__index = Server

-- When accept fails for want of descriptors or memory, or whatever it may be, the
-- connections stay in the kernel's queue.
local PAUSE_FIRST, PAUSE_LAST = 0.05, 0.15
local QUIET = 5 -- seconds without a failure, after which the next is said again

-- Whoever hears of failures must not become one.
local function tell(server, ...)
  local ok, message = pcall(server.report, ...)
  if not ok then io.stderr:write("dialtone: ", tostring(message), "\n") end
end

-- --- connections --------------------------------------------------------------------

local let_in

-- A connection is counted until it is closed, also while the rest is sent. When
-- all are cancelled, what the kernel does not take is not sent.
local function close_connection(server, conn)
  if tasks.unsent(conn) then
    if not server.cancelled then return tasks.attend(server.ending, conn, conn.close, conn) end
    conn:settimeout(0)
  end
  conn:close()
  let_in(server, server.active - 1)
  server.active = server.active - 1 -- last, since nothing can fail after it
end

-- The end of a handler, or of what sent its rest. It is called again when memory
-- ended before it had.
local function note_end(server, task, conn, ok, failure, trace)
  local failed = not ok and task:status() == "failed"
  if failed then tell(server, trace, task, failure) end
  close_connection(server, conn)
  if failed then server.failed = server.failed + 1 end
end

-- Whoever waits for a connection to end looks again, when `active` are left.
function let_in(server, active)
  if server.room then tasks.open(server.room) end
  for gate, spared in next, server.drains do
    if active <= spared then tasks.open(gate) end
  end
end

local function begin(server, conn, peer)
  if server.timeout then conn:settimeout(server.timeout) end
  tasks.attend(server.ending, conn, server.handler, conn, peer) -- it begins later
  server.accepted = server.accepted + 1
  server.active = server.active + 1
end

-- --- accepting --------------------------------------------------------------------------

-- Waits until a connection ends, at most until `deadline`.
local function wait_for_room(server, deadline)
  local gate = tasks.gate()
  server.room = gate
  tasks.pass(gate, function() tasks.open(gate) end, deadline)
  server.room = nil
end

-- Nothing can be accepted just now: said once, and tried again soon, or as soon as
-- a connection ends.
local function pause(server, message, length)
  local now = core.now()
  if now > server.quiet_until then tell(server, message, nil, message) end
  server.quiet_until = now + length + QUIET
  server.pauses = server.pauses + 1
  wait_for_room(server, now + length)
  return math.min(length * 2, PAUSE_LAST)
end

local function accept_all(server)
  local listener, length = server.listener, PAUSE_FIRST
  while not server.closed do
    if server.active >= server.max then
      wait_for_room(server)
    else
      local conn, peer, code = listener:accept()
      if conn and server.closed then -- it came while others had their turn
        conn:close()
      elseif conn then
        length = PAUSE_FIRST
        server.coming = conn
        begin(server, conn, peer)
        server.coming = false
      elseif code == "closed" then
        return
      elseif code == "EINVAL" or code == "EBADF" then -- shut down, or closed behind our back
        return tell(server, peer, nil, peer)
      elseif code ~= "timeout" and code ~= "EAGAIN" then -- the listener's own limits
        length = pause(server, peer, length)
      end
    end
  end
end

-- Accepting ends by an error only for want of memory. Then it begins again, after a
-- pause: this is called again as long as there is none for that either.
local function accept_again(server, _, ok, failure, trace)
  if server.coming then server.coming:close() end -- nobody has begun to serve it
  server.coming = false
  if ok or server.closed then return end
  tell(server, trace or failure, nil, failure)
  server.acceptor = tasks.supervise(server.accepting, nil, function()
    server.pauses = server.pauses + 1
    core.sleep(PAUSE_FIRST)
    accept_all(server)
  end)
end

-- Where nothing can begin, nothing is left either.
local function start(server, listener, is_ours)
  function server.accepting(...) accept_again(server, ...) end
  local ok, acceptor = pcall(tasks.supervise, server.accepting, nil, accept_all, server)
  if ok then
    server.acceptor = acceptor
  else
    if is_ours then listener:close() end
    error(acceptor, 0)
  end
end

-- --- the server object --------------------------------------------------------------------

local function stop_accepting(server)
  if server.closed then return end
  server.closed = true
  server.listener:close()
  server.acceptor:cancel()
end

local function cancel_all(server)
  server.cancelled = true
  tasks.cancelall(server.ending)
end

-- 1 if a handler calls, who cannot wait for his own end.
local function count_caller(server)
  return tasks.attending(server.ending) and 1 or 0
end

-- Waits until there is no other connection; at the deadline, and when the calling
-- task is cancelled, the handlers are. "timeout", "cancelled" or nil.
local function wait_for_all(server, deadline)
  local gate, spared, why = tasks.gate(), count_caller(server), nil
  if server.active <= spared then return nil end
  server.drains[gate] = spared
  tasks.pass(gate, function(code)
    why = code
    cancel_all(server)
    if code == "cancelled" then tasks.open(gate) end -- it may be one of them
  end, deadline)
  server.drains[gate] = nil
  return why
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
-- finish. Those that are not done in time are cancelled. Waits until all have ended,
-- but for the one that calls it.
-- @function server:drain
-- @tparam[opt] number seconds how long they have; nil: as long as they need
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `"timeout"`, when some had to be cancelled
-- @usage server:drain(10)
function Server:drain(seconds)
  if seconds ~= nil and not (type(seconds) == "number" and seconds >= 0) then
    error(("bad argument #1 to 'drain' (seconds >= 0 expected, got %s)"):format(tostring(seconds)), 2)
  end
  stop_accepting(self)
  local why = wait_for_all(self, seconds and core.now() + seconds)
  tasks.unwind()
  if not why then return true end
  return nil, ("drain %s: the time limit was reached"):format(tostring(self.address)), why
end

--- What the server has done so far.
-- @function server:stats
-- @treturn table `accepted`, `active` and `failed` connections (those whose
-- handlers raised), `pauses` (for want of descriptors or memory), `queued` (how
-- many wait in the kernel's queue, where it tells: TCP on Linux)
-- @usage print(server:stats().active)
function Server:stats()
  local info = not self.closed and self.listener:tcpinfo()
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

-- What is wrong with the values of options, or nil.
local function complaint(opts)
  if opts.max and opts.max < 1 then
    return ("serve: option max: integer >= 1 expected, got %s"):format(tostring(opts.max))
  end
end

-- A listening socket that waits for as long as it takes; or nil, message, code.
local function take_over(listener)
  local ok, message, code = listener:settimeout(nil)
  if ok then ok, message, code = listener:getsockopt("SO_ACCEPTCONN") end
  if ok then return listener end
  if ok ~= false then return nil, (message:gsub("^%l+", "serve")), code end
  return nil, ("serve %s: it does not listen"):format(tostring(listener:getsockname())), "EINVAL"
end

local serve = { class = Server, known = known }

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
    scopes.check_callable("serve", 2, handler)
    opts = options.check("serve", opts, known)
    local wrong = complaint(opts)
    if wrong then error(wrong, 2) end
    local listener, message, code
    if is_socket(where) then
      listener, message, code = take_over(where)
    else
      listener, message, code = listen.open("serve", where, nil, listener_options(opts))
    end
    if not listener then return nil, message, code end
    local address
    address, message, code = listener:getsockname()
    if not address then
      if listener ~= where then listener:close() end
      return nil, message, code
    end
    local server = setmetatable({
      listener = listener, address = address, handler = handler, report = report,
      max = opts.max or math.huge, timeout = opts.timeout,
      accepted = 0, active = 0, failed = 0, pauses = 0, quiet_until = 0, drains = {}, coming = false,
    }, Server)
    server.ending = function(task, conn, ok, failure, trace)
      note_end(server, task, conn, ok, failure, trace)
    end
    start(server, listener, listener ~= where)
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
