-- socket_spec.lua - what a socket is: made, adopted, duplicated, detached,
-- printed, counted in memory.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- A number that is no open descriptor at this moment: the lowest free one.
local function free_descriptor()
  local s = assert(net.socketpair())
  local fd = s:fileno()
  s:close()
  return fd
end

-- The octal flags of /proc for a descriptor, as a number.
local function descriptor_flags(socket)
  local file = assert(io.open("/proc/self/fdinfo/" .. socket:fileno()))
  local flags = file:read("*a"):match("flags:%s*(%d+)")
  file:close()
  return tonumber(flags, 8)
end

local function has_flag(flags, flag)
  return math.floor(flags / flag) % 2 == 1
end

local O_NONBLOCK, O_CLOEXEC = 2048, 524288 -- Linux, most processors

describe("socket", function()
  for _, transport in ipairs(support.all) do
    describe(transport.name, function()
      it("says its family, type and protocol", function()
        local s = keep(net.socket(transport.domain, transport.type))
        assert.equal(transport.domain, s:family())
        assert.equal(transport.type, s:type())
        assert.equal(transport.protocol, s:protocol())
        assert.equal("number", type(s:fileno()))
      end)

      it("is made non-blocking and close-on-exec", function()
        local flags = descriptor_flags(transport.socket())
        assert.is_true(has_flag(flags, O_NONBLOCK))
        assert.is_true(has_flag(flags, O_CLOEXEC))
      end)

      it("prints its descriptor, family, type and local address", function()
        local s = transport.bound()
        local text = tostring(s)
        local name = support.plain(s:getsockname())
        for _, part in ipairs { transport.domain, transport.type, name, "%f[%d]" .. s:fileno() .. "%f[%D]" } do
          assert.matches(part, text)
        end
      end)

      it("prints no peer before it has one", function()
        local a, b = transport.pair()
        local name = support.plain(b:getsockname())
        assert.matches(name, tostring(a))
        assert.not_matches(name, tostring(keep(net.socket(transport.domain, transport.type))))
        assert.not_matches(name, tostring(transport.bound()))
      end)

      it("prints that it is closed", function()
        local s = transport.bound()
        local fd = s:fileno()
        s:close()
        assert.matches("closed", tostring(s))
        assert.not_matches("%f[%d]" .. fd .. "%f[%D]", tostring(s))
        assert_fails("closed", "^fileno: ", s:fileno())
      end)

      it("accepts the constants as numbers", function()
        local domains = { AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10 } -- Linux
        local types = { SOCK_STREAM = 1, SOCK_DGRAM = 2 }
        local s = keep(net.socket(domains[transport.domain], types[transport.type], 0))
        assert.equal(transport.domain, s:family())
        assert.equal(transport.type, s:type())
      end)

      it("hides the flags of its type", function()
        local types = { SOCK_STREAM = 1, SOCK_DGRAM = 2 }
        local s = keep(net.socket(transport.domain, types[transport.type] + O_NONBLOCK + O_CLOEXEC))
        assert.equal(transport.type, s:type())
        assert.matches(transport.type, tostring(s))
      end)
    end)
  end

  it("takes the PF_ names and AF_LOCAL", function()
    assert.equal("AF_INET", keep(net.socket("PF_INET", "SOCK_STREAM")):family())
    assert.equal("AF_INET6", keep(net.socket("PF_INET6", "SOCK_STREAM")):family())
    assert.equal("AF_UNIX", keep(net.socket("AF_LOCAL", "SOCK_STREAM")):family())
    assert.equal("AF_UNIX", keep(net.socket("PF_LOCAL", "SOCK_STREAM")):family())
  end)

  it("takes a protocol by name or number", function()
    assert.equal("IPPROTO_TCP", keep(net.socket("AF_INET", "SOCK_STREAM", "IPPROTO_TCP")):protocol())
    assert.equal("IPPROTO_UDP", keep(net.socket("AF_INET", "SOCK_DGRAM", 17)):protocol())
  end)

  it("survives families that have no name", function()
    for family = 0, 50 do
      for kind = 1, 5 do
        local s, message, code = net.socket(family, kind)
        if s then
          keep(s)
          assert.matches("%d", tostring(s))
          assert.is_truthy(s:family())
          local same = keep(net.fromfd(s:detach()))
          assert.matches("%d", tostring(same))
          same:close()
        else
          assert.equal("string", type(message))
          assert.matches("^E%u+$", code)
        end
      end
    end
  end)

  it("fails for a family that does not exist", function()
    assert_fails("EAFNOSUPPORT", "^socket .*12345.*: %u", net.socket(12345, "SOCK_STREAM"))
  end)

  it("fails for a protocol that is not the family's", function()
    assert_fails("EPROTONOSUPPORT", "^socket AF_INET.*: %u",
      net.socket("AF_INET", "SOCK_STREAM", "IPPROTO_UDP"))
  end)

  it("raises for an unknown name, and lists the valid ones", function()
    local message = assert_raises("AF_INTE", net.socket, "AF_INTE", "SOCK_STREAM")
    assert.matches("AF_INET6", message)
    message = assert_raises("SOCK_STEAM", net.socket, "AF_INET", "SOCK_STEAM")
    assert.matches("SOCK_STREAM", message)
    message = assert_raises("IPPROTO_TPC", net.socket, "AF_INET", "SOCK_STREAM", "IPPROTO_TPC")
    assert.matches("IPPROTO_TCP", message)
  end)

  it("does not read names or their ends past a NUL", function()
    assert_raises("AF_INET", net.socket, "AF_INET\0", "SOCK_STREAM")
    assert_raises("unknown", net.socket, "", "SOCK_STREAM")
    assert_raises("unknown", net.socket, ("A"):rep(1024 * 1024), "SOCK_STREAM")
  end)

  it("raises for arguments of a wrong type", function()
    for _, wrong in ipairs { {}, true, 1.5, print, 2 ^ 40, -2 ^ 40, 0 / 0 } do
      assert_raises("bad argument #1", net.socket, wrong, "SOCK_STREAM")
      assert_raises("bad argument #2", net.socket, "AF_INET", wrong)
      assert_raises("bad argument #3", net.socket, "AF_INET", "SOCK_STREAM", wrong)
    end
    assert_raises("bad argument", net.socket)
    assert_raises("bad argument", net.socket, "AF_INET")
    assert_raises("bad argument", net.socket, nil, nil)
  end)

  it("has TCP_NODELAY when it is TCP", function()
    assert.is_true(keep(net.socket("AF_INET", "SOCK_STREAM")):getsockopt("TCP_NODELAY"))
    local a, b = support.tcp4.pair()
    assert.is_true(a:getsockopt("TCP_NODELAY"))
    assert.is_true(b:getsockopt("TCP_NODELAY"))
  end)
end)

describe("socketpair", function()
  it("makes two connected unix stream sockets", function()
    local a, b = keep(net.socketpair())
    for _, s in ipairs { a, b } do
      assert.equal("AF_UNIX", s:family())
      assert.equal("SOCK_STREAM", s:type())
    end
    assert.are_not.equal(a:fileno(), b:fileno())
    assert.equal(4, a:send("ping"))
    assert.equal("ping", b:recv(10))
    assert.equal(4, b:send("pong"))
    assert.equal("pong", a:recv(10))
  end)

  it("makes datagram and packet pairs", function()
    for _, kind in ipairs { "SOCK_DGRAM", "SOCK_SEQPACKET" } do
      local a, b = keep(net.socketpair("AF_UNIX", kind))
      assert.equal(kind, a:type())
      assert(a:send("one"))
      assert(a:send("two"))
      assert.equal("one", b:recv(10))
      assert.equal("two", b:recv(10))
    end
  end)

  it("is made non-blocking and close-on-exec", function()
    local a, b = keep(net.socketpair())
    for _, s in ipairs { a, b } do
      local flags = descriptor_flags(s)
      assert.is_true(has_flag(flags, O_NONBLOCK))
      assert.is_true(has_flag(flags, O_CLOEXEC))
    end
  end)

  it("fails where the family has no pairs", function()
    assert_fails("EOPNOTSUPP", "^socketpair AF_INET.*: %u", net.socketpair("AF_INET", "SOCK_STREAM"))
  end)

  it("raises for an unknown name", function()
    assert_raises("AF_UNIX", net.socketpair, "AF_UNI")
    assert_raises("SOCK_DGRAM", net.socketpair, "AF_UNIX", "SOCK_GRAM")
  end)
end)

describe("fromfd", function()
  for _, transport in ipairs(support.all) do
    it("finds out what it got: " .. transport.name, function()
      local s = transport.bound()
      local name = s:getsockname()
      local fd = assert(s:detach())
      local again = keep(net.fromfd(fd))
      assert.equal(fd, again:fileno())
      assert.equal(transport.domain, again:family())
      assert.equal(transport.type, again:type())
      assert.equal(transport.protocol, again:protocol())
      assert.equal(name, again:getsockname())
    end)

    it("adopts a socket that works: " .. transport.name, function()
      local a, b = transport.pair()
      a = keep(net.fromfd(a:detach()))
      assert.equal(5, a:send("hello"))
      assert.equal("hello", b:recv(10))
      assert.equal(5, b:send("world"))
      assert.equal("world", a:recv(10))
    end)
  end

  it("adopts a listener", function()
    local listener = keep(net.fromfd(support.tcp4.listener():detach()))
    local client = support.tcp4.socket()
    assert(client:connect(listener:getsockname()))
    local conn, peer = keep(listener:accept())
    assert.equal(client:getsockname(), peer)
    assert.equal("AF_INET", conn:family())
  end)

  it("makes the descriptor close-on-exec", function()
    local s = keep(net.fromfd(support.tcp4.socket():detach()))
    assert.is_true(has_flag(descriptor_flags(s), O_CLOEXEC))
  end)

  it("fails with EBADF for a descriptor that is not open", function()
    local fd = free_descriptor()
    assert_fails("EBADF", "^fromfd " .. fd .. ": %u", net.fromfd(fd))
    assert_fails("EBADF", "^fromfd", net.fromfd(2 ^ 31 - 1))
  end)

  it("fails with ENOTSOCK for a file, and leaves it open", function()
    local fd = free_descriptor()
    local file = support.file("text")
    assert_fails("ENOTSOCK", "^fromfd " .. fd .. ": %u", net.fromfd(fd))
    collectgarbage()
    assert.equal("text", file:read("*a"))
  end)

  it("raises for what is no whole number >= 0", function()
    for _, wrong in ipairs { -1, -42, 1.5, "x", "", true, {}, 2 ^ 31, 2 ^ 53, 1e300, 1 / 0, 0 / 0 } do
      assert_raises("bad argument #1", net.fromfd, wrong)
    end
    assert_raises("bad argument #1", net.fromfd)
  end)
end)

describe("dup", function()
  for _, transport in ipairs(support.all) do
    it("gives a second descriptor of the same socket: " .. transport.name, function()
      local a, b = transport.pair()
      local copy = keep(a:dup())
      assert.are_not.equal(a:fileno(), copy:fileno())
      assert.equal(a:family(), copy:family())
      assert.equal(a:type(), copy:type())
      assert.equal(a:getsockname(), copy:getsockname())
      assert.is_true(has_flag(descriptor_flags(copy), O_CLOEXEC))
      assert(a:close())
      assert.equal(3, copy:send("one"))
      assert.equal("one", b:recv(10))
      assert.equal(3, b:send("two"))
      assert.equal("two", copy:recv(10))
    end)
  end

  it("keeps the connection until both are closed", function()
    local a, b = keep(net.socketpair())
    local copy = keep(a:dup())
    assert(a:close())
    b:settimeout(0)
    assert_fails("EAGAIN", "^recv", b:recv(1))
    assert(copy:close())
    assert_fails("eof", "^recv", b:recv(1))
  end)
end)

describe("detach", function()
  it("gives the descriptor away and closes the object only", function()
    local a, b = keep(net.socketpair())
    local fd = a:fileno()
    assert.equal(fd, a:detach())
    assert.matches("closed", tostring(a))
    assert_fails("closed", "^detach: ", a:detach())
    assert_fails("closed", "^send: ", a:send("x"))
    assert.is_true(a:close())
    b:settimeout(0)
    assert_fails("EAGAIN", "^recv", b:recv(1)) -- no end: it is still open
    local again = keep(net.fromfd(fd))
    assert.equal(1, again:send("x"))
    assert.equal("x", b:recv(1))
  end)

  it("gives it away in non-blocking mode", function()
    local a, b = keep(net.socketpair())
    assert(b:send("x"))
    if support.fault then support.fault.fail("recv", "EAGAIN") end -- as if it had to wait
    assert.equal("x", a:recv(1))
    local again = keep(net.fromfd(a:detach()))
    assert.is_true(has_flag(descriptor_flags(again), O_NONBLOCK))
  end)
end)

-- The sockets that a child of ours has.
local function inherited()
  local pipe = io.popen("ls -l /proc/self/fd")
  local list = {}
  for line in pipe:lines() do
    list[#list + 1] = line:match("%-> (socket:.*)")
  end
  pipe:close()
  table.sort(list)
  return list
end

describe("descriptors", function()
  it("are not inherited by a child, however they were born", function()
    local before = inherited()
    for _, transport in ipairs(support.all) do
      local a = transport.pair() -- socket, accept
      keep(a:dup())
      keep(net.fromfd(transport.socket():detach()))
    end
    local a, b = keep(net.socketpair())
    assert(a:sendfds("x", { support.tcp4.socket() }))
    local _, list = b:recvfds(1)
    keep(list[1])
    assert.same(before, inherited())
  end)
end)

describe("the collector", function()
  it("closes a socket that nothing refers to", function()
    local a, b = assert(net.socketpair()) -- luacheck: ignore
    keep(b)
    a = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    b:settimeout(0)
    assert_fails("eof", "^recv", b:recv(1))
  end)

  it("leaves the descriptor of a detached one alone", function()
    local a, b = assert(net.socketpair())
    keep(b)
    local fd = a:detach()
    a = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    b:settimeout(0)
    assert_fails("EAGAIN", "^recv", b:recv(1))
    keep(net.fromfd(fd))
  end)

  it("finds at most 512 bytes for each open TCP socket", function()
    local count = 400
    local list = {}
    for i = 1, count do list[i] = false end
    local warm = keep(net.socket("AF_INET", "SOCK_STREAM"))
    warm:close()
    collectgarbage()
    collectgarbage()
    local before = collectgarbage("count")
    for i = 1, count do list[i] = assert(net.socket("AF_INET", "SOCK_STREAM")) end
    collectgarbage()
    collectgarbage()
    local bytes = (collectgarbage("count") - before) * 1024 / count
    for i = 1, count do list[i]:close() end
    assert(bytes <= 512, bytes .. " bytes each")
  end)
end)
