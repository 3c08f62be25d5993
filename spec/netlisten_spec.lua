-- netlisten_spec.lua - net.listen: what it takes, who can come, what it sets; and
-- the iterator accepts.

local net = require "dialtone"
local core = require "dialtone.core"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local plain, fault = support.plain, support.fault
local it = support.closing(it, function(cleanup) finally(cleanup) end)

after_each(function() net.getaddrinfo = core.getaddrinfo end)

local function resolve_to(...)
  local list = { ... }
  net.getaddrinfo = function() return list end
end

-- A port where nobody listens, just now.
local function free_port(transport)
  local s = transport.bound()
  local port = s:getsockname().port
  s:close()
  return port
end

local function text_of(host, port)
  return tostring(net.address(host, port))
end

-- Connects, and is accepted.
local function assert_reachable(listener, where)
  local client = keep(net.socket(net.address(where).family, "SOCK_STREAM"))
  assert(client:connect(where))
  listener:settimeout(5)
  local conn, peer = keep(listener:accept())
  assert.equal(client:getsockname(), peer)
  return conn
end

-- Does not come to the listener; somebody else may have this port there.
local function assert_unreachable(listener, where)
  local client = keep(net.socket(net.address(where).family, "SOCK_STREAM"))
  local ok, _, code = client:connect(where)
  if not ok then assert.equal("ECONNREFUSED", code) end
  listener:settimeout(0)
  assert_fails("EAGAIN", "^accept", listener:accept())
end

-- What a failed call opens, it closes, without the collector's help.
local function leaves_nothing(fn)
  local function count()
    local n = 0
    for _ in pairs(fault.descriptors()) do n = n + 1 end
    return n
  end
  collectgarbage()
  collectgarbage("stop")
  local before = count()
  local ok, message = pcall(fn)
  local after = count()
  collectgarbage("restart")
  if not ok then error(message, 0) end
  assert.equal(before, after)
end

describe("net.listen", function()
  for _, transport in ipairs(support.streams) do
    it("takes an address as value, text and table: " .. transport.name, function()
      for i = 1, 3 do
        local address = transport.address()
        local fields = transport.inet and { host = address.host, port = address.port } or { path = address.path }
        local listener = keep(net.listen(({ address, tostring(address), fields })[i]))
        assert.equal(transport.domain, listener:family())
        assert_reachable(listener, listener:getsockname())
      end
    end)
  end

  it("takes host and port", function()
    local port = free_port(support.tcp4)
    assert.equal(text_of("127.0.0.1", port), tostring(keep(net.listen("127.0.0.1", port)):getsockname()))
    assert.equal("127.0.0.1", keep(net.listen("127.0.0.1", "0", { backlog = 1 })):getsockname().host)
    if support.ipv6 then assert.equal("::1", keep(net.listen("::1", 0)):getsockname().host) end
  end)

  it("listens on the loopback only at a port alone", function()
    local port = free_port(support.tcp4)
    for _, where in ipairs { port, ("%d"):format(port) } do
      local listener = keep(net.listen(where))
      assert.equal(text_of("127.0.0.1", port), tostring(listener:getsockname()))
      listener:close()
    end
    assert.equal("127.0.0.1", keep(net.listen(0)):getsockname().host)
  end)

  if support.ipv6 then
    it("listens everywhere and for both families at *, at port 0 too", function()
      for _, listener in ipairs { keep(net.listen("*:0")), keep(net.listen("*", 0)) } do
        local port = listener:getsockname().port
        assert.is_true(port > 0)
        assert.equal("127.0.0.1", assert_reachable(listener, text_of("127.0.0.1", port)):getpeername().host)
        assert_reachable(listener, text_of("127.0.0.2", port))
        assert.equal("::1", assert_reachable(listener, text_of("::1", port)):getpeername().host)
      end
      local port = free_port(support.tcp4)
      assert.equal(port, keep(net.listen("*:" .. ("%d"):format(port))):getsockname().port)
    end)

    it("listens for one family when asked", function()
      local listener = keep(net.listen("*:0", { family = "AF_INET" }))
      local port = listener:getsockname().port
      assert_reachable(listener, text_of("127.0.0.1", port))
      assert_unreachable(listener, text_of("::1", port))

      for _, opts in ipairs { { family = "AF_INET6" }, { v6only = true }, { IPV6_V6ONLY = true } } do
        listener = keep(net.listen("*:0", opts))
        port = listener:getsockname().port
        assert_reachable(listener, text_of("::1", port))
        assert_unreachable(listener, text_of("127.0.0.1", port))
      end
    end)

    it("takes no port that one of the families has", function()
      local port = support.tcp4.listener():getsockname().port
      assert_fails("EADDRINUSE", ("^listen %%*:%d: "):format(port), net.listen("*", port))
    end)
  end

  it("listens for IPv4 where there is no IPv6, and where no socket is for both", function()
    for call, code in pairs { socket = "EAFNOSUPPORT", bind = "EADDRNOTAVAIL" } do
      fault.fail(call, code)
      local listener = keep(net.listen("*:0"))
      assert.equal("AF_INET", listener:family())
      assert.equal("0.0.0.0", listener:getsockname().host)
      assert_reachable(listener, text_of("127.0.0.1", listener:getsockname().port))
    end
    -- of an IPv6 socket: TCP_NODELAY, SO_REUSEADDR, then this
    fault.fail("setsockopt", "EINVAL", 3)
    assert.equal("AF_INET", keep(net.listen("*:0")):family())
  end)

  it("takes the name of a service", function()
    local port = free_port(support.tcp4)
    local asked
    net.getaddrinfo = function(host, service, hints)
      asked = { host = host or "none", service = service, flags = hints.flags }
      return { net.address("127.0.0.1", port) }
    end
    local listener = keep(net.listen("127.0.0.1:daytime"))
    assert.equal(port, listener:getsockname().port)
    assert.same({ host = "127.0.0.1", service = "daytime" }, asked)
    listener:close()
    assert.equal(port, keep(net.listen("*:daytime")):getsockname().port)
    assert.same({ host = "none", service = "daytime", flags = "AI_PASSIVE" }, asked)
  end)

  it("takes a name's IPv4 address, whatever comes first", function()
    assert.equal("127.0.0.1", keep(net.listen("localhost:0")):getsockname().host)
    resolve_to(net.address("::1", 0), net.address("127.0.0.1", 0))
    assert.equal("127.0.0.1", keep(net.listen("x:0")):getsockname().host)
  end)

  it("takes a name's next address where one is not of this machine", function()
    resolve_to(net.address("203.0.113.1", 0), net.address("127.0.0.1", 0))
    assert.equal("127.0.0.1", keep(net.listen("x:0")):getsockname().host)
    local taken = support.tcp4.listener():getsockname()
    resolve_to(taken, net.address("127.0.0.1", 0)) -- but not where one is taken
    assert_fails("EADDRINUSE", "^listen x:0: bind " .. plain(taken) .. ": %u", net.listen("x:0"))
  end)

  it("fails with EINVAL for what is no address", function()
    for where, message in pairs {
      ["localhost"] = "localhost: no port", [""] = ": no host", [":80"] = ":80: no host",
      ["*"] = "*: no port", ["*:"] = "*:: no port", ["*:65536"] = "*:65536: port is not",
      ["::1:80"] = "::1:80: an IPv6 address needs", [65536] = "127.0.0.1:65536: port is not",
      [-1] = "127.0.0.1:-1: port is not", [0.5] = "127.0.0.1:0.5: port is not",
    } do
      assert_fails("EINVAL", "^listen " .. plain(message), net.listen(where))
    end
  end)

  it("raises for what cannot be an address, and for unknown options", function()
    for _, wrong in ipairs { true, print, io.stdout, { hots = "x" } } do
      assert.matches("netlisten_spec",
        assert_raises("bad argument to 'listen'", function() net.listen(wrong) end))
    end
    assert_raises("bad argument to 'listen'", net.listen)
    assert.matches("netlisten_spec", assert_raises("listen: unknown option 'blacklog' %(valid: backlog, ",
      function() net.listen(0, { blacklog = 5 }) end))
    assert_raises("listen: option backlog: integer expected", net.listen, 0, { backlog = "5" })
    assert_raises("listen: table of options expected", net.listen, 0, true)
  end)

  it("names what failed, and leaves nothing open", function()
    local name = support.tcp4.listener():getsockname()
    leaves_nothing(function()
      assert_fails("EADDRINUSE", "^listen " .. plain(name) .. ": Address already in use$", net.listen(name))
      assert_fails("EADDRNOTAVAIL", "^listen 203%.0%.113%.1:0: %u", net.listen("203.0.113.1:0"))
      assert_fails("ENOENT", "^listen unix:/no/such/place: %u", net.listen("/no/such/place"))
      assert_fails("EAI_NONAME", "^listen no%.such%.invalid:0: %u", net.listen("no.such.invalid:0"))
      assert_fails("ENODEV", "^listen 127%.0%.0%.1:0: setsockopt", net.listen(0, { device = "nosuch0" }))
      assert_fails("EAFNOSUPPORT", "^listen ", net.listen("127.0.0.1:0", { family = "AF_INET6" }))
      for _, call in ipairs { "socket", "bind", "listen" } do
        fault.fail(call, "ENOBUFS", 1, true)
        assert_fails("ENOBUFS", "^listen 127%.0%.0%.1:0: ", net.listen(0))
        assert_fails("ENOBUFS", "^listen %*:0: ", net.listen("*:0"))
        fault.clear()
      end
    end)
  end)
end)

-- --- options ------------------------------------------------------------------------

describe("a listener of net.listen", function()
  it("has SO_REUSEADDR, and never SO_REUSEPORT unless asked", function()
    for _, where in ipairs { "127.0.0.1:0", "*:0" } do
      assert.is_true(keep(net.listen(where)):getsockopt("SO_REUSEADDR"))
      assert.is_false(keep(net.listen(where)):getsockopt("SO_REUSEPORT"))
      assert.is_false(keep(net.listen(where, { reuseaddr = false })):getsockopt("SO_REUSEADDR"))
    end
  end)

  it("gets the port again that connections have just used", function()
    local listener = keep(net.listen(0))
    local name = listener:getsockname()
    local client = keep(net.connect(name))
    local conn = keep(listener:accept())
    conn:close() -- this side ends first: TIME_WAIT
    assert_fails("eof", "^recv", client:recv(1))
    client:close()
    listener:close()
    assert.equal(name, keep(net.listen(name)):getsockname())
  end)

  it("shares its port when asked", function()
    local one = keep(net.listen(0, { reuseport = true }))
    assert.equal(one:getsockname(), keep(net.listen(one:getsockname(), { reuseport = true })):getsockname())
  end)

  it("has the queue that is asked for, or the largest", function()
    local info = keep(net.listen(0, { backlog = 7 })):tcpinfo()
    if not info or not info.queue_limit then return end
    assert.equal(7, info.queue_limit)
    local largest = support.tcp4.bound()
    assert(largest:listen(2 ^ 31 - 1))
    assert.equal(largest:tcpinfo().queue_limit, keep(net.listen(0)):tcpinfo().queue_limit)
  end)

  it("has socket options", function()
    local listener = keep(net.listen(0, { keepalive = true, IP_TTL = 9 }))
    assert.is_true(listener:getsockopt("SO_KEEPALIVE"))
    assert.equal(9, listener:getsockopt("IP_TTL"))
  end)
end)

-- --- unix paths -----------------------------------------------------------------------

describe("net.listen at a unix path", function()
  local function exists(path)
    return os.rename(path, path) and true or false
  end

  -- What a server leaves behind that did not clean up.
  local function stale()
    local listener = support.unix.listener()
    local path = listener:getsockname().path
    listener:close()
    assert.is_true(exists(path))
    return path
  end

  it("fails where there is something already", function()
    local path = stale()
    assert_fails("EADDRINUSE", "^listen unix:" .. plain(path) .. ": %u", net.listen(path))
    assert.is_true(exists(path))
  end)

  it("removes with unlink what a server has left", function()
    local path = stale()
    local listener = keep(net.listen(path, { unlink = true }))
    assert_reachable(listener, path)
    listener = keep(net.listen("unix:" .. support.path(), { unlink = true })) -- nothing there
    assert_reachable(listener, listener:getsockname())
  end)

  it("removes no path of a server that is there", function()
    local server = support.unix.listener(0)
    local path = server:getsockname().path
    leaves_nothing(function()
      assert_fails("EADDRINUSE", "^listen", net.listen(path, { unlink = true }))
    end)
    server:settimeout(0)
    assert_fails("EAGAIN", "^accept", server:accept()) -- and it is not disturbed
    for _ = 1, 3 do -- also when it is busy
      local client = support.unix.socket()
      client:settimeout(0)
      client:connect(path)
    end
    assert_fails("EADDRINUSE", "^listen", net.listen(path, { unlink = true }))
    assert.is_true(exists(path))
  end)

  it("removes nothing that is no socket", function()
    local path = support.path()
    local file = assert(io.open(path, "w"))
    file:write("precious")
    file:close()
    assert_fails("EADDRINUSE", "^listen", net.listen(path, { unlink = true }))
    file = assert(io.open(path))
    assert.equal("precious", file:read("*a"))
    file:close()
    os.remove(path)
    assert(os.execute("mkfifo " .. path))
    assert_fails("EADDRINUSE", "^listen", net.listen(path, { unlink = true }))
    assert.is_true(exists(path))
    os.remove(path)
    assert(os.execute("mkdir " .. path))
    assert_fails("EADDRINUSE", "^listen", net.listen(path, { unlink = true }))
    assert.is_true(exists(path))
  end)

  it("knows abstract names", function()
    if not net.address("unix:@x") then return end
    local name = "@dialtone" .. support.path():gsub("/", "-")
    local listener = keep(net.listen(name, { unlink = true }))
    assert_reachable(listener, name)
    assert_fails("EADDRINUSE", "^listen unix:@", net.listen(name, { unlink = true }))
  end)
end)

-- --- accepts ----------------------------------------------------------------------------

describe("accepts", function()
  for _, transport in ipairs(support.streams) do
    it("gives connections and peers, till the listener is closed: " .. transport.name, function()
      local listener = transport.listener()
      local name = listener:getsockname()
      for _ = 1, 3 do assert(transport.socket():connect(name)) end
      local count = 0
      for conn, peer in listener:accepts() do
        assert.equal(conn:getpeername(), peer)
        assert.equal(transport.domain, peer.family)
        conn:close()
        count = count + 1
        if count == 3 then listener:close() end
      end
      assert.equal(3, count)
      for _ in listener:accepts() do error("it is closed") end
    end)
  end

  it("waits in a task, and ends when another closes the listener", function()
    net.run(function()
      local listener = support.tcp4.listener()
      local name, count = listener:getsockname(), 0
      local task = net.spawn(function()
        for conn in listener:accepts() do
          count = count + 1
          conn:close()
        end
        return "ended"
      end)
      for _ = 1, 3 do
        assert_fails("eof", "^recv", keep(net.connect(name)):recv(1))
      end
      assert.equal("waiting", task:status())
      listener:close()
      local ok, result = task:join()
      assert.is_true(ok, result)
      assert.equal("ended", result)
      assert.equal(3, count)
    end)
  end)

  it("serves several tasks", function()
    net.run(function()
      local listener = support.tcp4.listener()
      local name, served, workers = listener:getsockname(), 0, {}
      for i = 1, 3 do
        workers[i] = net.spawn(function()
          for conn in listener:accepts() do
            served = served + 1
            conn:send("x")
            conn:recv(1)
            conn:close()
          end
        end)
      end
      local clients = {}
      for i = 1, 3 do clients[i] = keep(net.connect(name)) end
      for i = 1, 3 do
        clients[i]:settimeout(5)
        assert.equal("x", clients[i]:recv(1)) -- all at once
      end
      for i = 1, 3 do clients[i]:close() end
      listener:close()
      for i = 1, 3 do assert(workers[i]:join()) end
      assert.equal(3, served)
    end)
  end)

  it("raises what else goes wrong", function()
    local listener = support.tcp4.listener()
    local name = listener:getsockname()
    local function loop() for _ in listener:accepts() do end end -- luacheck: ignore 542
    listener:settimeout(0.01)
    assert_raises("^accept " .. plain(name) .. ": .*time limit", loop)
    net.run(function() assert_raises("^accept " .. plain(name) .. ": .*time limit", loop) end)
    assert(support.tcp4.socket():connect(name))
    fault.fail("accept", "EMFILE")
    assert_raises("^accept " .. plain(name) .. ": %u", loop)
    assert_raises("^accept .*: Invalid argument", function()
      for _ in support.tcp4.bound():accepts() do end -- luacheck: ignore 542
    end)
    assert_raises("socket expected", listener.accepts, io.stdout)
  end)

  it("passes over connections that failed in the queue", function()
    local listener = support.tcp4.listener()
    assert(support.tcp4.socket():connect(listener:getsockname()))
    fault.fail("accept", "ECONNABORTED")
    local count = 0
    for conn in listener:accepts() do
      count = count + 1
      conn:close()
      listener:close()
    end
    assert.equal(1, count)
  end)
end)
