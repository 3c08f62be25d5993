-- details.lua - all that is known of a step, as rows of a name and a value, and these
-- as a section of a page. A value that is a number of a sequence has two forms.

local scene = require "dialtone.handshake.scene"
local text = require "dialtone.handshake.text"
local xml = require "dialtone.handshake.xml"
local element, escape = xml.element, xml.text

local details = {}

local function add(rows, name, value, absolute)
  if value ~= nil and value ~= "" then rows[#rows + 1] = { name = name, value = value, absolute = absolute } end
end

local function bytes(count)
  return ("%.0f byte%s"):format(count, count == 1 and "" or "s")
end

-- What an option of TCP is called by who reads of it, and what its value means.
local OPTIONS = {
  mss = { "maximum segment size", bytes },
  wscale = { "window scale", function(value) return ("%d: times %.0f"):format(value, 2 ^ value) end },
  sack_permitted = { "selective acknowledgements", function() return "permitted" end },
  sack = { "selective acknowledgement", function() return "yes" end },
  timestamp = { "timestamp", function(value) return ("%.0f"):format(value) end },
  fastopen = { "fast open", function() return "yes" end },
}

local FLAGS = { "SYN", "FIN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" }

local function add_numbers(rows, step)
  add(rows, "sequence number", ("%.0f"):format(step.relative_seq), ("%.0f"):format(step.seq))
  if not step.flags.ACK then return end
  local because = step.acknowledges
  local relative = ("%.0f"):format(step.relative_ack)
  if because then relative = ("%s = %.0f + %.0f"):format(relative, because.relative_seq, because.occupies) end
  add(rows, "acknowledgement", relative, ("%.0f"):format(step.ack))
end

local function add_segment(rows, step)
  local set = {}
  for _, name in ipairs(FLAGS) do
    if step.flags[name] then set[#set + 1] = name end
  end
  add(rows, "flags", table.concat(set, " "))
  add_numbers(rows, step)
  add(rows, "data", bytes(step.length))
  add(rows, "occupies", step.occupies and step.occupies > 0 and ("%.0f of the sequence"):format(step.occupies))
  add(rows, "sent", step.again and "again")
  add(rows, "window", bytes(step.window))
  for _, name in ipairs(step.options.order or {}) do
    local option = OPTIONS[name]
    if option then add(rows, option[1], option[2](step.options[name])) end
  end
end

local function add_call(rows, call, is_over)
  add(rows, "call", call.text)
  add(rows, "result", is_over and (call.result or "") or call.took and "comes later" or "not yet")
  add(rows, "error", is_over and call.failed or nil)
  add(rows, "took", is_over and call.took and text.duration(call.took) or nil)
end

local fill = {}

function fill.packet(rows, step)
  add(rows, "from", step.from)
  add(rows, "to", step.to)
  if step.protocol == "TCP" then add_segment(rows, step) else
    add(rows, "identifier", step.identifier)
    add(rows, "sequence number", step.sequence)
    add(rows, "data", step.length and bytes(step.length))
    add(rows, "about what was sent to", step.about and tostring(step.about.destination_host))
  end
  add(rows, "packet", step.size and ("%s with its headers"):format(bytes(step.size)))
  add(rows, "time to live", step.ttl)
end

function fill.call(rows, step) add_call(rows, step, not step.waited) end

fill["return"] = function(rows, step) add_call(rows, step.of, true) end

function fill.queue(rows, step)
  add(rows, "listener", step.address)
  add(rows, "waiting", step.length)
  add(rows, "room for", step.limit + 1)
end

function fill.note() end

fill.state = fill.note

-- The rows of a frame (scene.lua).
function details.rows(frame)
  local rows = {}
  local since = frame.step.time and not frame.step.saved and ("%.6f s since the beginning"):format(frame.step.time)
  add(rows, "when", frame.elapsed ~= "" and since and frame.elapsed .. ", " .. since or since or frame.elapsed)
  fill[frame.step.kind](rows, frame.step)
  return rows
end

local function value_of(row)
  if not row.absolute then return escape(row.value) end
  return element("span", { "class", "relative" }, escape(row.value))
    .. element("span", { "class", "absolute" }, escape(row.absolute))
end

local function badge(side, state)
  return ('<div class="end-state"><span class="side">%s</span> <b class="badge state-%s" data-side="%s">%s</b></div>')
    :format(side, state and state:gsub("[^%w_]", "") or "none", side, escape(state or "-"))
end

-- A frame as a section: its words, the states of both ends, the queue, the rows.
function details.section(picture, frame)
  local step = frame.step
  local lane = frame.states[picture.several and step.connection or 1] or {}
  local rows = {}
  for i, row in ipairs(details.rows(frame)) do
    rows[i] = element("dt", {}, escape(row.name)) .. element("dd", {}, value_of(row))
  end
  local words = escape(scene.words(picture, step))
  if step.kind == "packet" and step.protocol == "TCP" then
    words = element("span", { "class", "relative" }, words)
      .. element("span", { "class", "absolute" }, escape(scene.words(picture, step, true)))
  end
  local queue = frame.queue and element("p", { "class", "gauge" },
    escape(text.gauge(frame.queue.length, frame.queue.limit))) or ""
  return element("section", { "class", "detail", "data-step", frame.number,
    "data-key", frame.key or false, "data-since", ("%.9f"):format(frame.since or 0):gsub(",", ".") .. "" },
    element("h2", {}, ('<span class="count">%d</span> '):format(frame.number) .. words)
    .. '<div class="states">' .. badge("client", lane.client) .. badge("server", lane.server) .. "</div>"
    .. queue .. element("dl", {}, table.concat(rows))) .. "\n"
end

return details
