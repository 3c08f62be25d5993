-- Which other ways are there to end a connection, or to begin one?
--
-- SO_LINGER of 0 makes close a reset: RST, no farewell, no TIME_WAIT. shutdown ends one
-- direction, and the other goes on. And a socket that connects to its own address finds
-- itself: both SYNs are its own (a simultaneous open).

local net = require "dialtone"

local function connected(wire)
  local listener = assert(wire:socket("server"))
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(5))
  local client = assert(wire:socket("client"))
  assert(client:connect(listener:getsockname()))
  return client, assert(listener:accept())
end

local reset = net.handshake { function(wire)
  local client, server = connected(wire)
  client:setsockopt("SO_LINGER", 0)
  client:close()
  assert(select(3, server:recv(100)) == "ECONNRESET")
end }
local half = net.handshake { function(wire)
  local client, server = connected(wire)
  client:shutdown("SHUT_WR")
  wire:wait(function() return wire:count("ACK") == 2 end)
  assert(select(3, server:recv(100)) == "eof")
  assert(server:send("and yet I have something to say"))
  assert(client:recv(100))
  server:close()
end }
local itself = net.handshake { function(wire)
  local socket = assert(wire:socket("client"))
  assert(socket:bind("127.0.0.1", 0))
  assert(socket:connect(socket:getsockname()))
end }

for _, hs in ipairs { reset, half, itself } do print(hs) end
return reset, half, itself
