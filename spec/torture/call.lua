-- call.lua - every system call of every case fails: the first, the second, ... of
-- each name, with each errno that it may give, once and for ever, and moves one byte
-- only; in the main program, in a task, and where a task cannot yield.
--
--   call.lua [STRIDE [CASE...]]
--
-- STRIDE n tries every n-th combination only, others in each case. After each run:
-- the result is a good one, or a failure with that errno; the objects can be closed;
-- no descriptor, waiter, timer or task is left; and it can be done again.
--
--   CALLS="recv send"  (environment) these calls only
--   TRACE=1            each run is announced on the standard error
--
-- The cases are run by a child, so that one which hangs, or dies, is one failure and
-- the rest is tried all the same.

local part = require "spec.torture.part"

local POLLERS = { -- the calls that only this poller makes
  kqueue = "kqueue kevent",
  poll = "poll",
}

-- --- the parent ------------------------------------------------------------------

local struck = {} -- how often, by call

local function hear(line, heard)
  local call, count = line:match("^struck (%S+) (%d+)$")
  if call then
    struck[call] = (struck[call] or 0) + tonumber(count)
  elseif line:match("^case %d+$") then
    heard.case = tonumber(line:match("%d+"))
  elseif line:match("^%d+ passed, %d+ failed$") then
    heard.passed, heard.failed = line:match("^(%d+) passed, (%d+) failed$")
  elseif line:match("^status %d+$") then
    heard.status = line
  else
    print(line)
  end
end

-- Runs a child from the case with this number on; the one to go on with, if there is.
local function run_child(environment, file, first, ...)
  local heard = { case = first }
  local pipe = assert(io.popen(part.command(environment, file, ...)
    .. " 2>&1; echo status $?"))
  for line in pipe:lines() do hear(line, heard) end
  pipe:close()
  part.passed = part.passed + (tonumber(heard.passed) or 0)
  part.failed = part.failed + (tonumber(heard.failed) or 0)
  if heard.passed then return nil end
  part.check(false, "%s, case %d: the process ended with %s", file, heard.case, heard.status)
  return heard.case + 1
end

local function run_cases(environment, ...)
  local first = 1
  repeat first = run_child(environment, "spec/torture/call.lua", first, "run", first, ...) until not first
end

-- With all cases, each call is struck somewhere.
local function check_struck()
  local missing = {}
  for _, call in ipairs(require("dialtone.core").fault.calls()) do
    if not struck[call] then missing[#missing + 1] = call end
  end
  table.sort(missing)
  part.check(#missing == 0, "calls that no case makes: %s", table.concat(missing, " "))
end

local function run_all()
  local calls = os.getenv("CALLS")
  local stride, names = arg[1] or (part.full and 1 or 19), { select(2, (table.unpack or unpack)(arg)) } -- luacheck: ignore
  for _, poller in ipairs(part.pollers()) do
    local only = calls or POLLERS[poller]
    part.say("--- %s%s", poller, only and ": " .. only or "")
    run_cases(("DIALTONE_POLLER=%s %s"):format(poller, only and "CALLS='" .. only .. "'" or ""),
      stride, (table.unpack or unpack)(names)) -- luacheck: ignore
    if not calls and #names == 0 then
      run_child("DIALTONE_POLLER=" .. poller, "spec/torture/birth.lua", 0, stride)
    end
  end
  if not calls and #names == 0 then check_struck() end
  part.finish()
end

if arg[1] ~= "run" then
  run_all()
  return
end

-- --- the child: one run ------------------------------------------------------------

local net = require "dialtone"
local Case = require "spec.torture.case"
local Sweep = require "spec.torture.sweep"
local errnos = require "spec.torture.errnos"
local fault = require("dialtone.core").fault

local PATIENCE = tonumber(os.getenv("PATIENCE")) or 20 -- seconds, for one run
local LIMIT = 60    -- calls of one name
local TIMES = 5     -- for ever, where that would be to wait
local RETRIES = 20

local first, stride = tonumber(arg[2]), tonumber(arg[3])
local trace = os.getenv("TRACE")
local watched -- calls, or nil: all
for call in (os.getenv("CALLS") or ""):gmatch("%S+") do
  watched = watched or {}
  watched[call] = true
end

-- "Not now": a call that may wait does it again.
local absorbed = { EINTR = true, EAGAIN = true, ECONNABORTED = true, ENETDOWN = true }

-- Of a stream that failed so nothing is expected any more.
local final = { ECONNRESET = true, ETIMEDOUT = true }

-- By this call a look-up's thread wakes the loop. One failure it makes good after a
-- second, so not every errno is tried.
local WAKE, WAKE_ERRNOS = "send", { EINTR = true, EAGAIN = true, ENOBUFS = true }

-- Who believes these gives his descriptor up: then it is done again with another.
local is_lie = { EBADF = true, EINVAL = true }

-- Who is told so of a descriptor asks whether it is one: then it must be told the
-- truth.
local told_once = { getsockopt = "EBADF" }

local moves = {} -- calls that move bytes, or messages
for _, call in ipairs { "send", "recv", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmany",
  "recvmany", "sendfile", "splice", "read" } do
  moves[call] = true
end

-- The system's words for an errno.
local texts = {}
local function text_of(code)
  if not texts[code] then
    fault.fail("socketpair", code)
    local _, message = net.socketpair()
    fault.clear()
    texts[code] = message:match(": (.*)$")
  end
  return texts[code]
end

-- A task's failure comes as a text: it has the table's name in it.
local function is_raised(code, message)
  return message:find(text_of(code), 1, true)
    or message:find(tostring(Case.FAILED), 1, true) and Case.failure.code == code
end

local function judge(complain, plan, how, message, code)
  local errno = plan.errno
  if how == "wrong" then
    complain("a wrong result: " .. message)
  elseif how == "failed" and code ~= errno and code ~= "lost" then
    complain(("failed with %s (%s)"):format(tostring(code), tostring(message)))
  elseif how == "raised" and not (errno and is_raised(errno, message)) then
    complain("raised " .. message)
  end
end

-- Once more, without faults. A server whose accept failed may be in a pause.
local function retry(place, case, context, plan, complain)
  local how, message, code
  for try = 1, RETRIES do
    how, message, code = Sweep.attempt(place, case, context)
    if how == "good" then return end
    local told_again = code == plan.errno or how == "raised" and plan.errno and is_raised(plan.errno, message)
    if is_lie[plan.errno] and try > 1 or final[plan.errno] and told_again then
      context = Sweep.setup(case)
    elseif code ~= "lost" then
      break
    end
  end
  complain(("a retry %s: %s %s"):format(how, tostring(message), tostring(code)))
end

local function describe(case, place, plan)
  return ("%s (%s), %s %d: %s, %s"):format(case.name, place.name, plan.call, plan.nth,
    plan.errno or "one byte", plan.times and plan.times .. " times" or "for ever")
end

local function arm(plan)
  fault.clear()
  if plan.errno then
    fault.fail(plan.call, plan.errno, plan.nth, plan.times or true)
  else
    fault.short(plan.call, 1, plan.nth, plan.times or true)
  end
end

-- How often the call was made.
local function run(case, place, plan, before)
  local where = describe(case, place, plan)
  local function complain(text) Sweep.complain(where, text) end
  if trace then io.stderr:write(where, "\n") end
  if plan.errno then text_of(plan.errno) end
  fault.watch(PATIENCE, "  " .. where .. ": hangs\n")
  local context = Sweep.setup(case)
  arm(plan)
  local how, message, code = Sweep.attempt(place, case, context)
  local count = fault.count(plan.call)
  fault.clear()
  Sweep.pause()
  if trace then io.stderr:write("  ", how, " ", tostring(message), " ", tostring(code), "\n") end
  Sweep.runs = Sweep.runs + 1
  judge(complain, plan, how, message, code)
  retry(place, case, context, plan, complain)
  Sweep.clean(complain)
  Sweep.compare(before, complain)
  return count
end

-- --- the child: all of them ----------------------------------------------------------

-- The plans for a call: each errno, and less than was asked.
local function plans_of(call, wakes)
  local list = {}
  for _, errno in ipairs(errnos[call] or error("no errnos for " .. call)) do
    if not wakes or WAKE_ERRNOS[errno] then list[#list + 1] = { errno = errno, times = 1 } end
    if not wakes and told_once[call] ~= errno then
      list[#list + 1] = { errno = errno, times = absorbed[errno] and TIMES or nil }
    end
  end
  if moves[call] then
    list[#list + 1] = { times = 1 }
    list[#list + 1] = {}
  end
  return list
end

local offset, hits = 0, {}

-- The n-th call of this name, n = 1 ... until it is not reached. Each call is struck
-- once, however large the stride is.
local function sweep_call(case, place, call, list, before)
  local looks_up = list.getaddrinfo or list.getnameinfo
  local plans, nth, count = plans_of(call, call == WAKE and looks_up), 1, list[call]
  while nth <= count and nth <= LIMIT do
    for _, plan in ipairs(plans) do
      offset = offset + 1
      if offset % stride == 0 or not hits[call] then
        plan.call, plan.nth = call, nth
        local made = run(case, place, plan, before)
        if made >= nth then hits[call] = (hits[call] or 0) + 1 end
        if plan.times == 1 and made > count then count = made end
      end
    end
    nth = nth + 1
  end
end

-- How often each call is made when all is well.
local function counts(case, place)
  local list = {}
  local function complain(text) Sweep.complain(case.name, text) end
  fault.watch(PATIENCE, "  " .. case.name .. ": hangs\n")
  for _ = 1, 2 do -- the first makes what is made once
    local context = Sweep.setup(case)
    fault.clear()
    local how, message = Sweep.attempt(place, case, context)
    if how ~= "good" then
      error(("%s (%s) %s: %s"):format(case.name, place.name, how, tostring(message)), 0)
    end
    for _, call in ipairs(fault.calls()) do
      local count = fault.count(call)
      if count > 0 and (not watched or watched[call]) then list[call] = count end
    end
    Sweep.clean(complain)
  end
  return list
end

local function sweep(case)
  for _, place in ipairs(Sweep.places(case)) do
    local list = counts(case, place)
    local before = Sweep.snapshot()
    for _, call in ipairs(fault.calls()) do
      if list[call] then sweep_call(case, place, call, list, before) end
    end
  end
end

local cases = Sweep.chosen({ select(4, (table.unpack or unpack)(arg)) }) -- luacheck: ignore
for index = first, #cases do
  print("case " .. index)
  offset = index
  local runs, clock = Sweep.runs, net.now()
  sweep(cases[index])
  print(("%-32s %5d runs %6.2f s"):format(cases[index].name, Sweep.runs - runs, net.now() - clock))
  for call, count in pairs(hits) do print("struck " .. call .. " " .. count) end
  hits = {}
end
fault.watch(0)
Sweep.finish(true)
