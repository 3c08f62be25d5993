-- scene.lua - what holds at each step of a recording: the states of both ends, the
-- queue, the time that has passed. Pictures and pages are made of this.

local text = require "dialtone.handshake.text"

local scene = {}

local SIDES = { "client", "server" }

local function copy_of(states)
  local copy = {}
  for lane, pair in pairs(states) do copy[lane] = { client = pair.client, server = pair.server } end
  return copy
end

-- The states that change with this step, as a list of { lane, side, state, before }.
-- A lane is a connection; lane 0 is of none: a listener's, when there are several.
local function follow(states, step, several)
  local lane = several and (step.connection or 0) or 1
  local told, changes = text.states(step, several), {}
  states[lane] = states[lane] or {}
  for _, side in ipairs(SIDES) do
    local before = states[lane][side]
    if told[side] and told[side] ~= before then
      states[lane][side] = told[side]
      changes[#changes + 1] = { lane = lane, side = side, state = told[side], before = before }
    end
  end
  return changes
end

local function elapsed_of(step, since, is_first)
  if step.saved then return "saved" end
  if since then return "+" .. text.duration(since) end
  return is_first and "0 us" or ""
end

-- By what a step is known again in a later recording of the same, which may have others
-- before it.
local function key_of(step)
  return step.time and ("%s %s %.0f"):format(step.kind, step.side or "", step.time * 1e9)
end

-- A frame for each step: `number`, `key`, `step`, `since` (seconds) and `elapsed` (in words),
-- `changes`, `states` (by lane) after it, `queue`; and how many `lanes` there are, and
-- whether they are `several`.
function scene.of(recording)
  local frames, states, queue, last = {}, {}, nil, nil
  local several = #recording.connections > 1
  for number, step in ipairs(recording.steps) do
    local frame, before = { number = number, key = key_of(step), step = step }, last
    frame.since, last = text.since(step, last)
    frame.elapsed = elapsed_of(step, frame.since, not before and last)
    if step.kind == "queue" then queue = { length = step.length, limit = step.limit } end
    frame.changes = follow(states, step, several)
    frame.states, frame.queue = copy_of(states), queue
    frames[number] = frame
  end
  return { frames = frames, several = several, lanes = several and #recording.connections or 1,
    names = text.count_names(recording.steps) }
end

-- What a recording is of, for a title.
function scene.title(recording)
  local count = #recording.connections
  return count == 0 and "Calls and packets" or count == 1 and "A TCP connection" or "TCP connections"
end

-- What a step says, with whose it is where several on a side speak, or connections do.
function scene.words(picture, step, absolute)
  local words = text.words(step, absolute)
  if step.kind == "packet" then
    return picture.several and step.connection and ("#%d "):format(step.connection) .. words or words
  end
  if step.name and (picture.names[step.side] or 0) > 1 then return step.name .. ": " .. words end
  return words
end

return scene
