-- memory.lua - memory ends at every allocation of every case, once and for ever: in
-- the main program, in a task, and where a task cannot yield.
--
--   oom spec/torture/memory.lua [STRIDE [CASE...]]
--
-- STRIDE n tries every n-th allocation only, others in each case. After each run:
-- the result is a failure for want of memory or a good one; the objects can be
-- closed; no descriptor, waiter, timer or task is left; and it can be done again.

local Sweep = require "spec.torture.sweep"
local oom = oom -- luacheck: ignore

-- LuaJIT's compiler (2.1.0-beta3) does not outlive a refusal while it records or
-- leaves a trace: it traps in its own machine code. The interpreter does.
if jit then jit.off() end -- luacheck: ignore

local LIMIT = 5000 -- allocations of a case
local PATIENCE = tonumber(os.getenv("PATIENCE")) or 30 -- seconds, for one run

local CACHED = 3 -- blocks that the library keeps for the next time, and may just have made

local stride = tonumber(arg[1]) or 1
local trace = os.getenv("TRACE")

-- "lost": it was the server's memory.
local of_memory = { ENOMEM = true, ENOBUFS = true, EAI_MEMORY = true, EAGAIN = true, lost = true }

local function is_memory(message)
  return message:find("not enough memory", 1, true) or message:find("Cannot allocate", 1, true)
      or message:find("error in error handling", 1, true) -- 5.1's, for the same
      or message:find("stack overflow (", 1, true) -- there is no room for a larger one
end

local function judge(complain, how, message, code)
  if how == "wrong" then
    complain("a wrong result: " .. message)
  elseif how == "failed" and not of_memory[code] then
    complain(("failed with %s (%s)"):format(tostring(code), tostring(message)))
  elseif how == "raised" and not is_memory(message) then
    complain("raised " .. message)
  end
end

-- True: something was refused.
local function run(case, place, nth, forever, before)
  local where = ("%s (%s), allocation %d%s"):format(case.name, place.name, nth,
    forever and " and all after it" or "")
  local function complain(text) Sweep.complain(where, text) end
  if trace then io.stderr:write(where, "\n") end
  oom.watch(PATIENCE)
  local context = Sweep.setup(case)
  local how, message, code = Sweep.attempt(place, case, context, oom.arm, nth, forever)
  local refused = oom.disarm()
  if trace then io.stderr:write("  ", how, " ", tostring(message), "\n") end
  Sweep.runs = Sweep.runs + 1
  if refused > 0 then judge(complain, how, message, code) end
  Sweep.pause()
  how, message, code = Sweep.attempt(place, case, context)
  if how ~= "good" then
    complain(("a retry %s: %s %s"):format(how, tostring(message), tostring(code)))
  end
  Sweep.clean(complain)
  Sweep.compare(before, complain)
  return refused > 0
end

-- An interpreter calls a finalizer once, and 5.2 needs memory for that: without it the
-- finalizer is not called at all, and what it would close stays open. That is not ours
-- to mend; what is collected later, with memory, is looked at in every case.
local left_out = { ["left to the collector"] = true }

local function sweep(case, place, forever, first)
  local function complain(text) Sweep.complain(case.name, text) end
  local how, message = Sweep.attempt(place, case, Sweep.setup(case)) -- makes what is made once
  if how ~= "good" then error(("%s (%s) %s: %s"):format(case.name, place.name, how, tostring(message)), 0) end
  Sweep.clean(complain)
  local before, nth = Sweep.snapshot(), first
  while run(case, place, nth, forever, before) do
    nth = nth + stride
    if nth > LIMIT then
      complain("has no end")
      break
    end
  end
  return nth - 1
end

io.stdout:setvbuf("line")
local points, offset = 0, 0
local names = {}
for i = 2, #arg do names[#names + 1] = arg[i] end
for _, case in ipairs(Sweep.chosen(names)) do
  local counts = {}
  for _, place in ipairs(left_out[case.name] and {} or Sweep.places(case)) do
    for _, forever in ipairs({ false, true }) do
      local live = oom.live()
      offset = offset + 1
      local count = sweep(case, place, forever, 1 + offset % stride)
      points = points + count
      counts[#counts + 1] = count
      local more = oom.live() - live
      if more > CACHED then Sweep.complain(case.name, more .. " blocks more than before") end
    end
  end
  print(("%-32s %s"):format(case.name, #counts == 0 and "left out" or table.concat(counts, " ")))
end
oom.watch(0)
print(points .. " places where memory ended")
Sweep.finish()
