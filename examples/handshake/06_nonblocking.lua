-- How does one connect without waiting, and to many at once?
--
-- connect says EINPROGRESS and the kernel goes on by itself. When the socket is writable
-- it is decided; SO_ERROR says how. One poll waits for any number of them.

local net = require "dialtone"

local hs = net.handshake { function(wire)
  local listener = assert(wire:socket("server"))
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(5))
  local nobody = assert(wire:socket("server that does not listen"))
  assert(nobody:bind("127.0.0.1", 0))

  local waiting = {}
  for i, where in ipairs { listener:getsockname(), nobody:getsockname(), listener:getsockname() } do
    local client = assert(wire:socket("client " .. i))
    client:settimeout(0)
    local _, _, code = client:connect(where)
    assert(code == "EINPROGRESS", code)
    waiting[i] = { client, "POLLOUT" }
  end
  local decided = assert(net.poll(waiting, 5))
  wire:note("poll: %d of %d are writable", #decided, #waiting)
  for _, ready in ipairs(decided) do
    ready[1]:getsockopt("SO_ERROR") -- 0, or why not
  end
end }

print(hs)
return hs
