-- connections.lua - thousands of connections at once: how long until each is open and
-- has had an answer, and what each costs the server in memory.  The client connects to
-- one after another, then asks all, then reads all answers; the server, a process of
-- its own, has a task for each.
--   connections.lua [COUNT]     9,000 unless told
local net = require "dialtone"

local function resident() -- KiB
  local file = assert(io.open("/proc/self/statm"))
  local pages = file:read("*a"):match("^%d+ (%d+)")
  file:close()
  return tonumber(pages) * 4
end

if arg[1] == "serve" then
  local server = assert(net.serve(0, function(conn)
    local line = conn:read() -- not lines(): in Lua 5.1 that keeps a C stack
    while line do
      conn:write(line == "report" and resident() or line, "\n")
      line = conn:read()
    end
  end))
  print(server.address.port)
  io.stdout:flush()
  net.spawn(function() -- it goes when its parent does
    net.wait(io.stdin)
    os.exit(0)
  end)
  return net.run()
end

local COUNT = tonumber(arg[1]) or 9000
local clients = {}
local i = 0
while arg[i] do i = i - 1 end
local name = os.tmpname()
local pipe = assert(io.popen(("exec %s %s serve >%s"):format(arg[i + 1], arg[0], name), "w"))
local port
repeat
  net.sleep(0.01)
  port = io.lines(name)()
until port
os.remove(name)

local where = net.address("127.0.0.1", tonumber(port))
local first = assert(net.connect(where))
local function report()
  assert(first:write("report\n"))
  return tonumber(first:read())
end
local before = report()

local began = net.now()
for n = 1, COUNT do
  clients[n] = assert(net.socket("AF_INET", "SOCK_STREAM"))
  assert(clients[n]:connect(where))
end
local open = net.now()
for n = 1, COUNT do assert(clients[n]:send("hello\n")) end
for n = 1, COUNT do assert(clients[n]:recv(100) == "hello\n") end
local answered = net.now()
print(("%d connections: open after %.2f s, answered after %.2f s, %.2f KiB each"):format(COUNT,
  open - began, answered - began, (report() - before) / COUNT))
pipe:close()
