-- cqueues.lua - cqueues: a coroutine for each connection.
--   cqueues.lua echo|lines|sink|source PORT
local cqueues = require "cqueues"
local socket = require "cqueues.socket"
local mode, port = arg[1], tonumber(arg[2])
local piece = ("0123456789abcdef"):rep(4096)

local work = {}

function work.echo(s)
  local data = s:read(-65536)
  while data and s:write(data) do data = s:read(-65536) end
end

function work.sink(s)
  repeat until not s:read(-65536)
end

-- What is written stays in the buffer until no line is left to answer.
function work.lines(s)
  s:setmode("b", "bfA")
  for line in s:lines("*L") do
    s:write(line)
    if s:pending() == 0 then s:flush() end
  end
end

function work.source(s)
  repeat until not s:write(piece)
end

local loop = cqueues.new()
local listener = socket.listen({ host = "127.0.0.1", port = port, nodelay = true })
assert(listener:listen())
loop:wrap(function()
  for s in listener:clients() do
    s:setmode("bn", "bn")
    s:onerror(function(_, _, code) return code end)
    loop:wrap(function()
      work[mode](s)
      s:close()
    end)
  end
end)
assert(loop:loop())
