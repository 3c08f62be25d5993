-- many_spec.lua - sendmany and recvmany: many messages with one system call.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)
local fault = support.fault

local SHORT = 0.05

-- The data of a list of messages.
local function data_of(list)
  local data = {}
  for i, m in ipairs(list) do data[i] = m[1] end
  return data
end

for _, transport in ipairs(support.datagrams) do
  describe("many datagrams over " .. transport.name, function()
    it("go and come in order, with one system call each", function()
      local a, b = transport.pair()
      fault.clear()
      assert.equal(3, a:sendmany({ "one", { "two" }, { "th", "ree" } }))
      local list = assert(b:recvmany(10))
      assert.same({ "one", "two", "three" }, data_of(list))
      assert.same({ 1, 1 }, { fault.count("sendmany"), fault.count("recvmany") })
    end)

    it("go each to its address, and come each with its sender's", function()
      local a, b, c = transport.bound(), transport.bound(), transport.bound()
      local to = c:getsockname()
      assert.equal(2, a:sendmany({ { "a1", address = to }, { "a2", address = to } }))
      assert.equal(1, b:sendmany({ { "b1", address = tostring(to) } }))
      assert.equal(1, a:sendmany({ { "a3", address = to } }))
      local list = assert(c:recvmany(10))
      assert.same({ "a1", "a2", "b1", "a3" }, data_of(list))
      local from = {}
      for i, m in ipairs(list) do
        from[i] = m.address == a:getsockname() and "a" or m.address == b:getsockname() and "b"
      end
      assert.same({ "a", "a", "b", "a" }, from)
    end)

    it("of many senders come each with its own's address, again and again", function()
      local to, senders = transport.bound(), {}
      for i = 1, 200 do senders[i] = transport.bound() end
      for round = 1, 2 do
        for first = 1, #senders, 5 do
          for i = first, first + 4 do
            assert(senders[i]:sendto(round .. "/" .. i, to:getsockname()))
          end
          for i, m in ipairs(assert(to:recvmany(10))) do
            assert.equal(round .. "/" .. first + i - 1, m[1])
            assert.is_true(m.address == senders[first + i - 1]:getsockname())
          end
        end
      end
    end)

    it("are echoed by sending the list that came", function()
      local a, b = transport.bound(), transport.bound()
      local to = b:getsockname()
      a:sendmany({ { "one", address = to }, { "", address = to }, { "two", address = to } })
      assert.equal(3, b:sendmany(assert(b:recvmany(10))))
      assert.same({ "one", "", "two" }, data_of(assert(a:recvmany(10))))
    end)

    it("are cut one by one, and say so", function()
      local a, b = transport.pair()
      a:sendmany({ "1234567", "12", "1234567" })
      local list = assert(b:recvmany(10, 4))
      assert.same({ "1234", "12", "1234" }, data_of(list))
      assert.same({ true, nil, true },
        { list[1].flags.MSG_TRUNC, list[2].flags.MSG_TRUNC, list[3].flags.MSG_TRUNC })
      a:sendmany({ "1234567", "12" })
      list = assert(b:recvmany(10, 4, "MSG_TRUNC"))
      assert.same({ "1234", 7, "12", 2 }, { list[1][1], list[1].length, list[2][1], list[2].length })
    end)

    it("come as far as there is room in the list", function()
      local a, b = transport.pair()
      a:sendmany({ "1", "2", "3", "4", "5" })
      assert.same({ "1", "2" }, data_of(assert(b:recvmany(2))))
      assert.same({ "3" }, data_of(assert(b:recvmany(1))))
      assert.same({ "4", "5" }, data_of(assert(b:recvmany(1024))))
    end)

    it("are waited for, but for the first only", function()
      local a, b = transport.pair()
      b:settimeout(SHORT)
      support.assert_takes(SHORT, function() assert_fails("timeout", "^recvmany", b:recvmany(10)) end)
      b:settimeout(nil)
      a:send("alone")
      assert.same({ "alone" }, data_of(assert(b:recvmany(10))))
      assert_fails("EAGAIN", "^recvmany", b:recvmany(10, nil, "MSG_DONTWAIT"))
    end)
  end)
end

for _, transport in ipairs(support.streams) do
  describe("many pieces over " .. transport.name, function()
    it("come as what is there, and end with \"eof\"", function()
      local a, b = transport.pair()
      assert.equal(2, a:sendmany({ "one", "two" }))
      a:shutdown("SHUT_WR")
      local got = ""
      while #got < 6 do got = got .. table.concat(data_of(assert(b:recvmany(4, 4)))) end
      assert.equal("onetwo", got)
      assert_fails("eof", "^recvmany", b:recvmany(4))
    end)

    it("end the list before the stream's end, which comes alone", function()
      local a, b = transport.pair()
      a:send("last")
      a:close()
      assert.same({ "last" }, data_of(assert(b:recvmany(8))))
      assert_fails("eof", "^recvmany", b:recvmany(8))
    end)
  end)
end

describe("sendmany", function()
  it("sends nothing of an empty list", function()
    local a, b = support.udp4.pair()
    assert.equal(0, a:sendmany({}))
    assert_fails("EAGAIN", "^recv", b:recv(1, "MSG_DONTWAIT"))
  end)

  it("waits for room until all have gone, with as many system calls as it takes", function()
    local path = support.path()
    local listener = keep(net.socket("AF_UNIX", "SOCK_SEQPACKET"))
    assert(listener:bind(path))
    assert(listener:listen())
    local child = support.child(([[
      local s = assert(net.socket("AF_UNIX", "SOCK_SEQPACKET"))
      assert(s:connect(%q))
      local count = 0
      while true do
        local list, _, code = s:recvmany(50, 100)
        if not list then say(count, code) break end
        for _, m in ipairs(list) do
          count = count + 1
          assert(m[1] == count .. "!", m[1])
        end
      end
    ]]):format(path))
    local s = keep(listener:accept())
    local list = {}
    for i = 1, 3000 do list[i] = { i, "!" } end
    fault.clear()
    assert.equal(3000, s:sendmany(list))
    assert.is_true(fault.count("sendmany") >= 3)
    s:close()
    assert.equal("3000 eof\n", child:rest())
  end)

  it("says how many went before a failure, and fails the next time", function()
    local a, b = support.udp4.pair()
    local long = ("x"):rep(70000)
    assert.equal(2, a:sendmany({ "one", "two", long, "four" }))
    assert_fails("EMSGSIZE", "^sendmany", a:sendmany({ long, "four" }))
    assert.same({ "one", "two" }, data_of(assert(b:recvmany(10))))
    fault.fail("sendmany", "ENOBUFS")
    assert_fails("ENOBUFS", "^sendmany", a:sendmany({ "one" }))
  end)

  it("goes on after the system took only some", function()
    local a, b = support.udp4.pair()
    fault.short("sendmany", 1, 1, true)
    assert.equal(3, a:sendmany({ "one", "two", "three" }))
    assert.equal(3, fault.count("sendmany"))
    fault.clear()
    assert.same({ "one", "two", "three" }, data_of(assert(b:recvmany(10))))
  end)

  it("says how many went when the time is over", function()
    local a = keep(net.socketpair("AF_UNIX", "SOCK_SEQPACKET"))
    local list = {}
    for i = 1, 1000 do list[i] = ("x"):rep(1000) end
    a:settimeout(SHORT)
    local sent
    support.assert_takes(SHORT, function() sent = assert(a:sendmany(list)) end)
    assert.is_true(sent > 0 and sent < 1000)
    assert_fails("timeout", "^sendmany", a:sendmany(list))
    a:settimeout(0)
    assert_fails("EAGAIN", "^sendmany", a:sendmany(list))
  end)

  it("sends more buffers than messages, and more messages than most", function()
    local a, b = keep(net.socketpair("AF_UNIX", "SOCK_DGRAM"))
    local list = {}
    for i = 1, 5 do
      list[i] = { control = { SCM_RIGHTS = { b } } }
      for j = 1, 100 * i do list[i][j] = j % 10 end
    end
    assert.equal(5, a:sendmany(list))
    for i, m in ipairs(assert(b:recvmany(10))) do
      assert.equal(("1234567890"):rep(10 * i), m[1])
      keep(m.control.SCM_RIGHTS[1])
    end
    list[3][1025] = "x"
    for j = 1, 1024 do list[3][j] = "x" end
    assert_raises("at most 1024 buffers", a.sendmany, a, list)
    local c, d = support.udp4.pair()
    list = {}
    for i = 1, 200 do list[i] = { i, "!" } end
    assert.equal(200, c:sendmany(list))
    for i, m in ipairs(assert(d:recvmany(200))) do assert.equal(i .. "!", m[1]) end
  end)

  it("sends control data with each", function()
    local a, b = support.udp4.pair()
    assert(b:setsockopt("IP_RECVTTL", true))
    local list = {}
    for i = 1, 100 do list[i] = { "x", control = { IP_TTL = i } } end
    assert.equal(100, a:sendmany(list))
    for i, m in ipairs(assert(b:recvmany(100))) do assert.equal(i, m.control.IP_TTL) end
  end)

  it("raises for what is no list of messages", function()
    local a = support.udp4.pair()
    assert_raises("table", a.sendmany, a)
    assert_raises("table", a.sendmany, a, "x")
    assert_raises("message expected", a.sendmany, a, { true })
    assert_raises("buffer 1", a.sendmany, a, { { {} } })
    assert_raises("unknown field 'to'", a.sendmany, a, { { "x", to = "y" } })
    assert_raises("MSG_FOO", a.sendmany, a, {}, "MSG_FOO")
  end)

  it("sends nothing when one address is none", function()
    local a, b = support.udp4.bound(), support.udp4.bound()
    local to = b:getsockname()
    assert_fails("EINVAL", "nowhere", a:sendmany({ { "x", address = to }, { "y", address = "nowhere" } }))
    assert_fails("EAGAIN", "^recv", b:recv(1, "MSG_DONTWAIT"))
  end)

  it("fails with \"closed\" on a closed socket", function()
    local a = support.udp4.socket()
    a:close()
    assert_fails("closed", "^sendmany: ", a:sendmany({ "x" }))
    assert_fails("closed", "^recvmany: ", a:recvmany(1))
  end)
end)

-- The names of a table's own fields, sorted.
local function fields_of(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = tostring(name) end
  table.sort(names)
  return table.concat(names, " ")
end

describe("recvmany", function()
  it("gives messages with flags and control data when there are some, and else the same empty table", function()
    local a, b = support.udp4.pair()
    a:sendmany({ "one", ("x"):rep(100), "" })
    local list = assert(b:recvmany(10, 10))
    assert.same({ "1 address length", "1 address flags length", "1 address length" },
      { fields_of(list[1]), fields_of(list[2]), fields_of(list[3]) })
    assert.same({ 3, 10, 0 }, { list[1].length, list[2].length, list[3].length })
    assert.same({ {}, { MSG_TRUNC = true } }, { list[1].flags, list[2].flags })
    assert.same({ {}, {} }, { list[1].control, list[2].control })
    assert.is_nil(list[1].data)
    assert.is_nil(list[1][2])
    assert(b:setsockopt("IP_RECVTTL", true))
    a:send("1234567")
    local whole = b:recvmany(1, 4, "MSG_TRUNC")[1]
    assert.equal("1 address control flags length", fields_of(whole))
    assert.equal(7, whole.length)
  end)

  it("gives flags and control data that are written to only when there are some", function()
    local a, b = support.udp4.pair()
    a:sendmany({ "one", "two" })
    local list = assert(b:recvmany(10, 2))
    list[1].flags.MSG_EOR = true
    assert_raises("cannot be written", function() list[1].control.IP_TTL = 3 end)
    a:send("1")
    local m = b:recvmany(1)[1]
    assert_raises("cannot be written", function() m.flags.MSG_TRUNC = true end)
    m.flags, m.length, m.control = { MSG_EOR = true }, 7, { 1 }
    assert.same({ { MSG_EOR = true }, 7, { 1 } }, { m.flags, m.length, m.control })
  end)

  it("gives messages that count as received whatever is done to them", function()
    local a, b = support.udp4.bound(), support.udp4.bound()
    a:sendto("x", b:getsockname())
    local m = b:recvmany(1)[1]
    m[1], m[2], m.flags, m.control, m.seen = "y", "z", nil, { IP_TTL = "none" }, true
    assert.equal(1, b:sendmany({ m }))
    assert.equal(2, b:sendmsg(m))
    assert.same({ "yz", "yz" }, data_of(assert(a:recvmany(10))))
    m.address = {}
    assert_raises("host", b.sendmany, b, { m })
  end)

  it("raises for counts and sizes that are none", function()
    local a = support.udp4.pair()
    for _, count in ipairs { 0, -1, 1025, 0.5, "x" } do
      assert_raises("expected", a.recvmany, a, count)
    end
    assert_raises("expected", a.recvmany, a)
    assert_raises("expected", a.recvmany, a, 1, -1)
    assert_raises("2^31", a.recvmany, a, 1024, 2 ^ 30)
  end)

  it("gives control data with each", function()
    local a, b = support.udp4.pair()
    for _, option in ipairs { "IP_RECVTTL", "IP_RECVTOS", "IP_PKTINFO", "SO_TIMESTAMPNS" } do
      assert(b:setsockopt(option, true))
    end
    a:sendmany({ "one", "two" })
    for _, m in ipairs(assert(b:recvmany(10))) do
      assert.is_nil(m.flags.MSG_CTRUNC)
      assert.same({ "number", "number", "127.0.0.1", "number" },
        { type(m.control.IP_TTL), type(m.control.IP_TOS), m.control.IP_PKTINFO.address,
          type(m.control.SO_TIMESTAMPNS.sec) })
    end
  end)

  it("gives descriptors with each, and closes none twice", function()
    local a, b = keep(net.socketpair("AF_UNIX", "SOCK_DGRAM"))
    local one, two = support.udp4.bound(), support.udp4.bound()
    assert.equal(3, a:sendmany({
      { "1", control = { SCM_RIGHTS = { one } } },
      "2",
      { "3", control = { SCM_RIGHTS = { two, one } } },
    }))
    local list = assert(b:recvmany(10))
    assert.same({ "1", "2", "3" }, data_of(list))
    local first = keep(list[1].control.SCM_RIGHTS[1])
    local second = keep(list[3].control.SCM_RIGHTS[1])
    local third = keep(list[3].control.SCM_RIGHTS[2])
    assert.is_true(first:getsockname() == one:getsockname())
    assert.is_true(second:getsockname() == two:getsockname())
    assert.is_true(third:getsockname() == one:getsockname())
    assert.is_nil(next(list[2].control))
  end)

  it("is woken by a refused datagram of before", function()
    local a = support.udp4.bound()
    local gone = support.udp4.bound()
    local to = gone:getsockname()
    gone:close()
    assert(a:connect(to))
    a:send("x")
    assert_fails("ECONNREFUSED", "^recvmany", a:recvmany(10))
  end)

  it("takes long datagrams when it is told their size", function()
    local a, b = support.udp4.pair()
    a:sendmany({ ("a"):rep(9000), ("b"):rep(5000) })
    local list = assert(b:recvmany(64, 65535))
    assert.same({ 9000, 5000 }, { list[1].length, list[2].length })
    assert.equal(("a"):rep(9000), list[1][1])
  end)
end)
