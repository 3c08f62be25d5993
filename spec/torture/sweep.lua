-- sweep.lua - what memory.lua and call.lua share: where a case is run, what may
-- come of it when something is refused, and what must be as it was afterwards.

local net = require "dialtone"
local core = require "dialtone.core"
local Case = require "spec.torture.case"

local fault = core.fault or error("the sweeps need the test build", 0)
local unpack = table.unpack or unpack -- luacheck: ignore

local Sweep = { runs = 0, complaints = 0 }

-- --- places ---------------------------------------------------------------------

local pack = table.pack or function(...) return { n = select("#", ...), ... } end

local function in_task(body, context)
  return net.scope(function() return body(unpack(context, 1, context.n)) end)
end

-- Where a task cannot yield: the wait stays on its C stack.
local function on_stack(body, context)
  local value, message, code
  in_task(function()
    string.gsub("x", ".", function()
      value, message, code = body(unpack(context, 1, context.n))
    end)
  end, { n = 0 })
  return value, message, code
end

local function plainly(body, context) return body(unpack(context, 1, context.n)) end

local places = {
  { name = "main", run = plainly },
  { name = "task", run = in_task },
  { name = "stack", run = on_stack },
}

-- Where a case can run.
function Sweep.places(case)
  local list = {}
  for _, place in ipairs(places) do
    if not case.place or case.place == place.name then list[#list + 1] = place end
  end
  return list
end

-- What was cancelled for want of anything better, ends.
function Sweep.pause()
  for _ = 1, 3 do net.step(0) end
end

-- --- one run --------------------------------------------------------------------

local function begin(place, case, context, arm, ...)
  if arm then arm(...) end
  return place.run(case.body, context)
end

-- How it ended: "good", or "failed" with message and code, "raised" with the error,
-- "wrong" with what it gave. arm(...) is called first.
function Sweep.attempt(place, case, context, ...)
  local ok, value, message, code = pcall(begin, place, case, context, ...)
  if ok and value then return "good" end
  if ok then return "failed", message, code end
  if value == Case.FAILED then return "failed", Case.failure.message, Case.failure.code end
  if value == Case.WRONG then return "wrong", tostring(Case.failure.message) end
  -- a task's failure comes with a traceback; its table is named in it
  return "raised", tostring(value)
end

function Sweep.setup(case) return pack(case.setup()) end

-- --- what is left ---------------------------------------------------------------

local function descriptors()
  local list, count = {}, 0
  for fd, target in pairs(fault.descriptors()) do
    list[fd .. " " .. target] = true
    count = count + 1
  end
  return list, count
end

local function difference(before, after)
  local list = {}
  for what in pairs(after) do
    if not before[what] then list[#list + 1] = what end
  end
  return table.concat(list, ", ")
end

local function busy()
  local list = {}
  for name, count in pairs(fault.loop()) do
    if count > 0 and name ~= "stacks" then list[#list + 1] = name .. " " .. count end
  end
  table.sort(list)
  return table.concat(list, ", ")
end

-- Turns of the loop until nothing is in hand, for `seconds` at most.
local function settle(seconds)
  local until_ = net.now() + seconds
  repeat net.step(0) until busy() == "" or net.now() > until_
end

-- Closes what the case has kept; then nothing must be left of it.
function Sweep.clean(complain)
  Case.close(complain)
  settle(2)
  local left = busy()
  if left ~= "" then complain("left in the loop: " .. left) end
  collectgarbage()
  collectgarbage()
end

function Sweep.snapshot()
  local list, count = descriptors()
  return { list = list, count = count }
end

function Sweep.compare(before, complain)
  local list, count = descriptors()
  if count > before.count then
    complain("descriptors left open: " .. difference(before.list, list))
  end
  before.list, before.count = list, count
end

-- --- complaints ---------------------------------------------------------------------

local MOST = 50 -- of them are shown

function Sweep.complain(where, text)
  Sweep.complaints = Sweep.complaints + 1
  if Sweep.complaints <= MOST then print("  " .. where .. ": " .. text) end
end

-- The closing line, and the exit status.
function Sweep.finish()
  print(("%d passed, %d failed"):format(Sweep.runs - math.min(Sweep.runs, Sweep.complaints),
    Sweep.complaints))
  if Sweep.complaints > 0 or Sweep.runs == 0 then os.exit(1, true) end
end

-- The cases that the arguments name; all, when there are none.
function Sweep.chosen(names)
  local wanted, list = {}, {}
  for _, name in ipairs(names) do wanted[name] = true end
  for _, case in ipairs(Case.list) do
    if #names == 0 or wanted[case.name] then list[#list + 1] = case end
  end
  return list
end

-- What the loop keeps once it was used: its poller, and what look-ups wake it by.
net.fileno()
net.run(net.getaddrinfo, "127.0.0.1")
net.onerror = function() end

return Sweep
