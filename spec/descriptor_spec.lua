-- descriptor_spec.lua - descriptors on their way from one socket to another:
-- sendfds, recvfds, and SCM_RIGHTS with sendmsg and recvmsg.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)
local fault = support.fault

local INT = 4 -- sizeof(int) on every system there is

local function pair(type)
  return keep(net.socketpair("AF_UNIX", type or "SOCK_STREAM"))
end

-- LuaJIT gives numbers for what is no socket; nothing else can close them.
local function close_number(fd)
  local ffi = require "ffi"
  pcall(ffi.cdef, "int close(int);")
  assert.equal(0, ffi.C.close(fd))
end

local function close_all(list)
  for _, value in ipairs(list) do
    if type(value) == "number" then close_number(value) else value:close() end
  end
end

-- How many descriptors this process has.
local function count_open()
  local count = 0
  for _ in pairs(fault.descriptors()) do count = count + 1 end
  return count
end

-- What a descriptor is ("socket:[123]", "/tmp/x").
local function target(fd)
  return fault.descriptors()[fd]
end

local function many(count)
  local list = {}
  for i = 1, count do list[i] = keep(net.socket("AF_INET", "SOCK_DGRAM")) end
  return list
end

-- Bytes of control data that hold so many descriptors, without what follows to
-- fill up the last word.
local HEAD = 16 -- CMSG_LEN(0) where a size_t has 8 bytes
local function room_for(count)
  return HEAD + count * INT
end

describe("sendfds and recvfds", function()
  for _, kind in ipairs { "SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET" } do
    it("carry a socket over " .. kind .. ", which is then the same socket", function()
      local a, b = pair(kind)
      local here, there = pair()
      assert.equal(4, a:sendfds("data", { here }))
      local data, list, cut = b:recvfds()
      assert.equal("data", data)
      assert.equal(1, #list)
      assert.is_nil(cut)
      local copy = keep(list[1])
      assert.equal("AF_UNIX", copy:family())
      assert.equal("SOCK_STREAM", copy:type())
      assert.is_true(copy:fileno() ~= here:fileno())
      assert.equal(target(here:fileno()), target(copy:fileno()))
      copy:send("hello")
      assert.equal("hello", there:recv(10))
    end)
  end

  it("carry a listener and a datagram socket, and know what they are", function()
    local a, b = pair()
    local listener, udp = support.tcp4.listener(), support.udp4.bound()
    a:sendfds("x", { listener, udp })
    local _, list = b:recvfds()
    keep(list[1], list[2])
    assert.same({ "SOCK_STREAM", "SOCK_DGRAM" }, { list[1]:type(), list[2]:type() })
    assert.is_true(list[1]:getsockname() == listener:getsockname())
    assert.is_true(list[2]:getsockname() == udp:getsockname())
    local client = support.tcp4.socket()
    assert(client:connect(listener:getsockname()))
    keep(list[1]:accept())
  end)

  it("carry io files, with what they have buffered written before", function()
    local a, b = pair()
    local path = support.path()
    local file = keep(io.open(path, "w"))
    file:setvbuf("full")
    file:write("first ")
    a:sendfds("x", { file })
    local _, list = b:recvfds()
    if type(list[1]) ~= "number" then
      assert.equal("file", io.type(list[1]))
      list[1]:write("second ")
    end
    close_all(list)
    file:write("third")
    file:close()
    local text = assert(io.open(path)):read("*a")
    assert.is_truthy(text == "first second third" or text == "first third", text)
  end)

  it("carry numbers, and objects that know their descriptor", function()
    local a, b = pair()
    local one = pair()
    local object = { fileno = function() return one:fileno() end }
    local other = { getfd = function() return one:fileno() end }
    a:sendfds("x", { one:fileno(), object, other })
    local _, list = b:recvfds()
    assert.equal(3, #list)
    for _, copy in ipairs(list) do
      assert.equal(target(one:fileno()), target(copy:fileno()))
    end
    close_all(list)
  end)

  it("keep the order of four", function()
    local a, b = pair()
    local four = many(4)
    a:sendfds("x", four)
    local _, list = b:recvfds()
    assert.equal(4, #list)
    for i = 1, 4 do assert.equal(target(four[i]:fileno()), target(list[i]:fileno())) end
    close_all(list)
  end)

  it("carry 253, and fail with EINVAL for one more", function()
    local a, b = pair()
    local fd, list = a:fileno(), {}
    for i = 1, 253 do list[i] = fd end
    assert.equal(1, a:sendfds("x", list))
    local _, got, cut = b:recvfds()
    assert.equal(253, #got)
    assert.is_nil(cut)
    close_all(got)
    list[254] = fd
    assert_fails("EINVAL", "^sendfds", a:sendfds("x", list))
  end)

  it("make no descriptor that a child would inherit", function()
    local a, b = pair()
    a:sendfds("x", { b, io.stdout })
    local before = fault.descriptors()
    local _, list = b:recvfds()
    for fd, name in pairs(fault.descriptors()) do
      if not before[fd] then
        local pipe = io.popen(("readlink /proc/self/fd/%d"):format(fd))
        assert.is_true(pipe:read("*l") ~= name)
        pipe:close()
      end
    end
    close_all(list)
  end)

  it("give no list but an empty one when only data came", function()
    local a, b = pair()
    a:send("plain")
    assert.same({ "plain", {} }, { b:recvfds() })
    a:sendfds("empty", {})
    assert.same({ "empty", {} }, { b:recvfds() })
  end)

  it("drop those above the maximum, and say so", function()
    local a, b = pair()
    local four = many(4)
    for max = 0, 4 do
      a:sendfds("x", four)
      local before = count_open()
      local data, list, cut = b:recvfds(10, max)
      assert.same({ "x", max, max < 4 and "MSG_CTRUNC" or nil }, { data, #list, cut })
      assert.equal(before + max, count_open())
      for i = 1, max do assert.equal(target(four[i]:fileno()), target(list[i]:fileno())) end
      close_all(list)
    end
  end)

  it("deliver descriptors beside credentials that come unasked", function()
    local a, b = pair()
    assert(b:setsockopt("SO_PASSCRED", true))
    a:sendfds("x", { a })
    local _, list, cut = b:recvfds(1, 1)
    assert.same({ 1, nil }, { #list, cut })
    close_all(list)
    a:sendfds("x", { a, a })
    _, list, cut = b:recvfds(1, 4096)
    assert.same({ 2, nil }, { #list, cut })
    close_all(list)
  end)

  it("leave the rest of the data for the next call", function()
    local a, b = pair()
    a:sendfds("abcdef", { a })
    local data, list = b:recvfds(2)
    assert.same({ "ab", 1 }, { data, #list })
    close_all(list)
    data, list = b:recvfds(100)
    assert.same({ "cdef", 0 }, { data, #list })
  end)

  it("end with \"eof\" and \"timeout\" as recv does", function()
    local a, b = pair()
    b:settimeout(0.03)
    assert_fails("timeout", "^recvfds", b:recvfds())
    b:settimeout(0)
    assert_fails("EAGAIN", "^recvfds", b:recvfds())
    b:settimeout(nil)
    a:close()
    assert_fails("eof", "^recvfds", b:recvfds())
    b:close()
    assert_fails("closed", "^recvfds", b:recvfds())
    assert_fails("closed", "^sendfds", b:sendfds("x", { 0 }))
  end)

  it("raise for wrong arguments", function()
    local a = pair()
    assert_raises("byte", a.sendfds, a, "", { a })
    assert_raises("table", a.sendfds, a, "x")
    assert_raises("table", a.sendfds, a, "x", a)
    assert_raises("string", a.sendfds, a, nil, {})
    for _, what in ipairs { true, "0", {}, print, setmetatable({}, {}) } do
      assert_raises("descriptor 2: socket, io file, number", a.sendfds, a, "x", { a, what })
    end
    assert_raises("whole number", a.sendfds, a, "x", { 1.5 })
    assert_raises("expected", a.recvfds, a, -1)
    assert_raises("expected", a.recvfds, a, 1, -1)
    assert_raises("expected", a.recvfds, a, "x")
  end)

  it("fail with EBADF for what is closed, and the socket is none the worse", function()
    local a, b = pair()
    local closed_socket, closed_file = pair(), support.file("x")
    closed_socket:close()
    closed_file:close()
    for _, what in ipairs { closed_socket, closed_file, -1, { fileno = function() return nil end } } do
      assert_fails("EBADF", "descriptor 2 of the list is closed", a:sendfds("x", { a, what }))
    end
    local free = pair()
    local number = free:fileno()
    free:close()
    assert_fails("EBADF", "descriptor", a:sendfds("x", { number }))
    assert_fails("EBADF", "descriptor", a:sendmsg({ "x", control = { SCM_RIGHTS = { number } } }))
    assert_fails("EBADF", "descriptor", a:sendmany({ { "x", control = { SCM_RIGHTS = { number } } } }))
    assert.equal(1, a:send("y"))
    assert.equal("y", b:recv(1))
  end)

  it("fail as the kernel says where descriptors cannot go", function()
    local a, b = support.tcp4.pair()
    local count, _, code = a:sendfds("x", { a })
    if count then -- Linux lets TCP ignore them
      local data, list = b:recvfds()
      assert.same({ "x", 0 }, { data, #list })
    else
      assert.is_string(code)
    end
  end)
end)

describe("SCM_RIGHTS", function()
  local function send(s, ...)
    return s:sendmsg({ "x", control = { SCM_RIGHTS = { ... } } })
  end

  it("stands in the message's control data, in the list and by name", function()
    local a, b = pair()
    assert.equal(1, send(a, a, b))
    local m = assert(b:recvmsg(1))
    assert.equal(2, #m.control.SCM_RIGHTS)
    assert.same({ "SCM_RIGHTS", "SOL_SOCKET" }, { m.control[1].type, m.control[1].level })
    assert.equal(m.control.SCM_RIGHTS, m.control[1].value)
    close_all(m.control.SCM_RIGHTS)
  end)

  it("may be sent several times in one message", function()
    local a, b = pair()
    local four = many(4)
    assert(a:sendmsg({ "x", control = {
      { type = "SCM_RIGHTS", value = { four[1] } },
      { type = "SCM_RIGHTS", value = { four[2], four[3] } },
      { level = "SOL_SOCKET", type = 1, value = { four[4] } },
    } }))
    local got = {}
    for _, item in ipairs(assert(b:recvmsg(1)).control) do
      for _, copy in ipairs(item.value) do got[#got + 1] = copy end
    end
    assert.equal(4, #got)
    for i = 1, 4 do assert.equal(target(four[i]:fileno()), target(got[i]:fileno())) end
    close_all(got)
  end)

  it("is left out when its list is empty", function()
    local a, b = pair()
    assert.equal(1, send(a))
    local m = assert(b:recvmsg(1))
    assert.is_nil(next(m.control))
    assert.is_nil(next(m.flags))
  end)

  it("is passed on with the control data it came with", function()
    local a, b = pair()
    local c, d = pair()
    send(a, a)
    local m = assert(b:recvmsg(1))
    assert.equal(1, c:sendmsg({ m[1], control = m.control }))
    local passed = assert(d:recvmsg(1))
    assert.equal(1, #passed.control.SCM_RIGHTS)
    assert.equal(target(a:fileno()), target(passed.control.SCM_RIGHTS[1]:fileno()))
    close_all(m.control.SCM_RIGHTS)
    close_all(passed.control.SCM_RIGHTS)
  end)

  it("comes in a room that is larger than need be", function()
    local a, b = pair()
    send(a, a)
    local m = assert(b:recvmsg(1, room_for(10)))
    assert.equal(1, #m.control.SCM_RIGHTS)
    assert.is_nil(m.flags.MSG_CTRUNC)
    close_all(m.control.SCM_RIGHTS)
  end)

  it("comes in a room of just its length, with and without its padding", function()
    local a, b = pair()
    for _, size in ipairs { room_for(1), room_for(2) } do
      send(a, a)
      local m = assert(b:recvmsg(1, size))
      assert.equal(1, #m.control.SCM_RIGHTS)
      assert.is_nil(m.flags.MSG_CTRUNC)
      close_all(m.control.SCM_RIGHTS)
    end
  end)

  -- Every size of room: no room, part of a head, part of an int at the
  -- beginning, in the middle, at the end.
  it("comes as far as it is whole, and what is dropped is closed", function()
    local a, b = pair()
    local three = many(3)
    for size = 0, room_for(4) do
      send(a, three[1], three[2], three[3])
      local before = count_open()
      local m = assert(b:recvmsg(1, size))
      local list = m.control.SCM_RIGHTS or {}
      local fit = math.max(0, math.min(3, math.floor((size - HEAD) / INT)))
      assert.same({ size, fit, fit < 3 }, { size, #list, m.flags.MSG_CTRUNC == true })
      assert.equal(before + fit, count_open())
      for i = 1, fit do assert.equal(target(three[i]:fileno()), target(list[i]:fileno())) end
      close_all(list)
    end
  end)

  it("is closed by the kernel when recv reads the data it came with", function()
    local a, b = pair()
    send(a, a)
    local before = count_open()
    assert.equal("x", b:recv(1))
    assert.equal(before, count_open())
  end)

  it("is copied by MSG_PEEK, each time anew", function()
    local a, b = pair()
    send(a, a)
    local first = assert(b:recvmsg(1, nil, "MSG_PEEK")).control.SCM_RIGHTS
    local second = assert(b:recvmsg(1)).control.SCM_RIGHTS
    assert.same({ 1, 1 }, { #first, #second })
    close_all(first)
    close_all(second)
  end)

  it("is closed when nobody keeps what came", function()
    local a, b = pair()
    local before = count_open()
    for _ = 1, 20 do
      send(a, a, b)
      assert(b:recvmsg(1))
    end
    collectgarbage()
    collectgarbage()
    assert.equal(before, count_open())
  end)

  it("comes as an io file or a number when it cannot be asked what it is", function()
    local a, b = pair()
    send(a, a)
    fault.fail("getsockopt", "ENOMEM", 1)
    local before = count_open()
    local list = assert(b:recvmsg(1)).control.SCM_RIGHTS
    assert.equal(1, #list)
    assert.is_truthy(io.type(list[1]) == "file" or type(list[1]) == "number")
    assert.equal(before + 1, count_open())
    close_all(list)
  end)

  it("comes as a pidfd where the system knows that", function()
    local a, b = pair()
    if not b:setsockopt(1, 76, 1) then return end -- SO_PASSPIDFD of Linux
    local before = count_open()
    send(a, a)
    local m = assert(b:recvmsg(1))
    assert.equal(1, #m.control.SCM_PIDFD)
    assert.equal(before + 2, count_open())
    close_all(m.control.SCM_PIDFD)
    close_all(m.control.SCM_RIGHTS)
    send(a, a)
    local _, list = b:recvfds(1)
    assert.equal(1, #list)
    close_all(list)
    assert.equal(before, count_open())
  end)

  it("is dropped, and said to be, when the process may open no more", function()
    local child = support.child([[
      local a, b = assert(net.socketpair())
      say("ready")
      a:sendfds("x", { a, a, a, a })
      local held = {}
      while true do
        local s = net.socket("AF_INET", "SOCK_DGRAM")
        if not s then break end
        held[#held + 1] = s
      end
      held[#held]:close()
      held[#held - 1]:close()
      local data, list, cut = b:recvfds()
      say(data, #list, cut)
    ]], "prlimit --nofile=64")
    assert.equal("ready", child:line())
    assert.equal("x 2 MSG_CTRUNC\n", child:rest())
  end)
end)
