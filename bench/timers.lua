-- timers.lua - what a time limit costs while many others are pending: tasks
-- that sleep are started and cancelled again, beside none and beside 100,000;
-- CPU time of one, task included, the best of five times.
--   timers.lua [PENDING]
local net = require "dialtone"
local PENDING, TIMES, ROUNDS, BATCH = tonumber(arg[1]) or 100000, 5, 100, 200

-- Tasks that sleep, added to `tasks`.  The ends lie apart, so that a new one has
-- its place somewhere between the others'.
local function start(tasks, count)
  for i = 1, count do
    tasks[i] = net.spawn(net.sleep, 1000 + i * 7919 % 10007)
  end
  net.step(0) -- now they sleep
end

local function cancel(tasks, count)
  for i = 1, count do tasks[i]:cancel() end
  net.step(0) -- now they are gone
end

-- Microseconds of CPU time for one of `count`.
local function cost(count, fn, ...)
  collectgarbage()
  local before = os.clock()
  fn(...)
  return (os.clock() - before) / count * 1e6
end

local function start_and_cancel()
  local tasks = {}
  for _ = 1, ROUNDS do
    start(tasks, BATCH)
    cancel(tasks, BATCH)
  end
end

local function report(beside)
  local least = math.huge
  for _ = 1, TIMES do least = math.min(least, cost(ROUNDS * BATCH, start_and_cancel)) end
  print(("start and cancel, beside %6d: %6.2f us"):format(beside, least))
end

local tasks = {}
report(0)
print(("start %d:                %6.2f us each"):format(PENDING, cost(PENDING, start, tasks, PENDING)))
report(PENDING)
print(("cancel %d:               %6.2f us each"):format(PENDING, cost(PENDING, cancel, tasks, PENDING)))
report(0)
