-- A TCP echo server for many clients at once, in one process and without
-- callbacks: net.poll says who is ready, and each of those gets one step.
--
--   lua echo_server.lua [address] [--count N]
--
-- address   127.0.0.1:7000 unless told; port 0 lets the system choose, and the
--           choice is printed; [::1]:7000 and unix:/tmp/echo work as well
-- --count N ends after N clients have come and gone
--
-- Talk to it with echo_client.lua.

local net = require "dialtone"

local where, count = "127.0.0.1:7000", math.huge
local i = 1
while arg[i] do
  if arg[i] == "--count" then
    i = i + 1
    count = assert(tonumber(arg[i]), "--count takes a number")
  else
    where = arg[i]
  end
  i = i + 1
end
io.stdout:setvbuf("line")

local address = assert(net.address(where))
local listener = assert(net.socket(address.family, "SOCK_STREAM"))
assert(listener:setsockopt("SO_REUSEADDR", true))
assert(listener:bind(address))
assert(listener:listen())
listener:settimeout(0) -- net.poll does the waiting, so no call here needs to
print("listening on " .. listener:getsockname())

local pending = {} -- [connection] = what it was sent but has not taken yet

-- What to wait for. A client that still has to take bytes is not read from: so
-- one that sends and never reads costs a buffer, not all memory.
local function wanted()
  local list = { listener }
  for connection, bytes in pairs(pending) do
    list[#list + 1] = { connection, bytes == "" and "POLLIN" or "POLLOUT" }
  end
  return list
end

-- One step for a client that is ready. True while the conversation goes on.
local function step(connection)
  local bytes, message, code = pending[connection], nil, nil
  if bytes == "" then
    bytes, message, code = connection:recv(65536)
  end
  local sent
  if bytes then
    sent, message, code = connection:send(bytes)
  end
  if code == "EAGAIN" then -- not ready after all: keep what there is
    sent = 0
  end
  if not sent then
    return nil, message, code
  end
  pending[connection] = bytes and bytes:sub(sent + 1) or ""
  return true
end

local served = 0
while served < count do
  for _, ready in ipairs(assert(net.poll(wanted()))) do
    if ready[1] == listener then
      local connection, peer = listener:accept()
      if connection then -- else it has gone away again
        connection:settimeout(0)
        pending[connection] = ""
        print("hello " .. peer)
      end
    else
      local connection = ready[1]
      local ok, message, code = step(connection)
      if not ok then
        print(code == "eof" and "a client is done" or message)
        connection:close()
        pending[connection] = nil
        served = served + 1
      end
    end
  end
end
listener:close()
if address.path and address.path ~= "" then
  os.remove(address.path) -- the name of a unix socket outlives the socket
end
