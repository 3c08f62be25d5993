-- hardening_spec.lua - what a careful look at the C found: each case is a way in
-- which bytes, descriptors, limits or the process itself were once lost.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails = support.keep, support.assert_fails
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local function pair(kind)
  local a, b = assert(net.socketpair("AF_UNIX", kind or "SOCK_STREAM"))
  return keep(a), keep(b)
end

-- Two ends of a TCP connection.
local function tcp()
  local listener, client = support.tcp4.listener(), support.tcp4.socket()
  assert(client:connect(listener:getsockname()))
  return client, keep(assert(listener:accept())), listener
end

describe("sendfile", function()
  it("survives a peer that goes while one call sends several pieces", function()
    local child = support.child [[
      local net = require "dialtone"
      local listener = assert(net.socket("AF_INET", "SOCK_STREAM"))
      assert(listener:bind("127.0.0.1", 0) and listener:listen())
      local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
      assert(s:connect(listener:getsockname()))
      assert(listener:accept()):close()
      local file = assert(io.tmpfile())
      file:write(("x"):rep(4 * 1024 * 1024))
      say((select(3, s:sendfile(file, 0))))
      say "alive"
    ]]
    assert.matches("^E%u+$", child:line())
    assert.equal("alive", child:line())
  end)

  it("does not take an old error of the file for its own", function()
    local a, b = pair()
    local pipe = assert(io.popen("printf hello", "r"))
    pipe:write("x") -- fails: it is for reading
    local sent, message = a:sendfile(pipe)
    pipe:close()
    assert.equal(5, sent, message)
    assert.equal("hello", b:recv(10))
  end)

  it("gives back what it read of a pipe and could not send", function()
    local a, b = pair()
    a:settimeout(0.05)
    local pipe = assert(io.popen("head -c 1000000 /dev/zero", "r"))
    local value, message, code, sent, rest = a:sendfile(pipe)
    assert_fails("timeout", "^sendfile", value, message, code)
    local left = pipe:read("*a")
    pipe:close()
    assert.equal(1000000, sent + #(rest or "") + #left)
    local got = 0
    b:settimeout(0)
    local data = b:recv(65536)
    while data do
      got = got + #data
      data = b:recv(65536)
    end
    assert.equal(sent, got)
  end)
end)

describe("the end of a stream", function()
  it("is seen by recvmsg, recvfds and recvmany though credentials are asked for", function()
    for name, receive in pairs {
      recvmsg = function(s) return s:recvmsg(10) end,
      recvfds = function(s) return s:recvfds() end,
      recvmany = function(s) return s:recvmany(4) end,
    } do
      local a, b = pair()
      assert(b:setsockopt("SO_PASSCRED", true))
      a:close()
      assert_fails("eof", "^" .. name, receive(b))
    end
  end)

  it("is not an empty record in between: recvmany", function()
    local a, b = pair("SOCK_SEQPACKET")
    b:settimeout(1)
    for _, record in ipairs { "one", "", "two" } do assert(a:send(record)) end
    local list = assert(b:recvmany(8))
    assert.same({ "one", "", "two" }, { list[1][1], list[2][1], list[3][1] })
  end)

  it("is \"eof\" too when the type came with flags", function()
    local types = net.constants()
    local flag = types.SOCK_CLOEXEC or 0x80000
    local a, b = assert(net.socketpair("AF_UNIX", types.SOCK_STREAM + flag))
    keep(a, b)
    assert.equal("SOCK_STREAM", b:type())
    a:close()
    assert_fails("eof", "^recv", b:recv(1))
  end)
end)

describe("sendmany", function()
  it("leaves no hole in a stream", function()
    local a, b = tcp()
    a:settimeout(0)
    local piece = ("abcdefgh"):rep(131072)
    local gone, part = a:sendmany { piece, piece, piece, piece, piece, piece }
    assert.is_number(gone)
    local expected = gone * #piece + (part or 0)
    b:settimeout(0.2)
    local got = {}
    local size = 0
    while size < expected do
      local data = assert(b:recv(1048576))
      got[#got + 1], size = data, size + #data
    end
    assert.equal(expected, size)
    assert.equal(piece:rep(gone + 1):sub(1, expected), table.concat(got))
  end)

  it("refuses a message of more buffers than the system takes", function()
    local a = pair()
    local message = {}
    for i = 1, 1025 do message[i] = "x" end
    assert.has_error(function() a:sendmany { message } end)
  end)
end)

describe("a limit", function()
  it("of SO_RCVTIMEO comes from the listener, as in the kernel", function()
    local listener, client = support.tcp4.listener(), support.tcp4.socket()
    assert(listener:setsockopt("SO_RCVTIMEO", 0.05))
    assert(client:connect(listener:getsockname()))
    local conn = keep(assert(listener:accept()))
    assert(math.abs(conn:getsockopt("SO_RCVTIMEO") - 0.05) < 0.01) -- Linux passes it on
    assert_fails("EAGAIN", "^recv", conn:recv(1))
  end)

  it("of SO_RCVTIMEO comes with an adopted descriptor", function()
    local a = pair()
    assert(a:setsockopt("SO_RCVTIMEO", 0.05))
    local b = keep(assert(net.fromfd(a:detach())))
    assert_fails("EAGAIN", "^recv", b:recv(1))
  end)

  it("holds for accept on a socket whose receives were left to the kernel", function()
    local a, b = tcp()
    assert(b:send("x"))
    assert(a:recv(1))
    assert(b:send("y"))
    if support.fault then support.fault.fail("recv", "EAGAIN") end -- as if it had to wait
    assert(a:recv(1))
    assert(a:connect("AF_UNSPEC"))
    assert(a:bind("127.0.0.1", 0))
    assert(a:listen())
    a:settimeout(0.05)
    assert_fails("timeout", "^accept", a:accept())
  end)
end)

describe("the descriptor", function()
  it("is not forgotten when one that was an option's value is bad", function()
    local a, b = pair()
    assert.is_nil((a:setsockopt("SOL_SOCKET", 50, 999))) -- SO_ATTACH_BPF
    assert.is_number(a:fileno())
    assert(b:send("x"))
    assert.equal("x", a:recv(1))
  end)

  it("is not used when the address closes the socket: bind", function()
    local s = support.tcp4.socket()
    local address = setmetatable({}, {
      __index = function(_, key)
        s:close()
        return ({ family = "AF_INET", host = "127.0.0.1", port = 0 })[key]
      end,
    })
    assert_fails("closed", "^bind", s:bind(address))
  end)
end)

describe("memory", function()
  it("of old messages is not shown by a short option", function()
    local s = keep(assert(net.socket("AF_NETLINK", "SOCK_RAW", 0)))
    assert(s:bind({ family = "AF_NETLINK", pid = 0, groups = 1 }))
    assert.equal("", s:getsockopt("SOL_NETLINK", 9, 0)) -- NETLINK_LIST_MEMBERSHIPS
    assert.equal(4, #s:getsockopt("SOL_NETLINK", 9, 4))
  end)

  it("for received bytes does not grow with every new size", function()
    local a, b = pair()
    local function resident()
      local file = assert(io.open("/proc/self/statm"))
      local pages = tonumber(file:read("*l"):match("^%d+ (%d+)"))
      file:close()
      return pages
    end
    local before
    for i = 1, 400 do
      assert(a:send("x"))
      assert(b:recv(70000 + i * 1000))
      if i == 20 then before = resident() end
    end
    assert(resident() - before < 5000) -- pages; it would have been 27,000
  end)
end)
