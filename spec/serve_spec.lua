-- serve_spec.lua - net.serve: tasks for connections, how they end, how many there
-- may be, and the end of the server itself.  What goes wrong with accept, and
-- many connections, are in servelimits_spec.lua.

local net = require "dialtone"
local support = require "spec.support.transport"
local server = require "spec.support.server"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = server.closing(it, function(cleanup) finally(cleanup) end)
local start, client, clients_of, ask = server.start, server.client, server.clients, server.ask
local await_active, wait_for_ever = server.await_active, server.wait_for_ever

local SHORT = 0.03
local LARGE = ("0123456789abcdef"):rep(2 ^ 16)
local SMALL = { sndbuf = 32768, max = 100 } -- room for it on the server's side,
local NARROW = { rcvbuf = 32768 } -- and on the client's

-- Writes so much at once that the kernel does not take all of it.
local function write_large(conn)
  conn:setvbuf("full", 2 * #LARGE)
  assert(conn:write(LARGE))
end

-- Reads to the end, in pieces and with pauses.
local function read_slowly(conn)
  local list, count = {}, 0
  while true do
    local data, message, code = conn:recv(100000)
    if not data then
      assert.equal("eof", code, message)
      return table.concat(list)
    end
    list[#list + 1], count = data, count + 1
    if count % 8 == 0 then net.sleep(0.001) end
  end
end

local function assert_gone(conn)
  local value, _, code = conn:recv(1)
  if value or (code ~= "eof" and code ~= "ECONNRESET") then
    error(("expected the end, got %s %s"):format(tostring(value), tostring(code)), 2)
  end
end

describe("net.serve", function()
  for _, transport in ipairs(support.streams) do
    it("serves many connections at once: " .. transport.name, function()
      local s = start(server.answer, nil, transport.address())
      assert.equal(s.listener:getsockname(), s.address)
      local clients = clients_of(s, 20)
      for i, conn in ipairs(clients) do assert(conn:write("line ", i, "\n")) end
      for i = #clients, 1, -1 do assert.equal("LINE " .. i, clients[i]:read()) end
      assert.equal("AGAIN", ask(clients[7], "again"))
      local stats = s:stats()
      assert.same({ 20, 20, 0, 0 }, { stats.accepted, stats.active, stats.failed, stats.pauses })
    end)
  end

  it("calls the handler with the connection and its peer, in a task", function()
    local conn, peer
    local s = start(function(...)
      conn, peer = ...
      assert.equal(2, select("#", ...))
      conn:write("hello")
      assert.is_false(pcall(net.run)) -- which cannot be in a task
    end)
    local c = client(s)
    assert.equal("hello", c:read("a"))
    assert.equal(c:getsockname(), peer)
    assert.equal("closed", select(3, conn:recv(1)))
  end)

  it("closes the connection when the handler returns, fails or is cancelled", function()
    local errors = support.listen_to_errors()
    local s = start(function(conn)
      local what = conn:read()
      conn:write("bye")
      if what == "fail" then error("as asked") end
      if what == "wait" then wait_for_ever() end
    end)
    local clients = {}
    for i, what in ipairs { "return", "fail", "wait" } do
      clients[i] = client(s)
      clients[i]:write(what, "\n")
    end
    for i = 1, 2 do assert.equal("bye", clients[i]:read("a")) end
    assert.equal("bye", clients[3]:read(3))
    await_active(s, 1)
    s:close()
    assert.equal("", clients[3]:read("a"))
    assert.equal(1, #errors)
    assert.equal(1, s:stats().failed)
  end)

  it("sends all that the handler wrote, also after its end, to a slow reader", function()
    support.listen_to_errors()
    for _, fails in ipairs { false, true } do
      local ended = false
      local s = start(function(conn)
        write_large(conn)
        ended = true
        if fails then error("oh") end
      end, SMALL)
      local c = client(s, NARROW)
      support.eventually(function() return ended end)
      for _ = 1, 10 do net.sleep(0) end
      assert.equal(1, s:stats().active) -- as long as something is to be sent
      assert(read_slowly(c) == LARGE)
      await_active(s, 0)
    end
  end)

  it("does not mind a handler that closes, or a peer that is gone", function()
    local errors = support.listen_to_errors()
    local s = start(function(conn)
      if conn:read() == "close" then
        conn:write("closed\n")
        conn:close()
      else
        write_large(conn)
      end
    end, SMALL)
    local c = client(s)
    assert.equal("closed", ask(c, "close"))
    c = client(s, NARROW)
    assert(c:write("large\n"))
    assert(c:recv(1))
    support.reset(c)
    await_active(s, 0)
    assert.equal("closed", ask(client(s), "close"))
    assert.same({}, errors)
  end)

  it("tells of failures, which concern no other connection", function()
    local errors = support.listen_to_errors()
    local function fails_in_here() error("what went wrong") end
    local s = start(function(conn)
      for line in conn:lines() do
        if line == "fail" then fails_in_here() end
        conn:write(line, "\n")
      end
    end)
    local good, bad = client(s), client(s)
    assert.equal("1", ask(good, "1"))
    assert(bad:write("fail\n"))
    assert.equal("", bad:read("a"))
    assert.equal("2", ask(good, "2"))
    assert.equal("3", ask(client(s), "3"))
    assert.equal(1, #errors)
    assert.match("what went wrong\n.*stack traceback.*fails_in_here", errors[1].message)
    assert.match("serve_spec%.lua:%d+: what went wrong$", errors[1].failure)
    assert.equal("failed", errors[1].task:status())
    assert.equal(1, s:stats().failed)
    errors = support.listen_to_errors() -- replaced while it runs
    assert(good:write("fail\n"))
    assert.equal("", good:read("a"))
    assert.equal(1, #errors)
  end)

  it("writes failures to the standard error, also those of net.onerror", function()
    local child = support.child [[
      local server = assert(net.serve(0, function(conn) error("in the handler") end))
      local function try()
        local conn = assert(net.connect(server.address))
        say("got", conn:read("a"), server:stats().active)
        conn:close()
      end
      try()
      function net.onerror() error("in onerror") end
      for _ = 1, 2 do try() end
      server:close()
      net.run()
    ]]
    local text = child:rest()
    local handler = "dialtone: [^\n]*in the handler\nstack traceback.-\n"
    local onerror = "dialtone: net.onerror: [^\n]*in onerror\n"
    assert.match("^" .. handler .. "got  0\n" .. (handler .. onerror .. "got  0\n"):rep(2) .. "$", text)
  end)

  it("writes failures to the standard error when there is no net.onerror", function()
    local child = support.child [[
      net.onerror = nil
      net.spawn(error, "on purpose", 0)
      net.run()
      net.onerror = "no function"
      net.spawn(error, "on purpose", 0)
      net.run()
    ]]
    local failure = "dialtone: on purpose\n"
    assert.match("^" .. failure .. failure .. "dialtone: net.onerror: attempt to call a string value[^\n]*\n$",
      (child:rest():gsub("stack traceback:\n", ""):gsub("\t[^\n]*\n", "")))
  end)

  it("takes a listener", function()
    local listener = support.tcp4.listener()
    listener:settimeout(0)
    local s = start(server.answer, nil, listener)
    assert.is_true(rawequal(listener, s.listener))
    assert.equal("HI", ask(client(s), "hi"))
    s:close()
    assert_fails("closed", "^accept", listener:accept())
  end)

  it("says when its listener is shut down behind its back, and says nothing when it is closed", function()
    local errors = support.listen_to_errors()
    local s, other = start(net.echo), start(net.echo)
    assert(s.listener:shutdown("SHUT_RDWR"))
    assert(other.listener:close())
    support.eventually(function() return #errors > 0 end, "nothing is said")
    net.sleep(0) -- whatever else there is to be said
    assert.equal(1, #errors)
    assert.match("^accept .*: [Ii]nvalid argument", errors[1].message)
  end)

  it("blames its caller for what is no place, and for options", function()
    assert_raises("^spec/serve_spec%.lua:%d+: bad argument to 'serve' %(an address, .* expected, got nil%)$", function()
      net.serve(nil, net.echo)
    end)
    assert_raises("^spec/serve_spec%.lua:%d+: serve: unknown option 'blacklog'", function()
      net.serve(0, net.echo, { blacklog = 1 })
    end)
  end)

  it("fails for a socket that does not listen", function()
    local listener = support.tcp4.listener()
    listener:close()
    assert_fails("closed", "^serve: ", net.serve(listener, net.echo))
    for _, transport in ipairs { support.tcp4, support.udp4, support.unix } do
      assert_fails("EINVAL", "^serve .*: it does not listen$", net.serve(transport.bound(), net.echo))
    end
  end)

  it("fails as net.listen does", function()
    local taken = support.tcp4.listener():getsockname()
    assert_fails("EADDRINUSE", "^serve " .. support.plain(taken), net.serve(taken, net.echo))
    assert_fails("EINVAL", "^serve nonsense: ", net.serve("nonsense", net.echo))
  end)

  it("takes what net.listen takes", function()
    local path = support.path()
    for _ = 1, 2 do
      local s = start(server.answer, { unlink = true }, "unix:" .. path)
      assert.equal("X", ask(client(s), "x"))
      s:close() -- the file stays, as that of net.listen
    end
    assert_fails("EADDRINUSE", "^serve unix:", net.serve("unix:" .. path, net.echo))
    local s = start(server.answer, { SO_RCVBUF = 65536, backlog = 5, family = "AF_INET" })
    assert(s.listener:getsockopt("SO_RCVBUF") >= 65536)
  end)

  it("raises for wrong arguments", function()
    assert_raises("bad argument #2 to 'serve' %(function expected, got nil", net.serve, 0)
    assert_raises("unknown option 'maximum' %(valid: .*max.*timeout", net.serve, 0, net.echo, { maximum = 1 })
    for _, wrong in ipairs { 0, -1, 1.5, "x" } do
      assert_raises("serve: option max: integer", net.serve, 0, net.echo, { max = wrong })
    end
    for _, wrong in ipairs { -1, "x", 0 / 0 } do
      assert_raises("serve: option timeout: seconds", net.serve, 0, net.echo, { timeout = wrong })
    end
  end)

  it("prints", function()
    local s = start(wait_for_ever)
    local shown = "server " .. tostring(s.address)
    assert.equal(shown .. ", 0 connections", tostring(s))
    clients_of(s, 1)
    await_active(s, 1)
    assert.equal(shown .. ", 1 connection", tostring(s))
    s:close()
    assert.equal(shown .. ", 1 connection, closed", tostring(s))
  end)
end)

describe("max", function()
  it("lets in as many, and the next one when one has ended", function()
    local s = start(server.answer, { max = 2 })
    local clients = clients_of(s, 5)
    for i, conn in ipairs(clients) do assert(conn:write(i, "\n")) end
    for i = 1, 2 do assert.equal(tostring(i), clients[i]:read()) end
    clients[3]:settimeout(SHORT)
    assert_fails("timeout", "^read", clients[3]:read())
    clients[3]:settimeout(10)
    local stats = s:stats()
    assert.same({ 2, 2 }, { stats.accepted, stats.active })
    if s.listener:tcpinfo() then assert.equal(3, stats.queued) end
    for i = 1, 3 do
      clients[i]:close()
      assert.equal(tostring(i + 2), clients[i + 2]:read())
      assert.equal(math.min(i + 2, 5), s:stats().accepted)
    end
  end)

  it("counts a connection as long as something of it is to be sent", function()
    local s = start(write_large, { max = 1, sndbuf = 32768 })
    local clients = clients_of(s, 2, NARROW)
    assert(clients[1]:recv(1))
    clients[2]:settimeout(SHORT)
    assert_fails("timeout", "^recv", clients[2]:recv(1))
    assert.equal(#LARGE - 1, #read_slowly(clients[1]))
    clients[2]:settimeout(10)
    assert.equal(#LARGE, #read_slowly(clients[2]))
  end)

  it("of 1 serves any number, one after the other", function()
    local active, most = 0, 0
    local s = start(function(conn)
      active = active + 1
      most = math.max(most, active)
      conn:write(conn:read(), "\n")
      net.sleep(0)
      active = active - 1
    end, { max = 1 })
    local clients = clients_of(s, 50)
    for i, conn in ipairs(clients) do assert(conn:write(i, "\n")) end
    for i, conn in ipairs(clients) do assert.equal(i .. "\n", conn:read("a")) end
    assert.equal(1, most)
    assert.equal(50, s:stats().accepted)
  end)
end)

describe("timeout", function()
  it("bounds each call of the connections", function()
    local result
    local s = start(function(conn)
      assert.equal(SHORT, conn:gettimeout())
      result = { conn:read() }
      conn:write(result[3] or "nothing")
    end, { timeout = SHORT })
    local c = client(s)
    c:write("half a line")
    support.assert_takes(0, function() assert.equal("timeout", c:read("a")) end)
    assert_fails("timeout", "^read 127", result[1], result[2], result[3])
  end)

  it("bounds how long the rest is sent", function()
    local s = start(write_large, { timeout = SHORT, sndbuf = 32768 })
    client(s, NARROW)
    support.eventually(function() return s:stats().accepted == 1 end)
    await_active(s, 0)
  end)
end)

describe("server:close", function()
  it("cancels the handlers, closes the connections, and frees the port", function()
    local raised, ended = {}, 0
    local s = start(function(conn)
      conn:write("begun\n")
      local ok, why = pcall(wait_for_ever)
      raised[#raised + 1] = { ok, type(why), tostring(why) }
      ended = ended + 1
      error(why, 0)
    end, { max = 3 })
    local clients = clients_of(s, 3)
    for _, conn in ipairs(clients) do assert.equal("begun", conn:read()) end
    local waiting = clients_of(s, 1)[1]
    assert.is_true(s:close())
    assert.is_true(s:close())
    assert.equal("ECONNREFUSED", select(3, net.connect(s.address)))
    keep(net.listen(s.address)):close()
    for _, conn in ipairs(clients) do assert.equal("", conn:read("a")) end
    assert_gone(waiting)
    assert.equal(3, ended)
    for _, result in ipairs(raised) do assert.same({ false, "userdata", "cancelled" }, result) end
    assert.equal(0, s:stats().failed)
  end)

  it("does not wait for a peer that does not read", function()
    for _, ended in ipairs { false, true } do
      local s = start(function(conn)
        write_large(conn)
        if not ended then wait_for_ever() end
      end, SMALL)
      local c = client(s, NARROW)
      assert(c:recv(1))
      s:close()
      support.assert_takes(0, function() assert.is_true(s:drain()) end)
      assert.equal(0, s:stats().active)
    end
  end)

  it("by a handler cancels the others, and him when he next waits", function()
    local s, after
    s = start(function(conn)
      if conn:read() == "close" then
        s:close()
        after = true
        conn:write("closed")
        wait_for_ever()
        after = "went on"
      end
    end)
    local other, closer = client(s), client(s)
    await_active(s, 2)
    closer:write("close\n")
    assert.equal("closed", closer:read("a"))
    assert.equal("", other:read("a"))
    assert.is_true(after)
  end)

  -- More than are accepted before others have a turn.
  it("is the end also for connections that are being accepted", function()
    local s
    local closed, late = false, 0
    local clients, listener = server.queued_clients(100)
    s = start(function()
      if closed then late = late + 1 end
      closed = true
      s:close()
    end, nil, listener)
    for _, conn in ipairs(clients) do assert_gone(conn) end
    assert.equal(0, late)
    assert.equal(0, s:stats().active)
  end)
end)

describe("server:drain", function()
  it("lets the handlers finish, and waits for them", function()
    for _, call in ipairs { function(fn) fn() end, net.run } do
      local finished, queue = 0, net.queue()
      local s = start(function(conn)
        conn:write("begun\n")
        queue:get()
        write_large(conn)
        finished = finished + 1
      end, SMALL)
      local clients, got = clients_of(s, 3, NARROW), {}
      for _, conn in ipairs(clients) do assert.equal("begun", conn:read()) end
      for i, conn in ipairs(clients) do
        net.spawn(function() got[i] = read_slowly(conn) end)
      end
      call(function()
        net.spawn(function() -- when drain waits
          for _ = 1, 3 do queue:put("go on") end
        end)
        assert.is_true(s:drain(10))
        assert.equal(3, finished)
        assert.equal(0, s:stats().active)
        assert.equal("ECONNREFUSED", select(3, net.connect(s.address)))
      end)
      support.eventually(function() return got[1] and got[2] and got[3] end)
      for i = 1, 3 do assert(got[i] == LARGE) end
    end
  end)

  it("cancels those that are not done in time, and waits until they have ended", function()
    for _, call in ipairs { function(fn) fn() end, net.run } do
      local ended = 0
      local s = start(function(conn)
        conn:write("begun\n")
        pcall(wait_for_ever)
        ended = ended + 1
      end)
      local clients = clients_of(s, 2)
      for _, conn in ipairs(clients) do assert.equal("begun", conn:read()) end
      call(function()
        support.assert_takes(SHORT, function()
          assert_fails("timeout", "^drain 127%.0%.0%.1:%d+: the time limit was reached$", s:drain(SHORT))
        end)
        assert.equal(2, ended)
      end)
      for _, conn in ipairs(clients) do assert.equal("", conn:read("a")) end
    end
  end)

  it("without connections is done at once", function()
    local s = start(net.echo)
    assert.is_true(s:drain())
    assert.is_true(s:drain(0))
  end)

  it("by a handler waits for the others only", function()
    local s
    local draining = false
    s = start(function(conn)
      if conn:read() == "drain" then
        draining = true
        conn:write(tostring(s:drain()), s:stats().active)
      end
    end)
    local other, drainer = client(s), client(s)
    await_active(s, 2)
    drainer:write("drain\n")
    support.eventually(function() return draining end)
    assert.equal(2, s:stats().active)
    other:write("done\n")
    assert.equal("true1", drainer:read("a"))
    await_active(s, 0)
  end)

  it("that is cancelled cancels the handlers", function()
    local s = start(server.answer)
    local c = client(s)
    assert.equal("X", ask(c, "x"))
    assert.equal("timeout", select(3, net.timeout(SHORT, s.drain, s)))
    assert.equal("", c:read("a"))
  end)

  it("by a task of a handler's ends in time", function()
    local s
    s = start(function()
      net.scope(function(scope) scope:spawn(s.drain, s, SHORT) end)
    end)
    assert.equal("", client(s):read("a"))
    await_active(s, 0)
  end)

  it("raises for wrong arguments", function()
    local s = start(net.echo)
    for _, wrong in ipairs { -1, 0 / 0, "x", {} } do
      assert_raises("bad argument #1 to 'drain'", s.drain, s, wrong)
    end
  end)
end)

describe("net.echo", function()
  it("sends back what comes, and ends with it", function()
    local s = start(net.echo)
    local c = client(s)
    local text = LARGE .. "\0\r\n\255"
    local sender = net.spawn(function()
      assert(c:write(text))
      assert(c:shutdown("SHUT_WR"))
    end)
    assert(c:read("a") == text)
    sender:join()
    await_active(s, 0)
  end)
end)
