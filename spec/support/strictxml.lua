-- strictxml.lua - whether a text is well-formed XML, as far as ours goes: elements that
-- close, attributes in quotes, each once; the five entities and numbers; no character
-- that XML has not. What is not so raises. Gives the root element:
-- { name =, attributes = { name = value }, children and texts in order }.

local strictxml = {}

local function fail(text, at, what)
  error(("XML: %s at byte %d: %q"):format(what, at, text:sub(at, at + 40)), 0)
end

local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'" }

-- The characters that a text stands for.
local function plain(text, at, raw)
  if raw:find("[%z\1-\8\11\12\14-\31]") then fail(text, at, "a character that XML has not") end
  local rest = raw:gsub("&#?%w+;", "")
  if rest:find("[&<]") then fail(text, at, "& or < in a text") end
  return (raw:gsub("&(#?)(%w+);", function(sign, name)
    if sign == "#" then return string.char(tonumber(name)) end
    return ENTITIES[name] or fail(text, at, "an unknown entity")
  end))
end

local function attributes_at(text, at, ends)
  local attributes, place = {}, at
  while true do
    local name, quote, first = text:match("^%s+([%a_:][%w_:.-]*)%s*=%s*([\"'])()", place)
    if not name then break end
    local stop = text:find(quote, first, true) or fail(text, first, "an attribute without an end")
    if attributes[name] then fail(text, place, "the same attribute twice") end
    attributes[name] = plain(text, first, text:sub(first, stop - 1))
    place = stop + 1
  end
  local rest = text:match("^%s*()", place)
  return attributes, text:match("^" .. ends .. "()", rest) or fail(text, rest, "no end of a tag")
end

local element_at

local function content_at(text, at, element)
  while true do
    local stop = text:find("<", at, true) or fail(text, at, "no end of " .. element.name)
    if stop > at then element[#element + 1] = plain(text, at, text:sub(at, stop - 1)) end
    local name, after = text:match("^</([%a_:][%w_:.-]*)%s*>()", stop)
    if name == element.name then return after end
    if name then fail(text, stop, "the end of another element than " .. element.name) end
    element[#element + 1], at = element_at(text, stop)
  end
end

function element_at(text, at)
  local name, rest = text:match("^<([%a_:][%w_:.-]*)()", at)
  if not name then fail(text, at, "no element") end
  local element = { name = name }
  local after
  element.attributes, after = attributes_at(text, rest, "/?>")
  if text:sub(after - 2, after - 2) == "/" then return element, after end
  return element, content_at(text, after, element)
end

-- The root of a text that is one element.
function strictxml.parse(text)
  local root, at = element_at(text, text:match("^%s*()"))
  if text:find("%S", at) then fail(text, at, "something after the end") end
  return root
end

-- Calls fn(element) for an element and all in it.
function strictxml.each(element, fn)
  fn(element)
  for _, child in ipairs(element) do
    if type(child) == "table" then strictxml.each(child, fn) end
  end
end

-- The text in an element and all in it.
function strictxml.text(element)
  local parts = {}
  for _, child in ipairs(element) do parts[#parts + 1] = type(child) == "table" and strictxml.text(child) or child end
  return table.concat(parts)
end

return strictxml
