-- closing.lua - Lua states that end in the middle of something: what
-- spec/c/host_close.c starts before it closes them.
--
-- The chunk is given a number, and how many seconds each look-up is to take. It
-- gives the name of the case of that number, and a function that starts it and
-- gives another, which says whether all of it waits; nothing when there is no such
-- case.
-- Each kind of wait is a case in every place: in a task, on a C stack of its own,
-- under scopes and limits.

local wanted, seconds = ...
local getproxy = rawget(_G, "newproxy") -- 5.1 and LuaJIT

-- Calls a function at the end of the state: sooner, the later it was asked for.
-- Those asked for now come when the module has closed its loop already.
local function at_end(fn)
  local object = getproxy and getproxy(true) or setmetatable({}, {})
  local metatable = getmetatable(object)
  metatable.__gc = fn
  local finished = getproxy and object or setmetatable(object, metatable)
  rawset(_G, finished, true) -- or it might end sooner
end

local early
at_end(function() if early then early() end end)

local net = require "dialtone"
local fault = require("dialtone.core").fault

local LONG = 60
local MUCH = ("x"):rep(1000):rep(1000) -- 5.1 takes long over many short ones

local cases, tasks = {}, {}
local at_last -- is called when all wait, just before the state is closed

local function spawn(...)
  tasks[#tasks + 1] = net.spawn(...)
  return tasks[#tasks]
end

local function pair() return assert(net.socketpair()) end

local function full()
  local a, b = pair()
  repeat until not a:send(MUCH, "MSG_DONTWAIT")
  return a, b
end

local function listener(backlog)
  local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
  assert(s:bind("127.0.0.1", 0))
  assert(s:listen(backlog))
  return s, s:getsockname()
end

-- A place where nobody answers: the listener's queue is full.
local function mute()
  local s, where = listener(0)
  local list = { s }
  repeat
    local more = assert(net.socket("AF_INET", "SOCK_STREAM"))
    list[#list + 1] = more
    more:settimeout(0.02)
  until not more:connect(where)
  rawset(_G, list, true)
  return where
end

-- --- kinds of waits ----------------------------------------------------------------

-- Each makes what is needed, and gives a function that waits for ever.  What it
-- refers to stays, since it waits.
local waits = {}

local function reading(name, call)
  waits[name] = function()
    local a, b = pair()
    return function() return call(a), b end
  end
end

local function writing(name, call)
  waits[name] = function()
    local a, b = full()
    return function() return call(a), b end
  end
end

reading("recv", function(s) return s:recv(10) end)
reading("recvfrom", function(s) return s:recvfrom(10) end)
reading("recvmsg", function(s) return s:recvmsg(10) end)
reading("recvmany", function(s) return s:recvmany(4, 10) end)
reading("recvfds", function(s) return s:recvfds(10, 2) end)
reading("read", function(s) return s:read("l", 4) end)
reading("read to the end", function(s) return s:read("a") end)
reading("readuntil", function(s) return s:readuntil("xyz") end)
reading("peek", function(s) return s:peek(3) end)
reading("lines", function(s)
  local count = 0
  for _ in s:lines() do count = count + 1 end
  return count
end)
reading("a read after a write", function(s)
  s:write("gathered")
  return s:read()
end)
reading("wait", function(s) return net.wait(s, "read") end)
reading("wait for a number", function(s) return net.wait(s:fileno(), "read") end)
reading("poll", function(s) return net.poll { s, { s, "POLLIN" } } end)
reading("copy", function(s) return net.copy(s, (pair())) end)
reading("recv with a limit", function(s)
  s:settimeout(LONG)
  return s:recv(1)
end)
writing("send", function(s) return s:send(MUCH) end)
writing("write", function(s) return s:write(MUCH) end)
writing("flush", function(s)
  s:write("little")
  return s:flush()
end)
writing("close", function(s)
  s:write("little")
  return s:close()
end)
writing("sendmsg", function(s) return s:sendmsg { MUCH } end)
writing("sendmany", function(s) return s:sendmany { MUCH, MUCH } end)
writing("sendfile", function(s) return s:sendfile(assert(io.open("/dev/zero"))) end)
writing("a sleep with output that is gathered", function(s)
  s:write("little")
  return net.sleep(LONG)
end)

function waits.accept()
  local s = listener()
  return function() return s:accept() end
end

function waits.connect()
  local where, s = mute(), assert(net.socket("AF_INET", "SOCK_STREAM"))
  return function() return s:connect(where) end
end

waits["net.connect"] = function()
  local where = mute()
  return function() return net.connect(where) end
end

function waits.sleep()
  return function() return net.sleep(LONG) end
end

function waits.join()
  local other = spawn(net.sleep, LONG)
  return function() return other:join() end
end

function waits.get()
  local queue = net.queue(1)
  return function() return queue:get() end
end

function waits.put()
  local queue = net.queue(1)
  return function() return queue:put(1) and queue:put(2) end
end

function waits.getaddrinfo()
  return function() return net.getaddrinfo("localhost", "80") end
end

waits["net.connect by name"] = function()
  return function() return net.connect("localhost:80") end
end

function waits.drain()
  local server = assert(net.serve("127.0.0.1:0", function(conn) conn:read() end))
  local client = assert(net.connect(server.address))
  return function() return server:drain(LONG), client end
end

-- --- places --------------------------------------------------------------------------

local places = {}

places["a task"] = function(call) call() end

places["table.sort"] = function(call)
  table.sort({ 1, 2 }, function()
    call()
    return false
  end)
end

places["a coroutine"] = function(call) coroutine.wrap(function() call() end)() end

places["pcall and an iterator"] = function(call)
  local again
  for result in function() return again == nil and pcall(call) or nil end do again = result end
end

places["scopes and limits"] = function(call)
  net.timeout(LONG, net.scope, function(scope)
    scope:spawn(net.timeout, LONG / 2, call)
    scope:spawn(table.sort, { 1, 2 }, function() net.sleep(LONG) end)
  end)
end

for kind, make in pairs(waits) do
  for where, place in pairs(places) do
    cases[#cases + 1] = {
      name = kind .. " in " .. where,
      start = function() spawn(place, make()) end,
    }
  end
end

-- --- other cases ----------------------------------------------------------------------

local function case(name, start) cases[#cases + 1] = { name = name, start = start } end

case("tasks that have not begun", function()
  at_last = function()
    rawset(_G, net.spawn(error, "it ran"), true)
    net.spawn(error, "it ran"):cancel()
  end
end)

case("tasks that are cancelled where they wait", function()
  for _, place in pairs(places) do spawn(place, waits.recv()) end
  at_last = function()
    for _, task in ipairs(tasks) do task:cancel() end
  end
end)

case("a server with clients", function()
  local server = assert(net.serve("127.0.0.1:0", function(conn)
    for line in conn:lines() do conn:write(line) end
  end, { max = 3, timeout = LONG }))
  for i = 1, 6 do -- some wait for room
    spawn(function()
      local conn = assert(net.connect(server.address))
      conn:write("line\n", i)
      conn:read("a")
    end)
  end
end)

case("servers that end", function()
  for _ = 1, 2 do
    local server = assert(net.serve("127.0.0.1:0", function(conn)
      conn:write(MUCH:rep(8)) -- it waits, and what is left is sent behind its back
    end))
    local client = assert(net.connect(server.address))
    spawn(function()
      net.wait(client, "read")
      return server:drain(LONG), client
    end)
    spawn(net.sleep, LONG)
  end
end)

case("many look-ups, some of them abandoned", function()
  for i = 1, 40 do
    local asking = spawn(net.getaddrinfo, "localhost", tostring(i))
    if i % 4 == 0 then
      table.remove(tasks)
      net.sleep(0)
      asking:cancel()
    end
  end
end)

case("tasks that wait for each other", function()
  local list = {}
  for i = 1, 5 do
    list[i] = spawn(function()
      net.sleep(0)
      return list[i % 5 + 1]:join()
    end)
  end
end)

case("many C stacks", function()
  for _ = 1, 50 do spawn(places["table.sort"], waits.recv()) end
end)

-- Only Lua 5.4 and later can read it.
local closes = (rawget(_G, "loadstring") or load) [[
  local net = ...
  local later <close> = setmetatable({}, { __close = function() net.sleep(60) end })
]]
if closes then
  case("a wait where a variable is closed", function() spawn(closes, net) end)
end

-- --- finalizers ------------------------------------------------------------------------

local queues = { empty = net.queue(1), full = net.queue(1) }

-- Whatever these give: nothing must break.  Each is called when tasks still wait.
local function meddle()
  local a, b = net.socketpair()
  local calls = {
    function() return a:send("x"), b:recv(1) end,
    function() return a:write("x"), a:flush(), b:read(1) end,
    function() return a:settimeout(0.01), a:recv(1) end,
    function() return net.spawn(net.sleep, 0.001) end,
    function() return net.spawn(places["table.sort"], function() net.sleep(0.001) end):join(0.1) end,
    function() return net.sleep(0.001) end,
    function() return net.step(0) end,
    function() return net.fileno() end,
    function() return net.scope(function(scope) scope:spawn(net.sleep, 0.001) end) end,
    function() return net.timeout(0.001, net.sleep, 0.01) end,
    function() return net.timeout(0.001, net.getaddrinfo, "localhost", "80") end,
    function() return net.connect("127.0.0.1:1") end,
    function() return net.queue(1):put(1) end,
    function() return net.poll({ a }, 0) end,
    function() return net.copy(a, b, 1) end,
    function() return net.serve("127.0.0.1:0", print):close() end,
    function() for _, task in ipairs(tasks) do task:cancel() end end,
    function() for _, task in ipairs(tasks) do tostring(task) task:status() end end,
    function() for _, task in ipairs(tasks) do task:traceback() task:waiting() end end,
    function() for _, task in ipairs(net.tasks()) do task:traceback() task:waiting() end end,
    function() for _, socket in ipairs(net.sockets()) do tostring(socket) end end,
    function() return tasks[1] and tasks[1]:join(0.001) end,
    function() return queues.empty:put(1), queues.full:get() end,
    function() return net.run(net.sleep, 0.001) end, -- which waits for all others
    function() return a:close(), b:close() end,
  }
  for _, call in ipairs(calls) do pcall(call) end
end

local function with_waiting()
  queues.full:put(1)
  for _, place in pairs(places) do
    spawn(place, function() queues.empty:get() end)
    spawn(place, function() queues.full:put(2) end)
    spawn(place, function() tasks[1]:join() end)
  end
  for _, place in pairs(places) do
    spawn(place, waits.recv())
    spawn(place, waits.sleep())
  end
end

case("finalizers that call us", function()
  with_waiting()
  at_end(meddle)
end)

-- Nobody hears of a finalizer's error, so the program ends.
local function begin_too_late()
  local ok, message = pcall(net.spawn, error, "it ran")
  if ok or not message:find("the Lua state ends", 1, true) then
    io.stderr:write("net.spawn in the end: ", tostring(message), "\n")
    os.exit(3)
  end
  meddle()
end

-- All that is left is finalized in the middle of it, where the version lets it be.
case("finalizers whose tasks collect", function()
  with_waiting()
  at_end(function()
    local task = net.spawn(function()
      net.sleep(0.001)
      if _VERSION ~= "Lua 5.3" then collectgarbage() end -- which may hang
      pcall(places["table.sort"], function() net.sleep(0.001) end)
    end)
    pcall(task.join, task, 0.1)
  end)
end)

case("finalizers that call us, when all is closed", function()
  with_waiting()
  early = begin_too_late
end)

case("finalizers that call us, without a task", function()
  at_end(meddle)
  early = meddle
end)

-- --- what is asked for ------------------------------------------------------------------

table.sort(cases, function(a, b) return a.name < b.name end)

local turns = 0

local function all_wait()
  turns = turns + 1
  for _, task in ipairs(tasks) do
    local status = task:status()
    if status == "failed" then error(select(2, task:join())) end
    if status == "done" then error("what should wait has ended") end
    if status ~= "waiting" then return false end
  end
  if turns < 4 then return false end -- what was gathered has its turn
  if at_last then at_last() end
  return true
end

local chosen = cases[wanted]
if not chosen then return end
return chosen.name, function()
  fault.delay("getaddrinfo", seconds)
  chosen.start()
  return all_wait
end
