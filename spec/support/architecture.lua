-- architecture.lua - the rules about our source texts, as pure functions: each
-- takes texts and gives a list of complaints.  spec/architecture_spec.lua holds
-- the tables and applies them to the checkout, and to bad samples.
--
-- A set of files is a table from name ("clock.c") to text.

local architecture = {}

local lua_headers = {
  ["lua.h"] = true, ["lauxlib.h"] = true, ["lualib.h"] = true,
  ["luaconf.h"] = true, ["luajit.h"] = true, ["lua.hpp"] = true,
}

local function complain(list, ...)
  list[#list + 1] = string.format(...)
end

local function sorted_names(files)
  local names = {}
  for name in pairs(files) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- The lines of a text, numbered; a line that ends in a backslash goes on.
local function logical_lines(text)
  local list, number, held, first = {}, 0, "", nil
  for line in (text .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    first = first or number
    local head = line:match("^(.*)\\$")
    if head then
      held = held .. head .. " "
    else
      list[#list + 1] = { number = first, text = held .. line }
      held, first = "", nil
    end
  end
  return list
end

-- What a text includes, in order: { name =, line = }.
function architecture.includes(text)
  local list = {}
  for _, line in ipairs(logical_lines(text)) do
    local name = line.text:match('^%s*#%s*include%s*[<"]([^>"]+)[>"]')
    if name then list[#list + 1] = { name = name, line = line.number } end
  end
  return list
end

-- Whether the file reaches Lua's headers, directly or through ours; and if so,
-- by what way: "glue.h, compat.h, lua.h".
local function reaches_lua(files, name, seen)
  seen = seen or {}
  if seen[name] or not files[name] then return nil end
  seen[name] = true
  for _, include in ipairs(architecture.includes(files[name])) do
    if lua_headers[include.name] then return include.name end
    local way = reaches_lua(files, include.name, seen)
    if way then return include.name .. ", " .. way end
  end
  return nil
end

-- `plain` lists the C files that must not reach Lua's headers; all others must,
-- or they would belong to that list.
function architecture.rows(files, plain)
  local list, is_plain = {}, {}
  for _, name in ipairs(plain) do
    is_plain[name .. ".c"] = true
    if not files[name .. ".c"] then complain(list, "%s.c is listed as plain and does not exist", name) end
  end
  for _, name in ipairs(sorted_names(files)) do
    if name:match("%.c$") then
      local way = reaches_lua(files, name)
      if way and is_plain[name] then
        complain(list, "%s is plain and includes %s", name, way)
      elseif not way and not is_plain[name] then
        complain(list, "%s does not include lua.h, and is not listed as plain", name)
      end
    end
  end
  return list
end

-- The rank of a file, and its layer.
local function layer_of(layers, files, name)
  local stem = name:gsub("%.[ch]$", "")
  for rank, layer in ipairs(layers) do
    for _, pattern in ipairs(layer) do
      if stem:match("^" .. pattern .. "$") then return rank, layer end
    end
  end
  local row = reaches_lua(files, name) and "glue" or "plain"
  for rank, layer in ipairs(layers) do
    if layer.rest_of == row then return rank, layer end
  end
end

-- `layers` from the lowest to the highest: lists of patterns for file names
-- without their ending; what matches none belongs to the layer that takes the
-- `rest_of` its row, "plain" or "glue".  No file includes one of a higher layer.
function architecture.layers(files, layers)
  local list = {}
  for _, name in ipairs(sorted_names(files)) do
    local rank, layer = layer_of(layers, files, name)
    for _, include in ipairs(architecture.includes(files[name])) do
      if files[include.name] then
        local other_rank, other = layer_of(layers, files, include.name)
        if other_rank > rank then
          complain(list, "%s:%d: %s (%s) includes %s (%s)", name, include.line, name,
            layer.name, include.name, other.name)
        end
      end
    end
  end
  return list
end

-- Every file but config.h itself includes config.h before anything else.
function architecture.config_first(files)
  local list = {}
  for _, name in ipairs(sorted_names(files)) do
    local first = architecture.includes(files[name])[1]
    if name ~= "config.h" and first and first.name ~= "config.h" then
      complain(list, "%s:%d: includes %s before config.h", name, first.line, first.name)
    end
  end
  return list
end

-- `homes` lists { what =, file =, names }: an #if that mentions one of the names
-- may stand in that file only.
function architecture.conditionals(files, homes)
  local list = {}
  for _, name in ipairs(sorted_names(files)) do
    for _, line in ipairs(logical_lines(files[name])) do
      local condition = line.text:match("^%s*#%s*e?l?if%l*(.*)$")
      for word in (condition or ""):gsub("/%*.-%*/", ""):gmatch("[%a_][%w_]*") do
        for _, home in ipairs(homes) do
          if home.names[word] and name ~= home.file then
            complain(list, "%s:%d: #if on %s (%s) outside %s", name, line.number, home.what, word, home.file)
          end
        end
      end
    end
  end
  return list
end

local function count_lines(text)
  local _, count = text:gsub("\n", "")
  return count
end

-- A function of C, in clang-format's shape, begins with a line at the margin
-- that has a parenthesis, opens a brace at a line's end, and ends with a brace at
-- the margin.
local function c_functions(text)
  local list, number, start, what, open = {}, 0, nil, nil, false
  for line in text:gmatch("(.-)\n") do
    number = number + 1
    if open then
      if line:match("^}") then
        list[#list + 1] = { name = what, first = start, last = number }
        open, start = false, nil
      end
    elseif line:match("^[%a_]") then
      start = not line:find("=", 1, true) and line:find("(", 1, true) and number or nil
      what = line:match("([%a_][%w_]*)%s*%(")
    end
    if start and not open then
      if line:match("{%s*$") then
        open = true
      elseif line:match("[;}]%s*$") then
        start = nil
      end
    end
  end
  return list
end

-- A function of Lua ends with the next `end` at its own indentation.
local function lua_functions(text)
  local list, number, open = {}, 0, {}
  for line in text:gmatch("(.-)\n") do
    number = number + 1
    local indent, rest = line:match("^(%s*)(.*)$")
    if open[indent] and rest:match("^end%f[^%w_]") then
      open[indent].last = number
      list[#list + 1], open[indent] = open[indent], nil
    end
    local what = rest:match("%f[%w_]function%s*([%w_.:]*)%s*%b()")
    if what and not rest:match("^%-%-") and not rest:match("%f[%w_]end%f[^%w_]") then
      open[indent] = { name = what ~= "" and what or "function", first = number }
    end
  end
  return list
end

-- `limits`: { lines = for the file, function_lines = }.
function architecture.sizes(files, limits)
  local list = {}
  for _, name in ipairs(sorted_names(files)) do
    local text = files[name]
    local lines = count_lines(text)
    if lines > limits.lines then complain(list, "%s: %d lines, more than %d", name, lines, limits.lines) end
    local functions = name:match("%.lua$") and lua_functions(text) or c_functions(text)
    for _, f in ipairs(functions) do
      local length = f.last - f.first + 1
      if length > limits.function_lines then
        complain(list, "%s:%d: %s has %d lines, more than %d", name, f.first, f.name, length, limits.function_lines)
      end
    end
  end
  return list
end

-- Only core.c and host.c mark something for export.
function architecture.export_marks(files)
  local list = {}
  for _, name in ipairs(sorted_names(files)) do
    local may = name == "core.c" or name == "host.c" or name == "config.h"
    if not may and files[name]:find("%f[%w_]DT_EXPORT%f[^%w_]") then
      complain(list, "%s: DT_EXPORT outside core.c and host.c", name)
    end
  end
  return list
end

-- The output of nm -D --defined-only, and the names that it must have, each
-- once: what is there beside them, and what is missing.
function architecture.exports(symbols, names)
  local list, missing = {}, {}
  for _, name in ipairs(names) do missing[name] = true end
  for line in symbols:gmatch("[^\n]+") do
    local symbol = line:match("(%S+)%s*$"):gsub("^_(%l)", "%1"):gsub("@.*$", "")
    if missing[symbol] then
      missing[symbol] = nil
    else
      complain(list, "exports %s", symbol)
    end
  end
  for _, name in ipairs(sorted_names(missing)) do complain(list, "does not export %s", name) end
  return list
end

-- The functions that a header declares, one at the beginning of a line each.
function architecture.declared(text)
  local list = {}
  for name in text:gsub("/%*.-%*/", ""):gmatch("\nint ([%l_]+)%(") do list[#list + 1] = name end
  return list
end

-- The words of a variable of the Makefile's.
function architecture.make_list(text, variable)
  local list = {}
  for _, line in ipairs(logical_lines(text)) do
    local value = line.text:match("^" .. variable .. "%s*:=%s*(.*)$")
    for word in (value or ""):gmatch("%S+") do list[#list + 1] = word end
  end
  return list
end

-- Two lists as sets: what one has and the other lacks.
function architecture.difference(listed, present, what)
  local list, a, b = {}, {}, {}
  for _, name in ipairs(listed) do a[name] = true end
  for _, name in ipairs(present) do b[name] = true end
  for _, name in ipairs(sorted_names(a)) do
    if not b[name] then complain(list, "%s: %s does not exist", what, name) end
  end
  for _, name in ipairs(sorted_names(b)) do
    if not a[name] then complain(list, "%s: %s is missing", what, name) end
  end
  return list
end

return architecture
