-- copas.lua - copas over LuaSocket: a coroutine for each connection.
--   copas.lua echo|lines|sink|source PORT
-- It waits with select(), which cannot see more than about a thousand.
local copas = require "copas"
local socket = require "socket"
local mode, port = arg[1], tonumber(arg[2])
local piece = ("0123456789abcdef"):rep(4096)

local work = {}

local function receive_some(s)
  local data, code, part = copas.receivePartial(s, 65536)
  data = data or part
  if data and #data > 0 then return data end
  return nil, code
end

function work.echo(s)
  local data = receive_some(s)
  while data and copas.send(s, data) do data = receive_some(s) end
end

function work.sink(s)
  repeat until not receive_some(s)
end

function work.lines(s)
  local line = copas.receive(s, "*l")
  while line and copas.send(s, line .. "\n") do
    line = copas.receive(s, "*l")
  end
end

function work.source(s)
  repeat until not copas.send(s, piece)
end

copas.addserver(assert(socket.bind("127.0.0.1", port, 4096)), function(s)
  s:setoption("tcp-nodelay", true)
  work[mode](s)
  s:close()
end)
copas.loop()
