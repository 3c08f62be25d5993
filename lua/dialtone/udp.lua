-- udp.lua - net.udp: a socket for datagrams.

local bound = require "dialtone.bound"
local options = require "dialtone.options"
local place = require "dialtone.place"

local KIND = "SOCK_DGRAM"

local known = { peer = "any" }
for name, kind in pairs(bound.known) do known[name] = kind end

-- Fixes the peer: the first of the addresses that there is a way to. `s` is the
-- socket, or nil: then each address has one of its family made.
local function connect(s, at, addresses, opts)
  local ok, message, code
  for _, address in ipairs(addresses) do
    local own = s
    if not s then own, message, code = bound.open_family(address.family, KIND, opts, known) end
    if own then
      ok, message, code = own:connect(address)
      if ok then return own end
      if not s then own:close() end
    end
  end
  return nil, place.blame("udp", at.shown, message), code
end

local function open_with_peer(s, at, opts)
  local family = opts.family or s and s:family() == "AF_INET" and "AF_INET" or nil
  local addresses, message, code = place.addresses("udp", at, KIND, family)
  if addresses then
    local connected
    connected, message, code = connect(s, at, addresses, opts)
    if connected then return connected end
  end
  if s then s:close() end
  return nil, message, code
end

--- Makes a socket for datagrams. A port alone is one of the loopback, 127.0.0.1;
-- with `"*"` for a host it receives from everywhere, by IPv4 and IPv6 on the same
-- port. Without `where` it is for clients: it sends to either family, and the
-- system gives it a port when it first sends. (See `listen` for how `"*"` is done,
-- and what names stand for.)
-- @function udp
-- @tparam[opt] integer|string|address|table where the local address: `9000`,
-- `"127.0.0.1:9000"`, `"*:9000"`, `"unix:/run/x"`, an address; or the host, when a
-- port follows
-- @tparam[opt] integer|string port number, or name of a service
-- @tparam[opt] table opts `peer`: the other end, to be connected to, so that `send`
-- and `recv` will do, others are not heard, and a refusal is noticed; `family`:
-- `"AF_INET"` or `"AF_INET6"` only; `unlink` as for listen; and socket options, such
-- as `broadcast`, `reuseport`, `multicastttl`, or by the manual's names. Other names
-- raise
-- @treturn socket
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code such as `"EADDRINUSE"`, `"ENETUNREACH"`, `"EAI_NONAME"`;
-- `"EINVAL"` for what is no address
-- @usage local udp = assert(net.udp("127.0.0.1:9000"))
-- for data, from in udp:datagrams() do udp:sendto(data, from) end
local function udp(where, port, opts)
  where, port, opts = place.arguments(where, port, opts)
  opts = options.check("udp", opts, known)
  local at, peer, s, message, code
  if opts.peer ~= nil then
    peer, message, code = place.read_peer("udp", opts.peer)
    if not peer then return nil, message, code end
  end
  if where ~= nil then
    at, message, code = place.read("udp", where, port)
    if not at then return nil, message, code end
    s, message, code = bound.open("udp", at, KIND, opts, known)
    if not s then return nil, message, code end
  elseif not peer then
    return bound.none("udp", KIND, opts, known)
  end
  if peer then return open_with_peer(s, peer, opts) end
  return s
end

return { udp = udp, known = known }
