-- calls.lua - N times 64 bytes out and in on an open TCP connection, for
-- counting instructions: see bench/instructions.
--   calls.lua N
local net = require "dialtone"

local listener = assert(net.socket("AF_INET", "SOCK_STREAM"))
assert(listener:bind("127.0.0.1", 0))
assert(listener:listen())
local a = assert(net.socket("AF_INET", "SOCK_STREAM"))
assert(a:connect(listener:getsockname()))
local b = assert(listener:accept())
local data = ("x"):rep(64)

for _ = 1, tonumber(arg[1]) do
  a:send(data)
  b:recv(64)
end
