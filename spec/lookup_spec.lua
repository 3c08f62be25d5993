-- lookup_spec.lua - names being looked up while tasks go on: in threads.  What is
-- asked and answered is in resolver_spec.lua.

local net = require "dialtone"
local support = require "spec.support.transport"
local server = require "spec.support.server"
local process = require "spec.support.child"
local fault, keep, assert_fails = support.fault, support.keep, support.assert_fails
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local SLOW, SHORT = 0.1, 0.02
local MOST = 16 -- threads

local function count_threads()
  local file = io.open("/proc/self/status")
  if not file then return 0 end
  local count = file:read("*a"):match("\nThreads:%s*(%d+)")
  file:close()
  return tonumber(count)
end

local function numeric(i) return "127.0.0." .. i end

-- Starts look-ups in the scope; each must have its own answer.
local function look_up_many(scope, count)
  for i = 1, count do
    scope:spawn(function()
      local list = assert(net.getaddrinfo(numeric(i), i))
      assert.equal(numeric(i) .. ":" .. i, tostring(list[1]))
      assert.is_nil(list[2])
    end)
  end
end

local function texts(...)
  local list = {}
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    list[i] = tostring(value)
    if type(value) == "table" then
      list[i] = tostring(value.canonname)
      for _, address in ipairs(value) do list[i] = list[i] .. " " .. tostring(address) end
    end
  end
  return table.concat(list, ", ")
end

describe("in a task net.getaddrinfo", function()
  it("answers and fails as in the main program", function()
    for _, arguments in ipairs {
      { "127.0.0.1", 80 }, { "::1", "80" }, { "localhost", "http" }, { nil, 7 },
      { nil, 80, { flags = "AI_PASSIVE" } }, { "127.0.0.1", nil, { flags = "AI_CANONNAME" } },
      { "localhost", nil, { flags = "AI_NUMERICHOST" } }, { "127.0.0.1", "no-such-service" },
      { "::1", 1, { family = "AF_INET" } }, { nil, nil }, { "127.1", 1 }, { "127.0.0.1", 65536 },
    } do
      local function ask() return net.getaddrinfo(arguments[1], arguments[2], arguments[3]) end
      local expected = texts(ask())
      assert.equal(expected, texts(net.run(ask)))
      assert.equal(expected, texts(net.run(function() return coroutine.wrap(ask)() end)))
      local beside = net.spawn(net.sleep, 1)
      assert.equal(expected, texts(ask()))
      beside:cancel()
      beside:join()
    end
  end)

  it("fails by code", function()
    net.run(function()
      assert_fails("EAI_NONAME", "^getaddrinfo localhost: ",
        net.getaddrinfo("localhost", nil, { flags = "AI_NUMERICHOST" }))
      assert_fails("EAI_SERVICE", "^getaddrinfo no%-such%-service: ", net.getaddrinfo(nil, "no-such-service"))
      for _, code in ipairs { "EMFILE", "ENOMEM", "EIO" } do
        fault.fail("getaddrinfo", code)
        assert_fails(code, "^getaddrinfo localhost: ", net.getaddrinfo("localhost"))
      end
      assert(net.getaddrinfo("localhost"))
    end)
  end)

  it("keeps its arguments while it waits", function()
    net.run(function()
      fault.delay("getaddrinfo", SHORT)
      net.scope(function(scope)
        for i = 1, 40 do
          scope:spawn(function()
            local list = assert(net.getaddrinfo("127.0.0." .. i, ("%d"):format(1000 + i)))
            assert.equal(("127.0.0.%d:%d"):format(i, 1000 + i), tostring(list[1]))
          end)
        end
        for _ = 1, 5 do
          net.sleep(0)
          collectgarbage()
        end
      end)
    end)
  end)

  it("lets the other tasks go on, also when there are many", function()
    local delays = {}
    fault.delay("getaddrinfo", SLOW)
    net.run(function()
      local a, b = keep(net.socketpair())
      local echo = net.spawn(net.echo, b)
      local done = false
      local begin = net.now()
      local lookups = net.spawn(function()
        net.scope(function(scope) look_up_many(scope, 50) end)
        done = true
      end)
      while not done do
        local start = net.now()
        a:write("x")
        assert.equal("x", a:recv(1))
        delays[#delays + 1] = net.now() - start
        net.sleep(0.001)
      end
      local took = net.now() - begin
      assert.same({ true }, { lookups:join() })
      a:close()
      echo:join()
      assert(took < 25 * SLOW, ("%.2f s for 50"):format(took)) -- not one after the other
    end)
    table.sort(delays)
    local median, worst = delays[math.ceil(#delays / 2)], delays[#delays]
    server.figure("an echo beside 50 look-ups: median %.0f us, worst %.2f ms", median * 1e6, worst * 1e3)
    assert(#delays > 20, #delays)
    assert(median < 0.01, ("half of the echos took over %.4f s"):format(median))
    assert(worst < SLOW, ("an echo took %.4f s"):format(worst))
  end)

  it("uses a limited number of threads", function()
    fault.delay("getaddrinfo", SHORT)
    local most = 0
    net.run(function()
      net.scope(function(scope)
        look_up_many(scope, 60)
        for _ = 1, 10 do
          net.sleep(SHORT / 5)
          most = math.max(most, count_threads())
        end
      end)
    end)
    assert(most <= 1 + MOST, most)
    if count_threads() > 0 then assert(most > 2, most) end
  end)

  it("lets a task go on beside the main program that waits for it", function()
    fault.delay("getaddrinfo", SLOW)
    local turns, over = 0, false
    local task = net.spawn(function()
      while not over do
        net.sleep(0.005)
        turns = turns + 1
      end
    end)
    assert.equal("127.0.0.1:1", tostring(net.getaddrinfo("127.0.0.1", 1)[1]))
    over = true
    task:join()
    assert(turns >= 4, turns)
  end)
end)

describe("a look-up that nobody waits for any more", function()
  -- More than there are threads: some are being worked on, some are not yet.
  local function waits_no_more(stop)
    fault.delay("getaddrinfo", SLOW)
    net.run(function()
      local start = net.now()
      net.scope(function(scope)
        for i = 1, 30 do scope:spawn(stop, i) end
      end)
      assert(net.now() - start < SLOW - 0.01, "it waits for the answers")
      fault.clear()
      fault.delay("getaddrinfo", SHORT)
      net.scope(function(scope) look_up_many(scope, 20) end) -- theirs, not the former ones
      net.sleep(SLOW)
      assert.equal("127.0.0.1:1", tostring(net.getaddrinfo("127.0.0.1", 1)[1]))
    end)
  end

  it("does no harm after a time limit", function()
    waits_no_more(function(i)
      assert_fails("timeout", "^timeout", net.timeout(SHORT, net.getaddrinfo, numeric(i + 100), i))
    end)
  end)

  it("does no harm after the task was cancelled", function()
    waits_no_more(function(i)
      local task = net.spawn(net.getaddrinfo, numeric(i + 100), i)
      net.sleep(i % 3 == 0 and 0 or SHORT)
      task:cancel()
      task:join()
      assert.equal("cancelled", task:status())
    end)
  end)

  it("does no harm in the moment in which it is answered", function()
    for i = 1, 100 do
      net.run(function()
        fault.delay("getaddrinfo", 0.001)
        local task = net.spawn(net.getaddrinfo, "127.0.0.1", i)
        net.sleep(0)
        local deadline = net.now() + 0.0005 * (i % 5)
        while net.now() < deadline do end -- luacheck: ignore 542
        task:cancel()
        task:join()
        assert.equal(i, assert(net.getaddrinfo("127.0.0.1", i))[1].port)
      end)
    end
  end)

  -- The answer is announced just before the loop comes to him who gave up.
  it("does no harm when its answer is announced, and nobody is there to hear", function()
    net.run(function()
      fault.delay("getaddrinfo", SHORT / 4)
      local task = net.spawn(net.getaddrinfo, "127.0.0.1", 1)
      net.sleep(0)
      net.spawn(function()
        local deadline = net.now() + SHORT
        while net.now() < deadline do end -- luacheck: ignore 542
      end)
      task:cancel()
      for _ = 1, 3 do net.sleep(0) end
      assert.equal(2, assert(net.timeout(5, net.getaddrinfo, "127.0.0.1", 2))[1].port)
    end)
  end)

  it("does not keep net.run from ending", function()
    fault.delay("getaddrinfo", SLOW)
    local start = support.clock()
    net.run(function() net.timeout(SHORT, net.getaddrinfo, "127.0.0.1") end)
    assert(support.clock() - start < SLOW - 0.01)
  end)
end)

local threads = ([[
  local function threads()
    local file = assert(io.open("/proc/self/status"))
    local text = file:read("*a")
    file:close()
    return text:match("\nThreads:%s*(%d+)"), tonumber(text:match("\nVmSize:%s*(%d+)")), text:match("\nPid:%s*(%d+)")
  end
  local function ask() return (net.getaddrinfo("127.0.0.1", 7) or {})[1] end
]])

describe("threads", function()
  if count_threads() == 0 then return end -- a system that does not tell

  it("are not there before the first look-up in a task", function()
    local child = support.child(threads .. [[
      net.run(function() net.sleep(0.001) end)
      say(ask(), (threads()))
      say(net.run(ask), (threads()))
    ]])
    assert.equal("127.0.0.1:7 1", child:line())
    assert.equal("127.0.0.1:7 2", child:line())
  end)

  it("are not there for what is refused without asking", function()
    local child = support.child(threads .. [[
      say(select(3, net.run(net.getaddrinfo, "127.1")), (threads()))
    ]])
    assert.equal("EAI_NONAME 1", child:line())
  end)

  for _, call in ipairs { "socketpair", "dup" } do
    it("are done without when they cannot be woken for: " .. call, function()
      local child = support.child(threads .. ([[
        fault.fail(%q, "EMFILE")
        say(net.run(ask), (threads()))
        say(net.run(ask), (threads()))
      ]]):format(call))
      assert.equal("127.0.0.1:7 1", child:line())
      assert.equal("127.0.0.1:7 2", child:line())
    end)
  end

  it("are done without when there is no memory for them", function()
    if os.getenv("DIALTONE_MODE") ~= "test" then return end -- sanitizers need it all
    assert(select(2, process.run("command -v prlimit")),
      "there is no prlimit: install util-linux (make deps does)")
    local child = support.child(threads .. [[
      net.run(function() net.sleep(0.001) end)
      local _, size, pid = threads()
      os.execute(("prlimit --pid %d --as=%d:"):format(pid, size * 1024 + 200000))
      say(net.run(ask), (threads()))
      os.execute(("prlimit --pid %d --as=unlimited:"):format(pid))
      say(net.run(ask), (threads()))
    ]])
    assert.equal("127.0.0.1:7 1", child:line())
    assert.equal("127.0.0.1:7 2", child:line())
  end)
end)

describe("a child after fork(2)", function()
  -- Forks among look-ups that are under way, some in threads and some not yet.
  -- Both processes go on with all of them; the child's end says how it fared.
  local function fork_among_lookups(in_child)
    fault.delay("getaddrinfo", SHORT)
    local child
    local ok, message = pcall(net.timeout, 10, function()
      net.scope(function(scope)
        look_up_many(scope, 30)
        support.eventually(function() return fault.count("getaddrinfo") >= 2 end)
        child = fault.fork()
        if child == 0 then in_child() end
      end)
      return "all are answered"
    end)
    if child == 0 then
      if not ok then io.stderr:write("in the child: ", tostring(message), "\n") end
      fault._exit(ok and message == "all are answered" and 0 or 1)
    end
    assert.equal("all are answered", message)
    assert.equal(0, fault.waitpid(child))
  end

  it("asks again what its parent has asked", function()
    fork_among_lookups(function() end)
  end)

  it("does without threads when they cannot be woken for", function()
    for _, call in ipairs { "socketpair", "dup" } do
      fork_among_lookups(function() fault.fail(call, "EMFILE", 1, true) end)
    end
  end)
end)

describe("a program that ends while names are looked up", function()
  local function ends(script)
    local start = support.clock()
    local output, ok = process.lua([[
      local net, fault = require "dialtone", require "dialtone.core".fault
      fault.delay("getaddrinfo", 5)
      local function ask() return net.getaddrinfo("127.0.0.1") end
    ]] .. script)
    assert.equal("", output)
    assert.is_true(ok)
    assert(support.clock() - start < 4, "it waits for the look-ups")
  end

  it("does not wait for them", function()
    ends [[
      net.run(function()
        for _ = 1, 40 do net.spawn(net.timeout, 0.02, ask) end
      end)
    ]]
  end)

  it("does not wait for tasks that have asked", function()
    ends [[
      for _ = 1, 40 do net.spawn(ask) end
      repeat net.sleep(0.001) until fault.count("getaddrinfo") > 1
    ]]
  end)

  it("does not wait for them when a task exits", function()
    ends [[
      net.run(function()
        for _ = 1, 40 do net.spawn(ask) end
        repeat net.sleep(0.001) until fault.count("getaddrinfo") > 1
        os.exit(0, true) -- closes the state, from in here
      end)
    ]]
  end)
end)
