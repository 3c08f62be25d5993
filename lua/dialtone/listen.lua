-- listen.lua - net.listen: a socket that takes connections.

local bound = require "dialtone.bound"
local options = require "dialtone.options"
local place = require "dialtone.place"

local KIND = "SOCK_STREAM"

local known = { backlog = "integer" }
for name, kind in pairs(bound.known) do known[name] = kind end

-- For the verb `what`, whose caller is blamed for what is wrong.
local function open(what, where, port, opts)
  where, port, opts = place.arguments(where, port, opts)
  opts = options.check(what, opts, known, 3)
  local at, message, code = place.read(what, where, port, 3)
  if not at then return nil, message, code end
  local s
  s, message, code = bound.open(what, at, KIND, opts, known)
  if not s then return nil, message, code end
  local ok
  ok, message, code = s:listen(opts.backlog)
  if ok then return s end
  s:close()
  return nil, place.blame(what, at.shown, message), code
end

--- Makes a listening socket. A port alone is one of the loopback, 127.0.0.1; with
-- `"*"` for a host it is open to all, by IPv4 and IPv6 on the same port, port 0 too.
--
-- For `"*"` this is one IPv6 socket that takes IPv4 as well; where a system has no
-- such sockets (OpenBSD) or no IPv6, it is for IPv4 alone. A name stands for one of
-- its addresses, an IPv4 one if there is any. SO_REUSEADDR is set.
--
-- A unix socket's file stays when the socket is closed: remove it with `os.remove`,
-- or let the next server have it by `unlink`.
-- @function listen
-- @tparam integer|string|address|table where `8080`, `"127.0.0.1:8080"`,
-- `"*:8080"`, `"unix:/run/x"`, an address; or the host, when a port follows
-- @tparam[opt] integer|string port number, or name of a service
-- @tparam[opt] table opts `backlog`: how many connections may wait to be accepted
-- (the system's largest); `unlink`: removes the file of a unix socket first if
-- nobody listens there; `family`: `"AF_INET"` or `"AF_INET6"` only; and socket
-- options, such as `reuseport`, `v6only`, or by the manual's names. Other names raise
-- @treturn socket listening
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code such as `"EADDRINUSE"`, `"EACCES"`, `"EADDRNOTAVAIL"`,
-- `"EAI_NONAME"`; `"EINVAL"` for what is no address
-- @usage local listener = assert(net.listen("*:8080"))
-- for conn, peer in listener:accepts() do net.spawn(serve, conn, peer) end
local function listen(...)
  local s, message, code = open("listen", ...)
  return s, message, code -- no tail call: levels are counted
end

return { listen = listen, open = open, known = known }
