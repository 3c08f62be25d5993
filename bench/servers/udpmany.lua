-- udpmany.lua - sends datagrams back, as many at a time as are there.
--   udpmany.lua PORT
local net = require "dialtone"
local udp = assert(net.udp("127.0.0.1:" .. arg[1]))

while true do
  local messages = udp:recvmany(64, 2048)
  if messages then udp:sendmany(messages) end
end
