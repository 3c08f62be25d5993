-- What does connect say when nobody answers, when somebody refuses, and when there is no
-- way? How long does each take, and what was on the wire?
--
-- Silence takes as long as one waits: the SYN goes out again and again. A refusal is an
-- answer (RST) and comes at once. Without a route nothing is sent at all.

local net = require "dialtone"

local hs = net.handshake { private = true, function(wire)
  local silent = assert(wire:socket("server"))
  assert(silent:bind("127.0.0.1", 0))
  assert(silent:listen(5))
  wire:lose(silent, "all") -- as a firewall that drops
  local client = assert(wire:socket("client 1"))
  client:settimeout(1.5)
  local _, message = client:connect(silent:getsockname())
  wire:note(message)

  local port = silent:getsockname().port
  silent:close()
  client:close()
  _, message = wire:socket("client 2"):connect("127.0.0.1", port)
  wire:note(message)

  if wire.level == 1 then -- the private network has no way to anywhere
    _, message = wire:socket("client 3"):connect("192.0.2.1:80")
    wire:note(message)
  end
end }

print(hs)
return hs
