-- stream.lua - what the specs of reading and writing share: the kinds of
-- streams, the ways in which a call may wait, and the cases run over both.
--
--   local stream = require "spec.support.stream"
--   stream.each(describe, it, {
--     { "reads a line", function(a, b)      -- two connected sockets
--       stream.feed(a, "line\n")
--       assert.equal("line", b:read())
--     end },
--     { "waits for the rest", concurrent = true, function(a, b) ...
--       net.spawn(...)                      -- only where tasks run anyhow
--   })

local net = require "dialtone"
local support = require "spec.support.transport"
local fault, keep = support.fault, support.keep
local poller = require "dialtone.core".inner.poller()

local stream = { SHORT = 0.005 }

-- --- kinds ------------------------------------------------------------------

-- After it `b` fails with ECONNRESET; a unix socket says so when it is closed with
-- bytes unread.
local function reset(kind, a, b)
  if kind.tcp then
    support.reset(a)
  else
    b:send("unread", "MSG_DONTWAIT") -- unless there is no room: then there is something
    assert(a:close())
  end
end

stream.kinds = {}
for i, transport in ipairs(support.streams) do
  stream.kinds[i] = { name = transport.name, pair = transport.pair, tcp = transport.inet, reset = reset }
end
table.insert(stream.kinds, {
  name = "a socketpair", reset = reset,
  pair = function() return keep(net.socketpair()) end,
})

-- --- ways ---------------------------------------------------------------------

local function alone(body) body() end

local function in_a_task(body) net.run(body) end

-- Every one of these system calls moves one byte.
local function byte_by_byte(way, ...)
  local calls = { ... }
  return function(body)
    for _, call in ipairs(calls) do fault.short(call, 1, 1, true) end
    way(body)
  end
end

-- `concurrent`: tasks run anyhow.  `plain`: nothing is planned for system calls.
stream.ways = {
  { name = "in the main program", run = alone, plain = true },
  { name = "in a task", run = in_a_task, concurrent = true, plain = true },
  { name = "in the main program beside a task", run = support.beside_a_task, concurrent = true, plain = true },
  { name = "in the main program, byte by byte", run = byte_by_byte(alone, "recv", "send", "sendmsg") },
}

-- When in a task the kernel moves less than it was asked to, it is not asked again
-- before it has told of more, and where only we have cut the call it has nothing
-- to tell.  poll(2) tells again and again; and unix sockets are asked again for
-- input.
if poller == "poll" then
  table.insert(stream.ways, { name = "in a task, byte by byte", concurrent = true,
    run = byte_by_byte(in_a_task, "recv", "send", "sendmsg") })
else
  table.insert(stream.ways, { name = "in a task, input byte by byte", concurrent = true,
    not_tcp = true, run = byte_by_byte(in_a_task, "recv") })
end

-- --- cases ----------------------------------------------------------------------

-- Whether a case can be run: it may need tasks, or that there are none, or plain
-- system calls.
local function fits(case, kind, way)
  return (way.concurrent or not case.concurrent) and (way.plain or not case.plain)
    and not (way.concurrent and case.alone) and not (way.not_tcp and kind.tcp)
end

-- Runs the cases over every kind, in every way.  A case is a name and a function
-- of two connected sockets and the kind.
function stream.each(describe, it, cases)
  for _, kind in ipairs(stream.kinds) do
    for _, way in ipairs(stream.ways) do
      describe(kind.name .. ", " .. way.name .. ",", function()
        for _, case in ipairs(cases) do
          if fits(case, kind, way) then
            it(case[1], function()
              local a, b = kind.pair()
              way.run(function() case[2](a, b, kind) end)
            end)
          end
        end
      end)
    end
  end
end

-- --- what cases use -----------------------------------------------------------------

-- From `a` to `b` the kernel takes little.
function stream.narrow(a, b)
  assert(a:setsockopt("SO_SNDBUF", 65536))
  assert(b:setsockopt("SO_RCVBUF", 65536))
end

-- Sends it all, however little a system call takes.
function stream.feed(socket, text)
  while #text > 0 do
    text = text:sub(assert(socket:send(text)) + 1)
  end
end

-- Receives until the stream ends.
function stream.rest(socket)
  return (support.drain(socket))
end

-- The call must fail for want of data, and not wait for it.
function stream.assert_not_yet(socket, method, ...)
  assert(socket:settimeout(0))
  local value, message, code = socket[method](socket, ...)
  if value ~= nil or code ~= "EAGAIN" then
    error(("%s gave %s, %s"):format(method, tostring(value), tostring(message)), 2)
  end
  assert(socket:settimeout(nil))
end

-- Whole numbers from 1 to n, the same for the same seed on every Lua.
function stream.random(seed)
  local x = seed
  return function(n)
    x = x * 16807 % 2147483647
    return math.floor(x / 2147483647 * n) + 1
  end
end

-- What this process has in memory, in bytes; and what Lua has of it.  Sanitizers
-- and valgrind have more of their own: nothing is known then.
function stream.memory()
  if os.getenv("DIALTONE_MODE") ~= "test" then return 0, 0 end
  local file = assert(io.open("/proc/self/statm"))
  local pages = file:read("*a"):match("^%d+ (%d+)")
  file:close()
  return tonumber(pages) * 4096, collectgarbage("count") * 1024
end

return stream
