-- A client that binds a port of its own: why does it fail when it is run twice?
--
-- Who closes first keeps the connection in TIME_WAIT for a minute, so that late segments
-- of it harm nobody. Meanwhile bind says EADDRINUSE. With SO_REUSEADDR in both runs bind
-- lets it through, and here connect does, too: Linux tells by the timestamps which of the
-- two a segment belongs to (RFC 6191). Elsewhere connect may say EADDRNOTAVAIL.

local net = require "dialtone"

local hs = net.handshake { private = true, function(wire)
  local listener = assert(wire:socket("server"))
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(5))

  local function run(name, reuse, own)
    local client = assert(wire:socket(name))
    if reuse then client:setsockopt("SO_REUSEADDR", true) end
    local _, message = client:bind(own)
    if not message then _, message = client:connect(listener:getsockname()) end
    if message then return wire:note(message) end
    own = client:getsockname()
    local server = assert(listener:accept())
    client:close()
    server:close()
    wire:wait()
    wire:note("the kernel says: %s is in %s", own, wire:state(own))
    return own
  end
  run("client again", false, run("client", false, "127.0.0.1:0"))
  run("client again", true, run("client", true, "127.0.0.1:0"))
end }

print(hs)
return hs
