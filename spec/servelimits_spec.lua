-- servelimits_spec.lua - net.serve when accept fails, and with many connections.

local net = require "dialtone"
local support = require "spec.support.transport"
local server = require "spec.support.server"
local keep, fault = support.keep, support.fault
local it = server.closing(it, function(cleanup) finally(cleanup) end)
local start, ask = server.start, server.ask

-- A full table of descriptors is looked at again so often, in seconds.
local PAUSE = 0.15

describe("when accept fails with", function()
  for _, code in ipairs { "EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "EPERM" } do
    it(code .. " the server pauses, says so once, and goes on when it can", function()
      local errors = support.listen_to_errors()
      local clients, listener = server.queued_clients(2)
      local s = start(server.answer, nil, listener)
      fault.fail("accept", code, 1, true)
      for i, conn in ipairs(clients) do assert(conn:write(i, "\n")) end
      local cpu = os.clock()
      net.sleep(code == "EMFILE" and 0.4 or 0.12)
      cpu = os.clock() - cpu
      local stats, tries = s:stats(), fault.count("accept")
      assert.same({ 0, 0 }, { stats.accepted, stats.failed })
      assert(stats.pauses >= 2 and stats.pauses <= 8, stats.pauses)
      assert.equal(stats.pauses, tries)
      assert(cpu < 0.08, ("%.3f s of work"):format(cpu))
      if stats.queued then assert.equal(2, stats.queued) end
      fault.clear()
      local begin = support.clock()
      assert.equal("1", clients[1]:read())
      assert(support.clock() - begin < PAUSE + 0.2, "too late")
      assert.equal("2", clients[2]:read())
      assert.equal(1, #errors)
      assert.match("^accept 127%.0%.0%.1:%d+: %u", errors[1].message)
      assert.is_nil(errors[1].task)
      assert.equal(errors[1].message, errors[1].failure)
    end)
  end

  it("EMFILE the next is tried as soon as a connection ends", function()
    support.listen_to_errors()
    local s = start(server.answer)
    local first = server.client(s)
    assert.equal("X", ask(first, "x"))
    fault.fail("accept", "EMFILE", 1, true)
    local second = keep(net.connect(s.address))
    second:write("y\n")
    support.eventually(function() return s:stats().pauses >= 3 end) -- the next pause is a long one
    fault.clear()
    local begin = support.clock()
    first:close()
    assert.equal("Y", second:read())
    assert(support.clock() - begin < PAUSE, "too late")
  end)

  it("EMFILE it is not said again for each connection that is let in", function()
    local errors = support.listen_to_errors()
    local s = start(server.answer)
    for _ = 1, 5 do
      fault.fail("accept", "EMFILE", 1)
      assert.equal("X", ask(server.client(s), "x"))
    end
    assert.equal(5, s:stats().pauses)
    assert.equal(1, #errors)
  end)

  for _, code in ipairs { "ECONNABORTED", "EPROTO", "ENETDOWN", "EHOSTUNREACH", "EINTR" } do
    it(code .. ", which concerns one connection, the others are accepted at once", function()
      local errors = support.listen_to_errors()
      local clients, listener = server.queued_clients(3)
      fault.fail("accept", code, 2)
      local s = start(server.answer, nil, listener)
      for i, conn in ipairs(clients) do assert.equal(tostring(i), ask(conn, i)) end
      assert.equal(0, s:stats().pauses)
      assert.same({}, errors)
    end)
  end

  it("whatever it is, and net.onerror fails, it goes on", function()
    local child = support.child [[
      function net.onerror(message) say(message:match "^accept") error("in onerror") end
      local server = assert(net.serve(0, net.echo))
      fault.fail("accept", "EMFILE", 1)
      local conn = assert(net.connect(server.address))
      conn:write("x\n")
      say(conn:read())
      server:close()
      conn:close()
      net.run()
    ]]
    assert.match("^accept\ndialtone: .*in onerror\nx\n$", child:rest())
  end)

  it("EMFILE it can be closed all the same", function()
    support.listen_to_errors()
    local _, listener = server.queued_clients(1)
    local s = start(net.echo, nil, listener)
    fault.fail("accept", "EMFILE", 1, true)
    support.eventually(function() return s:stats().pauses > 0 end)
    s:close()
    assert.is_true(s:drain())
  end)
end)

-- A child with few descriptors; we are its clients.
describe("a process without descriptors", function()
  it("serves whom it can, and the others as soon as there are some", function()
    local child = support.child([[
      local told, clock = 0, os.clock
      function net.onerror(message) told = told + 1 end
      local server
      server = assert(net.serve(0, function(conn)
        for line in conn:lines() do
          if line == "report" then
            conn:write(told, " ", server:stats().pauses, " ", server:stats().active, " ", clock(), "\n")
          else
            conn:write(line, "\n")
          end
        end
      end))
      say(server.address.port)
      net.run()
    ]], "sh -c 'ulimit -n 32 && exec \"$0\" \"$@\"'")
    local where = "127.0.0.1:" .. child:line()
    local clients, served, waiting = {}, {}, {}
    for i = 1, 50 do
      clients[i] = keep(net.connect(where))
      assert(clients[i]:write(i, "\n"))
      clients[i]:settimeout(i > 20 and 0.02 or 10)
      local list = clients[i]:read() and served or waiting
      list[#list + 1] = i
      clients[i]:settimeout(10)
    end
    assert(#served >= 20 and #served < 32, #served)
    assert.equal(served[#served], #served) -- the first ones
    local function report()
      local told, pauses, active, cpu = ask(clients[1], "report"):match("^(%d+) (%d+) (%d+) (%S+)$")
      return tonumber(told), tonumber(pauses), tonumber(active), tonumber(cpu)
    end
    local told, pauses, active, cpu = report()
    assert.same({ 1, #served }, { told, active })
    assert(pauses > 0)
    net.sleep(0.3)
    local later = select(4, report())
    assert(later - cpu < 0.1, ("%.3f s of work in 0.3 s"):format(later - cpu))
    -- Somebody leaves: who waits for longest is next, soon.
    for i, next_one in ipairs(waiting) do
      if i == 5 then break end
      local begin = support.clock()
      clients[served[i + 1]]:close()
      assert.equal(tostring(next_one), clients[next_one]:read())
      assert(support.clock() - begin < PAUSE + 0.2, "too late")
    end
    assert.equal(1, (report()))
  end)
end)

-- --- many -------------------------------------------------------------------

-- As many as this process may have descriptors for, up to 9000.
local function count_many()
  local pipe = io.popen("ulimit -n")
  local limit = tonumber(pipe:read("*l")) or math.huge -- it may be "unlimited"
  pipe:close()
  return math.min(limit - 100, os.getenv("DIALTONE_MODE") == "test" and 9000 or 1000)
end

describe("many connections", function()
  it("at once, each served, for little memory", function()
    local child = support.child([[
      local function resident()
        local file = assert(io.open("/proc/self/statm"))
        local pages = file:read("*a"):match("^%d+ (%d+)")
        file:close()
        return tonumber(pages) * 4
      end
      local server
      server = assert(net.serve(0, function(conn)
        local line = conn:read() -- not lines(): in Lua 5.1 that keeps a C stack
        while line do
          if line == "report" then
            conn:write(server:stats().active, " ", resident(), "\n")
          else
            conn:write(line, "\n")
          end
          line = conn:read()
        end
      end))
      say(server.address.port)
      net.run()
    ]])
    local many = count_many()
    local where = net.address("127.0.0.1", tonumber(child:line()))
    local first = keep(net.connect(where))
    local before = tonumber(ask(first, "report"):match(" (%d+)"))
    local clients = {}
    for i = 1, many - 1 do
      clients[i] = keep(net.socket("AF_INET", "SOCK_STREAM"))
      assert(clients[i]:connect(where))
    end
    for _ = 1, 2 do
      for i, conn in ipairs(clients) do assert(conn:write("line ", i, "\n")) end
      for i, conn in ipairs(clients) do
        if conn:read() ~= "line " .. i then error("a wrong answer") end
      end
    end
    local active, after = ask(first, "report"):match("(%d+) (%d+)")
    assert.equal(many, tonumber(active))
    local each = (after - before) / many
    server.figure("%d connections: %.2f KiB each", many, each)
    if os.getenv("DIALTONE_MODE") == "test" then assert(each < 8, ("%.2f KiB each"):format(each)) end
    for _, conn in ipairs(clients) do conn:close() end
    support.eventually(function() return ask(first, "report"):match("^1 ") end)
  end)
end)
