-- pair.lua - the Lua side of bench/pair: does what pair.c does, and prints the
-- CPU time in microseconds as that does.
--   pair.lua serve echo|bulk
--   pair.lua echo|bulk PORT N
local net = require "dialtone"

local PIECE, LINE = ("x"):rep(65536), ("x"):rep(64)

local function send_all(s, data)
  local n = assert(s:send(data))
  while n < #data do
    data = data:sub(n + 1)
    n = assert(s:send(data))
  end
end

local function receive_all(s, size)
  while size > 0 do size = size - #assert(s:recv(size)) end
end

local function serve(echo)
  local listener = assert(net.socket("AF_INET", "SOCK_STREAM"))
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(1))
  print(listener:getsockname().port)
  io.stdout:flush()
  local s = assert(listener:accept())
  local before = os.clock()
  local data = s:recv(#PIECE)
  while data do
    if echo then send_all(s, data) end
    data = s:recv(#PIECE)
  end
  return before
end

local function play(mode, port, count)
  local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
  assert(s:connect("127.0.0.1", port))
  local before = os.clock()
  for _ = 1, count do
    if mode == "echo" then
      send_all(s, LINE)
      receive_all(s, #LINE)
    else
      send_all(s, PIECE)
    end
  end
  return before
end

local before
if arg[1] == "serve" then
  before = serve(arg[2] == "echo")
else
  before = play(arg[1], tonumber(arg[2]), tonumber(arg[3]))
end
print(("%.0f"):format((os.clock() - before) * 1e6))
