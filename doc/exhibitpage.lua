-- exhibitpage.lua - doc/handshakes.md: the exhibits of examples/handshake, each with its
-- question, its answer and what it printed when the page was made.

local exhibitpage = {}

local NAMES = { "01_open_and_close", "02_before_accept", "03_queue", "04_no_answer", "05_third_segment_lost",
  "06_nonblocking", "07_own_port", "08_other_ends", "09_families", "10_udp", "11_icmp" }

local HEAD = [[
# Handshakes

Eleven questions about connections, each answered by a script of at most 40 lines in
[examples/handshake](../examples/handshake) and by what was on the wire when it ran. `lua
01_open_and_close.lua` and so on run them; no privilege is needed where a private network may be made (see
[the manual](manual.md)). Ports, times and sequence numbers are others each time; `doc/build exhibits` in a
checkout runs them again.

How to read the pictures: the client's lifeline is on the left, the server's on the right, states at their
sides where they change. A call stands beside the lifeline of who made it; `...` means that packets went
before it returned. `ack 2=1+1` acknowledges all up to number 2: a segment that began with 1 and counts as 1
(a SYN and a FIN count as one byte). Times are the distance from the step before; the recording's own work is
taken out. The queue is the listener's: who stands in it is connected, but not accepted.
]]

-- The comment at the head of a script: the question, and what follows.
local function comment_of(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    local words = line:match("^%-%- ?(.*)$")
    if not words then break end
    lines[#lines + 1] = words
  end
  local whole = table.concat(lines, "\n") .. "\n"
  local question, answer = whole:match("^(.-)\n\n(.*)$")
  return question:gsub("\n", " "), (answer:gsub("([^\n])\n([^\n])", "%1 %2"))
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- What it prints: the recordings' pictures, one after the other.
local function output_of(path)
  local printed = {}
  local environment = setmetatable({ print = function(words) printed[#printed + 1] = tostring(words) end },
    { __index = _G })
  local chunk = assert(loadfile(path, "t", environment))
  chunk()
  return table.concat(printed, "\n")
end

-- The list of the exhibits: { name =, question =, answer = } each.
function exhibitpage.list(root)
  local list = {}
  for i, name in ipairs(NAMES) do
    local question, answer = comment_of(read(root .. "/examples/handshake/" .. name .. ".lua"))
    list[i] = { name = name, question = question, answer = answer }
  end
  return list
end

-- The page; needs Lua 5.2 or newer, and a place where packets may be captured.
-- `output` gives what a script prints, and runs it when there is none.
function exhibitpage.generate(root, output)
  output = output or output_of
  local parts = { HEAD }
  for i, exhibit in ipairs(exhibitpage.list(root)) do
    local path = "examples/handshake/" .. exhibit.name .. ".lua"
    parts[#parts + 1] = ("## %d. %s\n\n%s\n[%s](../%s) printed:\n\n```\n%s```\n"):format(i, exhibit.question,
      exhibit.answer, exhibit.name .. ".lua", path, output(root .. "/" .. path))
  end
  return table.concat(parts, "\n")
end

return exhibitpage
