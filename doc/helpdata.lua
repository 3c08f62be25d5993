-- Makes what net.help prints, lua/dialtone/help_data.lua, from the documentation
-- comments (comments.lua), the manual's tables of errors and the types of options.
--
-- An item's text has no markup and is not broken into lines yet.  A line of it is
-- a paragraph; "name<tab>text" an entry of a list (" " for a name: it goes on); what
-- begins with a tab, code.
--
-- Runs on Lua 5.1 to 5.4 and LuaJIT.

local helpdata = {}

-- The overview: every function of the module is in one of these.
local groups = {
  { "Clients and servers", "connect", "listen", "udp", "serve", "echo", "copy" },
  { "Tasks", "spawn", "run", "sleep", "scope", "timeout", "queue", "wait", "onerror", "now" },
  { "Sockets, as the system has them", "socket", "socketpair", "fromfd", "poll", "options", "constants" },
  { "Addresses and names", "address", "getaddrinfo", "getnameinfo", "interfaces", "if_nametoindex",
    "if_indextoname" },
  { "For programs with a loop of their own", "step", "fileno" },
  { "What there is", "sockets", "tasks", "background", "pp", "handshake", "help" },
}

-- --- texts ---------------------------------------------------------------------

local function plain(text)
  return (text:gsub("@{(.-)}", "%1"):gsub("`", ""))
end

-- Paragraphs, each on one line; those that are indented are code.
local function paragraphs(text)
  local list, words = {}, {}
  local function finish()
    if words[1] then list[#list + 1] = plain(table.concat(words, " ")) end
    words = {}
  end
  for line in (text .. "\n"):gmatch("(.-)\n") do
    if line:find("^    ") then
      finish()
      list[#list + 1] = "\t" .. line:sub(5)
    elseif not line:find("%S") then
      finish()
      if list[1] and list[#list] ~= "" then list[#list + 1] = "" end
    else
      words[#words + 1] = line:match("^%s*(.-)%s*$")
    end
  end
  finish()
  return table.concat(list, "\n")
end

local function flat(text)
  return plain((text:gsub("%s*\n%s*", " ")))
end

-- "?string|{socket,...}" is "string, list of socket or nil".
local function type_words(type)
  local optional = type:find("^%?") ~= nil
  local list = {}
  type = type:gsub("^%?", ""):gsub("{%s*([^{},=]+)%s*,?%s*%.%.%.%s*}", "list of %1"):gsub("{.*}", "table")
  for one in type:gmatch("[^|]+") do list[#list + 1] = one end
  if optional then list[#list + 1] = "nil" end
  local last = table.remove(list)
  return list[1] and table.concat(list, ", ") .. " or " .. last or last
end

-- --- functions -----------------------------------------------------------------

-- "connect(where [, port])"
local function signature(name, params)
  local list = {}
  for i, parameter in ipairs(params) do
    local one = (i > 1 and ", " or "") .. parameter.name
    list[i] = parameter.optional and (i > 1 and " [" or "[") .. one .. "]" or one
  end
  return name .. "(" .. table.concat(list) .. ")"
end

local function described(type, description)
  local text = flat(description)
  if type == "nil" or type == nil or type == "boolean" and text == "true" then
    return text == "" and type or text
  elseif type == "string" and (text:find("^message") or text:find("^code")) then
    return text
  end
  return type_words(type) .. (text == "" and "" or ": " .. text)
end

local function add_parameters(lines, list)
  for _, one in ipairs(list) do
    local type = one.type and type_words(one.type) or "any"
    if one.name == "..." then type = one.type and type or "" end
    if one.optional and one.name ~= "..." then
      type = type .. (one.default and ", " .. one.default:gsub("`", "") .. " when left out" or ", may be left out")
    end
    local text = flat(one.description)
    lines[#lines + 1] = one.name .. "\t" .. type .. (type ~= "" and text ~= "" and ": " or "") .. text
  end
end

-- A failure is on one line, other results have one each.
local function add_results(lines, groups_of_results)
  for number, group in ipairs(groups_of_results) do
    local head, texts = number == 1 and "gives" or "or", {}
    for i, value in ipairs(group) do texts[i] = described(value.type, value.description) end
    if texts[1] == "nil" then texts = { table.concat(texts, ", ") } end
    for i, text in ipairs(texts) do
      lines[#lines + 1] = (i == 1 and head or " ") .. "\t" .. text
    end
  end
end

local function add_usage(lines, usage)
  for _, code in ipairs(usage) do
    lines[#lines + 1] = ""
    for line in (code .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = "\t" .. line end
  end
end

local function function_text(item, name)
  local lines = { signature(name, item.params), "", paragraphs(item.description), "" }
  add_parameters(lines, item.params)
  if item.params[1] then lines[#lines + 1] = "" end
  add_results(lines, item.returns)
  if item.raise then lines[#lines + 1] = "raises\t" .. flat(item.raise) end
  if lines[#lines] == "" then lines[#lines] = nil end
  add_usage(lines, item.usage)
  return table.concat(lines, "\n")
end

local function class_text(item)
  local lines = { paragraphs(item.description) }
  if item.fields[1] then
    lines[2] = ""
    add_parameters(lines, item.fields)
  end
  return table.concat(lines, "\n")
end

-- --- the manual's errors -------------------------------------------------------

-- { ECONNREFUSED = { "the host answered ..." } }: the first table is connect's.
function helpdata.codes(manual)
  local section = assert(manual:match("\n## Errors\n(.-)\n## "), "the manual has no section 'Errors'")
  local codes, tables = {}, 0
  for line in section:gmatch("[^\n]+") do
    local names, text = line:match("^| (`.-) | (.-) |$")
    if line:find("^| code |") then tables = tables + 1 end
    for name in (names or ""):gmatch("`([%w_]+)`") do
      codes[name] = codes[name] or {}
      table.insert(codes[name], (tables == 1 and "From connect: " or "") .. plain(text) .. ".")
    end
  end
  return codes
end

-- --- the file ------------------------------------------------------------------

local function check_groups(index)
  local count, known = {}, {}
  for _, group in ipairs(groups) do
    for i = 2, #group do count[group[i]] = (count[group[i]] or 0) + 1 end
  end
  for _, item in ipairs(index.functions) do
    known[item.name] = true
    if count[item.name] ~= 1 then
      error(("%s:%d: %s is in %d groups of doc/helpdata.lua, not in one"):format(item.file, item.line,
        item.name, count[item.name] or 0), 0)
    end
  end
  for name in pairs(count) do
    if not known[name] then error("doc/helpdata.lua: there is no function " .. name, 0) end
  end
end

local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n"):gsub("\t", "\\t") .. '"'
end

local function quoted_list(list)
  local texts = {}
  for i, text in ipairs(list) do texts[i] = quoted(text) end
  return "{ " .. table.concat(texts, ", ") .. " }"
end

-- `map` as source, sorted by keys: one line each.
local function add_map(lines, name, map, value)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  lines[#lines + 1] = "  " .. name .. " = {"
  for _, key in ipairs(keys) do
    lines[#lines + 1] = ("    [%s] = %s,"):format(quoted(key), value(map[key]))
  end
  lines[#lines + 1] = "  },"
end

local function items_of(index)
  local items = {}
  for _, item in ipairs(index.functions) do
    items["net." .. item.name] = { flat(item.summary), function_text(item, "net." .. item.name) }
  end
  for class, item in pairs(index.types) do
    items[class] = { flat(item.summary), class_text(item) }
    for _, method in ipairs(index.methods[class] or {}) do
      local name = class .. ":" .. method.name
      items[name] = { flat(method.summary), function_text(method, name) }
    end
  end
  return items
end

local head = [[
-- help_data.lua - what net.help prints.
--
-- Made by doc/build from the comments in the sources, the manual and the table of
-- options: change those.
-- luacheck: ignore
return {]]

-- `index` is what comments.index gives; `optionpage` the module of that name.
function helpdata.generate(index, manual, optionpage)
  check_groups(index)
  local lines = { head, "  groups = {" }
  for _, group in ipairs(groups) do lines[#lines + 1] = "    " .. quoted_list(group) .. "," end
  lines[#lines + 1] = "  },"
  add_map(lines, "items", items_of(index), quoted_list)
  add_map(lines, "codes", helpdata.codes(manual), quoted_list)
  local types = {}
  for _, type in ipairs(optionpage.types) do types[type[1]] = plain(type[2]) end
  add_map(lines, "types", types, quoted)
  add_map(lines, "pages", optionpage.pages, quoted)
  lines[#lines + 1] = "}"
  return table.concat(lines, "\n") .. "\n"
end

return helpdata
