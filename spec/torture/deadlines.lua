-- deadlines.lua - time limits are exact: never early, and not late, with nothing else
-- to do and beside thousands of connections; and what is closed wakes who waits at
-- once.
--
--   spec/torture/under LUA spec/torture/deadlines.lua
--
-- Other work of the machine makes anything late: what a bare nanosleep(2) is, turn
-- and turn about, is taken off. The figure is that of nine in ten, and the worst is
-- shown beside it.

local net = require "dialtone"
local part = require "spec.torture.part"
local system = require "system" -- busted's own dependency: a bare sleep

local CONNECTIONS = part.size(4000, 9000) -- two descriptors each

local function sorted(list)
  table.sort(list)
  return list[math.max(1, math.ceil(#list * 0.9))], list[1], list[#list]
end

-- Milliseconds that it is late.
local function late(wait, seconds)
  local start = net.now()
  wait(seconds)
  return (net.now() - start - seconds) * 1000
end

local function check(what, bound, wait)
  local list, bare = {}, {}
  for i = 1, 100 do
    local seconds = 0.001 * (1 + i % 7)
    bare[i] = late(system.sleep, seconds)
    list[i] = late(wait, seconds)
  end
  local most, earliest, worst = sorted(list)
  local machine = sorted(bare)
  part.check(earliest >= 0, "%s: never early (%.3f ms)", what, earliest)
  part.check(most - machine < bound, "%s: late by less than %g ms (%.3f, at worst %.3f; the machine %.3f)",
    what, bound, most, worst, machine)
end

local function limited_read(conn)
  return function(seconds)
    conn:settimeout(seconds)
    local data, _, code = conn:read()
    assert(not data and code == "timeout")
  end
end

local function waits(where, bound)
  local a, b = assert(net.socketpair())
  check("a sleep " .. where, bound, net.sleep)
  check("a read with a limit " .. where, bound, limited_read(a))
  check("net.timeout " .. where, bound, function(seconds)
    assert(select(3, net.timeout(seconds, net.sleep, 60)) == "timeout")
  end)
  a:close()
  b:close()
end

-- Each is read in a task of its own, and has a limit, too.
local function crowd(count)
  local list = {}
  for i = 1, count do
    local a, b = assert(net.socketpair())
    list[i] = { a, b }
    a:settimeout(600 + i)
    net.spawn(a.read, a)
  end
  net.sleep(0)
  return list
end

local function disperse(list)
  for _, pair in ipairs(list) do
    pair[1]:close()
    pair[2]:close()
  end
  net.sleep(0)
end

-- Milliseconds from close to the end of what waited, for each kind of wait.
local kinds = {
  read = function(a) return a:read() end,
  recv = function(a) return a:recv(10) end,
  wait = function(a) return net.wait(a, "read") end,
  poll = function(a) return net.poll({ a }) end,
  accept = function(a) return a:accept() end,
}

local function wake_times(name, kind, count)
  local list = {}
  for i = 1, count do
    local a, b
    if name == "accept" then a = assert(net.listen("127.0.0.1:0")) else a, b = assert(net.socketpair()) end
    local woken
    local task = net.spawn(function()
      kind(a)
      woken = net.now()
    end)
    repeat net.sleep(0) until task:status() == "waiting"
    local start = net.now()
    a:close()
    task:join()
    if b then b:close() end
    list[i] = (woken - start) * 1000
  end
  return sorted(list)
end

net.run(function()
  waits("in an idle program", 5)
  local a, b = assert(net.socketpair())
  a:settimeout(0)
  local start = net.now()
  for _ = 1, 1000 do a:recv(1) end
  local each = (net.now() - start) * 1000 / 1000
  part.check(each < 1, "a limit that is over fails at once (%.4f ms)", each)
  a:close()
  b:close()
  for name, kind in pairs(kinds) do
    local most, _, worst = wake_times(name, kind, 200)
    part.check(most < 1, "closing wakes %s within 1 ms (%.3f, at worst %.3f)", name, most, worst)
  end
  local list = crowd(CONNECTIONS)
  waits(("beside %d connections"):format(CONNECTIONS), 20)
  disperse(list)
end)

part.finish()
