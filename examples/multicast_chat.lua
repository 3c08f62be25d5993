-- A chat without a server: everybody who has joined the multicast group hears
-- everybody else.
--
--   lua multicast_chat.lua [--name NAME] [--interface NAME] [--count N] [group]
--
-- group        239.255.77.77:7077 unless told; port 0 lets the system choose,
--              and the choice is printed
-- --name       how the others see you
-- --interface  "lo" unless told: the chat does not leave this machine. Name
--              your network card ("eth0") to chat across the local network.
-- --count N    ends after N messages; otherwise at the end of the input
--
-- Lines of the standard input are sent. Run it in two terminals.

local net = require "dialtone"

local where, name, interface, count = "239.255.77.77:7077", "somebody", "lo", nil
local i = 1
while arg[i] do
  if arg[i] == "--name" then
    i, name = i + 1, assert(arg[i + 1], "--name takes a name")
  elseif arg[i] == "--interface" then
    i, interface = i + 1, assert(arg[i + 1], "--interface takes a name")
  elseif arg[i] == "--count" then
    i, count = i + 1, assert(tonumber(arg[i + 1]), "--count takes a number")
  else
    where = arg[i]
  end
  i = i + 1
end
io.stdout:setvbuf("line")

local group = assert(net.address(where))
local udp = assert(net.socket(group.family, "SOCK_DGRAM"))
-- Several programs of one machine may listen to the same group.
assert(udp:setsockopt("SO_REUSEADDR", true))
-- Bound to the group's address, the socket hears only what was sent there.
assert(udp:bind(group))
group = assert(udp:getsockname()) -- with the port, if that was 0
assert(udp:setsockopt("IP_ADD_MEMBERSHIP", { group = group.host, interface = interface }))
assert(udp:setsockopt("IP_MULTICAST_IF", interface)) -- where ours go out
assert(udp:setsockopt("IP_MULTICAST_TTL", 1)) -- never past the first router
assert(udp:setsockopt("IP_MULTICAST_LOOP", true)) -- this machine hears them, too
print("joined " .. group .. " on " .. interface)

-- Without a buffer, so that no line waits in it where poll cannot see it.
io.stdin:setvbuf("no")

local wanted = { udp, io.stdin }
local heard = 0
while #wanted > 0 and heard ~= count do
  for _, ready in ipairs(assert(net.poll(wanted))) do
    if ready[1] == udp then
      print(assert(udp:recv(65535)))
      heard = heard + 1
    else
      local line = io.read()
      if line then
        assert(udp:sendto(name .. ": " .. line, group))
      else
        wanted = count and { udp } or {}
      end
    end
  end
end
