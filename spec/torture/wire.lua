-- wire.lua - what the churn knows of its connections: who is there, what is under
-- way to whom, and whether what a call gave can be true.  Stands on nothing but Lua.
--
-- An end is one side of a connection; it has a number that no other ever had, and
-- each message says whose it is and which.  An object is one descriptor of an end
-- (there may be several: dup).  What is received must be under way to that end.

local wire = { SIZE = 16 }

local last = 0 -- number of an end

-- Two ends of a new connection: "tcp", "udp", "stream", "datagram", "seqpacket".
function wire.pair(kind)
  local ends = {}
  for i = 1, 2 do
    last = last + 1
    ends[i] = { number = last, kind = kind, objects = {}, duplicates = 0, under_way = {}, serial = 0 }
  end
  ends[1].peer, ends[2].peer = ends[2], ends[1]
  return ends[1], ends[2]
end

-- Another descriptor of the end.
function wire.object(one, socket)
  local object = { socket = socket, of = one, readers = 0, writers = 0 }
  one.objects[#one.objects + 1] = object
  return object
end

function wire.without(list, value)
  for i = #list, 1, -1 do
    if list[i] == value then table.remove(list, i) end
  end
end

-- The object is not there any more, or not ours.
function wire.lose(object, why)
  object.gone = why
  wire.without(object.of.objects, object)
end

-- No descriptor of the end is left: the other one sees that.
function wire.is_dead(one)
  return #one.objects == 0 and one.duplicates == 0
end

-- --- messages --------------------------------------------------------------------

-- The next message to `to`: its text, and what is known of it.
function wire.message(to)
  to.serial = to.serial + 1
  local message = { number = to.serial, state = "leaving" }
  to.under_way[to.serial] = message
  return ("%08d%08d"):format(to.number, to.serial), message
end

function wire.sent(message)
  if message.state == "leaving" then message.state = "sent" end
end

-- It has not been sent; nil, or what is wrong with that.
function wire.unsent(to, message)
  to.under_way[message.number] = nil
  if message.state == "received" then
    return ("message %d to %d came, and its send failed"):format(message.number, to.number)
  end
end

local function take(one, text)
  local number, serial = text:match("^(%d%d%d%d%d%d%d%d)(%d%d%d%d%d%d%d%d)$")
  if not number then return ("%d got %q"):format(one.number, text) end
  if tonumber(number) ~= one.number then
    return ("%d got what is %d's"):format(one.number, tonumber(number))
  end
  local message = one.under_way[tonumber(serial)]
  if not message then return ("%d got message %d twice"):format(one.number, tonumber(serial)) end
  message.state = "received"
  one.under_way[tonumber(serial)] = nil
end

-- What an end has received; nil, or what is wrong with it.
function wire.received(one, data)
  if #data == 0 or #data % wire.SIZE ~= 0 then
    return ("%d got %d bytes"):format(one.number, #data)
  end
  for at = 1, #data, wire.SIZE do
    local wrong = take(one, data:sub(at, at + wire.SIZE - 1))
    if wrong then return wrong end
  end
end

-- How many are under way, and how many of these are certainly there.
function wire.count(one)
  local all, sure = 0, 0
  for _, message in pairs(one.under_way) do
    all = all + 1
    if message.state == "sent" then sure = sure + 1 end
  end
  return all, sure
end

-- --- what may be, and what must ------------------------------------------------------

local connected = { tcp = true, stream = true, seqpacket = true }

local function has_ended(one)
  return one.shut or wire.is_dead(one)
end

-- Something may be there to be read: data, the end, an error.
function wire.may_read(one)
  return next(one.under_way) ~= nil or has_ended(one.peer) or one.shut
end

-- ... is certainly there.  A connection that was reset may have lost data, not its
-- end.
function wire.must_read(one)
  if connected[one.kind] then
    if has_ended(one.peer) then return true end
  elseif wire.is_dead(one.peer) then
    return false
  end
  local _, sure = wire.count(one)
  return sure > 0
end

-- There is certainly room, or an error.  The kernel does not tell of a unix socket
-- without room that was shut down.
function wire.must_write(one)
  if wire.is_dead(one.peer) then return connected[one.kind] end
  if one.shut and one.kind == "tcp" then return true end
  return next(one.peer.under_way) == nil
end

-- Which failures may come of a call, beside those of the object itself.
local function peer_failures(one, direction)
  local dead = wire.is_dead(one.peer)
  if direction == "read" then
    return {
      eof = connected[one.kind] and has_ended(one.peer),
      ECONNRESET = dead and connected[one.kind],
      ECONNREFUSED = dead and not connected[one.kind],
    }
  end
  return {
    EPIPE = connected[one.kind] and (dead or one.shut),
    ECONNRESET = dead, ECONNREFUSED = dead and not connected[one.kind],
    ENOTCONN = dead and one.kind == "datagram",
  }
end

-- Whether a call on the object may fail with this code; `rival`: another waited for
-- the same when it began.
function wire.may_fail(object, direction, code, rival)
  if code == "closed" then return object.gone ~= nil end
  if code == "EBADF" then return object.gone == "stolen" end
  if code == "busy" then return rival end
  if code == "timeout" then return object.limited end
  return peer_failures(object.of, direction)[code] or false
end

-- For complaints: whom a waiter waits for, and what is known.
function wire.described(waiter)
  local list = {}
  for _, object in ipairs(waiter.objects or { waiter.object or waiter.source }) do
    local one = object.of
    local all, sure = wire.count(one)
    list[#list + 1] = ("%s %d to %s, %s, gone %s, objects %d + %d, peer's %d + %d, %d (%d) under way"):format(
      one.kind, one.number, tostring(waiter.direction or "read"), tostring(object.socket),
      tostring(object.gone), #one.objects, one.duplicates, #one.peer.objects, one.peer.duplicates, all, sure)
  end
  return table.concat(list, "; ")
end

return wire
