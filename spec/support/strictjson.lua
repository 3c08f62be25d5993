-- strictjson.lua - reads JSON as RFC 8259 has it, and nothing else: what is not so
-- raises. It is written without looking at the encoder that it checks.
--
-- Arrays are tables with `n`; null is strictjson.null. Keys come in `keys` order through
-- strictjson.order(object).

local strictjson = { null = {} }

local orders = setmetatable({}, { __mode = "k" })

-- The keys of an object, in the order in which they were written.
function strictjson.order(object) return orders[object] end

local function fail(text, at, what)
  error(("JSON: %s expected at byte %d, got %q"):format(what, at, text:sub(at, at + 10)), 0)
end

local function utf8_of(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xc0 + math.floor(code / 64), 0x80 + code % 64) end
  return string.char(0xe0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

local LETTERS = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function string_at(text, at)
  if text:sub(at, at) ~= '"' then fail(text, at, "a string") end
  local parts, place = {}, at + 1
  while true do
    local plain = text:match('^[^"\\%z\1-\31]*', place)
    parts[#parts + 1], place = plain, place + #plain
    local next_one = text:sub(place, place)
    if next_one == '"' then return table.concat(parts), place + 1 end
    local letter = next_one == "\\" and text:sub(place + 1, place + 1)
    local hex = letter == "u" and text:match("^%x%x%x%x", place + 2)
    if hex then
      parts[#parts + 1], place = utf8_of(tonumber(hex, 16)), place + 6
    elseif LETTERS[letter] then
      parts[#parts + 1], place = LETTERS[letter], place + 2
    else
      fail(text, place, "a character of a string")
    end
  end
end

local function number_at(text, at)
  local whole = text:match("^%-?0", at) or text:match("^%-?[1-9]%d*", at) or fail(text, at, "a value")
  local place = at + #whole
  local rest = (text:match("^%.%d+", place) or "")
  rest = rest .. (text:match("^[eE][+-]?%d+", place + #rest) or "")
  return tonumber(whole .. rest), place + #rest
end

local value_at

local function skip(text, at) return text:match("^[ \t\r\n]*()", at) end

local function list_at(text, at)
  local list = { n = 0 }
  at = skip(text, at + 1)
  if text:sub(at, at) == "]" then return list, at + 1 end
  while true do
    list.n = list.n + 1
    list[list.n], at = value_at(text, at)
    at = skip(text, at)
    local sign = text:sub(at, at)
    if sign == "]" then return list, at + 1 end
    if sign ~= "," then fail(text, at, ", or ]") end
    at = at + 1
  end
end

local function object_at(text, at)
  local object, keys = {}, {}
  orders[object] = keys
  at = skip(text, at + 1)
  if text:sub(at, at) == "}" then return object, at + 1 end
  while true do
    local key
    key, at = string_at(text, skip(text, at))
    if object[key] ~= nil then error("JSON: the key " .. key .. " is there twice", 0) end
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then fail(text, at, ":") end
    object[key], at = value_at(text, at + 1)
    keys[#keys + 1] = key
    at = skip(text, at)
    local sign = text:sub(at, at)
    if sign == "}" then return object, at + 1 end
    if sign ~= "," then fail(text, at, ", or }") end
    at = at + 1
  end
end

local WORDS = { ["true"] = true, ["false"] = false, null = strictjson.null }

function value_at(text, at)
  at = skip(text, at)
  local first = text:sub(at, at)
  if first == "{" then return object_at(text, at) end
  if first == "[" then return list_at(text, at) end
  if first == '"' then return string_at(text, at) end
  local word = text:match("^%l+", at)
  if word and WORDS[word] ~= nil then return WORDS[word], at + #word end
  return number_at(text, at)
end

-- The value of a whole text.
function strictjson.parse(text)
  local value, at = value_at(text, 1)
  at = skip(text, at)
  if at <= #text then fail(text, at, "the end") end
  return value
end

return strictjson
