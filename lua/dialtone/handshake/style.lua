-- style.lua - the colours of pictures and pages, by day and by night, as CSS. No
-- custom properties: programs that draw an SVG outside of a browser have none.

local style = {}

-- Selector, property, light, dark.
local COLOURS = {
  { ".paper", "fill", "#ffffff", "#15181d" },
  { ".words, .name", "fill", "#1f2430", "#e4e7ec" },
  { ".faint, .time", "fill", "#667085", "#98a2b3" },
  { ".number", "fill", "#98a2b3", "#667085" },
  { ".lifeline", "stroke", "#d0d5dd", "#3b424d" },
  { ".failed", "fill", "#c01f2e", "#ff8a8a" },
  { ".note", "fill", "#475467", "#c3cad5" },
  { ".note-box", "fill", "#f5f6f8", "#20252c" },
  { ".end-box", "fill", "#1f2430", "#e4e7ec" },
  { ".end", "fill", "#ffffff", "#15181d" },
  { ".cell", "stroke", "#667085", "#98a2b3" },
  { ".cell", "fill", "#ffffff", "#15181d" },
  { ".taken", "fill", "#f79009", "#f5a524" },
  { ".current .row", "fill", "#eef3fe", "#20293a" },
}

-- Of arrows, by the packet's name.
local ARROWS = {
  ["arrow"] = { "#667085", "#98a2b3" },
  ["arrow-SYN"] = { "#1f5fd6", "#7eb0ff" },
  ["arrow-FIN"] = { "#b45309", "#f5b14c" },
  ["arrow-RST"] = { "#c01f2e", "#ff8a8a" },
  ["arrow-DATA"] = { "#0f766e", "#4fd1c0" },
}

local STATES = {
  CLOSED = { "#cfd4dc", "#4a515d" }, LISTEN = { "#7a8cf0", "#8f9ef7" }, SYN_SENT = { "#f2b705", "#e7b52a" },
  SYN_RCVD = { "#f08c1a", "#f09a3e" }, ESTABLISHED = { "#22a55b", "#35bd72" }, FIN_WAIT1 = { "#b45fe0", "#c584ea" },
  FIN_WAIT2 = { "#8742c4", "#a76fdc" }, CLOSING = { "#d6469b", "#e578b8" }, TIME_WAIT = { "#1d8fb8", "#47b1d6" },
  CLOSE_WAIT = { "#e0634f", "#ee8878" }, LAST_ACK = { "#b3362b", "#d9675d" },
}

local SHAPE = [[
.handshake text{font-family:ui-monospace,monospace;font-size:12px}
.handshake .heading{font-family:sans-serif;font-size:15px;font-weight:600}
.handshake .about{font-family:sans-serif;font-size:12px}
.handshake .end{font-family:sans-serif;font-size:13px;font-weight:600}
.handshake .name{font-weight:700}
.handshake .faint,.handshake .time,.handshake .number{font-size:10.5px}
.handshake .pill{font-size:10px;font-weight:700}
.handshake .note{font-family:sans-serif;font-style:italic}
.handshake .lifeline{stroke-width:2}
.handshake .line{stroke-width:1.8;fill:none}
.handshake .cell{stroke-width:1}
.handshake .row{fill:none}
]]

local function scoped(selector)
  return (selector:gsub("%.[%w_-]+[%w_. -]*", ".handshake %0"))
end

local function sorted_names(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- The rules for light (1) or dark (2).
local function colours(which)
  local rules = {}
  local function rule(...) rules[#rules + 1] = ("%s{%s:%s}"):format(...) end
  for _, row in ipairs(COLOURS) do rule(scoped(row[1]), row[2], row[2 + which]) end
  for _, name in ipairs(sorted_names(ARROWS)) do
    rule((".handshake .%s .line"):format(name), "stroke", ARROWS[name][which])
    rule((".handshake .%s .head, .handshake .%s .name"):format(name, name), "fill", ARROWS[name][which])
  end
  for _, name in ipairs(sorted_names(STATES)) do
    rule((".handshake .state-%s"):format(name), "fill", STATES[name][which])
    rule((".badge.state-%s"):format(name), "background", STATES[name][which])
  end
  rule(".handshake .pill", "fill", which == 1 and "#ffffff" or "#0d0f12")
  rule(".handshake .pill-CLOSED", "fill", which == 1 and "#3b424d" or "#e4e7ec")
  rule(".handshake .pill-SYN_SENT", "fill", "#1f2430")
  return table.concat(rules, "\n")
end

-- The style sheet of a picture.
function style.css()
  return SHAPE .. colours(1) .. "\n@media (prefers-color-scheme: dark){\n" .. colours(2) .. "\n}\n"
end

return style
