-- help.lua - what net.help prints: the documentation comments of the sources (in
-- help_data.lua, which doc/build makes), options, errors, constants.  Both files
-- are loaded when help is first asked for.

local core = require "dialtone.core"
local handshake = require("dialtone.handshake").classes
local data = require "dialtone.help_data"
local short = require("dialtone.options").short
local scope_class = require("dialtone.scope").class
local server_class = require("dialtone.serve").class

-- --- layout ---------------------------------------------------------------------

local WIDTH, NARROWEST, WIDEST = 80, 30, 1000

-- Of the terminal, where the shell tells its programs.
local function terminal_width()
  local columns = tonumber(os.getenv("COLUMNS"))
  return columns and columns >= NARROWEST and columns <= WIDEST and math.floor(columns) or WIDTH
end

-- Adds a text in lines of at most `width`; `first` stands before it, and blanks
-- before its other lines.
local function fill(lines, text, width, first)
  local line, indent, empty = first, (" "):rep(#first), true
  for word in text:gmatch("%S+") do
    if not empty and #line + 1 + #word > width then
      lines[#lines + 1] = line
      line, empty = indent, true
    end
    line, empty = line .. (empty and "" or " ") .. word, false
  end
  lines[#lines + 1] = (line:gsub("%s+$", ""))
end

-- What fits of a sentence on one line: up to a comma, or to a word.
local function clip(text, room)
  text = text:gsub("%.$", "")
  if #text <= room then return text end
  local part = (text:sub(1, room):match("^(.*)[,:;]%s") or ""):gsub("%s*%([^)]*$", "")
  if #part >= room / 3 then return part end
  return (text:sub(1, room - 3):match("^(.*)%s") or text:sub(1, room - 4)) .. " ..."
end

local function entry_head(name, column)
  return "  " .. name .. (" "):rep(column - #name + 2)
end

-- The longest name of the list that begins with line `at`.
local function column_of(given, at)
  local column = 0
  while given[at] and given[at]:find("^[^\t]+\t") do
    column = math.max(column, #given[at]:match("^[^\t]+"))
    at = at + 1
  end
  return column
end

-- A text as help_data.lua has it (doc/helpdata.lua says how), in lines.
local function lay_out(text, width)
  local given, lines, column = {}, {}, nil
  for line in (text .. "\n"):gmatch("(.-)\n") do given[#given + 1] = line end
  for i, line in ipairs(given) do
    local name, rest = line:match("^([^\t]+)\t(.*)$")
    column = name and (column or column_of(given, i))
    if name then
      fill(lines, rest, width, entry_head(name, column))
    elseif line:find("^\t") then
      lines[#lines + 1] = "    " .. line:sub(2)
    else
      fill(lines, line, width, "")
    end
  end
  return table.concat(lines, "\n")
end

-- --- classes --------------------------------------------------------------------

-- The names of functions, methods and classes, sorted.
local names, classes = {}, {}
for name in pairs(data.items) do
  names[#names + 1] = name
  if not name:find("[.:]") then classes[#classes + 1] = name end
end
table.sort(names)
table.sort(classes)

local lua_classes = { scope = scope_class, server = server_class, recording = handshake.recording,
  wire = handshake.wire }

local function metatable_of(class)
  return lua_classes[class] or core.inner.class("dialtone." .. class)
end

-- The class of an object; nil: it is none of ours.
local function class_of(object)
  local metatable = getmetatable(object)
  for _, class in ipairs(classes) do
    if metatable and rawequal(metatable, metatable_of(class)) then return class end
  end
end

local function key_of(functions, fn)
  for key, value in pairs(type(functions) == "table" and functions or {}) do
    if rawequal(value, fn) then return key end
  end
end

-- "net.connect", "socket:accept"; nil: it is none of ours.
local function name_of(net, fn)
  local key = key_of(net, fn)
  if key then return "net." .. key end
  for _, class in ipairs(classes) do
    key = key_of(metatable_of(class).__index, fn)
    if key then return class .. ":" .. key end
  end
end

-- One line for each of the items, clipped: a list for lay_out.
local function summaries(list, width)
  local column, lines = 0, {}
  for _, name in ipairs(list) do column = math.max(column, #name) end
  for i, name in ipairs(list) do
    lines[i] = name .. "\t" .. clip(data.items[name][1], width - column - 4)
  end
  return table.concat(lines, "\n")
end

local function class_text(class, width)
  local methods = {}
  for _, name in ipairs(names) do
    if name:sub(1, #class + 1) == class .. ":" then methods[#methods + 1] = name end
  end
  return data.items[class][2] .. (methods[1] and "\n\n" .. summaries(methods, width) or "")
end

-- --- options, errors, constants -----------------------------------------------------

-- The functions whose texts name this word, as an answer or an argument: "See ...".
local function mentions(word)
  local list = {}
  for _, name in ipairs(names) do
    local there = data.items[name][2]:find('"' .. word .. '"', 1, true)
    if there and name ~= "net.help" then list[#list + 1] = name end
  end
  return list[1] and "See " .. table.concat(list, ", ") .. "."
end

local function option_row(name)
  for _, row in ipairs(core.options()) do
    if row.name == name then return row end
  end
end

-- The options that a short name stands for, here or elsewhere.
local function long_names(name)
  local long = short[name]
  if type(long) == "string" then return { long } end
  return long and (long.any or { long.ipv4, long.ipv6 }) or {}
end

-- The same as rows: of several that are one, the first that this system has.
local function long_rows(name)
  local list = {}
  for _, long in ipairs(long_names(name)) do
    local row = option_row(long)
    if row.available and type(short[name]) == "table" and short[name].any then return { row } end
    list[#list + 1] = row
  end
  return list
end

local function short_name(option)
  for name in pairs(short) do
    for _, long in ipairs(long_names(name)) do
      if long == option then return name end
    end
  end
end

local function option_text(row)
  local page = data.pages[tostring(row.level)]
  local lines = { ("%s, a socket option of %s%s"):format(row.name, row.level, page and ": see " .. page or ""), "" }
  local function add(name, text) lines[#lines + 1] = text and name .. "\t" .. text end
  add("type", row.type .. (data.types[row.type] and ": " .. data.types[row.type] or ""))
  add("unit", row.unit)
  add("access", row.access)
  add("systems", row.systems)
  add("here", row.available and "yes" or "no: it fails with \"ENOPROTOOPT\"")
  local own = short_name(row.name)
  add("short", own and own .. ", in the options of net.connect, net.listen, net.udp and net.serve")
  return table.concat(lines, "\n")
end

local function code_text(name)
  local page = name:find("^EAI_") and ": see gai_strerror(3)" or name:find("^E%u") and ": see errno(3)" or ""
  local lines = { name .. ", an error code" .. page }
  for _, text in ipairs(data.codes[name] or {}) do lines[#lines + 1] = text end
  lines[#lines + 1] = mentions(name)
  return table.concat(lines, "\n\n")
end

local function constant_text(name, value)
  local where = mentions(name)
  return ("%s, a constant: %d on this system"):format(name, value) .. (where and "\n\n" .. where or "")
end

-- --- finding --------------------------------------------------------------------

-- What is an answer to exactly this name: a list of texts.
local function functions_named(name, width)
  local list = {}
  local function add(text) list[#list + 1] = text end
  local own, method = name:match("^net[.:](.+)$"), name:gsub("%.", ":")
  if data.items["net." .. (own or name)] then add(data.items["net." .. (own or name)][2]) end
  if own then return list end
  for _, class in ipairs(classes) do
    local full = class .. ":" .. name
    if name == class then
      add(class_text(class, width))
    elseif data.items[full] or method:sub(1, #class + 1) == class .. ":" and data.items[method] then
      add(data.items[data.items[full] and full or method][2])
    end
  end
  return list
end

-- Names in capitals are the system's: options, errors, other constants.
local function text_of_capitals(name)
  local row = option_row(name)
  if row then return option_text(row) end
  if name:find("^E") and (data.codes[name] or mentions(name)) then return code_text(name) end
  local number = core.constants()[name]
  return number and constant_text(name, number)
end

local function texts_of(name, width)
  local list = functions_named(name, width)
  for _, row in ipairs(long_rows(name)) do list[#list + 1] = option_text(row) end
  if name:find("^%u[%u%d_]*$") then
    list[#list + 1] = text_of_capitals(name)
  elseif data.codes[name] then
    list[#list + 1] = code_text(name)
  end
  return list
end

-- How many letters must be changed, left out or put in.
local function distance(a, b)
  local row = {}
  for k = 0, #b do row[k] = k end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for k = 1, #b do
      local cost = a:byte(i) == b:byte(k) and 0 or 1
      diagonal, row[k] = row[k], math.min(row[k] + 1, row[k - 1] + 1, diagonal + cost)
    end
  end
  return row[#b]
end

local MOST, LONGEST = 10, 40 -- of what is similar; of a name that can be

local function all_names()
  local list = {}
  for _, name in ipairs(names) do list[#list + 1] = name end
  for _, row in ipairs(core.options()) do list[#list + 1] = row.name end
  for name in pairs(short) do list[#list + 1] = name end
  for name in pairs(data.codes) do list[#list + 1] = name end
  return list
end

-- The names that differ little, or that it is a part of; the most similar first.
local function similar(name)
  local found, scores = {}, {}
  local wanted = name:lower():match("([^.:]*)$")
  if wanted == "" or #wanted > LONGEST then return found end
  for _, other in ipairs(all_names()) do
    local last = other:lower():match("([^.:]*)$")
    local score = distance(wanted, last)
    if #wanted >= 3 and last:find(wanted, 1, true) then score = math.min(score, 2) end
    if score <= math.max(2, #wanted / 3) and score < #wanted and not scores[other] then
      scores[other] = score
      found[#found + 1] = other
    end
  end
  table.sort(found, function(a, b)
    if scores[a] ~= scores[b] then return scores[a] < scores[b] end
    return a < b
  end)
  for i = #found, MOST + 1, -1 do found[i] = nil end
  return found
end

-- --- answers --------------------------------------------------------------------

local USE = [[
More of each, of a method, an option, an error:
	net.help "connect"         net.help(net.connect)
	net.help "socket:accept"   net.help(s)
	net.help "SO_KEEPALIVE"    net.help "ECONNREFUSED"]]

local function overview(width)
  local lines = {}
  for _, group in ipairs(data.groups) do
    local list = {}
    for i = 2, #group do list[i - 1] = "net." .. group[i] end
    lines[#lines + 1] = group[1] .. "\n" .. summaries(list, width)
  end
  lines[#lines + 1] = "Objects\n" .. summaries(classes, width)
  lines[#lines + 1] = USE
  return table.concat(lines, "\n\n")
end

local function unknown(name)
  local alike = similar(name)
  return ("net.help: there is nothing by the name '%s'. "):format(name:sub(1, LONGEST):gsub("%c", "?"))
      .. (alike[1] and "Similar: " .. table.concat(alike, ", ") .. "." or "net.help() lists what there is.")
end

local function about_name(name, width)
  name = name:match("^%s*(.-)%s*$"):gsub("%(%)$", "")
  for _, way in ipairs { name, name:upper(), name:lower() } do
    local list = texts_of(way, width)
    if list[1] then return table.concat(list, "\n\n" .. ("-"):rep(8) .. "\n\n") end
  end
  return unknown(name)
end

local help = {}

-- The text that net.help(what) prints; `net` is the module.
function help.text(net, what)
  local width, kind, text = terminal_width(), type(what), nil
  if what == nil or rawequal(what, net) then
    text = overview(width)
  elseif kind == "string" then
    text = about_name(what, width)
  elseif kind == "function" then
    local name = name_of(net, what)
    text = name and data.items[name][2]
  elseif kind == "table" or kind == "userdata" then
    local class = class_of(what)
    text = class and class_text(class, width)
  else
    error(("bad argument #1 to 'help' (name, function or object expected, got %s)"):format(kind), 3)
  end
  return lay_out(text or "net.help: this " .. kind .. " is none of the library's.", width)
end

return help
