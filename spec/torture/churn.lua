-- churn.lua - random work on few descriptors whose numbers are used again and again:
-- opened, connected, duplicated, given away, closed by somebody else, waited for in
-- every way, cancelled, left to the collector.  What is known of each (wire.lua) is
-- compared with what calls give, with the descriptors that are open, and with what
-- the loop holds: no event and no byte reaches the wrong object, and none is lost.
--
-- usage: churn.lua              over each poller, one after the other
--        churn.lua run          over the one of DIALTONE_POLLER
--
--   SEED=n  (environment) the same choices again.  When the kernel tells of what is
--           its own business, so that not all runs are the same.
--   OPERATIONS=n

local net = require "dialtone"
local core = require "dialtone.core"
local part = require "spec.torture.part"
local wire = require "spec.torture.wire"
local fault, tasks = core.fault, core.inner

local OPERATIONS = tonumber(os.getenv("OPERATIONS")) or part.size(100000, 1000000)
local SEED = tonumber(os.getenv("SEED")) or os.time() % 100000

if arg[1] ~= "run" then
  part.each_poller("spec/torture/churn.lua", "run")
  part.finish()
end

local PAIRS, WAITERS = 8, 40 -- about as many at a time
local FIRST, SECOND = 300, 20 -- operations between settlings, settlings between purges
local PATIENCE = 10 -- seconds until something that must happen has not

-- The same in every Lua: Park and Miller's.
local state = SEED % 2147483646 + 1
local function random(count)
  state = state * 16807 % 2147483647
  return state % count + 1
end

local ends, waiters, ghosts = {}, {}, {} -- what is there
local operating, operations, turns = 0, 0, 0
local counts, recent = {}, {}
local settling -- nothing more is begun
local among_events -- what is done is done by who was told of something
local wrong -- the first thing that was

local function note(format, ...)
  recent[operations % 400] = ("%7d %s"):format(operations, format:format(...))
end

local function blame(format, ...)
  wrong = wrong or format:format(...)
end

function net.onerror(message) blame("a task failed: %s", message) end

local function any(list) return list[random(#list)] end

-- An object that is alive, or nil.
local function any_object()
  if #ends == 0 then return nil end
  local one = any(ends)
  return #one.objects > 0 and any(one.objects) or nil
end

-- An end that has nothing left is forgotten when its peer is, too.
local function tidy()
  for i = #ends, 1, -1 do
    if wire.is_dead(ends[i]) and wire.is_dead(ends[i].peer) then table.remove(ends, i) end
  end
end

-- --- opening -----------------------------------------------------------------------

local openers = {}

local function open_unix(kind, type_name)
  return function()
    local a, b = net.socketpair("AF_UNIX", type_name)
    if random(2) == 1 then -- soon full
      a:setsockopt("SO_SNDBUF", 1)
      b:setsockopt("SO_SNDBUF", 1)
    end
    return kind, a, b
  end
end

openers[1] = open_unix("stream", "SOCK_STREAM")
openers[2] = open_unix("datagram", "SOCK_DGRAM")
openers[3] = open_unix("seqpacket", "SOCK_SEQPACKET")
openers[4] = function()
  local list = {}
  for i = 1, 2 do
    list[i] = assert(net.socket("AF_INET", "SOCK_DGRAM"))
    assert(list[i]:bind("127.0.0.1:0"))
  end
  assert(list[1]:connect(list[2]:getsockname()))
  assert(list[2]:connect(list[1]:getsockname()))
  return "udp", list[1], list[2]
end

local function admit(kind, a, b)
  local one, other = wire.pair(kind)
  ends[#ends + 1], ends[#ends + 2] = one, other
  local first, second = wire.object(one, a), wire.object(other, b)
  note("open %s: %d fd %d, %d fd %d", kind, one.number, a:fileno(), other.number, b:fileno())
  return first, second
end

local work = {}

function work.open()
  if #ends >= PAIRS * 2 then return end
  admit(openers[random(#openers)]())
end

-- --- waiting --------------------------------------------------------------------------

-- A waiter: a task in one call.  `began`: it is in the call; `direction` and
-- `object`, or `objects`, say for what.
local function start(waiter, call)
  if #waiters >= WAITERS then return end
  waiters[#waiters + 1] = waiter
  waiter.task = net.spawn(function()
    local object, counter = waiter.object, waiter.direction == "write" and "writers" or "readers"
    waiter.began, turns = true, turns + 1
    if object then
      waiter.rival = object[counter] > 0
      waiter.limited = object.limited and not waiter.unlimited
      object[counter] = object[counter] + 1
    end
    call(waiter)
    turns = turns + 1
    if waiter.cancelled then return end -- it had failed already
    waiter.ended = true
    if object then object[counter] = object[counter] - 1 end
    wire.without(waiters, waiter)
    if waiter.after and not settling and not wrong then
      among_events = true
      for _ = 1, waiter.after do work.any() end
      among_events = false
    end
  end)
  return true
end

-- A ghost has the number of another object: two have it, as far as anybody knows.
local function is_haunted(object)
  for _, ghost in ipairs(ghosts) do
    if ghost.socket:fileno() == object.socket:fileno() then return true end
  end
  return false
end

local function failed(waiter, what, code)
  if code == "EEXIST" and is_haunted(waiter.object) then return end
  if not wire.may_fail(waiter.object, waiter.direction, code, waiter.rival) then
    blame("%s of %d (%s, %s) failed with %s", what, waiter.object.of.number, waiter.object.of.kind,
      tostring(waiter.object.socket), tostring(code))
  end
end

local function receive(waiter)
  local data, _, code = waiter.object.socket:recv(wire.SIZE * random(3))
  if not data then return failed(waiter, "recv", code) end
  local complaint = wire.received(waiter.object.of, data)
  if complaint then blame("recv: %s", complaint) end
end

local function transmit(waiter)
  local to = waiter.object.of.peer
  local text, message = wire.message(to)
  waiter.message = message
  local bytes, _, code = waiter.object.socket:send(text)
  if bytes == #text then return wire.sent(message) end
  if bytes then return blame("send took %d bytes", bytes) end
  local complaint = wire.unsent(to, message)
  if complaint then blame("send: %s", complaint) end
  failed(waiter, "send", code)
end

local function watch(waiter)
  local ready, _, code = net.wait(waiter.object.socket, waiter.direction)
  if not ready then return failed(waiter, "wait", code) end
  if waiter.direction == "read" and not wire.may_read(waiter.object.of) then
    blame("%d was told that it may read", waiter.object.of.number)
  end
end

-- The number is watched, and a duplicate of it: the end lives as long.
local function watch_number(waiter)
  local one = waiter.of
  if waiter.source.gone then return end
  one.copied = true
  local fd = waiter.source.socket:fileno()
  one.duplicates = one.duplicates + 1
  local ready, _, code = net.wait(fd, "read")
  if waiter.cancelled then return end
  one.duplicates = one.duplicates - 1
  if code == "EEXIST" and #ghosts > 0 then return end -- the duplicate has a ghost's number
  if not ready then
    blame("wait for number %d failed with %s", fd, tostring(code))
  elseif not wire.may_read(one) then
    blame("number %d was told that it may read", fd)
  end
end

local function poll(waiter)
  local list = {}
  for i, object in ipairs(waiter.objects) do list[i] = object.socket end
  local ready, _, code = net.poll(list)
  if not ready then return blame("poll failed with %s", tostring(code)) end
  local by_socket = {}
  for _, object in ipairs(waiter.objects) do by_socket[object.socket] = object end
  for _, entry in ipairs(ready) do
    local object = by_socket[entry[1]]
    if not object then
      blame("poll gave what was not in its list")
    elseif entry.POLLNVAL and not object.gone then
      blame("poll takes %d for closed", object.of.number)
    elseif entry.POLLIN and not wire.may_read(object.of) then
      blame("poll told %d that it may read", object.of.number)
    end
  end
end

-- What was waited for has come: now and then more is done at once, among the events
-- that came with it.
local function and_then(waiter)
  waiter.after = random(3) == 1 and random(3)
  return waiter
end

local function wait_with(call, direction, unlimited)
  return function()
    local object = any_object()
    if not object then return end
    note("wait %s: %d fd %d", direction, object.of.number, object.socket:fileno())
    start(and_then { object = object, direction = direction, unlimited = unlimited }, call)
  end
end

work.receive = wait_with(receive, "read")
work.transmit = wait_with(transmit, "write")
work.watch = wait_with(watch, "read", true)
work.watch_room = wait_with(watch, "write", true)

function work.watch_number()
  local object = any_object()
  if not object then return end
  start(and_then { of = object.of, source = object, number = true }, watch_number)
end

function work.poll()
  local objects = {}
  for i = 1, random(4) do objects[i] = any_object() end
  if #objects > 0 then start(and_then { objects = objects }, poll) end
end

-- --- connecting --------------------------------------------------------------------------

local listener = assert(net.listen("127.0.0.1:0", nil, { backlog = 128 }))
local LISTENER = listener:getsockname()
local calling, accepted, meeting = {}, {}, 0 -- by the caller's port

local function meet(port)
  local a, b = calling[port], accepted[port]
  if not a or not b then return end
  calling[port], accepted[port] = nil, nil
  meeting = meeting - 2
  a:setsockopt("SO_LINGER", 0) -- its port is free at once
  b:setsockopt("SO_LINGER", 0)
  admit("tcp", a, b)
end

local function call_up(waiter)
  local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
  local ok, message = s:connect(LISTENER)
  if not ok then return blame("connect: %s", message) end
  local port = s:getsockname().port
  if waiter.crowd then return s:close() end
  calling[port], meeting = s, meeting + 1
  meet(port)
end

local function answer(waiter)
  local s, peer = listener:accept()
  if not s then return blame("accept: %s", tostring(peer)) end
  if waiter.crowd then return s:close() end
  accepted[peer.port], meeting = s, meeting + 1
  meet(peer.port)
end

function work.connect()
  if #ends >= PAIRS * 2 or #waiters > WAITERS - 2 then return end
  start({ lasting = true }, call_up)
  start({ lasting = true }, answer)
end

-- --- sending, and the object's own -----------------------------------------------------------

function work.send()
  local object = any_object()
  if not object or wire.count(object.of.peer) >= 40 then return end
  local to = object.of.peer
  local text, message = wire.message(to)
  note("send: to %d message %d", to.number, message.number)
  local bytes, _, code = object.socket:send(text, "MSG_DONTWAIT")
  if bytes == #text then return wire.sent(message) end
  local complaint = wire.unsent(to, message)
  if complaint then blame("send: %s", complaint) end
  if code ~= "EAGAIN" and not wire.may_fail(object, "write", code, object.writers > 0) then
    blame("send of %d (%s) failed with %s", object.of.number, object.of.kind, tostring(code))
  end
end

function work.duplicate()
  local object = any_object()
  if not object or #object.of.objects > 2 then return end
  local copy = assert(object.socket:dup())
  note("dup: %d fd %d as %d", object.of.number, object.socket:fileno(), copy:fileno())
  object.of.copied = true
  wire.object(object.of, copy).limited = object.limited
end

function work.close()
  local object = any_object()
  if not object then return end
  note("close: %d fd %d", object.of.number, object.socket:fileno())
  wire.lose(object, "closed")
  assert(object.socket:close())
  tidy()
end

function work.shutdown()
  local object = any_object()
  if not object or object.of.kind == "udp" or object.of.kind == "datagram" or random(4) > 1 then return end
  note("shutdown: %d", object.of.number)
  object.of.shut = true
  object.socket:shutdown("SHUT_WR")
end

-- The descriptor changes hands: who waited for the first object hears of it.
function work.hand_over()
  local object = any_object()
  if not object then return end
  note("detach: %d fd %d", object.of.number, object.socket:fileno())
  local one = object.of
  wire.lose(object, "closed")
  local socket = assert(net.fromfd(object.socket:detach()))
  wire.object(one, socket)
end

function work.limit()
  local object = any_object()
  if not object then return end
  object.limited = true
  object.socket:settimeout(random(5) * 0.0005)
end

-- Nothing but the collector closes it.
local function let_go(one, index)
  local object = one.objects[index]
  wire.lose(object, "collected")
  object.socket = nil
end

function work.collect()
  if #ends == 0 then return end
  local one = any(ends)
  local object = one.objects[#one.objects]
  if not object or object.readers + object.writers > 0 then return end
  for _, waiter in ipairs(waiters) do -- of several, or not begun
    if waiter.object == object or waiter.source == object then return end
    for _, polled in ipairs(waiter.objects or {}) do
      if polled == object then return end
    end
  end
  note("collect: %d", one.number)
  let_go(one, #one.objects)
  collectgarbage()
  tidy()
end

-- --- behind the library's back ------------------------------------------------------------------

-- Somebody else closes the number.  Either it is used at once, and the object finds
-- that out; or another takes the number, and the object is left, with whoever waits
-- for it, until it gives its number away.
--
-- With poll(2), and where there was a duplicate (which may be open yet), the kernel
-- would tell of a number, or of the file, that the object does not have any more; and
-- what it has told already makes who waits try that number.  Then nobody may wait: no
-- library can help there.
local function is_quiet(object)
  return tasks.poller() ~= "poll" and not object.of.copied and object.writers == 0
    and not wire.may_read(object.of) and not among_events
end

function work.steal()
  local object = any_object()
  if not object then return end
  local waits = object.readers + object.writers > 0
  for _, waiter in ipairs(waiters) do
    if waiter.object == object and not waiter.began or waiter.source == object then return end
    for _, polled in ipairs(waiter.objects or {}) do
      if polled == object then return end
    end
  end
  if waits and not is_quiet(object) then return end
  local fd, before = object.socket:fileno(), turns
  note("steal: %d fd %d%s", object.of.number, fd, waits and ", which is waited for" or "")
  wire.lose(object, "stolen")
  assert(assert(net.fromfd(fd)):close()) -- others may have a turn
  tidy()
  if random(2) == 1 and turns == before then
    local data, _, code = object.socket:recv(1, "MSG_DONTWAIT")
    if data or code ~= "EBADF" then blame("what was stolen gave %s", tostring(data or code)) end
    if object.socket:fileno() then blame("what was stolen has a number") end
  else
    ghosts[#ghosts + 1] = object
    admit(openers[random(3)]())
  end
end

local function lay(ghost)
  ghost.socket:detach()
  if ghost.socket:fileno() then blame("a ghost has a number") end
end

function work.lay()
  if #ghosts > 0 then lay(table.remove(ghosts, random(#ghosts))) end
end

-- --- cancelling -----------------------------------------------------------------------------------

-- What it would have sent is not under way, and what it would have read still is.
local function cancel(waiter)
  local object = waiter.object
  waiter.task:cancel()
  waiter.cancelled = true
  wire.without(waiters, waiter)
  if not waiter.began then return end
  if object then
    local counter = waiter.direction == "write" and "writers" or "readers"
    object[counter] = object[counter] - 1
  elseif waiter.number and waiter.of then
    waiter.of.duplicates = waiter.of.duplicates - 1
  end
  if waiter.message then
    local complaint = wire.unsent(object.of.peer, waiter.message)
    if complaint then blame("a send that was cancelled: %s", complaint) end
  end
end

-- One that has its results already keeps them.
local function may_cancel(waiter)
  return not waiter.lasting and not waiter.ended
    and (not waiter.began or waiter.task:status() == "waiting")
end

function work.cancel()
  if #waiters == 0 then return end
  local waiter = any(waiters)
  if not may_cancel(waiter) then return end
  note("cancel: %s", tostring(waiter.task))
  cancel(waiter)
end

-- --- one operation ------------------------------------------------------------------------------------

local weights = {
  open = 8, connect = 3, receive = 22, transmit = 6, watch = 6, watch_room = 3, watch_number = 3,
  poll = 4, send = 24, duplicate = 5, close = 7, shutdown = 1, hand_over = 5, limit = 1,
  collect = 3, steal = 4, lay = 3, cancel = 8,
}

local names = {}
for name in pairs(weights) do names[#names + 1] = name end
table.sort(names) -- the same in each run
local choice = {}
for _, name in ipairs(names) do
  for _ = 1, weights[name] do choice[#choice + 1] = name end
end

function work.any()
  local name = any(choice)
  operations = operations + 1
  counts[name] = (counts[name] or 0) + 1
  operating = operating + 1
  work[name]()
  operating = operating - 1
end

-- --- comparing -------------------------------------------------------------------------------------------

-- A waiter that must come to its end, with what is known.
local function must_end(waiter)
  if waiter.lasting then return true end
  if waiter.objects then
    for _, object in ipairs(waiter.objects) do
      if object.gone or wire.must_read(object.of) then return true end
    end
    return false
  end
  if waiter.number then return wire.must_read(waiter.of) end
  local object = waiter.object
  if object.gone then return object.gone == "closed" end
  if waiter.limited then return true end
  if waiter.direction == "read" then return wire.must_read(object.of) end
  if waiter.message and object.of.shut and #object.of.objects == 1 then return true end
  return wire.must_write(object.of)
end

local function unfinished()
  if operating > 0 then return "an operation" end
  for _, waiter in ipairs(waiters) do
    if not waiter.began or must_end(waiter) then return tostring(waiter.task), waiter end
  end
end

-- Everybody who can go on does so.
local function wait_for_all()
  local deadline = net.now() + PATIENCE
  net.sleep(0) -- who is cancelled ends
  net.sleep(0)
  local looks = 0
  local left, waiter = unfinished()
  while left and not wrong do
    looks = looks + 1
    if looks % 100 == 0 then collectgarbage() end -- or a peer may live on
    net.sleep(0)
    if net.now() > deadline then
      return blame("%s never ended: %s", left, waiter and wire.described(waiter) or "")
    end
    left, waiter = unfinished()
  end
end

local function settle()
  settling = true
  wait_for_all()
  settling = false
end

local base, others = 0, 0 -- descriptors beside those of the objects, ours and not

local function objects()
  local list = {}
  for _, one in ipairs(ends) do
    for _, object in ipairs(one.objects) do list[#list + 1] = object end
  end
  return list
end

local function compare_descriptors()
  local open, count = {}, 0
  for _, entry in ipairs(fault.census()) do
    open[entry.fd], count = true, count + 1
  end
  local expected, taken = base + meeting, {}
  for _, object in ipairs(objects()) do
    local fd = object.socket:fileno()
    if not fd or not open[fd] then blame("%d has lost its descriptor", object.of.number) end
    if taken[fd] then blame("%d and %d have the same descriptor", object.of.number, taken[fd]) end
    taken[fd or -1], expected = object.of.number, expected + 1
  end
  for _, waiter in ipairs(waiters) do
    expected = expected + (waiter.number and 1 or waiter.objects and 2 or 0)
  end
  if count ~= expected then blame("%d descriptors are open, not %d", count, expected) end
  if part.descriptors() ~= count + others then
    blame("the kernel has %d descriptors, not %d", part.descriptors(), count + others)
  end
end

local function compare()
  settle()
  collectgarbage()
  collectgarbage()
  if wrong then return end
  tidy()
  compare_descriptors()
  local loop = fault.loop()
  if loop.tasks ~= #waiters + 1 then blame("%d tasks, and %d waiters", loop.tasks, #waiters) end
  if loop.watching > #waiters then blame("%d are watching, of %d", loop.watching, #waiters) end
end

-- All that is there ends, and nothing is left.
local function purge()
  compare()
  if wrong then return end
  while #waiters > 0 do cancel(waiters[1]) end
  for _, object in ipairs(objects()) do
    wire.lose(object, "closed")
    object.socket:close()
  end
  tidy()
  for _, ghost in ipairs(ghosts) do lay(ghost) end
  ghosts = {}
  net.sleep(0)
  compare()
  local loop = fault.loop()
  if loop.watching + loop.timers > 0 or loop.standing > 1 or #ends + #waiters + meeting > 0 then
    blame("left: %d watching, %d timers, %d standing, %d ends, %d waiters, %d to meet", loop.watching,
      loop.timers, loop.standing, #ends, #waiters, meeting)
  end
end

-- --- all of it -----------------------------------------------------------------------------------------------

local began = net.now()

local function finish()
  local list = {}
  for _, name in ipairs(names) do list[#list + 1] = ("%s %d"):format(name, counts[name] or 0) end
  part.say("%s", table.concat(list, ", "))
  if wrong then
    for i = operations - 399, operations do
      if recent[i % 400] then print(recent[i % 400]) end
    end
  end
  part.check(not wrong, "%s: %d operations, seed %d, %.1f s%s", tasks.poller(), operations, SEED,
    net.now() - began, wrong and ": " .. wrong or "")
  part.finish() -- whoever waits still, when something is wrong, waits for ever
end

local function churn()
  local settled, settlings, burst = 0, 0, 1
  base = #fault.census()
  others = part.descriptors() - base
  while operations < OPERATIONS and not wrong do
    work.any()
    if random(burst) == 1 then net.sleep(0) end
    if operations - settled >= FIRST then
      settled, settlings, burst = operations, settlings + 1, any { 2, 8, 40 } -- few events at once, or many
      if settlings % SECOND == 0 then purge() else compare() end
    end
  end
  if not wrong then purge() end
end

local _, message = pcall(net.run, function()
  churn()
  finish()
end)
blame("%s", tostring(message))
finish()
