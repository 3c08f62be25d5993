-- options.lua - the tables of options that connect, listen, udp and serve take.
--
-- Beside a verb's own options (`timeout`, ...) such a table may name any socket
-- option: by a short name from the list below, or by the manual's own
-- (`SO_KEEPALIVE = true`). Values are setsockopt's. A name that nobody knows,
-- and a value of a wrong type, is a programmer's mistake and raises.

local core = require "dialtone.core"

local options = {}

-- --- short names ----------------------------------------------------------------

-- What the short names stand for: a manual's name; or several, of which the
-- first that this system has is meant (`any`); or one for sockets of the family
-- AF_INET6 and one for all others (`ipv4`, `ipv6`).
options.short = {
  broadcast = "SO_BROADCAST",
  congestion = "TCP_CONGESTION",
  deferaccept = "TCP_DEFER_ACCEPT",
  device = "SO_BINDTODEVICE",
  fastopen = "TCP_FASTOPEN",
  keepalive = "SO_KEEPALIVE",
  keepcount = "TCP_KEEPCNT",
  keepidle = { any = { "TCP_KEEPIDLE", "TCP_KEEPALIVE" } },
  keepinterval = "TCP_KEEPINTVL",
  linger = "SO_LINGER",
  mark = "SO_MARK",
  multicastloop = { ipv4 = "IP_MULTICAST_LOOP", ipv6 = "IPV6_MULTICAST_LOOP" },
  multicastttl = { ipv4 = "IP_MULTICAST_TTL", ipv6 = "IPV6_MULTICAST_HOPS" },
  nodelay = "TCP_NODELAY",
  priority = "SO_PRIORITY",
  rcvbuf = "SO_RCVBUF",
  reuseaddr = "SO_REUSEADDR",
  reuseport = "SO_REUSEPORT",
  sndbuf = "SO_SNDBUF",
  tos = { ipv4 = "IP_TOS", ipv6 = "IPV6_TCLASS" },
  ttl = { ipv4 = "IP_TTL", ipv6 = "IPV6_UNICAST_HOPS" },
  v6only = "IPV6_V6ONLY",
}

-- The rows of core.options(), by name; made when first needed.
local rows

-- Nil for no name too.
local function row_of(name)
  if not rows then
    rows = {}
    for _, row in ipairs(core.options()) do rows[row.name] = row end
  end
  return rows[name]
end

local function first_available(names)
  for _, name in ipairs(names) do
    if row_of(name).available then return name end
  end
  return names[1]
end

-- The manual's name for a key, on a socket of this family; nil: it names no
-- socket option. The second value: what it is for IPv4 in an IPv6 socket.
local function manual_name(key, family)
  local short = options.short[key]
  if type(short) == "string" then return short end
  if not short then return row_of(key) and key end
  if short.any then return first_available(short.any) end
  if family == "AF_INET6" then return short.ipv6, short.ipv4 end
  return short.ipv4
end

-- --- types ----------------------------------------------------------------------

local function of_type(name)
  return function(value) return type(value) == name end
end

local function is_whole(value)
  return type(value) == "number" and value % 1 == 0
end

local function is_seconds(value)
  return type(value) == "number" and value >= 0
end

-- Or an address, for IP_MULTICAST_IF.
local function is_interface(value)
  local kind = type(value)
  return kind == "string" or kind == "userdata" or kind == "table" or is_whole(value)
end

-- Words for a verb's own options.
local own_types = {
  any = function() return true end,
  boolean = of_type("boolean"),
  ["function"] = of_type("function"),
  integer = is_whole,
  number = of_type("number"),
  seconds = is_seconds,
  string = of_type("string"),
  table = of_type("table"),
}

-- core.options()'s types, with the words of setsockopt's own messages; what is
-- not here, setsockopt checks alone.
local option_types = {
  boolean = { "boolean", function(value) return type(value) == "boolean" or value == 0 or value == 1 end },
  integer = { "integer", is_whole },
  interface = { "interface (name or index)", is_interface },
  linger = {
    "whole seconds >= 0 or false",
    function(value) return value == false or is_whole(value) and value >= 0 end,
  },
  string = { "string", of_type("string") },
}

local function described(value)
  return type(value) == "number" and tostring(value) or type(value)
end

-- Nil, or what would be right: "boolean".
local function socket_value_expected(key, value)
  local check = option_types[row_of((manual_name(key))).type]
  if check and not check[2](value) then return check[1] end
end

-- The same for a verb's own option; `kinds` is "string|table", say, or a list of
-- valid values.
local function own_value_expected(kinds, value)
  if type(kinds) == "table" then
    local choice = {}
    for i, valid in ipairs(kinds) do
      if value == valid then return nil end
      choice[i] = ("'%s'"):format(tostring(valid))
    end
    return table.concat(choice, ", ")
  end
  for kind in kinds:gmatch("[^|]+") do
    if own_types[kind](value) then return nil end
  end
  return (kinds:gsub("|", " or "))
end

-- --- checks ---------------------------------------------------------------------

local function sorted(list)
  table.sort(list, function(a, b) return tostring(a) < tostring(b) end)
  return list
end

local function keys_of(...)
  local list = {}
  for _, map in ipairs { ... } do
    for key in pairs(map) do list[#list + 1] = key end
  end
  return sorted(list)
end

-- The options that can be set and have this prefix ("SO_").
local function names_with(prefix)
  local list = {}
  for name, row in pairs(rows) do
    if name:sub(1, #prefix) == prefix and row.access:find("set") then list[#list + 1] = name end
  end
  return sorted(list)
end

local function unknown(key, known)
  local prefix = type(key) == "string" and key:match("^%u[%u%d]*_")
  local alike = prefix and names_with(prefix) or {}
  local valid
  if alike[1] then
    valid = table.concat(alike, ", ")
  else
    valid = table.concat(keys_of(known, options.short), ", ") .. ", and socket options by name, as 'SO_KEEPALIVE'"
  end
  return ("unknown option '%s' (valid: %s)"):format(tostring(key):sub(1, 40), valid)
end

-- Nil, or what is wrong with this entry of a verb that sets no socket options.
local function own_complaint(key, value, known)
  if not known[key] then
    return ("unknown option '%s' (valid: %s)"):format(tostring(key):sub(1, 40), table.concat(keys_of(known), ", "))
  end
  local expected = own_value_expected(known[key], value)
  if expected then return ("option %s: %s expected, got %s"):format(key, expected, described(value)) end
end

-- Nil, or what is wrong with this entry.
local function complaint(key, value, known)
  if known[key] then return own_complaint(key, value, known) end
  local row = row_of((manual_name(key)))
  if not row then return unknown(key, known) end
  if not row.access:find("set") then return ("option %s cannot be set"):format(key) end
  local expected = socket_value_expected(key, value)
  if expected then return ("option %s: %s expected, got %s"):format(key, expected, described(value)) end
end

local function check(what, opts, known, level, complain)
  level = level + 1
  if opts == nil then return {} end
  if type(opts) ~= "table" then
    error(("%s: table of options expected, got %s"):format(what, type(opts)), level)
  end
  for _, key in ipairs(keys_of(opts)) do
    local wrong = complain(key, opts[key], known)
    if wrong then error(what .. ": " .. wrong, level) end
  end
  return opts
end

-- Checks the table of options that the verb `what` ("connect") was given, and
-- raises where it is wrong; gives the table back, an empty one for nil.
--
-- `known` are the verb's own options: name = what the value may be, of the words
-- any, boolean, function, integer, number, seconds (a number >= 0), string,
-- table, joined by "|"; or a list of the valid values. They go before socket
-- options of the same name. `level` says whom to blame, as for `error`, seen from
-- the verb: 1 the verb, 2 (the default) its caller.
--
--    local own = { timeout = "seconds", ["local"] = "string|table" }
--    opts = options.check("connect", opts, own)
function options.check(what, opts, known, level)
  opts = check(what, opts, known, (level or 2) + 1, complaint) -- no tail call: levels are counted
  return opts
end

-- The same for a verb that takes its own options only.
function options.check_own(what, opts, known, level)
  opts = check(what, opts, known, (level or 2) + 1, own_complaint)
  return opts
end

-- --- use ------------------------------------------------------------------------

-- Sets the socket options of a checked table (or nil) on a socket, in alphabetical
-- order; the first that fails ends it. True, or setsockopt's nil, message, code
-- ("ENOPROTOOPT" also for what this system does not have). Keys that are no socket
-- options are passed over, and so are those in `known`, the verb's own. What each
-- family has its own option for goes to the socket's; on an AF_INET6 socket the
-- IPv4 one is set too where the system can, for the peers that come by IPv4.
function options.apply(socket, opts, known)
  if not opts or next(opts) == nil then return true end
  local family = socket:family()
  for _, key in ipairs(keys_of(opts)) do
    local name, mapped
    if not (known and known[key]) then name, mapped = manual_name(key, family) end
    if name then
      local ok, message, code = socket:setsockopt(name, opts[key])
      if not ok then return nil, message, code end
    end
    if mapped then socket:setsockopt(mapped, opts[key]) end
  end
  return true
end

return options
