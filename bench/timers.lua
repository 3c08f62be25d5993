-- timers.lua - what time limits cost while many others are pending, beside none
-- and beside 100,000.  Two measures, in CPU time, the best of five times each:
-- waits that are over before their limit, against the same without one (a limit
-- is started and cancelled); and tasks that sleep, started and cancelled.
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

-- Two tasks that wait for each other, each wait with the limit, if there is one.
local function wait_in_turns(limit)
  local to, fro = net.queue(1), net.queue(1)
  local other = net.spawn(function()
    while to:get(limit) do fro:put(true) end
  end)
  assert(net.spawn(function()
    for _ = 1, ROUNDS * BATCH / 2 do
      to:put(true)
      fro:get(limit)
    end
    to:close()
  end):join())
  assert(other:join())
end

local function least_cost(fn, ...)
  local least = math.huge
  for _ = 1, TIMES do least = math.min(least, cost(ROUNDS * BATCH, fn, ...)) end
  return least
end

local function report(beside)
  local without, with = least_cost(wait_in_turns, nil), least_cost(wait_in_turns, 30)
  print(("beside %6d: a limit of a wait %5.2f us (wait with it %.2f, without %.2f); " ..
    "a task that sleeps, and its cancelling, %.2f us"):format(beside, with - without, with, without,
    least_cost(start_and_cancel)))
end

local tasks = {}
report(0)
print(("starting %d tasks that sleep: %.2f us each"):format(PENDING, cost(PENDING, start, tasks, PENDING)))
report(PENDING)
print(("cancelling them: %.2f us each"):format(cost(PENDING, cancel, tasks, PENDING)))
report(0)
