-- text.lua - a recording as text: two lifelines, the states at their sides, calls and
-- segments between them, in plain ASCII. With colours for a terminal.

local text = {}

local STATE, TIME = 11, 9 -- columns
local LEAST, USUAL, MOST = 64, 80, 160

local COLOURS = { SYN = 32, ["SYN-ACK"] = 32, FIN = 33, ["FIN-ACK"] = 33, RST = 31, ["RST-ACK"] = 31, DATA = 36,
  call = 1, state = 35, failed = 31, note = 3, time = 2 }

local function painter(colour)
  return function(kind, words)
    local code = colour and COLOURS[kind]
    return code and words:find("%S") and ("\27[%dm%s\27[0m"):format(code, words) or words
  end
end

-- --- words ----------------------------------------------------------------------------

-- A time between two steps.
function text.duration(seconds)
  local us = math.floor(seconds * 1e6 + 0.5)
  if us < 10000 then return us .. " us" end
  if us < 1e6 then return ("%.1f ms"):format(us / 1000) end
  return ("%.2f s"):format(seconds)
end

-- What a call came to, and after how long when it waited.
function text.outcome(event)
  return ("= %s"):format(event.result or "")
end

-- Whether a call came to nothing. That a stream has ended, or that a connect goes on
-- by itself, is no failure, though the call gives nil.
function text.is_failure(call)
  return call.failed ~= nil and call.failed ~= "eof" and call.failed ~= "EINPROGRESS"
end

local function acknowledgement(segment, absolute)
  if not segment.flags.ACK then return "" end
  local because = segment.acknowledges
  if absolute then return (" ack %.0f"):format(segment.ack) end
  if not because then return (" ack %.0f"):format(segment.relative_ack) end
  return (" ack %.0f=%.0f+%d"):format(segment.relative_ack, because.relative_seq, because.occupies)
end

-- A segment, or another packet, in a line.
function text.packet(found, absolute)
  if found.protocol ~= "TCP" then
    local words = found.name
    if found.identifier then words = ("%s id %d"):format(words, found.identifier) end
    return found.length and ("%s, %d bytes"):format(words, found.length) or words
  end
  local words = found.name .. (" seq %.0f"):format(absolute and found.seq or found.relative_seq)
    .. acknowledgement(found, absolute)
  if found.length > 0 then words = words .. (", %d bytes"):format(found.length) end
  if found.again then words = words .. ", again" end
  return found.from == found.to and words .. " to itself" or words
end

local DETAILS = {
  mss = function(value) return "mss " .. value end,
  wscale = function(value) return "wscale " .. value end,
  sack_permitted = function() return "sack" end,
  timestamp = function() return "ts" end,
  fastopen = function() return "fastopen" end,
}

-- The window, and what else a SYN proposes.
function text.details(found)
  if found.protocol ~= "TCP" then return found.about and "about what was sent to " ..
    tostring(found.about.destination_host) or nil end
  local parts = { ("win %.0f"):format(found.window) }
  for _, name in ipairs(found.flags.SYN and found.options.order or {}) do
    local detail = DETAILS[name]
    if detail then parts[#parts + 1] = detail(found.options[name]) end
  end
  return table.concat(parts, " ")
end

-- Backlog n lets n+1 in (Linux: the queue is full when there are more than n).
function text.gauge(length, limit)
  local cells = limit + 1
  if cells > text.MOST_CELLS then return ("queue: %d of %d"):format(length, cells) end
  return ("queue [%s%s] %d of %d"):format(("#"):rep(length), ("."):rep(cells - length), length, cells)
end
text.MOST_CELLS = 16

local WORDS = {
  packet = text.packet,
  call = function(step) return step.waited and step.text .. " ..." or step.text .. " " .. text.outcome(step) end,
  ["return"] = function(step)
    return ("%s %s after %s"):format(step.of.call, text.outcome(step.of), text.duration(step.of.took))
  end,
  queue = function(step) return text.gauge(step.length, step.limit) end,
  note = function(step) return step.text end,
  state = function(step) return ("the kernel: %s is %s"):format(step.side, step.state) end,
}

-- A step in a line.
function text.words(step, absolute)
  return WORDS[step.kind](step, absolute)
end

-- --- what steps tell of ----------------------------------------------------------------

-- The states that a step tells of, by side. Of several connections a call may be of
-- any, so it tells of none then; but a listener is one.
function text.states(step, several)
  if step.states then return step.states end
  if step.kind == "state" then return { [step.side] = step.state } end
  local call = step.of or step
  local is_told = not several and call.state ~= "LISTEN" or call.call == "listen"
  if not is_told or call == step and step.waited then return {} end
  return { [call.side or "client"] = call.state }
end

-- Seconds since the step before, which was at `last`, without what recording took;
-- nil for the first; and when this was. A saved SYN has no time, and what the
-- recording itself did is not of interest.
function text.since(step, last)
  if not step.time or step.saved or step.kind == "queue" or step.kind == "note" or step.kind == "state" then
    return nil, last
  end
  return last and math.max(0, step.time - last - (step.overhead or 0)), step.time
end

-- --- lines ------------------------------------------------------------------------------

local function pad(words, width, right)
  local room = width - #words
  if room <= 0 then return words:sub(1, width) end
  return right and (" "):rep(room) .. words or words .. (" "):rep(room)
end

-- Cut at spaces, into lines of at most `width`.
function text.wrapped(words, width)
  local lines, line = {}, ""
  for word in words:gmatch("%S+") do
    if line ~= "" and #line + 1 + #word > width then
      lines[#lines + 1], line = line, word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return lines
end
local wrapped = text.wrapped

local Drawing = {}
Drawing.__index = Drawing

-- One line: time, the left state, what lies between the lifelines, the right state.
function Drawing:line(time, inner, kind, right_aligned)
  local states = self.pending
  self.pending = {}
  self.lines[#self.lines + 1] = ("%s %s |%s| %s"):format(self.paint("time", pad(time or "", TIME, true)),
    self.paint("state", pad(states.client or "", STATE, true)),
    self.paint(kind, pad(inner, self.inner, right_aligned)),
    self.paint("state", states.server or "")):gsub("%s+$", "")
end

function Drawing:elapsed(step)
  if not step.time or step.saved then return step.saved and "saved" or "" end
  local since
  since, self.last = text.since(step, self.last)
  return since and "+" .. text.duration(since) or "0 us"
end

-- A state is written where it changes.
function Drawing:follow(step)
  for side, state in pairs(text.states(step, self.several)) do
    if self.states[side] ~= state then self.states[side], self.pending[side] = state, state end
  end
end

local function arrow(label, width, to_right)
  label = label == "" and "-" or " " .. label .. " "
  local room = width - #label - 2
  if room < 2 then return nil end
  local left = math.floor(room / 2)
  local body = table.concat { ("-"):rep(left), label, ("-"):rep(room - left) }
  return to_right and " " .. body .. ">" or "<" .. body .. " "
end

local draw = {}

function draw.packet(self, step)
  local label = text.packet(step, self.absolute)
  if self.several and step.connection then label = ("#%d "):format(step.connection) .. label end
  self:follow(step)
  local to_right = step.side ~= "server"
  local drawn = arrow(label, self.inner, to_right)
  local elapsed = self:elapsed(step)
  if not drawn then
    self:line(nil, " " .. label, step.name)
    drawn = arrow("", self.inner, to_right)
  end
  self:line(elapsed, drawn, step.name)
  local details = (not step.flags or step.flags.SYN or self.verbose) and text.details(step)
  for _, line in ipairs(details and wrapped(details, self.inner - 4) or {}) do
    self:line(nil, "   " .. line)
  end
end

local function said(self, step, words)
  if self.names[step.side] > 1 then words = step.name .. ": " .. words end
  return words
end

local function put_words(self, step, words, kind)
  local lines = wrapped(words, self.inner - 4)
  for i, line in ipairs(lines) do
    local time, indent = nil, "   "
    if i == 1 then time, indent = self:elapsed(step), " " end
    self:line(time, indent .. line .. " ", kind, step.side == "server")
  end
end

function draw.call(self, step)
  self:follow(step)
  local has_failed = text.is_failure(step) and not step.waited
  put_words(self, step, said(self, step, text.words(step)), has_failed and "failed" or "call")
end

draw["return"] = function(self, step)
  self:follow(step)
  put_words(self, step, said(self, step, text.words(step)), text.is_failure(step.of) and "failed" or "call")
end

function draw.queue(self, step)
  self:line(nil, " " .. text.words(step) .. " ", nil, true)
end

-- What the kernel says, and no segment tells: of both sides in one line.
function draw.state(self, step, following)
  self:follow(step)
  if following and following.kind == "state" and not self.pending[following.side] then return end
  if next(self.pending) then self:line(nil, "") end
end

function draw.note(self, step)
  for _, line in ipairs(wrapped(step.text, self.width - 4)) do
    self.lines[#self.lines + 1] = self.paint("note", "  * " .. line)
  end
end

-- Who is on the right: the server, unless all there is connects to itself.
function text.right_end(recording)
  local count = 0
  for _, connection in ipairs(recording.connections) do
    if not connection.itself then return "server" end
    count = count + 1
  end
  return count > 0 and "itself" or "server"
end

-- How many names there are on each side: with several, each call says whose it is.
function text.count_names(steps)
  local seen, counts = {}, { client = 0, server = 0 }
  for _, step in ipairs(steps) do
    if step.name and step.kind == "call" and not seen[step.name] then
      seen[step.name] = true
      counts[step.side] = counts[step.side] + 1
    end
  end
  return counts
end

local function heading(self, recording)
  for _, line in ipairs(wrapped(recording.about, self.width)) do self.lines[#self.lines + 1] = line end
  self.lines[#self.lines + 1] = ""
  self.pending = { client = "client", server = text.right_end(recording) }
  self:line("", "")
end

-- A recording as lines of text. Options: `width` in columns, `colour`, `absolute`
-- (sequence numbers as they are in the packets), `verbose` (each segment's window).
function text.draw(recording, options)
  options = options or {}
  local width = math.max(LEAST, math.min(MOST, options.width or USUAL))
  local self = setmetatable({ lines = {}, pending = {}, states = {}, width = width,
    inner = width - TIME - 2 * STATE - 5, paint = painter(options.colour), absolute = options.absolute,
    verbose = options.verbose, several = #recording.connections > 1,
    names = text.count_names(recording.steps) }, Drawing)
  heading(self, recording)
  for i, step in ipairs(recording.steps) do draw[step.kind](self, step, recording.steps[i + 1]) end
  return table.concat(self.lines, "\n") .. "\n"
end

return text
