-- The third segment is lost, and the client sends data all the same. Is there a
-- connection?
--
-- The client says yes: it has seen the SYN-ACK. The server says SYN_RCVD: it has not seen
-- the ACK. Then the data comes, whose acknowledgement number says the same as the lost
-- segment did, and the server is content, too.

local net = require "dialtone"

local hs = net.handshake { private = true, function(wire)
  local listener = assert(wire:socket("server"))
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(5))
  wire:lose(listener, "ACK") -- those that carry nothing
  local client = assert(wire:socket("client"))
  assert(client:connect(listener:getsockname()))

  local function ask()
    wire:note("the client's end is %s, the server's %s", wire:state(client:getsockname()),
      wire:state(listener:getsockname(), client:getsockname()))
  end
  ask()
  assert(client:send("hello"))
  ask()
  wire:lose(listener, nil)
  local server = assert(listener:accept())
  assert(server:recv(100))
end }

print(hs)
return hs
