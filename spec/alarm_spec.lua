-- alarm_spec.lua - time while a signal comes again and again, whose handler is
-- without SA_RESTART: no call sees EINTR, none ends before its time, and none is
-- late for it.

local net = require "dialtone"
local support = require "spec.support.transport"
local fault, keep = support.fault, support.keep
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local LIMIT = 0.05
local LATE = 0.02 -- once in five times: others work on this machine, too
local OFTEN = 500

local function timeout(value, message, code)
  assert.is_nil(value)
  assert.equal("timeout", code, message)
end

-- Each gives a function that waits for LIMIT.
local calls = {
  ["recv"] = function()
    local s = keep(net.socketpair())
    s:settimeout(LIMIT)
    return function() timeout(s:recv(1)) end
  end,
  ["read"] = function()
    local s = keep(net.socketpair())
    s:settimeout(LIMIT)
    return function() timeout(s:read()) end
  end,
  ["write"] = function()
    local s, peer = keep(net.socketpair())
    support.fill(s, peer)
    s:settimeout(LIMIT)
    return function() timeout(s:write(("x"):rep(70000))) end
  end,
  ["accept"] = function()
    local s = support.tcp4.listener()
    s:settimeout(LIMIT)
    return function() timeout(s:accept()) end
  end,
  ["recvfrom"] = function()
    local s = support.udp4.bound()
    s:settimeout(LIMIT)
    return function() timeout(s:recvfrom(10)) end
  end,
  ["recv, by SO_RCVTIMEO"] = function()
    local s = keep(net.socketpair())
    assert(s:setsockopt("SO_RCVTIMEO", LIMIT))
    return function() assert.equal("EAGAIN", (select(3, s:recv(1)))) end
  end,
  ["poll"] = function()
    local s = keep(net.socketpair())
    return function() timeout(net.poll({ s }, LIMIT)) end
  end,
  ["wait"] = function()
    local s = keep(net.socketpair())
    return function() timeout(net.wait(s, "read", LIMIT)) end
  end,
  ["sleep"] = function()
    return function() net.sleep(LIMIT) end
  end,
  ["net.timeout"] = function()
    local s = keep(net.socketpair())
    return function() timeout(net.timeout(LIMIT, s.recv, s, 1)) end
  end,
}

local places = {
  ["the main program"] = function(body) body() end,
  ["a task"] = net.run,
  ["the main program beside a task"] = support.beside_a_task,
}

-- How late the best of some tries is, of two at least, and so many that signals came
-- (on a busy machine those that wait become one); early is an error.
local function lateness(call)
  local least, tries, alarms = math.huge, 0, fault.alarms()
  while tries < 2 or (least > LATE or fault.alarms() - alarms < 20) and tries < 5 do
    tries = tries + 1
    local start = support.clock()
    call()
    local took = support.clock() - start
    if took < LIMIT then error(("took %.4f s instead of %g"):format(took, LIMIT), 0) end
    least = math.min(least, took - LIMIT)
  end
  return least
end

describe("while a signal comes 500 times a second, in", function()
  for place, run in pairs(places) do
    for name, make in pairs(calls) do
      it(("%s: %s keeps its time"):format(place, name), function()
        run(function()
          local call, alarms = make(), fault.alarms()
          local often = fault.alarm(OFTEN)
          local ok, late = pcall(lateness, call)
          fault.alarm(often)
          if not ok then error(late, 0) end
          assert(late <= LATE, ("%.4f s late at best"):format(late))
          assert(fault.alarms() - alarms >= 20, "no signals came")
        end)
      end)
    end
  end
end)
