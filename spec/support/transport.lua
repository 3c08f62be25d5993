-- transport.lua - what the specs of sockets share: one table of transports, to
-- run a case over each; what a case opens, and closes again; failures, time
-- and other processes.
--
--   local support = require "spec.support.transport"
--   -- closes what `keep` was given, after each case
--   local it = support.closing(it, function(cleanup) finally(cleanup) end)
--
--   for _, transport in ipairs(support.streams) do
--     describe(transport.name, function()
--       it("sends", function()
--         local a, b = transport.pair()
--         ...

local net = require "dialtone"
local core = require "dialtone.core"
local assert = require "luassert"
local system = require "system" -- busted's own dependency: a clock
local process = require "spec.support.child"

local support = { fault = core.fault, clock = system.monotime }

function support.pack(...) return { n = select("#", ...), ... } end

-- --- what a case opens ------------------------------------------------------

local open, files = {}, {}
local onerror = net.onerror

local function closable(value)
  if io.type(value) then return true end
  if type(value) == "table" then
    return getmetatable(value) == support.Child or (getmetatable(value) or {}).is_closable
  end
  local ok, close = pcall(function() return type(value) == "userdata" and value.close end)
  return ok and close
end

-- As assert, and what can be closed will be, when the case ends.
function support.keep(...)
  local value, message = ...
  if not value then error(message, 2) end
  for i = 1, select("#", ...) do
    value = select(i, ...)
    if closable(value) then open[#open + 1] = value end
  end
  return ...
end
local keep = support.keep

-- Ends what a case has planned to fail, and listening to errors.
function support.clear()
  if support.fault then support.fault.clear() end
  net.onerror = onerror
end

function support.cleanup()
  support.clear()
  for i = #open, 1, -1 do
    if io.type(open[i]) ~= "closed file" then open[i]:close() end
    open[i] = nil
  end
  for i = #files, 1, -1 do
    os.remove(files[i])
    files[i] = nil
  end
end

-- busted's `it`, with the cleanup after it.  `finally` calls busted's function of
-- that name, which only a spec file can see.
function support.closing(it, finally)
  return function(name, body)
    it(name, function()
      finally(support.cleanup)
      body()
    end)
  end
end

-- In the main program, while a task goes on.
function support.beside_a_task(body)
  local task = net.spawn(function()
    while true do net.sleep(0.002) end
  end)
  local ok, message = pcall(body)
  task:cancel()
  task:join()
  if not ok then error(message, 0) end
end

-- A path where nothing is; what is made there goes when the case ends.
function support.path()
  local name = os.tmpname()
  os.remove(name)
  files[#files + 1] = name
  return name
end

-- The path of a file with this content, in pieces.
function support.written(...)
  local path = support.path()
  local file = assert(io.open(path, "wb"))
  assert(file:write(...))
  file:close()
  return path
end

-- An io file, for reading, with this content.
function support.file(content)
  return (keep(io.open(support.written(content), "rb")))
end

-- --- failures -----------------------------------------------------------------

-- What a call gave is nil, a message that matches `pattern`, and `code`.
function support.assert_fails(code, pattern, ...)
  local value, message, actual = ...
  if value ~= nil or select("#", ...) < 3 then
    error(("expected nil, message, %q, got %s"):format(code, tostring(value)), 2)
  elseif type(message) ~= "string" or type(actual) ~= "string" then
    error(("got nil, %s, %s"):format(type(message), type(actual)), 2)
  elseif actual ~= code then
    error(("expected %q, got %q: %s"):format(code, actual, message), 2)
  elseif not message:find(pattern) or not message:find("^%l[%w_]*[ :]") then
    error(("%q does not match %q"):format(message, pattern), 2)
  end
end

-- The call raises a text that matches; returns it.
function support.assert_raises(pattern, fn, ...)
  local ok, message = pcall(fn, ...)
  if ok then
    error("expected an error", 2)
  elseif type(message) ~= "string" or not message:find(pattern) then
    error(("%q does not match %q"):format(tostring(message), pattern), 2)
  end
  return message
end

-- Text as a pattern that matches it.
function support.plain(text)
  return (tostring(text):gsub("%p", "%%%0"))
end

-- The pattern of a message that names the call, an address and a reason: the
-- system's, unless a pattern is told.
function support.where(operation, address, reason)
  return "^" .. operation .. " " .. support.plain(address) .. ": " .. (reason or "%u")
end

-- Replaces net.onerror until the case ends; the list of what it is told: the
-- message, the task and the failure, by name.
function support.listen_to_errors()
  local list = {}
  function net.onerror(message, task, failure)
    list[#list + 1] = { message = message, task = task, failure = failure }
  end
  return list
end

-- --- time -----------------------------------------------------------------------

-- How late a limit may be on a machine that has other work too.
support.LATE = 2

-- Runs the function, which must take `least` seconds, and little more.
function support.assert_takes(least, fn)
  local start = support.clock()
  fn()
  local took = support.clock() - start
  if took < least or took > least + support.LATE then
    error(("took %.4f s instead of %g"):format(took, least), 2)
  end
end

-- Tries until the condition holds; raises after ten seconds.
function support.eventually(condition, what)
  local deadline = support.clock() + 10
  local value = condition()
  while not value do
    assert(support.clock() < deadline, what or "the condition never came true")
    net.poll({}, 0.001)
    value = condition()
  end
  return value
end

-- --- sockets ----------------------------------------------------------------------

-- Closes it so that TCP drops the connection (socket(7), SO_LINGER): the peer's
-- next call fails.
function support.reset(socket)
  assert(socket:setsockopt("SO_LINGER", 0))
  assert(socket:close())
end

-- Sends until the kernel takes no more.
local function send_all(socket)
  local chunk, sent = ("x"):rep(8192), 0
  while true do
    local count, message, code = socket:send(chunk)
    if not count then
      assert.equal("EAGAIN", code, message)
      return sent
    end
    sent = sent + count
  end
end

-- Whether room can come only from the peer's reading, and how long one must look
-- to know it.  TCP has room again when the peer has acknowledged what came, which
-- may take it 40 ms if it is not told to be quick.
local function is_settled(socket, peer)
  if peer then peer:setsockopt("TCP_QUICKACK", true) end -- fails for others
  local info = socket:tcpinfo()
  if info then return info.unacked == 0, 0.001 end
  return true, socket:family() == "AF_UNIX" and 0 or 0.01
end

-- Sends until the kernel takes no more, and will take no more before the peer
-- reads; returns how many bytes went.  With the peer it is done sooner.
function support.fill(socket, peer)
  local limit, sent = socket:gettimeout(), 0
  assert(socket:settimeout(0))
  repeat
    local settled, seconds = is_settled(socket, peer)
    local count = send_all(socket)
    sent = sent + count
    local room = net.poll({ { socket, "POLLOUT" } }, seconds)
  until settled and count == 0 and not room
  assert(socket:settimeout(limit))
  return sent
end

-- All that comes till the stream ends.
function support.drain(socket)
  local list = {}
  while true do
    local data, message, code = socket:recv(65536)
    if not data then
      assert.equal("eof", code, message)
      return table.concat(list)
    end
    list[#list + 1] = data
  end
end

-- --- the transports ------------------------------------------------------------------

-- What the tables below leave out is filled in here.
local function transport(t)
  function t.socket()
    return keep(net.socket(t.domain, t.type))
  end

  function t.bound()
    local s = t.socket()
    assert(s:bind(t.address()))
    return s
  end

  function t.listener(backlog)
    local s = t.bound()
    assert(s:listen(backlog))
    return s
  end

  -- An address at which nobody answers: bound, so that nobody else takes it,
  -- but not listening.
  function t.refusing()
    return t.bound():getsockname()
  end

  -- Two connected sockets: for streams the client and what accept gave.
  function t.pair()
    if t.stream then
      local listener, a = t.listener(), t.socket()
      assert(a:connect(listener:getsockname()))
      local b = keep(listener:accept())
      listener:close()
      return a, b
    end
    local a, b = t.bound(), t.bound()
    assert(a:connect(b:getsockname()))
    assert(b:connect(a:getsockname()))
    return a, b
  end
  return t
end

local function loopback(host)
  return function() return net.address(host, 0) end
end

local function unix_path()
  return net.address { family = "AF_UNIX", path = support.path() }
end

support.tcp4 = transport {
  name = "TCP over IPv4", domain = "AF_INET", type = "SOCK_STREAM",
  protocol = "IPPROTO_TCP", stream = true, inet = true, host = "127.0.0.1",
  address = loopback("127.0.0.1"),
}
support.tcp6 = transport {
  name = "TCP over IPv6", domain = "AF_INET6", type = "SOCK_STREAM",
  protocol = "IPPROTO_TCP", stream = true, inet = true, host = "::1",
  address = loopback("::1"),
}
support.unix = transport {
  name = "unix stream", domain = "AF_UNIX", type = "SOCK_STREAM",
  protocol = 0, stream = true, address = unix_path,
}
support.udp4 = transport {
  name = "UDP over IPv4", domain = "AF_INET", type = "SOCK_DGRAM",
  protocol = "IPPROTO_UDP", inet = true, host = "127.0.0.1",
  address = loopback("127.0.0.1"),
}
support.udp6 = transport {
  name = "UDP over IPv6", domain = "AF_INET6", type = "SOCK_DGRAM",
  protocol = "IPPROTO_UDP", inet = true, host = "::1",
  address = loopback("::1"),
}
support.unix_datagram = transport {
  name = "unix datagram", domain = "AF_UNIX", type = "SOCK_DGRAM",
  protocol = 0, address = unix_path,
}

-- Whether this machine has an IPv6 loopback; without it those cases are not
-- there at all.
local function has_ipv6()
  local s = net.socket("AF_INET6", "SOCK_STREAM")
  if not s then return false end
  local ok = s:bind("::1", 0)
  s:close()
  return ok == true
end
support.ipv6 = has_ipv6()

local function available(...)
  local list = {}
  for _, t in ipairs { ... } do
    if support.ipv6 or t.domain ~= "AF_INET6" then list[#list + 1] = t end
  end
  return list
end

support.streams = available(support.tcp4, support.tcp6, support.unix)
support.datagrams = available(support.udp4, support.udp6, support.unix_datagram)
support.inet = available(support.tcp4, support.tcp6, support.udp4, support.udp6)
support.all = available(support.tcp4, support.tcp6, support.unix, support.udp4,
  support.udp6, support.unix_datagram)

-- --- other processes ---------------------------------------------------------------

-- A fresh interpreter of the kind that runs this one, for a script that must
-- act while we wait, or wait while we act.
local Child = {}
Child.__index = Child
support.Child = Child

local prelude = [[
package.path, package.cpath = %q, %q
local net = require "dialtone"
local fault = require "dialtone.core".fault
local clock = require "system".monotime
local function say(...)
  for i = 1, select("#", ...) do io.write(i > 1 and " " or "", tostring((select(i, ...)))) end
  io.write("\n")
  io.flush()
end
]]

-- The script has `net`, `fault`, `clock`, and `say`, which writes a line for
-- us; `within` is a command that runs it ("unshare -n").  It is killed after
-- twenty seconds, so that a case which waits for it ends.
function support.child(script, within)
  local path = support.written(prelude:format(package.path, package.cpath), script)
  local command = ("%s sh -c 'echo $$; exec \"$0\" \"$1\" 2>&1' %s %s"):format(
    within or "", process.quote(process.interpreter()), process.quote(path))
  local pipe = assert(io.popen("exec timeout -s KILL 20 " .. command))
  local child = setmetatable({ pipe = pipe }, Child)
  child.pid = pipe:read("*l")
  return keep(child)
end

-- The next line that the child says; nil at its end.
function Child:line()
  local line = self.pipe:read("*l")
  self.ended = line == nil
  return line
end

-- All that it says till its end.
function Child:rest()
  self.ended = true
  return self.pipe:read("*a")
end

function Child:signal(name)
  os.execute("kill -" .. name .. " " .. self.pid .. " 2>/dev/null")
end

function Child:state()
  local file = io.open("/proc/" .. self.pid .. "/stat")
  if not file then return nil end
  local state = (file:read("*a") or ""):match("%) (%a)") -- nil: it has just ended
  file:close()
  return state
end

-- Till it waits: the script has said that it will do nothing else.
function Child:asleep()
  support.eventually(function() return self:state() == "S" end, "the child does not wait")
end

function Child:close()
  if not self.pipe then return end
  local pipe = self.pipe
  self.pipe = nil
  if not self.ended and self:state() then self:signal("KILL") end
  pipe:close()
end

return support
