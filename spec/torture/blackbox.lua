-- blackbox.lua - the release build, as it is shipped, under a C library whose calls
-- fail (preload.c): plain scripts (plain.lua), each with the n-th call of a name that
-- fails, with each errno that it may give, once and for ever.
--
--   blackbox.lua [STRIDE [SCRIPT...]]
--
-- Each run is a process. It must end by itself, without a signal, in time; what it
-- says has failed has that errno; the second time it is good, unless all calls fail;
-- and no descriptor is left when its Lua state is closed.
--
--   CALLS="recv send"  (environment) these calls only

local net = require "dialtone"
local errnos = require "spec.torture.errnos"
local part = require "spec.torture.part"
local process = require "spec.support.child"
local fault = require("dialtone.core").fault

local unpack = table.unpack or unpack -- luacheck: ignore
local PATIENCE = 20 -- seconds, for one run
local SHIM = "build/test/preload.so"
local PER_CALL = part.size(3, 12) -- the n-th: 1 ... of each name, and the last
local stride = tonumber(arg[1]) or part.size(29, 1)
local scripts = { select(2, unpack(arg)) }
if #scripts == 0 then scripts = { "echo", "blocking", "datagrams", "names", "copy", "serve" } end

-- The tables of errnos that have another name there.
local as = { accept4 = "accept", pipe2 = "pipe", sendmmsg = "sendmany", recvmmsg = "recvmany",
  epoll_create1 = "epoll_create", fcntl = "adopt" }

-- "Not now": for ever that would be to wait, or to try again and again.
local absorbed = { EINTR = true, EAGAIN = true, ECONNABORTED = true, ENETDOWN = true }
local TIMES = 5

-- What makes the other side fail for a reason of its own.
local consequences = { timeout = true, eof = true, ECONNRESET = true, EPIPE = true, closed = true,
  cancelled = true, ECONNREFUSED = true, EAGAIN = true }

-- Errno numbers, of the platform's own: the kernel's, as the build with faults has them.
local numbers, texts = {}, {}
local function number_of(name)
  if not numbers[name] then
    fault.fail("socketpair", name)
    local _, message = net.socketpair()
    fault.clear()
    numbers[name], texts[name] = fault.errno(name), message:match(": (.*)$")
  end
  return numbers[name]
end

local release = os.getenv("DIALTONE_BUILD"):gsub("/build/test/", "/build/release/")

local function run(script, inject)
  local command = "env LUA_CPATH=%s timeout -k 1 %d env LD_PRELOAD=$PWD/%s DIALTONE_INJECT=%s %s %s %s"
  return process.run(command:format(process.quote(release .. "/?.so;;"), PATIENCE, SHIM, inject,
    process.quote(process.interpreter()), "spec/torture/plain.lua", script))
end

-- What is wrong with a run, or nil.
local function judge(output, ok, errno, forever)
  if not ok then return "did not end well" end
  local rounds, failed = 0, 0
  for how, code, message in output:gmatch("(%l+)\t?(%S*)\t?([^\n]*)\n") do
    rounds = rounds + 1
    if how ~= "good" then
      failed = failed + 1
      local said = code == errno or consequences[code]
        or message:find(texts[errno], 1, true) or message:find(errno, 1, true)
      if not said then return "said something else" end
      if failed > 1 and not forever then return "failed again" end
    end
  end
  if rounds ~= 2 then return "said too little" end
end

local shown = 0
local function try(script, call, nth, errno, forever)
  local output, ok = run(script, ("%s:%d:%d:%d"):format(call, nth, number_of(errno),
    forever and (absorbed[errno] and TIMES or 0) or 1))
  local wrong = judge(output, ok, errno, forever)
  if not wrong then
    part.passed = part.passed + 1
    return
  end
  part.failed = part.failed + 1
  shown = shown + 1
  if shown <= 40 then
    part.say("  %s, %s %d: %s%s: %s\n%s", script, call, nth, errno, forever and ", for ever" or "",
      wrong, output:gsub("[^\n]+", "      %0"))
  end
end

-- By send a look-up's thread wakes the loop: without it that would wait for ever, and
-- a second when it fails once.
local function is_endless(script, call, errno, forever)
  return call == "getsockopt" and errno == "EBADF" and forever -- it asks whether that is true
    or script == "names" and call == "send" and (forever or errno ~= "ENOBUFS")
end

local watched = os.getenv("CALLS")
local offset, struck = 0, {}

local function try_call(script, call, count)
  local list, last = {}, math.min(count, PER_CALL)
  for nth = 1, last do list[nth] = nth end
  if count > last then list[#list + 1] = count end
  for _, nth in ipairs(list) do
    for _, errno in ipairs(errnos[as[call] or call]) do
      for _, forever in ipairs({ false, true }) do
        offset = offset + 1
        if offset % stride == 0 and not is_endless(script, call, errno, forever) then
          struck[call] = true
          try(script, call, nth, errno, forever)
        end
      end
    end
  end
end

for _, script in ipairs(scripts) do
  local output, ok = run(script, "count")
  local runs, clock = part.passed + part.failed, net.now()
  if not ok or select(2, output:gsub("good\n", "")) ~= 2 then part.check(false, "%s\n%s", script, output) end
  for call, count in output:gmatch("count (%S+) (%d+)") do
    if not watched or (" " .. watched .. " "):find(" " .. call .. " ", 1, true) then
      try_call(script, call, tonumber(count))
    end
  end
  part.say("%-12s %5d runs %6.1f s", script, part.passed + part.failed - runs, net.now() - clock)
end

local calls = {}
for call in pairs(struck) do calls[#calls + 1] = call end
part.say("%d calls: %s", #calls, table.concat(calls, " "))
part.finish()
