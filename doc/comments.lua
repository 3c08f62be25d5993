-- Reads the documentation comments of the sources: `/*** ... */` in C, `---`
-- and the lines after it in Lua. What LDoc, the LuaCATS file and the tests know
-- of the library's functions comes from here.
--
-- An item is a table:
--
--   kind         "function", "type", "table" or "module"
--   name         "recv"
--   class        "socket" for `@function socket:recv`, nil for the module's own
--   summary      the first sentence
--   description  the whole text
--   params       list of { name =, type =, optional =, description = }
--   returns      list of groups; each a list of { type =, description = }; one
--                without a type (`@return`) stands for any number of values
--   raise        what it raises
--   fields       list like params
--   usage, see   lists of texts
--   file, line   where it stands
--
-- Runs on Lua 5.1 to 5.4 and LuaJIT, and needs nothing but Lua.

local comments = {}

-- `@int n` is `@tparam integer n`.
local typed = {
  string = "string", number = "number", int = "integer", bool = "boolean",
  tab = "table", func = "function",
}

local kinds = { ["function"] = true, type = true, table = true, module = true }

local function trim(text)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

-- Takes the indentation that all lines share off.
local function outdent(text)
  local least
  for line in (text .. "\n"):gmatch("(.-)\n") do
    local indent = line:match("^( *)%S")
    if indent and (not least or #indent < #least) then
      least = indent
    end
  end
  if not least then
    return ""
  end
  local lines = {}
  for line in (text .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = line:sub(#least + 1)
  end
  return (table.concat(lines, "\n"):gsub("^%s*\n", ""):gsub("%s+$", ""))
end

-- One line and what is left of it: "opt=1" of "[opt=1] integer n"
local function modifier(text)
  local inside, rest = text:match("^%[(.-)%]%s*(.*)$")
  if inside then
    return inside, rest
  end
  return nil, text
end

-- "?string|nil name words" -> type, rest. A type in braces may hold blanks.
local function split_type(text)
  local type, rest = text:match("^(%??%b{}%S*)%s*(.*)$")
  if not type then
    type, rest = text:match("^(%S+)%s*(.*)$")
  end
  return type, rest or ""
end

local function parameter(type, text, option)
  local name, description = text:match("^([%w_.]+)[,;:]?%s*(.*)$")
  return {
    name = name, type = type, description = trim(description or ""),
    optional = option ~= nil and option:match("^opt") ~= nil,
    default = option and option:match("^opt=(.*)$"),
  }
end

local readers = {}

function readers.tparam(item, text, option)
  local type, rest = split_type(text)
  item.params[#item.params + 1] = parameter(type, rest, option)
end

function readers.param(item, text, option)
  item.params[#item.params + 1] = parameter(nil, text, option)
end

function readers.tfield(item, text, option)
  local type, rest = split_type(text)
  item.fields[#item.fields + 1] = parameter(type, rest, option)
end

function readers.field(item, text, option)
  item.fields[#item.fields + 1] = parameter(nil, text, option)
end

function readers.treturn(item, text, option)
  local group = tonumber(option and option:match("%d+")) or 1
  local type, rest = split_type(text)
  item.returns[group] = item.returns[group] or {}
  table.insert(item.returns[group], {
    type = type, description = trim(rest),
    optional = option ~= nil and option:match("opt") ~= nil,
  })
end

readers["return"] = function(item, text, option)
  local group = tonumber(option and option:match("%d+")) or 1
  item.returns[group] = item.returns[group] or {}
  table.insert(item.returns[group], { description = trim(text) })
end

function readers.usage(item, text)
  item.usage[#item.usage + 1] = outdent(text)
end

function readers.see(item, text)
  for reference in text:gmatch("[^,]+") do
    item.see[#item.see + 1] = trim(reference)
  end
end

function readers.raise(item, text)
  item.raise = trim(text)
end

local function read_tag(item, tag, text, option)
  if kinds[tag] then
    item.kind = tag
    item.class, item.name = text:match("^([%w_]+):([%w_]+)")
    if not item.name then
      item.name = text:match("^[%w_.]+")
    end
  elseif typed[tag] then
    item.params[#item.params + 1] = parameter(typed[tag], text, option)
  elseif readers[tag] then
    readers[tag](item, text, option)
  else
    error(("%s:%d: unknown tag @%s"):format(item.file, item.line, tag), 0)
  end
end

-- The first sentence, on one line.
local function first_sentence(text)
  local flat = text:match("^(.-)\n%s*\n") or text
  flat = flat:gsub("%s*\n%s*", " ")
  return (flat .. " "):match("^(.-%.)%s") or flat
end

-- One block, already free of the comment's own signs.
local function read_block(text, file, line)
  local item = {
    file = file, line = line, params = {}, returns = {}, fields = {},
    usage = {}, see = {},
  }
  local words, tag, option, value = {}, nil, nil, nil
  local function finish()
    if tag then
      local whole = table.concat(value, "\n")
      read_tag(item, tag, tag == "usage" and whole or trim(whole), option)
    end
  end
  for one in (text .. "\n"):gmatch("(.-)\n") do
    local name, rest = one:match("^%s*@(%a+)(.*)$")
    if name then
      finish()
      option, rest = modifier(trim(rest))
      tag, value = name, { rest }
    elseif tag then
      value[#value + 1] = one
    else
      words[#words + 1] = one
    end
  end
  finish()
  item.description = outdent(table.concat(words, "\n"))
  item.summary = first_sentence(item.description)
  return item
end

local function line_of(text, position)
  local _, count = text:sub(1, position):gsub("\n", "")
  return count + 1
end

-- A comment whose lines all begin with a star loses the stars.
local function without_stars(text)
  for line in (text .. "\n"):gmatch("(.-)\n") do
    if line:find("%S") and not line:find("^%s*%*") then
      return text
    end
  end
  return (("\n" .. text):gsub("\n%s*%* ?", "\n"))
end

function comments.parse_c(text, file)
  local items = {}
  for position, body in text:gmatch("()/%*%*%*(.-)%*/") do
    items[#items + 1] = read_block(without_stars(body), file, line_of(text, position))
  end
  return items
end

-- A function's name from the line of code below the comment.
local function name_from_code(item, line)
  local name = line:match("^%s*function%s+[%w_]+[.:]([%w_]+)%s*%(")
    or line:match("^%s*[%w_]+%.([%w_]+)%s*=%s*function")
  if name then
    item.kind, item.name = "function", name
  end
end

function comments.parse_lua(text, file)
  local items, block, first, number = {}, nil, nil, 0
  for line in (text .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    if block and line:find("^%s*%-%-") then
      block[#block + 1] = line:match("^%s*%-%-+ ?(.*)$")
    elseif block then
      local item = read_block(table.concat(block, "\n"), file, first)
      if not item.kind then
        name_from_code(item, line)
      end
      items[#items + 1] = item
      block = nil
    elseif line:find("^%s*%-%-%-") and not line:find("^%s*%-%-%-%-") then
      block, first = { line:match("^%s*%-%-%- ?(.*)$") }, number
    end
  end
  return items
end

-- The items of all the files, in order. A block without a name is an error: it
-- would be in no document.
function comments.read(files)
  local all = {}
  for _, file in ipairs(files) do
    local handle = assert(io.open(file, "rb"))
    local text = handle:read("*a")
    handle:close()
    local parse = file:find("%.lua$") and comments.parse_lua or comments.parse_c
    for _, item in ipairs(parse(text, file)) do
      if not item.kind then
        error(("%s:%d: a documentation comment without @function or @type")
          :format(file, item.line), 0)
      end
      all[#all + 1] = item
    end
  end
  return all
end

-- The sources below `root`, sorted by name, so that every system makes the
-- same documents of them; and types.lua, for what has no function of its own.
function comments.sources(root)
  local pipe = assert(io.popen("find '" .. root .. "/csrc' '" .. root
    .. "/lua' -name '*.[ch]' -o -name '*.lua'"))
  local files = {}
  for file in pipe:lines() do
    files[#files + 1] = file
  end
  pipe:close()
  table.sort(files)
  table.insert(files, 1, root .. "/doc/types.lua")
  return files
end

-- Items by what they are: functions of the module, functions by class, types
-- (the classes) and tables by name, the module's own text. A class whose methods
-- are documented, and it is not, is an error.
function comments.index(items)
  local index = { functions = {}, methods = {}, types = {}, tables = {} }
  for _, item in ipairs(items) do
    if item.kind == "function" and item.class then
      local methods = index.methods[item.class] or {}
      index.methods[item.class] = methods
      methods[#methods + 1] = item
    elseif item.kind == "function" then
      table.insert(index.functions, item)
    elseif item.kind == "type" then
      index.types[item.name] = item
    elseif item.kind == "table" then
      index.tables[item.name] = item
    else
      index.module = item
    end
  end
  for class, methods in pairs(index.methods) do
    if not index.types[class] then
      error(("%s:%d: there is no @type %s"):format(methods[1].file, methods[1].line, class), 0)
    end
  end
  return index
end

return comments
