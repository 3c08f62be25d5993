-- smoke.lua - what an installed dialtone must do, with nothing else on the
-- module paths: load, send a byte across, and run every example.
-- spec/support/rock runs it.
--   smoke.lua EXAMPLES      the folder they are in
local net = require "dialtone"

local examples = arg[1]
local interpreter = arg[-1]

local a, b = assert(net.socketpair())
assert(a:send("x") == 1)
assert(assert(b:recv(1)) == "x")
assert(a:close() and b:close())

-- Starts an example; its status comes as the last line.
local function start(name, arguments)
  return assert(io.popen(("exec 2>&1 </dev/null; %s '%s/%s.lua' %s; echo status $?"):format(
    interpreter, examples, name, arguments or "")))
end

local function finish(child, name, expected)
  local output = child:read("*a")
  child:close()
  local status = output:match("status (%d+)%s*$")
  if status ~= "0" and status ~= expected then
    error(("example %s ended with status %s:\n%s"):format(name, tostring(status), output), 0)
  end
end

local function run(name, arguments, expected)
  finish(start(name, arguments), name, expected)
end

-- A server of one client tells its address in its first line.
local function pair(server, client)
  local child = start(server, "127.0.0.1:0 --count 1")
  local line = assert(child:read("*l"))
  local address = assert(line:match("127%.0%.0%.1:%d+"), line)
  run(client, address .. " hello")
  finish(child, server)
end

run("demo", "'" .. examples .. "/demo.lua'")
run("pass_descriptor")
run("interfaces_netlink")
run("ping", "--count 1", "2") -- 2: this user may not
run("ping", "--count 1 ::1", "2")
run("multicast_chat", "--name smoke 239.255.77.77:0")
pair("echo_server", "echo_client")
pair("udp_echo", "udp_client")

-- something for the capture to see goes on till it has seen it
local capture = start("capture", "--count 1")
local udp = assert(net.socket("AF_INET", "SOCK_DGRAM"))
assert(udp:bind("127.0.0.1", 0))
udp:settimeout(0.05)
local stop = os.time() + 10
local list = { { udp, 0 }, capture }
repeat
  udp:sendto("x", udp:getsockname())
  local ready = net.poll(list, 0.05)
until (ready and ready[1]) or os.time() > stop
finish(capture, "capture", "2")
assert(udp:close())
