-- taskmessage_spec.lua - messages, descriptors, files and net.poll in tasks: the
-- calls wait there as they do elsewhere, and the other tasks go on.

local net = require "dialtone"
local support = require "spec.support.transport"
local process = require "spec.support.child"
local until_waiting = require "spec.support.task".until_waiting
local keep, assert_fails, pack = support.keep, support.assert_fails, support.pack
local it = support.closing(it, function(cleanup) finally(cleanup) end)
local fault = support.fault

local SHORT = 0.05
local unpack = unpack or table.unpack -- luacheck: ignore 143 113

-- The values of a list from `first` on.
local function rest(list, first) return unpack(list, first, list.n) end

-- Runs `call` in a task, and `others` in another as soon as it waits (which it
-- must); gives what `call` gave.
local function while_waiting(call, others)
  return net.run(function()
    local task = net.spawn(call)
    until_waiting(task)
    collectgarbage()
    others(task)
    local result = pack(task:join())
    assert(result[1], result[2])
    return rest(result, 2)
  end)
end

-- The call fails with "timeout" after SHORT, while another task goes on.
local function assert_times_out(pattern, call)
  local turns = 0
  support.assert_takes(SHORT, function()
    assert_fails("timeout", pattern, while_waiting(call, function(task)
      while task:status() == "waiting" do
        net.sleep(0)
        turns = turns + 1
      end
    end))
  end)
  assert.is_true(turns >= 1, "the other task did not go on")
end

-- A message as recvmsg gives it, without what no two have in common.
local function plain(message)
  local control = {}
  for i, item in ipairs(message.control) do control[i] = { item.level, item.type, item.value } end
  local copy = { control = control, flags = message.flags, length = message.length }
  for i, data in ipairs(message) do copy[i] = data end
  copy.address = message.address and tostring(message.address)
  return copy
end

-- What is open, by our own census.
local function census()
  local list = {}
  for _, entry in ipairs(fault.census()) do list[#list + 1] = entry.fd .. " " .. entry.call end
  return table.concat(list, ", ")
end

-- Two connected unix sockets, which do not wait for ever if all goes wrong.
local function unix_pair(type)
  local a, b = net.socketpair("AF_UNIX", type)
  for _, socket in ipairs { keep(a), keep(b) } do socket:settimeout(5) end
  return a, b
end

-- Sends datagrams till there is no room; how many.
local function fill_with(socket, data)
  local count = 0
  repeat
    local sent, message, code = socket:send(data, "MSG_DONTWAIT")
    count = count + 1
    assert(sent or code == "EAGAIN", message)
  until not sent
  return count - 1
end

-- Receives messages till one is `last`.
local function skip_to(socket, last)
  repeat
    local m = assert(socket:recvmsg(65536))
  until m[1] == last
end

describe("sendmsg in a task", function()
  it("waits for room with all that it sends", function()
    local a, b = unix_pair("SOCK_STREAM")
    local c, d = unix_pair("SOCK_STREAM")
    local filled, got = support.fill(a), nil
    assert.equal(7, while_waiting(function()
      return a:sendmsg({ "te", "xt ", tostring(42), control = { SCM_RIGHTS = { c } } })
    end, function()
      while filled > 0 do filled = filled - #assert(b:recv(filled)) end
      got = assert(b:recvmsg(100))
    end))
    assert.equal("text 42", got[1])
    assert(keep(got.control.SCM_RIGHTS[1]):send("through"))
    assert.equal("through", d:recv(10))
  end)

  it("waits for room at the address that it names", function()
    local transport = support.unix_datagram
    local a, b = transport.bound(), transport.bound()
    local to = b:getsockname()
    b:settimeout(5)
    assert(a:settimeout(0))
    repeat
      local ok, _, code = a:sendto("x", to)
    until not ok and assert.equal("EAGAIN", code)
    a:settimeout(5)
    assert.equal(4, while_waiting(function()
      return a:sendmsg({ "la", "st", address = to })
    end, function() skip_to(b, "last") end))
  end)

  it("fails at its time limit, and names the address", function()
    local a, b = support.unix_datagram.bound(), support.unix_datagram.bound()
    local to = b:getsockname()
    assert(a:settimeout(0))
    repeat until not a:sendto("x", to)
    a:settimeout(SHORT)
    assert_times_out("^sendmsg " .. support.plain(to) .. ": ", function()
      return a:sendmsg({ "more", address = to })
    end)
  end)

  it("does not wait when it is told not to", function()
    local a = unix_pair("SOCK_DGRAM")
    net.run(function()
      fill_with(a, "x")
      assert_fails("EAGAIN", "^sendmsg", a:sendmsg({ "y" }, "MSG_DONTWAIT"))
      assert_fails("EAGAIN", "^sendmany", a:sendmany({ "y", "z" }, "MSG_DONTWAIT"))
      a:settimeout(0)
      assert_fails("EAGAIN", "^sendmsg", a:sendmsg({ "y" }))
    end)
  end)

  it("fails at once when another task closes the socket", function()
    for _, name in ipairs { "sendmsg", "sendmany", "recvmsg", "recvmany", "recvfds" } do
      local a = unix_pair("SOCK_DGRAM")
      fill_with(a, "x")
      local argument = { sendmsg = { "y" }, sendmany = { "y" }, recvmsg = 9, recvmany = 9 }
      assert_fails("closed", "^" .. name, while_waiting(function()
        return a[name](a, argument[name])
      end, function() a:close() end))
    end
  end)

  it("sends after what was written before", function()
    for _, send in ipairs {
      function(a) return a:sendmsg({ "th", "ree" }) end,
      function(a) return a:sendmany({ "th", "ree" }) end,
      function(a) return a:sendfds("three", {}) end,
      function(a) return a:sendfile(support.file("three")) end,
    } do
      local a, b = unix_pair("SOCK_STREAM")
      net.run(function()
        assert(a:write("one "))
        assert(a:write("two "))
        assert(send(a))
      end)
      assert.equal("one two three", b:recv(100, "MSG_WAITALL", "MSG_DONTWAIT"))
    end
  end)
end)

describe("recvmsg in a task", function()
  it("waits for a message, and gives what it gives elsewhere", function()
    for _, arguments in ipairs { { 4 }, { { 2, 3, 9 } }, { 9, 4000 }, { 9, 0 }, { {} } } do
      local transport = support.udp4
      local a, b = transport.bound(), transport.bound()
      local to = b:getsockname()
      assert(b:setsockopt("IP_RECVTTL", true))
      local message = { "twelve bytes", address = to, control = { IP_TTL = 7 } }
      assert(a:sendmsg(message))
      local expected = plain(assert(b:recvmsg(unpack(arguments, 1, 2))))
      local got = while_waiting(function() return b:recvmsg(unpack(arguments, 1, 2)) end,
        function() assert(a:sendmsg(message)) end)
      assert.same(expected, plain(got))
    end
  end)

  it("waits with more room for control data than usual", function()
    local a, b = unix_pair("SOCK_STREAM")
    local files = {}
    for i = 1, 100 do files[i] = a end
    local got = while_waiting(function() return b:recvmsg(10, 8000) end,
      function() assert(a:sendmsg({ "x", control = { SCM_RIGHTS = files } })) end)
    for _, socket in ipairs(got.control.SCM_RIGHTS) do keep(socket) end
    assert.equal(100, #got.control.SCM_RIGHTS)
  end)

  it("fails at its time limit, and at the end of the stream", function()
    local a, b = unix_pair("SOCK_STREAM")
    b:settimeout(SHORT)
    assert_times_out("^recvmsg", function() return b:recvmsg(10) end)
    b:settimeout(nil)
    assert_fails("eof", "^recvmsg", while_waiting(function() return b:recvmsg(10) end,
      function() a:close() end))
  end)

  it("is one waiter of the socket, and a second is told that it is busy", function()
    local a, b = unix_pair("SOCK_DGRAM")
    local got = while_waiting(function() return b:recvmsg(10) end, function()
      assert_fails("busy", "^recvmsg", b:recvmsg(10))
      assert_fails("busy", "^recvmany", b:recvmany(10))
      assert_fails("busy", "^recvfds", b:recvfds())
      a:send("x")
    end)
    assert.equal("x", got[1])
  end)

  it("gives first what was received before, and not read", function()
    for name, receive in pairs {
      recvmsg = function(s) return s:recvmsg({ 2, 2 })[2] end,
      recvmany = function(s) return s:recvmany(3, 4)[1][1] end,
      recvfds = function(s) return s:recvfds(2) end,
    } do
      local a, b = unix_pair("SOCK_STREAM")
      net.run(function()
        a:send("line\nABCDEF")
        assert.equal("line", b:read("l"))
        local expected = { recvmsg = "CD", recvmany = "ABCD", recvfds = "AB" }
        assert.equal(expected[name], receive(b))
        local left = { recvmsg = "EF", recvmany = "EF", recvfds = "CDEF" }
        assert.equal(left[name], b:recv(100))
      end)
    end
  end)

  it("waits where a task cannot yield", function()
    local a, b = unix_pair("SOCK_DGRAM")
    local text = while_waiting(function()
      return (("x y"):gsub("%a", function() return b:recvmsg({ 1, 9 })[2] end))
    end, function()
      a:send("one")
      net.sleep(0)
      a:send("two")
    end)
    assert.equal("ne wo", text)
  end)
end)

describe("sendfds and recvfds in a task", function()
  it("wait, and give what they give elsewhere", function()
    local a, b = unix_pair("SOCK_STREAM")
    local c, d = unix_pair("SOCK_STREAM")
    local data, list, cut = while_waiting(function() return b:recvfds(10, 2) end,
      function() assert.equal(4, a:sendfds("take", { c, d, c })) end)
    for _, socket in ipairs(list) do keep(socket) end
    assert.same({ "take", 2, "MSG_CTRUNC" }, { data, #list, cut })
    assert(list[1]:send("through"))
    assert.equal("through", d:recv(10))
  end)

  it("wait for room with all that is sent", function()
    local a, b = unix_pair("SOCK_STREAM")
    local c = unix_pair("SOCK_STREAM")
    local filled, list = support.fill(a), nil
    assert.equal(4, while_waiting(function() return a:sendfds("take", { c, c }) end, function()
      while filled > 0 do filled = filled - #assert(b:recv(filled)) end
      list = select(2, assert(b:recvfds()))
    end))
    for _, socket in ipairs(list) do keep(socket) end
    assert.equal(2, #list)
  end)

  it("fail at their time limits", function()
    local a, b = unix_pair("SOCK_STREAM")
    support.fill(a)
    a:settimeout(SHORT)
    assert_times_out("^sendfds", function() return a:sendfds("x", { b }) end)
    assert_times_out("^recvfds", function() return a:recvfds() end)
  end)

  it("lose no descriptor when the task is cancelled", function()
    local a, b = unix_pair("SOCK_STREAM")
    collectgarbage()
    collectgarbage()
    local before = nil
    net.run(function()
      net.sleep(0)
      before = census()
      local task = net.spawn(function() b:recvfds() end)
      until_waiting(task)
      task:cancel()
      assert.same({ false, "cancelled" }, { task:join(), (select(3, task:join())) })
    end)
    assert(a:sendfds("x", { a }))
    collectgarbage()
    collectgarbage()
    assert.equal(before, census())
  end)
end)

describe("sendmany in a task", function()
  it("waits in the middle till all have gone", function()
    local a, b = unix_pair("SOCK_SEQPACKET")
    local list, got = {}, {}
    for i = 1, 3000 do list[i] = { i, "!" } end
    assert.equal(3000, while_waiting(function() return a:sendmany(list) end, function()
      list = nil
      while #got < 3000 do
        for _, m in ipairs(assert(b:recvmany(100, 20))) do got[#got + 1] = m[1] end
      end
    end))
    for i = 1, 3000 do assert.equal(i .. "!", got[i]) end
  end)

  it("waits with a short list of long messages, with addresses and control data", function()
    local transport = support.unix_datagram
    local a, b = transport.bound(), transport.bound()
    local to = b:getsockname()
    local list, got = {}, {}
    for i = 1, 60 do
      list[i] = { i .. " ", ("x"):rep(8000), address = to,
        control = i % 20 == 0 and { SCM_RIGHTS = { a } } or nil }
    end
    assert.equal(60, while_waiting(function() return a:sendmany(list) end, function()
      list = nil
      for i = 1, 60 do got[i] = assert(b:recvmsg(9000)) end
    end))
    for i, m in ipairs(got) do
      assert.equal(i .. " " .. ("x"):rep(8000), m[1])
      assert.equal(a:getsockname(), m.address)
      assert.equal(i % 20 == 0, m.control.SCM_RIGHTS ~= nil and keep(m.control.SCM_RIGHTS[1]) ~= nil)
    end
  end)

  it("waits in the middle of a message on a stream", function()
    for _, transport in ipairs(support.streams) do
      local a, b = transport.pair()
      local list = {}
      for i = 1, 20 do list[i] = { ("a"):rep(200000), i, ("b"):rep(100000) } end
      local expected = {}
      for i = 1, 20 do expected[i] = table.concat(list[i]) end
      expected = table.concat(expected)
      assert.equal(20, while_waiting(function()
        local count = a:sendmany(list)
        a:close()
        return count
      end, function()
        list = nil
        assert.equal(expected, support.drain(b))
      end))
    end
  end)

  it("says how many have gone when its time is over", function()
    local a, b = unix_pair("SOCK_SEQPACKET")
    local room = fill_with(a, "x")
    for _ = 1, room do b:recv(1) end
    local list = {}
    for i = 1, room + 10 do list[i] = "x" end
    a:settimeout(SHORT)
    assert.equal(room, while_waiting(function() return a:sendmany(list) end, function() end))
    assert_times_out("^sendmany", function() return a:sendmany(list) end)
  end)

  it("says how much of the next one has gone on a stream", function()
    local a, b = unix_pair("SOCK_STREAM")
    a:settimeout(10 * SHORT) -- time enough for a slow machine to begin
    local count, part = while_waiting(function()
      return a:sendmany({ "one", ("x"):rep(4000000), "three" })
    end, function() end)
    assert.equal(1, count)
    a:close()
    assert.equal(3 + part, #support.drain(b))
  end)
end)

describe("recvmany in a task", function()
  it("waits for a message, and gives what it gives elsewhere", function()
    for _, transport in ipairs(support.datagrams) do
      local a, b = transport.bound(), transport.bound()
      local to = b:getsockname()
      local function send()
        assert(a:sendmany({ { "one", address = to }, { "", address = to }, { "th", "ree", address = to } }))
      end
      local function shown(list)
        local copy = {}
        for i, m in ipairs(list) do copy[i] = plain(m) end
        return copy
      end
      send()
      local expected = shown(assert(b:recvmany(10, 4)))
      assert.equal(3, #expected)
      assert.same(expected, shown(while_waiting(function() return b:recvmany(10, 4) end, send)))
    end
  end)

  it("fails at its time limit", function()
    local a = support.udp4.bound()
    a:settimeout(SHORT)
    assert_times_out("^recvmany", function() return a:recvmany(10) end)
  end)

  it("takes turns with others though there is always something", function()
    local a, b = support.udp4.pair()
    local turns = 0
    net.run(function()
      local task = net.spawn(function()
        for _ = 1, 500 do
          assert(a:sendmany({ "x" }))
          assert(b:recvmany(1))
        end
      end)
      while task:status() ~= "done" do
        net.sleep(0)
        turns = turns + 1
      end
    end)
    assert.is_true(turns > 5, "only " .. turns)
  end)
end)

describe("sendfile in a task", function()
  local content = ("0123456789abcdef"):rep(5 * 65536) -- 5 MiB

  -- Sends while another task reads slowly; gives what sendfile gave.
  local function send_slowly(a, b, ...)
    local arguments = pack(...)
    local got = {}
    local result = pack(while_waiting(function()
      local results = pack(a:sendfile(unpack(arguments, 1, arguments.n)))
      a:close()
      return rest(results, 1)
    end, function()
      while true do
        local data = b:recv(100000)
        if not data then break end
        got[#got + 1] = data
        net.sleep(0)
      end
    end))
    return table.concat(got), rest(result, 1)
  end

  it("sends a long file to a slow reader", function()
    for _, transport in ipairs(support.streams) do
      local a, b = transport.pair()
      local file = support.file(content .. "the rest")
      local got, sent = send_slowly(a, b, file, nil, #content)
      assert.equal(#content, sent)
      assert.is_true(got == content)
      assert.equal("the rest", file:read("*a"))
    end
  end)

  it("sends from an offset, and leaves the position alone", function()
    local a, b = support.tcp4.pair()
    local file = support.file(content)
    assert.equal("0", file:read(1))
    local got, sent = send_slowly(a, b, file, 10)
    assert.equal(#content - 10, sent)
    assert.is_true(got == content:sub(11))
    assert.equal("1", file:read(1))
  end)

  it("sends what has no positions", function()
    local a, b = support.tcp4.pair()
    local path = support.path()
    local file = assert(io.open(path, "wb"))
    file:write(content)
    file:close()
    local got, sent = send_slowly(a, b, keep(io.popen("cat " .. path)))
    assert.equal(#content, sent)
    assert.is_true(got == content)
  end)

  it("says how much went when its time is over, and moves the position so far", function()
    local a, b = support.tcp4.pair()
    local file = support.file(content)
    a:settimeout(SHORT)
    local sent
    assert_times_out("^sendfile", function()
      local result = pack(a:sendfile(file))
      sent = result[4]
      return rest(result, 1)
    end)
    assert.equal(sent, file:seek())
    a:close()
    assert.equal(content:sub(1, sent), support.drain(b))
  end)

  it("does not wait when the time limit is 0", function()
    local a, b = unix_pair("SOCK_STREAM")
    local file = support.file(content)
    assert(a:settimeout(0))
    local value, message, code, sent = net.run(function() return a:sendfile(file) end)
    assert_fails("EAGAIN", "^sendfile", value, message, code)
    a:close()
    assert.equal(content:sub(1, sent), support.drain(b))
  end)

  it("fails when the file is closed meanwhile", function()
    local a, b = support.tcp4.pair()
    local file, sent = support.file(content), nil
    assert_fails("EBADF", "^sendfile", while_waiting(function()
      local result = pack(a:sendfile(file))
      sent = result[4]
      a:close()
      return rest(result, 1)
    end, function()
      file:close()
      assert.equal(content:sub(1, 100000), b:recv(100000, "MSG_WAITALL"))
      support.drain(b)
    end))
    assert.is_true(sent < #content)
  end)
end)

describe("poll in a task", function()
  it("waits, and the others go on", function()
    local a, b = support.tcp4.pair()
    local c, d = support.udp4.pair()
    local list = { a, c, { a, "POLLPRI" }, { d, "POLLIN" }, support.file("x"):close() and b }
    local result = while_waiting(function() return net.poll(list, 5) end, function()
      for _ = 1, 5 do net.sleep(0.001) end
      assert(d:send("x"))
    end)
    assert.equal(1, #result)
    assert.equal(c, result[1][1])
    assert.is_true(result[1].POLLIN)
    assert.is_nil(result[1].POLLOUT)
  end)

  it("tells every entry of one descriptor that is ready", function()
    local a, b = support.tcp4.pair()
    support.fill(a, b)
    local result = while_waiting(function()
      return net.poll({ { a, "POLLIN" }, { a, "POLLOUT" }, a, { a, "POLLIN|POLLOUT" } }, 5)
    end, function() assert(b:send("x")) end)
    local shown = {}
    for i, entry in ipairs(result) do
      assert.equal(a, entry[1])
      shown[i] = (entry.POLLIN and "in" or "") .. (entry.POLLOUT and "out" or "")
    end
    assert.same({ "in", "in", "in" }, shown)
    result = while_waiting(function()
      return net.poll({ { a, "POLLPRI" }, { a, "POLLOUT" } }, 5)
    end, function(task)
      repeat
        b:recv(1000000, "MSG_DONTWAIT")
        net.sleep(0)
      until task:status() ~= "waiting"
    end)
    assert.equal(1, #result)
    assert.is_true(result[1].POLLOUT)
  end)

  it("is ready at once when something is, and gives way to others", function()
    local a, b = support.udp4.pair()
    b:send("x")
    local turns = 0
    net.run(function()
      local task = net.spawn(function()
        for _ = 1, 500 do assert.equal(a, net.poll({ a, { support.udp4.bound(), 0 } }, 5)[1][1]) end
      end)
      while task:status() ~= "done" do
        net.sleep(0)
        turns = turns + 1
      end
    end)
    assert.is_true(turns > 5, "only " .. turns)
  end)

  it("fails at its time limit", function()
    local a = support.udp4.pair()
    assert_times_out("^poll: %l", function() return net.poll({ a }, SHORT) end)
    assert_times_out("^poll: %l", function() return net.poll({}, SHORT) end)
    net.run(function()
      assert_fails("timeout", "^poll: %l", net.poll({ a }, 0))
      assert_fails("timeout", "^poll: %l", net.poll({ a }, 1e-9))
    end)
  end)

  it("wakes when another task closes what it waits for", function()
    local a = support.udp4.pair()
    local b = support.udp4.pair()
    support.assert_takes(0, function()
      local result = while_waiting(function() return net.poll({ b, a }, 5) end, function()
        a:close()
      end)
      assert.equal(1, #result)
      assert.equal(a, result[1][1])
      assert.is_true(result[1].POLLNVAL)
    end)
  end)

  it("keeps its own list, whatever becomes of the one it was given", function()
    local a, b = support.udp4.pair()
    local list = { { a, "POLLIN" } }
    local result = while_waiting(function() return net.poll(list, 5) end, function()
      list[1][1], list[1], list = nil, nil, nil
      collectgarbage()
      b:send("x")
    end)
    assert.equal(a, result[1][1])
  end)

  it("may be asked by many at once for the same sockets", function()
    local a, b = support.udp4.pair()
    local count = 0
    net.run(function()
      local tasks = {}
      for i = 1, 5 do
        tasks[i] = net.spawn(function()
          assert.equal(a, net.poll({ a }, 5)[1][1])
          count = count + 1
        end)
      end
      until_waiting(tasks)
      b:send("x")
      for _, task in ipairs(tasks) do assert(task:join()) end
      assert.equal("x", a:recv(1))
    end)
    assert.equal(5, count)
  end)

  it("leaves no descriptor behind, however it ends", function()
    local a, b = support.udp4.pair()
    net.run(function()
      net.sleep(0)
      local before = census()
      local tasks = {
        net.spawn(function() net.poll({ a }, SHORT) end),
        net.spawn(function() net.poll({ a, b }) end),
        net.spawn(function() net.poll({ b }, 5) end),
      }
      until_waiting { tasks[2], tasks[3] }
      assert.not_equal(before, census())
      tasks[2]:cancel()
      a:send("x")
      for _, task in ipairs(tasks) do task:join() end
      assert.equal(before, census())
    end)
  end)

  it("looks now and then where there can be no poller of its own", function()
    local a, b = support.udp4.pair()
    net.run(function()
      net.sleep(0)
      for _, call in ipairs { "epoll_create", "epoll_ctl", "dup" } do
        fault.clear()
        fault.fail(call, "EMFILE")
        local task = net.spawn(function() return net.poll({ a }, 5) end)
        net.sleep(SHORT)
        assert.equal("waiting", task:status())
        assert(b:send("x"))
        local _, result = task:join()
        assert.equal(a, result[1][1])
        assert.equal("x", a:recv(10))
        assert.is_true(fault.count("poll") < 50, "it spins")
        fault.fail(call, "EMFILE")
        assert_fails("timeout", "^poll", net.poll({ a }, SHORT))
      end
    end)
  end)

  it("runs the tasks when the main program waits in it", function()
    local a, b = support.udp4.pair()
    local turns = 0
    local task = net.spawn(function()
      for _ = 1, 5 do
        net.sleep(0.002)
        turns = turns + 1
      end
      b:send("x")
    end)
    assert.equal(a, net.poll({ a }, 5)[1][1])
    assert.equal(5, turns)
    assert(task:join())
  end)

  it("knows other things that have descriptors", function()
    local path = process.quote(support.path())
    assert(select(2, process.run("mkfifo " .. path)))
    local pipe = keep(io.popen("cat " .. path))
    local a = support.udp4.pair()
    local result = while_waiting(function() return net.poll({ a, pipe }, 5) end, function()
      process.run("echo x >" .. path)
    end)
    assert.equal(pipe, result[1][1])
    net.run(function()
      local file = support.file("x")
      assert.equal(file, net.poll({ a, file }, 5)[1][1])
      assert_fails("timeout", "^poll", net.poll({ a, { file, 0 } }, SHORT))
    end)
  end)
end)
