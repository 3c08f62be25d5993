-- host_spec.lua - dialtone in a C program that has a loop of its own: what
-- csrc/dialtone.h promises (spec/c/host_api.c), and the example host, driven by
-- real clients and by commands.

local net = require "dialtone"
local support = require "spec.support.transport"
local child = require "spec.support.child"

local keep, eventually = support.keep, support.eventually
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local build = os.getenv("DIALTONE_BUILD") or "."

-- The whole path of a program that was built for this Lua.
local function program(name)
  local path = build .. "/" .. name
  local file = io.open(path)
  if not file then pending("there is no library to link such programs with for this Lua") end
  file:close()
  return child.quote(path)
end

-- Sanitized programs are looked at for leaks, too.
local environment = os.getenv("DIALTONE_MODE") == "asan"
    and 'ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=1" ' or ""

-- --- the example ----------------------------------------------------------------

-- A running host.  Its commands go through a named pipe.
local Host = {}
Host.__index = Host

local function start(arguments, variables)
  local fifo = support.path()
  local host = setmetatable({}, Host)
  assert(select(2, child.run("mkfifo " .. child.quote(fifo))))
  host.output = keep(io.popen(("%s%s timeout -s KILL 30 %s %s <%s 2>&1; echo \"status $?\""):format(
    environment, variables or "", program("host"), arguments or "", child.quote(fifo))))
  host.input = keep(io.open(fifo, "w"))
  host.input:setvbuf("line")
  return host
end

local function script(source) return child.quote(support.written(source)) end

function Host:say(command)
  assert(self.input:write(command, "\n"))
end

-- The next line that matches.
function Host:line(pattern)
  local seen = {}
  for line in self.output:lines() do
    local found = line:match(pattern)
    if found then return found end
    seen[#seen + 1] = line
  end
  error(("nothing matches %q in:\n%s"):format(pattern, table.concat(seen, "\n")), 2)
end

-- Ends it in good order.
function Host:quit()
  self:say("quit")
  self:line("^status 0$")
end

function Host:ticks()
  self:say("ticks")
  return tonumber(self:line("^(%d+)$"))
end

local function client(address)
  local conn = keep(net.socket("AF_INET", "SOCK_STREAM"))
  conn:settimeout(20)
  assert(conn:connect(address))
  return conn
end

local function assert_echo(conn, text)
  assert(conn:send(text .. "\n"))
  assert.equal(text .. "\n", conn:recv(#text + 1, "MSG_WAITALL"))
end

describe("the functions for host programs", function()
  it("do what dialtone.h says", function()
    local output, ok = child.run(environment .. program("host_api"))
    assert.is_true(ok, output)
    assert.matches("%d passed, 0 failed\n$", output)
  end)
end)

-- make tsan runs these with the thread sanitizer.
describe("several threads with a Lua state each", function()
  it("work at once", function()
    local output, ok = child.run(environment .. program("host_threads") .. " spec/support/load.lua")
    assert.is_true(ok, output)
    assert.matches("\n3 passed, 0 failed\n$", output)
  end)
end)

describe("a Lua state that is closed while its tasks wait", function()
  it("leaves nothing, at once", function()
    local output, ok = child.run(environment .. program("host_close") .. " spec/support/closing.lua")
    assert.is_true(ok, output)
    assert.matches("\n3 passed, 0 failed\n$", output)
  end)
end)

describe("dialtone.h", function()
  local compilers = {
    { name = "C89", command = "cc", package = "gcc", flags = "-std=c89 -x c" },
    { name = "C++", command = "c++", package = "g++", flags = "-x c++" },
  }
  for _, compiler in ipairs(compilers) do
    it("can be included alone, in " .. compiler.name, function()
      assert(select(2, child.run("command -v " .. compiler.command)),
        ("there is no %s: install %s (make deps does)"):format(compiler.command, compiler.package))
      local output, ok = child.run(("echo '#include \"csrc/dialtone.h\"' | %s %s"):format(
        compiler.command, compiler.flags .. " -pedantic -Wall -Wextra -Werror -fsyntax-only -I. -"))
      assert.is_true(ok, output)
    end)
  end
end)

describe("the example host", function()
  it("serves many clients while it does its own work", function()
    local host = start()
    local address = host:line("^listening on (.*)$")
    local first, clients = host:ticks(), {}
    for i = 1, 5 do clients[i] = client(address) end
    for round = 1, 3 do
      for i, conn in ipairs(clients) do assert_echo(conn, ("%d of %d"):format(round, i)) end
    end
    eventually(function() return host:ticks() > first + 1 end, "the host's timer stands still")
    assert_echo(clients[1], "still there")
    clients[2]:close()
    assert_echo(clients[3], "still there, too")
    host:quit()
  end)

  it("ends with its clients' connections and its tasks' waits", function()
    local host = start()
    local conn = client(host:line("^listening on (.*)$"))
    assert_echo(conn, "here")
    host:say("local net = require 'dialtone' net.spawn(net.sleep, 1000)")
    host:quit()
    support.assert_fails("eof", "", conn:recv(1))
  end)

  it("ends with its input", function()
    local host = start()
    host:line("^listening on ")
    host.input:close()
    host:line("^status 0$")
  end)

  it("lets tasks go on when their time has come, not at its own next tick", function()
    local host = start()
    host:line("^listening on ")
    host:say("local net = require 'dialtone' net.spawn(function() local start = net.now()"
      .. " for _ = 1, 60 do net.sleep(0.001) end print('took ' .. net.now() - start) end)")
    assert.is_true(tonumber(host:line("^took (.*)$")) < 1.5)
    host:quit()
  end)

  it("is not held up by a task that waits where it cannot yield", function()
    local host = start()
    local address = host:line("^listening on (.*)$")
    host:say("local net = require 'dialtone' a, b = net.socketpair()"
      .. " net.spawn(function() coroutine.wrap(function() print('got ' .. a:read('l')) end)() end)")
    assert_echo(client(address), "still there")
    host:say("b:send('it\\n')")
    host:line("^got it$")
    host:quit()
  end)

  it("is woken by what happens in other threads", function()
    local host = start()
    host:line("^listening on ")
    host:say("local net = require 'dialtone' net.spawn(function()"
      .. " print('addresses: ' .. #net.getaddrinfo('localhost', '80')) end)")
    host:line("^addresses: %d")
    host:quit()
  end)

  it("tells of tasks and commands that fail, and goes on", function()
    local host = start()
    local address = host:line("^listening on (.*)$")
    host:say("require('dialtone').spawn(error, 'the task failed')")
    host:line("the task failed")
    host:say("error('the command failed')")
    host:line("the command failed")
    host:say("this is no Lua")
    host:line("^host: .*'is'")
    assert_echo(client(address), "still there")
    host:quit()
  end)

  it("lives on when Lua closes the listener", function()
    local host = start(script [[
      local net = require "dialtone"
      listener = assert(net.socket("AF_INET", "SOCK_STREAM"))
      assert(listener:bind("127.0.0.1", 0))
      assert(listener:listen())
      print("listening on " .. tostring(listener:getsockname()))
      return listener, function(conn) conn:send("hello") conn:close() end
    ]])
    local address = host:line("^listening on (.*)$")
    assert.equal("hello", client(address):recv(10))
    host:say("listener:close()")
    host:say("print(listener:fileno())")
    host:line("^nil")
    local conn = keep(net.socket("AF_INET", "SOCK_STREAM"))
    support.assert_fails("ECONNREFUSED", "", conn:connect(address))
    host:quit()
  end)

  it("runs a script's own server", function()
    local host = start(script [[
      local net = require "dialtone"
      local listener = assert(net.socket("AF_INET", "SOCK_STREAM"))
      assert(listener:bind("127.0.0.1", 0))
      assert(listener:listen())
      print("listening on " .. tostring(listener:getsockname()))
      net.spawn(function()
        while true do
          local conn = assert(listener:accept())
          net.spawn(function()
            for line in conn:lines() do conn:write(line:upper(), "\n") end
            conn:close()
          end)
        end
      end)
    ]])
    local address = host:line("^listening on (.*)$")
    local one, two = client(address), client(address)
    assert(one:send("one\n"))
    assert(two:send("two\n"))
    assert.equal("TWO\n", two:recv(4, "MSG_WAITALL"))
    assert.equal("ONE\n", one:recv(4, "MSG_WAITALL"))
    host:quit()
  end)

  it("serves where the poller has no descriptor", function()
    local host = start(nil, "DIALTONE_POLLER=poll")
    local address = host:line("^listening on (.*)$")
    host:say("print(require('dialtone').fileno())")
    host:line("^nil")
    local conn = client(address)
    for i = 1, 5 do assert_echo(conn, "line " .. i) end
    host:quit()
  end)

  for what, source in pairs {
    ["is no Lua"] = "this is no Lua",
    ["fails"] = "error('in the beginning')",
  } do
    it("ends with status 1 when its script " .. what, function()
      local host = start(script(source))
      host:line("^host: .+")
      host:line("^status 1$")
    end)
  end

  it("ends with status 1 when there is no such script", function()
    local host = start("no/such/script")
    host:line("^host: .*no/such/script")
    host:line("^status 1$")
  end)
end)
