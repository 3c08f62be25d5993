-- transfer_spec.lua - data: send, recv, sendto, recvfrom, sendfile; how streams
-- end, how datagrams keep their borders.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local where = support.where
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- Every byte there is, in no simple order.
local binary = {}
for i = 0, 255 do binary[i + 1] = string.char(i * 7 % 256) end
binary = table.concat(binary)

for _, transport in ipairs(support.all) do
  describe(transport.name, function()
    it("carries all bytes both ways", function()
      local a, b = transport.pair()
      assert.equal(256, a:send(binary))
      assert.equal(binary, b:recv(1000))
      assert.equal(256, b:send(binary))
      assert.equal(binary, a:recv(1000))
    end)

    it("shows with MSG_PEEK what recv gives after", function()
      local a, b = transport.pair()
      assert(a:send("data"))
      assert.equal("da", b:recv(2, "MSG_PEEK"))
      assert.equal("data", b:recv(10, "MSG_PEEK"))
      assert.equal("data", (b:recvfrom(10, "MSG_PEEK")))
      assert.equal("data", b:recv(10))
    end)

    it("takes flags as names, joined names, integers and lists", function()
      local a, b = transport.pair()
      local PEEK, DONTWAIT = 2, 64 -- Linux
      assert(a:send("data", "MSG_DONTWAIT", "MSG_NOSIGNAL"))
      assert(net.poll({ b }, 5))
      assert.equal("data", b:recv(10, "MSG_PEEK", "MSG_DONTWAIT"))
      assert.equal("data", b:recv(10, "MSG_PEEK|MSG_DONTWAIT"))
      assert.equal("data", b:recv(10, PEEK + DONTWAIT))
      assert.equal("data", b:recv(10, PEEK, DONTWAIT))
      assert.equal("data", b:recv(10, { "MSG_PEEK", "MSG_DONTWAIT" }))
      assert.equal("data", b:recv(10, { "MSG_PEEK|MSG_DONTWAIT", PEEK }))
      assert.equal("data", b:recv(10, "MSG_PEEK", nil))
      assert.equal("data", b:recv(10, nil))
      assert_fails("EAGAIN", "^recv", b:recv(10, { "MSG_PEEK", DONTWAIT }))
    end)

    it("gives no more than was asked for", function()
      local a, b = transport.pair()
      assert(a:send("0123456789"))
      assert(a:send("next"))
      assert.equal("012", b:recv(3))
      assert.equal(transport.stream and "345" or "nex", b:recv(3))
    end)

    it("gives no more than was asked for with MSG_TRUNC either", function()
      local a, b = transport.pair()
      assert(a:send(("secret "):rep(100)))
      assert.equal(700, #b:recv(1000)) -- what might be left in a buffer
      assert(a:send(("x"):rep(500)))
      local data = b:recv(3, "MSG_TRUNC")
      assert.equal(3, #data)
      assert.is_nil(data:find("s", 1, true))
    end)

    it("has no use for a size that is none", function()
      local a, b = transport.pair()
      assert(a:send("data"))
      for _, wrong in ipairs { -1, -2 ^ 31, 1.5, 2 ^ 53, 1e300, 0 / 0, "x", true, {} } do
        assert_raises("bad argument", b.recv, b, wrong)
        assert_raises("bad argument", b.recvfrom, b, wrong)
      end
      assert_raises("bad argument", b.recv, b)
      assert_raises("bad argument", b.recvfrom, b)
      assert.equal("data", b:recv(10))
    end)

    it("has no use for data that are none, or flags that are none", function()
      local a, b = transport.pair()
      for _, wrong in ipairs { true, {}, print } do
        assert_raises("bad argument", a.send, a, wrong)
        assert_raises("bad argument", a.send, a, "x", wrong == true and true or print)
      end
      assert_raises("bad argument", a.send, a)
      assert_raises("MSG_FOO.*MSG_PEEK", a.send, a, "x", "MSG_FOO")
      assert_raises("MSG_FOO", b.recv, b, 1, "MSG_PEEK|MSG_FOO")
      assert_raises("unknown", b.recv, b, 1, "MSG_PEEK|")
      assert_raises("unknown", b.recv, b, 1, "")
      assert_raises("bad argument", b.recv, b, 1, 1.5)
      assert_raises("bad argument", b.recv, b, 1, 2 ^ 40)
      assert_raises("bad argument", b.recv, b, 1, { { "MSG_PEEK" } })
      b:settimeout(0)
      assert_fails("EAGAIN", "^recv", b:recv(1)) -- nothing was sent
    end)

    it("gives \"\" for recv(0), which takes nothing from a stream", function()
      local a, b = transport.pair()
      assert(a:send("one"))
      assert(a:send("two"))
      assert.equal("", b:recv(0))
      assert.equal(transport.stream and "onetwo" or "two", b:recv(10))
    end)

    it("asks for much without needing much", function()
      local a, b = transport.pair()
      assert(a:send("little"))
      assert.equal("little", b:recv(10 * 1024 * 1024))
      collectgarbage()
      collectgarbage()
      local before = collectgarbage("count")
      for _ = 1, 200 do
        assert(a:send("little"))
        assert.equal("little", b:recv(100000))
      end
      collectgarbage()
      collectgarbage()
      assert(collectgarbage("count") - before < 64)
    end)
  end)
end

describe("a stream", function()
  for _, transport in ipairs(support.streams) do
    describe(transport.name, function()
      it("can be received in pieces", function()
        local a, b = transport.pair()
        assert(a:send("0123456789"))
        assert.equal("012", b:recv(3))
        assert.equal("3", b:recv(1))
        assert.equal("456789", b:recv(100))
      end)

      it("joins what was sent in pieces", function()
        local a, b = transport.pair()
        for i = 0, 9 do assert(a:send(tostring(i))) end
        b:settimeout(5)
        local text = ""
        while #text < 10 do text = text .. b:recv(100) end
        assert.equal("0123456789", text)
      end)

      it("carries more than its buffers hold", function()
        local a, b = transport.pair()
        local text = binary:rep(16 * 1024) -- 4 MiB
        local parts, sent, got = {}, 0, 0
        a:settimeout(0)
        b:settimeout(5)
        while got < #text do
          local count = sent < #text and a:send(text:sub(sent + 1, sent + 300000))
          sent = sent + (count or 0)
          if sent > got then
            local data = assert(b:recv(65536))
            got = got + #data
            parts[#parts + 1] = data
          end
        end
        assert(text == table.concat(parts))
      end)

      it("takes a part, and says so, when all does not fit", function()
        local a, b = transport.pair()
        a:settimeout(0)
        local count = a:send(("x"):rep(32 * 1024 * 1024))
        if not count then return end -- a unix socket may take all or nothing
        assert(count > 0 and count < 32 * 1024 * 1024)
        a:close()
        assert.equal(count, #support.drain(b))
      end)

      it("returns nil, message, \"eof\" after the peer closes, again and again", function()
        local a, b = transport.pair()
        assert(a:send("last words"))
        assert(a:close())
        assert.equal("last words", b:recv(100))
        for _ = 1, 3 do
          assert_fails("eof", "^recv.*: %l", b:recv(100))
          assert_fails("eof", "^recvfrom.*: %l", b:recvfrom(100))
        end
      end)

      it("gives \"\" for recv(0) at its end too", function()
        local a, b = transport.pair()
        a:close()
        assert_fails("eof", "^recv", b:recv(1))
        assert.equal("", b:recv(0))
      end)

      it("takes no bytes as nothing", function()
        local a, b = transport.pair()
        assert.equal(0, a:send(""))
        b:settimeout(0)
        assert_fails("EAGAIN", "^recv", b:recv(10))
      end)

      it("gives no address with recvfrom unless the kernel does", function()
        local a, b = transport.pair()
        assert(a:send("data"))
        local data, from = b:recvfrom(10)
        assert.equal("data", data)
        assert.is_nil(from)
      end)

      it("ends in one direction with SHUT_WR", function()
        local a, b = transport.pair()
        assert(a:send("question"))
        assert.is_true(a:shutdown("SHUT_WR"))
        assert.equal("question", b:recv(100))
        assert_fails("eof", "^recv", b:recv(100))
        assert_fails("EPIPE", "^send", a:send("more"))
        assert.equal(6, b:send("answer"))
        assert.equal("answer", a:recv(100))
        assert(b:shutdown("SHUT_WR"))
        assert_fails("eof", "^recv", a:recv(100))
      end)

      it("ends for the reader with SHUT_RD", function()
        local a, b = transport.pair()
        assert.is_true(a:shutdown("SHUT_RD"))
        assert_fails("eof", "^recv", a:recv(100))
        assert.equal(1, a:send("x"))
        assert.equal("x", b:recv(1))
      end)

      it("ends both ways with SHUT_RDWR, which is not close", function()
        local a, b = transport.pair()
        assert.is_true(a:shutdown("SHUT_RDWR"))
        assert_fails("eof", "^recv", b:recv(1))
        assert_fails("eof", "^recv", a:recv(1))
        assert_fails("EPIPE", "^send", a:send("x"))
        assert.is_true(a:close())
      end)

      it("fails with EPIPE or ECONNRESET, not by a signal, when the peer is gone", function()
        local a, b = transport.pair()
        b:close()
        local code, message
        support.eventually(function()
          message, code = select(2, a:send("x"))
          return code
        end)
        assert_fails(code, "^send", nil, message, code)
        assert(code == "EPIPE" or code == "ECONNRESET", code)
        assert_fails("EPIPE", "^send", a:send("x"))
        assert_fails("EPIPE", "^sendmsg", a:sendmsg({ "x" }))
        assert_fails("EPIPE", "^sendmany", a:sendmany({ "x" }))
      end)
    end)
  end

  for _, transport in ipairs(support.streams) do
    if transport.inet then
      it("that is reset fails with ECONNRESET once: " .. transport.name, function()
        local a, b = transport.pair()
        local name = a:getsockname()
        assert(a:setsockopt("SO_LINGER", 0))
        assert(a:close())
        assert_fails("ECONNRESET", where("recv", name, "Connection reset by peer$"), b:recv(1))
        assert_fails("eof", where("recv", name, "%l"), b:recv(1))
        assert_fails("EPIPE", where("send", name), b:send("x"))
        assert_fails("ENOTCONN", "^shutdown", b:shutdown("SHUT_WR"))
        assert.is_true(b:close())
      end)

      it("loses what came before a reset, or gives it: " .. transport.name, function()
        local a, b = transport.pair()
        assert(b:send("never read"))
        assert(a:send("before"))
        assert(a:close()) -- unread data: a reset
        local data, _, code = b:recv(100)
        assert(data == "before" or code == "ECONNRESET", code)
      end)

      it("has urgent data: " .. transport.name, function()
        local a, b = transport.pair()
        assert.equal(1, a:send("!", "MSG_OOB"))
        assert(net.poll({ { b, "POLLPRI" } }, 5))
        assert.equal("!", b:recv(1, "MSG_OOB"))
      end)

      it("fails with ENOTCONN or EPIPE before it is connected: " .. transport.name, function()
        local s = transport.socket()
        assert_fails("ENOTCONN", "^recv.*: %u", s:recv(1))
        assert_fails("EPIPE", "^send.*: %u", s:send("x"))
      end)
    end
  end

  it("of a listener cannot be read", function()
    for _, transport in ipairs(support.streams) do
      local listener = transport.listener()
      local code = select(3, listener:recv(1))
      assert(code == "ENOTCONN" or code == "EINVAL", code)
    end
  end)
end)

describe("shutdown", function()
  it("takes numbers", function()
    for how = 0, 2 do
      local a = keep(net.socketpair())
      assert.is_true(a:shutdown(how))
    end
  end)

  it("raises for an unknown name, and lists the valid ones", function()
    local a = keep(net.socketpair())
    assert_raises("SHUT_FOO.*SHUT_RDWR", a.shutdown, a, "SHUT_FOO")
    for _, wrong in ipairs { 2 ^ 31, -2 ^ 31 - 1, 1.5, true, {} } do
      assert_raises("bad argument", a.shutdown, a, wrong)
    end
    assert_raises("bad argument", a.shutdown, a)
  end)

  it("fails with EINVAL for a number that is none", function()
    local a = keep(net.socketpair())
    assert_fails("EINVAL", "^shutdown.*: %u", a:shutdown(3))
    assert_fails("EINVAL", "^shutdown.*: %u", a:shutdown(2 ^ 31 - 1))
  end)
end)

describe("a datagram socket", function()
  for _, transport in ipairs(support.datagrams) do
    describe(transport.name, function()
      it("keeps the borders of datagrams", function()
        local a, b = transport.pair()
        for _, text in ipairs { "one", "two", "three" } do assert(a:send(text)) end
        for _, text in ipairs { "one", "two", "three" } do assert.equal(text, b:recv(100)) end
      end)

      it("gives \"\" for a datagram of no bytes, which is no end", function()
        local a, b = transport.pair()
        assert.equal(0, a:send(""))
        assert.equal("", b:recv(100))
        assert.equal(0, a:send(""))
        assert.equal("", (b:recvfrom(100)))
        assert.equal(1, a:send("x"))
        assert.equal("x", b:recv(100))
      end)

      it("cuts a datagram that is longer than asked for, and drops the rest", function()
        local a, b = transport.pair()
        assert(a:send("0123456789"))
        assert(a:send("next"))
        assert.equal("0123", b:recv(4))
        assert.equal("next", b:recv(4))
      end)

      it("says who sent, and can answer", function()
        local a, b = transport.bound(), transport.bound()
        assert.equal(4, a:sendto("ping", b:getsockname()))
        local data, from = b:recvfrom(100)
        assert.equal("ping", data)
        assert.equal(a:getsockname(), from)
        assert.equal(4, b:sendto("pong", from))
        data, from = a:recvfrom(100)
        assert.equal("pong", data)
        assert.equal(b:getsockname(), from)
      end)

      it("sends to an address in each of its forms", function()
        local a, b = transport.bound(), transport.bound()
        local name = b:getsockname()
        local forms = { { name }, { tostring(name) }, {
          { family = name.family, host = name.host, port = name.port, path = name.path },
        } }
        if transport.inet then forms[#forms + 1] = { name.host, name.port } end
        for _, form in ipairs(forms) do
          assert.equal(1, a:sendto("x", form[1], form[2]))
          assert.equal("x", b:recv(10))
        end
        if transport.inet then
          assert.equal(1, a:sendto("y", name.host, name.port, "MSG_DONTWAIT", "MSG_NOSIGNAL"))
          assert.equal("y", b:recv(10))
        end
        assert.equal(1, a:sendto("z", name, "MSG_DONTWAIT"))
        assert.equal("z", b:recv(10))
      end)

      it("fails without an address when it is not connected", function()
        local a = transport.bound()
        local code = select(3, a:send("x"))
        assert(code == "EDESTADDRREQ" or code == "ENOTCONN", code)
      end)

      it("fails with EINVAL for what is no address", function()
        local a = transport.bound()
        if transport.inet then
          assert_fails("EINVAL", "^sendto .*nonsense.*: ", a:sendto("x", "nonsense"))
          assert_fails("EINVAL", "^sendto .*: ", a:sendto("x", transport.host, -1))
          assert_fails("EINVAL", "^sendto .*: ", a:sendto("x", transport.host, 65536))
        else
          assert_fails("EINVAL", "^sendto .*: ", a:sendto("x", ("x"):rep(200)))
        end
        assert_raises("bad argument", a.sendto, a, "x")
        assert_raises("bad argument", a.sendto, a, "x", true)
      end)

      it("fails with EMSGSIZE for too much, and names the peer", function()
        local a, b = transport.bound(), transport.bound()
        local name = b:getsockname()
        local text = ("x"):rep(transport == support.udp4 and 65508 or 8 * 1024 * 1024)
        assert_fails("EMSGSIZE", where("sendto", name), a:sendto(text, name))
        assert(a:connect(name))
        assert_fails("EMSGSIZE", where("send", name), a:send(text))
        assert.equal(1, a:send("x"))
        assert.equal("x", b:recv(10))
      end)
    end)
  end

  for _, case in ipairs { { support.udp4, 65507 }, { support.udp6, 65527 } } do
    local transport, most = case[1], case[2]
    if support.ipv6 or transport == support.udp4 then
      it("carries the longest datagram: " .. transport.name, function()
        local a, b = transport.pair()
        assert.equal(most, a:send(("x"):rep(most)))
        assert.equal(most, #b:recv(70000))
        assert_fails("EMSGSIZE", "^send", a:send(("x"):rep(most + 1)))
      end)

      it("learns that nobody is there, once, and stays usable: " .. transport.name, function()
        local gone, a = transport.bound(), transport.bound()
        local name = gone:getsockname()
        assert(a:connect(name))
        gone:close()
        for _, call in ipairs { "recv", "recvfrom" } do
          assert.equal(1, a:send("x"))
          a:settimeout(5)
          assert_fails("ECONNREFUSED", where(call, name, "Connection refused$"), a[call](a, 10))
          a:settimeout(0)
          assert_fails("EAGAIN", "^recv", a:recv(10))
        end
        assert.equal(1, a:send("x"))
        assert(net.poll({ a }, 5)) -- it is there: the next call tells, also if it sends
        assert_fails("ECONNREFUSED", where("send", name), a:send("x"))
        local b = transport.bound()
        assert(a:connect(b:getsockname()))
        assert.equal(5, a:send("hello"))
        assert.equal("hello", b:recv(10))
      end)
    end
  end

  it("fails with ECONNREFUSED or ENOENT when a unix peer is gone", function()
    local a, b = support.unix_datagram.bound(), support.unix_datagram.bound()
    local name = b:getsockname()
    b:close()
    assert_fails("ECONNREFUSED", where("sendto", name), a:sendto("x", name))
    os.remove(name.path)
    assert_fails("ENOENT", where("sendto", name), a:sendto("x", name))
  end)

  it("fails with EACCES for a broadcast address unless SO_BROADCAST is set", function()
    local a = support.udp4.bound() -- on loopback: nothing leaves this machine
    assert_fails("EACCES", "^connect 127%.255%.255%.255:9: %u", a:connect("127.255.255.255:9"))
    assert(a:setsockopt("SO_BROADCAST", true))
    assert.is_true(a:connect("127.255.255.255:9"))
  end)
end)

describe("sendfile", function()
  local text = binary:rep(8)

  for _, transport in ipairs(support.streams) do
    describe(transport.name, function()
      local function sent(...)
        local a, b = transport.pair()
        local count, message, code = a:sendfile(...)
        assert(count, message)
        assert.is_nil(code)
        a:close()
        return count, support.drain(b)
      end

      it("sends a whole file", function()
        local count, got = sent(support.file(text))
        assert.equal(#text, count)
        assert(got == text)
      end)

      it("sends an empty file", function()
        local count, got = sent(support.file(""))
        assert.equal(0, count)
        assert.equal("", got)
      end)

      it("sends from an offset", function()
        local count, got = sent(support.file(text), 1000)
        assert.equal(#text - 1000, count)
        assert(got == text:sub(1001))
      end)

      it("sends a count of bytes, and no more", function()
        for _, many in ipairs { 0, 1, 100, #text } do
          local count, got = sent(support.file(text), 0, many)
          assert.equal(many, count)
          assert(got == text:sub(1, many))
        end
      end)

      it("sends a count of bytes from an offset", function()
        local count, got = sent(support.file(text), 5, 10)
        assert.equal(10, count)
        assert(got == text:sub(6, 15))
      end)

      it("sends what there is when the file is shorter", function()
        local count, got = sent(support.file("short"), 2, 1000)
        assert.equal(3, count)
        assert.equal("ort", got)
        assert.equal(0, (sent(support.file("short"), 5)))
        assert.equal(0, (sent(support.file("short"), 1000)))
        assert.equal(0, (sent(support.file("short"), 2 ^ 40, 10)))
      end)

      it("begins where the file stands, and moves it on", function()
        local file = support.file("first line\nsecond line\nthird line\n")
        assert.equal("first line", file:read("*l"))
        local count, got = sent(file, nil, 12)
        assert.equal(12, count)
        assert.equal("second line\n", got)
        assert.equal("third line", file:read("*l"))
        file:seek("set", 6)
        count, got = sent(file)
        assert.equal(28, count)
        assert.equal("line\nsecond line\nthird line\n", got)
        assert.is_nil(file:read("*l"))
      end)

      it("leaves the file where it is when it is given an offset", function()
        local file = support.file("first line\nsecond line\n")
        assert.equal("first line", file:read("*l"))
        local _, got = sent(file, 6, 4)
        assert.equal("line", got)
        assert.equal("second line", file:read("*l"))
      end)

      it("sends what was written to the file just before", function()
        local file = keep(io.tmpfile())
        assert(file:write("written"))
        local count, got = sent(file, 0)
        assert.equal(7, count)
        assert.equal("written", got)
        assert(file:seek("set", 0))
        assert(file:write("W"))
        count, got = sent(file, 0)
        assert.equal(7, count)
        assert.equal("Written", got)
      end)

      it("sends a pipe's content", function()
        local pipe = io.popen("printf 'line 1\nline 2\nline 3\n'")
        assert.equal("line 1", pipe:read("*l")) -- which reads ahead
        local count, got = sent(pipe)
        pipe:close()
        assert.equal(14, count)
        assert.equal("line 2\nline 3\n", got)
      end)

      it("fails for an offset into a pipe", function()
        local a = transport.pair()
        local pipe = io.popen("echo text")
        local value, message, code, count = a:sendfile(pipe, 2)
        pipe:close()
        assert_fails("ESPIPE", "^sendfile.*: %u", value, message, code)
        assert.equal(0, count)
      end)

      it("sends more than the buffers hold to a peer that reads", function()
        local listener = transport.listener()
        local child = support.child(([[
          local s = assert(net.socket(%q, "SOCK_STREAM"))
          assert(s:connect(%q))
          local count, zeros = 0, 0
          while true do
            local data = s:recv(100000)
            if not data then break end
            count = count + #data
            zeros = zeros + select(2, data:gsub("%%z", ""))
          end
          say(count, zeros)
        ]]):format(transport.domain, tostring(listener:getsockname())))
        local conn = keep(listener:accept())
        local many = 16 * 1024
        assert.equal(256 * many, conn:sendfile(support.file(binary:rep(many))))
        conn:close()
        assert.equal(("%d %d"):format(256 * many, many), child:line())
      end)

      it("reports the bytes that went before a failure", function()
        local a, b = transport.pair()
        a:settimeout(0)
        local value, message, code, count = a:sendfile(support.file(binary:rep(64 * 1024)))
        assert_fails("EAGAIN", "^sendfile.*: %u", value, message, code)
        a:close()
        assert.equal(count, #support.drain(b))
        assert(count > 0)
      end)
    end)
  end

  it("takes a descriptor's number, or an object that has one", function()
    local a, b = keep(net.socketpair())
    local free = assert(net.socketpair())
    local fd = free:fileno()
    free:close()
    keep(support.file("text")) -- the lowest free number, so it is `fd`
    assert.equal(4, a:sendfile(fd, 0))
    assert.equal("text", b:recv(10))
    assert.equal(2, a:sendfile({ fileno = function() return fd end }, 2))
    assert.equal("xt", b:recv(10))
    for _, part in ipairs { "tex", "t" } do -- from where it stands, which moves on
      assert.equal(#part, a:sendfile(fd, nil, 3))
      assert.equal(part, b:recv(10))
    end
  end)

  it("fails when a non-blocking file has nothing just now, and is not left waiting", function()
    local a = keep(net.socketpair())
    local from, to = keep(net.socketpair())
    net.run(function() -- tasks' sockets are
      net.spawn(function() from:send("x") end)
      assert.equal("x", to:recv(1))
    end)
    from:send("some")
    local value, message, code, count = a:sendfile(to)
    assert_fails("EAGAIN", "^sendfile", value, message, code)
    assert.equal(4, count)
  end)

  it("sends what comes to a socket, up to its end", function()
    local a, b = keep(net.socketpair())
    for _, source_of in ipairs { function(s) return s end, function(s) return s:fileno() end } do
      local from, to = keep(net.socketpair())
      local source = source_of(to)
      from:send("some text")
      from:close()
      assert.equal(5, a:sendfile(source, nil, 5))
      assert.equal("some ", b:recv(100))
      assert.equal(4, a:sendfile(source))
      assert.equal("text", b:recv(100))
    end
  end)

  it("fails for what is not open", function()
    local a = keep(net.socketpair())
    local file = support.file("text")
    file:close()
    local value, message, code = a:sendfile(file)
    assert_fails("EBADF", "^sendfile.*: %u", value, message, code)
  end)

  it("raises for what is no file", function()
    local a = keep(net.socketpair())
    for _, wrong in ipairs { "text", true, {}, print, -2, 1.5 } do
      assert_raises("bad argument", a.sendfile, a, wrong)
    end
    assert_raises("bad argument", a.sendfile, a)
  end)

  it("raises for an offset or a count that is none", function()
    local a = keep(net.socketpair())
    local file = support.file("text")
    for _, wrong in ipairs { -1, 1.5, "x", 1e300, 0 / 0, true } do
      assert_raises("bad argument", a.sendfile, a, file, wrong)
      assert_raises("bad argument", a.sendfile, a, file, 0, wrong)
    end
  end)

  -- In a child, which a signal would end.
  for _, offset in ipairs { "nil", "0" } do
    it("fails with EPIPE, not by a signal, when the peer is gone: offset " .. offset, function()
      local child = support.child(([[
        local a, b = assert(net.socketpair())
        local file = assert(io.open(arg[0]))
        b:close()
        say((select(3, a:sendfile(file, %s))))
        say((select(3, a:sendfile(io.popen("echo text")))))
      ]]):format(offset))
      assert.equal("EPIPE", child:line())
      assert.equal("EPIPE", child:line())
    end)
  end

  it("does not think that the socket is closed when the file is not to be read", function()
    local a, b = keep(net.socketpair())
    local file = keep(io.open(support.path(), "w"))
    local code = select(3, a:sendfile(file, 0))
    assert.equal("EBADF", code) -- the file's: it is open for writing only
    assert.equal(4, a:send("fine"))
    assert.equal("fine", b:recv(10))
  end)

  it("fails with EISDIR for a directory", function()
    local a, b = keep(net.socketpair())
    local directory = io.open("/")
    if not directory then return end
    keep(directory)
    local value, message, code = a:sendfile(directory, 0)
    assert(code == "EISDIR" or code == "EINVAL", code)
    assert_fails(code, "^sendfile.*: %u", value, message, code)
    assert(a:send("fine"))
    assert.equal("fine", b:recv(10))
  end)
end)
