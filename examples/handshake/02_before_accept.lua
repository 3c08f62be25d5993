-- Who makes the connection: the program that accepts, or the kernel?
--
-- The kernel. Both ends are ESTABLISHED, and data is sent and acknowledged, before anyone
-- has called accept. accept only takes what is in the queue.

local net = require "dialtone"

local hs = net.handshake { function(wire)
  local listener = assert(wire:socket("server"))
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(5))
  local client = assert(wire:socket("client"))
  assert(client:connect(listener:getsockname()))
  assert(client:send("nobody has accepted this"))
  wire:wait()
  wire:note("the kernel says: the client's end is %s, the other %s; accept was not called",
    wire:state(client:getsockname()), wire:state(listener:getsockname(), client:getsockname()))
  local server = assert(listener:accept())
  assert(server:recv(100))
end }

print(hs)
return hs
