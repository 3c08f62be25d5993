-- pair.lua - the Lua side of bench/pair, the same as pair.c: echo, send and
-- receive over one blocking connection; prints the CPU time in microseconds.
--   pair.lua echo|send|receive PORT N
local net = require "dialtone"

local mode, port, count = arg[1], tonumber(arg[2]), tonumber(arg[3])
local PIECE, LINE = ("x"):rep(65536), ("x"):rep(64)
local peer = { echo = "e", send = "d", receive = "s" }

local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
assert(s:connect("127.0.0.1", port))
assert(s:send(peer[mode]))

local function send_all(data)
  local n = assert(s:send(data))
  while n < #data do
    data = data:sub(n + 1)
    n = assert(s:send(data))
  end
end

local function receive_all(size)
  while size > 0 do size = size - #assert(s:recv(size)) end
end

local steps = {
  echo = function() send_all(LINE) receive_all(#LINE) end,
  send = function() send_all(PIECE) end,
  receive = function() receive_all(#PIECE) end,
}

local step, before = steps[mode], os.clock()
for _ = 1, count do step() end
print(("%.0f"):format((os.clock() - before) * 1e6))
