-- race.lua - the race of connection attempts, RFC 8305 ("Happy Eyeballs").
--
-- A host has several addresses, and some may be dead. They are tried one after
-- the other, each a little later than the one before, without giving up the
-- earlier ones; the first connection that stands wins.
--
-- These are the rules alone. They know nothing of sockets, clocks or tasks:
-- whoever drives the race asks `next` what to do, does it, and tells what
-- became of the attempts.
--
--    local r = race.new(race.interleave(addresses), { deadline = clock() + 5 })
--    repeat
--      local action, value, more = r:next(clock())
--      if action == "start" then
--        -- begin to connect to `more`; if that ends at once, say so at once:
--        -- r:succeeded(value, socket) or r:failed(value, message, code)
--      elseif action == "wait" then
--        -- until an attempt ends (say so), or until the time `value`
--      end
--    until action ~= "start" and action ~= "wait"
--    -- "won", socket, losers   or   "lost" / "timeout", failures, losers
--    -- then close the losers
--
-- The rules:
--
-- * The next attempt starts `delay` after the start of the one before, or at
--   once when an attempt fails: any that is running, not only the latest. Each
--   failure brings one start forward. RFC 8305 leaves it open; so the number of
--   attempts under way does not shrink while there are addresses left.
-- * The first success that is told wins, also one that is told after the
--   deadline but before `next` has seen it: what stands is not thrown away.
-- * When all have failed the race is lost, also if the deadline has come.
-- * A deadline that has passed ends the race before the next start, the first
--   one too.

local race = {}

-- Seconds between two starts: the Connection Attempt Delay of RFC 8305,
-- section 5.
race.DELAY = 0.25

-- The shortest delay, in seconds; a shorter one is taken for this one. RFC
-- 8305, section 5: "a subsequent connection MUST NOT be started within 10
-- milliseconds of the previous attempt". (The 100 that it recommends are the
-- caller's choice. The start that follows a failure does not wait.)
race.MIN_DELAY = 0.01

-- --- the order ----------------------------------------------------------------

local function family_field(address)
  return address.family
end

-- Lists of addresses, one for each family, in the order in which the families
-- come up.
local function group_by_family(addresses, family_of)
  local groups, of_family = {}, {}
  for _, address in ipairs(addresses) do
    local family = family_of(address) or false
    local group = of_family[family]
    if not group then
      group = { taken = 0 }
      of_family[family] = group
      groups[#groups + 1] = group
    end
    group[#group + 1] = address
  end
  return groups
end

-- A new list with the addresses in the order in which to try them: families take
-- turns, so that one that does not work costs one delay (RFC 8305, section 4).
-- The first address's family begins, and within a family the order stays.
-- `family_of` gives an address's family (without it: the field `family`);
-- `first_count` is how many addresses of the first family come before one of
-- another, the First Address Family Count (1).
function race.interleave(addresses, family_of, first_count)
  local groups = group_by_family(addresses, family_of or family_field)
  local order = {}
  local function take(group)
    group.taken = group.taken + 1
    order[#order + 1] = group[group.taken] -- nil when none is left
  end
  for _ = 2, groups[1] and first_count or 1 do take(groups[1]) end
  while #order < #addresses do
    for _, group in ipairs(groups) do take(group) end
  end
  return order
end

-- --- the race -----------------------------------------------------------------

-- When a race has been won, the field `winner` is the winner's index.
local Race = {}
Race.__index = Race

local function check_seconds(name, value)
  if type(value) ~= "number" or value ~= value then
    error(("%s: number expected, got %s"):format(name, tostring(value)), 3)
  end
  return value
end

-- A race between these addresses, in this order (the list is not copied).
-- Nothing starts before `next` is asked. Options: `delay`, seconds between two
-- starts (0.25; what is less than 0.01 counts as 0.01, and `math.huge` waits for
-- failures alone); `deadline`, the time, on the clock of `next`, at which the
-- race ends (none). Raises for values that are no numbers.
function race.new(addresses, options)
  options = options or {}
  local delay = check_seconds("delay", options.delay or race.DELAY)
  return setmetatable({
    addresses = addresses,
    delay = math.max(delay, race.MIN_DELAY),
    deadline = check_seconds("deadline", options.deadline or math.huge),
    next_start = -math.huge, -- the time from which the next attempt is due
    brought_forward = 0, -- starts that failures have made due
    started = 0, -- the first so many addresses
    running = {}, -- index -> true
    ended = {}, -- index -> failure
    failed_count = 0,
    losers = nil, -- once the race is over; `outcome` and `value` are `next`'s
  }, Race)
end

local function running_list(self)
  local list = {}
  for index = 1, self.started do
    if self.running[index] and index ~= self.winner then list[#list + 1] = index end
  end
  return list
end

-- Ends the race; what is still running has lost.
local function finish(self, outcome, value)
  self.outcome, self.value, self.losers = outcome, value, running_list(self)
  self.running = {}
  return outcome, value, self.losers
end

local OPERATION = "connect "

local unfinished = {
  pending = "the time limit was reached",
  untried = "not tried before the time limit",
}

-- What became of each address, in their order.
local function list_failures(self)
  local list = {}
  for index, address in ipairs(self.addresses) do
    local failure = self.ended[index]
    if not failure then
      local state = index <= self.started and "pending" or "untried"
      local message = OPERATION .. tostring(address) .. ": " .. unfinished[state]
      failure = { message = message, code = "timeout", state = state }
    end
    failure.address = address
    list[index] = failure
  end
  return list
end

local function start(self, index, now)
  self.started = index
  self.running[index] = true
  self.brought_forward = math.max(self.brought_forward - 1, 0)
  self.next_start = now + self.delay
  return "start", index, self.addresses[index]
end

-- Tells what to do at the time `now`: seconds, on any clock that does not go
-- back. To be asked again after each start, and whenever something was told or
-- the time has come; once the race is over the answer stays the same.
--
--    "start", index, address      connect to it
--    "wait", time or nil          till an attempt ends, or until this time
--    "won", result, losers        what `succeeded` was given
--    "lost", failures, losers     every attempt has failed (so no losers)
--    "timeout", failures, losers  the deadline has come
--    "stopped", nil, losers       `stop` was called
--
-- Losers: a list of the indexes of the attempts that were still running, which
-- are to be closed. Failures: one for each address, in the order of the addresses,
-- tables of `address`, `message`, `code` and `state`, which is "failed", or
-- "pending" (no answer yet) or "untried", both with the code "timeout".
function Race:next(now)
  if self.losers then return self.outcome, self.value, self.losers end
  local count, index = #self.addresses, self.started + 1
  if self.failed_count == count then return finish(self, "lost", list_failures(self)) end
  if now >= self.deadline then return finish(self, "timeout", list_failures(self)) end
  local limit = self.deadline
  if index <= count then
    if self.brought_forward > 0 or now >= self.next_start then return start(self, index, now) end
    limit = math.min(limit, self.next_start)
  end
  return "wait", limit < math.huge and limit or nil
end

-- Tells that an attempt has connected; `result` is what `next` will give with
-- "won". False: it came too late and is to be closed, with nothing sent.
function Race:succeeded(index, result)
  if not self.running[index] then return false end
  self.winner = index
  finish(self, "won", result)
  return true
end

-- Tells that an attempt has failed, with connect's message and code. False: that
-- does not matter any more.
function Race:failed(index, message, code)
  if not self.running[index] then return false end
  self.ended[index] = { message = message, code = code, state = "failed" } -- first: it may raise
  self.running[index] = nil
  self.failed_count = self.failed_count + 1
  self.brought_forward = self.brought_forward + 1
  return true
end

-- Ends the race from outside: whoever wanted the connection is gone. Gives the
-- losers, to be closed; of a race that was over before, the same that `next` gave
-- (a winner is not among them).
function Race:stop()
  if not self.losers then finish(self, "stopped") end
  return self.losers
end

-- --- one error of many ---------------------------------------------------------

-- Failures that are about this machine, which has no such network, and not
-- about the host that was wanted.
local is_local = {
  EADDRNOTAVAIL = true,
  EAFNOSUPPORT = true,
  ENETUNREACH = true,
  EPROTONOSUPPORT = true,
}

-- The one code of many: "timeout" when the time ended the race; else the first
-- that is about the other side; else the first.
local function common_code(failures)
  local code
  for _, failure in ipairs(failures) do
    if failure.state == "pending" or failure.state == "untried" then return "timeout" end
    if not code or is_local[code] and not is_local[failure.code] then code = failure.code end
  end
  return code
end

local SHOWN = 4 -- failures in one message; all are in the list

-- One error of many: message, code. A single failure keeps its own. The code is
-- "timeout" when the deadline ended the race; if not, the first address's that
-- tells of the other side (where there is no IPv6 here, the refusal of the IPv4
-- address is the answer), or else the first one; "EINVAL" where there was no
-- address at all. `where`, what was to be reached, is for the message.
function race.summary(failures, where)
  if #failures == 1 then return failures[1].message, failures[1].code end
  local operation = OPERATION:sub(1, -2) .. (where and " " .. tostring(where) or "")
  if #failures == 0 then return operation .. ": no address", "EINVAL" end
  local reasons = {}
  for i = 1, math.min(#failures, SHOWN) do
    local message = failures[i].message
    if message:sub(1, #OPERATION) == OPERATION then message = message:sub(#OPERATION + 1) end
    reasons[i] = message
  end
  if #failures > SHOWN then reasons[SHOWN + 1] = ("and %d more"):format(#failures - SHOWN) end
  return operation .. ": " .. table.concat(reasons, "; "), common_code(failures)
end

return race
