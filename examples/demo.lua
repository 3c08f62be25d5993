-- An echo server and a client of it: what was on the wire between them, and a page that
-- draws the next connections as they happen.
--
--   lua demo.lua [--page]
--
-- --page   serves the page until Ctrl-C; so it does without when the output is a
--          terminal. Else the page is looked at once, and the demo ends.
--
-- Ends with status 1 when anything is not as it should be.

local net = require "dialtone"
local live = require "dialtone.handshake.live"

-- The server's side of a connection: it sends back what comes, to the end.
local function echo(connection)
  local data = connection:recv(65536)
  while data do
    assert(connection:write(data))
    data = connection:recv(65536)
  end
  connection:close()
end

-- A server and a client of it, with sockets whose calls and packets are recorded.
local recording = assert(net.handshake { function(wire)
  local listener = assert(wire:socket("server"))
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(5))
  net.scope(function(scope)
    scope:spawn(function() echo(assert(listener:accept())) end)

    local client = assert(wire:socket("client"))
    assert(client:connect(listener:getsockname()))
    assert(client:send("hello, dialtone"))
    assert(client:recv(100) == "hello, dialtone", "the echo is another")
    client:close()
  end)
end })
print(recording)

local page = assert(live.serve())
print("The live page: " .. page.url)
print(("Each connection to the echo server at %s is drawn there as it happens."):format(tostring(page.echo)))

-- Whether somebody sits there: a terminal is no pipe and no file.
local function is_watched()
  return arg[1] == "--page" or os.execute("test -t 1") == true or os.execute("test -t 1") == 0
end

if is_watched() then
  print("(Ctrl-C ends it.)")
  pcall(net.run)
else
  local client = assert(net.connect(page.address))
  client:write("GET / HTTP/1.1\r\nHost: ", tostring(page.address), "\r\nConnection: close\r\n\r\n")
  local answer = assert(client:read())
  assert(answer:find("^HTTP/1%.1 200"), answer)
  client:close()
  page:close()
end
