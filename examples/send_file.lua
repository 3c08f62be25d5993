-- Two Lua programs talk over TCP: a client sends a file, a server sends it back
-- with every letter moved thirteen places in the alphabet, and the client
-- checks every byte. Both print what the kernel says of the connection.
--
--   lua send_file.lua [file]
--
-- file   the project's README unless told
--
-- The server is a second process: this script starts itself as a child. Ends
-- with status 1 when anything is not as it should be.

local net = require "dialtone"

local time_limit = 10 -- seconds that any one call may take

-- Rot13: doing it twice gives what was there before.
local rotated = {}
for letter in ("abcdefghijklmnopqrstuvwxyz"):gmatch(".") do
  local turned = string.char((letter:byte() - 97 + 13) % 26 + 97)
  rotated[letter], rotated[letter:upper()] = turned, turned:upper()
end
local function rot13(text)
  return (text:gsub("%a", rotated))
end

local who = "" -- begins each line of the client; the server's get theirs there
local function say(format, ...)
  print(who .. format:format(...))
end

-- What the kernel says of a connection.
local function describe(connection)
  say("  from %s to %s", tostring(connection:getsockname()),
    tostring(connection:getpeername()))
  local info = connection:tcpinfo()
  if info then -- not every system tells
    say("  state %s, round trip %d us, congestion window %d, segments of %d bytes",
      info.state, info.rtt, info.snd_cwnd, info.snd_mss)
  end
  local unread, unsent = connection:queued()
  if unread then
    say("  %d bytes wait to be read, %s to be sent or acknowledged", unread,
      tostring(unsent))
  end
end

-- The server ---------------------------------------------------------------

-- Sends all of `text`: one send(2) takes what there is room for.
local function send_all(connection, text)
  local at = 1
  while at <= #text do
    at = at + assert(connection:send(text:sub(at)))
  end
end

-- The parent reads this output in paragraphs; see `relay`.
local function paragraph_ends()
  print("")
end

local function server()
  io.stdout:setvbuf("line")
  local listener = assert(net.socket("AF_INET", "SOCK_STREAM"))
  listener:settimeout(time_limit)
  assert(listener:bind("127.0.0.1", 0)) -- port 0: the system chooses one
  assert(listener:listen(16))
  print(listener:getsockname())

  -- The kernel completes a connection before anybody accepts it. Until then it
  -- stands in the listener's queue.
  assert(net.poll({ listener }, time_limit))
  local info = listener:tcpinfo()
  if info and info.queue_length then
    say("queue of the listener: %d waiting, room for %d", info.queue_length,
      info.queue_limit)
  end
  local connection, peer = assert(listener:accept())
  listener:close()
  connection:settimeout(time_limit)
  say("accepted %s", tostring(peer))
  describe(connection)
  paragraph_ends()

  local bytes = 0
  local data, message, code = connection:recv(65536)
  while data do
    send_all(connection, rot13(data))
    bytes = bytes + #data
    data, message, code = connection:recv(65536)
  end
  assert(code == "eof", message)
  say("%d bytes came and went back", bytes)
  describe(connection)
  assert(connection:close())
  paragraph_ends()
end

-- The client ---------------------------------------------------------------

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Starts this script once more, with the same interpreter.
local function start_server()
  local i = 0
  while arg[i - 1] do
    i = i - 1
  end
  return assert(io.popen(quoted(arg[i]) .. " " .. quoted(arg[0]) .. " --server"))
end

-- Prints what the server says, up to the end of the paragraph.
local function relay(output)
  for line in output:lines() do
    if line == "" then
      return
    end
    print("server | " .. line)
  end
  error("the server has ended early", 0)
end

-- Sends the file and receives the answer at the same time: whoever sends all
-- before reading anything waits for ever once the buffers of both sides are
-- full. The socket does not wait here; net.poll does.
local function exchange(connection, file, size)
  connection:settimeout(0)
  local sent, sending, parts = 0, true, {}
  while true do
    if sending and sent == size then
      say("all of it is on its way")
      describe(connection)
      assert(connection:shutdown("SHUT_WR")) -- "no more from me"
      sending = false
    end
    local events = sending and "POLLIN|POLLOUT" or "POLLIN"
    local ready = assert(net.poll({ { connection, events } }, time_limit))[1]
    if sending and ready.POLLOUT then
      -- From the file's pages to the socket, without a detour through Lua.
      local bytes, message, code, partly = connection:sendfile(file, sent, size - sent)
      assert(bytes or code == "EAGAIN", message)
      sent = sent + (bytes or partly)
    end
    if ready.POLLIN or ready.POLLHUP or ready.POLLERR then
      local data, message, code = connection:recv(65536)
      if data then
        parts[#parts + 1] = data
      elseif code == "eof" then
        return table.concat(parts)
      else
        assert(code == "EAGAIN", message)
      end
    end
  end
end

-- The first place where two texts differ, or nil.
local function first_difference(a, b)
  if a == b then
    return nil
  end
  for i = 1, math.max(#a, #b) do
    if a:byte(i) ~= b:byte(i) then
      return i
    end
  end
end

-- The beginning of a text, fit for a terminal.
local function first_line(text)
  return (text:match("[^\n]*"):sub(1, 60):gsub("[^%w%p ]", "."))
end

local function client(name)
  who = "client | "
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  local output = start_server()
  local address = assert(output:read(), "the server did not start")

  local connection = assert(net.socket("AF_INET", "SOCK_STREAM"))
  connection:settimeout(time_limit)
  assert(connection:connect(address))
  say("connected to %s", address)
  relay(output)

  say("sends %s, %d bytes: %s", name, #text, first_line(text))
  local answer = exchange(connection, file, #text)
  say("received %d bytes: %s", #answer, first_line(answer))
  relay(output)
  assert(connection:close())
  output:close()

  local at = first_difference(rot13(answer), text)
  if at then
    error(("byte %d is not what was sent"):format(at), 0)
  end
  say("every byte is right")
end

if arg[1] == "--server" then
  server()
else
  local readme = ((arg[0]:match("^(.*/)") or "") .. "../README.md"):gsub("[^/.]+/%.%./", "")
  local ok, message = pcall(client, arg[1] or readme)
  if not ok then
    io.stderr:write("send_file: ", tostring(message), "\n")
    os.exit(1, true)
  end
end
