-- Descriptors travel between processes over a unix socket: the receiver gets
-- the open thing itself, not its name.
--
--   lua pass_descriptor.lua
--
-- The script starts itself a second time, as a child, and listens for it at a
-- unix socket. It then hands the child two things: an open file whose name is
-- already removed, so that nobody could open it any more, and one end of a
-- socket pair, through which the child answers. It also asks the kernel who the
-- child is (SO_PEERCRED): a process cannot lie about that.

local net = require "dialtone"

-- As file handles are made by Lua's io library, and LuaJIT lets no extension
-- make one, a received file is a number there. This opens such a number.
local function as_file(received)
  if type(received) == "number" then
    return assert(io.open("/dev/fd/" .. received, "rb"))
  end
  return received
end

local function child(path)
  local parent = assert(net.socket("AF_UNIX", "SOCK_STREAM"))
  parent:settimeout(10)
  assert(parent:connect({ family = "AF_UNIX", path = path }))
  local note, received = assert(parent:recvfds())
  local file, line = as_file(received[1]), received[2]
  assert(file:seek("set", 0)) -- the position is shared with the sender
  local text = file:read("*a")
  print("child: the parent says '" .. note .. "', the file '" .. text .. "'")
  assert(line:send("I have read " .. #text .. " bytes"))
end

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function start_child(path)
  local i = 0
  while arg[i - 1] do
    i = i - 1
  end
  local command = quoted(arg[i]) .. " " .. quoted(arg[0]) .. " --child "
  return assert(io.popen(command .. quoted(path)))
end

local function parent()
  local path = os.tmpname() -- a name that is ours; it makes the file, too
  os.remove(path)
  local listener = assert(net.socket("AF_UNIX", "SOCK_STREAM"))
  listener:settimeout(10)
  assert(listener:bind({ family = "AF_UNIX", path = path }))
  assert(listener:listen())

  local output = start_child(path)
  local connection = assert(listener:accept())
  os.remove(path)
  local who = connection:peercred()
  if who then -- not every system knows
    print("parent: the kernel says process " .. who.pid .. ", user " .. who.uid)
  end

  local name = os.tmpname()
  local file = assert(io.open(name, "w+b"))
  os.remove(name)
  file:write("no name leads here")
  file:flush() -- what Lua still holds back would not travel
  local mine, theirs = assert(net.socketpair())
  mine:settimeout(10)

  assert(connection:sendfds("two for you", { file, theirs }))
  theirs:close() -- the child has its own now
  local answer = assert(mine:recv(100))
  io.write(output:read("*a"))
  print("parent: the child answers '" .. answer .. "'")
  output:close()
end

if arg[1] == "--child" then
  child(arg[2])
else
  parent()
end
