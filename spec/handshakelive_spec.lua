-- handshakelive_spec.lua - the live page of net.handshake without a browser: its HTTP
-- server under attack, its events, what is recorded, and what is left in the end.

local feed = require "dialtone.handshake.feed"
local http = require "dialtone.handshake.http"
local live = require "dialtone.handshake.live"
local net = require "dialtone"
local recorder = require "dialtone.handshake.recorder"
local strictjson = require "spec.support.strictjson"
local strictxml = require "spec.support.strictxml"
local support = require "spec.support.transport"

-- --- what the cases share -------------------------------------------------------------

-- Calls the body with a live page, in the main task; everything has ended then. What is
-- reported of tasks that fail fails the case.
local function with_live(options, body)
  local errors = support.listen_to_errors()
  finally(support.clear)
  local result
  net.run(function()
    local one = assert(live.serve(options))
    result = support.pack(pcall(body, one))
    one:close()
    one.server:drain(5)
    support.cleanup()
  end)
  if not result[1] then error(result[2], 0) end
  for _, one in ipairs(errors) do error(one.message, 0) end
end

-- Takes a limit down, or up, for a case.
local changed = {}
local function limit(limits, name, value)
  changed[#changed + 1] = { limits, name, limits[name] }
  limits[name] = value
end

-- What is done slowly for who looks on is done fast for who does not.
before_each(function()
  limit(recorder.limits, "pause", 0.02)
  limit(recorder.limits, "unaccepted", 0.01)
  limit(feed.limits, "together", 0.01)
end)

after_each(function()
  for i = #changed, 1, -1 do changed[i][1][changed[i][2]] = changed[i][3] end
  changed = {}
end)

local function open(one)
  local conn = support.keep(net.connect(one.address))
  conn:settimeout(20)
  return conn
end

-- The answer to these bytes: status, head, body.
local function ask(one, bytes)
  local conn = open(one)
  conn:write(bytes)
  conn:flush()
  local all = conn:read("a") or ""
  conn:close()
  local head, body = all:match("^(.-)\r\n\r\n(.*)$")
  return tonumber((head or ""):match("^HTTP/1%.1 (%d%d%d) ")), head or "", body
end

local function request(method, path, more)
  return ("%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"):format(method, path, more or "")
end

local function get(one, path) return ask(one, request("GET", path)) end

local function token_of(one)
  return select(3, get(one, "/")):match('name="token" content="(%x+)"')
end

local function make_connection(one)
  return ask(one, request("POST", "/connect", "X-Token: " .. token_of(one) .. "\r\n"))
end

-- The events of a page, one after another.
local function listen(one)
  local conn = open(one)
  conn:write(request("GET", "/events"))
  conn:flush()
  local head = assert(conn:readuntil("\r\n\r\n"))
  assert.matches("^HTTP/1%.1 200 ", head)
  assert.matches("Content-Type: text/event-stream", head, 1, true)
  conn:setlimit(2 ^ 24)
  return function()
    while true do
      local event = conn:readuntil("\n\n")
      if not event then return nil end
      local name, data = event:match("^event: (%w+)\ndata: (.*)$")
      if name then return name, strictjson.parse(data) end
    end
  end, conn
end

local function until_done(one, count)
  support.eventually(function()
    local list = one.recorder.connections
    local done = 0
    for _, connection in ipairs(list) do
      if connection.accepted and connection.open == 0 then done = done + 1 end
    end
    return done >= count
  end, "the connections do not end")
end

-- --- HTTP -----------------------------------------------------------------------------

describe("the live page's server", function()
  it("gives the page, with a policy for its own scripts alone", function()
    with_live({ level = 0 }, function(one)
      local status, head, body = get(one, "/")
      assert.equal(200, status)
      local nonce = head:match("script%-src 'nonce%-(%x+)'")
      assert.equal(32, #nonce)
      for tag in body:gmatch("<script[^>]*>") do assert.equal(('<script nonce="%s">'):format(nonce), tag) end
      for tag in body:gmatch("<style[^>]*>") do assert.equal(('<style nonce="%s">'):format(nonce), tag) end
      assert.is_nil(body:find(" style=", 1, true))
      for _, line in ipairs { "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY", "Cache-Control: no-store",
        "Referrer-Policy: no-referrer", "Connection: close", "frame-ancestors 'none'", "default-src 'none'" } do
        assert.matches(line, head, 1, true)
      end
      assert.equal(#body, tonumber(head:match("Content%-Length: (%d+)")))
      assert.is_nil(select(2, get(one, "/")):find(nonce, 1, true))
    end)
  end)

  it("gives of a HEAD request the head alone", function()
    with_live({ level = 0 }, function(one)
      local status, head, body = ask(one, request("HEAD", "/"))
      assert.same({ 200, "" }, { status, body })
      assert.is_true(tonumber(head:match("Content%-Length: (%d+)")) > 1000)
      assert.equal(200, (ask(one, request("HEAD", "/events"))))
    end)
  end)

  it("is asked by address or as localhost, and by no other name", function()
    with_live({ level = 0 }, function(one)
      for _, host in ipairs { "localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:9", "[::1]", "[::1]:80",
        "10.1.2.3" } do
        assert.equal(200, (ask(one, ("GET / HTTP/1.1\r\nHost: %s\r\n\r\n"):format(host))), host)
      end
      for _, host in ipairs { "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example",
        "", "[::1", "::1", "127.1", "0x7f.1", "localhost@evil", "[evil]" } do
        local status, _, body = ask(one, ("GET / HTTP/1.1\r\nHost: %s\r\n\r\n"):format(host))
        assert.equal(421, status, host)
        assert.is_nil(body:find(one.token, 1, true))
      end
    end)
  end)

  it("is for its own pages: others' may lead to it, and have nothing else", function()
    with_live({ level = 0 }, function(one)
      for site, status in pairs { ["cross-site"] = 403, ["same-site"] = 403, ["same-origin"] = 200, none = 200 } do
        assert.equal(status, (ask(one, request("HEAD", "/events", "Sec-Fetch-Site: " .. site .. "\r\n"))))
        assert.equal(200, (ask(one, request("GET", "/", "Sec-Fetch-Site: " .. site .. "\r\n"))))
      end
    end)
  end)

  for what, row in pairs {
    ["no Host"] = { 400, "GET / HTTP/1.1\r\n\r\n" },
    ["two Hosts"] = { 400, "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n" },
    ["a folded line"] = { 400, "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n" },
    ["a space before the colon"] = { 400, "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n" },
    ["a line end that is none"] = { 400, "GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n" },
    ["a zero byte"] = { 400, "GET / HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n" },
    ["another protocol"] = { 400, "\22\3\1\2\0\1\0\1\252\3\3\r\n\r\n" },
    ["a whole address for a path"] = { 400, "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n" },
    ["a path with a space"] = { 400, "GET / x HTTP/1.1\r\nHost: localhost\r\n\r\n" },
    ["a long path"] = { 400, "GET /" .. ("x"):rep(2000) .. " HTTP/1.1\r\nHost: localhost\r\n\r\n" },
    ["an older version"] = { 505, "GET / HTTP/0.9\r\nHost: localhost\r\n\r\n" },
    ["a newer version"] = { 505, "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n" },
    ["a body"] = { 413, "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello" },
    ["a body in chunks"] = { 413, request("POST", "/connect", "Transfer-Encoding: chunked\r\n") .. "0\r\n\r\n" },
    ["a huge header"] = { 431, "GET / HTTP/1.1\r\nHost: localhost\r\nX: " .. ("y"):rep(100000) .. "\r\n\r\n" },
    ["headers without an end"] = { 431, "GET / HTTP/1.1\r\n" .. ("X: y\r\n"):rep(5000) },
    ["too many headers"] = { 431, "GET / HTTP/1.1\r\nHost: localhost\r\n" .. ("X: y\r\n"):rep(70) .. "\r\n" },
    ["an unknown path"] = { 404, request("GET", "/../etc/passwd") },
    ["an unknown method"] = { 405, request("BREW", "/") },
    ["a method of others"] = { 405, request("DELETE", "/connections/1.json") },
    ["the button's path by GET"] = { 405, request("GET", "/connect") },
    ["a connection that is not there"] = { 404, request("GET", "/connections/7.json") },
    ["an unknown form of one"] = { 404, request("GET", "/connections/1.exe") },
  } do
    it(("refuses %s, with %d"):format(what, row[1]), function()
      with_live({ level = 0 }, function(one)
        local status, head = ask(one, row[2])
        assert.equal(row[1], status)
        assert.matches("X-Content-Type-Options: nosniff", head, 1, true)
        if status == 405 then assert.matches("\r\nAllow: ", head, 1, true) end
        assert.equal(200, (get(one, "/")))
      end)
    end)
  end

  it("gives a request that comes slowly up, however it goes on", function()
    limit(http.limits, "patience", 0.3)
    with_live({ level = 0 }, function(one)
      local conn = open(one)
      local begin = net.now()
      local writing = net.spawn(function()
        for byte in (request("GET", "/")):gmatch(".") do
          if not conn:write(byte) or not conn:flush() then return end
          net.sleep(0.05)
        end
      end)
      assert.matches("^HTTP/1.1 408 ", conn:read("a"))
      assert.is_true(net.now() - begin < 3)
      writing:cancel()
    end)
  end)

  it("serves others while many say nothing", function()
    with_live({ level = 0 }, function(one)
      for _ = 1, 100 do open(one) end
      assert.equal(200, (get(one, "/")))
    end)
  end)

  it("survives bytes of any kind", function()
    local seed = 7
    local function random(n)
      seed = (seed * 16807) % 2147483647
      return seed % n
    end
    limit(http.limits, "patience", 0.05)
    local plain = request("GET", "/", "X-Token: a\r\nAccept: */*\r\n")
    with_live({ level = 0 }, function(one)
      for _ = 1, 150 do
        local bytes = plain
        for _ = 1, 1 + random(4) do
          local at = 1 + random(#bytes)
          bytes = bytes:sub(1, at - 1) .. string.char(random(256)) .. bytes:sub(at + random(3))
        end
        ask(one, bytes)
      end
      assert.equal(200, (get(one, "/")))
    end)
  end)
end)

-- --- connections ------------------------------------------------------------------------

describe("a connection of the live page's button", function()
  it("needs the token that is in the page", function()
    with_live({ level = 0 }, function(one)
      local token = token_of(one)
      for _, wrong in ipairs { "", "X-Token: \r\n", "X-Token: x\r\n", "X-Token: " .. token .. "0\r\n",
        "X-Token: " .. ("0"):rep(#token) .. "\r\n" } do
        assert.equal(403, (ask(one, request("POST", "/connect", wrong))))
      end
      assert.equal(0, #one.recorder.connections)
      assert.equal(202, (ask(one, request("POST", "/connect", "X-Token: " .. token .. "\r\n"))))
      assert.equal(1, #one.recorder.connections)
    end)
  end)

  for level = 0, 2 do
    it("comes to the pages step by step, and can be had in each form: level " .. level, function()
      with_live({ level = level, private = level == 1 }, function(one)
        local next_event = listen(one)
        assert.equal("hello", (next_event()))
        assert.equal(202, (make_connection(one)))
        local counts, event = {}
        repeat
          local kind
          kind, event = next_event()
          assert.equal("connection", kind)
          assert.equal(1, event.id)
          counts[#counts + 1] = tonumber(event.html:match('data%-steps="(%d+)"'))
          strictxml.parse(event.html)
        until not event.open
        assert.is_true(#counts > 2)
        for i = 2, #counts do assert.is_true(counts[i] >= counts[i - 1]) end
        local _, _, body = get(one, "/connections/1.json")
        local recording = strictjson.parse(body)
        assert.equal(one.level, recording.level)
        local calls = {}
        for _, step in ipairs(recording.steps) do
          if step.kind == "call" then calls[step.side .. " " .. step.call] = step end
        end
        for _, name in ipairs { "client connect", "client send", "client recv", "client close", "server accept",
          "server recv", "server send", "server close" } do
          assert.is_truthy(calls[name], name)
        end
        if one.level > 0 then
          for i, expected in ipairs { "SYN SYN_SENT LISTEN", "SYN-ACK ESTABLISHED SYN_RCVD",
            "ACK ESTABLISHED ESTABLISHED" } do
            local packet = recording.packets[i]
            assert.equal(expected, table.concat({ packet.name, packet.states.client, packet.states.server }, " "))
          end
        end
        assert.equal("svg", strictxml.parse(select(3, get(one, "/connections/1.svg"))).name)
        assert.matches("^<!DOCTYPE html>", select(3, get(one, "/connections/1.html")))
        assert.matches("accept%(%)", select(3, get(one, "/connections/1.txt")))
        assert.matches('\r\nContent-Disposition: attachment; filename="connection-1.json"',
          select(2, get(one, "/connections/1.json")), 1, true)
      end)
    end)
  end

  it("waits until others of its kind have ended, when there are many", function()
    with_live({ level = 0 }, function(one)
      limit(recorder.limits, "pause", 0.5) -- they last until the page has been asked
      for _ = 1, 8 do assert.is_true(one.recorder:connect()) end
      support.assert_fails("busy", "wait until", one.recorder:connect())
      assert.equal(503, (make_connection(one)))
      until_done(one, 8)
      assert.is_true(one.recorder:connect())
    end)
  end)
end)

describe("the live page's echo server", function()
  it("records who connects, and sends back what comes", function()
    with_live({ level = 2 }, function(one)
      if one.recorder.base.private then return assert.equal(1, one.level) end
      local conn = support.keep(net.connect(one.echo))
      conn:write("abc\n")
      assert.equal("abc", conn:read())
      conn:close()
      until_done(one, 1)
      local recording = one.recorder:recording(one.recorder.connections[1])
      assert.matches('recv%(4096%) = "abc', recording:text())
    end)
  end)

  it("goes on after a time without descriptors, or without the kernel's table", function()
    for _, call in ipairs { "accept", "sendto" } do
      with_live({ level = 0 }, function(one)
        get(one, "/") -- the page's own server waits now, and will not be told
        assert.is_true(one.recorder:connect())
        support.fault.fail(call, "EMFILE", 1, true)
        support.eventually(function() return support.fault.count(call) >= 3 end, call .. " is not tried")
        support.fault.clear()
        until_done(one, 1)
        one.recorder:connect()
        until_done(one, 2)
      end)
    end
  end)

  it("says why a client of ours could not begin, and goes on", function()
    with_live({ level = 0 }, function(one)
      for _, call in ipairs { "socket", "bind" } do
        support.fault.fail(call, "EMFILE", 1)
        support.assert_fails("EMFILE", "^" .. call, one.recorder:connect())
        support.fault.clear()
      end
      assert.is_true(one.recorder:connect())
      until_done(one, 1)
    end)
  end)

  it("looks the same each time it is looked at", function()
    with_live({ private = true }, function(one)
      one.recorder:connect()
      until_done(one, 1)
      local connection = one.recorder.connections[1]
      support.eventually(function() -- its last packets
        local names = one.recorder:recording(connection):names()
        return #names == 0 or table.concat(names, " "):find("FIN%-ACK .*FIN%-ACK ACK$")
      end)
      assert.equal(one.recorder:recording(connection):json(), one.recorder:recording(connection):json())
    end)
  end)

  it("keeps the last connections alone, and tells the pages which are gone", function()
    limit(recorder.limits, "kept", 3)
    with_live({ level = 0 }, function(one)
      for i = 1, 6 do
        one.recorder:connect()
        until_done(one, math.min(i, 3))
      end
      local ids = {}
      for i, connection in ipairs(one.recorder.connections) do ids[i] = connection.id end
      assert.same({ 4, 5, 6 }, ids)
      local next_event = listen(one)
      assert.equal("hello", (next_event()))
      for id = 4, 6 do assert.equal(id, select(2, next_event()).id) end
      one.recorder:connect()
      local gone
      repeat
        local name, event = next_event()
        gone = name == "gone" and event.id
      until gone
      assert.equal(4, gone)
    end)
  end)

  it("keeps so much of each, and says that there was more", function()
    limit(recorder.limits, "events", 40)
    with_live({ level = 0 }, function(one)
      local conn = support.keep(net.connect(one.echo))
      for i = 1, 100 do
        conn:write(i, "\n")
        assert.equal(tostring(i), conn:read())
      end
      conn:close()
      until_done(one, 1)
      local wire = one.recorder.connections[1].wire
      assert.is_true(#wire.events < 60, #wire.events)
      assert.matches("there was more, which is not shown", one.recorder:recording(one.recorder.connections[1]):text())
    end)
  end)
end)

-- --- pages ----------------------------------------------------------------------------

describe("the live page's events", function()
  it("go to many pages, and those that go leave nothing", function()
    with_live({ level = 0 }, function(one)
      local pages = {}
      for i = 1, 20 do
        local next_event, conn = listen(one)
        assert.equal("hello", (next_event()))
        pages[i] = { next_event = next_event, conn = conn }
      end
      assert.equal(20, one.feed.count)
      one.recorder:connect()
      for _, page in ipairs(pages) do assert.equal("connection", (page.next_event())) end
      for i = 1, 19 do
        if i % 2 == 0 then pages[i].conn:close() else support.reset(pages[i].conn) end
      end
      support.eventually(function() return one.feed.count == 1 and one.server:stats().active == 1 end)
      until_done(one, 1)
    end)
  end)

  it("go to no more pages than there may be", function()
    limit(feed.limits, "pages", 2)
    with_live({ level = 0 }, function(one)
      local _, first = listen(one)
      listen(one)
      assert.equal(503, (get(one, "/events")))
      first:close()
      support.eventually(function() return one.feed.count == 1 end)
      assert.equal("hello", (listen(one)()))
    end)
  end)

  it("say now and then that there is nothing new", function()
    limit(feed.limits, "alive", 0.1)
    with_live({ level = 0 }, function(one)
      local _, conn = listen(one)
      for _ = 1, 40 do
        if conn:readuntil("\n\n") == ": nothing new" then return end
      end
      error("it said nothing")
    end)
  end)

  it("do not wait for a page that reads nothing, which is given up", function()
    limit(feed.limits, "sending", 0.2)
    with_live({ level = 0 }, function(one)
      one.recorder:connect()
      until_done(one, 1)
      local slow = support.keep(net.connect(one.address, { rcvbuf = 2048 }))
      slow:write(request("GET", "/events"))
      slow:flush()
      local next_event = listen(one)
      support.eventually(function() return one.feed.count == 2 end)
      local connection = one.recorder.connections[1]
      local seen = 0
      support.eventually(function() -- more than its buffers hold
        connection.version = connection.version + 1
        one.feed:poke()
        local name = next_event()
        seen = seen + (name == "connection" and 1 or 0)
        return one.feed.count == 1
      end, "the slow page is never given up")
      assert.is_true(seen > 2)
    end)
  end)

  it("go to no page that says something itself", function()
    with_live({ level = 0 }, function(one)
      local next_event, conn = listen(one)
      assert.equal("hello", (next_event()))
      conn:write("more")
      conn:flush()
      support.eventually(function() return one.feed.count == 0 end)
    end)
  end)
end)

describe("live.serve", function()
  it("says where it is, and what it records", function()
    with_live({ "127.0.0.1:0", level = 0 }, function(one)
      assert.equal("http://" .. tostring(one.address) .. "/", one.url)
      assert.matches("^live page http://127%.0%.0%.1:%d+/, echo server 127%.0%.0%.1:%d+$", tostring(one))
      assert.same({ 0, one.recorder.base.about }, { one.level, one.about })
      one:close()
      assert.is_true(one:close())
      assert.matches(", closed$", tostring(one))
    end)
  end)

  it("gives nil, message, code where it cannot listen, and leaves nothing", function()
    local taken = assert(net.listen("127.0.0.1:0"))
    local at = taken:getsockname()
    support.assert_fails("EADDRINUSE", "^serve ", live.serve { at, level = 0 })
    support.assert_fails("EADDRINUSE", "^bind ", live.serve { level = 0, echo = at.port })
    support.assert_fails("EINVAL", "", live.serve { "no address", level = 0 })
    taken:close()
    net.run()
  end)

  it("raises for options that there are not", function()
    support.assert_raises("serve", live.serve, { levle = 0 })
    support.assert_raises("serve", live.serve, { level = 7 })
    support.assert_raises("serve", live.serve, { echo = "x" })
  end)

  it("ends in the middle of everything", function()
    with_live({ private = true }, function(one)
      listen(one)
      one.recorder:connect()
      local reading = one.recorder.connections[1]
      support.eventually(function() return reading.accepted end)
    end)
  end)
end)
