-- server.lua - what the specs of servers share: servers that end with their case,
-- and clients.
--
--   local server = require "spec.support.server"
--   local it = server.closing(it, function(cleanup) finally(cleanup) end)

local net = require "dialtone"
local support = require "spec.support.transport"
local keep = support.keep

local server = {}

local running = {}

-- net.serve; the server is closed when the case ends.  `where` is a free port
-- unless told.
function server.start(handler, opts, where)
  local s, message = net.serve(where or "127.0.0.1:0", handler, opts)
  if not s then error(message, 2) end
  running[#running + 1] = s
  return s
end

local function cleanup()
  support.clear()
  for i = #running, 1, -1 do
    local s = running[i]
    running[i] = nil
    s:close()
    s:drain()
  end
  support.cleanup()
end

-- As support.closing; handlers have ended before descriptors are counted.
function server.closing(it, finally)
  return function(name, body)
    it(name, function()
      finally(cleanup)
      body()
    end)
  end
end

-- A connection to the server, with a time limit; and with other options.
function server.client(s, opts)
  local conn = keep(net.connect(s.address, opts))
  conn:settimeout(10)
  return conn
end

function server.clients(s, count, opts)
  local list = {}
  for i = 1, count do list[i] = server.client(s, opts) end
  return list
end

-- Clients that are in a listener's queue when the server begins; and the listener.
function server.queued_clients(count)
  local listener = keep(net.listen(0))
  return server.clients({ address = listener:getsockname() }, count), listener
end

-- One line for one line.
function server.ask(conn, line)
  assert(conn:write(line, "\n"))
  return conn:read()
end

-- The server's count of open connections becomes `count`.
function server.await_active(s, count)
  support.eventually(function() return s:stats().active == count end,
    ("there are %d connections, not %d"):format(s:stats().active, count))
end

-- A handler that answers each line.
function server.answer(conn)
  for line in conn:lines() do conn:write(line:upper(), "\n") end
end

-- Prints a figure that a case has measured, if DIALTONE_FIGURES is set.
function server.figure(format, ...)
  if os.getenv("DIALTONE_FIGURES") then print(format:format(...)) end
end

-- Waits until it is cancelled.
function server.wait_for_ever()
  local ok = net.sleep(3600)
  return ok
end

return server
