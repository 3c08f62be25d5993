-- A TCP client: sends lines to an echo server and prints what comes back.
--
--   lua echo_client.lua [address [text ...]]
--
-- address   127.0.0.1:7000 unless told; what echo_server.lua printed
-- text      each is sent as one line; without any, lines are read from the
--           standard input
--
-- Ends with status 1 when the server cannot be reached, takes longer than five
-- seconds, or sends back something else.

local net = require "dialtone"

local address, message = net.address(arg[1] or "127.0.0.1:7000")

local function check(value, why)
  if not value then
    io.stderr:write("echo_client: ", tostring(why), "\n")
    os.exit(1, true)
  end
  return value
end
check(address, message)

local server = check(net.socket(address.family, "SOCK_STREAM"))
server:settimeout(5) -- for each call from here on
check(server:connect(address))
print("connected to " .. server:getpeername())

-- send(2) may take less than it is given, and recv(2) may give less than was
-- sent: a stream keeps the order of bytes, not the borders between them.
local function exchange(text)
  local rest = text
  while rest ~= "" do
    rest = rest:sub(check(server:send(rest)) + 1)
  end
  local parts, missing = {}, #text
  while missing > 0 do
    local part = check(server:recv(missing))
    parts[#parts + 1], missing = part, missing - #part
  end
  return table.concat(parts)
end

local function say(line)
  local answer = exchange(line .. "\n")
  io.write(answer)
  check(answer == line .. "\n", "the answer differs from what was sent")
end

if arg[2] then
  for i = 2, #arg do
    say(arg[i])
  end
else
  for line in io.lines() do
    say(line)
  end
end

check(server:shutdown("SHUT_WR")) -- "no more from me"
local rest, _, code = server:recv(1)
check(not rest and code == "eof", "the server did not hang up")
server:close()
