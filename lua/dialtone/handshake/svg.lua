-- svg.lua - a recording as an SVG picture: two lifelines, coloured as the states of
-- their ends, arrows for packets, the system calls beside them. It stands alone: no
-- script, no font, nothing that is elsewhere.
--
-- Each step is a group with its number (data-step), so a page can show them one after
-- the other. Rows are as high as what stands in them; a longer time is a larger gap,
-- but not to scale: between packets are microseconds, and at the end milliseconds.

local scene = require "dialtone.handshake.scene"
local style = require "dialtone.handshake.style"
local text = require "dialtone.handshake.text"
local xml = require "dialtone.handshake.xml"
local element, escape = xml.element, xml.text

local svg = {}

-- Widths of a character in pixels, of the three sizes of type.
local WIDE, SMALL, TINY = 7.25, 6.35, 6.1
local SLANT, LINE, SMALL_LINE = 16, 16, 14

-- A lane is the bar of a connection at each side: so wide, but all of them no wider
-- than BARS while there is room for a bar in them. Of more than MOST_LANES the others
-- have their words alone, and the picture says so.
local LANE, LEAST_LANE, BARS, MOST_LANES = 8, 3, 72, 32

-- `left` and `right` are the inner edges of the lifelines. Calls stand outside of
-- them (`calls`: columns of text), or between; `stacked`: and the states do, too.
local LAYOUTS = {
  { width = 1320, left = 484, right = 840, time = 64, calls = 39, pills = 102, bar = 12 },
  { width = 720, left = 190, right = 600, time = 70, pills = 100, bar = 12 },
  { width = 420, left = 24, right = 396, bar = 10, stacked = true },
}

local Drawing = {}
Drawing.__index = Drawing

-- --- pieces ------------------------------------------------------------------------------

local function add(self, markup)
  self.out[#self.out + 1] = markup
end

-- A line of text. What would be longer than `room` pixels is pressed together.
local function put(self, class, x, y, words, anchor, char, room, more)
  local too_long = room and #words * (char or WIDE) > room and room
  local attributes = { "class", class, "x", x, "y", y, "text-anchor", anchor or false,
    "textLength", too_long or false, "lengthAdjust", too_long and "spacingAndGlyphs" or false }
  for _, value in ipairs(more or {}) do attributes[#attributes + 1] = value end
  add(self, element("text", attributes, escape(words)))
end

local function class_of(state)
  return (state:gsub("[^%w_]", ""))
end

local function rectangle(self, class, x, y, width, height, radius)
  add(self, element("rect", { "class", class, "x", x, "y", y, "width", width, "height", height,
    "rx", radius or false }))
end

-- A state's name in its colour; `x` is the edge that is at the lifeline.
local function put_pill(self, change, x, y, side)
  local words = self.scene.several and change.lane > 0 and ("#%d %s"):format(change.lane, change.state) or change.state
  local width = #words * TINY + 12
  local left = (side == "client") == not self.layout.stacked and x - width or x
  rectangle(self, "state-" .. class_of(change.state), left, y - 8, width, 16, 8)
  put(self, "pill pill-" .. class_of(change.state), left + width / 2, y + 3.5, words, "middle")
end

-- The edge of the lifelines' bars that is away from the middle.
local function outer(self, side)
  local width = self.lanes > 1 and self.lanes * self.layout.lane or self.layout.bar
  return side == "client" and self.layout.left - width or self.layout.right + width
end

local function lane_x(self, side, lane)
  local width = self.lanes > 1 and self.layout.lane - 1 or self.layout.bar
  local offset = (lane - 1) * (width + 1)
  return side == "client" and self.layout.left - width - offset or self.layout.right + offset, width
end

-- The part of the lifelines beside a row; `marks` says at what height a side changes.
local function put_bars(self, frame, top, bottom, marks)
  local changed = {}
  for _, change in ipairs(frame.changes) do changed[change.lane .. change.side] = change end
  for lane = 1, self.lanes do
    for _, side in ipairs { "client", "server" } do
      local x, width = lane_x(self, side, lane)
      local state, from = frame.states[lane] and frame.states[lane][side], top - 1 -- no seam between two
      local change = changed[lane .. side]
      if change then
        from = math.floor(marks[side])
        if change.before then
          rectangle(self, "state-" .. class_of(change.before), x, top - 1, width, from - top + 1)
        end
      end
      if state then rectangle(self, "state-" .. class_of(state), x, from, width, bottom - from) end
    end
  end
end

-- Of a stacked layout: what stands above a row. Returns how high that is.
local function put_head(self, frame, y)
  local is_empty = #frame.changes == 0 and frame.elapsed == ""
  if not self.layout.stacked or is_empty then return 0 end
  put(self, "time", self.layout.width / 2, y + 14, frame.elapsed, "middle")
  for i, change in ipairs(frame.changes) do
    local inward = change.side == "client" and 6 or -6
    if i <= 2 then put_pill(self, change, (change.side == "client" and self.layout.left or self.layout.right) + inward,
      y + 11, change.side) end
  end
  return 20
end

local function put_states(self, frame, marks)
  if self.layout.stacked then return end
  for _, change in ipairs(frame.changes) do
    put_pill(self, change, outer(self, change.side) + (change.side == "client" and -6 or 6), marks[change.side],
      change.side)
  end
end

local function put_time(self, frame, y)
  if not self.layout.stacked then put(self, "time", self.layout.time, y, frame.elapsed, "end") end
end

-- --- steps -------------------------------------------------------------------------------

local FLAGS = { "SYN", "FIN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" }

-- The flags, the window, and what a SYN proposes.
local function small_words(step)
  local parts = {}
  for _, name in ipairs(FLAGS) do
    if step.flags and step.flags[name] then parts[#parts + 1] = name end
  end
  local flags = #parts > 0 and "[" .. table.concat(parts, " ") .. "] " or ""
  return flags .. (text.details(step) or "")
end

-- The label of an arrow: its first word is the packet's name.
local function put_label(self, frame, class, absolute, x, y, turn)
  local words = scene.words(self.scene, frame.step, absolute)
  local room = self.layout.right - self.layout.left - 28
  local number, rest = words:match("^(#%d+ )(.*)$")
  rest = rest or words
  local name = frame.step.name
  if rest:sub(1, #name) ~= name then name = "" end
  local too_long = #words * WIDE > room and room
  add(self, element("text", { "class", "words " .. class, "x", x, "y", y, "text-anchor", "middle", "transform", turn,
    "textLength", too_long or false, "lengthAdjust", too_long and "spacingAndGlyphs" or false },
    escape(number or "") .. element("tspan", { "class", "name" }, escape(name)) .. escape(rest:sub(#name + 1))))
end

local function put_labels(self, frame, x, y, turn)
  local both = self.both and frame.step.protocol == "TCP"
  if both or not self.absolute then put_label(self, frame, both and "relative" or "", false, x, y, turn) end
  if both or self.absolute then put_label(self, frame, both and "absolute" or "", true, x, y, turn) end
end

local function put_arrow(self, from, to, y)
  local sign = to > from and 1 or -1
  add(self, element("line", { "class", "line", "x1", from, "y1", y, "x2", to - sign * 6, "y2",
    y + SLANT * (1 - 6 / math.abs(to - from)), "pathLength", 100 }))
  add(self, element("path", { "class", "head", "d", ("M%d %dl%d -5.5l1 11z"):format(to, y + SLANT, -sign * 11) }))
end

local KINDS = { SYN = "SYN", ["SYN-ACK"] = "SYN", FIN = "FIN", ["FIN-ACK"] = "FIN", RST = "RST", ["RST-ACK"] = "RST",
  DATA = "DATA" }

local function class_of_call(call)
  return text.is_failure(call) and "failed" or "words"
end

local draw = {}

function draw.packet(self, frame, top)
  local layout, step = self.layout, frame.step
  local to_right = step.side ~= "server"
  local from = to_right and layout.left + 2 or layout.right - 2
  local to = to_right and layout.right - 2 or layout.left + 2
  local y, middle = top + 20, (from + to) / 2
  local angle = math.deg(math.atan(SLANT / (to - from)))
  local turn = ("rotate(%.2f %d %d)"):format(angle, middle, y + SLANT / 2):gsub(",", ".")
  put_time(self, frame, y + 4)
  put_arrow(self, from, to, y)
  put_labels(self, frame, middle, y + SLANT / 2 - 6, turn)
  local lines = text.wrapped(small_words(step), math.floor((layout.right - layout.left - 30) / SMALL))
  for i, line in ipairs(lines) do
    put(self, "faint", middle, y + SLANT / 2 + 1 + i * SMALL_LINE, line, "middle", SMALL,
      layout.right - layout.left - 30, { "transform", turn })
  end
  local marks = { client = to_right and y or y + SLANT, server = to_right and y + SLANT or y }
  return 20 + SLANT + 6 + SMALL_LINE * #lines, marks
end

-- Lines beside the lifeline of their side, inside or outside of it.
local function put_call(self, frame, top, class)
  local layout, step = self.layout, frame.step
  local is_client = step.side ~= "server"
  local beside = layout.calls
  local columns = beside or math.floor((layout.right - layout.left - 20) / WIDE)
  local x = is_client and layout.left + 10 or layout.right - 10
  if beside then
    x = outer(self, is_client and "client" or "server") + (is_client and -layout.pills - 4 or layout.pills + 4)
  end
  local anchor = (is_client == not beside) and "start" or "end"
  local lines = text.wrapped(scene.words(self.scene, step), columns)
  for i, line in ipairs(lines) do
    put(self, class, x, top + 5 + i * LINE - 4, line, anchor, WIDE, columns * WIDE)
  end
  put_time(self, frame, top + 5 + LINE - 4)
  return 8 + LINE * #lines, { client = top + 13, server = top + 13 }
end

function draw.call(self, frame, top)
  return put_call(self, frame, top, frame.step.waited and "words" or class_of_call(frame.step))
end

draw["return"] = function(self, frame, top)
  return put_call(self, frame, top, class_of_call(frame.step.of))
end

-- The listener's queue: a box for each that it may hold, at the server's side.
function draw.queue(self, frame, top)
  local step, layout = frame.step, self.layout
  local cells = step.limit + 1
  local words = ("queue %d of %d"):format(step.length, cells)
  local shown = cells <= text.MOST_CELLS and cells or 0
  local right = layout.calls and outer(self, "server") + layout.pills + 4 + #words * SMALL + 10 + shown * 11
    or layout.right - 10
  for cell = 1, shown do
    rectangle(self, cell <= step.length and "cell taken" or "cell", right - (shown - cell + 1) * 11, top + 6, 9, 11, 2)
  end
  put(self, "faint", right - shown * 11 - 8, top + 15, words, "end")
  return 24, { client = top + 12, server = top + 12 }
end

function draw.note(self, frame, top)
  local layout = self.layout
  local left = layout.stacked and layout.left + 10 or layout.left + 14
  local width = layout.right - layout.left - 2 * (left - layout.left)
  local lines = text.wrapped(text.words(frame.step), math.floor((width - 16) / 6.4))
  rectangle(self, "note-box", left, top + 4, width, #lines * LINE + 8, 5)
  for i, line in ipairs(lines) do put(self, "note", layout.left + (layout.right - layout.left) / 2, top + 4 + i * LINE,
    line, "middle", 6.4, width - 12) end
  return #lines * LINE + 18, { client = top, server = top }
end

draw.state = draw.note -- what the kernel says, and no segment tells

-- --- all of it ------------------------------------------------------------------------------

-- More room before what comes later: 12 pixels for each tenfold of 100 us.
local function gap_of(frame)
  local since = frame.since or 0
  return since > 1e-4 and math.min(48, math.floor(12 * math.log(since / 1e-4) / math.log(10))) or 0
end

local function kind_of(step)
  if step.kind ~= "packet" then return step.kind end
  return KINDS[step.name] and "arrow arrow-" .. KINDS[step.name] or "arrow"
end

local function put_step(self, frame)
  local step, top = frame.step, self.y
  local outside = self.out
  self.out = {}
  local inner_top = top + gap_of(frame)
  inner_top = inner_top + put_head(self, frame, inner_top)
  local height, marks = draw[step.kind](self, frame, inner_top)
  local content = self.out
  self.out = {}
  self.y = inner_top + height
  local of_lane = frame.states[step.connection and self.scene.several and step.connection or 1] or {}
  if self.both then rectangle(self, "row", 0, top, self.layout.width, self.y - top) end
  put_bars(self, frame, top, self.y, marks)
  put_states(self, frame, marks)
  outside[#outside + 1] = element("g", { "class", "step " .. kind_of(step), "data-step", frame.number,
    "data-key", self.both and frame.key or false, "data-client", of_lane.client or false,
    "data-server", of_lane.server or false },
    element("title", {}, escape(scene.words(self.scene, step))) .. table.concat(self.out) .. table.concat(content))
  self.out = outside
end

local function end_label(self, recording, side)
  local one = recording.connections[1]
  local name = side == "server" and text.right_end(recording) or side
  return name, not self.scene.several and one and one[side] or nil
end

-- The names of both ends above their lifelines.
local function put_ends(self, recording)
  local layout = self.layout
  for _, side in ipairs { "client", "server" } do
    local name, address = end_label(self, recording, side)
    local is_client = side == "client"
    local x = layout.stacked and (is_client and layout.left - 16 or layout.right - 54)
      or (is_client and layout.left + 8 or layout.right - 78) - (is_client and 48 or -48)
    rectangle(self, "end-box", x, self.y, 70, 24, 6)
    put(self, "end", x + 35, self.y + 16.5, name, "middle")
    if address then
      put(self, "faint", layout.stacked and (is_client and x or x + 70) or x + 35, self.y + 38, address,
        layout.stacked and (is_client and "start" or "end") or "middle")
    end
  end
  self.y = self.y + 48
  if self.lanes < self.scene.lanes then
    put(self, "faint", layout.left + (layout.right - layout.left) / 2, self.y - 10,
      ("bars: the first %d of %d connections"):format(self.lanes, self.scene.lanes), "middle")
  end
end

local function put_heading(self, recording, title)
  local lines = text.wrapped(recording.about, math.floor((self.layout.width - 40) / 6.4))
  self.y = 30
  put(self, "heading words", 20, self.y, title, nil, 8.5, self.layout.width - 40)
  for _, line in ipairs(lines) do
    self.y = self.y + 17
    put(self, "about faint", 20, self.y, line, nil, 6.4, self.layout.width - 40)
  end
  self.y = self.y + 20
end

-- Behind the steps: the paper, and thin lines where nothing is known of the state.
local function frame_of(self, from)
  local lines = {}
  for _, side in ipairs { "client", "server" } do
    local x, width = lane_x(self, side, 1)
    lines[#lines + 1] = element("line", { "class", "lifeline", "x1", x + width / 2, "y1", from, "x2", x + width / 2,
      "y2", self.y + 10 })
  end
  return element("rect", { "class", "paper", "width", self.layout.width, "height", self.y + 24 })
    .. element("g", { "class", "frame" }, table.concat(lines))
end

local function description(self, recording)
  local lines = { recording.about .. "." }
  for _, frame in ipairs(self.scene.frames) do
    local step = frame.step
    local arrow = step.kind == "packet" and (step.side == "server" and "server to client: " or "client to server: ")
    local whose = arrow or step.kind ~= "note" and (step.side or "client") .. ": " or ""
    lines[#lines + 1] = ("%d. %s%s."):format(frame.number, whose, scene.words(self.scene, step))
  end
  return table.concat(lines, "\n")
end

local function layout_for(width)
  for _, layout in ipairs(LAYOUTS) do
    if layout.width <= (width or math.huge) then return layout end
  end
  return LAYOUTS[#LAYOUTS]
end

-- The same with room for the bars of several connections, and for their numbers.
local function spread(layout, lanes, count)
  if lanes == 1 then return layout end
  local number = layout.stacked and 0 or 8 + math.ceil(TINY * #("#" .. count))
  local lane = math.max(LEAST_LANE, math.min(LANE, math.floor(BARS / lanes)))
  local more = lanes * lane - layout.bar + number
  return { width = layout.width + 2 * more, left = layout.left + more, right = layout.right + more, time = layout.time,
    calls = layout.calls, pills = layout.pills and layout.pills + number, bar = layout.bar, lane = lane,
    stacked = layout.stacked }
end

-- A recording as a picture. Options: `width` (pixels that there are), `absolute`,
-- `title`. For a page (`page` is a name that no other picture in it has): without a
-- style sheet of its own and its heading, and with both kinds of numbers.
function svg.draw(recording, options)
  options = options or {}
  local picture = scene.of(recording)
  local lanes = math.min(picture.lanes, MOST_LANES)
  local self = setmetatable({ out = {}, scene = picture, y = 20,
    layout = spread(layout_for(options.width), lanes, picture.lanes), lanes = lanes,
    absolute = options.absolute, both = options.page }, Drawing)
  local title = options.title or scene.title(recording) .. ", recorded"
  if not options.page then put_heading(self, recording, title) end
  put_ends(self, recording)
  local from = self.y - 4
  for _, frame in ipairs(picture.frames) do put_step(self, frame) end
  local id = options.page or "handshake"
  return element("svg", { "xmlns", "http://www.w3.org/2000/svg", "class", "handshake", "role", "img",
    "aria-labelledby", id .. "-title " .. id .. "-desc", "viewBox",
    ("0 0 %d %d"):format(self.layout.width, math.ceil(self.y + 24)),
    "width", self.layout.width, "height", self.y + 24 },
    element("title", { "id", id .. "-title" }, escape(title))
    .. element("desc", { "id", id .. "-desc" }, escape(description(self, recording)))
    .. (options.page and "" or element("style", {}, style.css()))
    .. frame_of(self, from) .. table.concat(self.out)) .. "\n"
end

return svg
