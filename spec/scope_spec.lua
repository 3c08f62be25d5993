-- scope_spec.lua - scopes, whose tasks end together; and time limits.

local net = require "dialtone"
local support = require "spec.support.transport"
local until_waiting = require "spec.support.task".until_waiting
local assert_raises, pack = support.assert_raises, support.pack
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local SHORT, LONG = 0.02, 60

local function nothing() end

-- Where a scope may be opened.
local ways = {
  { "in the main program", function(body) body() end },
  { "in a task", function(body) net.run(body) end },
  { "in a coroutine of the user's", function(body) net.run(function() coroutine.wrap(body)() end) end },
  { "in the main program beside a task", function(body)
    local beside = net.spawn(net.sleep, LONG)
    local ok, message = pcall(body)
    beside:cancel()
    beside:join()
    if not ok then error(message, 0) end
  end },
}

-- Runs the body in each of them.
local function everywhere(name, body)
  for _, way in ipairs(ways) do
    it(name .. ", " .. way[1], function() way[2](body) end)
  end
end

-- What the call gave is nil, a message, and `code`.
local function assert_ended(code, pattern, result)
  if result.n ~= 3 then error("expected nil, message, code, got " .. result.n .. " values", 2) end
  support.assert_fails(code, pattern, result[1], result[2], result[3])
end

-- Calls `fn`, which must take less than a second.
local function quickly(fn, ...)
  local start = support.clock()
  local result = pack(fn(...))
  assert(support.clock() - start < 1 + support.LATE, "it took too long")
  return result
end

-- On LuaJIT a wait that pcall itself calls raises just outside of the pcall.
local function sleep_long()
  local ok = net.sleep(LONG)
  return ok
end

-- A task's function that waits to be cancelled; then calls `at_end`.
local function until_cancelled(at_end)
  return function()
    local ok, why = pcall(sleep_long)
    at_end()
    if not ok then error(why, 0) end
  end
end

describe("net.scope", function()
  everywhere("gives what its function returns, when all its tasks have ended", function()
    local ended = 0
    local result = pack(net.scope(function(scope)
      for i = 1, 3 do
        scope:spawn(function()
          net.sleep(i / 200)
          ended = ended + 1
        end)
      end
      return 1, nil, "x", nil
    end))
    assert.equal(3, ended)
    assert.same({ n = 4, 1, nil, "x", nil }, result)
    assert.equal(0, pack(net.scope(nothing)).n)
  end)

  everywhere("starts tasks with arguments, also from its tasks", function()
    local sum = 0
    local function add(scope, n, ...)
      assert.equal(2, select("#", ...))
      net.sleep(0)
      sum = sum + n
      if n > 1 then scope:spawn(add, scope, n - 1, nil, nil) end
    end
    net.scope(function(scope)
      local task = scope:spawn(add, scope, 4, nil, nil)
      assert.same({ n = 1, true }, pack(task:join()))
    end)
    assert.equal(10, sum)
  end)

  everywhere("cancels the others when one fails, and raises that with its traceback", function()
    net.onerror = function() error("it is told twice") end
    local cancelled = 0
    local function count() cancelled = cancelled + 1 end
    local function fails_in_here() error("this one") end
    local message = quickly(assert_raises, "scope_spec%.lua:%d+: this one\n.*stack traceback.*fails_in_here",
      net.scope, function(scope)
        local others = { scope:spawn(until_cancelled(count)) }
        scope:spawn(function()
          until_waiting(others)
          fails_in_here()
        end)
        others[2] = scope:spawn(until_cancelled(count))
        net.sleep(LONG)
      end)[1]
    assert.equal(1, select(2, message:gsub("this one", "")))
    assert.equal(2, cancelled)
  end)

  everywhere("raises what its own function raises, and cancels its tasks", function()
    local cancelled = false
    assert_raises("my own\n.*stack traceback", net.scope, function(scope)
      until_waiting(scope:spawn(until_cancelled(function() cancelled = true end)))
      error("my own")
    end)
    assert.is_true(cancelled)
  end)

  -- In a child: under busted, `error` is not Lua's.
  it("raises what is no string as it is, and so does net.timeout", function()
    local child = support.child [[
      local failure = setmetatable({}, { __tostring = function() return "text" end })
      for _, in_task in ipairs { false, true } do
        local call = in_task and function(fn) return fn() end or net.run
        call(function()
          local ok, raised = pcall(net.scope, function(scope)
            scope:spawn(error, failure)
            net.sleep(60)
          end)
          say(ok, rawequal(raised, failure))
          say(pcall(net.scope, function() error(nil) end))
          ok, raised = pcall(net.timeout, 60, error, failure)
          say(ok, rawequal(raised, failure))
          say(pcall(net.timeout, 60, error, true))
        end)
      end
    ]]
    for _ = 1, 2 do
      assert.equal("false true", child:line())
      assert.match("^false nil$", (child:line():gsub("<no error object>", "nil"))) -- since 5.5
      assert.equal("false true", child:line())
      assert.equal("false true", child:line())
    end
  end)

  it("raises the first of several failures", function()
    assert_raises("the first", net.scope, function(scope)
      until_waiting(scope:spawn(until_cancelled(function() error("the second") end)))
      error("the first")
    end)
  end)

  everywhere("can be nested: what one raises is the outer one's failure", function()
    local ended = {}
    assert_raises("deep down", net.scope, function(outer)
      until_waiting(outer:spawn(until_cancelled(function() ended[#ended + 1] = "outer" end)))
      net.scope(function(inner)
        until_waiting(inner:spawn(until_cancelled(function() ended[#ended + 1] = "inner" end)))
        error("deep down")
      end)
    end)
    assert.same({ "inner", "outer" }, ended)
  end)

  everywhere("can be nested: a failure that was caught concerns nobody else", function()
    local went_on, queue = false, net.queue()
    net.scope(function(outer)
      until_waiting(outer:spawn(function()
        queue:get()
        went_on = true
      end))
      assert.is_false(pcall(net.scope, function() error("caught") end))
      queue:put("go on")
    end)
    assert.is_true(went_on)
  end)

  it("does not mind that one of its tasks is cancelled alone", function()
    local ended, queue = false, net.queue()
    assert.equal("fine", net.scope(function(scope)
      local alone = scope:spawn(net.sleep, LONG)
      local other = scope:spawn(function()
        queue:get()
        ended = true
      end)
      until_waiting { alone, other }
      alone:cancel()
      assert.equal("cancelled", (select(3, alone:join(5))))
      queue:put("go on")
      return "fine"
    end))
    assert.is_true(ended)
  end)

  it("refuses tasks when it has ended", function()
    local kept
    net.scope(function(scope) kept = scope end)
    assert_raises("scope_spec%.lua:%d+: the scope has ended", function() kept:spawn(nothing) end)
  end)

  -- The last task has ended, and whoever opened the scope has yet to go on.
  it("has ended with its last task", function()
    local kept, last, late = nil, false, nil
    net.run(function()
      net.spawn(function()
        while not last do net.sleep(0) end
        late = pack(pcall(kept.spawn, kept, net.sleep, LONG))
      end)
      net.sleep(0)
      net.scope(function(scope)
        kept = scope
        for _ = 1, 5 do net.sleep(0) end
        last = true
      end)
      net.sleep(0)
    end)
    assert.is_false(late[1])
  end)

  it("prints", function()
    net.scope(function(scope)
      assert.equal("scope of 1 task", tostring(scope))
      scope:spawn(nothing)
      assert.equal("scope of 2 tasks", tostring(scope))
      scope:cancel()
      assert.equal("scope of 2 tasks cancelled", tostring(scope))
    end)
  end)

  it("raises for wrong arguments", function()
    for _, wrong in ipairs { 1, "x", {} } do
      assert_raises("bad argument #1 to 'scope'", net.scope, wrong)
      net.scope(function(scope) assert_raises("bad argument", scope.spawn, scope, wrong) end)
    end
    assert_raises("bad argument #1 to 'scope'", net.scope)
  end)

  it("leaves nothing behind", function()
    local function many()
      for _ = 1, 2000 do net.scope(nothing) end
      collectgarbage()
      collectgarbage()
      return collectgarbage("count")
    end
    net.run(function()
      local before = many()
      assert(many() - before < 50, "it grows")
    end)
  end)
end)

describe("scope:cancel", function()
  everywhere("ends all of it: nil, a message, \"cancelled\"", function()
    local cancelled = 0
    local result = quickly(net.scope, function(scope)
      for _ = 1, 3 do
        until_waiting(scope:spawn(until_cancelled(function() cancelled = cancelled + 1 end)))
      end
      assert.is_true(scope:cancel())
      net.sleep(LONG)
    end)
    assert_ended("cancelled", "^scope: cancelled$", result)
    assert.equal(3, cancelled)
  end)

  everywhere("leaves what the function has returned already", function()
    local result = quickly(net.scope, function(scope)
      scope:spawn(function()
        net.sleep(0)
        scope:cancel()
      end)
      scope:spawn(net.sleep, LONG)
      return "done", nil
    end)
    assert.same({ n = 2, "done" }, result)
  end)

  it("holds for tasks that are started later", function()
    local ran = false
    local result = quickly(net.scope, function(scope)
      scope:cancel()
      scope:spawn(function() ran = true end)
      return "came so far"
    end)
    assert.same({ n = 1, "came so far" }, result)
    assert.is_false(ran)
  end)

  it("does nothing when it has ended", function()
    local kept
    net.scope(function(scope) kept = scope end)
    assert.is_true(kept:cancel())
  end)
end)

describe("a task that waits for a scope", function()
  it("when cancelled, is unwound after the scope's tasks have ended", function()
    local log = {}
    local function note(text) log[#log + 1] = text end
    local child
    local task = net.spawn(function()
      local ok, why = pcall(net.scope, function(scope)
        child = scope:spawn(until_cancelled(function() note("child") end))
        until_cancelled(function() note("function") end)()
      end)
      note("waiter")
      assert(not ok and type(why) ~= "string")
      assert(not pcall(net.scope, function() note("another") end))
      error(why, 0)
    end)
    net.run(function()
      support.eventually(function() return child end)
      until_waiting { task, child }
      task:cancel()
    end)
    table.sort(log, function(a, b) return a < b and b == "waiter" end)
    assert.equal("waiter", log[3])
    assert.equal(3, #log)
    assert.equal("cancelled", task:status())
  end)

  it("when cancelled, ends a nest that is deeper than C can call", function()
    local depth, reached, ended = 1000, 0, 0
    local function nest()
      reached = reached + 1
      if reached == depth then net.sleep(LONG) end
      net.scope(nest)
    end
    local task = net.spawn(function()
      pcall(nest)
      ended = ended + 1
    end)
    support.eventually(function() return reached == depth end)
    quickly(function()
      task:cancel()
      task:join()
    end)
    assert.equal(1, ended)
  end)
end)

describe("net.timeout", function()
  everywhere("gives what the function returns", function()
    local function given(...)
      net.sleep(0)
      return ...
    end
    assert.same({ n = 4, nil, 3, nil, nil }, pack(net.timeout(LONG, given, nil, 3, nil, nil)))
    assert.equal(0, pack(net.timeout(LONG, nothing)).n)
  end)

  everywhere("raises what the function raises, with its traceback", function()
    assert_raises("mistake\n.*stack traceback", net.timeout, LONG, function()
      net.sleep(0)
      error("mistake")
    end)
  end)

  everywhere("ends the function when the time is over", function()
    support.assert_takes(SHORT, function()
      assert_ended("timeout", "^timeout: the time limit was reached$", pack(net.timeout(SHORT, net.sleep, LONG)))
    end)
  end)

  everywhere("ends with the outer limit if that comes first", function()
    local went_on = false
    support.assert_takes(SHORT, function()
      assert_ended("timeout", "^timeout", pack(net.timeout(SHORT, function()
        net.timeout(LONG, net.sleep, LONG)
        went_on = true
      end)))
    end)
    assert.is_false(went_on)
  end)

  everywhere("ends with the inner limit if that comes first", function()
    support.assert_takes(SHORT, function()
      assert.same({ n = 2, "timeout", "outer" }, pack(net.timeout(LONG, function()
        return select(3, net.timeout(SHORT, net.sleep, LONG)), "outer"
      end)))
    end)
  end)

  everywhere("of 0 is over at once: the function is not called", function()
    local called = false
    assert_ended("timeout", "^timeout", quickly(net.timeout, 0, function() called = true end))
    assert.is_false(called)
  end)

  it("is never early, and not late", function()
    net.run(function()
      for i = 1, 20 do
        local seconds = i * 0.00037
        support.assert_takes(seconds, function() net.timeout(seconds, net.sleep, LONG) end)
      end
    end)
  end)

  it("ends many at once, each at its time", function()
    net.run(function()
      for i = 1, 200 do
        net.spawn(function()
          local seconds = SHORT + (i * 7 % 50) / 1000
          support.assert_takes(seconds, function() assert(not net.timeout(seconds, net.sleep, LONG)) end)
        end)
      end
    end)
  end)

  it("waits until all that was started in scopes has ended", function()
    local ended = 0
    local function slow_to_end()
      local deadline = net.now() + 0.03
      while net.now() < deadline do nothing() end -- busy
      ended = ended + 1
    end
    assert_ended("timeout", "^timeout", pack(net.timeout(SHORT, function()
      net.scope(function(scope)
        scope:spawn(until_cancelled(slow_to_end))
        scope:spawn(net.scope, function(inner)
          inner:spawn(until_cancelled(slow_to_end))
        end)
      end)
    end)))
    assert.equal(2, ended)
  end)

  it("leaves alone what was started outside of scopes", function()
    local task
    net.run(function()
      net.timeout(SHORT, function()
        task = net.spawn(net.sleep, 2 * SHORT)
        net.sleep(LONG)
      end)
      assert.same({ n = 2, true, true }, pack(task:join()))
    end)
  end)

  it("gives what a function returns that takes no notice", function()
    local again
    local result = quickly(net.timeout, SHORT, function()
      pcall(sleep_long)
      again = pack(pcall(sleep_long))
      return "all the same"
    end)
    assert.same({ n = 1, "all the same" }, result)
    assert.is_false(again[1])
    assert.equal("cancelled", tostring(again[2]))
  end)

  everywhere("bounds whatever is waited for", function()
    local a, b = support.keep(net.socketpair())
    local _, full = support.keep(net.socketpair())
    local listener = support.tcp4.listener()
    local queue = net.queue(1)
    queue:put(1)
    for name, call in pairs {
      recv = function() return a:recv(1) end,
      read = function() return a:read() end,
      accept = function() return listener:accept() end,
      wait = function() return net.wait(b, "read") end,
      put = function() return queue:put(2) end,
      write = function() while true do assert(full:write(("x"):rep(65536))) end end,
      poll = function() return net.poll({ a, b }, LONG) end,
      getaddrinfo = function() return net.getaddrinfo("localhost") end,
    } do
      if name == "getaddrinfo" then support.fault.delay(name, 0.2) end
      local result = quickly(net.timeout, SHORT / 4, call)
      assert.equal("timeout", result[3], name)
    end
    assert(b:send("x"))
    assert.equal("x", a:recv(1)) -- it is free for others
  end)

  it("raises for wrong arguments", function()
    for _, wrong in ipairs { -1, 0 / 0, "x", {}, true } do
      assert_raises("bad argument #1 to 'timeout'", net.timeout, wrong, nothing)
    end
    assert_raises("bad argument #1 to 'timeout'", net.timeout)
    for _, wrong in ipairs { 1, "x", {} } do
      assert_raises("bad argument #2 to 'timeout'", net.timeout, 1, wrong)
    end
    assert_raises("bad argument #2 to 'timeout'", net.timeout, 1)
  end)

  it("takes a limit that never comes", function()
    assert.equal(1, net.timeout(math.huge, function() return 1 end))
    assert.equal(1, net.timeout(1e300, function() return 1 end))
  end)
end)

describe("a failure that cannot be raised", function()
  local told
  before_each(function()
    told = {}
    net.onerror = function(message) told[#told + 1] = message end
  end)

  it("is reported when another one came first", function()
    assert_raises("first", net.scope, function(scope)
      until_waiting(scope:spawn(function()
        local ok = pcall(function() return (net.sleep(LONG)) end)
        error(ok and "not cancelled" or "second")
      end))
      error("first")
    end)
    assert.equal(1, #told)
    assert.matches("second.*traceback", told[1])
  end)

  it("is reported when the opener is cancelled and unwinds", function()
    net.run(function()
      local begun = false
      local opener = net.spawn(net.scope, function()
        begun = true
        local ok = pcall(function() return (net.sleep(LONG)) end)
        error(ok and "not cancelled" or "in the cleanup")
      end)
      support.eventually(function() return begun end)
      until_waiting(opener)
      opener:cancel()
      assert.equal("cancelled", (select(3, opener:join())))
    end)
    assert.equal(1, #told)
    assert.matches("in the cleanup", told[1])
  end)
end)

describe("what can be called like a function", function()
  it("does for scope and timeout as for spawn", function()
    local callable = setmetatable({}, { __call = function(_, ...) return select("#", ...) end })
    assert.equal(1, net.scope(callable))
    assert.equal(2, net.timeout(LONG, callable, "a", "b"))
    assert_raises("function expected, got table", net.scope, {})
  end)
end)
