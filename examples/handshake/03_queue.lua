-- What does the number mean that listen is given?
--
-- On Linux: the queue of connections that nobody has accepted is full when there are more
-- than that. A backlog of 2 admits 3. The next client's SYN is dropped without a word and
-- counted (ListenOverflows); the client stays in SYN_SENT and sends it again after a
-- second. One accept makes room, and the next SYN comes through.

local net = require "dialtone"

local hs = net.handshake { private = true, function(wire)
  local listener = assert(wire:socket("server"))
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(2))
  for i = 1, 3 do
    assert(wire:socket("client " .. i):connect(listener:getsockname()))
  end
  local before = wire:counters()
  local late = assert(wire:socket("client 4"))
  late:settimeout(0)
  late:connect(listener:getsockname()) -- EINPROGRESS
  wire:wait(function() return wire:count("SYN") == 5 end, 3)
  wire:note("client 4 is in %s; the kernel has counted %d overflows", late:tcpinfo().state,
    wire:counters().ListenOverflows - before.ListenOverflows)
  assert(listener:accept())
  wire:wait(function() return late:tcpinfo().state == "ESTABLISHED" end, 5)
  wire:note("client 4 is in %s", late:tcpinfo().state)
end }

print(hs)
return hs
