-- soak.lua - a long day: servers and clients of every kind in one process, whose
-- connections are reset, half closed, kept and left, whose tasks are killed, for as
-- long as it is told.  What it takes does not grow, and no client is ever answered
-- with what is not his.
--
-- usage: soak.lua
--
--   SECONDS=n  (environment) how long; 15 when not given, 300 with FULL=1
--
-- Every twelve seconds are ten of chaos, in which random tasks of clients and of
-- servers are cancelled, and two of peace, in which each server must answer.

local net = require "dialtone"
local fault = require("dialtone.core").fault
local part = require "spec.torture.part"
local workers = require "spec.torture.workers"

local SECONDS = tonumber(os.getenv("SECONDS")) or part.size(15, 300)
local SAY_EVERY, SETTLE = 10, 0.25 -- seconds; the part that is not judged
local CHAOS, PEACE, KILL_EVERY = 10, 2, 0.004
local RESIDENT = 1024 -- KiB that the last quarter may have more

local RUNNING = {
  echo = 8, half_close = 3, reset = 3, lines = 6, proxy = 4, datagram = 4, timers = 6,
  time_limits = 4, names = 2,
}

local started, finish_at = net.now(), nil
local operations, kills, samples, peaces = 0, 0, {}, 0
local codes, wrong = {}, {}

-- What workers tell: that something went well, that it was interrupted, or that it
-- is not as it must be.
local told = {
  good = function() operations = operations + 1 end,
  interrupted = function(code) codes[code] = (codes[code] or 0) + 1 end,
  wrong = function(format, ...) wrong[#wrong + 1] = format:format(...) end,
}

function net.onerror(message) told.wrong("%s", message) end

local function is_over() return net.now() >= finish_at end

-- --- tasks that may be killed ----------------------------------------------------------

local victims = {}

-- Waits for the end of a task that may be killed meanwhile.
local function expose(task)
  victims[#victims + 1] = task
  task:join()
  for i = #victims, 1, -1 do
    if victims[i] == task then table.remove(victims, i) end
  end
end

-- One worker after the other, each for as long as it lives.
local function keep_busy(work)
  while not is_over() do
    expose(net.spawn(work, told, is_over))
    net.sleep(0.001)
  end
end

local function kill_some(seconds)
  local stop = net.now() + seconds
  while net.now() < stop and not is_over() do
    net.sleep(KILL_EVERY)
    if #victims > 0 then
      victims[math.random(#victims)]:cancel()
      kills = kills + 1
    end
  end
end

-- Each server answers the next who connects.
local function check_peace()
  net.sleep(PEACE / 4)
  for _, name in ipairs { "echo", "lines", "proxy" } do
    local complaint = workers.ask_once(name)
    if complaint then told.wrong("%s, after chaos: %s", name, complaint) end
  end
  peaces = peaces + 1
  net.sleep(PEACE * 3 / 4)
end

local function make_chaos()
  while not is_over() do
    kill_some(math.min(CHAOS, finish_at - net.now() - PEACE))
    check_peace()
  end
end

-- --- figures ----------------------------------------------------------------------------

local function sample()
  local loop = fault.loop()
  local taken = { resident = part.resident(), descriptors = part.descriptors(), at = net.now() - started }
  samples[#samples + 1] = taken
  part.say("%5.0f s: %d KiB, Lua %.0f KiB, %d descriptors, %d tasks, %d waiters, %d timers, %d operations, %d killed",
    taken.at, taken.resident, collectgarbage("count"), taken.descriptors, loop.tasks, loop.watching,
    loop.timers, operations, kills)
end

local function take_samples()
  while not is_over() do
    net.sleep(math.min(SAY_EVERY, SECONDS / 8))
    sample()
  end
end

-- The most in a part of the time.
local function most(field, from, to)
  local found = 0
  for _, taken in ipairs(samples) do
    if taken.at >= from * SECONDS and taken.at <= to * SECONDS then found = math.max(found, taken[field]) end
  end
  return found
end

local function run()
  finish_at = net.now() + SECONDS
  workers.serve(expose, told, is_over)
  net.scope(function(scope)
    for name, count in pairs(RUNNING) do
      for _ = 1, count do scope:spawn(keep_busy, workers[name]) end
    end
    scope:spawn(make_chaos)
    scope:spawn(take_samples)
  end)
  workers.stop()
end

math.randomseed(os.time())
net.run(function() net.getaddrinfo("127.0.0.1") end) -- the loop's own are there
local before = part.descriptors()
net.run(run)
-- LuaJIT's machine code keeps values of upvalues: a socket that a closure had.
local jit = rawget(_G, "jit")
if jit then jit.flush() end
collectgarbage()
collectgarbage()
for _, entry in ipairs(fault.census()) do part.say("       open: %d, by %s", entry.fd, entry.call) end
local loop, after = fault.loop(), part.descriptors()
local list = {}
for code, count in pairs(codes) do list[#list + 1] = ("%s %d"):format(code, count) end
table.sort(list)
part.say("       interrupted: %s", table.concat(list, ", "))
for i = 1, math.min(#wrong, 10) do part.say("       %s", wrong[i]) end
part.check(#wrong == 0, "%d of %d operations went wrong", #wrong, operations)
part.check(operations > SECONDS * 100, "%.0f operations a second", operations / SECONDS)
part.check(peaces > 0, "every server answered after each of %d times of chaos, %d tasks killed", peaces, kills)
local grown = most("resident", 0.75, 2) - most("resident", SETTLE, 0.5)
part.check(grown <= RESIDENT, "%d KiB more resident in the last quarter than in the second", grown)
local more = most("descriptors", 0.75, 2) - most("descriptors", SETTLE, 0.5)
part.check(more <= 40, "%d descriptors more: as many as are at work", more)
part.check(after == before, "%d descriptors in the end, %d before", after, before)
part.check(loop.tasks + loop.watching + loop.timers + loop.asked == 0,
  "in the end %d tasks, %d waiters, %d timers, %d look-ups", loop.tasks, loop.watching, loop.timers, loop.asked)
part.finish()
