-- close_spec.lua - the end of a socket: closed once or many times, by us, by the
-- collector, or behind our back; and what its methods say then.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local probe = assert(net.socketpair())
local metatable = debug.getmetatable(probe)
probe:close()

-- These give iterators, which find out later.
local iterators = { accepts = true, datagrams = true, lines = true }

-- Arguments that are right for each method.
local arguments = {
  accept = {}, accepts = {}, bind = { "127.0.0.1", 0 }, connect = { "127.0.0.1", 1 },
  datagrams = {}, detach = {}, dup = {},
  family = {}, fileno = {}, flush = {}, getpeername = {}, getsockname = {},
  getsockopt = { "SO_TYPE" }, gettimeout = {}, lines = {}, listen = { 1 }, peek = { 1 },
  peercred = {}, protocol = {}, queued = {}, read = {}, readuntil = { "x" }, recv = { 1 },
  recvfds = {}, recvfrom = { 1 }, recvmany = { 1 }, recvmsg = { 1 }, send = { "x" },
  sendfds = { "x", { 0 } }, sendfile = {}, sendmany = { { "x" } },
  sendmsg = { { "x" } }, sendto = { "x", "127.0.0.1", 1 }, setlimit = { 1 },
  setsockopt = { "SO_KEEPALIVE", true }, settimeout = { 1 }, setvbuf = { "no" },
  shutdown = { "SHUT_WR" }, tcpinfo = {}, type = {}, unread = { "x" }, write = { "x" },
}

local unpack = table.unpack or unpack -- luacheck: ignore

local function arguments_of(name)
  if name == "sendfile" then return support.file("content") end
  return unpack(arguments[name] or {})
end

local methods = {}
for name in pairs(metatable.__index) do methods[#methods + 1] = name end
table.sort(methods)

describe("a closed socket", function()
  it("has all methods of the manual", function()
    assert.is_function(metatable.__index.close)
    for name in pairs(arguments) do assert.is_function(metatable.__index[name], name) end
  end)

  for _, name in ipairs(methods) do
    if name ~= "close" and not iterators[name] then
      it("answers " .. name .. " with nil, message, \"closed\"", function()
        assert(arguments[name], "this spec knows no arguments for " .. name)
        local s = support.tcp4.bound()
        assert(s:close())
        for _ = 1, 2 do
          assert_fails("closed", "^" .. name .. ": .*closed$", s[name](s, arguments_of(name)))
        end
      end)
    end
  end

  it("makes what lines gave raise, as io does", function()
    local s = support.tcp4.bound()
    assert(s:close())
    local lines = s:lines()
    for _ = 1, 2 do assert_raises("^read: .*closed$", lines) end
  end)

  it("is the end of what accepts and datagrams gave", function()
    local s = support.tcp4.bound()
    assert(s:close())
    for _ = 1, 2 do
      assert.is_nil((s:accepts()()))
      assert.is_nil((s:datagrams()()))
    end
  end)

  it("answers close with true, as often as it is asked", function()
    local s = support.tcp4.bound()
    for _ = 1, 3 do assert.is_true(s:close()) end
  end)

  it("does not touch the one that has its number now", function()
    local a, b = keep(net.socketpair())
    local fd = a:fileno()
    a:close()
    local c, d = keep(net.socketpair())
    assert(c:fileno() == fd or d:fileno() == fd)
    assert_fails("closed", "^send: ", a:send("x"))
    assert.is_true(a:close())
    assert_fails("eof", "^recv", b:recv(1))
    assert.equal(1, c:send("x"))
    assert.equal("x", d:recv(1))
  end)
end)

describe("close", function()
  for _, transport in ipairs(support.streams) do
    it("is what the peer sees as the end: " .. transport.name, function()
      local a, b = transport.pair()
      assert.is_true(a:close())
      assert_fails("eof", "^recv", b:recv(1))
      assert.is_true(a:close())
      assert_fails("eof", "^recv", b:recv(1))
    end)
  end

  it("refuses clients from then on", function()
    local listener = support.tcp4.listener()
    local name = listener:getsockname()
    listener:close()
    assert_fails("ECONNREFUSED", "^connect", support.tcp4.socket():connect(name))
  end)

  it("gives the number back", function()
    local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
    local fd = s:fileno()
    s:close()
    local again = keep(net.socket("AF_INET", "SOCK_STREAM"))
    assert.equal(fd, again:fileno())
  end)

  it("can be done by a coroutine that the socket comes from", function()
    local thread = coroutine.wrap(function()
      local a, b = net.socketpair()
      coroutine.yield(a, b)
      a:close()
      coroutine.yield(b)
    end)
    local a, b = keep(thread())
    thread()
    assert_fails("closed", "^recv: ", a:recv(1))
    assert_fails("eof", "^recv", b:recv(1))
  end)
end)

describe("a descriptor that was closed behind our back", function()
  -- Another owner of the same number closes it.
  local function sabotage(s)
    local thief = net.fromfd(s:fileno())
    thief:close()
  end

  for _, name in ipairs(methods) do
    -- these ask the kernel nothing
    local silent = { accepts = true, close = true, datagrams = true, detach = true,
      family = true, fileno = true, flush = true, gettimeout = true, lines = true,
      setlimit = true, settimeout = true, setvbuf = true, type = true, unread = true }
    if not silent[name] and arguments[name] then
      it("fails " .. name .. " with EBADF, then with \"closed\"", function()
        local s = support.tcp4.bound()
        sabotage(s)
        local value, message, code = s[name](s, arguments_of(name))
        if name == "protocol" and value then return end -- it may remember
        assert_fails("EBADF", "^" .. name .. "[: ].*%u", value, message, code)
        assert_fails("closed", "^" .. name .. ": ", s[name](s, arguments_of(name)))
        assert.is_true(s:close())
        assert.matches("closed", tostring(s))
      end)
    end
  end

  it("is not closed again, whoever has the number now", function()
    local s = assert(net.socketpair())
    local fd = s:fileno()
    sabotage(s)
    assert_fails("EBADF", "^send", s:send("x"))
    local a, b = keep(net.socketpair())
    assert(a:fileno() == fd or b:fileno() == fd)
    assert.is_true(s:close())
    s = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.equal(1, a:send("x"))
    assert.equal("x", b:recv(1))
  end)

  it("can be printed", function()
    local s = assert(net.socketpair())
    sabotage(s)
    assert.is_string(tostring(s))
    s:detach()
  end)
end)

describe("the collector", function()
  it("closes sockets that nothing refers to", function()
    local peers = {}
    for i = 1, 50 do
      local a, b = assert(net.socketpair())
      assert(a:send("x"))
      peers[i] = keep(b)
    end
    collectgarbage()
    collectgarbage()
    for _, b in ipairs(peers) do
      b:settimeout(0)
      assert.equal("x", b:recv(1))
      assert_fails("eof", "^recv", b:recv(1))
    end
  end)

  it("may be kept busy by sockets alone", function()
    for _ = 1, 30 do
      for _ = 1, 100 do assert(net.socket("AF_INET", "SOCK_DGRAM")) end
      collectgarbage()
      collectgarbage()
    end
  end)

  it("may be done by hand, more than once", function()
    local a, b = keep(net.socketpair())
    metatable.__gc(a)
    metatable.__gc(a)
    assert.matches("closed", tostring(a))
    assert_fails("eof", "^recv", b:recv(1))
    assert.is_true(a:close())
  end)
end)

describe("a wrong self", function()
  local wrong = {
    ["nil"] = nil, ["a table"] = {}, ["a number"] = 1, ["a text"] = "x", ["a file"] = io.stdout,
    ["an address"] = net.address("127.0.0.1:1"), ["a function"] = print,
    ["a forged object"] = setmetatable({}, metatable),
  }
  for _, name in ipairs(methods) do
    it("makes " .. name .. " raise", function()
      local method = metatable.__index[name]
      assert_raises("bad argument", method)
      assert_raises("bad argument", method, nil, arguments_of(name))
      for _, self in pairs(wrong) do
        assert_raises("bad argument", method, self, arguments_of(name))
      end
    end)
  end

  it("makes tostring raise, and the collector's function do nothing", function()
    for _, self in pairs(wrong) do
      assert.is_false((pcall(metatable.__tostring, self)))
      pcall(metatable.__gc, self)
    end
    pcall(metatable.__gc)
    assert.is_false((pcall(metatable.__tostring)))
  end)
end)

if _VERSION == "Lua 5.4" or _VERSION == "Lua 5.5" then
  describe("a variable to be closed", function()
    it("closes its socket when it goes out of scope", function()
      local a, b = keep(net.socketpair())
      local block = assert(load([[
        local a = ...
        do
          local s <close> = a
          assert(s:send("x"))
        end
      ]]))
      block(a)
      assert.matches("closed", tostring(a))
      assert.equal("x", b:recv(1))
      assert_fails("eof", "^recv", b:recv(1))
    end)

    it("closes its socket when an error passes, or when it was closed before", function()
      local a, b = keep(net.socketpair())
      local block = assert(load([[
        local a, b = ...
        local s <close> = a
        local t <close> = b
        b:close()
        error("passing", 0)
      ]]))
      local ok, message = pcall(block, a, b)
      assert.is_false(ok)
      assert.equal("passing", message)
      assert.matches("closed", tostring(a))
      assert.matches("closed", tostring(b))
    end)
  end)
end
