-- workers.lua - what goes on in soak.lua: its servers, and its clients, each a
-- function that works for a while, tells how it went, and may be cancelled at any
-- wait.
--
-- A worker is called with `told` (good, interrupted, wrong) and with a function that
-- says whether the time is over.

local net = require "dialtone"

local workers = {}

local servers, running = {}, {}
local datagrams
local LIMIT = 20 -- seconds: who is not answered by then has been lost

-- When a server's task is killed its client sees the end, or a reset.
local normal = { eof = true, ECONNRESET = true, EPIPE = true }

-- --- servers -----------------------------------------------------------------------

local function answer_lines(conn)
  for line in conn:lines() do conn:write(line:upper(), "\n") end
end

-- A direction that breaks off ends the other, whose client waits for an answer.
local function forward(conn)
  local up, message = net.connect(servers.echo.address, { timeout = LIMIT })
  if not up then error(message, 0) end
  net.scope(function(scope)
    local function copy(from, to)
      if not net.copy(from, to) then scope:cancel() end
    end
    scope:spawn(copy, up, conn)
    copy(conn, up)
  end)
  up:close()
end

local function answer_datagrams()
  while true do
    local data, from = datagrams:recvfrom(2000)
    if not data then return end
    datagrams:sendto(data, from)
  end
end

-- A server whose tasks are exposed to who kills.  A lines loop raises when its
-- client has reset the connection: in a task that is joined, which nobody reports.
local function start(name, handler, expose)
  servers[name] = assert(net.serve("127.0.0.1:0", function(conn)
    expose(net.spawn(handler, conn))
  end, { timeout = LIMIT * 2, backlog = 512 }))
end

function workers.serve(expose, told, is_over)
  start("echo", net.echo, expose)
  start("lines", answer_lines, expose)
  start("proxy", forward, expose)
  datagrams = assert(net.udp("127.0.0.1:0"))
  running.datagrams = net.spawn(function()
    while not is_over() do expose(net.spawn(answer_datagrams)) end
  end)
  workers.wrong = told.wrong
end

-- Who was killed has left his connections to the collector.
function workers.stop()
  collectgarbage()
  collectgarbage()
  datagrams:close()
  for name, server in pairs(servers) do
    local ok, message = server:drain(5)
    if not ok then server:close() end
    if not ok then workers.wrong("%s: %s", name, message) end
  end
  running.datagrams:join()
end

-- --- clients -------------------------------------------------------------------------

local LONGEST = 300000
local pool = {}
for i = 1, LONGEST / 4 do pool[i] = ("%08x"):format(math.random(0, 2147483647)) end
pool = table.concat(pool)

-- Hardly ever the same twice.
local function text(size)
  local from = math.random(#pool - size)
  return pool:sub(from, from + size - 1)
end

local function open(name, told)
  local conn, message, code = net.connect(servers[name].address, { timeout = LIMIT })
  if not conn then
    told.wrong("connect to %s: %s (%s)", name, message, code)
    return nil
  end
  conn:settimeout(LIMIT)
  return conn
end

-- Tells of an answer: what was to come, what came, and why nothing did.  Whether the
-- connection is still good.
local function judge(told, what, expected, got, message, code)
  if got == expected then
    told.good()
    return true
  end
  if got then
    told.wrong("%s: %d bytes were to come, and came %d, or others", what, #expected, #got)
  elseif normal[code] then
    told.interrupted(code)
  else
    told.wrong("%s: %s", what, tostring(message))
  end
  return false
end

-- Text for text, many times over one connection.
local function converse(name, told, is_over, rounds, size)
  local conn = open(name, told)
  for _ = 1, conn and rounds or 0 do
    local sent = text(math.random(size))
    local ok, message, code = conn:write(sent)
    if ok then
      ok = judge(told, name, sent, conn:read(#sent))
    else
      judge(told, name, sent, nil, message, code)
    end
    if not ok or is_over() then break end
    net.sleep(math.random(4) * 0.001)
  end
  if conn then conn:close() end
end

-- Some connections are old, and most are not; some answers are long.
function workers.echo(told, is_over)
  local old = math.random(10) == 1
  converse("echo", told, is_over, old and 2000 or math.random(10), old and 500 or 100000)
end

function workers.proxy(told, is_over)
  converse("proxy", told, is_over, math.random(20), 20000)
end

function workers.lines(told, is_over)
  local conn = open("lines", told)
  for _ = 1, conn and math.random(100) or 0 do
    local lines = {}
    for i = 1, math.random(5) do lines[i] = text(math.random(200)) end
    local good = true
    conn:write(table.concat(lines, "\n"), "\n") -- a failure comes with the next read, too
    for _, line in ipairs(lines) do
      good = good and judge(told, "lines", line:upper(), conn:read())
    end
    if not good or is_over() then break end
    net.sleep(0.002)
  end
  if conn then conn:close() end
end

-- All is sent, then comes the end; and all comes back, unless it was cut short.
function workers.half_close(told)
  local conn = open("echo", told)
  if not conn then return end
  local sent = text(math.random(LONGEST))
  local got, message, code = net.scope(function(scope)
    scope:spawn(function() return conn:write(sent) and conn:shutdown("SHUT_WR") end)
    return conn:read("a")
  end)
  if got and #got < #sent and got == sent:sub(1, #got) then
    told.interrupted("cut short")
  else
    judge(told, "half close", sent, got, message, code)
  end
  conn:close()
end

-- Goes without a word, with something in both directions.
function workers.reset(told)
  local conn = open("echo", told)
  if not conn then return end
  conn:setsockopt("SO_LINGER", 0)
  conn:write(text(50000))
  conn:flush()
  net.sleep(math.random(5) * 0.001)
  conn:close()
  told.good()
end

-- A datagram may be lost, but not be another's.
function workers.datagram(told, is_over)
  local s = assert(net.udp(nil, datagrams:getsockname()))
  s:settimeout(0.5)
  for _ = 1, math.random(50) do
    local sent = text(math.random(1000))
    s:send(sent)
    local got, message, code = s:recv(2000)
    if code == "timeout" then
      told.interrupted("datagram lost")
      break -- it may come yet
    end
    if not judge(told, "datagram", sent, got, message, code) or is_over() then break end
    net.sleep(0.003)
  end
  s:close()
end

function workers.timers(told)
  for _ = 1, math.random(50) do
    local seconds = math.random() * 0.02
    local due = net.now() + seconds
    net.sleep(seconds)
    if net.now() < due then told.wrong("a sleep was %f s too short", due - net.now()) end
    told.good()
  end
end

-- What never comes ends in time: a call's limit, and net.timeout's.
function workers.time_limits(told)
  local a, b = net.socketpair()
  a:settimeout(0.005)
  local data, _, code = a:recv(1)
  if code ~= "timeout" then told.wrong("recv with a limit: %s", tostring(data or code)) end
  a:settimeout()
  data, _, code = net.timeout(0.005, function() return a:recv(1) end)
  if code ~= "timeout" then told.wrong("net.timeout: %s", tostring(data or code)) end
  told.good()
  a:close()
  b:close()
  net.sleep(0.002)
end

function workers.names(told)
  local list, message = net.getaddrinfo(math.random(2) == 1 and "localhost" or "127.0.0.1", math.random(65535))
  if not list then
    told.wrong("getaddrinfo: %s", message)
  elseif list[1].host ~= "127.0.0.1" and list[1].host ~= "::1" then
    told.wrong("getaddrinfo: %s", tostring(list[1]))
  else
    told.good()
  end
  net.sleep(0.01)
end

-- A new connection to a server, and one answer; what was wrong, or nil.
function workers.ask_once(name)
  local complaint
  local conn = open(name, { wrong = function(...) complaint = string.format(...) end })
  if not conn then return complaint end
  conn:write("PING\n")
  local got, message = conn:read()
  conn:close()
  if got ~= "PING" then return tostring(got or message) end
end

return workers
