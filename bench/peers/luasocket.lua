-- luasocket.lua - LuaSocket alone: a loop around socket.select for
-- connections, a blocking loop for datagrams.
--   luasocket.lua echo|lines|sink|source|udp PORT
-- select() cannot see more than about a thousand connections.
local socket = require "socket"
local mode, port = arg[1], tonumber(arg[2])
local piece = ("0123456789abcdef"):rep(4096)

-- A list that is quick to remove from, as socket.select wants one.
local function new_set()
  local set, place = {}, {}
  return set, function(s)
    set[#set + 1] = s
    place[s] = #set
  end, function(s)
    local last = set[#set]
    set[place[s]], place[last] = last, place[s]
    set[#set], place[s] = nil, nil
    s:close()
  end
end

local work = {}

function work.echo(s)
  local data, code, part = s:receive(65536)
  data = data or part
  if #data > 0 then
    s:send(data)
  elseif code == "closed" then
    return true
  end
end

function work.sink(s)
  local _, code = s:receive(65536)
  return code == "closed"
end

local unfinished = setmetatable({}, { __mode = "k" })

-- All the lines that are there are answered at once.
function work.lines(s)
  local answer = {}
  local line, code, part = s:receive("*l", unfinished[s])
  while line do
    answer[#answer + 1] = line
    line, code, part = s:receive("*l")
  end
  unfinished[s] = part
  if #answer > 0 then
    answer[#answer + 1] = ""
    s:send(table.concat(answer, "\n"))
  end
  return code == "closed"
end

local at = setmetatable({}, { __mode = "k" })

function work.source(s)
  local last, code, sent = s:send(piece, (at[s] or 0) + 1)
  at[s] = (last or sent) % #piece
  return code == "closed"
end

local function serve()
  local listener = assert(socket.bind("127.0.0.1", port, 4096))
  listener:settimeout(0)
  local set, add, remove = new_set()
  local listening = { listener }
  if mode ~= "source" then add(listener) end
  while true do
    local readable, writable
    if mode == "source" then
      readable, writable = socket.select(listening, set)
    else
      readable = socket.select(set)
      writable = readable
    end
    for _, s in ipairs(writable) do
      if s ~= listener and work[mode](s) then remove(s) end
    end
    if readable[listener] then
      local s = listener:accept()
      while s do
        s:settimeout(0)
        s:setoption("tcp-nodelay", true)
        add(s)
        s = listener:accept()
      end
    end
  end
end

local function datagrams()
  local s = assert(socket.udp())
  assert(s:setsockname("127.0.0.1", port))
  while true do
    local data, host, from = s:receivefrom(65507)
    if data then s:sendto(data, host, from) end
  end
end

if mode == "udp" then datagrams() else serve() end
