-- race_spec.lua - the race of connection attempts on a clock that only the spec
-- moves: who starts when, who wins, what is closed.  Any race, by chance, is in
-- race_model_spec.lua.

local race = require "dialtone.race"
local support = require "spec.support.dialer"
local dial, join = support.dial, support.join

local function milliseconds(time) return ("%.0f"):format(time) end

-- "won 1 at 50", "lost at 30: ECONNREFUSED EACCES"
local function ending(dialer)
  local took = milliseconds(dialer.took)
  if dialer.outcome == "won" then return ("won %d at %s"):format(dialer.value.index, took) end
  return ("%s at %s: %s"):format(dialer.outcome, took, join(dialer.value, function(failure)
    return failure.state == "failed" and failure.code or failure.state
  end))
end

-- --- scenarios ---------------------------------------------------------------------------

-- Addresses; `starts`, the times at which they were started, in order; how it
-- ends; `closed`, the attempts that were still running then; `late`, those that
-- connected all the same. `delay` is 250 unless told.
local scenarios = {
  one_address = {
    { "connects quickly", "6:ok@30", starts = "0", ends = "won 1 at 30" },
    { "connects slowly, with nobody else to try", "4:ok@40000", starts = "0", ends = "won 1 at 40000" },
    { "connects in the call itself", "4:ok!", starts = "0", ends = "won 1 at 0" },
    { "is refused quickly", "4:ECONNREFUSED@2", starts = "0", ends = "lost at 2: ECONNREFUSED" },
    { "fails slowly", "6:ETIMEDOUT@127000", starts = "0", ends = "lost at 127000: ETIMEDOUT" },
    { "fails in the call itself", "6:ENETUNREACH!", starts = "0", ends = "lost at 0: ENETUNREACH" },
    { "never answers until the deadline", "6:mute", deadline = 5000,
      starts = "0", ends = "timeout at 5000: pending", closed = "1" },
  },
  two_addresses = {
    { "the first is good: the second is left alone", "6:ok@50 4:ok@10", starts = "0", ends = "won 1 at 50" },
    { "the first is good in the call itself", "6:ok! 4:ok!", starts = "0", ends = "won 1 at 0" },
    { "the first is refused: the second starts at once", "6:ECONNREFUSED@7 4:ok@20",
      starts = "0 7", ends = "won 2 at 27" },
    { "the first fails in the call itself: the second starts at once", "6:ENETUNREACH! 4:ok@20",
      starts = "0 0", ends = "won 2 at 20" },
    { "the first is a black hole", "6:mute 4:ok@20", starts = "0 250", ends = "won 2 at 270", closed = "1" },
    { "the second is a black hole", "6:ok@300 4:mute", starts = "0 250", ends = "won 1 at 300", closed = "2" },
    { "both are slow, and the first is first", "6:ok@900 4:ok@800",
      starts = "0 250", ends = "won 1 at 900", closed = "2", late = "2" },
    { "both are slow, and the second overtakes", "6:ok@900 4:ok@500",
      starts = "0 250", ends = "won 2 at 750", closed = "1", late = "1" },
    { "the first connects just before the delay is over", "6:ok@249 4:ok@1", starts = "0", ends = "won 1 at 249" },
    { "the first connects just when the delay is over", "6:ok@250 4:ok@1", starts = "0", ends = "won 1 at 250" },
    { "the first connects just after the delay", "6:ok@251 4:ok@10",
      starts = "0 250", ends = "won 1 at 251", closed = "2", late = "2" },
    { "the second connects in the call itself", "6:ok@300 4:ok!",
      starts = "0 250", ends = "won 2 at 250", closed = "1", late = "1" },
    { "both connect at the same instant", "6:ok@300 4:ok@50",
      starts = "0 250", ends = "won 1 at 300", late = "2", closed = "2" },
    { "the first fails just before the delay is over", "6:EHOSTUNREACH@249 4:ok@20",
      starts = "0 249", ends = "won 2 at 269" },
    { "the first fails just when the delay is over", "6:EHOSTUNREACH@250 4:ok@20",
      starts = "0 250", ends = "won 2 at 270" },
    { "the first fails while the second runs", "6:EHOSTUNREACH@260 4:ok@20",
      starts = "0 250", ends = "won 2 at 270" },
    { "the first fails after the second has won", "6:EHOSTUNREACH@280 4:ok@20",
      starts = "0 250", ends = "won 2 at 270", closed = "1" },
    { "the second fails while the first runs", "6:ok@700 4:ECONNREFUSED@10",
      starts = "0 250", ends = "won 1 at 700" },
    { "both fail in the calls themselves", "6:ENETUNREACH! 4:EACCES!",
      starts = "0 0", ends = "lost at 0: ENETUNREACH EACCES" },
    { "both fail, each quickly", "6:ENETUNREACH@5 4:ECONNREFUSED@6",
      starts = "0 5", ends = "lost at 11: ENETUNREACH ECONNREFUSED" },
    { "both fail, the second first", "6:ETIMEDOUT@900 4:ECONNREFUSED@10",
      starts = "0 250", ends = "lost at 900: ETIMEDOUT ECONNREFUSED" },
    { "both fail at the same instant", "6:ETIMEDOUT@300 4:ECONNREFUSED@50",
      starts = "0 250", ends = "lost at 300: ETIMEDOUT ECONNREFUSED" },
    { "are of one family", "4:mute 4:ok@10", starts = "0 250", ends = "won 2 at 260", closed = "1" },
  },
  more_addresses = {
    { "each start waits for the one before it", "6:mute 4:mute 6:mute 4:mute 6:ok@10",
      starts = "0 250 500 750 1000", ends = "won 5 at 1010", closed = "1 2 3 4" },
    { "the delay counts from the latest start, not from the first", "6:ECONNREFUSED@100 4:mute 6:ok@10",
      starts = "0 100 350", ends = "won 3 at 360", closed = "2" },
    { "an earlier attempt's failure starts the next one too", "6:ECONNREFUSED@300 4:mute 6:ok@10",
      starts = "0 250 300", ends = "won 3 at 310", closed = "2" },
    { "the latest attempt's failure starts the next one, while an earlier one runs",
      "6:mute 4:ECONNREFUSED@30 6:ok@10", starts = "0 250 280", ends = "won 3 at 290", closed = "1" },
    { "two failures at one instant start two", "6:ETIMEDOUT@300 4:ECONNREFUSED@50 6:mute 4:ok@5",
      starts = "0 250 300 300", ends = "won 4 at 305", closed = "3" },
    { "all fail in the calls themselves, and none waits", "6:E1! 6:E2! 6:E3! 4:E4! 4:E5!",
      starts = "0 0 0 0 0", ends = "lost at 0: E1 E2 E3 E4 E5" },
    { "all fail quickly, one after the other", "6:E1@10 4:E2@20 6:E3@30 4:E4@40",
      starts = "0 10 30 60", ends = "lost at 100: E1 E2 E3 E4" },
    { "all fail slowly, the last first", "6:E1@4000 4:E2@3000 6:E3@2000",
      starts = "0 250 500", ends = "lost at 4000: E1 E2 E3" },
    { "the first wins after all have started", "6:ok@2000 4:mute 6:mute 4:ECONNREFUSED@1",
      starts = "0 250 500 750", ends = "won 1 at 2000", closed = "2 3" },
    { "an attempt in the middle wins, and the rest is not started", "6:mute 4:ok@100 6:ok@1 4:ok@1",
      starts = "0 250", ends = "won 2 at 350", closed = "1" },
    { "several connect when one has won", "6:ok@800 4:ok@600 6:ok@200",
      starts = "0 250 500", ends = "won 3 at 700", closed = "1 2", late = "1 2" },
    { "several connect at one instant, and the first address wins", "6:ok@600 4:ok@350 6:ok@100",
      starts = "0 250 500", ends = "won 1 at 600", closed = "2 3", late = "2 3" },
    { "there are three families", "6:mute 4:mute 1:ok@1",
      starts = "0 250 500", ends = "won 3 at 501", closed = "1 2" },
  },
  no_address = {
    { "is lost at once", "", starts = "", ends = "lost at 0: " },
    { "is lost, not out of time", "", deadline = 0, starts = "", ends = "lost at 0: " },
  },
  a_delay = {
    { "of 50 ms", "6:mute 4:ok@5", delay = 50, starts = "0 50", ends = "won 2 at 55", closed = "1" },
    { "of 450 ms", "6:ok@449 4:ok@5", delay = 450, starts = "0", ends = "won 1 at 449" },
    { "of 100 s", "6:mute 4:ok@5", delay = 100000, starts = "0 100000", ends = "won 2 at 100005", closed = "1" },
    { "without end, where the first fails", "6:ECONNREFUSED@900 4:ok@5", delay = math.huge,
      starts = "0 900", ends = "won 2 at 905" },
    { "without end, till the deadline", "6:mute 4:ok@5", delay = math.huge, deadline = 3000,
      starts = "0", ends = "timeout at 3000: pending untried", closed = "1" },
    { "of nothing is 10 ms", "6:mute 4:mute 6:ok@1", delay = 0,
      starts = "0 10 20", ends = "won 3 at 21", closed = "1 2" },
    { "of less than 10 ms is 10 ms", "6:mute 4:ok@1", delay = 9,
      starts = "0 10", ends = "won 2 at 11", closed = "1" },
    { "below 0 is 10 ms", "6:mute 4:ok@1", delay = -5, starts = "0 10", ends = "won 2 at 11", closed = "1" },
    { "of nothing does not hold up what follows a failure", "6:ECONNREFUSED@1 4:ok@1", delay = 0,
      starts = "0 1", ends = "won 2 at 2" },
  },
  a_deadline = {
    { "before the second start", "6:mute 4:ok@1", deadline = 200,
      starts = "0", ends = "timeout at 200: pending untried", closed = "1" },
    { "at the second start", "6:mute 4:ok!", deadline = 250,
      starts = "0", ends = "timeout at 250: pending untried", closed = "1" },
    { "after the second start", "6:mute 4:ok@10", deadline = 255,
      starts = "0 250", ends = "timeout at 255: pending pending", closed = "1 2", late = "2" },
    { "in the midst of failures and others", "6:ECONNREFUSED@20 4:mute 6:mute 4:ok@1", deadline = 400,
      starts = "0 20 270", ends = "timeout at 400: ECONNREFUSED pending pending untried", closed = "2 3" },
    { "just after the success", "6:ok@199", deadline = 200, starts = "0", ends = "won 1 at 199" },
    { "at the instant of the success", "6:ok@200", deadline = 200, starts = "0", ends = "won 1 at 200" },
    { "just before the success", "6:ok@201", deadline = 200,
      starts = "0", ends = "timeout at 200: pending", closed = "1", late = "1" },
    { "at the instant of a failure, with more to try", "6:ECONNREFUSED@200 4:ok@1", deadline = 200,
      starts = "0", ends = "timeout at 200: ECONNREFUSED untried" },
    { "at the instant of the last failure", "6:ECONNREFUSED@100 4:ETIMEDOUT@100", deadline = 200,
      starts = "0 100", ends = "lost at 200: ECONNREFUSED ETIMEDOUT" },
    { "long after all is over", "6:mute 4:ok@10", deadline = 100000,
      starts = "0 250", ends = "won 2 at 260", closed = "1" },
    { "that is now", "6:ok! 4:ok!", deadline = 0, starts = "", ends = "timeout at 0: untried untried" },
    { "that is past", "6:ok! 4:ok!", deadline = -1000, starts = "", ends = "timeout at 0: untried untried" },
  },
}

local function check_closed(dialer)
  for _, connection in ipairs(dialer.connections) do
    assert.equal(connection == dialer.value, connection.open, "connection " .. connection.index)
  end
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

for _, title in ipairs(sorted_keys(scenarios)) do
  describe("a race with " .. title:gsub("_", " "), function()
    for _, row in ipairs(scenarios[title]) do
      it(row[1], function()
        local dialer = dial(support.addresses(row[2]), row)
        assert.equal(row.starts, join(dialer.starts, function(s) return milliseconds(s.time) end))
        assert.equal(row.ends, ending(dialer))
        assert.equal(row.closed or "", join(dialer.losers))
        dialer:let_late_ones_come()
        assert.equal(row.late or "", join(dialer.late))
        check_closed(dialer)
      end)
    end
  end)
end

-- --- one step at a time ------------------------------------------------------------------

local function addresses_of(count)
  local list = {}
  for i = 1, count do list[i] = ("192.0.2.%d:80"):format(i) end
  return list
end

describe("next", function()
  it("gives the address and its index, and then a time to wait until", function()
    local r = race.new { "a", "b" }
    assert.same({ "start", 1, "a" }, { r:next(100) })
    assert.same({ "wait", 100.25 }, { r:next(100) })
    assert.same({ "wait", 100.25 }, { r:next(100.125) })
    assert.same({ "start", 2, "b" }, { r:next(100.25) })
    local action, time = r:next(100.25)
    assert.equal("wait", action)
    assert.is_nil(time) -- nothing to start, and no deadline
  end)

  it("waits for the deadline where that is nearer", function()
    local r = race.new({ "a", "b" }, { deadline = 100.125 })
    r:next(100)
    assert.same({ "wait", 100.125 }, { r:next(100) })
  end)

  it("waits for the deadline when all have started", function()
    local r = race.new({ "a" }, { deadline = 107 })
    r:next(100)
    assert.same({ "wait", 107 }, { r:next(100) })
  end)

  it("counts the delay from when the driver could start, however late", function()
    local r = race.new { "a", "b", "c" }
    r:next(0)
    assert.same({ "start", 2, "b" }, { r:next(10) }) -- due since 0.25
    assert.same({ "wait", 10.25 }, { r:next(10) })
  end)

  it("does not start what is due when the deadline has come too", function()
    local r = race.new({ "a", "b" }, { deadline = 5 })
    r:next(0)
    assert.equal("timeout", (r:next(10)))
  end)

  it("repeats its last answer", function()
    local r = race.new({ "a", "b" }, { deadline = 1 })
    r:next(0)
    local action, failures, losers = r:next(1)
    assert.equal("timeout", action)
    for _, now in ipairs { 1, 2, 0 } do
      local again, same_failures, same_losers = r:next(now)
      assert.equal("timeout", again)
      assert.equal(failures, same_failures)
      assert.equal(losers, same_losers)
    end
  end)

  it("gives any result back, also none", function()
    for _, result in ipairs { "text", 0, false } do
      local r = race.new { "a" }
      r:next(0)
      assert.is_true(r:succeeded(1, result))
      assert.same({ "won", result, {} }, { r:next(0) })
      assert.equal(1, r.winner)
    end
  end)

  it("starts the first attempt whatever the clock shows", function()
    for _, now in ipairs { -1e9, 0, 1e9 } do
      assert.equal("start", (race.new({ "a" }):next(now)))
    end
  end)
end)

describe("what is told", function()
  it("after the end, is refused and changes nothing", function()
    local r = race.new { "a", "b" }
    r:next(0)
    r:next(0.25)
    assert.is_true(r:succeeded(2, "second"))
    assert.is_false(r:succeeded(1, "first"))
    assert.is_false(r:failed(1, "connect a: no", "ECONNREFUSED"))
    assert.is_false(r:succeeded(2, "again"))
    assert.same({ "won", "second", { 1 } }, { r:next(9) })
    assert.equal(2, r.winner)
  end)

  it("after the deadline was seen, is refused", function()
    local r = race.new({ "a" }, { deadline = 1 })
    r:next(0)
    r:next(1)
    assert.is_false(r:succeeded(1, "late"))
    assert.equal("timeout", (r:next(1)))
  end)

  it("after the deadline but before it was seen, counts", function()
    local r = race.new({ "a" }, { deadline = 1 })
    r:next(0)
    assert.is_true(r:succeeded(1, "just"))
    assert.equal("won", (r:next(5)))
  end)

  it("twice, counts once", function()
    local r = race.new { "a", "b", "c" }
    r:next(0)
    assert.is_true(r:failed(1, "connect a: no", "ECONNREFUSED"))
    assert.is_false(r:failed(1, "connect a: other", "ETIMEDOUT"))
    assert.is_false(r:succeeded(1, "x"))
    assert.same({ "start", 2, "b" }, { r:next(0) })
    assert.same({ "wait", 0.25 }, { r:next(0) })
  end)

  it("of an attempt that was not started, is refused", function()
    local r = race.new { "a", "b" }
    r:next(0)
    for _, index in ipairs { 2, 3, 0, -1 } do
      assert.is_false(r:succeeded(index, "x"))
      assert.is_false(r:failed(index, "x", "x"))
    end
    assert.same({ "wait", 0.25 }, { r:next(0) })
  end)
end)

describe("stop", function()
  it("gives what is running, and the rest comes too late", function()
    local r = race.new { "a", "b", "c", "d" }
    r:next(0)
    r:next(0.25)
    r:failed(1, "connect a: no", "ECONNREFUSED")
    r:next(0.25)
    assert.same({ 2, 3 }, r:stop())
    assert.is_false(r:succeeded(2, "x"))
    assert.is_false(r:failed(3, "x", "x"))
    assert.same({ "stopped", nil, { 2, 3 } }, { r:next(9) })
    assert.same({ 2, 3 }, r:stop())
  end)

  it("of a race that is over does not change it", function()
    local r = race.new { "a", "b" }
    r:next(0)
    r:next(0.25)
    r:succeeded(2, "x")
    assert.same({ 1 }, r:stop())
    assert.same({ "won", "x", { 1 } }, { r:next(1) })
  end)

  it("before the first start leaves nothing to do", function()
    local r = race.new { "a" }
    assert.same({}, r:stop())
    assert.equal("stopped", (r:next(0)))
  end)
end)

describe("race.new", function()
  it("raises for times that are none, at its caller", function()
    for _, options in ipairs { { delay = "1" }, { delay = 0 / 0 }, { deadline = true }, { deadline = 0 / 0 } } do
      local ok, message = pcall(function() return (race.new({}, options)) end)
      assert.is_false(ok)
      assert.matches("^.*race_spec.lua:%d+: de%l+: number expected, got ", message)
    end
  end)

  it("keeps races apart", function()
    local a, b = race.new { "x" }, race.new { "x" }
    a:next(0)
    a:succeeded(1, "won")
    assert.equal("start", (b:next(0)))
    assert.is_nil(b.winner)
  end)
end)

describe("failures", function()
  it("come for each address, in order, with what is known of it", function()
    local r = race.new(addresses_of(3), { deadline = 1 })
    r:next(0)
    r:next(0.25)
    r:failed(2, "connect 192.0.2.2:80: Connection refused", "ECONNREFUSED")
    r:next(0.25)
    r:failed(3, "connect 192.0.2.3:80: Permission denied", "EACCES")
    local action, failures, losers = r:next(1)
    assert.equal("timeout", action)
    assert.same({ 1 }, losers)
    assert.same({
      { address = "192.0.2.1:80", code = "timeout", state = "pending",
        message = "connect 192.0.2.1:80: the time limit was reached" },
      { address = "192.0.2.2:80", code = "ECONNREFUSED", state = "failed",
        message = "connect 192.0.2.2:80: Connection refused" },
      { address = "192.0.2.3:80", code = "EACCES", state = "failed",
        message = "connect 192.0.2.3:80: Permission denied" },
    }, failures)
  end)

  it("tell what was not tried", function()
    local r = race.new(addresses_of(2), { deadline = 0 })
    local _, failures = r:next(0)
    assert.same({ address = "192.0.2.2:80", code = "timeout", state = "untried",
      message = "connect 192.0.2.2:80: not tried before the time limit" }, failures[2])
  end)
end)

-- --- the order ---------------------------------------------------------------------------

describe("interleave", function()
  -- families and numbers, then what comes out; `count`: the first family's
  local rows = {
    { "nothing", "", "" },
    { "one address", "6a", "6a" },
    { "one family", "4a 4b 4c", "4a 4b 4c" },
    { "two addresses of two families", "6a 4a", "6a 4a" },
    { "a family of each", "6a 6b 4a 4b", "6a 4a 6b 4b" },
    { "families that take turns already", "6a 4a 6b 4b", "6a 4a 6b 4b" },
    { "IPv4 first, because it is preferred", "4a 4b 6a 6b", "4a 6a 4b 6b" },
    { "more of the first", "6a 6b 6c 6d 4a", "6a 4a 6b 6c 6d" },
    { "more of the second", "6a 4a 4b 4c 4d", "6a 4a 4b 4c 4d" },
    { "the other family last", "6a 6b 6c 4a 4b 4c", "6a 4a 6b 4b 6c 4c" },
    { "mixed up", "4a 6a 6b 4b 6c", "4a 6a 4b 6b 6c" },
    { "three families", "6a 6b 4a 4b 1a 1b", "6a 4a 1a 6b 4b 1b" },
    { "three families, the last short", "6a 6b 6c 4a 4b 1a", "6a 4a 1a 6b 4b 6c" },
    { "four families", "1a 2a 3a 4a 1b 2b 3b 4b", "1a 2a 3a 4a 1b 2b 3b 4b" },
    { "two of the first", "6a 6b 6c 4a 4b", "6a 6b 4a 6c 4b", count = 2 },
    { "two of the first, where there is one", "6a 4a 4b", "6a 4a 4b", count = 2 },
    { "three of the first", "6a 6b 6c 6d 4a 4b", "6a 6b 6c 4a 6d 4b", count = 3 },
    { "more of the first than there are", "6a 6b 4a 4b", "6a 6b 4a 4b", count = 9 },
    { "nothing, with a count", "", "", count = 3 },
    { "a count of nothing is one", "6a 6b 4a", "6a 4a 6b", count = 0 },
  }

  local function words(text)
    local list = {}
    for word in text:gmatch("%S+") do list[#list + 1] = { family = word:sub(1, 1), name = word } end
    return list
  end

  local function names(list) return join(list, function(address) return address.name end) end

  for _, row in ipairs(rows) do
    it("of " .. row[1], function()
      local given = words(row[2])
      assert.equal(row[3], names(race.interleave(given, nil, row.count)))
      assert.equal(row[2], names(given)) -- as it was
    end)
  end

  it("asks for the family as it is told", function()
    local order = race.interleave({ "a1", "a2", "b1" }, function(text) return text:sub(1, 1) end)
    assert.same({ "a1", "b1", "a2" }, order)
  end)

  it("takes addresses without a family for one family", function()
    local order = race.interleave({ { name = "x" }, { name = "y" }, { name = "z", family = "4" } })
    assert.equal("x z y", names(order))
  end)

  it("loses none, adds none and keeps each family's order", function()
    local seed = 7
    local function random(n)
      seed = (seed * 16807) % 2147483647
      return seed % n + 1
    end
    for _ = 1, 200 do
      local given, per_family = {}, {}
      for i = 1, random(20) do
        local family = random(4)
        given[i] = { family = family, number = i }
        per_family[family] = per_family[family] or {}
        table.insert(per_family[family], i)
      end
      local order, seen = race.interleave(given, nil, random(4) - 1), {}
      assert.equal(#given, #order)
      assert.equal(given[1], order[1])
      for _, address in ipairs(order) do
        local list = seen[address.family] or {}
        seen[address.family] = list
        list[#list + 1] = address.number
      end
      assert.same(per_family, seen)
    end
  end)
end)

-- --- one error of many -------------------------------------------------------------------

describe("summary", function()
  local function failures(text)
    local list = {}
    for word in text:gmatch("%S+") do
      local number = #list + 1
      local state = word:match("^timeout=(%l+)$")
      local code = state and "timeout" or word
      list[number] = { address = number, code = code, state = state or "failed",
        message = ("connect %d: %s"):format(number, code) }
    end
    return list
  end

  local codes = {
    { "the one of a single failure", "ENETUNREACH", "ENETUNREACH" },
    { "the one that all have", "ECONNREFUSED ECONNREFUSED ECONNREFUSED", "ECONNREFUSED" },
    { "the first of different ones", "ECONNREFUSED ETIMEDOUT EHOSTUNREACH", "ECONNREFUSED" },
    { "not that of a family that is missing here", "ENETUNREACH ECONNREFUSED", "ECONNREFUSED" },
    { "not that of an address that is missing here", "EADDRNOTAVAIL EAFNOSUPPORT EHOSTUNREACH ECONNREFUSED",
      "EHOSTUNREACH" },
    { "not that of a missing family, wherever it stands", "ECONNREFUSED ENETUNREACH", "ECONNREFUSED" },
    { "the first where nothing reached the network", "EADDRNOTAVAIL ENETUNREACH", "EADDRNOTAVAIL" },
    { "timeout where an attempt had not answered", "ECONNREFUSED timeout=pending", "timeout" },
    { "timeout where an address was not tried", "ECONNREFUSED timeout=untried", "timeout" },
    { "timeout where nothing was tried", "timeout=untried timeout=untried", "timeout" },
    { "the kernel's own, where its patience ended", "ETIMEDOUT ETIMEDOUT", "ETIMEDOUT" },
  }
  for _, row in ipairs(codes) do
    it("has the code " .. row[1], function()
      local message, code = race.summary(failures(row[2]))
      assert.equal(row[3], code)
      assert.equal("string", type(message))
    end)
  end

  it("keeps a single failure's message", function()
    assert.equal("connect 1: EACCES", (race.summary(failures "EACCES", "example.org:80")))
  end)

  it("tells each address's reason", function()
    assert.equal("connect example.org:80: 1: E1; 2: E2", (race.summary(failures "E1 E2", "example.org:80")))
    assert.equal("connect: 1: E1; 2: E2", (race.summary(failures "E1 E2")))
  end)

  it("is short where there are many", function()
    assert.equal("connect: 1: E; 2: E; 3: E; 4: E", (race.summary(failures(("E "):rep(4)))))
    assert.equal("connect: 1: E; 2: E; 3: E; 4: E; and 16 more", (race.summary(failures(("E "):rep(20)))))
  end)

  it("leaves messages of another make as they are", function()
    local list = { { message = "socket: EMFILE", code = "EMFILE" }, { message = "connect b: E", code = "E" } }
    local message, code = race.summary(list)
    assert.equal("connect: socket: EMFILE; b: E", message)
    assert.equal("EMFILE", code)
  end)

  it("tells that there was nothing to try", function()
    local message, code = race.summary({}, "example.org:80")
    assert.equal("connect example.org:80: no address", message)
    assert.equal("EINVAL", code)
  end)
end)
