-- json.lua - values as JSON (RFC 8259), and a recording as such a text.
--
-- Keys come in an order that stays: those that a list of ours names first, in its
-- order, the others by the alphabet. Texts in UTF-8 stay as they are; a byte that is
-- none of it becomes the character of that number (\u00ff), so that what is written
-- is always UTF-8. "<" is escaped, so that it may stand in a page.

local text = require "dialtone.handshake.text"

local json = {}

-- --- texts ------------------------------------------------------------------------------

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r",
  ["\t"] = "\\t" }

local function escaped(byte)
  return ESCAPES[byte] or ("\\u%04x"):format(byte:byte())
end

-- First byte from, to; second byte from, to; how many follow (RFC 3629: no overlong
-- forms, no surrogates, nothing beyond U+10FFFF).
local SEQUENCES = {
  { 0xc2, 0xdf, 0x80, 0xbf, 1 }, { 0xe0, 0xe0, 0xa0, 0xbf, 2 }, { 0xe1, 0xec, 0x80, 0xbf, 2 },
  { 0xed, 0xed, 0x80, 0x9f, 2 }, { 0xee, 0xef, 0x80, 0xbf, 2 }, { 0xf0, 0xf0, 0x90, 0xbf, 3 },
  { 0xf1, 0xf3, 0x80, 0xbf, 3 }, { 0xf4, 0xf4, 0x80, 0x8f, 3 },
}

-- The character of more than one byte that begins at `at`, or nil.
local function sequence_at(value, at)
  local first, second = value:byte(at, at + 1)
  for _, row in ipairs(SEQUENCES) do
    if first >= row[1] and first <= row[2] then
      if not second or second < row[3] or second > row[4] then return nil end
      local found = value:sub(at, at + row[5])
      return #found == row[5] + 1 and found:find("^..[\128-\191]*$") and found or nil
    end
  end
end

-- The same text in UTF-8.
function json.utf8(value)
  if not value:find("[\128-\255]") then return value end
  local parts, at = {}, 1
  while at <= #value do
    local plain = value:match("^[%z\1-\127]+", at) or sequence_at(value, at)
    if not plain then
      local byte = value:byte(at) -- as U+0080 to U+00FF
      parts[#parts + 1] = string.char(0xc0 + math.floor(byte / 64), 0x80 + byte % 64)
      at = at + 1
    else
      parts[#parts + 1], at = plain, at + #plain
    end
  end
  return table.concat(parts)
end

local SEPARATORS = { ["\168"] = "\\u2028", ["\169"] = "\\u2029" } -- ends of lines for JavaScript

local function string_of(value)
  return '"' .. json.utf8(value):gsub('[%z\1-\31"\\\127<]', escaped):gsub("\226\128([\168\169])", SEPARATORS) .. '"'
end

-- --- values -----------------------------------------------------------------------------

-- The shortest that reads back as the same number. The point may be the locale's.
local function number_of(value)
  if value ~= value or value == math.huge or value == -math.huge then
    error(("json: a finite number expected, got %s"):format(tostring(value)), 0)
  end
  if value % 1 == 0 and math.abs(value) < 2 ^ 53 then return (("%.0f"):format(value):gsub("^%-0$", "0")) end
  for digits = 15, 17 do
    local found = ("%." .. digits .. "g"):format(value)
    if tonumber(found) == value or digits == 17 then return (found:gsub("[^%d%+%-e]", ".")) end
  end
end

local LIST = {}

-- Marks a table as a list, which matters when it is empty.
function json.list(items)
  return setmetatable(items, LIST)
end

local encode

local function list_of(value, ranks)
  local parts = {}
  for i = 1, #value do parts[i] = encode(value[i], ranks) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function object_of(value, ranks)
  local keys, parts = {}, {}
  for key in pairs(value) do
    if type(key) ~= "string" then
      error(("json: a text expected for a key, got %s"):format(type(key)), 0)
    end
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    local first, second = ranks[a] or math.huge, ranks[b] or math.huge
    if first ~= second then return first < second end
    return a < b
  end)
  for i, key in ipairs(keys) do parts[i] = string_of(key) .. ":" .. encode(value[key], ranks) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local ENCODERS = {
  string = string_of,
  number = number_of,
  boolean = tostring,
  ["nil"] = function() return "null" end,
  table = function(value, ranks)
    if getmetatable(value) == LIST or value[1] ~= nil then return list_of(value, ranks) end
    return object_of(value, ranks)
  end,
}

function encode(value, ranks)
  local encoder = ENCODERS[type(value)]
  if not encoder then error("json: " .. type(value) .. " is no value of JSON", 0) end
  return encoder(value, ranks)
end

-- A value as JSON. Tables are lists when they have a first value, or are marked.
-- `order` lists keys that come first. What JSON cannot say raises.
function json.encode(value, order)
  local ranks = {}
  for rank, key in ipairs(order or {}) do ranks[key] = rank end
  return encode(value, ranks)
end

-- --- a recording --------------------------------------------------------------------------

-- Each field that is written, in the order in which it is.
local ORDER = { "level", "about", "reason", "connections", "steps", "packets", "number", "client", "server", "kind",
  "time", "since", "words", "side", "name", "protocol", "connection", "saved", "from", "to", "flags", "seq", "ack",
  "relative_seq", "relative_ack", "acknowledges", "length", "occupies", "again", "window", "options", "ttl", "size",
  "icmp_type", "icmp_code", "identifier", "sequence", "about_packet", "socket", "call", "text", "result", "failed",
  "took", "waited", "of", "state", "address", "limit", "states" }

local FIELDS = {
  packet = { "side", "name", "protocol", "connection", "saved", "from", "to", "seq", "ack", "relative_seq",
    "relative_ack", "length", "occupies", "again", "window", "ttl", "size", "icmp_type", "icmp_code",
    "identifier", "sequence", "states" },
  call = { "side", "name", "socket", "call", "text", "result", "failed", "waited", "state" },
  ["return"] = { "side", "name" },
  queue = { "side", "address", "length", "limit" },
  note = { "text" },
  state = { "side", "connection", "state" },
}

-- The kernel's clock is in nanoseconds; what is finer comes of the arithmetic.
local function seconds(value)
  return value and math.floor(value * 1e9 + 0.5) / 1e9
end

local function set_of(flags)
  local names = {}
  for name in pairs(flags) do names[#names + 1] = name end
  table.sort(names)
  return json.list(names)
end

local function options_of(options)
  local found = {}
  for name, value in pairs(options) do
    if name ~= "order" then found[name] = value end
  end
  found.order = json.list { (table.unpack or unpack)(options.order or {}) } -- luacheck: ignore 113
  return found
end

local MORE = {
  packet = function(step, found)
    found.flags = step.flags and set_of(step.flags)
    found.options = step.options and options_of(step.options)
    found.acknowledges = step.acknowledges and { seq = step.acknowledges.seq,
      relative_seq = step.acknowledges.relative_seq, occupies = step.acknowledges.occupies }
    local quoted = step.about
    found.about_packet = quoted and { source_host = quoted.source_host, source_port = quoted.source_port,
      destination_host = quoted.destination_host, destination_port = quoted.destination_port }
  end,
  call = function(step, found) found.took = seconds(step.took) end,
  ["return"] = function(step, found, numbers)
    found.of, found.took = numbers[step.of], seconds(step.of.took)
    for _, name in ipairs { "call", "result", "failed", "state" } do found[name] = step.of[name] end
  end,
}

local function step_of(step, number, numbers, last)
  local found, since = { number = number, kind = step.kind, words = text.words(step) }
  found.time = seconds(not step.saved and step.time or nil)
  for _, name in ipairs(FIELDS[step.kind] or {}) do found[name] = step[name] end
  if MORE[step.kind] then MORE[step.kind](step, found, numbers) end
  since, last = text.since(step, last)
  found.since = seconds(since)
  return found, last
end

-- A recording as one text.
function json.recording(recording)
  local steps, packets, connections, numbers = json.list {}, json.list {}, json.list {}, {}
  local last
  for number, step in ipairs(recording.steps) do
    numbers[step] = number
    steps[number], last = step_of(step, number, numbers, last)
    if step.kind == "packet" then packets[#packets + 1] = steps[number] end
  end
  for i, one in ipairs(recording.connections) do
    connections[i] = { number = one.number, client = one.client, server = one.server,
      states = { client = one.state.client, server = one.state.server } }
  end
  return json.encode({ level = recording.level, about = recording.about, reason = recording.reason,
    steps = steps, packets = packets, connections = connections }, ORDER)
end

return json
