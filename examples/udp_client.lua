-- A UDP client: sends one datagram, waits for the answer, and asks again when
-- none comes, since datagrams may get lost.
--
--   lua udp_client.lua [address [text]]
--
-- address   127.0.0.1:7000 unless told; what udp_echo.lua printed
-- text      "hello" unless told
--
-- The socket is connected. That sends nothing, but then send and recv mean that
-- one peer, datagrams from anybody else are dropped, and the kernel tells when
-- nobody is there (ECONNREFUSED) instead of leaving us to wait.
--
-- Ends with status 1 when no answer came.

local net = require "dialtone"

local tries = 3

local function ask(udp, text)
  for try = 1, tries do
    local sent, message = udp:send(text)
    if not sent then
      return nil, message
    end
    local answer, code
    answer, message, code = udp:recv(65535)
    if answer then
      return answer
    end
    if code ~= "timeout" or try == tries then
      return nil, message
    end
    print("no answer yet, asking again")
  end
end

local function main()
  local address, message = net.address(arg[1] or "127.0.0.1:7000")
  if not address then
    return nil, message
  end
  local udp = assert(net.socket(address.family, "SOCK_DGRAM"))
  udp:settimeout(1)
  local ok
  ok, message = udp:connect(address)
  if not ok then
    return nil, message
  end
  return ask(udp, arg[2] or "hello")
end

local answer, message = main()
if not answer then
  io.stderr:write("udp_client: ", message, "\n")
  os.exit(1, true)
end
print("answer: " .. answer)
