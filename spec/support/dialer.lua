-- dialer.lua - for the specs of the race: a clock that only the spec moves, and
-- addresses that do as their description says.  No sockets.

local race = require "dialtone.race"

local support = {}

-- --- addresses --------------------------------------------------------------------------

-- What an address is and does, in one word: family, outcome, and after how many
-- milliseconds. "6:ok@50", "4:ECONNREFUSED@0", "6:mute" (never anything);
-- "4:ok!" and "4:EACCES!" end in the call that starts them.
local function parse_address(word, index)
  local family, outcome, tail = word:match("^(%d+):(%w+)(.*)$")
  return {
    family = family, outcome = outcome, index = index,
    at_once = tail == "!",
    latency = tonumber(tail:match("^@(%d+)$")),
  }
end

local address_meta = { __tostring = function(self) return "address " .. self.index end }

-- Makes an address of a table of these fields.
function support.address(fields)
  return setmetatable(fields, address_meta)
end

-- Several, with blanks between them.
function support.addresses(text)
  local addresses = {}
  for word in text:gmatch("%S+") do
    addresses[#addresses + 1] = support.address(parse_address(word, #addresses + 1))
  end
  return addresses
end

-- --- who drives the race ----------------------------------------------------------------

local Dialer = {}
Dialer.__index = Dialer

-- Tells the race what became of an attempt. Attempts that were closed speak up
-- too: what they say may have been under way.
function Dialer:report(address)
  local r = self.race
  if address.outcome == "ok" then
    local connection = { index = address.index, open = true }
    self.connections[#self.connections + 1] = connection
    if not r:succeeded(address.index, connection) then
      connection.open = false
      self.late[#self.late + 1] = address.index
    end
  else
    r:failed(address.index, "connect " .. tostring(address) .. ": no", address.outcome)
  end
end

function Dialer:begin(address)
  self.starts[#self.starts + 1] = { index = address.index, time = self.now }
  if address.at_once then
    self:report(address)
  elseif address.latency then
    self.events[#self.events + 1] = { time = self.now + address.latency, address = address }
  end
end

-- The events that are due by `time`, taken out in order of time and address.
function Dialer:due(time)
  local due, rest = {}, {}
  for _, event in ipairs(self.events) do
    local list = event.time <= time and due or rest
    list[#list + 1] = event
  end
  self.events = rest
  table.sort(due, function(a, b)
    return a.time < b.time or a.time == b.time and a.address.index < b.address.index
  end)
  return due
end

function Dialer:first_event()
  local time
  for _, event in ipairs(self.events) do time = math.min(time or math.huge, event.time) end
  return time
end

-- Waits as poll would: till the first event, or `limit`.
function Dialer:wait(limit)
  local time = self:first_event()
  if limit and (not time or limit < time) then time = limit end
  assert(time, "a wait without end")
  assert(time >= self.now, "a wait for the past")
  self.now = time
  for _, event in ipairs(self:due(time)) do self:report(event.address) end
end

function Dialer:run()
  for _ = 1, 10000 do
    local action, value, more = self.race:next(self.now)
    if action == "start" then
      assert(self.addresses[value] == more)
      self:begin(more)
    elseif action == "wait" then
      self:wait(value)
    else
      self.outcome, self.value, self.losers, self.took = action, value, more, self.now
      return self
    end
  end
  error("the race does not end")
end

-- What was still to come, comes after the end.
function Dialer:let_late_ones_come()
  for _, event in ipairs(self:due(math.huge)) do self:report(event.address) end
end

-- Drives a race of these addresses to its end.  `options`: `delay`, `deadline`
-- and `unit`: how many of their units a second has (1000).  The result tells,
-- in these units: `outcome`, `value` and `losers` as the race gave them; `took`;
-- `starts`, a list of `{ index =, time = }`; `connections`, a list of
-- `{ index =, open = }`; `late`, the indexes of those that came too late.
function support.dial(addresses, options)
  local unit = options.unit or 1000
  local dialer = setmetatable({
    addresses = addresses, now = 0,
    starts = {}, events = {}, connections = {}, late = {},
  }, Dialer)
  local clocked = race.new(addresses, {
    delay = options.delay and options.delay / unit,
    deadline = options.deadline and options.deadline / unit,
  })
  dialer.race = {
    next = function(_, now)
      local action, value, more = clocked:next(now / unit)
      if action == "wait" and value then value = value * unit end
      return action, value, more
    end,
    succeeded = function(_, ...) return clocked:succeeded(...) end,
    failed = function(_, ...) return clocked:failed(...) end,
  }
  return dialer:run()
end

-- The list's values, as `map` makes them, with blanks between.
function support.join(list, map)
  local words = {}
  for i, value in ipairs(list) do words[i] = map and map(value) or tostring(value) end
  return table.concat(words, " ")
end

return support
