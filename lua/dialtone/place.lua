-- place.lua - what connect, listen and udp take for "where", and the addresses
-- that it stands for.
--
-- Addresses are net.address's: values, tables, texts, host and port. Beyond them
-- a host may be a name, and a port the name of a service: those are looked up.
-- A port alone is the loopback's, and "*" is every address of this machine.

local core = require "dialtone.core"

local place = {}

local LOOPBACK = "127.0.0.1"
local BAD_PORT = "port is not a whole number in 0..65535"
local NO_PORT = "no port (write HOST:PORT)"

local function failure(what, shown, reason)
  return nil, ("%s %s: %s"):format(what, shown, reason), "EINVAL"
end

-- A failure of one of the calls that the verb `what` is made of, as the verb's
-- own: "bind 127.0.0.1:80: Permission denied" is "listen 127.0.0.1:80: ...",
-- and what does not name the same place is told in full.
function place.blame(what, shown, message)
  local where, reason = message:match("^%l+ (.-): (.*)$")
  return ("%s %s: %s"):format(what, shown, where == shown and reason or message)
end

-- --- arguments ------------------------------------------------------------------

-- The verb's arguments (where, opts), or (host, port, opts): where, port, opts.
-- What stands for nothing else are the options, whatever it is: to be complained
-- of by who checks them.
function place.arguments(where, port, opts)
  if opts == nil and type(port) ~= "number" and type(port) ~= "string" then
    return where, nil, port
  end
  return where, port, opts
end

-- --- reading --------------------------------------------------------------------

-- What net.address says is wrong, in pieces: the reason, and of what, in a form
-- that can be shown.
local function pieces(message)
  local shown, reason = message:match("^address (.*): (.-)$")
  if shown then return reason, shown end
  return message:match("^address: (.*)$"), "address"
end

-- An address; or nil, reason, what to show.
local function literal(where, port)
  local address, message = core.address(where, port)
  if address then return address end
  return nil, pieces(message)
end

-- Texts of which the beginning says that no host is meant.
local function is_no_host(text)
  return text:find("^unix:") or text:find("^packet:") or text:find("^netlink:") or
    text:find("^vsock:") or text:find("^[/@]") or text:find("^%./")
end

-- Host and service of "example.org:http", "[::1]:http"; or nil.
local function split(text)
  if text:find("^%[") then return text:match("^%[([^%]]*:[^%]]*)%]:([^:]*)$") end
  return text:match("^([^:]+):([^:]*)$")
end

-- Whether a service is meant for a port's number, and that number, if it is one.
local function port_number(service)
  if type(service) == "string" and not service:find("^[-+]?%d*$") then return false end
  local number = (type(service) == "number" or service:find("^%d")) and tonumber(service)
  return true, number and number % 1 == 0 and number >= 0 and number <= 65535 and number or nil
end

-- What has to be looked up; or nil, message, code.
local function named(what, host, service, shown)
  local is_port, number = port_number(service)
  if is_port and not number then return failure(what, shown, service == "" and NO_PORT or BAD_PORT) end
  return { host = host, service = number or service, shown = shown }
end

local function wildcard(what, service)
  local address, reason, shown = literal("*", service)
  if address then return { any = true, service = address.port, shown = ("*:%d"):format(address.port) } end
  if port_number(service) then return failure(what, shown, service == "" and NO_PORT or reason) end
  return { any = true, service = service, shown = shown }
end

local function read_text(what, where, port)
  if where == "*" and port then return wildcard(what, port) end
  if not port and where:find("^%*:") then return wildcard(what, where:sub(3)) end
  local host, service = port and where:match("^%[(.*:.*)%]$") or where, port
  local address, reason, shown = literal(host, port)
  if address then return { address = address, shown = tostring(address) } end
  if is_no_host(where) or where == "" then return failure(what, shown, reason) end
  if not port then
    if not where:find("[:%[]") then return failure(what, shown, NO_PORT) end
    host, service = split(where)
  end
  -- "1.2.3.4:22" from elsewhere and a port of ours are no host and port
  if not host or host:find(":") and not core.address(host, 0) then return failure(what, shown, reason) end
  return named(what, host, service, shown)
end

-- A value, or a table of its fields.
local function read_object(what, where, port, level)
  local ok, address, message = pcall(core.address, where, port)
  if not ok then
    local why = tostring(address)
    error(("bad argument to '%s' (%s)"):format(what, why:match("%((.*)%)$") or why), level + 1)
  end
  if address then return { address = address, shown = tostring(address) } end
  local reason, shown = pieces(message)
  return failure(what, shown, reason)
end

-- Reads what the verb `what` was given: the where, and a port or nil. Gives a
-- place, or nil, message, "EINVAL"; raises for wrong types, and blames `level` as
-- seen from the verb (2: its caller). A place has `shown`, its text for messages,
-- and of these:
--
--    address                     an address
--    host, service               to be looked up
--    any = true, service         every address of this machine
function place.read(what, where, port, level)
  local kind = type(where)
  if port == nil and (kind == "number" or kind == "string" and where:find("^%d+$")) then
    return read_text(what, LOOPBACK, where)
  end
  if kind == "string" then return read_text(what, where, port) end
  level = (level or 2) + 1
  if kind == "userdata" or kind == "table" then
    local found, message, code = read_object(what, where, port, level)
    return found, message, code -- no tail call: levels are counted
  end
  error(("bad argument to '%s' (an address, host:port or a port expected, got %s)"):format(what, kind), level)
end

-- The same for the other end of a connection, which "*" cannot be.
function place.read_peer(what, where, port, level)
  local at, message, code = place.read(what, where, port, (level or 2) + 1)
  if at and at.any then return failure(what, at.shown, "* is no host to connect to") end
  return at, message, code
end

-- --- addresses ------------------------------------------------------------------

-- What there is to look up is asked of net.getaddrinfo, as it is at the time of
-- the call: programs may put their own in its place.
local function getaddrinfo(...)
  return require("dialtone").getaddrinfo(...)
end

local function look_up(what, at, hints)
  local list, message, code = getaddrinfo(at.host, at.service, hints)
  if list then return list end
  local reason = message:match("^getaddrinfo .-: (.*)$") or message
  return nil, ("%s %s: %s"):format(what, at.shown, reason), code
end

-- The addresses of a place for sockets of this type: a list, or nil, message,
-- code. With a family only those of this family.
function place.addresses(what, at, kind, family)
  if not at.address then
    return look_up(what, at, { type = kind, family = family })
  end
  if family and at.address.family ~= family then
    return nil, ("%s %s: not of the family %s"):format(what, at.shown, family), "EAFNOSUPPORT"
  end
  return { at.address }
end

-- The number of the port of a place for any address; or nil, message, code.
function place.port(what, at, kind)
  if type(at.service) == "number" then return at.service end
  local list, message, code = look_up(what, at, { type = kind, flags = "AI_PASSIVE" })
  if not list then return nil, message, code end
  return list[1].port
end

return place
