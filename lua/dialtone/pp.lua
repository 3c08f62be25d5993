-- pp.lua - values as a text to be read: what the prompt shows of results, and
-- net.pp. Nothing of the user's is run but __tostring, and nothing is endless: tables
-- are opened to a depth and a number of entries, texts to a length.

local terminal = require("dialtone.core").terminal

local pp = {}

local defaults = { depth = 4, items = 50, string = 1000, width = 80 }

local SORTED_MAX = 10000 -- keys of one table; those above are counted only

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or
  repeat return then true until while global]]):gmatch("%a+") do
  keywords[word] = true
end
pp.keywords = keywords

-- --- texts ------------------------------------------------------------------------

local escapes = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

-- By the first byte: how long a UTF-8 character is.
local function length_of(first)
  return first >= 0xF0 and first < 0xF5 and 4 or first >= 0xE0 and first < 0xF0 and 3
    or first >= 0xC2 and first < 0xE0 and 2
end

-- The length of the UTF-8 character at `i`; nil: there is none that may be shown (the
-- first of them, to U+009F, are commands to a terminal).
local function character(text, i)
  local first, second = text:byte(i, i + 1)
  local length = length_of(first)
  if not length or first == 0xC2 and second and second < 0xA0 then return nil end
  return #text:match("^[\128-\191]*", i + 1) >= length - 1 and length or nil
end

local function byte(char)
  return escapes[char] or ("\\%03d"):format(char:byte())
end

-- All that is not ASCII, UTF-8 that is whole as it stands.
local function escape(text)
  local parts, i = {}, 1
  while i <= #text do
    local plain = text:match('^[^%c"\\\127-\255]+', i)
    local length = plain and #plain or character(text, i)
    parts[#parts + 1] = length and text:sub(i, i + length - 1) or byte(text:sub(i, i))
    i = i + (length or 1)
  end
  return table.concat(parts)
end

local function quote(text, limit)
  if #text <= limit then return '"' .. escape(text) .. '"' end
  return ('"%s"... (%d bytes)'):format(escape(text:sub(1, limit)), #text)
end

-- --- tables -----------------------------------------------------------------------

local function by_kind(a, b)
  local kind_a, kind_b = type(a), type(b)
  if kind_a ~= kind_b then return kind_a < kind_b end -- numbers before strings
  if kind_a == "number" or kind_a == "string" then return a < b end
  return tostring(a) < tostring(b)
end

-- The keys but for 1 to `count`, sorted; and how many there are beside.
local function other_keys(value, count)
  local keys, beside = {}, 0
  for key in next, value do
    if type(key) == "number" and key >= 1 and key <= count and key % 1 == 0 then -- luacheck: ignore
    elseif #keys < SORTED_MAX then keys[#keys + 1] = key
    else beside = beside + 1 end
  end
  if not pcall(table.sort, keys, by_kind) then return keys, beside end -- a __tostring that fails
  return keys, beside
end

local function list_length(value)
  local count = 0
  while rawget(value, count + 1) ~= nil do count = count + 1 end
  return count
end

local show -- (value, state, depth, indent): the text

local function show_key(key, state)
  if type(key) == "string" and key:find("^[%a_][%w_]*$") and not keywords[key] then return key end
  return "[" .. show(key, state, 0, 0) .. "]"
end

-- The entries, as texts: as many as are to be seen, and what is to be known of others.
local function entries_of(value, state, depth, indent)
  local parts, count = {}, list_length(value)
  local keys, beside = other_keys(value, count)
  for i = 1, math.min(count, state.items) do
    parts[i] = show(value[i], state, depth - 1, indent + 2)
  end
  for _, key in ipairs(keys) do
    if #parts >= state.items then break end
    parts[#parts + 1] = show_key(key, state) .. " = " .. show(rawget(value, key), state, depth - 1, indent + 2)
  end
  local more = count + #keys + beside - #parts
  if more > 0 then parts[#parts + 1] = ("... %d more"):format(more) end
  return parts
end

-- In one line, if there is room.
local function layout(parts, width, indent)
  local line = "{ " .. table.concat(parts, ", ") .. " }"
  if #line + indent <= width and not line:find("\n", 1, true) then return line end
  local space = (" "):rep(indent + 2)
  return "{\n" .. space .. table.concat(parts, ",\n" .. space) .. ",\n" .. (" "):rep(indent) .. "}"
end

local function show_table(value, state, depth, indent)
  if next(value) == nil then return "{}" end
  if state.open[value] then return "{ cycle }" end
  if depth <= 0 then return "{ ... }" end
  state.open[value] = true
  local text = layout(entries_of(value, state, depth, indent), state.width, indent)
  state.open[value] = nil
  return text
end

-- A text of tostring's, which may raise or give what is none.
local function convert(value)
  local ok, text = pcall(tostring, value)
  return ok and type(text) == "string" and text or ("%s that has no text: %s"):format(type(value), tostring(text))
end

function show(value, state, depth, indent)
  if type(value) == "string" then return quote(value, state.string) end
  local metatable = debug.getmetatable(value)
  if type(value) ~= "table" or type(metatable) == "table" and rawget(metatable, "__tostring") then
    return convert(value)
  end
  return show_table(value, state, depth, indent)
end

-- --- results ----------------------------------------------------------------------

local function new_state(opts)
  local state = { open = {} }
  for name, value in pairs(defaults) do state[name] = opts and opts[name] or value end
  if not (opts and opts.width) then state.width = terminal.columns() or defaults.width end
  return state
end

-- nil, message, code: in one line.
local function failure(values)
  local message, code = values[2], values[3]
  if values[1] ~= nil or type(message) ~= "string" then return nil end
  if code ~= nil then message = ("%s (%s)"):format(message, convert(code)) end
  return (message:gsub("%c", byte))
end

-- The results of a call, `n` of them, as the prompt shows them.
function pp.results(values)
  local text = failure(values)
  if text then return text end
  local parts, state = {}, new_state()
  for i = 1, values.n do parts[i] = show(values[i], state, state.depth, 0) end
  text = table.concat(parts, "\t")
  if text:find("\n", 1, true) or #text > state.width then text = table.concat(parts, "\n") end
  return text
end

-- Blames who called net.pp.
local function check_options(opts)
  if opts == nil then return end
  if type(opts) ~= "table" then error(("pp: table of options expected, got %s"):format(type(opts)), 4) end
  for name, value in pairs(opts) do
    if not defaults[name] then
      error(("pp: unknown option '%s' (valid: depth, items, string, width)"):format(tostring(name)), 4)
    end
    if type(value) ~= "number" or value < 0 or value ~= value then
      error(("pp: option %s: number >= 0 expected, got %s"):format(name, tostring(value)), 4)
    end
  end
end

-- See net.pp.
function pp.pp(value, opts, code)
  if value == nil and type(opts) == "string" then
    io.write(pp.results({ nil, opts, code, n = 3 }), "\n")
    return
  end
  check_options(opts)
  local state = new_state(opts)
  io.write(show(value, state, state.depth, 0), "\n")
end

return pp
