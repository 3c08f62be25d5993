-- birth.lua - what happens once in a process, or in a child of fork(2): the loop
-- gets its poller, the first look-up its threads. Each system call of that fails in
-- turn; each time in a process of its own, in which there has been nothing yet.
--
--   birth.lua STRIDE     every n-th combination; a part of call.lua

local net = require "dialtone"
local errnos = require "spec.torture.errnos"
local fault = require("dialtone.core").fault

local stride = tonumber(arg[1]) or 1
local FAILED, NOT_REACHED = 1, 3 -- exit statuses of a child
local PATIENCE = tonumber(os.getenv("PATIENCE")) or 20
local TIMES = 3
local absorbed = { EINTR = true, EAGAIN = true, ECONNABORTED = true, ENETDOWN = true }

-- --- what is done first -----------------------------------------------------------

function net.onerror() end

local births = {}

local function birth(name, body, before) births[#births + 1] = { name = name, body = body, before = before } end

local function must(...)
  if not (...) then error({ select(2, ...) }, 0) end
  return ...
end

-- A task waits for what comes.
local function exchange()
  local a, b = must(net.socketpair())
  local task = net.spawn(function() return must(b:recv(10)) end)
  net.sleep(0)
  local sent, message, code = a:send("x")
  if not sent then task:cancel() end
  local ok, failure = task:join()
  a:close()
  b:close()
  if not sent then return nil, message, code end
  if not ok then error(failure, 0) end
  return failure == "x"
end

birth("fileno", function()
  if os.getenv("DIALTONE_POLLER") == "poll" then return true end
  return net.fileno()
end)
birth("step", function() return net.step(0) or true end)
birth("a task that sleeps", function() return net.run(function() return net.sleep(0.001) or true end) end)
birth("a task that waits", function() return net.run(exchange) end)
birth("tasks beside the main program", exchange)
birth("a look-up in a task", function()
  return net.run(function() return must(net.getaddrinfo("127.0.0.1", 80)) end)
end)
births[#births].looks_up = true
birth("a server", function()
  local server = must(net.serve("127.0.0.1:0", net.echo))
  local client, message, code = net.connect(server.address)
  local answer
  if client then
    client:settimeout(0.3)
    answer, message, code = client:write("x")
    if answer then answer, message, code = client:read(1) end
    client:close()
  end
  server:close()
  net.step(0)
  if code == "timeout" or code == "eof" or code == "ECONNRESET" then code = "lost" end
  return answer, message, code
end)
-- In the child of a process whose tasks wait already.
local waiting = {}
birth("a child with tasks", function()
  local sent, message, code = waiting.a:send("x")
  net.step(0)
  return sent, message, code
end, function()
  waiting.a, waiting.b = must(net.socketpair())
  waiting.task = net.spawn(function() while true do must(waiting.b:recv(10)) end end)
  net.sleep(0)
  local child = fault.fork()
  if child > 0 then fault._exit(fault.waitpid(child) % 256) end
  waiting.watch() -- an alarm is not inherited
end)

-- --- one of them -------------------------------------------------------------------

local function descriptors()
  local count = 0
  for _ in pairs(fault.descriptors()) do count = count + 1 end
  return count
end

-- Whether the failure is the one that was made.
local function is_made(plan, text)
  fault.fail("socketpair", plan.errno)
  local _, message = net.socketpair()
  fault.clear()
  return text:find(plan.errno, 1, true) or text:find(message:match(": (.*)$"), 1, true)
    or text:find("lost", 1, true)
end

local function attempt(body)
  local ok, value, message, code = pcall(body)
  if ok and value then return nil end
  if ok then return tostring(message) .. " " .. tostring(code) end
  return type(value) == "table" and tostring(value[1]) .. " " .. tostring(value[2]) or tostring(value)
end

-- In the child: what is wrong, or nil; and whether it came to that call at all.
local function try(case, plan)
  if case.before then case.before() end
  fault.clear()
  fault.fail(plan.call, plan.errno, plan.nth, plan.times or true)
  local failure = attempt(case.body)
  local reached = fault.count(plan.call) >= plan.nth
  fault.clear()
  if failure and not is_made(plan, failure) then return "failed with " .. failure, reached end
  failure = attempt(case.body)
  for _ = 1, 3 do net.step(0) end
  collectgarbage()
  collectgarbage()
  local before = descriptors()
  failure = failure or attempt(case.body)
  if failure then return "a retry failed with " .. failure, reached end
  for _ = 1, 3 do net.step(0) end
  collectgarbage()
  collectgarbage()
  if descriptors() > before then return "descriptors are left open", reached end
  return nil, reached
end

local passed, failed = 0, 0

-- False: it does not come to that call.
local function run(case, plan)
  local where = ("birth: %s, %s %d: %s%s"):format(case.name, plan.call, plan.nth, plan.errno,
    plan.times and "" or ", for ever")
  local child = fault.fork()
  if child == 0 then
    waiting.watch = function() fault.watch(PATIENCE, "  " .. where .. ": hangs\n") end
    waiting.watch()
    local ok, wrong, reached = pcall(try, case, plan)
    if wrong then print("  " .. where .. ": " .. tostring(wrong)) end
    io.stdout:flush()
    fault._exit((wrong or not ok) and FAILED or reached and 0 or NOT_REACHED)
  end
  local status = fault.waitpid(child)
  if status < 0 then print("  " .. where .. ": ended by signal " .. -status) end
  if status == 0 then passed = passed + 1 elseif status ~= NOT_REACHED then failed = failed + 1 end
  return status ~= NOT_REACHED
end

-- --- all of them --------------------------------------------------------------------

local offset, struck = 0, {}

-- What would be to wait for ever. By send a look-up's thread wakes the loop, and one
-- failure of it is made good after a second. Of an EAGAIN that is not true kqueue gives
-- no event (with epoll the fault layer sees to it).
local function is_endless(case, plan)
  return case.looks_up and plan.call == "send" and (not plan.times or not absorbed[plan.errno])
    or plan.errno == "EAGAIN" and os.getenv("DIALTONE_POLLER") == "kqueue"
end

local function sweep(case, call, nth)
  for i, errno in ipairs(errnos[call]) do
    for _, times in ipairs({ 1, absorbed[errno] and TIMES or false }) do
      local plan = { call = call, nth = nth, errno = errno, times = times or nil }
      offset = offset + 1
      if (i == 1 and times == 1 or offset % stride == 0) and not is_endless(case, plan) then
        local reached = run(case, plan)
        if not reached and i == 1 then return false end
        struck[call] = (struck[call] or 0) + 1
      end
    end
  end
  return true
end

io.stdout:setvbuf("line")
for _, case in ipairs(births) do
  for _, call in ipairs(fault.calls()) do
    local nth = 1
    while nth < 10 and sweep(case, call, nth) do nth = nth + 1 end
  end
end
for call, count in pairs(struck) do print("struck " .. call .. " " .. count) end
print(("%d passed, %d failed"):format(passed, failed))
