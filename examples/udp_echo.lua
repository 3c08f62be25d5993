-- A UDP echo server: every datagram goes back to whoever sent it.
--
--   lua udp_echo.lua [address] [--count N]
--
-- address   127.0.0.1:7000 unless told; port 0 lets the system choose, and the
--           choice is printed
-- --count N ends after N datagrams
--
-- Talk to it with udp_client.lua.

local net = require "dialtone"

local where, count = "127.0.0.1:7000", math.huge
local i = 1
while arg[i] do
  if arg[i] == "--count" then
    i = i + 1
    count = assert(tonumber(arg[i]), "--count takes a number")
  else
    where = arg[i]
  end
  i = i + 1
end
io.stdout:setvbuf("line")

local address = assert(net.address(where))
local udp = assert(net.socket(address.family, "SOCK_DGRAM"))
assert(udp:bind(address))
print("waiting at " .. udp:getsockname())

local seen = 0
while seen < count do
  -- No datagram is longer than 65535 bytes; one that is longer than the size
  -- asked for would be cut.
  local data, from = assert(udp:recvfrom(65535))
  print(#data .. " bytes from " .. from)
  -- One client that has gone away must not end the service for all.
  local sent, message = udp:sendto(data, from)
  if not sent then
    print(message)
  end
  seen = seen + 1
end
udp:close()
