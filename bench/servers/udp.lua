-- udp.lua - sends each datagram back, one at a time.
--   udp.lua PORT
local net = require "dialtone"
local udp = assert(net.udp("127.0.0.1:" .. arg[1]))

while true do
  local data, from = udp:recvfrom(65507)
  if data then udp:sendto(data, from) end
end
