-- hostile_spec.lua - peers that mean no good, or know no better: the server goes
-- on, serves the others, and needs no more memory for them than it should.

local net = require "dialtone"
local support = require "spec.support.transport"
local server = require "spec.support.server"
local stream = require "spec.support.stream"
local keep, reset = support.keep, support.reset
local it = server.closing(it, function(cleanup) finally(cleanup) end)
local start, client, ask, figure = server.start, server.client, server.ask, server.figure

local SHORT = 0.03
local MiB = 1024 * 1024

-- The sanitizer's own memory is not ours.
local plain_build = os.getenv("DIALTONE_MODE") == "test"

-- A server in a process of its own, with this handler, which says `note()` when
-- it has most.  The second value gives by how much the process has grown at most.
local function start_child(handler)
  local child = support.child(([[
    local function resident()
      local file = assert(io.open("/proc/self/statm"))
      local pages = file:read("*a"):match("^%%d+ (%%d+)")
      file:close()
      return tonumber(pages) * 4096
    end
    local first, most
    local function note() most = math.max(most or 0, resident()) end
    local handler = %s
    local server = assert(net.serve(0, function(conn)
      local what = conn:read()
      if what == "memory" then
        note()
        first = first or resident()
        conn:write(("%%d %%d\n"):format(first, most))
      elseif what == "ping" then
        conn:write("pong\n")
      else
        handler(conn, what)
      end
    end))
    say(server.address.port)
    net.run()
  ]]):format(handler))
  local s = { address = net.address("127.0.0.1", tonumber(child:line())) }
  local function memory()
    local conn = client(s)
    local first, most = ask(conn, "memory"):match("^(%d+) (%d+)$")
    conn:close()
    return tonumber(most) - tonumber(first)
  end
  -- What the others and the handler need anyhow is there from now on.
  assert.equal("pong", ask(client(s), "ping"))
  memory()
  return s, memory
end

-- The others are served: how long the slowest of so many exchanges took.
local function slowest_ping(s, count, line, answer)
  local worst = 0
  for _ = 1, count or 20 do
    local conn, begin = client(s), net.now()
    assert.equal(answer or "pong", ask(conn, line or "ping"))
    worst = math.max(worst, net.now() - begin)
    conn:close()
  end
  return worst
end

describe("a line without end", function()
  it("ends with \"limit\", and costs less than twice the limit", function()
    local s, memory = start_child [[
      function(conn)
        local _, _, code = conn:read()
        note()
        assert(code == "limit")
      end
    ]]
    local conn = client(s)
    assert(conn:write("go\n"))
    local chunk, sent = ("x"):rep(65536), 0
    for _ = 1, 16 * MiB / 65536 do -- at some time it is closed
      if not conn:write(chunk) then break end
      sent = sent + #chunk
    end
    assert(sent < 16 * MiB)
    local most = memory()
    figure("a line of 1 MiB without end: %.2f MiB", most / MiB)
    if plain_build then assert(most < 2 * MiB, ("%.2f MiB"):format(most / MiB)) end
    assert(slowest_ping(s) < 0.5)
  end)

  it("is taken in up to the limit, and little more", function()
    local limit, taken, its_end = 100000, nil, nil
    local s = start(function(conn)
      its_end = conn
      conn:setlimit(limit)
      local _, _, code = conn:read()
      assert.equal("limit", code)
      taken = #conn:recv(10 * limit) -- what it has; not what the kernel has
    end)
    local conn = client(s)
    assert(conn:write(("x"):rep(limit - 10)))
    support.eventually(function() -- it has these
      return its_end and conn:queued() and select(2, conn:queued()) == 0 and its_end:queued() == 0
    end)
    assert(conn:write(("x"):rep(limit)))
    support.eventually(function() return taken end)
    assert(taken > limit and taken < 1.1 * limit, taken)
  end)

  it("of many peers costs that for each", function()
    local s, memory = start_child [[ (function()
      local count = 0
      return function(conn)
        conn:setlimit(100000)
        local _, _, code = conn:read()
        note()
        assert(code == "limit")
        count = count + 1
        while count < 20 do net.sleep(0.001) end -- till all have come so far
        note()
      end
    end)() ]]
    local clients = server.clients(s, 20)
    for _, conn in ipairs(clients) do assert(conn:write("go\n")) end
    for _, conn in ipairs(clients) do
      conn:settimeout(5)
      assert(conn:write(("x"):rep(150000)))
    end
    for _, conn in ipairs(clients) do assert(not conn:recv(1)) end
    local most = memory() / #clients
    figure("20 lines of 100,000 bytes without end: %.0f bytes each", most)
    if plain_build then assert(most < 200000 + 20000, most) end
  end)

  it("is not searched from its beginning for each byte", function()
    local s = start(function(conn) conn:write(#conn:read(), "\n") end)
    local conn = client(s)
    local chunk = ("x"):rep(1000)
    local cpu = os.clock()
    for _ = 1, 1000 do
      assert(conn:write(chunk))
      net.sleep(0) -- each piece comes alone
    end
    assert.equal("1000000", ask(conn, ""))
    cpu = os.clock() - cpu
    figure("a line of 1,000,000 bytes in 1,000 pieces: %.3f s", cpu)
    assert(cpu < 1, cpu)
  end)
end)

describe("a peer that never reads", function()
  it("makes its handler wait, costs little memory, and concerns no other", function()
    local s, memory = start_child [[ (function()
      local waiting = {}
      return function(conn, what)
        if what == "go" then
          local piece = ("x"):rep(100)
          waiting[#waiting + 1] = conn
          while conn:write(piece) do end
        else
          local full = 0
          for _, one in ipairs(waiting) do
            if not net.poll({ { one, "POLLOUT" } }, 0.01) then full = full + 1 end
          end
          conn:write(full, "\n")
        end
      end
    end)() ]]
    local clients = server.clients(s, 10, { rcvbuf = 16384 })
    for _, conn in ipairs(clients) do assert(conn:write("go\n")) end
    support.eventually(function() -- whatever there is to be filled
      local conn = client(s)
      local full = ask(conn, "how many are full?")
      conn:close()
      return full == "10"
    end)
    local worst = slowest_ping(s)
    local most = memory() / #clients
    figure("10 peers that never read: %.0f KiB each, the others' worst answer %.1f ms", most / 1024, worst * 1e3)
    assert(worst < 0.5, worst)
    if plain_build then assert(most < 200 * 1024, most) end
    for _, conn in ipairs(clients) do assert.equal(100, #conn:read(100)) end
  end)

  it("ends by the time limit", function()
    local failures = {}
    local s = start(function(conn)
      local piece = ("x"):rep(10000)
      while true do
        local ok, _, code = conn:write(piece)
        if not ok then
          failures[#failures + 1] = code
          return
        end
      end
    end, { timeout = SHORT })
    local clients = server.clients(s, 5, { rcvbuf = 16384 })
    support.eventually(function() return #failures == 5 end)
    for _, code in ipairs(failures) do assert.equal("timeout", code) end
    server.await_active(s, 0)
    for _, conn in ipairs(clients) do conn:close() end
  end)
end)

describe("a peer that sends a byte at a time", function()
  it("is understood, also when it reads a byte at a time", function()
    local s = start(function(conn)
      conn:setvbuf("no")
      for line in conn:lines() do
        for byte in (line:upper() .. "\r\n"):gmatch(".") do conn:write(byte) end
      end
    end)
    net.scope(function(scope)
      for i = 1, 5 do
        scope:spawn(function()
          local conn, got = client(s), {}
          local text = ("line %d of a slow one\r\n"):format(i):rep(10)
          for byte in text:gmatch(".") do
            assert(conn:send(byte))
            net.sleep(0)
          end
          conn:shutdown("SHUT_WR")
          repeat
            local byte = conn:recv(1)
            got[#got + 1] = byte
          until not byte
          assert.equal(text:upper(), table.concat(got))
        end)
      end
    end)
  end)

  it("does not stretch a time limit", function()
    local took = {}
    local s = start(function(conn)
      local begin = net.now()
      local _, _, code = conn:read()
      took[#took + 1] = net.now() - begin
      conn:write(code or "line", "\n")
    end, { timeout = 0.1 })
    local clients = server.clients(s, 50)
    local over = false
    local slow = net.spawn(function()
      while not over do
        for _, conn in ipairs(clients) do conn:send("x") end
        net.sleep(0.01)
      end
    end)
    local worst = slowest_ping(s, 5, "", "line")
    support.eventually(function() return #took == 55 end)
    over = true
    slow:join()
    table.sort(took)
    figure("50 slow requests, limit 100 ms: ended after %.0f to %.0f ms", took[6] * 1e3, took[55] * 1e3)
    assert(took[6] >= 0.1 and took[55] < 0.1 + support.LATE, took[55])
    assert(worst < 0.5, worst)
    server.await_active(s, 0)
  end)
end)

-- --- resets -------------------------------------------------------------------

local asked, gone = 0, nil -- requests that wait; what they wait for

-- Each: what it is called, what is done before the reset, and after it.
local points = {
  { "before the first byte", function(conn) conn:peek(0) end },
  { "in the middle of a line", function(conn) assert(conn:write("half a li")) end },
  { "after a request", function(conn) assert(conn:write("large\n")) end },
  { "after a request that waits", function(conn)
    asked, gone = 0, net.queue()
    assert(conn:write("wait\n"))
    support.eventually(function() return asked == 1 end)
  end, function() gone:put(true) end },
  { "while the answer is sent", function(conn)
    assert(conn:write("large\n"))
    assert(conn:recv(100))
  end },
  { "after an answer", function(conn) assert.equal("PING", ask(conn, "ping")) end },
  { "after it has ended its own direction", function(conn)
    assert(conn:write("large\n"))
    assert(conn:shutdown("SHUT_WR"))
    assert(conn:recv(100))
  end },
}

local large = ("0123456789abcdef"):rep(MiB / 16)

local function respond(conn, line)
  if line == "large" then
    conn:write(large)
  elseif line == "wait" then
    asked = asked + 1
    gone:get()
    conn:write("waited\n")
  else
    conn:write(line:upper(), "\n")
  end
end

local readers = {
  { "read", function(conn)
    while true do
      local line = conn:read()
      if not line then return end
      respond(conn, line)
    end
  end },
  { "lines", function(conn)
    for line in conn:lines() do respond(conn, line) end
  end },
}

describe("a peer that resets the connection", function()
  for _, reader in ipairs(readers) do
    for _, point in ipairs(points) do
      it(point[1] .. " is forgotten: " .. reader[1], function()
        local errors = support.listen_to_errors()
        local s = start(reader[2], { sndbuf = 32768 })
        local good = client(s)
        for i = 1, 10 do
          local conn = client(s, { rcvbuf = 32768 })
          point[2](conn)
          reset(conn)
          if point[3] then point[3]() end
          assert.equal("PING " .. i, ask(good, "ping " .. i))
        end
        server.await_active(s, 1)
        for _, err in ipairs(errors) do assert.match("^read .*: Connection reset by peer\n", err.message) end
        if reader[1] == "read" then assert.equal(0, #errors) end
      end)
    end
  end

  it("before it is accepted is forgotten", function()
    local errors = support.listen_to_errors()
    local clients, listener = server.queued_clients(20)
    for i, conn in ipairs(clients) do
      if i % 2 == 0 then reset(conn) end
      if i % 3 == 0 then conn:close() end
    end
    local s = start(readers[1][2], nil, listener)
    for i, conn in ipairs(clients) do
      if i % 2 == 1 and i % 3 > 0 then assert.equal("PING", ask(conn, "ping")) end
    end
    assert.equal("PING", ask(client(s), "ping"))
    assert.same({}, errors)
  end)

  it("in the hundreds, at any moment, leaves nothing", function()
    support.listen_to_errors()
    local s = start(readers[1][2], { sndbuf = 32768 })
    local random = stream.random(7)
    net.scope(function(scope)
      for _ = 1, 20 do
        scope:spawn(function()
          for _ = 1, 10 do
            local conn = client(s)
            conn:send(("large\nping\nhalf"):sub(1, random(15)))
            net.sleep(random(4) / 1000)
            if random(2) == 1 then conn:recv(random(100000), "MSG_DONTWAIT") end
            reset(conn)
          end
        end)
      end
    end)
    server.await_active(s, 0)
    assert.equal(200, s:stats().accepted)
    assert.equal("PING", ask(client(s), "ping"))
  end)
end)

describe("a peer that ends its own direction", function()
  for _, reader in ipairs(readers) do
    it("still gets all of the answer: " .. reader[1], function()
      local s = start(reader[2], { sndbuf = 32768 })
      local conn = client(s, { rcvbuf = 32768 })
      assert(conn:write("ping\nlarge\nhalf a line"))
      assert(conn:shutdown("SHUT_WR"))
      assert.equal("PING", conn:read())
      assert(conn:read(#large) == large)
      assert.equal("HALF A LINE\n", conn:read("a"))
      server.await_active(s, 0)
    end)
  end

  it("at once gets the end", function()
    local s = start(readers[1][2])
    local clients = server.clients(s, 20)
    for _, conn in ipairs(clients) do assert(conn:shutdown("SHUT_WR")) end
    for _, conn in ipairs(clients) do assert.equal("", conn:read("a")) end
    server.await_active(s, 0)
  end)
end)

describe("peers that say nothing", function()
  it("cost nothing but a little memory", function()
    local s = start(readers[1][2])
    local clients = server.clients(s, 1000)
    server.await_active(s, 1000)
    local cpu = os.clock()
    net.sleep(0.2)
    cpu = os.clock() - cpu
    local worst = slowest_ping(s, 20, "ping", "PING")
    figure("beside 1,000 silent ones: worst answer %.2f ms; %.1f ms of work in 200 ms", worst * 1e3, cpu * 1e3)
    assert(cpu < 0.05, cpu)
    assert(worst < 0.2, worst)
    for i, conn in ipairs(clients) do
      if i % 100 == 0 then assert.equal("STILL HERE", ask(conn, "still here")) end
      conn:close()
    end
    server.await_active(s, 0)
  end)

  it("end by the time limit", function()
    local s = start(readers[1][2], { timeout = SHORT })
    local clients = server.clients(s, 100)
    for _, conn in ipairs(clients) do assert.equal("", conn:read("a")) end
    assert.equal(0, s:stats().failed)
  end)
end)

describe("a peer that connects to no avail", function()
  it("does not keep others out when there is no room", function()
    local s = start(readers[1][2], { max = 5, timeout = SHORT })
    local silent = server.clients(s, 20)
    assert.equal("PING", ask(client(s), "ping")) -- after the silent ones' time is over
    for _, conn in ipairs(silent) do assert.equal("", conn:read("a")) end
    keep(net.connect(s.address)):close()
  end)
end)
