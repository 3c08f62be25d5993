-- complete.lua - what a word that is being typed may become: names of variables and
-- fields, methods, names of options, and inside a text the constants that the call
-- around it takes. Nothing of the user's is called: fields are looked up as they lie.

local core = require "dialtone.core"
local keywords = require("dialtone.pp").keywords

local OPTION = {} -- stands for the names of socket options

-- The constants that a call's arguments may be, by the beginnings of their names; the
-- last list is for all that follow.
local arguments = {
  getaddrinfo = { {} },
  getnameinfo = { {}, { "NI_" } },
  getsockopt = { { OPTION, "SOL_", "IPPROTO_" }, {} },
  poll = { { "POLL" } },
  recv = { {}, { "MSG_" } },
  recvfrom = { {}, { "MSG_" } },
  recvmany = { {}, {}, { "MSG_" } },
  recvmsg = { {}, {}, { "MSG_" } },
  send = { {}, { "MSG_" } },
  sendmany = { {}, { "MSG_" } },
  sendmsg = { {}, { "MSG_" } },
  sendto = { {}, {}, { "MSG_" } },
  setsockopt = { { OPTION, "SOL_", "IPPROTO_" }, { "IP_PMTUDISC_", "IPV6_PMTUDISC_" } },
  shutdown = { { "SHUT_" } },
  socket = { { "AF_", "PF_" }, { "SOCK_" }, { "IPPROTO_", "NETLINK_", "ETH_P_" } },
  socketpair = { { "AF_", "PF_" }, { "SOCK_" }, {} },
}

-- The same for the fields of tables.
local fields = {
  family = { "AF_" },
  flags = { "AI_", "MSG_" },
  protocol = { "IPPROTO_" },
  type = { "SOCK_" },
}

-- Whose last argument is a table of options: the modules that know them.
local verbs = { connect = "connect", listen = "listen", serve = "serve", udp = "udp" }

-- An address has no table of its fields.
local address_fields = { "family", "host", "port", "scope", "flowinfo", "path", "interface", "ifindex",
  "protocol", "hatype", "pkttype", "hwaddr", "pid", "groups", "cid" }

-- --- what stands before the word --------------------------------------------------

local closing = { ["("] = ")", ["{"] = "}", ["["] = "]" }

-- Goes through a line: where the text that is not ended begins, or nil; and the
-- brackets that are open, each { place, how many commas follow it }.
local function scan(line)
  local open, quote, began = {}, nil, nil
  local i = 1
  while i <= #line do
    local char = line:sub(i, i)
    if quote then
      if char == "\\" then i = i + 1 elseif char == quote then quote = nil end
    elseif char == '"' or char == "'" then quote, began = char, i
    elseif closing[char] then open[#open + 1] = { at = i, bracket = char, commas = 0 }
    elseif char == ")" or char == "}" or char == "]" then open[#open] = nil
    elseif char == "," and open[1] then open[#open].commas = open[#open].commas + 1 end
    i = i + 1
  end
  return quote and began, open
end

-- The name before the innermost bracket that is open, and which argument follows it.
local function call_around(line, open)
  local innermost = open[#open]
  if not innermost then return nil end
  return line:sub(1, innermost.at - 1):match("([%a_][%w_]*)%s*$"), innermost.commas + 1, innermost.bracket
end

-- --- names ------------------------------------------------------------------------

local DEPTH = 10 -- metatables of metatables

-- Calls visit(table) for the value's fields and those that it has from others.
local function each_table(value, visit)
  for _ = 1, DEPTH do
    if type(value) == "table" then visit(value) end
    local metatable = debug.getmetatable(value)
    local index = type(metatable) == "table" and rawget(metatable, "__index")
    if type(index) ~= "table" then return metatable end
    value = index
  end
end

local function lookup(value, key)
  local found
  each_table(value, function(from)
    if found == nil then found = rawget(from, key) end
  end)
  return found
end

-- The value of `a.b:`, as it stands before a word; nil where that has none.
local function value_of(path)
  local value = _G
  for name in path:gmatch("[%w_]+") do
    value = lookup(value, name)
    if value == nil then return nil end
  end
  return value
end

local function add(list, name, word)
  if type(name) == "string" and name:sub(1, #word) == word and name:find("^[%a_][%w_]*$") and not list[name]
    and (word ~= "" or name:sub(1, 2) ~= "__") then
    list[#list + 1], list[name] = name, true
  end
end

-- The fields of a value; `:` asks for what can be called.
local function add_fields(list, value, word, is_method)
  local metatable = each_table(value, function(from)
    for name, field in next, from do
      if not is_method or type(field) == "function" then add(list, name, word) end
    end
  end)
  if type(metatable) ~= "table" or rawget(metatable, "__name") ~= "dialtone.address" or is_method then return end
  for _, name in ipairs(address_fields) do
    if value[name] ~= nil then add(list, name, word) end
  end
end

local function add_names(list, before, word)
  local path = before:match("[%w_%.:]*$"):match("^.*%.%.(.*)$") or before:match("[%w_%.:]*$")
  local separator = path:sub(-1)
  if path == "" then
    add_fields(list, _G, word)
    for name in pairs(keywords) do
      if word ~= "" then add(list, name, word) end
    end
  elseif path:find("^[%a_]") and (separator == "." or separator == ":") then
    local value = value_of(path)
    if value ~= nil then add_fields(list, value, word, separator == ":") end
  end
end

-- --- constants and options --------------------------------------------------------

local function option_names()
  local names = {}
  for _, option in ipairs(core.options()) do
    if option.available then names[#names + 1] = option.name end
  end
  return names
end

-- The constants that begin so; a word alone is completed to any of them.
local function add_constants(list, beginnings, word)
  if not beginnings and word == "" then return end
  for name in pairs(core.constants()) do
    for _, beginning in ipairs(beginnings or { "" }) do
      if beginning ~= OPTION and name:sub(1, #beginning) == beginning then add(list, name, word) end
    end
  end
  if beginnings and beginnings[1] == OPTION then
    for _, name in ipairs(option_names()) do add(list, name, word) end
  end
end

-- Inside a text.
local function add_texts(list, line, began, open, word)
  local before = line:sub(1, began - 1)
  local name, argument, bracket = call_around(before, open)
  local known = bracket == "(" and arguments[name]
  if known then return add_constants(list, known[math.min(argument, #known)], word) end
  add_constants(list, bracket == "{" and fields[before:match("([%a_][%w_]*)%s*=%s*$")] or nil, word)
end

-- `{ ` after net.connect( and its like; true: it is such a place.
local function add_options(list, before, open, word)
  local innermost, outer = open[#open], open[#open - 1]
  if not outer or innermost.bracket ~= "{" or not before:find("[{,;]%s*$") then return false end
  local verb = outer.bracket == "(" and verbs[before:sub(1, outer.at - 1):match("([%a_][%w_]*)%s*$")]
  if not verb then return false end
  for name in pairs(require("dialtone." .. verb).known) do add(list, name, word) end
  for name in pairs(require("dialtone.options").short) do add(list, name, word) end
  return true
end

-- What `word`, with which the line ends, may become: a list, sorted.
return function(line, word)
  local list = {}
  local before = line:sub(1, #line - #word)
  local began, open = scan(line)
  if began then
    add_texts(list, line, began, open, word)
  elseif not add_options(list, before, open, word) then
    add_names(list, before, word)
  end
  table.sort(list)
  return list
end
