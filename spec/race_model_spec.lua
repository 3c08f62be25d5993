-- race_model_spec.lua - thousands of races by chance, the same ones each time:
-- what race.lua does is what a plain model of the rules does, and what must hold
-- for any race holds.

local support = require "spec.support.dialer"
local dial, join = support.dial, support.join

-- Plain: luassert's own take most of the time where there are so many.
local function check(condition, where)
  if not condition then error(where, 2) end
end

local function equal(expected, actual, where)
  if expected ~= actual then
    error(("%s: expected %s, got %s"):format(where, tostring(expected), tostring(actual)), 2)
  end
end

-- --- the model -----------------------------------------------------------------------------

-- What the race should do, worked out instant by instant, by the rules as they
-- are said and nothing else. Time is in ticks.
local Model = {}
Model.__index = Model

function Model:settle(i)
  self.done[i] = true
  if self.addresses[i].outcome == "ok" then
    self.winner = self.winner or i
  else
    self.failed = self.failed + 1
    self.owed = self.owed + 1 -- a start for each failure
  end
end

function Model:settle_due(tick)
  for i, begun in ipairs(self.starts) do
    local latency = self.addresses[i].latency
    if not self.winner and not self.done[i] and latency and begun + latency <= tick then self:settle(i) end
  end
end

function Model:may_start(tick)
  local count = #self.starts
  if self.winner or count == #self.addresses then return false end
  return count == 0 or self.owed > 0 or tick >= self.starts[count] + self.delay
end

-- All that happens at one tick; what it ends with, if it does.
function Model:tick(tick)
  self:settle_due(tick)
  while true do
    if self.winner then return "won" end
    if self.failed == #self.addresses then return "lost" end
    if tick >= self.deadline then return "timeout" end
    if not self:may_start(tick) then
      local before = self.failed
      self:settle_due(tick) -- what ended in no time
      if not self.winner and self.failed == before then return nil end
    else
      self.owed = math.max(self.owed - 1, 0)
      self.starts[#self.starts + 1] = tick
      if self.addresses[#self.starts].at_once then self:settle(#self.starts) end
    end
  end
end

local function expected(addresses, delay, deadline)
  local model = setmetatable({ addresses = addresses, delay = delay, deadline = deadline or math.huge,
    starts = {}, done = {}, failed = 0, owed = 0 }, Model)
  for tick = 0, 100000 do
    local outcome = model:tick(tick)
    if outcome then return outcome, tick, model end
  end
  error("the model does not end")
end

-- --- races by chance --------------------------------------------------------------------

local Random = {}
Random.__index = Random

function Random:number(n) -- 0 to n - 1
  self.seed = (self.seed * 16807) % 2147483647
  return self.seed % n
end

local function random_address(random, index)
  local kind = random:number(10)
  local address = { family = tostring(random:number(2)), index = index, latency = random:number(1500) }
  address.outcome = kind < 4 and "ok" or "E" .. index
  if kind == 9 then
    address.latency = nil -- never answers
  elseif random:number(6) == 0 then
    address.at_once, address.latency = true, nil
  elseif random:number(3) == 0 then
    address.latency = random:number(3) * 128 -- so that much falls on one instant
  end
  return support.address(address)
end

-- `n` races from this seed on; ticks of 1/1024 s, so that sums are exact.
local function each_race(seed, n, body)
  local random = setmetatable({ seed = seed }, Random)
  for round = 1, n do
    local addresses = {}
    for i = 1, random:number(9) do addresses[i] = random_address(random, i) end
    local delay = ({ 11, 64, 128, 256, 256, 300, 2048 })[random:number(7) + 1]
    local deadline = random:number(3) > 0 and random:number(2000) or 6000
    body(addresses, delay, deadline, ("round %d, delay %d, deadline %d"):format(round, delay, deadline))
  end
end

-- --- the properties ----------------------------------------------------------------------

describe("any race", function()
  it("ends as the rules say, when they say, with these starts", function()
    local count = { won = 0, lost = 0, timeout = 0 }
    each_race(20250, 1000, function(addresses, delay, deadline, where)
      local outcome, tick, model = expected(addresses, delay, deadline)
      local dialer = dial(addresses, { unit = 1024, delay = delay, deadline = deadline })
      equal(outcome, dialer.outcome, where)
      equal(tick, dialer.took, where)
      equal(model.winner, outcome == "won" and dialer.value.index or nil, where)
      equal(join(model.starts), join(dialer.starts, function(s) return ("%d"):format(s.time) end), where)
      count[outcome] = count[outcome] + 1
    end)
    for outcome, number in pairs(count) do check(number > 100, outcome .. ": " .. number) end
  end)

  it("takes no longer than the best address and the delays before it", function()
    each_race(31, 1000, function(addresses, delay, _, where)
      local bound
      for i, address in ipairs(addresses) do
        local latency = address.at_once and 0 or address.latency
        if address.outcome == "ok" and latency then
          bound = math.min(bound or math.huge, (i - 1) * delay + latency)
        end
      end
      if not bound then return end
      local dialer = dial(addresses, { unit = 1024, delay = delay, deadline = 1e9 })
      equal("won", dialer.outcome, where)
      check(dialer.took <= bound, where)
    end)
  end)

  it("takes exactly that where none fails", function()
    each_race(77, 1000, function(addresses, delay, _, where)
      local bound
      for i, address in ipairs(addresses) do
        if address.outcome ~= "ok" then address.at_once, address.latency = nil, nil end
        local latency = address.at_once and 0 or address.latency
        if latency then bound = math.min(bound or math.huge, (i - 1) * delay + latency) end
      end
      if not bound then return end
      equal(bound, dial(addresses, { unit = 1024, delay = delay }).took, where)
    end)
  end)

  it("starts in order, and no two within a delay unless one has failed", function()
    each_race(4711, 1000, function(addresses, delay, deadline, where)
      local dialer = dial(addresses, { unit = 1024, delay = delay, deadline = deadline })
      local ends = {}
      for i, start in ipairs(dialer.starts) do
        equal(i, start.index, where)
        check(start.time < deadline, where)
        local address = addresses[i]
        local latency = address.at_once and 0 or address.latency
        if address.outcome ~= "ok" and latency then
          local time = start.time + latency
          ends[time] = (ends[time] or 0) + 1
        end
      end
      local at = {} -- how many starts a tick had that no delay explains
      for i = 2, #dialer.starts do
        local time = dialer.starts[i].time
        if time - dialer.starts[i - 1].time < delay then at[time] = (at[time] or 0) + 1 end
      end
      for time, number in pairs(at) do check(number <= (ends[time] or 0), where) end
    end)
  end)

  it("leaves one connection open when it is won, else none", function()
    each_race(99, 1000, function(addresses, delay, deadline, where)
      local dialer = dial(addresses, { unit = 1024, delay = delay, deadline = deadline })
      dialer:let_late_ones_come()
      local open = 0
      for _, connection in ipairs(dialer.connections) do
        if connection.open then open = open + 1 end
      end
      equal(dialer.outcome == "won" and 1 or 0, open, where)
    end)
  end)

  it("accounts for each address: winner, loser, failed or not tried", function()
    each_race(1234, 1000, function(addresses, delay, deadline, where)
      local dialer = dial(addresses, { unit = 1024, delay = delay, deadline = deadline })
      local losers = {}
      for _, index in ipairs(dialer.losers) do losers[index] = true end
      if dialer.outcome == "won" then
        equal(nil, losers[dialer.value.index], where)
        return
      end
      equal(#addresses, #dialer.value, where)
      for i, failure in ipairs(dialer.value) do
        equal(addresses[i], failure.address, where)
        equal(failure.state == "pending", losers[i] == true, where)
        equal(failure.state == "untried", dialer.starts[i] == nil, where)
        equal(failure.state == "failed" and addresses[i].outcome or "timeout", failure.code, where)
      end
    end)
  end)
end)
