--- Bar charts as SVG, written by hand: small panels side by side, one bar for
-- each server.  Readable on a light and on a dark page; no fonts, no scripts.
-- @module bench.chart

local chart = {}

local COLUMNS = 2
local PANEL, GAP, NAME, FIGURE = 400, 24, 130, 60 -- widths
local BAR, STEP, HEAD = 13, 18, 34 -- heights

-- The first colours do on either page, for viewers that know of no schemes.
local STYLE = [[
<style>
  text { font: 12px system-ui, sans-serif; fill: #6e7781 }
  .title { font-weight: 600; font-size: 13px }
  .ours { fill: #2f81f7 }
  .reference { fill: #6e7781 }
  .peer { fill: #a0a8b0 }
  @media (prefers-color-scheme: light) {
    text { fill: #32383f }
    .peer { fill: #afb8c1 }
  }
  @media (prefers-color-scheme: dark) {
    text { fill: #c9d1d9 }
    .peer { fill: #545d68 }
  }
</style>
]]

local function escaped(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

local function text(x, y, content, attributes)
  return ('<text x="%g" y="%g"%s>%s</text>\n'):format(x, y, attributes or "", escaped(content))
end

-- A bar that would be out of all proportion ends in a gap.
local function bar(x, y, length, longest, class)
  local shape = '<rect class="%s" x="%g" y="%g" width="%.1f" height="%d" rx="2"/>\n'
  if length <= longest + 0.01 then
    return shape:format(class, x, y, math.max(length, 1), BAR)
  end
  return shape:format(class, x, y, longest - 14, BAR)
    .. shape:format(class, x + longest - 9, y, 9, BAR)
end

local function scale(panel)
  local most = 0
  for _, entry in ipairs(panel) do most = math.max(most, entry.value) end
  return math.min(most, panel.most or most)
end

local function panel_at(panel, x, y)
  local longest = PANEL - NAME - FIGURE
  local unit = longest / math.max(scale(panel), 1e-9)
  local parts = { text(x, y + 14, panel.title, ' class="title"') }
  for i, entry in ipairs(panel) do
    local top = y + HEAD + (i - 1) * STEP - 8
    local length = entry.value * unit
    parts[#parts + 1] = text(x + NAME - 8, top + 10.5, entry.name, ' text-anchor="end"')
    parts[#parts + 1] = bar(x + NAME, top, length, longest, entry.class)
    parts[#parts + 1] = text(x + NAME + math.min(length, longest) + 6, top + 10.5,
      ("%.2f"):format(entry.value))
  end
  return table.concat(parts)
end

--- Writes a chart.
-- @string path the file
-- @string title what it shows, for those who cannot see it
-- @tparam table panels list of panels.  A panel is a list of bars, `{ name =,
-- value =, class = "ours"|"peer"|"reference" }`, with `title`, and `most`: the
-- value beyond which a bar is cut
function chart.write(path, title, panels)
  local parts, y = {}, GAP
  for first = 1, #panels, COLUMNS do
    local rows = 0
    for i = first, math.min(first + COLUMNS - 1, #panels) do
      parts[#parts + 1] = panel_at(panels[i], GAP + (i - first) * (PANEL + GAP), y)
      rows = math.max(rows, #panels[i])
    end
    y = y + HEAD + rows * STEP + GAP
  end
  local width = COLUMNS * (PANEL + GAP) + GAP
  local file = assert(io.open(path, "w"))
  file:write(('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">\n')
    :format(width, y, width, y), "<title>", escaped(title), "</title>\n", STYLE,
    table.concat(parts), "</svg>\n")
  assert(file:close())
end

return chart
