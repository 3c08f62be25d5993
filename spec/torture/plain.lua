-- plain.lua - scripts as users write them, for blackbox.lua: each is done twice, and
-- says how it ended ("good", or "failed CODE MESSAGE", or "raised MESSAGE").
--
--   plain.lua SCRIPT
--
-- All waits have limits, so that a peer that failed is no reason to hang.

local net = require "dialtone"

local LIMIT = 0.25
local scripts = {}
local closing = {} -- what is open

function net.onerror() end

local function keep(...)
  local value, message, code = ...
  if not value then error({ message = message, code = code }, 0) end
  if type(value) == "userdata" and value.settimeout then
    closing[#closing + 1] = value
    value:settimeout(LIMIT)
  end
  return ...
end

local function must(...)
  local value, message, code = ...
  if not value then error({ message = message, code = code }, 0) end
  return ...
end

local function expect(value, expected)
  if value ~= expected then error("wrong: " .. tostring(value), 0) end
end

-- A line, and its echo.
local function ask(address, line)
  local client = keep(net.connect(address, { timeout = LIMIT }))
  must(client:write(line, "\n"))
  must(client:flush())
  expect(must(client:read()), line)
  client:close()
end

local function answer(conn)
  conn:settimeout(LIMIT)
  for line in conn:lines() do must(conn:write(line, "\n")) end
end

function scripts.echo()
  local listener = keep(net.listen("127.0.0.1:0"))
  local server = net.spawn(function()
    local conn = keep(listener:accept())
    answer(conn)
  end)
  ask(must(listener:getsockname()), "hello")
  server:cancel()
  server:join()
end

function scripts.blocking()
  local a, b = keep(net.socketpair())
  keep(b)
  must(a:write("hello\n"))
  must(a:flush())
  expect(must(b:read()), "hello")
  must(b:sendmsg({ "x" }))
  must(net.poll({ a }, LIMIT))
  expect(must(a:recvmsg(10))[1], "x")
  must(a:setsockopt("SO_KEEPALIVE", true))
  must(a:getsockopt("SO_RCVBUF"))
  must(keep(a:dup()):shutdown("SHUT_WR"))
  must(a:queued())
  must(net.interfaces())
  local file = assert(io.open(arg[0]))
  closing[#closing + 1] = file
  must(b:sendfile(file, 0, 100))
end

function scripts.datagrams()
  local server, client = keep(net.udp("127.0.0.1:0")), keep(net.udp("127.0.0.1:0"))
  local task = net.spawn(function()
    local data, from = must(server:recvfrom(100))
    must(server:sendto(data, from))
    local list = must(server:recvmany(2))
    must(server:sendmany({ { list[1][1], address = list[1].address } }))
  end)
  local address = must(server:getsockname())
  must(client:sendto("one", address))
  expect((must(client:recvfrom(100))), "one")
  must(client:sendto("two", address))
  expect((must(client:recvfrom(100))), "two")
  must(task:join())
end

function scripts.names()
  must(net.getaddrinfo("127.0.0.1", 80))
  must(net.timeout(3, net.getaddrinfo, "localhost", 80))
  local ok, failure = net.spawn(function() return must(net.getaddrinfo("localhost", 80)) end):join()
  if not ok then error(failure, 0) end
end

function scripts.copy()
  local a, b = keep(net.socketpair())
  local c, d = keep(net.socketpair())
  keep(b)
  keep(d)
  local much = ("x"):rep(100000)
  net.scope(function(scope)
    scope:spawn(function()
      must(a:write(much))
      must(a:flush())
      must(a:shutdown("SHUT_WR"))
    end)
    scope:spawn(function() must(net.copy(b, c)) end)
    local left = #much
    repeat left = left - #must(d:recv(100000)) until left == 0
  end)
end

-- Some are lost when a call fails; the server goes on.
function scripts.serve()
  local server = must(net.serve("127.0.0.1:0", answer))
  local good, failure = 0, nil
  net.scope(function(scope)
    for i = 1, 8 do
      scope:spawn(function()
        local ok, message = pcall(ask, server.address, "line " .. i)
        if ok then good = good + 1 else failure = message end
      end)
    end
  end)
  server:close()
  if failure then error(failure, 0) end
  expect(good, 8)
end

-- --- how it ends --------------------------------------------------------------------

local function close_all()
  for _, object in ipairs(closing) do pcall(object.close, object) end
  closing = {}
  for _ = 1, 3 do pcall(net.step, 0) end
end

for _ = 1, 2 do
  local ok, failure = pcall(scripts[arg[1]])
  if ok then
    print("good")
  elseif type(failure) == "table" and failure.code then
    print("failed", failure.code, failure.message)
  else
    print("raised", "-", (tostring(failure):gsub("\n.*", "")))
  end
  close_all()
end
