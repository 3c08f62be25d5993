-- starved.lua - a server without descriptors, and one whose accept fails for want
-- of memory: it takes no processor time, says so once, goes on within 200 ms after
-- there are some again, and loses none of those who wait.
--
-- usage: starved.lua
--
-- Each server is a process of its own (starved.lua serve POLLER CODE): with EMFILE
-- its table of descriptors is small and full, the other codes are the fault
-- layer's.  It is told what to do over a connection, by lines.

local net = require "dialtone"
local fault = require("dialtone.core").fault
local part = require "spec.torture.part"

local TABLE = 64        -- descriptors that a starved server may have
local WAITING = 20      -- clients that wait meanwhile
local CODES = { "EMFILE", "ENFILE", "ENOMEM", "ENOBUFS" }
local SECONDS = part.size(2, 10) -- for how long the processor time is measured
local ROUNDS = part.size(4, 25)
local CPU, DELAY = 5, 0.2 -- per cent, seconds: what is promised
local SUCCESSION = 0.04   -- seconds: less than the shortest pause

-- --- the server ------------------------------------------------------------------

-- What takes the last descriptors, and gives them back.
local fillers = {}

local function fill()
  repeat
    local s, _, code = net.socket("AF_INET", "SOCK_DGRAM")
    fillers[#fillers + 1] = s
  until not s and code == "EMFILE"
end

-- How a server is starved, and not any more: by its code.
local function starve(code)
  if code == "EMFILE" then fill() else fault.fail("accept", code, 1, true) end
end

local function feed(code)
  if code == "EMFILE" then table.remove(fillers):close() else fault.clear() end
end

local function serve(code)
  local said, server, answers = 0, nil, 0
  function net.onerror(message)
    if message:match("^accept ") then said = said + 1 else io.stderr:write(message, "\n") end
  end
  local commands = {
    starve = function() starve(code) return "starved" end,
    feed = function()
      local now = net.now()
      feed(code)
      return now
    end,
    state = function()
      return ("%d %d %d %.6f"):format(server:stats().pauses, said, answers, os.clock())
    end,
    close = function() server:close() os.exit(0) end,
  }
  server = assert(net.serve("127.0.0.1:0", function(conn)
    for line in conn:lines() do
      if commands[line] then
        conn:write(commands[line](), "\n")
      else
        answers = answers + 1
        conn:write(line, "\n")
      end
    end
  end, { backlog = WAITING * 2 }))
  print(server.address)
  io.stdout:flush()
  net.run()
end

-- --- the clients ------------------------------------------------------------------

local function ask(conn, line)
  assert(conn:write(line, "\n"))
  assert(conn:flush())
  return assert(conn:read())
end

local function state(control)
  local pauses, said, answers, clock = ask(control, "state"):match("(%S+) (%S+) (%S+) (%S+)")
  return { pauses = tonumber(pauses), said = tonumber(said), answers = tonumber(answers),
    clock = tonumber(clock) }
end

local function until_paused(control, before)
  local deadline = net.now() + 5
  repeat net.sleep(0.005) until state(control).pauses > before or net.now() > deadline
end

-- Each asks for its own number, and leaves when it is answered.
local function client(address, number, served)
  local conn = assert(net.connect(address, { timeout = 5 }))
  conn:settimeout(10)
  local word = "client " .. number
  if ask(conn, word) == word then served[#served + 1] = net.now() end
  conn:close()
end

-- Clients that wait for a starved server; what is there when all are in its queue.
local function queue_up(scope, control, address)
  local before, served = state(control), {}
  ask(control, "starve")
  for i = 1, WAITING do scope:spawn(client, address, i, served) end
  until_paused(control, before.pauses)
  return served, before
end

-- Gives a descriptor back, or the memory; how long the first client waits then.
-- The others follow upon that one.
local function relieve(control, served)
  local freed = tonumber((ask(control, "feed")))
  local deadline = net.now() + 10
  while #served < WAITING and net.now() < deadline do net.sleep(0.001) end
  return served[1] and served[1] - freed or math.huge
end

-- A connection that ends leaves its descriptor: nobody waits for a pause to be over.
local function succeed(name, control, address)
  local held = assert(net.connect(address, { timeout = 5 }))
  assert(ask(held, "held") == "held")
  net.scope(function(scope)
    local served = queue_up(scope, control, address)
    while state(control).pauses % 5 ~= 0 do net.sleep(0.005) end -- the pauses are long by now
    local freed = net.now()
    held:close()
    while #served == 0 and net.now() < freed + 5 do net.sleep(0.001) end
    local delay = served[1] and served[1] - freed or math.huge
    part.check(delay < SUCCESSION, "%s: after %.1f ms when a connection ends", name, delay * 1000)
    ask(control, "feed")
  end)
end

local function processor_time(control)
  local before = state(control)
  local start = net.now()
  net.sleep(SECONDS)
  local after = state(control)
  return (after.clock - before.clock) / (net.now() - start) * 100, after
end

local function torment(name, control, address)
  local worst, lost = 0, 0
  net.scope(function(scope)
    local served, before = queue_up(scope, control, address)
    local cpu, after = processor_time(control)
    part.check(cpu < CPU, "%s: %.2f %% of a processor while starved", name, cpu)
    part.check(after.answers == before.answers and #served == 0, "%s: nobody is served meanwhile", name)
    part.check(after.said == 1, "%s: reports: %d, in %d pauses", name, after.said,
      after.pauses - before.pauses)
    worst = relieve(control, served)
    lost = WAITING - #served
  end)
  for round = 2, ROUNDS do
    net.scope(function(scope)
      local served = queue_up(scope, control, address)
      net.sleep(round % 4 * 0.037) -- somewhere in a pause
      worst = math.max(worst, relieve(control, served))
      lost = lost + WAITING - #served
    end)
  end
  part.check(worst < DELAY, "%s: the first client is served after %.0f ms at worst", name, worst * 1000)
  part.check(lost == 0, "%s: %d of %d clients were lost", name, lost, ROUNDS * WAITING)
end

local function run(poller, code)
  local pipe = assert(io.popen(("ulimit -n %d; exec %s"):format(TABLE,
    part.command("DIALTONE_POLLER=" .. poller, "spec/torture/starved.lua", "serve", code))))
  local address = assert(pipe:read("*l"), "the server did not start")
  local control = assert(net.connect(address, { timeout = 5 }))
  control:settimeout(10)
  torment(poller .. ", " .. code, control, address)
  if code == "EMFILE" then succeed(poller .. ", " .. code, control, address) end
  control:write("close\n")
  control:flush()
  control:read()
  control:close()
  pipe:close()
end

if arg[1] == "serve" then
  serve(arg[2])
else
  local pollers = part.pollers()
  net.run(function()
    net.scope(function(scope)
      for _, poller in ipairs(pollers) do
        for _, code in ipairs(CODES) do scope:spawn(run, poller, code) end
      end
    end)
  end)
  part.finish()
end
