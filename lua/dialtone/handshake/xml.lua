-- xml.lua - texts for XML and HTML, and elements with attributes. What is written is
-- UTF-8, without the characters that XML has not.

local json = require "dialtone.handshake.json"

local xml = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

-- A text that may stand in an element and in an attribute.
function xml.text(value)
  return (json.utf8(tostring(value)):gsub("[&<>\"']", ENTITIES):gsub("[%z\1-\8\11-\31\127]", "?")
    :gsub("\239\191[\190\191]", "?")) -- U+FFFE, U+FFFF
end

-- Whole numbers without a point, in each Lua; no locale's.
local function attribute(value)
  if type(value) ~= "number" then return xml.text(value) end
  return (("%.2f"):format(value):gsub("[^%d%-]", "."):gsub("%.?0+$", ""))
end

-- `attributes` is a list of name, value, name, value ...; a nil value, or false, leaves
-- the attribute out. `content` is markup already; without it the element is empty.
function xml.element(name, attributes, content)
  local parts = { "<", name }
  for i = 1, #attributes, 2 do
    local value = attributes[i + 1]
    if value ~= false then parts[#parts + 1] = (' %s="%s"'):format(attributes[i], attribute(value)) end
  end
  parts[#parts + 1] = content and (">%s</%s>"):format(content, name) or "/>"
  return table.concat(parts)
end

return xml
