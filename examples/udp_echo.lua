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

local udp = assert(net.udp(where))
print("waiting at " .. udp:getsockname())

local seen = 0
for data, from in udp:datagrams() do
  print(#data .. " bytes from " .. from)
  -- One client that has gone away must not end the service for all.
  local sent, message = udp:sendto(data, from)
  if not sent then
    print(message)
  end
  seen = seen + 1
  if seen == count then
    break
  end
end
udp:close()
