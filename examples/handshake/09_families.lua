-- The same program over IPv4, IPv6 and a local socket: what is on the wire for each?
--
-- The same segments for both versions of IP (with another largest segment, since IPv6's
-- header is longer). For a local socket: nothing. The kernel hands the bytes over.

local net = require "dialtone"

local function program(wire, address, domain)
  local listener = assert(wire:socket("server", domain))
  assert(listener:bind(address))
  assert(listener:listen(5))
  local client = assert(wire:socket("client", domain))
  assert(client:connect(listener:getsockname()))
  local server = assert(listener:accept())
  assert(client:send("hello"))
  assert(server:recv(100))
  client:close()
  assert(server:recv(100) == nil)
  server:close()
end

local recordings = {}
for i, where in ipairs {
  { "AF_INET", "127.0.0.1:0" }, { "AF_INET6", "[::1]:0" }, { "AF_UNIX", "unix:@handshake" },
} do
  recordings[i] = net.handshake { private = true, family = where[1] ~= "AF_UNIX" and where[1] or nil,
    function(wire) program(wire, where[2], where[1]) end }
  print(where[1] .. ", " .. tostring(recordings[i]))
end
return (table.unpack or unpack)(recordings) -- luacheck: ignore
