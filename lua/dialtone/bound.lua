-- bound.lua - sockets with an address of this machine: what listen and udp have
-- in common.

local core = require "dialtone.core"
local options = require "dialtone.options"
local place = require "dialtone.place"

local bound = {}

-- Own options of the verbs here.
bound.known = { family = { "AF_INET", "AF_INET6" }, unlink = "boolean" }

-- --- unix paths -----------------------------------------------------------------

-- errno when a socket's file is opened: ENXIO; EOPNOTSUPP on the BSDs, on macOS.
local no_file = { [6] = true, [45] = true, [102] = true }

-- Whether the path is that of a socket (and not of a file that somebody needs).
-- "r+": a pipe opened for reading alone would wait for its writer.
local function is_socket_file(path)
  local file, _, errno = io.open(path, "r+")
  if file then file:close() end
  return not file and no_file[errno] or false
end

local other_type = { SOCK_STREAM = "SOCK_DGRAM", SOCK_DGRAM = "SOCK_STREAM" }

-- A server that ended without removing its path has left it behind: the file is
-- there, and nobody has it. Asked with a socket of the wrong type, so that one who
-- is there (EPROTOTYPE) does not get a connection.
local function is_stale(address, kind)
  if not address.path or not is_socket_file(address.path) then return false end
  local s = core.socket(address.family, other_type[kind])
  if not s then return false end
  s:settimeout(0)
  local _, _, code = s:connect(address)
  s:close()
  return code == "ECONNREFUSED"
end

local function bind(s, address, kind, opts)
  local ok, message, code = s:bind(address)
  if code == "EADDRINUSE" and opts.unlink and is_stale(address, kind) and os.remove(address.path) then
    return s:bind(address)
  end
  return ok, message, code
end

-- --- one socket -----------------------------------------------------------------

-- For listeners: a port whose connections have ended, but are not forgotten yet,
-- can be had again.
local function prepare(s, kind, family)
  if kind == "SOCK_STREAM" and family ~= "AF_UNIX" then s:setsockopt("SO_REUSEADDR", true) end
  return true
end

-- What must be done before options are set; then they are. The socket, or nil,
-- message, code.
local function open(family, kind, opts, known, first)
  local s, message, code = core.socket(family, kind)
  if not s then return nil, message, code end
  local ok
  ok, message, code = first(s, kind, family)
  if ok then ok, message, code = options.apply(s, opts, known) end
  if ok then return s end
  s:close()
  return nil, message, code
end

-- One socket for both families: an IPv6 one that takes IPv4 too.
local function make_dual(s, kind, family)
  prepare(s, kind, family)
  return s:setsockopt("IPV6_V6ONLY", false)
end

local function make_only(s, kind, family)
  prepare(s, kind, family)
  return s:setsockopt("IPV6_V6ONLY", true)
end

-- --- any address ------------------------------------------------------------------

-- The ways to have every address of this machine, the best one first. The second
-- is for systems without IPv6, or without sockets for both (OpenBSD).
local function ways_to_any(family)
  if family == "AF_INET" then return { { family, prepare } } end
  if family == "AF_INET6" then return { { family, make_only } } end
  return { { "AF_INET6", make_dual }, { "AF_INET", prepare } }
end

-- What may be otherwise with the next address of the same place, or family.
local is_elsewhere = { EADDRNOTAVAIL = true, EAFNOSUPPORT = true, EINVAL = true, ENOPROTOOPT = true }

-- A socket for any address; without a port it is not bound.
local function open_any(kind, port, opts, known)
  local s, ok, message, code
  for _, way in ipairs(ways_to_any(opts.family)) do
    s, message, code = open(way[1], kind, opts, known, way[2])
    ok = s and true
    if s and port then ok, message, code = s:bind("*", port) end
    if ok then return s end
    if s then s:close() end
    if not is_elsewhere[code] then break end
  end
  return nil, message, code
end

-- --- all ------------------------------------------------------------------------

-- IPv4 first, as for a port alone: "localhost" is 127.0.0.1, which is where
-- clients come that know of one family only.
local function ipv4_first(list)
  local sorted = {}
  for _, address in ipairs(list) do
    if address.family == "AF_INET" then sorted[#sorted + 1] = address end
  end
  for _, address in ipairs(list) do
    if address.family ~= "AF_INET" then sorted[#sorted + 1] = address end
  end
  return sorted
end

local function open_first(addresses, kind, opts, known)
  local s, ok, message, code
  for _, address in ipairs(addresses) do
    s, message, code = open(address.family, kind, opts, known, prepare)
    ok = s and true
    if s then ok, message, code = bind(s, address, kind, opts) end
    if ok then return s end
    if s then s:close() end
    if not is_elsewhere[code] then break end
  end
  return nil, message, code
end

-- A socket of this type that is bound to the place (see place.read), with the
-- verb's options: the socket, or nil, message, code.
function bound.open(what, at, kind, opts, known)
  local s, message, code
  if at.any then
    local port
    port, message, code = place.port(what, at, kind)
    if not port then return nil, message, code end
    s, message, code = open_any(kind, port, opts, known)
  else
    local list
    list, message, code = place.addresses(what, at, kind, opts.family)
    if not list then return nil, message, code end
    s, message, code = open_first(ipv4_first(list), kind, opts, known)
  end
  if s then return s end
  return nil, place.blame(what, at.shown, message), code
end

-- A socket for datagrams to and from everywhere, which the system binds when it
-- first sends.
function bound.none(what, kind, opts, known)
  local s, message, code = open_any(kind, nil, opts, known)
  if s then return s end
  return nil, place.blame(what, "*", message), code
end

-- A socket of this family, with the verb's options.
function bound.open_family(family, kind, opts, known)
  return open(family, kind, opts, known, prepare)
end

return bound
