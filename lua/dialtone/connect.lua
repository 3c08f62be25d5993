-- connect.lua - net.connect: the socket that is wanted, by whatever address it
-- can be had.
--
-- One address is the plain calls: socket, options, bind, connect. Several are a
-- race (race.lua), with a task for each attempt. The caller drives it: he waits
-- at a gate for news, and cannot be taken away from there, so whatever ends the
-- race, he closes what has lost and sees the tasks end. Nothing stays behind.

local core = require "dialtone.core"
local options = require "dialtone.options"
local place = require "dialtone.place"
local race = require "dialtone.race"
local scopes = require "dialtone.scope"
local tasks = core.inner

local KIND = "SOCK_STREAM"

local known = {
  bind = "any", delay = "seconds", family = { "AF_INET", "AF_INET6" }, timeout = "seconds",
}

-- --- pcall ------------------------------------------------------------------------

-- Whether a coroutine can yield inside of pcall: not in Lua 5.1.
local yields_in_pcall = coroutine.wrap(function()
  pcall(coroutine.yield, true)
  return false
end)()

-- Whether pcall may be put around what waits: it costs a task of Lua 5.1 a C stack.
local function may_protect()
  if yields_in_pcall then return true end
  return not coroutine.running()
end

-- --- one address ----------------------------------------------------------------

-- The local address to bind to. The port may be left out; "*:port" is of the
-- socket's own family, and stays a text.
local function read_local(what, bind)
  if bind == nil then return nil end
  if type(bind) == "number" then bind = "*:" .. bind end
  if type(bind) == "string" and bind:find("^%*:") then return bind end
  local address = type(bind) == "string" and core.address(bind, 0)
  if address then return address end
  local at, message, code = place.read(what, bind, nil, 3)
  if at and not at.address then
    return nil, ("%s %s: not an address of this machine"):format(what, at.shown), "EINVAL"
  end
  return at and at.address, message, code
end

-- A port of our own may still be in use by connections that have ended. And one
-- that the system is to choose is better chosen when the peer is known.
local function bind(s, address)
  local port = type(address) == "string" and tonumber(address:match("%d+$")) or address.port
  if port == 0 then
    s:setsockopt("IP_BIND_ADDRESS_NO_PORT", true)
  elseif port then
    s:setsockopt("SO_REUSEADDR", true)
  end
  return s:bind(address)
end

-- A socket for the attempt's address, before it is connected. It is in `attempt`
-- from the first, for whoever has to close it.
local function open(attempt, dialing)
  local address, from = attempt.address, dialing.from
  if type(from) == "userdata" and from.family ~= address.family then
    return nil, ("bind %s: not of the family %s"):format(tostring(from), address.family), "EAFNOSUPPORT"
  end
  local s, message, code = core.socket(address.family, KIND)
  if not s then return nil, message, code end
  attempt.socket = s
  local ok
  ok, message, code = options.apply(s, dialing.opts, known)
  if ok and from then ok, message, code = bind(s, from) end
  if ok then return s end
  s:close()
  return nil, message, code
end

-- Whether the system has connected the socket to itself: it does when the port
-- that it chooses for us happens to be the one that we call, and nobody listens.
local function is_own_peer(s, address)
  local name = s:getsockname()
  return name and name.port and name.port == address.port and name == s:getpeername()
end

local SELF_CONNECTS = 3 -- in a row, until it is no accident

-- Makes a socket and connects it: the socket, or nil, message, code.
local function dial(attempt, dialing, seconds)
  local address = attempt.address
  local s, ok, message, code
  for _ = 1, SELF_CONNECTS do
    s, message, code = open(attempt, dialing)
    if not s then return nil, place.blame("connect", tostring(address), message), code end
    if seconds then s:settimeout(seconds) end
    ok, message, code = s:connect(address)
    if not ok then
      s:close()
      return nil, message, code
    end
    if not is_own_peer(s, address) then
      if seconds then s:settimeout(nil) end
      return s
    end
    s:setsockopt("SO_LINGER", 0) -- it leaves no TIME_WAIT, which would keep the port
    s:close()
  end
  return nil, ("connect %s: nobody listens (it connected to itself)"):format(tostring(address)), "ECONNREFUSED"
end

-- In the caller himself, if he can be protected: a cancelled task's waits raise.
local function dial_alone(address, dialing)
  local attempt = { address = address }
  local seconds = dialing.deadline and math.max(dialing.deadline - core.now(), 1e-6)
  local ok, s, message, code = pcall(dial, attempt, dialing, seconds)
  if not ok then
    if attempt.socket then attempt.socket:close() end
    error(s, 0)
  end
  if s then return s end
  local state = code == "timeout" and "pending" or "failed"
  return nil, message, code, { { address = address, message = message, code = code, state = state } }
end

-- --- several ----------------------------------------------------------------------

-- Waits for news: till an attempt has ended, or the time `deadline`.
local function wait(dialing, deadline)
  dialing.gate = tasks.gate()
  tasks.pass(dialing.gate, dialing.interrupted, deadline)
  dialing.gate = nil
end

local function let_pass(dialing)
  if dialing.gate then tasks.open(dialing.gate) end
end

-- The end of an attempt's task. It fails by a mistake of the program's: an option
-- with a value that setsockopt does not take. This is called again when memory
-- ended before it had.
local function note_end(dialing, index, task, ok, s, message, code)
  if ok and s then
    dialing.race:succeeded(index, s) -- or too late: then it is closed with the losers
  elseif ok then
    dialing.race:failed(index, message, code)
  elseif task:status() == "failed" then
    dialing.failure = dialing.failure or { s }
  end
  let_pass(dialing)
  dialing.running = dialing.running - 1 -- last, since nothing can fail after it
end

local function begin(dialing, index, address)
  local attempt = { address = address }
  local function ending(...) note_end(dialing, index, ...) end
  attempt.task = tasks.supervise(ending, nil, dial, attempt, dialing)
  dialing.running = dialing.running + 1
  dialing.attempts[index] = attempt
end

-- Until the race has been decided: how.
local function drive(dialing)
  while not (dialing.cancelled or dialing.failure) do
    local action, value, address = dialing.race:next(core.now())
    if action == "start" then
      begin(dialing, value, address)
    elseif action == "wait" then
      wait(dialing, value)
    else
      return action, value
    end
  end
  dialing.race:stop()
end

-- Closes all that have not won; those that have not begun never do.
local function dismiss(dialing, winner)
  for _, attempt in pairs(dialing.attempts) do
    attempt.task:cancel()
    if attempt.socket and attempt.socket ~= winner then attempt.socket:close() end
  end
end

local function drive_safely(dialing)
  if not may_protect() then return drive(dialing) end
  local ok, outcome, value = pcall(drive, dialing)
  if ok then return outcome, value end
  dialing.race:stop()
  dismiss(dialing)
  error(outcome, 0)
end

local function compete(addresses, dialing)
  dialing.race = race.new(race.interleave(addresses), { delay = dialing.opts.delay, deadline = dialing.deadline })
  dialing.attempts, dialing.running = {}, 0
  function dialing.interrupted(code)
    if code ~= "timeout" then dialing.cancelled = true end
    let_pass(dialing)
  end
  local outcome, value = drive_safely(dialing)
  dismiss(dialing, outcome == "won" and value or nil)
  while dialing.running > 0 do wait(dialing) end
  if dialing.cancelled and outcome == "won" then value:close() end
  tasks.unwind()
  if dialing.failure then error(dialing.failure[1], 0) end
  if outcome == "won" then return value end
  local message, code = race.summary(value, dialing.shown)
  return nil, message, code, value
end

-- --- all together -----------------------------------------------------------------

-- The addresses of the place, found before the deadline.
local function look_up(at, dialing)
  local family = dialing.opts.family or type(dialing.from) == "userdata" and dialing.from.family or nil
  if at.address or not dialing.deadline then return place.addresses("connect", at, KIND, family) end
  local left = math.max(dialing.deadline - core.now(), 0)
  local list, message, code = scopes.timeout(left, place.addresses, "connect", at, KIND, family)
  if code == "timeout" then
    message = ("connect %s: the time limit was reached in the look-up"):format(at.shown)
  end
  return list, message, code
end

--- Connects to a server: by name, address, or unix path. A host's name is looked
-- up, and all its addresses are tried, as RFC 8305 has it ("Happy Eyeballs"): the
-- families take turns, the next attempt begins after a quarter of a second or as
-- soon as one fails, the first that stands is taken and the others are closed.
--
-- @function connect
-- @tparam string|integer|address|table where `"example.org:80"`, `"[::1]:http"`,
-- `"unix:/run/x"`, an address; a port alone is one of the loopback, 127.0.0.1; or
-- the host, when a port follows
-- @tparam[opt] integer|string port number, or name of a service
-- @tparam[opt] table opts `timeout`: for all of it, look-up and attempts, in seconds
-- (the socket has no time limit after it); `bind`: the local address, or host, or
-- port; `family`: `"AF_INET"` or `"AF_INET6"` only; `delay`: seconds between the
-- attempts (0.25); and socket options, such as `nodelay`, `keepalive`, `rcvbuf`, or
-- by the manual's names. Other names raise
-- @treturn socket connected
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code such as `"ECONNREFUSED"`, `"timeout"`, `"EAI_NONAME"`;
-- `"EINVAL"` for what is no address
-- @treturn[2] table failures what became of each address: a list of tables with
-- `address`, `message`, `code`, and `state`, which is `"failed"`, `"pending"` (no
-- answer before the time limit) or `"untried"`; empty when there was no address
-- @usage local conn = assert(net.connect("example.org:80", { timeout = 5 }))
local function connect(where, port, opts)
  where, port, opts = place.arguments(where, port, opts)
  opts = options.check("connect", opts, known)
  tasks.unwind()
  local dialing = { opts = opts }
  if opts.timeout and opts.timeout < math.huge then dialing.deadline = core.now() + opts.timeout end
  local at, message, code = place.read_peer("connect", where, port)
  if not at then return nil, message, code, {} end
  dialing.shown = at.shown
  dialing.from, message, code = read_local("connect", opts.bind)
  if message then return nil, message, code, {} end
  local addresses
  addresses, message, code = look_up(at, dialing)
  if not addresses then return nil, message, code, {} end
  local is_late = dialing.deadline and dialing.deadline <= core.now()
  if #addresses ~= 1 or is_late or not may_protect() then return compete(addresses, dialing) end
  return dial_alone(addresses[1], dialing)
end

return { connect = connect, known = known }
