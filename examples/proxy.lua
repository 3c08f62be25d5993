-- A TCP proxy: whoever connects to one address talks to another. Both directions
-- go at once, each until its own end; what ends one with a failure ends the other.
--
--   lua proxy.lua [address [upstream]]
--
-- address   where to listen: 127.0.0.1:7001 unless told; port 0 lets the system
--           choose, and the choice is printed
-- upstream  where to go on to: 127.0.0.1:7000 unless told, where echo_server.lua is

local net = require "dialtone"
local proxy = assert(net.serve(arg[1] or "127.0.0.1:7001", function(client)
  local server = assert(net.connect(arg[2] or "127.0.0.1:7000"))
  local function close() return client:close(), server:close() end
  local back = net.spawn(function() return net.copy(server, client) or close() end)
  if net.copy(client, server) then back:join() end
  close()
end))
io.stderr:write("listening on ", tostring(proxy.address), "\n")
net.run()
