-- Two programs ping the same host through raw sockets. Who gets which answer?
--
-- Each gets all of them (and the questions, as the host is this one): a raw socket hears
-- whatever comes for its protocol. The identifier in the message says whose it is.

local net = require "dialtone"

-- RFC 792 and 1071: type 8, code 0, checksum, identifier, sequence number.
local function echo_request(identifier, sequence)
  local sum = 0x0800 + identifier + sequence
  local checksum = 0xffff - (sum % 0x10000 + math.floor(sum / 0x10000))
  local function two(n) return string.char(math.floor(n / 256), n % 256) end
  return "\8\0" .. two(checksum) .. two(identifier) .. two(sequence)
end

local hs = net.handshake { private = true, function(wire)
  local first, message = wire:socket("client 1", "AF_INET", "SOCK_RAW", "IPPROTO_ICMP")
  if not first then return wire:note("raw sockets: " .. message) end
  local second = assert(wire:socket("client 2", "AF_INET", "SOCK_RAW", "IPPROTO_ICMP"))
  assert(first:sendto(echo_request(1001, 1), { host = "127.0.0.1", port = 0 }))
  assert(second:sendto(echo_request(2002, 1), { host = "127.0.0.1", port = 0 }))
  wire:wait()
  for _, socket in ipairs { first, second } do
    local answers = {}
    for _ = 1, 4 do -- an IPv4 header of 20 bytes comes first
      local data = assert(socket:recv(100))
      if data:byte(21) == 0 then answers[#answers + 1] = data:byte(25) * 256 + data:byte(26) end
    end
    wire:note("answers for %d and %d came to %s", answers[1], answers[2], socket.name)
  end
end }

print(hs)
return hs
