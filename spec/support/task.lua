-- task.lua - what the specs of tasks share: every kind of wait, every place where
-- a task cannot yield, a task that ticks meanwhile, and scripts in processes of
-- their own.
--
--   local task = require "spec.support.task"
--   task.run(function(spawn)               -- net.run; what is spawned so ends
--     local waiting = spawn(task.waits.recv.make().call)
--     task.until_waiting(waiting)
--     ...

local net = require "dialtone"
local support = require "spec.support.transport"
local process = require "spec.support.child"
local keep, pack = support.keep, support.pack

local task = { LONG = 60, luajit = rawget(_G, "jit") ~= nil }

local unpack = rawget(_G, "unpack") or table.unpack

-- --- running ------------------------------------------------------------------

-- Cancels those that are left, so that no other case meets them.
local function end_all(list)
  for _, one in ipairs(list) do one:cancel() end
  for _, one in ipairs(list) do one:join(1) end
end

-- net.run of a body that is given a spawn; gives what the body gave.  What it
-- spawned ends with it.
function task.run(body)
  local list = {}
  local function spawn(...)
    list[#list + 1] = net.spawn(...)
    return list[#list]
  end
  local result = pack(pcall(net.run, function()
    local given = pack(body(spawn))
    end_all(list)
    return unpack(given, 1, given.n)
  end))
  if result[1] then return unpack(result, 2, result.n) end
  end_all(list)
  error(result[2], 0)
end

-- Starts a task that counts turns of the loop; returns a function that gives how
-- many there were.
function task.ticker(spawn)
  local ticks = 0
  spawn(function()
    while true do
      net.sleep(0.001)
      ticks = ticks + 1
    end
  end)
  return function() return ticks end
end

local over = { done = true, failed = true, cancelled = true }

local function until_one_waits(one, call)
  local deadline = support.clock() + 10
  while one:status() ~= "waiting" or call and one:waiting() ~= call do
    if over[one:status()] then
      error("it should wait, but has ended: " .. tostring(one), 3)
    elseif support.clock() > deadline then
      error(("it should wait%s, but is: %s"):format(call and " in " .. call or "", tostring(one)), 3)
    end
    net.sleep(0)
  end
end

-- Lets the others go on until this task waits, in the call of this name if one is
-- told; or until each of a list of tasks does.  Raises when one ends instead, and
-- after ten seconds.
function task.until_waiting(what, call)
  for _, one in ipairs(type(what) == "table" and what or { what }) do until_one_waits(one, call) end
end

-- --- waits -----------------------------------------------------------------------

-- Each has `make`, which returns { call =, socket =, wake =, gives =, finish = }:
-- `call` waits for ever, on `socket` if it is `on_socket`; `wake` lets it end (not
-- all can be), and `gives` is what it returns then; `finish` ends what else is
-- there.
local waits = {}
task.waits = waits

local function add(name, make, on_socket)
  waits[#waits + 1] = { name = name, make = make, on_socket = on_socket }
end

local function pair() return keep(net.socketpair()) end

-- Takes what comes until there is nothing.
local function drain(socket)
  repeat until not socket:recv(65536, "MSG_DONTWAIT")
end

-- A wait for input on one end of a pair.
local function add_input(name, text, gives, call)
  add(name, function()
    local peer, socket = pair()
    return {
      socket = socket, gives = gives,
      call = function() return call(socket) end,
      wake = function() assert(peer:send(text)) end,
    }
  end, true)
end

add_input("recv", "x", "x", function(s) return s:recv(10) end)
add_input("read", "line\n", "line", function(s) return s:read() end)
add_input("lines", "line\n", "line", function(s) return (s:lines()()) end)
add_input("wait", "x", true, function(s) return net.wait(s) end)

-- A wait for room.
local function add_output(name, call)
  add(name, function()
    local socket, peer = pair() -- in this order: the peer is closed first
    support.fill(socket)
    return {
      socket = socket, gives = socket,
      call = function() return call(socket) end,
      wake = function() drain(peer) end,
      finish = function() drain(peer) end, -- what was gathered is still to go
    }
  end, true)
end

add_output("write", function(s) return s:write(("x"):rep(70000)) end)
add_output("flush", function(s)
  assert(s:write("x"))
  return s:flush()
end)

add("accept", function()
  local listener = support.tcp4.listener()
  local where = listener:getsockname()
  return {
    socket = listener,
    call = function()
      local connection, message, code = listener:accept()
      if not connection then return nil, message, code end
      connection:close()
      return "accepted"
    end,
    gives = "accepted",
    wake = function() assert(keep(net.socket("AF_INET", "SOCK_STREAM")):connect(where)) end,
  }
end, true)

-- Connects until one does not come about: the listener's queue is full.
local function fill_queue(where)
  for _ = 1, 20 do
    local s = support.tcp4.socket()
    s:settimeout(0.05)
    if not s:connect(where) then return end
  end
  error("the queue is never full")
end

add("connect", function()
  local listener = support.tcp4.listener(0)
  local where, socket = listener:getsockname(), support.tcp4.socket()
  fill_queue(where)
  return { socket = socket, call = function() return socket:connect(where) end }
end, true)

add("sleep", function()
  return { call = function() return net.sleep(task.LONG) end }
end)

add("join", function()
  local peer, socket = pair()
  local other = net.spawn(function() return socket:recv(1) end)
  return {
    call = function() return other:join() end, gives = true,
    wake = function() peer:send("x") end,
    finish = function() other:cancel() end,
  }
end)

add("wait for a number", function()
  local peer, socket = pair()
  return {
    call = function() return net.wait(socket:fileno(), "read") end, gives = true,
    wake = function() peer:send("x") end,
  }
end)

add("poll", function()
  local peer, socket = pair()
  return {
    call = function() return net.poll({ socket }) ~= nil end, gives = true,
    wake = function() peer:send("x") end,
  }
end)

for _, wait in ipairs(waits) do waits[wait.name] = wait end

-- --- where a task cannot yield ------------------------------------------------------

-- Each calls the function, and gives what it gave (one value) or raises what it
-- raised.  Where Lua cannot pass the value on, it goes by `through`.
local places = {}
task.places = places

local function place(name, call) places[#places + 1] = { name = name, call = call } end

-- `how` calls its argument somewhere, which gives `result` there.
local function through(how, result)
  return function(fn)
    local value
    how(function()
      value = fn()
      return result
    end)
    return value
  end
end

local function metamethod(event, use, result)
  place(event, through(function(fn)
    use(setmetatable({}, { [event] = fn }), setmetatable({}, { [event] = fn }))
  end, result))
end

place("pcall", function(fn)
  local ok, value = pcall(function() return (fn()) end) -- no tail call: see the manual
  if not ok then error(value, 0) end
  return value
end)

place("an iterator", function(fn)
  local value
  for got in function() return value == nil and fn() or nil end do value = got end
  return value
end)

metamethod("__index", function(a) return a.field end)
metamethod("__newindex", function(a) a.field = 1 end)
metamethod("__add", function(a, b) return a + b end)
metamethod("__unm", function(a) return -a end)
metamethod("__concat", function(a) return a .. "x" end)
metamethod("__lt", function(a, b)
  local mt = getmetatable(a)
  return a < setmetatable(b, mt)
end, true)
metamethod("__eq", function(a, b)
  local mt = getmetatable(a)
  return a == setmetatable(b, mt)
end, true)
metamethod("__call", function(a) return a() end)
metamethod("__tostring", function(a) return tostring(a) end, "text")

place("table.sort", through(function(fn) table.sort({ 1, 2 }, fn) end, false))
place("string.gsub", through(function(fn) return (("x"):gsub("x", fn)) end))

-- What is raised in a coroutine is given by resume.
place("a coroutine", function(fn)
  local ok, value = coroutine.resume(coroutine.create(function() return (fn()) end))
  if not ok then error(value, 0) end
  return value
end)

place("a coroutine in a coroutine", function(fn)
  local outer = coroutine.wrap(function()
    local inner = coroutine.wrap(function()
      coroutine.yield((fn()))
    end)
    coroutine.yield(inner())
  end)
  return outer()
end)

place("a chunk that is loaded", function(fn)
  local value
  local chunk, message = load(function()
    if value then return nil end
    value = fn()
    return "return 1"
  end)
  if not chunk then error(message, 0) end
  return value
end)

place("a chunk that is required", function(fn)
  local value
  package.preload["spec.waits"] = function()
    value = fn()
    return true
  end
  package.loaded["spec.waits"] = nil
  local ok, message = pcall(require, "spec.waits")
  package.preload["spec.waits"], package.loaded["spec.waits"] = nil, nil
  if not ok then error(message, 0) end
  return value
end)

place("gsub in sort in a coroutine", function(fn)
  local value
  coroutine.wrap(function()
    table.sort({ 1, 2 }, function()
      value = value or ("x"):gsub("x", fn)
      return false
    end)
  end)()
  return value
end)

-- An object whose finalizer is `fn`, which nobody keeps but who takes it.
function task.garbage(fn)
  local getproxy = rawget(_G, "newproxy")
  if not getproxy then return setmetatable({}, { __gc = fn }) end
  local object = getproxy(true)
  getmetatable(object).__gc = fn
  return object
end

-- The same, kept till the state ends: then `fn` is called before the finalizers of
-- what is older, as the module.
function task.kept(fn)
  rawset(_G, task.garbage(fn), true)
end

-- --- processes ------------------------------------------------------------------------

local prelude = [[
package.path, package.cpath = %q, %q
local net = require "dialtone"
local tasks = require "dialtone.core".inner
local fault = require "dialtone.core".fault
]]

-- Runs a script in an interpreter of its own, with these settings of the
-- environment ("DIALTONE_POLLER=poll"); gives what it wrote, to both outputs, and
-- its exit status.  It is killed after twenty seconds.
function task.script(source, environment)
  local path = support.written(prelude:format(package.path, package.cpath), source)
  local pipe = assert(io.popen(("{ %s timeout -s KILL 20 %s %s\n} 2>&1; echo \"status $?\""):format(
    environment or "", process.quote(process.interpreter()), process.quote(path))))
  local output, status = pipe:read("*a"):match("^(.*)status (%d+)\n$")
  pipe:close()
  return output, tonumber(status)
end

return task
