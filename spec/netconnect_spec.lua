-- netconnect_spec.lua - net.connect: what it takes, which address it ends up with,
-- how it fails, and that nothing of it stays behind. The race's own rules are in
-- race_spec.lua.

local net = require "dialtone"
local core = require "dialtone.core"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local process = require "spec.support.child"
local until_waiting = require "spec.support.task".until_waiting
local plain, fault, pack = support.plain, support.fault, support.pack
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local unpack = table.unpack or unpack -- luacheck: ignore

-- --- who answers, and how ---------------------------------------------------------

-- A listener's address to which no connection comes about: its queue is full.
local function black_hole()
  local listener = support.tcp4.listener(0)
  local name = listener:getsockname()
  for _ = 1, 10 do
    local client = support.tcp4.socket()
    client:settimeout(0.05)
    if not client:connect(name) then
      client:close()
      return name
    end
  end
  error("the queue is never full")
end

local refusing = support.tcp4.refusing

-- From now on names stand for these addresses; `asked` has what was asked.
local asked
local function names_stand_for(...)
  local list = { ... }
  asked = {}
  net.getaddrinfo = function(host, service, hints)
    asked[#asked + 1] = { host = host, service = service, hints = hints }
    return list
  end
end

after_each(function() net.getaddrinfo = core.getaddrinfo end)

-- --- what is left -----------------------------------------------------------------

local function census()
  local list = {}
  for fd, target in pairs(fault.descriptors()) do list[#list + 1] = fd .. " " .. target end
  table.sort(list)
  return table.concat(list, "\n")
end

-- Runs the function; when it is over, so is all that it opened and started, without
-- the collector's help.
local function leaves_nothing(fn)
  collectgarbage()
  collectgarbage("stop")
  local before = census()
  local ok, message = pcall(fn)
  local after = census()
  collectgarbage("restart")
  if not ok then error(message, 0) end
  assert.equal(before, after)
  assert.is_false((net.step(0)), "there are tasks left")
end

-- The states and codes of failures: "failed ECONNREFUSED, pending timeout".
local function summary(failures)
  local list = {}
  for i, failure in ipairs(failures) do list[i] = failure.state .. " " .. failure.code end
  return table.concat(list, ", ")
end

-- Accepts, and checks that this is the other end.
local function assert_connected(conn, listener)
  listener:settimeout(5)
  local _, peer = keep(listener:accept())
  assert.equal(conn:getsockname(), peer)
  assert.is_nil((conn:gettimeout()))
end

-- --- where ------------------------------------------------------------------------

describe("net.connect", function()
  for _, transport in ipairs(support.streams) do
    it("takes an address as value, text and table: " .. transport.name, function()
      local listener = transport.listener()
      local name = listener:getsockname()
      local fields = transport.inet and { host = name.host, port = name.port } or { path = name.path }
      for _, where in ipairs { name, tostring(name), fields } do
        local conn = keep(net.connect(where))
        assert.equal(name, conn:getpeername())
        assert.equal("SOCK_STREAM", conn:type())
        keep(listener:accept())
        assert(conn:send("x"))
      end
    end)
  end

  for _, transport in ipairs(support.inet) do
    if transport.stream then
      it("takes host and port: " .. transport.name, function()
        local listener = transport.listener()
        local name = listener:getsockname()
        for _, port in ipairs { name.port, ("%d"):format(name.port) } do
          assert_connected(keep(net.connect(transport.host, port)), listener)
          assert_connected(keep(net.connect(transport.host, port, {})), listener)
        end
        if transport.domain == "AF_INET6" then
          assert_connected(keep(net.connect("[::1]", name.port)), listener)
        end
      end)
    end
  end

  it("takes a port alone for one of the loopback", function()
    local listener = support.tcp4.listener()
    local port = listener:getsockname().port
    assert_connected(keep(net.connect(port)), listener)
    assert_connected(keep(net.connect(("%d"):format(port))), listener)
  end)

  it("takes a unix path", function()
    local listener = support.unix.listener()
    local path = listener:getsockname().path
    for _, where in ipairs { path, "unix:" .. path } do
      assert.equal(path, keep(net.connect(where)):getpeername().path)
    end
  end)

  it("looks names up, localhost in truth", function()
    local listener = support.tcp4.listener()
    local port = listener:getsockname().port
    assert_connected(keep(net.connect("localhost:" .. ("%d"):format(port))), listener)
    -- the thread that looks up within a limit keeps its descriptors: in a child
    local child = support.child(([[
      local conn = assert(net.connect("localhost", %d, { timeout = 5 }))
      say(conn:getpeername())
    ]]):format(port))
    assert.equal(tostring(listener:getsockname()), child:line())
  end)

  it("asks the resolver for streams, with number or service as given", function()
    local name = support.tcp4.listener():getsockname()
    names_stand_for(name)
    keep(net.connect("example.org:http"))
    keep(net.connect("example.org", "http"))
    keep(net.connect("example.org:80"))
    keep(net.connect("example.org", 80, { family = "AF_INET6" }))
    keep(net.connect("[::1]:http"))
    keep(net.connect("127.0.0.1:http", { timeout = 5 }))
    assert.same({
      { host = "example.org", service = "http", hints = { type = "SOCK_STREAM" } },
      { host = "example.org", service = "http", hints = { type = "SOCK_STREAM" } },
      { host = "example.org", service = 80, hints = { type = "SOCK_STREAM" } },
      { host = "example.org", service = 80, hints = { type = "SOCK_STREAM", family = "AF_INET6" } },
      { host = "::1", service = "http", hints = { type = "SOCK_STREAM" } },
      { host = "127.0.0.1", service = "http", hints = { type = "SOCK_STREAM" } },
    }, asked)
  end)

  it("fails with EINVAL for what is no address, before any system call", function()
    names_stand_for()
    fault.clear()
    for _, case in ipairs {
      { "example.org", nil, "example.org: no port" },
      { "", nil, ": no host" },
      { ":80", nil, ":80: no host" },
      { "example.org:", nil, "example.org:: no port" },
      { "example.org:65536", nil, "example.org:65536: port is not" },
      { "example.org:-1", nil, "example.org:-1: port is not" },
      { "127.0.0.1:65536", nil, "127.0.0.1:65536: port is not" },
      { 65536, nil, "127.0.0.1:65536: port is not" },
      { 80.5, nil, "127.0.0.1:80.5: port is not" },
      { "example.org", 65536, "example.org:65536: port is not" },
      { "example.org", 0.5, "example.org:0.5: port is not" },
      { "::1:80", nil, "::1:80: an IPv6 address needs brackets" },
      { "[example.org]:80", nil, "[example.org]:80: only IPv6" },
      { "1.2.3.4:22", 80, "1.2.3.4:22:80: a port follows a whole address" },
      { "example.org:22", 80, "example.org:22:80: not an IPv6 address" },
      { "unix:/" .. ("x"):rep(200), nil, "unix:/x" },
      { "*:80", nil, "*:80: * is no host" },
      { "*", 80, "*:80: * is no host" },
    } do
      local value, message, code, failures = net.connect(case[1], case[2])
      assert_fails("EINVAL", "^connect " .. plain(case[3]), value, message, code)
      assert.same({}, failures)
    end
    assert.equal(0, #asked)
    assert.equal(0, fault.count("socket"))
  end)

  it("raises for what cannot be an address, and blames the caller", function()
    for _, wrong in ipairs { true, print, io.stdout, { hots = "x" } } do
      local message = assert_raises("bad argument to 'connect'", function() net.connect(wrong) end)
      assert.matches("netconnect_spec", message)
    end
    assert_raises("bad argument to 'connect'", net.connect)
  end)

  it("raises for unknown options, and names the valid ones", function()
    local message = assert_raises("connect: unknown option 'tiemout'", function()
      net.connect("127.0.0.1:1", { tiemout = 5 })
    end)
    assert.matches("netconnect_spec", message)
    for _, name in ipairs { "bind", "delay", "family", "keepalive", "nodelay", "timeout" } do
      assert.matches("[ :]" .. name .. ",", message)
    end
    for _, opts in ipairs { { timeout = "5" }, { timeout = -1 }, { family = "AF_UNIX" }, { delay = {} },
      { nodelay = "yes" }, 5, true } do
      assert_raises("connect: ", net.connect, "127.0.0.1:1", type(opts) == "number" and print or opts)
    end
  end)
end)

-- --- failures ---------------------------------------------------------------------

describe("a failure of net.connect", function()
  it("names the address, and lists it", function()
    leaves_nothing(function()
      local name = refusing()
      local value, message, code, failures = net.connect(name)
      assert_fails("ECONNREFUSED", "^connect " .. plain(name) .. ": Connection refused$", value, message, code)
      assert.equal(1, #failures)
      assert.equal(name, failures[1].address)
      assert.equal(message, failures[1].message)
      assert.equal("failed ECONNREFUSED", summary(failures))
      support.cleanup()
    end)
  end)

  it("names a unix path", function()
    local path = support.path()
    assert_fails("ENOENT", "^connect unix:" .. plain(path) .. ": No such file", net.connect(path))
    assert_fails("ECONNREFUSED", "^connect ", net.connect(support.unix.refusing()))
  end)

  it("lists every address, and tells them in the message", function()
    local one, two = refusing(), refusing()
    names_stand_for(one, two)
    leaves_nothing(function()
      local value, message, code, failures = net.connect("example.org:80")
      assert_fails("ECONNREFUSED", "^connect example%.org:80: " .. plain(one) .. ": Connection refused; " ..
        plain(two) .. ": Connection refused$", value, message, code)
      assert.equal("failed ECONNREFUSED, failed ECONNREFUSED", summary(failures))
      assert.equal(one, failures[1].address)
      assert.equal(two, failures[2].address)
    end)
  end)

  it("of a look-up has the resolver's reason and code, and no address", function()
    local value, message, code, failures = net.connect("no.such.invalid:80")
    assert.matches("^connect no%.such%.invalid:80: %u[^:]*$", message)
    assert.is_nil(value)
    assert.matches("^EAI_", code)
    assert.same({}, failures)
    names_stand_for()
    assert_fails("EINVAL", "^connect example%.org:80: no address", net.connect("example.org:80"))
  end)

  it("of the calls before connect names the address and the call", function()
    local name = refusing()
    for call, code in pairs { socket = "EMFILE", bind = "EADDRINUSE" } do
      fault.fail(call, code)
      leaves_nothing(function()
        assert_fails(code, "^connect " .. plain(name) .. ": " .. call .. " .*: %u",
          net.connect(name, { bind = "127.0.0.1" }))
      end)
    end
    assert_fails("ENODEV", "^connect " .. plain(name) .. ": setsockopt .*: %u",
      net.connect(name, { device = "nosuch0" }))
  end)

  it("of one address's socket leaves the others", function()
    local listener = support.tcp4.listener()
    names_stand_for(net.address("::1", 1), listener:getsockname())
    fault.fail("socket", "EAFNOSUPPORT")
    assert_connected(keep(net.connect("example.org:80")), listener)
  end)

  it("that is the program's raises, from a race too, and leaves nothing", function()
    names_stand_for(refusing(), refusing())
    leaves_nothing(function()
      assert_raises("IP_ADD_MEMBERSHIP", net.connect, "example.org:80", { IP_ADD_MEMBERSHIP = print })
      assert_raises("IP_ADD_MEMBERSHIP", net.connect, "127.0.0.1:1", { IP_ADD_MEMBERSHIP = print })
    end)
  end)
end)

-- --- many addresses ---------------------------------------------------------------

describe("net.connect with several addresses", function()
  it("goes on at once after a refusal", function()
    local listener = support.tcp4.listener()
    names_stand_for(refusing(), refusing(), listener:getsockname())
    support.assert_takes(0, function()
      assert_connected(keep(net.connect("example.org:80", { delay = 60 })), listener)
    end)
  end)

  it("goes on after a quarter of a second without an answer", function()
    local listener = support.tcp4.listener()
    names_stand_for(black_hole(), listener:getsockname())
    leaves_nothing(function()
      local conn
      support.assert_takes(0.25, function() conn = assert(net.connect("example.org:80")) end)
      assert.equal(listener:getsockname(), conn:getpeername())
      conn:close()
    end)
  end)

  it("goes on after the delay that is asked for", function()
    local listener = support.tcp4.listener()
    names_stand_for(black_hole(), black_hole(), listener:getsockname())
    support.assert_takes(0.1, function()
      assert_connected(keep(net.connect("example.org:80", { delay = 0.05 })), listener)
    end)
  end)

  if support.ipv6 then
    it("lets the families take turns", function()
      local four, other, six = refusing(), refusing(), support.tcp6.refusing()
      names_stand_for(four, other, six)
      local _, _, _, failures = net.connect("example.org:80")
      local order = {}
      for i, failure in ipairs(failures) do order[i] = failure.address end
      assert.same({ four, six, other }, order)
    end)
  end

  it("closes the losers without a byte", function()
    local listeners = { support.tcp4.listener(), support.tcp4.listener() }
    names_stand_for(listeners[1]:getsockname(), listeners[2]:getsockname())
    fault.delay("connect", 0.02) -- so that the second begins before the first is told of
    local conn = keep(net.connect("example.org:80", { delay = 0.01 }))
    fault.clear()
    assert_connected(conn, listeners[1])
    listeners[2]:settimeout(5)
    local loser = keep(listeners[2]:accept())
    loser:settimeout(5)
    assert_fails("eof", "^recv", loser:recv(10))
  end)

  it("has seen the end of its tasks when it returns", function()
    local listener, started = support.tcp4.listener(), {}
    names_stand_for(black_hole(), refusing(), black_hole(), listener:getsockname())
    local supervise = core.inner.supervise
    core.inner.supervise = function(...)
      started[#started + 1] = supervise(...)
      return started[#started]
    end
    local ok, conn = pcall(net.connect, "example.org:80", { delay = 0.01 })
    core.inner.supervise = supervise
    assert_connected(keep(ok and conn), listener)
    for i, ending in ipairs { "cancelled", "done", "cancelled", "done" } do
      assert.equal(ending, started[i]:status())
    end
    assert.equal(4, #started)
  end)

  it("sets the options on each", function()
    local listener = support.tcp4.listener()
    names_stand_for(refusing(), listener:getsockname())
    local conn = keep(net.connect("example.org:80", { keepalive = true, nodelay = false, IP_TTL = 7 }))
    assert.is_true(conn:getsockopt("SO_KEEPALIVE"))
    assert.is_false(conn:getsockopt("TCP_NODELAY"))
    assert.equal(7, conn:getsockopt("IP_TTL"))
  end)
end)

-- --- where it is called -------------------------------------------------------------

local contexts = {
  ["in the main program"] = function(fn) return fn() end,
  ["in a task"] = function(fn) return net.run(fn) end,
  ["in a foreign coroutine"] = function(fn) return coroutine.wrap(fn)() end,
  ["in a task's own coroutine"] = function(fn)
    return net.run(function() return coroutine.wrap(fn)() end)
  end,
  ["inside of pcall in a task"] = function(fn)
    return net.run(function() return select(2, pcall(fn)) end)
  end,
  ["where a task cannot yield"] = function(fn)
    return net.run(function()
      local result
      table.sort({ 1, 2 }, function(a, b)
        result = result or pack(fn())
        return a < b
      end)
      return unpack(result, 1, result.n)
    end)
  end,
}

for context, run in pairs(contexts) do
  describe("net.connect " .. context, function()
    it("connects to one address", function()
      local listener = support.tcp4.listener()
      local name = listener:getsockname()
      assert_connected(keep(run(function() return (net.connect(name)) end)), listener)
      assert_connected(keep(run(function() return (net.connect(name, { timeout = 5 })) end)), listener)
    end)

    it("connects to the one of several that answers", function()
      local listener = support.tcp4.listener()
      names_stand_for(black_hole(), refusing(), listener:getsockname())
      assert_connected(keep(run(function() return (net.connect("x:1", { delay = 0.01 })) end)), listener)
      assert_connected(keep(run(function()
        return (net.connect("x:1", { delay = 0.01, timeout = 5 }))
      end)), listener)
    end)

    it("fails as anywhere", function()
      local result
      run(function() result = pack(net.connect(refusing())) return true end)
      assert_fails("ECONNREFUSED", "^connect", unpack(result, 1, 3))
      names_stand_for(refusing(), refusing())
      run(function() result = pack(net.connect("x:1")) return true end)
      assert_fails("ECONNREFUSED", "^connect x:1: ", unpack(result, 1, 3))
      assert.equal(2, #result[4])
    end)

    it("keeps its time limit, and leaves nothing", function()
      local hole = black_hole()
      names_stand_for(hole, hole)
      leaves_nothing(function()
        for _, where in ipairs { tostring(hole), "x:1" } do
          local result
          support.assert_takes(0.1, function()
            run(function() result = pack(net.connect(where, { timeout = 0.1 })) return true end)
          end)
          assert_fails("timeout", "^connect " .. plain(where) .. ": ", unpack(result, 1, 3))
        end
      end)
    end)

    it("lets other tasks go on", function()
      local name, turns = black_hole(), 0
      names_stand_for(name, name)
      local task = net.spawn(function()
        while true do
          net.sleep(0.001)
          turns = turns + 1
        end
      end)
      local function try()
        net.connect(name, { timeout = 0.05 })
        net.connect("x:1", { timeout = 0.05 })
        task:cancel()
        return true
      end
      run(try)
      assert(turns >= 5, turns)
      task:join()
    end)
  end)
end

-- --- time -----------------------------------------------------------------------------

describe("the time limit of net.connect", function()
  it("tells of each address how far it came", function()
    names_stand_for(black_hole(), refusing(), black_hole(), black_hole())
    local value, message, code, failures = net.connect("example.org:80", { timeout = 0.25, delay = 0.15 })
    assert_fails("timeout", "^connect example%.org:80: .*time limit", value, message, code)
    assert.equal("pending timeout, failed ECONNREFUSED, pending timeout, untried timeout", summary(failures))
  end)

  it("tells of a single address", function()
    local hole = black_hole()
    local _, message, _, failures = net.connect(hole, { timeout = 0.05 })
    assert.equal("pending timeout", summary(failures))
    assert.equal(hole, failures[1].address)
    assert.equal(message, failures[1].message)
  end)

  it("bounds the look-up", function()
    net.getaddrinfo = function() net.sleep(60) end
    local function try()
      support.assert_takes(0.1, function()
        local value, message, code, failures = net.connect("example.org:80", { timeout = 0.1 })
        assert_fails("timeout", "^connect example%.org:80: .*time limit", value, message, code)
        assert.same({}, failures)
      end)
    end
    leaves_nothing(try)
    leaves_nothing(function() net.run(try) end)
  end)

  it("is one for look-up and attempts", function()
    local hole = black_hole()
    net.getaddrinfo = function()
      net.sleep(0.15)
      return { hole, hole }
    end
    support.assert_takes(0.3, function()
      local _, _, code, failures = net.connect("example.org:80", { timeout = 0.3 })
      assert.equal("timeout", code)
      assert.equal("pending timeout, untried timeout", summary(failures))
    end)
    net.getaddrinfo = function()
      net.sleep(0.15)
      return { hole }
    end
    support.assert_takes(0.3, function()
      assert.equal("timeout", (select(3, net.connect("example.org:80", { timeout = 0.3 }))))
    end)
  end)

  it("may be without end", function()
    local listener = support.tcp4.listener()
    names_stand_for(refusing(), listener:getsockname())
    for _, where in ipairs { tostring(listener:getsockname()), "x:1" } do
      assert_connected(keep(net.connect(where, { timeout = math.huge })), listener)
    end
  end)

  it("of nothing tries nothing", function()
    local listener = support.tcp4.listener()
    fault.clear()
    local _, _, code, failures = net.connect(listener:getsockname(), { timeout = 0 })
    assert.equal("timeout", code)
    assert.equal("untried timeout", summary(failures))
    assert.equal(0, fault.count("socket"))
  end)

  it("of somebody else ends it too", function()
    local hole = black_hole()
    names_stand_for(hole, hole)
    leaves_nothing(function()
      for _, where in ipairs { tostring(hole), "x:1" } do
        support.assert_takes(0.1, function()
          assert_fails("timeout", "^timeout", net.timeout(0.1, net.connect, where))
        end)
      end
    end)
  end)
end)

-- --- being cancelled --------------------------------------------------------------------

describe("a task that is cancelled in net.connect", function()
  -- Cancels it as soon as `ready`; all is gone when it has ended.
  local function cancels(call, ready)
    leaves_nothing(function()
      net.run(function()
        local after = false
        local task = net.spawn(function()
          call()
          after = true
        end)
        support.eventually(ready)
        until_waiting(task)
        task:cancel()
        local ok, _, code = task:join()
        assert.is_false(ok)
        assert.equal("cancelled", code)
        assert.is_false(after, "it went on")
      end)
    end)
  end

  local function connecting(count)
    return function() return fault.count("connect") >= count end
  end

  it("closes the one attempt", function()
    local hole = black_hole()
    fault.clear()
    cancels(function() return net.connect(hole) end, connecting(1))
    fault.clear()
    cancels(function() return net.connect(hole, { timeout = 5 }) end, connecting(1))
  end)

  it("closes all attempts of a race", function()
    names_stand_for(black_hole(), black_hole(), black_hole())
    fault.clear()
    cancels(function() return net.connect("x:1", { delay = 0.01 }) end, connecting(3))
    fault.clear()
    cancels(function() return net.connect("x:1", { delay = 60, timeout = 5 }) end, connecting(1))
  end)

  it("closes them where it cannot yield", function()
    names_stand_for(black_hole(), black_hole())
    fault.clear()
    cancels(function()
      table.sort({ 1, 2 }, function() net.connect("x:1", { delay = 0.01 }) end)
    end, connecting(2))
  end)

  it("gives up the look-up", function()
    local begun
    net.getaddrinfo = function()
      begun = true
      net.sleep(60)
    end
    cancels(function() return net.connect("x:1") end, function() return begun end)
    begun = false
    cancels(function() return net.connect("x:1", { timeout = 60 }) end, function() return begun end)
  end)

  it("connects to nothing more", function()
    names_stand_for(refusing(), refusing())
    cancels(function()
      pcall(function()
        net.sleep(60)
        return nil
      end)
      fault.clear()
      net.connect("x:1")
    end, function() return true end)
    assert.equal(0, fault.count("socket"))
  end)
end)

describe("Ctrl-C in net.connect", function()
  -- How many sockets the process has.
  local function count_sockets(pid)
    return select(2, process.run("ls -l /proc/" .. pid .. "/fd"):gsub("socket:", ""))
  end

  for what, where in pairs { ["one attempt"] = "hole", ["a race"] = "'x:1'" } do
    it("leaves nothing of " .. what, function()
      local child = support.child(([[
        local hole = net.address(%q)
        net.getaddrinfo = function() return { hole, hole } end
        local function count()
          local n = 0
          for _, target in pairs(fault.descriptors()) do
            if target:find("socket") then n = n + 1 end
          end
          return n
        end
        net.sleep(0)
        collectgarbage("stop")
        say("ready", count())
        local ok, message = pcall(net.connect, %s, { delay = 0.01 })
        local left = count()
        for _ = 1, 10 do net.step(0) end -- the tasks end
        say(ok, message:match("interrupted"), left, (net.step(0)))
      ]]):format(tostring(black_hole()), where))
      assert.equal("ready 0", child:line())
      local attempts = where == "hole" and 1 or 2
      support.eventually(function() return count_sockets(child.pid) >= attempts end)
      child:asleep()
      child:signal("INT")
      assert.equal("false interrupted 0 false", child:line())
    end)
  end
end)

-- --- the local address --------------------------------------------------------------------

describe("the option bind", function()
  local function peer_of(opts, transport)
    local listener = (transport or support.tcp4).listener()
    local conn = keep(net.connect(listener:getsockname(), opts))
    local _, peer = keep(listener:accept())
    assert.equal(conn:getsockname(), peer)
    return peer
  end

  it("takes a host, with or without a port, and an address", function()
    assert.equal("127.0.0.2", peer_of({ bind = "127.0.0.2" }).host)
    assert.equal("127.0.0.2", peer_of({ bind = "127.0.0.2:0" }).host)
    assert.equal("127.0.0.2", peer_of({ bind = net.address("127.0.0.2:0") }).host)
    assert.equal("127.0.0.2", peer_of({ bind = { host = "127.0.0.2", port = 0 } }).host)
    if support.ipv6 then assert.equal("::1", peer_of({ bind = "::1" }, support.tcp6).host) end
  end)

  it("takes a port, for connections to several places", function()
    local s = support.tcp4.socket()
    assert(s:bind("*", 0)) -- nobody has it, at no address
    local port = s:getsockname().port
    s:close()
    for _, bind in ipairs { port, "*:" .. ("%d"):format(port), "127.0.0.1:" .. ("%d"):format(port) } do
      assert.equal(port, peer_of({ bind = bind }).port)
    end
  end)

  it("takes a unix path", function()
    local path = support.path()
    assert.equal(path, peer_of({ bind = "unix:" .. path }, support.unix).path)
  end)

  it("has only addresses of its family looked up, and tried", function()
    local listener = support.tcp4.listener()
    names_stand_for(listener:getsockname())
    assert_connected(keep(net.connect("x:1", { bind = "127.0.0.1" })), listener)
    assert.equal("AF_INET", asked[1].hints.family)
    assert_fails("EAFNOSUPPORT", "^connect %[::1%]:1: not of the family AF_INET",
      net.connect("[::1]:1", { bind = "127.0.0.1" }))
    names_stand_for(net.address("::1", 1), listener:getsockname())
    assert_connected(keep(net.connect("x:1", { bind = "127.0.0.1" })), listener)
  end)

  it("fails for what is not ours, and for what is no address", function()
    assert_fails("EADDRNOTAVAIL", "^connect 127%.0%.0%.1:1: bind 203%.0%.113%.1:0: %u",
      net.connect("127.0.0.1:1", { bind = "203.0.113.1" }))
    assert_fails("EINVAL", "^connect localhost:1: ", net.connect("127.0.0.1:1", { bind = "localhost:1" }))
    assert_fails("EINVAL", "^connect 127%.0%.0%.1:99999: ", net.connect("127.0.0.1:1", { bind = "127.0.0.1:99999" }))
    assert_raises("bad argument to 'connect'", net.connect, "127.0.0.1:1", { bind = true })
  end)
end)

describe("the option family", function()
  it("refuses an address of another one", function()
    assert_fails("EAFNOSUPPORT", "^connect 127%.0%.0%.1:1: not of the family AF_INET6",
      net.connect("127.0.0.1:1", { family = "AF_INET6" }))
    assert_fails("EAFNOSUPPORT", "^connect unix:/x: ", net.connect("/x", { family = "AF_INET" }))
  end)
end)

-- --- to itself ------------------------------------------------------------------------------

describe("a socket that the system connects to itself", function()
  local function free_port(transport)
    local s = transport.bound()
    local name = s:getsockname()
    s:close()
    return name
  end

  for _, transport in ipairs { support.tcp4, support.ipv6 and support.tcp6 or nil } do
    it("is a refusal: " .. transport.name, function()
      local name = free_port(transport)
      local s = transport.socket()
      assert(s:bind(name))
      assert(s:connect(name)) -- so it is, in truth
      s:setsockopt("SO_LINGER", 0)
      s:close()
      leaves_nothing(function()
        local value, message, code, failures = net.connect(name, { bind = name })
        assert_fails("ECONNREFUSED", "^connect " .. plain(name) .. ": .*itself", value, message, code)
        assert.equal("failed ECONNREFUSED", summary(failures))
      end)
      assert(transport.socket():bind(name)) -- at once: nothing keeps the port
    end)
  end

  it("leaves the race to others", function()
    local listener, name = support.tcp4.listener(), free_port(support.tcp4)
    names_stand_for(name, listener:getsockname())
    assert_connected(keep(net.connect("x:1", { bind = name })), listener)
  end)

  it("is no connection of the same port on another address", function()
    local listener = support.tcp4.listener()
    local port = listener:getsockname().port
    local conn = keep(net.connect("127.0.0.1", port, { bind = "127.0.0.2:" .. ("%d"):format(port) }))
    assert_connected(conn, listener)
  end)

  it("is tried again, since the next port may be another", function()
    local listener, name = nil, free_port(support.tcp4)
    local calls = 0
    -- the first socket happens to have the same port
    local methods = getmetatable(support.tcp4.socket()).__index
    local connect = methods.connect
    methods.connect = function(s, address)
      calls = calls + 1
      if calls == 1 then
        assert(s:setsockopt("SO_REUSEADDR", true))
        assert(s:bind(name))
        return connect(s, address)
      end
      listener = support.tcp4.socket()
      assert(listener:setsockopt("SO_REUSEADDR", true))
      assert(listener:bind(name))
      assert(listener:listen())
      return connect(s, address)
    end
    local ok, conn = pcall(net.connect, name)
    methods.connect = connect
    assert(ok, conn)
    assert.equal(2, calls)
    assert_connected(keep(conn), listener)
  end)
end)
