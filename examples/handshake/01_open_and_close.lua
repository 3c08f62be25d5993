-- What are the three segments that open a connection, and the four that close it?
-- And what if both ends close at once?
--
-- The client's FIN is acknowledged by itself, since the server has not closed yet: that
-- makes four. In the second recording the server loses the client's FIN, and closes, too:
-- the client, whose own FIN nobody has acknowledged, gets one, and is CLOSING until the
-- FIN that it sends again is. (Two FINs that cross on the way bring both ends there.)

local net = require "dialtone"

local function connected(wire)
  local listener = assert(wire:socket("server"))
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(5))
  local client = assert(wire:socket("client"))
  assert(client:connect(listener:getsockname()))
  return client, assert(listener:accept())
end

local one_after_the_other = net.handshake { function(wire)
  local client, server = connected(wire)
  client:close()
  wire:wait(function() return wire:count("ACK") == 2 end)
  server:close()
end }

local at_once = net.handshake { function(wire)
  local client, server = connected(wire)
  wire:lose(server, "FIN")
  client:shutdown("SHUT_WR")
  server:shutdown("SHUT_WR")
  wire:lose(server, nil)
  wire:wait(function() return wire:count("FIN-ACK") == 3 end)
end }

print(one_after_the_other)
print(at_once)
return one_after_the_other, at_once
