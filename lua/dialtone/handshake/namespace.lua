-- namespace.lua - sockets of a private network, for whoever has no privilege.
--
-- A socket belongs to the network namespace in which it was made, whoever uses it
-- then. So a second process enters namespaces of its own (unshare(1), which gives it
-- all privileges there and none elsewhere), makes the sockets that it is asked for,
-- and hands them over (SCM_RIGHTS). Nothing runs there but that. Linux only.
--
-- Both sides are here: `open` is ours, `serve` runs in the other process. A request
-- is a message, and so is each answer: "ok" and a text; "failed", code and message; or
-- "socket" with a descriptor, and then "ok", when the other process has closed its own:
-- only the last one that is closed ends a connection.

local core = require "dialtone.core"
local native = require "dialtone.handshake.native"

local Namespace = {}
Namespace.__index = Namespace

local PATIENCE = 10 -- seconds for the process to begin
local MOST = 65536

-- --- the other process ----------------------------------------------------------------

-- Its loopback interface is down at first: RTM_NEWLINK of interface 1 with IFF_UP.
local function raise_loopback()
  local RTM_NEWLINK, NLM_F_REQUEST, NLM_F_ACK, IFF_UP = 16, 1, 4, 1
  local body = ("\0"):rep(4) .. native.pack(1, 4) .. native.pack(IFF_UP, 4) .. native.pack(IFF_UP, 4)
  local netlink = assert(core.socket("AF_NETLINK", "SOCK_RAW", "NETLINK_ROUTE"))
  assert(netlink:sendto(native.pack(16 + #body, 4) .. native.pack(RTM_NEWLINK, 2)
    .. native.pack(NLM_F_REQUEST + NLM_F_ACK, 2) .. native.pack(1, 4) .. native.pack(0, 4) .. body,
    { family = "AF_NETLINK", pid = 0, groups = 0 }))
  assert(netlink:recv(MOST))
  netlink:close()
end

local answers = {}

function answers.socket(domain, kind, protocol)
  return core.socket(domain, tonumber(kind) or kind, tonumber(protocol) or protocol)
end

-- A file of /proc, as it is seen there.
function answers.read(path)
  local file, message = io.open(path, "rb")
  if not file then return nil, message, "ENOENT" end
  local text = file:read("*a")
  file:close()
  return text
end

function answers.write(path, text)
  local file, message = io.open(path, "wb")
  if not file then return nil, message, "ENOENT" end
  local done, reason = file:write(text)
  local closed, late = file:close()
  if not (done and closed) then return nil, reason or late, "EINVAL" end
  return text
end

local function answer(conn, request)
  local words = {}
  for word in request:gmatch("[^\n]+") do words[#words + 1] = word end
  local value, message, code = answers[words[1]](words[2], words[3], words[4])
  if not value then return conn:send(("failed\n%s\n%s"):format(code or "EINVAL", message)) end
  if type(value) == "string" then return conn:send("ok\n" .. value) end
  local sent = conn:sendfds("socket\n", { value })
  value:close()
  return sent and conn:send("ok\n")
end

-- Makes sockets for who listens at `path`, until he goes.
function Namespace.serve(path)
  raise_loopback()
  local conn = assert(core.socket("AF_UNIX", "SOCK_SEQPACKET", 0))
  assert(conn:connect("unix:" .. path))
  while true do
    local request = conn:recv(MOST)
    if not request or not answer(conn, request) then return end
  end
end

-- --- ours -------------------------------------------------------------------------------

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- The interpreter that runs this, for a shell that is our child: the file is looked
-- for before it is in namespaces of its own.
local function interpreter()
  local first = 0
  while type(arg) == "table" and arg[first - 1] do first = first - 1 end
  return first < 0 and quoted(arg[first]) or "\"$(readlink /proc/$PPID/exe)\""
end

local function command(path)
  local code = ("package.path, package.cpath = %q, %q require('dialtone.handshake.namespace').serve(%q)")
    :format(package.path, package.cpath, path)
  return ("exec unshare --user --map-root-user --net -- %s -e %s 2>&1"):format(interpreter(), quoted(code))
end

-- The process connects, or ends with a message; nobody else's process is let in.
local function wait_for(listener, process)
  listener:settimeout(PATIENCE)
  local ready = core.poll({ listener, process }, PATIENCE)
  if not ready then return nil, "unshare: no answer" end
  if ready[1][1] ~= listener then
    local message = process:read("*a")
    return nil, message:match("[^\n]+") or "unshare: ended without a word"
  end
  local conn, message = listener:accept()
  if not conn then return nil, message end
  local mine = core.socketpair()
  local own, his = mine:peercred(), conn:peercred()
  mine:close()
  if not (own and his and own.uid == his.uid) then
    conn:close()
    return nil, "unshare: somebody else has connected"
  end
  conn:settimeout(PATIENCE)
  return conn
end

local function start(path)
  local listener = assert(core.socket("AF_UNIX", "SOCK_SEQPACKET", 0))
  local bound, message = listener:bind("unix:" .. path)
  if not bound then return nil, message end
  assert(listener:listen(1))
  local process, conn
  process, message = io.popen(command(path), "r")
  if process then conn, message = wait_for(listener, process) end
  listener:close()
  os.remove(path)
  if not conn then
    if process then process:close() end
    return nil, message
  end
  return setmetatable({ conn = conn, process = process }, Namespace)
end

-- Makes a private network: a Namespace, or nil, message. It has a loopback
-- interface and nothing else, and ends when it is closed or we do.
function Namespace.open()
  if not io.popen then return nil, "unshare: no io.popen" end
  local path = os.tmpname()
  os.remove(path)
  return start(path)
end

local function ask(self, ...)
  local sent, message, code = self.conn:send(table.concat({ ... }, "\n"))
  if not sent then return nil, message, code end
  local text, descriptors = self.conn:recvfds(MOST, 1)
  local socket = descriptors and descriptors[1]
  if socket then text = self.conn:recv(MOST) end
  if not text then return nil, "the private network has ended", "EPIPE" end
  local failed, reason = text:match("^failed\n(.-)\n(.*)$")
  if failed then return nil, reason, failed end
  return socket or text:match("^ok\n(.*)$")
end

-- As net.socket, there.
function Namespace:socket(domain, kind, protocol)
  return ask(self, "socket", domain, kind, protocol or 0)
end

-- The text of a file such as /proc/net/netstat, there.
function Namespace:read(path)
  return ask(self, "read", path)
end

-- Sets a number below /proc/sys/net, there.
function Namespace:write(path, text)
  return ask(self, "write", path, text)
end

function Namespace:close()
  self.conn:close()
  return self.process:close()
end

return Namespace
