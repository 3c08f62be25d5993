-- What does connect do for a UDP socket, and how can a datagram be refused?
--
-- connect sends nothing: it only notes the address. The datagram to a port that nobody has
-- goes out, an ICMP message comes back, and the next call on the socket tells of it.

local net = require "dialtone"

local hs = net.handshake { private = true, function(wire)
  local receiver = assert(wire:socket("server", "AF_INET", "SOCK_DGRAM"))
  assert(receiver:bind("127.0.0.1", 0))
  local where = receiver:getsockname()
  local sender = assert(wire:socket("client", "AF_INET", "SOCK_DGRAM"))
  assert(sender:connect(where))
  wire:wait()
  wire:note("connected to %s, and %d packets were seen", where, wire:count())
  assert(sender:send("hello"))
  assert(receiver:recvfrom(100))
  receiver:close()
  assert(sender:send("is anybody there?")) -- yes, it is sent
  wire:wait()
  assert(select(3, sender:recv(100)) == "ECONNREFUSED")
end }

print(hs)
return hs
