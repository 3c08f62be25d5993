-- A TCP echo server for many clients at once, in one process and without
-- callbacks: net.serve runs the handler in a task of its own for each.
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

local gone = net.queue() -- a word for each client that is done

-- A client that sends and never reads makes the write wait, and its task with
-- it: so it costs a buffer, not all memory, and holds up nobody else.
local function echo(connection, peer)
  local data, message, code
  print("hello " .. peer)
  repeat
    data, message, code = connection:recv(65536)
    if data then
      data, message, code = connection:write(data)
    end
  until not data
  print(code == "eof" and "a client is done" or message)
  gone:put(true)
end

local server = assert(net.serve(where, echo))
print("listening on " .. server.address)

net.run(function()
  for _ = 1, count do
    gone:get()
  end
  server:drain() -- the last ones may take what was sent to them
end)
local path = server.address.path
if path and path ~= "" then
  os.remove(path) -- the name of a unix socket outlives the socket
end
