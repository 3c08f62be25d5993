-- poll_spec.lua - net.poll: many sockets and other things at once.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- A list of results as text: "2 POLLIN POLLOUT, 5 POLLIN", objects by their
-- place in `objects`.
local function shown(ready, objects)
  local place, list = {}, {}
  for i, object in ipairs(objects) do place[object] = i end
  for _, entry in ipairs(ready) do
    local events = {}
    for key, value in pairs(entry) do
      if key ~= 1 then
        assert.is_true(value)
        events[#events + 1] = key
      end
    end
    table.sort(events)
    list[#list + 1] = assert(place[entry[1]]) .. " " .. table.concat(events, " ")
  end
  return table.concat(list, ", ")
end

describe("poll", function()
  for _, transport in ipairs(support.all) do
    describe(transport.name, function()
      it("tells which sockets have something to read", function()
        local a, b = transport.pair()
        local c, d = transport.pair()
        assert(b:send("x"))
        local list = { a, b, c, d }
        assert.equal("1 POLLIN", shown(net.poll(list, 5), list))
        assert(d:send("x"))
        support.eventually(function() return #net.poll(list, 5) == 2 end)
        assert.equal("1 POLLIN, 3 POLLIN", shown(net.poll(list, 5), list))
        a:recv(1)
        assert.equal("3 POLLIN", shown(net.poll(list, 5), list))
        c:recv(1)
        assert_fails("timeout", "^poll: %l", net.poll(list, 0))
      end)

      it("tells which sockets have room", function()
        local a, b = transport.pair()
        assert.equal("1 POLLOUT", shown(net.poll({ { a, "POLLOUT" } }, 5), { a }))
        if transport.stream or not transport.inet then
          support.fill(a, b)
          assert_fails("timeout", "^poll", net.poll({ { a, "POLLOUT" } }, 0))
          b:settimeout(0.2)
          support.eventually(function()
            b:recv(65536)
            return net.poll({ { a, "POLLOUT" } }, 0)
          end)
        end
      end)

      it("asks for several events", function()
        local a, b = transport.pair()
        assert(b:send("x"))
        assert(net.poll({ a }, 5))
        for _, events in ipairs {
          "POLLIN|POLLOUT", { "POLLIN", "POLLOUT" }, 5, { "POLLIN", 4 },
        } do
          assert.equal("1 POLLIN POLLOUT", shown(net.poll({ { a, events } }, 5), { a }))
        end
        assert.equal("1 POLLIN", shown(net.poll({ { a } }, 5), { a }))
      end)

      it("ends with \"timeout\" at its limit, not before", function()
        local a, b = transport.pair()
        for _, seconds in ipairs { 0, 0.05, 1e-9 } do
          support.assert_takes(seconds, function()
            assert_fails("timeout", "^poll: %l", net.poll({ a, b }, seconds))
          end)
        end
      end)
    end)
  end

  for _, transport in ipairs(support.streams) do
    describe(transport.name, function()
      it("tells that a client waits", function()
        local listener, client = transport.listener(), transport.socket()
        assert_fails("timeout", "^poll", net.poll({ listener }, 0))
        assert(client:connect(listener:getsockname()))
        assert.equal("1 POLLIN", shown(net.poll({ listener }, 5), { listener }))
        keep(listener:accept())
        assert_fails("timeout", "^poll", net.poll({ listener }, 0))
      end)

      it("tells that the peer has closed", function()
        local a, b = transport.pair()
        b:close()
        local ready = assert(net.poll({ { a, "POLLIN|POLLRDHUP" } }, 5))
        assert.is_true(ready[1].POLLIN)
        assert.is_true(ready[1].POLLRDHUP)
      end)

      it("tells that both directions have ended, even if not asked", function()
        local a, b = transport.pair()
        a:shutdown("SHUT_WR")
        b:close()
        local ready = assert(net.poll({ { a, 0 } }, 5))
        assert.equal(a, ready[1][1])
        assert.is_true(ready[1].POLLHUP)
      end)
    end)
  end

  it("tells an error, even if not asked", function()
    local gone, a = support.udp4.bound(), support.udp4.bound()
    assert(a:connect(gone:getsockname()))
    gone:close()
    assert(a:send("x"))
    local ready = assert(net.poll({ { a, 0 } }, 5))
    assert.is_true(ready[1].POLLERR)
    assert.equal("ECONNREFUSED", a:getsockopt("SO_ERROR"))
  end)

  it("keeps the order of the list, and takes one object twice", function()
    local list = {}
    for i = 1, 10 do
      local a, b = keep(net.socketpair())
      if i % 3 == 0 then assert(b:send("x")) end
      list[i] = a
    end
    assert.equal("3 POLLIN, 6 POLLIN, 9 POLLIN", shown(net.poll(list, 5), list))
    local a = list[3]
    local ready = assert(net.poll({ a, { a, "POLLOUT" }, a }, 5))
    assert.equal("1 POLLIN, 1 POLLOUT, 1 POLLIN", shown(ready, { a }))
  end)

  it("leaves the list as it is", function()
    local a, b = keep(net.socketpair())
    local entry = { b, "POLLOUT" }
    local list = { a, entry }
    local ready = assert(net.poll(list, 5))
    assert.equal(b, ready[1][1])
    assert.equal(2, #list)
    assert.equal(a, list[1])
    assert.equal(entry, list[2])
    assert.same({ b, "POLLOUT" }, entry)
  end)

  it("takes hundreds of sockets", function()
    local list, peers = {}, {}
    for i = 1, 300 do list[i], peers[i] = keep(net.socketpair()) end
    assert_fails("timeout", "^poll", net.poll(list, 0))
    for i = 7, 300, 50 do assert(peers[i]:send("x")) end
    assert.equal("7 POLLIN, 57 POLLIN, 107 POLLIN, 157 POLLIN, 207 POLLIN, 257 POLLIN",
      shown(net.poll(list, 5), list))
    for i = 1, 300 do assert(peers[i]:send("x")) end
    assert.equal(300, #assert(net.poll(list, 5)))
  end)

  it("takes as many entries as there can be descriptors", function()
    local a, b = keep(net.socketpair())
    assert(b:send("x"))
    local list = {}
    for i = 1, 1000 do list[i] = { a, "POLLIN|POLLOUT" } end
    local ready = assert(net.poll(list, 5))
    assert.equal(1000, #ready)
    assert.is_true(ready[1000].POLLIN and ready[1000].POLLOUT)
  end)

  it("takes descriptors above 1024", function()
    local a, b = keep(net.socketpair())
    local high
    for _ = 1, 1100 do
      high = a:dup()
      if not high then break end -- the process may have no more
      keep(high)
    end
    if high then assert(high:fileno() > 1024) end
    local last = high or a
    assert_fails("timeout", "^poll", net.poll({ last }, 0))
    assert(b:send("x"))
    assert.equal("1 POLLIN", shown(net.poll({ last }, 5), { last }))
    assert.equal("x", last:recv(1))
    last:settimeout(0.01)
    assert_fails("timeout", "^recv", last:recv(1)) -- which waits as well
  end)

  it("takes numbers, io files, and objects with fileno or getfd", function()
    local a, b = keep(net.socketpair())
    assert(b:send("x"))
    local fd = a:fileno()
    local object = { fileno = function(self) return self.number end, number = fd }
    local class = { __index = { getfd = function() return fd end } }
    local other = setmetatable({}, class)
    local nested = setmetatable({ a }, { __index = { fileno = function() return 0 end } })
    local file = keep(io.popen("echo text"))
    local list = { a, fd, object, other, file }
    support.eventually(function() return #net.poll(list, 5) == 5 end)
    local ready = assert(net.poll(list, 5))
    for i = 1, 5 do
      assert.equal(list[i], ready[i][1])
      assert.is_true(ready[i].POLLIN)
    end
    assert(nested)
    ready = assert(net.poll({ { object, "POLLOUT" }, { fd, "POLLOUT" } }, 5))
    assert.equal(object, ready[1][1])
    assert.is_true(ready[1].POLLOUT)
    assert.equal(fd, ready[2][1])
  end)

  it("says POLLNVAL of what is closed, and does not wait", function()
    local a, b = keep(net.socketpair()), keep(net.socketpair())
    local fd = 2 ^ 31 - 1 -- more than anybody has
    a:close()
    local file = support.file("x")
    file:close()
    local object = { fileno = function() return nil end }
    local list = { a, b, fd, file, object }
    assert.equal("1 POLLNVAL, 3 POLLNVAL, 4 POLLNVAL, 5 POLLNVAL",
      shown(net.poll({ a, { b, 0 }, fd, file, object }), list))
  end)

  it("waits for nothing with an empty list", function()
    support.assert_takes(0.01, function() assert_fails("timeout", "^poll", net.poll({}, 0.01)) end)
  end)

  it("raises for what cannot be polled", function()
    local a = keep(net.socketpair())
    for _, wrong in ipairs { "x", true, print, {}, -2, 1.5, net.address("127.0.0.1:1") } do
      assert_raises("bad argument", net.poll, { a, wrong }, 0)
      assert_raises("bad argument", net.poll, { a, { wrong, "POLLIN" } }, 0)
    end
    for _, wrong in ipairs { "x", true, 1, a } do
      assert_raises("bad argument #1", net.poll, wrong)
    end
    assert_raises("bad argument #1", net.poll)
  end)

  it("raises for events that are none, and lists the valid ones", function()
    local a = keep(net.socketpair())
    assert_raises("POLLFOO.*POLLOUT", net.poll, { { a, "POLLFOO" } }, 0)
    assert_raises("bad argument", net.poll, { { a, true } }, 0)
    assert_raises("bad argument", net.poll, { { a, 1.5 } }, 0)
  end)

  it("raises for a limit that is none", function()
    local a = keep(net.socketpair())
    for _, wrong in ipairs { -1, "1", true, 0 / 0 } do
      assert_raises("bad argument #2", net.poll, { a }, wrong)
    end
  end)

  it("passes on an error of a fileno method", function()
    local a = keep(net.socketpair())
    local object = { fileno = function() error("no number today", 0) end }
    assert_raises("no number today", net.poll, { a, object }, 0)
  end)

  it("survives a fileno method that changes the list or closes sockets", function()
    local a, b = keep(net.socketpair())
    local c, d = keep(net.socketpair())
    local list = {}
    list[1] = c
    list[2] = { fileno = function(self)
      for i = 3, 200 do list[i] = nil end
      list[1] = nil
      c:close()
      d:close()
      collectgarbage()
      return self.socket:fileno()
    end, socket = a }
    for i = 3, 200 do list[i] = a end
    assert(b:send("x"))
    -- what comes of it does not matter, as long as it comes
    pcall(net.poll, list, 0.1)
    assert.equal("x", a:recv(1))
  end)

  it("wakes when something comes, with or without a limit", function()
    local listener = support.tcp4.listener()
    support.child(([[
      local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
      assert(s:connect(%q))
      for i = 1, 2 do
        net.poll({}, 0.02)
        s:send("x")
        s:recv(1)
      end
      s:recv(1)
    ]]):format(tostring(listener:getsockname())))
    assert.equal("1 POLLIN", shown(net.poll({ listener }), { listener }))
    local conn = keep(listener:accept())
    assert.equal("1 POLLIN", shown(net.poll({ conn }), { conn }))
    assert(conn:recv(1) and conn:send("y"))
    assert.equal("1 POLLIN", shown(net.poll({ conn }, 10), { conn }))
  end)

  it("takes a limit that is longer than poll can count", function()
    local a, b = keep(net.socketpair())
    assert(b:send("x"))
    for _, seconds in ipairs { 1e7, 1e10, 1e300, math.huge } do
      assert.equal("1 POLLIN", shown(net.poll({ a }, seconds), { a }))
    end
  end)

  it("leaves nothing behind", function()
    local a, b = keep(net.socketpair())
    assert(b:send("x"))
    local list = { { a, "POLLIN|POLLOUT" }, b }
    net.poll(list, 0)
    collectgarbage()
    collectgarbage()
    local before = collectgarbage("count")
    for _ = 1, 1000 do assert(net.poll(list, 0)) end
    collectgarbage()
    collectgarbage()
    assert(collectgarbage("count") - before < 16)
  end)
end)
