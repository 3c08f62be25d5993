-- slope.lua - connect, echo, close, again and again: what the server and the client
-- take does not grow.  Two processes; each measures itself.
--
-- usage: slope.lua
--
-- With FULL=1 a million connections, 100,000 of them before the first measurement:
-- resident memory stays within 1 MiB, descriptors and what the loop holds are the
-- same.  Else 60,000 and 20,000: the smallest block that malloc gives is 32 bytes,
-- so what is lost with each connection is 1.2 MiB there, too.

local net = require "dialtone"
local fault = require("dialtone.core").fault
local part = require "spec.torture.part"

local CONNECTIONS = tonumber(os.getenv("CONNECTIONS")) or part.size(60000, 1000000)
local WARM_UP = tonumber(os.getenv("WARM_UP")) or part.size(20000, 100000)
local SAMPLES = part.size(4, 18) -- after the warm-up
local AT_ONCE = 16
local RESIDENT, LUA = 1024, 32 -- KiB: how much more there may be at the end

-- --- what one process takes ---------------------------------------------------------

local function sample()
  local loop = fault.loop()
  return {
    resident = part.resident(), lua = collectgarbage("count"), descriptors = part.descriptors(),
    tasks = loop.tasks, watching = loop.watching, timers = loop.timers,
  }
end

local function line_of(taken)
  return ("%d %.1f %d %d %d %d"):format(taken.resident, taken.lua, taken.descriptors, taken.tasks,
    taken.watching, taken.timers)
end

local function read_line(line)
  local resident, lua, descriptors, tasks, watching, timers =
    line:match("(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)")
  return { resident = tonumber(resident), lua = tonumber(lua), descriptors = tonumber(descriptors),
    tasks = tonumber(tasks), watching = tonumber(watching), timers = tonumber(timers) }
end

-- The most that there was more than in the first.
local function growth(samples, field)
  local most = 0
  for _, taken in ipairs(samples) do most = math.max(most, taken[field] - samples[1][field]) end
  return most
end

local function judge(who, samples)
  for i, taken in ipairs(samples) do part.say("       %s %d: %s", who, i, line_of(taken)) end
  local resident, lua = growth(samples, "resident"), growth(samples, "lua")
  part.check(resident <= RESIDENT, "%s: %d KiB more resident", who, resident)
  part.check(lua <= LUA, "%s: %.1f KiB more of Lua", who, lua)
  for _, field in ipairs { "descriptors", "tasks", "watching", "timers" } do
    part.check(growth(samples, field) <= 0, "%s: %d %s more", who, growth(samples, field), field)
  end
end

-- --- the client ------------------------------------------------------------------------

-- Most are reset, so that their ports are free at once; the rest is spread over many
-- addresses.
local function options(number)
  if number % 4 > 0 then return { linger = 0, timeout = 10 } end
  return { bind = ("127.0.%d.%d"):format(math.floor(number / 1000) % 250 + 1, number % 250 + 1), timeout = 10 }
end

local function once(address, number)
  local conn = assert(net.connect(address, options(number)))
  conn:settimeout(10)
  local text = ("connection %d\n"):format(number)
  assert(conn:write(text))
  local answer = assert(conn:read("L"))
  if answer ~= text then error(("%q was answered with %q"):format(text, answer)) end
  conn:close()
end

-- Connections from one number to another, some at a time.
local function many(address, first, last)
  local next_number = first - 1
  net.scope(function(scope)
    for _ = 1, AT_ONCE do
      scope:spawn(function()
        while next_number < last do
          next_number = next_number + 1
          once(address, next_number)
        end
      end)
    end
  end)
end

local function run_client(address, parent)
  local done, step = 0, math.floor((CONNECTIONS - WARM_UP) / SAMPLES)
  local function advance(count)
    many(address, done + 1, done + count)
    done = done + count
    parent:write(line_of(sample()), "\n")
    parent:flush()
    assert(parent:read()) -- the server has measured itself
  end
  advance(WARM_UP)
  for _ = 1, SAMPLES do advance(step) end
end

-- --- the server -------------------------------------------------------------------------

-- A sample of both after each advance of the client.
local function measure(server, child)
  local mine, its = {}, {}
  for line in child:lines() do
    local deadline = net.now() + 5
    while server:stats().active > 0 and net.now() < deadline do net.sleep(0.001) end
    its[#its + 1], mine[#mine + 1] = read_line(line), sample()
    child:write("go on\n")
    child:flush()
  end
  return mine, its
end

local listener = assert(net.listen("127.0.0.1:0", nil, { backlog = 1024 }))
local address = listener:getsockname()
local mine, yours = net.socketpair()
local child = fault.fork()
if child == 0 then
  mine:close()
  listener:close()
  local ok, message = pcall(net.run, run_client, address, yours)
  if not ok then io.stderr:write(tostring(message), "\n") end
  fault._exit(ok and 0 or 1)
end
yours:close()
local began = net.now()
local accepted, failed = 0, 0
net.run(function()
  local server = assert(net.serve(listener, net.echo, { timeout = 30 }))
  local server_samples, client_samples = measure(server, mine)
  local stats = server:stats()
  accepted, failed = stats.accepted, stats.failed
  server:close()
  judge("server", server_samples)
  judge("client", client_samples)
end)
part.check(fault.waitpid(child) == 0, "the client ended well")
part.check(accepted >= CONNECTIONS - SAMPLES and failed == 0, "%d connections, %d failed, %.0f a second",
  accepted, failed, accepted / (net.now() - began))
part.finish()
