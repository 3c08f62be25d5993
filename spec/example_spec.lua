-- example_spec.lua - runs every example for real: as processes of the
-- interpreter that runs this, talking to each other over the loopback.

local net = require "dialtone"
local child = require "spec.support.child"

-- Whether a command succeeds. (os.execute gives a number on 5.1, else a boolean.)
local function succeeds(line)
  local result = os.execute(line)
  return result == true or result == 0
end

local is_root = succeeds("test $(id -u) = 0")
local is_linux = succeeds("test $(uname) = Linux")
local time_limit = succeeds("command -v timeout >/dev/null") and "timeout 60 " or ""

local function command(example, ...)
  local words = { child.quote(child.interpreter()), "examples/" .. example .. ".lua" }
  for _, word in ipairs({ ... }) do
    words[#words + 1] = child.quote(word)
  end
  return table.concat(words, " ")
end

-- Runs an example to its end: output and exit status.
local function run_line(line)
  local pipe = assert(io.popen("{ " .. time_limit .. line .. "\n} 2>&1; echo \"status $?\""))
  local output, status = pipe:read("*a"):match("^(.*)status (%d+)\n$")
  pipe:close()
  return output, tonumber(status)
end

local function run(...)
  return run_line(command(...) .. " </dev/null")
end

-- An example in the background. Its lines can be read as they come; whatever
-- happens, `stop` leaves no process behind.
local Process = {}
Process.__index = Process

local function start_line(line)
  local shell = "sh -c " .. child.quote("echo $$; exec " .. time_limit .. line)
  local pipe = assert(io.popen(shell .. " 2>&1; echo \"status $?\""))
  return setmetatable({ pipe = pipe, pid = assert(pipe:read()) }, Process)
end

local function start(...)
  return start_line(command(...) .. " </dev/null")
end

function Process:line(pattern)
  local line = assert(self.pipe:read(), "the process has ended")
  return line:match(pattern) or error("it says: " .. line .. "\n" .. self.pipe:read("*a"))
end

-- The rest of what it says, and its exit status.
function Process:rest()
  local output, status = self.pipe:read("*a"):match("^(.*)status (%d+)\n$")
  self.ended = true
  return output, tonumber(status)
end

function Process:stop()
  if not self.ended then
    os.execute("kill " .. self.pid)
  end
  self.pipe:close()
end

-- A port of the loopback where nobody is: taken, and let go.
local function free_port(type)
  local s = assert(net.socket("AF_INET", type))
  assert(s:bind("127.0.0.1", 0))
  local port = s:getsockname().port
  s:close()
  return port
end

local function temporary(text)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  assert(file:write(text))
  file:close()
  return name
end

describe("echo_server and echo_client", function()
  for _, address in ipairs({ "127.0.0.1:0", "[::1]:0" }) do
    it("talk over " .. address, function()
      local server = start("echo_server", address, "--count", "1")
      finally(function() server:stop() end)
      local where = server:line("^listening on (.*)$")
      local output, status = run("echo_client", where, "hello", "two words")
      assert.equal("connected to " .. where .. "\nhello\ntwo words\n", output)
      assert.equal(0, status)
      local log
      log, status = server:rest()
      assert.matches("^hello .-\na client is done\n$", log)
      assert.equal(0, status)
    end)
  end

  it("talk over a unix socket, whose name the server removes", function()
    local path = os.tmpname()
    os.remove(path)
    local server = start("echo_server", "unix:" .. path, "--count", "1")
    finally(function() server:stop() os.remove(path) end)
    local where = server:line("^listening on (.*)$")
    assert.equal("unix:" .. path, where)
    local output, status = run("echo_client", where, "hello")
    assert.matches("\nhello\n$", output)
    assert.equal(0, status)
    assert.equal(0, select(2, server:rest()))
    assert.is_nil(io.open(path))
  end)

  it("serve many at once: one that says nothing holds up nobody", function()
    local server = start("echo_server", "127.0.0.1:0", "--count", "2")
    local silent = assert(net.socket("AF_INET", "SOCK_STREAM"))
    finally(function() silent:close() server:stop() end)
    local where = server:line("^listening on (.*)$")
    assert(silent:connect(where))
    local output, status = run("echo_client", where, "hello")
    assert.matches("\nhello\n$", output)
    assert.equal(0, status)
    silent:close()
    assert.equal(0, select(2, server:rest()))
  end)

  it("keep what a client is slow to take", function()
    local server = start("echo_server", "127.0.0.1:0", "--count", "1")
    local slow = assert(net.socket("AF_INET", "SOCK_STREAM"))
    finally(function() slow:close() server:stop() end)
    assert(slow:connect((server:line("^listening on (.*)$"))))
    -- more than all buffers hold: written without reading until it stops
    slow:settimeout(0)
    local block, sent = ("0123456789abcdef"):rep(4096), 0
    repeat
      local bytes, _, code = slow:send(block:sub(sent % 16 + 1))
      sent = sent + (bytes or 0)
    until not bytes and assert.equal("EAGAIN", code) and not net.poll({ { slow, "POLLOUT" } }, 0.2)
    assert(slow:shutdown("SHUT_WR"))
    slow:settimeout(10)
    local got = {}
    repeat
      local data, _, code = slow:recv(65536)
      got[#got + 1] = data
    until not data and assert.equal("eof", code)
    got = table.concat(got)
    assert.equal(sent, #got)
    assert.is_true(got == block:sub(1, 16):rep(math.ceil(sent / 16)):sub(1, sent))
    slow:close()
    assert.equal(0, select(2, server:rest()))
  end)

  it("take the client's lines from the standard input", function()
    local server = start("echo_server", "127.0.0.1:0", "--count", "1")
    finally(function() server:stop() end)
    local where = server:line("^listening on (.*)$")
    local output, status = run_line("printf 'one\\ntwo\\n' | " .. command("echo_client", where))
    assert.matches("\none\ntwo\n$", output)
    assert.equal(0, status)
    assert.equal(0, select(2, server:rest()))
  end)

  it("fail with status 1 when nobody listens", function()
    local where = "127.0.0.1:" .. free_port("SOCK_STREAM")
    local output, status = run("echo_client", where, "hello")
    assert.equal("echo_client: connect " .. where .. ": Connection refused\n", output)
    assert.equal(1, status)
  end)

  it("fail with status 1 for what is no address", function()
    local output, status = run("echo_client", "nowhere", "hello")
    assert.matches("^echo_client: .*nowhere", output)
    assert.equal(1, status)
  end)
end)

describe("proxy", function()
  it("stands between a client and a server", function()
    local server = start("echo_server", "127.0.0.1:0", "--count", "2")
    local proxy = start("proxy", "127.0.0.1:0", (server:line("^listening on (.*)$")))
    finally(function() proxy:stop() server:stop() end)
    local where = proxy:line("^listening on (.*)$")
    for _ = 1, 2 do
      local output, status = run("echo_client", where, "hello", "two words")
      assert.equal("connected to " .. where .. "\nhello\ntwo words\n", output)
      assert.equal(0, status)
    end
    assert.equal(0, select(2, server:rest()))
  end)

  it("passes on the end of the client's stream, and the answer after it", function()
    local listener = assert(net.socket("AF_INET", "SOCK_STREAM"))
    local client = assert(net.socket("AF_INET", "SOCK_STREAM"))
    assert(listener:bind("127.0.0.1", 0))
    assert(listener:listen())
    local proxy = start("proxy", "127.0.0.1:0", tostring(listener:getsockname()))
    local server
    finally(function()
      for _, s in ipairs { client, listener, server } do s:close() end
      proxy:stop()
    end)
    assert(client:connect((proxy:line("^listening on (.*)$"))))
    assert(client:send("question"))
    assert(client:shutdown("SHUT_WR"))
    server = assert(listener:accept())
    assert.equal("question", server:read("a"))
    assert(server:write("answer"))
    assert(server:close())
    assert.equal("answer", client:read("a"))
  end)

  it("tells a client that the server is not there, by closing", function()
    local proxy = start("proxy", "127.0.0.1:0", "127.0.0.1:" .. free_port("SOCK_STREAM"))
    local client = assert(net.socket("AF_INET", "SOCK_STREAM"))
    finally(function() client:close() proxy:stop() end)
    assert(client:connect((proxy:line("^listening on (.*)$"))))
    assert.equal("", client:read("a"))
    assert.matches("Connection refused", proxy:line("^.*$"))
  end)
end)

describe("udp_echo and udp_client", function()
  it("talk", function()
    local server = start("udp_echo", "127.0.0.1:0", "--count", "2")
    finally(function() server:stop() end)
    local where = server:line("^waiting at (.*)$")
    for _, text in ipairs({ "hello", "" }) do
      local output, status = run("udp_client", where, text)
      assert.equal("answer: " .. text .. "\n", output)
      assert.equal(0, status)
    end
    local log, status = server:rest()
    assert.matches("^5 bytes from 127.0.0.1:%d+\n0 bytes from 127.0.0.1:%d+\n$", log)
    assert.equal(0, status)
  end)

  it("ask again when no answer comes", function()
    local server = assert(net.socket("AF_INET", "SOCK_DGRAM"))
    local client
    finally(function() if client then client:stop() end server:close() end)
    assert(server:bind("127.0.0.1", 0))
    server:settimeout(10)
    client = start("udp_client", tostring(server:getsockname()))
    assert.equal("hello", (server:recvfrom(100))) -- and says nothing
    local data, from = assert(server:recvfrom(100))
    assert(server:sendto(data:upper(), from))
    local output, status = client:rest()
    assert.matches("answer: HELLO\n$", output)
    assert.equal(0, status)
  end)

  it("fail with status 1 when nobody is there", function()
    local output, status = run("udp_client", "127.0.0.1:" .. free_port("SOCK_DGRAM"))
    assert.matches("^udp_client: .*Connection refused\n$", output)
    assert.equal(1, status)
  end)
end)

describe("pass_descriptor", function()
  it("gives a child an open file and a socket", function()
    local output, status = run("pass_descriptor")
    if io.open("/proc/self/exe") then
      assert.matches("^parent: the kernel says process %d+, user %d+\n", output)
    end
    assert.matches("child: the parent says 'two for you', the file 'no name leads here'\n",
      output, 1, true)
    assert.matches("parent: the child answers 'I have read 18 bytes'\n", output, 1, true)
    assert.equal(0, status)
  end)
end)

-- Commands that take the right to raw sockets away, also from root.
local function powerless(line)
  if not is_root then
    return line
  elseif succeeds("command -v setpriv >/dev/null") then
    return "setpriv --bounding-set=-net_raw --inh-caps=-net_raw " .. line
  end
end

local function may_ping()
  local s = net.socket("AF_INET", "SOCK_RAW", "IPPROTO_ICMP")
    or net.socket("AF_INET", "SOCK_DGRAM", "IPPROTO_ICMP")
  return s and s:close()
end

describe("ping", function()
  for _, host in ipairs({ "127.0.0.1", "::1" }) do
    it("is answered by " .. host, function()
      if not may_ping() then pending("this user may not send ICMP") end
      local output, status = run("ping", "--count", "2", "--interval", "0", host)
      for sequence = 1, 2 do
        assert.matches(("%%d+ bytes from %s: seq=%d ttl=%%d+ time=%%d+%%.%%d+ ms\n")
          :format(host, sequence), output)
      end
      assert.matches("2 sent, 2 answered\n$", output)
      assert.equal(0, status)
    end)
  end

  it("says with status 2 that this user may not, or uses a datagram socket", function()
    local line = powerless(command("ping", "--count", "1"))
    if not line then pending("needs setpriv") end
    local output, status = run_line(line)
    if status == 0 then
      assert.matches("with a datagram socket\n", output, 1, true)
    else
      assert.matches("^ping: this user may not send ICMP here: E%a+ ", output)
      assert.equal(2, status)
    end
  end)

  it("fails with status 1 for a name that does not exist", function()
    local output, status = run("ping", "127.0.0.1.")
    assert.matches("^ping: ", output)
    assert.equal(1, status)
  end)
end)

describe("capture", function()
  local function may_capture()
    local s = is_linux and net.socket("AF_PACKET", "SOCK_DGRAM", 0)
    return s and s:close()
  end

  it("shows a datagram, and none of other ports", function()
    if not may_capture() then pending("this user may not capture") end
    local receiver = assert(net.socket("AF_INET", "SOCK_DGRAM"))
    local other = assert(net.socket("AF_INET", "SOCK_DGRAM"))
    local sender = assert(net.socket("AF_INET", "SOCK_DGRAM"))
    local capture
    finally(function()
      receiver:close()
      other:close()
      sender:close()
      if capture then capture:stop() end
    end)
    assert(receiver:bind("127.0.0.1", 0))
    assert(other:bind("127.0.0.1", 0))
    local to = receiver:getsockname()
    capture = start("capture", "--count", "1", "--port", tostring(to.port))
    capture:line("^capturing on lo$")
    assert(other:sendto("not this", other:getsockname()))
    assert(sender:connect(to))
    assert(sender:send("hello"))
    local output, status = capture:rest()
    assert.equal(("%s > %s UDP 5 bytes\n"):format(tostring(sender:getsockname()), tostring(to)),
      output)
    assert.equal(0, status)
  end)

  it("shows the flags of a TCP connection, over IPv6, too", function()
    if not may_capture() then pending("this user may not capture") end
    local listener = assert(net.socket("AF_INET6", "SOCK_STREAM"))
    local client = assert(net.socket("AF_INET6", "SOCK_STREAM"))
    local capture
    finally(function()
      listener:close()
      client:close()
      if capture then capture:stop() end
    end)
    assert(listener:bind("::1", 0))
    assert(listener:listen(1))
    local to = listener:getsockname()
    capture = start("capture", "--count", "3", "--port", tostring(to.port))
    capture:line("^capturing on lo$")
    assert(client:connect(to))
    local from = tostring(client:getsockname())
    to = tostring(to)
    local output, status = capture:rest()
    assert.equal(("%s > %s TCP [SYN] 0 bytes\n"):format(from, to)
      .. ("%s > %s TCP [SYN ACK] 0 bytes\n"):format(to, from)
      .. ("%s > %s TCP [ACK] 0 bytes\n"):format(from, to), output)
    assert.equal(0, status)
  end)

  it("says with status 2 that this user may not", function()
    local line = is_linux and powerless(command("capture", "--count", "1"))
    if not line then pending("needs Linux and setpriv") end
    local output, status = run_line(line)
    assert.matches("^capture: .*Operation not permitted\n$", output)
    assert.equal(2, status)
  end)
end)

describe("multicast_chat", function()
  -- Several suites may run at a time: each has a group of its own, by chance.
  local digits = tostring({}):match("%x%x%x%x%x$")
  local group_host = ("239.255.%d.%d"):format(tonumber(digits:sub(1, 2), 16),
    tonumber(digits:sub(3, 4), 16))

  it("lets everybody hear everybody, with names", function()
    local first = start("multicast_chat", "--name", "ann", "--count", "2", group_host .. ":0")
    finally(function() first:stop() end)
    local group = first:line("^joined (.*) on lo$")
    local output, status = run_line("printf 'hello\\nbye\\n' | "
      .. command("multicast_chat", "--name", "bob", "--count", "2", group))
    assert.equal("joined " .. group .. " on lo\nbob: hello\nbob: bye\n", output)
    assert.equal(0, status)
    output, status = first:rest()
    assert.equal("bob: hello\nbob: bye\n", output)
    assert.equal(0, status)
  end)

  it("ends with the input", function()
    local output, status = run("multicast_chat", group_host .. ":0")
    assert.matches("^joined " .. group_host .. ":%d+ on lo\n$", output)
    assert.equal(0, status)
  end)
end)

describe("interfaces_netlink", function()
  it("finds the interfaces that net.interfaces finds", function()
    if not is_linux then pending("needs Linux") end
    local output, status = run("interfaces_netlink")
    assert.equal(0, status)
    for _, interface in ipairs(assert(net.interfaces())) do
      local name = interface.name:gsub("%p", "%%%0")
      assert.matches(("%%f[%%d]%d +%s +[%%a ]+ mtu %%d+"):format(interface.index, name), output)
    end
  end)
end)

describe("send_file", function()
  local function check(output, status, size)
    assert.matches("server | accepted 127.0.0.1:", output, 1, true)
    assert.matches("server |   from 127.0.0.1:", output, 1, true)
    assert.matches(("server | %d bytes came and went back"):format(size), output, 1, true)
    assert.matches("client |   from 127.0.0.1:", output, 1, true)
    assert.matches("client | every byte is right\n$", output)
    assert.equal(0, status)
  end

  it("sends the project's README by itself", function()
    local file = assert(io.open("README.md", "rb"))
    local size = #file:read("*a")
    file:close()
    local output, status = run("send_file")
    check(output, status, size)
  end)

  it("sends all kinds of files", function()
    local bytes = {}
    for byte = 0, 255 do
      bytes[byte + 1] = string.char(byte)
    end
    for _, text in ipairs({ "", "x", table.concat(bytes):rep(40000) }) do
      local name = temporary(text)
      finally(function() os.remove(name) end)
      local output, status = run("send_file", name)
      os.remove(name)
      check(output, status, #text)
    end
  end)

  it("fails with status 1 for a file that is not there", function()
    local output, status = run("send_file", "no/such/file")
    assert.matches("^send_file: .*no/such/file", output)
    assert.equal(1, status)
  end)
end)

describe("demo", function()
  it("shows the handshake of a server and a client, and where the live page is", function()
    local output, status = run("demo")
    assert.equal(0, status)
    assert.matches("^level %d: .*listen%(5%) = ok.*connect%(127%.0%.0%.1:%d+%)", output)
    assert.matches("hello, dialtone", output)
    assert.matches("The live page: http://127%.0%.0%.1:%d+/\n", output)
  end)
end)

describe("every example", function()
  local tested = {
    echo_server = true, echo_client = true, udp_echo = true, udp_client = true,
    pass_descriptor = true, ping = true, capture = true, multicast_chat = true,
    interfaces_netlink = true, demo = true, send_file = true, proxy = true,
  }
  local pipe = io.popen("ls examples")
  local names = {}
  for name in pipe:lines() do
    names[#names + 1] = name:match("^(.*)%.lua$")
  end
  pipe:close()

  it("is tested here", function()
    for _, name in ipairs(names) do
      assert.is_true(tested[name], name)
      tested[name] = nil
    end
    assert.is_nil(next(tested))
  end)

  for _, name in ipairs(names) do
    it(name .. " says what it shows and how to run it, and needs nothing else", function()
      local file = assert(io.open("examples/" .. name .. ".lua"))
      local text = file:read("*a")
      file:close()
      assert.matches("^%-%- %u", text)
      assert.matches("\n--   lua " .. name .. ".lua", text, 1, true)
      for module in text:gmatch('require%s*%(?%s*["\'](.-)["\']') do
        assert.equal("dialtone", (module:match("^[^.]+")))
      end
    end)
  end
end)
