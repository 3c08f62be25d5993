-- Makes the page of socket options from net.options(), grouped by level.
--
-- Runs on Lua 5.1 to 5.4 and LuaJIT.

local optionpage = {}

-- The manual page of a level.
optionpage.pages = {
  SOL_SOCKET = "socket(7)", IPPROTO_IP = "ip(7)", IPPROTO_IPV6 = "ipv6(7)",
  IPPROTO_TCP = "tcp(7)", IPPROTO_UDP = "udp(7)", IPPROTO_RAW = "raw(7)",
  SOL_RAW = "raw(7)", IPPROTO_ICMPV6 = "ipv6(7)", SOL_PACKET = "packet(7)",
  SOL_NETLINK = "netlink(7)", AF_VSOCK = "vsock(7)", SOL_VSOCK = "vsock(7)",
}

local function link(page)
  local name, section = page:match("^(.-)%((%d)%)$")
  return ("[%s](https://man7.org/linux/man-pages/man%s/%s.%s.html)"):format(page, section,
    name, section)
end

-- Options in net.options()'s order, by level; levels in order of appearance.
local function by_level(options)
  local levels, groups = {}, {}
  for _, option in ipairs(options) do
    local level = tostring(option.level)
    if not groups[level] then
      groups[level] = {}
      levels[#levels + 1] = level
    end
    table.insert(groups[level], option)
  end
  return levels, groups
end

-- The types, and what their values are in Lua.
optionpage.types = {
  { "boolean", "`true`, `false`" },
  { "integer", "a whole number" },
  { "seconds", "a number, fractions allowed; 0 or nil: none" },
  { "linger", "whole seconds, or `false` for off" },
  { "string", "text" },
  { "bytes", "a string, as it is in memory" },
  { "errno", '0, or the name of the error (`"ECONNREFUSED"`)' },
  { "constant", 'a name (`"SOCK_STREAM"`), or a number where there is none' },
  { "credentials", "`{ pid =, uid =, gid = }`" },
  { "filter", "a list of instructions `{ code, jt, jf, k }`, by position or by these names" },
  { "group", "`{ group =, interface = }`, or the group alone" },
  { "source group", "`{ group =, source =, interface = }`" },
  { "interface", "a name, an index, or, for IPv4, an address" },
  { "list", "a list of integers" },
  { "rate", "bytes per second; `math.huge`: no bound" },
  { "membership", "`{ interface =, type =, address = }`" },
  { "descriptor", "a socket, an io file or a number" },
  { "address", "an address" },
  { "none", "no value: the call itself is the message" },
}

local head = [[
# Socket options

<!-- Made by doc/build from the table in the library: change that. -->

What `s:getsockopt(name)` and `s:setsockopt(name, value)` know by name, as
`net.options()` lists it. An option that the running system lacks fails with
`"ENOPROTOOPT"`; the last column says where it exists.

| type | in Lua |
|---|---|]]

local function row(option)
  return ("| `%s` | %s | %s | %s | %s |"):format(option.name, option.type,
    option.unit or "", option.access, option.systems or "")
end

function optionpage.generate(options)
  local lines = { head }
  for _, type in ipairs(optionpage.types) do
    lines[#lines + 1] = ("| %s | %s |"):format(type[1], type[2])
  end
  lines[#lines + 1] = ""
  local levels, groups = by_level(options)
  for _, level in ipairs(levels) do
    local page = optionpage.pages[level]
    lines[#lines + 1] = ("## %s%s\n"):format(level, page and ": " .. link(page) or "")
    lines[#lines + 1] = "| option | type | unit | access | systems |"
    lines[#lines + 1] = "|---|---|---|---|---|"
    for _, option in ipairs(groups[level]) do
      lines[#lines + 1] = row(option)
    end
    lines[#lines + 1] = ""
  end
  return table.concat(lines, "\n")
end

return optionpage
