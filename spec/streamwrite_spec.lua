-- streamwrite_spec.lua - writing: what is gathered and when it leaves, slow and
-- lost peers, time limits, the order of things, and what ends a stream; over
-- every kind of stream, in every way a call may wait.

local net = require "dialtone"
local support = require "spec.support.transport"
local stream = require "spec.support.stream"
local tasks = require "dialtone.core".inner
local until_waiting = require "spec.support.task".until_waiting
local assert_fails, assert_raises = support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)
local unpack = rawget(_G, "unpack") or table.unpack
local feed, fault, SHORT = stream.feed, support.fault, stream.SHORT

local long = ("0123456789abcdef"):rep(262144) -- 4 MiB: more than a kernel takes

local cases = {}
local function case(name, body, needs)
  local one = needs or {}
  one[1], one[2] = name, body
  cases[#cases + 1] = one
end

-- How many system calls send something, while the function runs.
local function sends(fn)
  local before = fault.count("send") + fault.count("sendmsg")
  fn()
  return fault.count("send") + fault.count("sendmsg") - before
end

local function assert_nothing_yet(socket)
  assert_fails("EAGAIN", "^recv", socket:recv(1, "MSG_DONTWAIT"))
end

-- Reads so many bytes, in pieces, and no more.
local function take(socket, count)
  local list = {}
  while count > 0 do
    list[#list + 1] = assert(socket:recv(math.min(count, 65536)))
    count = count - #list[#list]
  end
  return table.concat(list)
end

-- --- what write takes and gives -------------------------------------------------

case("takes texts and numbers, and gives the socket", function(a, b)
  assert.is_true(rawequal(a, a:write("a", 1, -2, "\n", "\0b")))
  assert.is_true(rawequal(a, a:write()))
  assert.is_true(rawequal(a, a:write("")))
  assert.is_true(rawequal(a, a:write("c", 0.5):flush()))
  assert.is_true(rawequal(a, a:flush()))
  assert(a:close())
  assert.equal("a1-2\n\0bc0.5", b:read("a"))
end)

case("raises for anything else, and writes nothing of it then", function(a, b)
  for _, value in ipairs { {}, true, print, a } do
    assert_raises("bad argument", a.write, a, "one", value)
  end
  assert_raises("bad argument", a.write, a, "one", nil)
  assert(a:write("two"))
  assert_raises("bad argument", a.write, a, "three", {})
  assert(a:close())
  assert.equal("two", b:read("a"))
end, { plain = true })

case("writes more than the kernel takes at once", function(a, b)
  assert(b:setlimit(2 * #long))
  local task = net.spawn(function()
    for _, size in ipairs { 1, 65535, 65536, 65537, 8192, #long } do
      assert(a:write(long:sub(1, size)))
      assert(a:write(long:sub(1, size), "|", size, "\n"))
    end
    return a:close()
  end)
  for _, size in ipairs { 1, 65535, 65536, 65537, 8192, #long } do
    assert.is_true(long:sub(1, size) == b:read(size))
    assert.is_true(long:sub(1, size) == b:readuntil("|"))
    assert.equal(tostring(size), b:read())
  end
  assert.same({ true, true }, { task:join() })
  assert_fails("eof", "^read", b:read())
end, { concurrent = true, plain = true })

case("says with its fourth value how much went before a time limit", function(a, b)
  stream.narrow(a, b)
  for _, more in ipairs { "", "more" } do
    assert(a:settimeout(SHORT))
    local value, message, code, count = a:write(long, more)
    assert_fails("timeout", "^write", value, message, code)
    assert.is_true(count > 0 and count < #long)
    assert(a:settimeout(nil))
    assert.is_true(long:sub(1, count) == take(b, count))
    assert(a:write("later"))
    assert(a:flush())
    assert.equal("later", b:read(5))
  end
end, { plain = true })

case("drops at a time limit what this write was given, and nothing before it", function(a, b)
  assert(a:setvbuf("full"))
  local filled = support.fill(a, b)
  assert(a:write("before "))
  assert(a:settimeout(SHORT))
  local value, message, code, count = a:write(long, "more")
  assert_fails("timeout", "^write", value, message, code)
  assert.equal(0, count)
  assert_fails("timeout", "^flush", a:flush())
  assert(a:settimeout(nil))
  take(b, filled)
  assert(a:write("after"):flush())
  assert.equal("before after", b:read(12))
end, { plain = true })

case("counts what it was given, not what was gathered before", function(a, b)
  stream.narrow(a, b)
  for _, more in ipairs { "", "more" } do
    assert(a:setvbuf("full"))
    assert(a:write("before "))
    assert(a:settimeout(SHORT))
    local value, message, code, count = a:write(long, more)
    assert_fails("timeout", "^write", value, message, code)
    assert(a:settimeout(nil))
    assert.equal("before ", take(b, 7))
    assert.is_true(long:sub(1, count) == take(b, count))
    assert(a:write("after"):flush())
    assert.equal("after", b:read(5))
  end
end, { plain = true })

case("fails with EAGAIN instead of waiting when the time limit is 0", function(a, b)
  stream.narrow(a, b)
  assert(a:settimeout(0))
  local value, message, code, count = a:write(long)
  assert_fails("EAGAIN", "^write", value, message, code)
  assert.is_true(count > 0 and count < #long)
  assert.is_true(long:sub(1, count) == take(b, count))
end, { plain = true })

-- --- order -------------------------------------------------------------------------

case("keeps the order of write and send", function(a, b)
  assert(a:write("one "))
  feed(a, "two ")
  assert(a:write("three "))
  assert(a:write("four "))
  feed(a, "five")
  assert.equal("one two three four five", b:read(23))
end)

case("keeps the order of write and the other sending calls", function(a, b)
  local file = support.file("file ")
  local calls = {
    function() return a:sendmsg({ "sent" }) end,
    function() return a:sendmany({ "se", "nt" }) end,
    function() return a:sendfile(file) end,
  }
  if a:family() == "AF_UNIX" then
    calls[#calls + 1] = function() return a:sendfds("sent", { file }) end
  end
  for i, call in ipairs(calls) do
    assert(a:write(i, " first "))
    assert(call())
    assert(a:write(" then\n"))
    assert(a:flush())
    local expected = i == 3 and "file " or "sent"
    assert.equal(i .. " first " .. expected .. " then", b:read())
  end
end, { plain = true })

case("sends what was written before it shuts down, and before it closes", function(a, b)
  assert(a:write("question"))
  assert(a:shutdown("SHUT_WR"))
  assert.equal("question", b:read("a"))
  assert(b:write("ans"))
  assert(b:write("wer"))
  assert(b:close())
  assert.equal("answer", a:read("a"))
end)

case("waits until all has gone before it shuts down or closes", function(a, b)
  local half = long:sub(1, 60000)
  for _, socket in ipairs { a, b } do assert(socket:setvbuf("full")) end
  local filled = support.fill(a, b)
  assert(a:write(half))
  local task = net.spawn(function() return a:shutdown("SHUT_WR") end)
  until_waiting(task)
  assert.equal(filled, #take(b, filled))
  assert.is_true(half == b:read("a"))
  assert.same({ true, true }, { task:join() })
  filled = support.fill(b, a)
  assert(b:write(half))
  task = net.spawn(function() return b:close() end)
  until_waiting(task)
  assert.equal(filled, #take(a, filled))
  assert.is_true(half == a:read("a"))
  assert.same({ true, true }, { task:join() })
end, { concurrent = true, plain = true })

case("closes in time though the rest cannot be sent", function(a, b)
  assert(a:setvbuf("full"))
  local filled = support.fill(a, b)
  assert(a:write("rest"))
  assert(a:settimeout(SHORT))
  assert_fails("timeout", "^close", a:close())
  assert_fails("closed", "^write", a:write("x"))
  assert.is_true(a:close())
  assert.equal(filled, #b:read("a"))
end, { plain = true })

-- --- setvbuf --------------------------------------------------------------------------

case("gathers with \"full\" until flush, until so much is there, or until the end", function(a, b)
  assert.is_true(a:setvbuf("full"))
  assert.equal(0, sends(function() assert(a:write("a"):write("b")) end))
  assert_nothing_yet(b)
  assert.equal(1, sends(function() assert(a:flush()) end))
  assert.equal("ab", b:recv(10))
  assert(a:setvbuf("full", 10))
  assert.equal(0, sends(function() for _ = 1, 9 do assert(a:write("x")) end end))
  assert.equal(1, sends(function() assert(a:write("y", "z")) end))
  assert.equal("xxxxxxxxxyz", b:recv(20))
  assert(a:write("end"))
  assert(a:close())
  assert.equal("end", b:read("a"))
end, { plain = true })

case("gathers with \"full\" until this Lua waits", function(a, b)
  assert(a:setvbuf("full"))
  assert(a:write("ab"):write("c\n"))
  assert.equal("abc", b:read())
  assert(a:write("d"))
  net.sleep(0.001)
  assert.equal("d", b:recv(10, "MSG_DONTWAIT"))
  assert(a:write("e"))
  assert(net.poll({ b }, 1))
  assert.equal("e", b:recv(10))
  for i = 1, 3 do
    assert(a:write(i))
    assert.equal(tostring(i), b:recv(10))
  end
end, { plain = true })

case("sends each write at once with \"no\"", function(a, b)
  assert(a:write("a"))
  assert(a:setvbuf("no"))
  assert.is_true(sends(function() assert(a:write("b")) end) >= 1)
  assert.equal("ab", b:recv(10))
  assert.equal(3, sends(function() for _ = 1, 3 do assert(a:write("x", "y")) end end))
  assert.equal("xyxyxy", b:read(6))
  assert.equal(0, sends(function() assert(a:write(""):flush()) end))
end, { plain = true })

case("raises for another mode or size", function(a)
  assert_raises("invalid option 'line'", a.setvbuf, a, "line")
  assert_raises("bad argument", a.setvbuf, a)
  assert_raises("bad argument", a.setvbuf, a, "full", 0)
  assert_raises("bad argument", a.setvbuf, a, "full", {})
end, { plain = true })

case("sends a write of many values outside of tasks with one system call", function(a, b)
  assert.equal(1, sends(function() assert(a:write("a", 1, "b", 2)) end))
  assert.equal("a1b2", b:recv(10))
end, { plain = true, alone = true })

-- --- lost peers --------------------------------------------------------------------

-- Writes till it fails; TCP is told only after the first.
local function write_till_failure(socket, ending)
  local ok, message, code
  support.eventually(function()
    ok, message, code = socket:write("x")
    if ok then ok, message, code = ending() end
    return not ok
  end, "it can be written to")
  return ok, message, code
end

case("fails at flush at the latest when the peer is gone", function(a, b)
  assert(b:close())
  local value, message, code = write_till_failure(a, function() return a:flush() end)
  assert.is_nil(value)
  assert.is_true(code == "EPIPE" or code == "ECONNRESET", message)
  assert_fails("EPIPE", "^%l+", write_till_failure(a, function() return a:flush() end))
end)

case("fails at flush at the latest after a reset", function(a, b, kind)
  kind:reset(b, a)
  local value, message, code = write_till_failure(a, function() return a:flush() end)
  assert.is_nil(value)
  assert.is_true(code == "EPIPE" or code == "ECONNRESET", message)
end)

case("fails at close when what was gathered cannot be sent, and is closed", function(a, b)
  assert(a:setvbuf("full"))
  assert(b:close())
  support.eventually(function() return not a:send("x") end) -- TCP answers the first piece
  assert(a:write("rest"))
  assert_fails("EPIPE", "^close", a:close())
  assert.matches("closed", tostring(a))
  assert.is_true(a:close())
end)

stream.each(describe, it, cases)

-- --- in tasks ---------------------------------------------------------------------------

for _, kind in ipairs(stream.kinds) do
  local function in_task(name, body)
    it(name, function()
      local a, b = kind.pair()
      net.run(function() body(a, b) end)
    end)
  end

  describe(kind.name .. ", in tasks,", function()
    in_task("gathers what a task writes until it waits: one system call", function(a, b)
      local function write() for i = 1, 10 do assert(a:write("line ", i, "\n")) end end
      assert.equal(0, sends(write))
      assert_nothing_yet(b)
      assert.equal(1, sends(function() net.sleep(0) end))
      for i = 1, 10 do assert.equal("line " .. i, b:read()) end
      assert.equal(1, sends(function()
        write()
        for i = 1, 10 do assert.equal("line " .. i, b:read()) end
      end))
    end)

    in_task("sends what one stream has gathered, and leaves another's", function(a, b)
      local other, peer = kind.pair()
      a:write("one\n")
      other:write("other\n")
      assert(a:flush())
      assert.equal("one", b:read())
      assert.equal("other", peer:read())
    end)

    in_task("sends what was gathered when the task ends", function(a, b)
      local task = net.spawn(function() a:write("o"):write("ne\n") end)
      assert.equal(1, sends(function() assert.equal("one", b:read()) end))
      assert.is_true(task:join())
    end)

    in_task("sends what was gathered when the task fails or is cancelled", function(a, b)
      local scope_ok = pcall(net.scope, function(scope)
        scope:spawn(function()
          a:write("one\n")
          error("failed")
        end)
      end)
      assert.is_false(scope_ok)
      assert.equal("one", b:read())
      local task = net.spawn(function()
        a:write("two\n")
        net.sleep(10)
      end)
      until_waiting(task)
      task:cancel()
      task:join()
      assert.equal("two", b:read())
    end)

    in_task("sends 64 KiB as soon as they are there, and what is gathered at flush", function(a, b)
      local piece = ("x"):rep(1000)
      assert.equal(0, sends(function() for _ = 1, 65 do assert(a:write(piece)) end end))
      local count = sends(function() assert(a:write(piece)) end)
      assert.is_true(count >= 1 and count < 4, count)
      assert.equal(66000, #b:read(66000))
      assert.equal(1, sends(function() assert(a:write("ab"):write("c"):flush()) end))
      assert.equal("abc", b:recv(10, "MSG_DONTWAIT"))
    end)

    in_task("answers what came together with one system call", function(a, b)
      local server = net.spawn(function()
        for line in b:lines() do b:write(line:upper(), "\n") end
      end)
      feed(a, ("get\n"):rep(20))
      assert.equal(1, sends(function() assert.equal(("GET\n"):rep(20), a:read(80)) end))
      assert(a:close())
      assert.is_true(server:join())
    end)

    in_task("makes a writer wait for a slow peer, and takes no memory for it", function(a, b)
      local piece, written, MiB = ("x"):rep(8192), 0, 1048576
      collectgarbage()
      local resident, lua = stream.memory()
      local writer = net.spawn(function()
        while written < 16 * MiB do
          assert(a:write(piece))
          written = written + #piece
        end
        assert(a:close())
      end)
      support.eventually(function()
        return writer:waiting() == "write" and not net.poll({ { a, "POLLOUT" } }, 0.01)
      end)
      assert.is_true(written < 15 * MiB)
      local now, lua_now = stream.memory()
      assert.is_true(now - resident < MiB, now - resident)
      assert.is_true(lua_now - lua < MiB, lua_now - lua)
      assert.equal(16 * MiB, #take(b, 16 * MiB))
      assert_fails("eof", "^read", b:read())
      assert.is_true(writer:join())
    end)

    in_task("sends on behind the writer's back what the kernel did not take, in order", function(a, b)
      local filled = support.fill(a, b)
      assert(a:write("one "))
      net.sleep(0)
      assert(a:write("two "))
      net.sleep(0)
      local sender = net.spawn(function()
        feed(a, "three ")
        a:write("four ")
        return a:close()
      end)
      until_waiting(sender)
      assert.equal(filled, #take(b, filled))
      assert.equal("one two three four ", b:read("a"))
      assert.same({ true, true }, { sender:join() })
    end)

    in_task("sends what was gathered also when a write after it has given up", function(a, b)
      local filled = support.fill(a, b)
      assert(a:write("rest"))
      net.sleep(0)
      assert(a:settimeout(SHORT))
      assert_fails("timeout", "^write", a:write(long))
      for _, more in ipairs { {}, { "more" } } do
        local cancelled = net.spawn(function() a:write(long, unpack(more)) end)
        until_waiting(cancelled)
        cancelled:cancel()
        cancelled:join()
      end
      assert.equal(filled, #take(b, filled))
      assert(b:settimeout(1))
      assert.equal("rest", b:recv(10))
      a:close()
      assert_fails("eof", "^recv", b:recv(10))
    end)

    in_task("tells the next call of a failure that came behind its back", function(a, b)
      for _, ending in ipairs { "write", "flush", "close" } do
        local c, d = kind.pair()
        support.fill(c, d)
        assert(c:write("x"))
        net.sleep(0)
        kind:reset(d, c)
        support.eventually(function() return not tasks.unsent(c) end)
        local value, message, code = c[ending](c)
        assert.is_nil(value, ending)
        assert.is_true(code == "EPIPE" or code == "ECONNRESET", message)
      end
      assert(a:write("x"))
      assert.equal("x", b:read(1))
    end)

    in_task("has one reader and one writer at a time: another one gets \"busy\"", function(a, b)
      local reader = net.spawn(function() return b:read() end)
      local writer = net.spawn(function() return a:write(long) end)
      until_waiting { reader, writer }
      reader:cancel()
      reader:join()
      reader = net.spawn(function() return a:read() end)
      until_waiting(reader)
      for method, argument in pairs { read = "a", readuntil = "x", peek = 1, recv = 1 } do
        assert_fails("busy", "^" .. method, a[method](a, argument))
      end
      assert_raises("^read", function() local line = a:lines()() return line end)
      assert.equal("waiting", writer:status())
      assert_fails("busy", "^write", a:write(long))
      assert_fails("busy", "^send", a:send("x"))
      assert.is_true(long == take(b, #long))
      assert.same({ true, a }, { writer:join() })
      feed(b, "line\n")
      assert.same({ true, "line" }, { reader:join() })
    end)

    in_task("wakes a reader and a writer with \"closed\" when the socket is closed", function(a, b)
      local woken = {}
      local function call(method, argument)
        return net.spawn(function()
          local value, message, code = a[method](a, argument)
          woken[method] = net.now()
          return value, message, code
        end)
      end
      support.fill(a, b)
      local reader, writer = call("read"), call("write", long)
      until_waiting { reader, writer }
      local start = net.now()
      assert.is_true(a:close())
      assert_fails("closed", "^read", select(2, reader:join()))
      assert_fails("closed", "^write", select(2, writer:join()))
      assert.is_true(woken.read - start < 0.1 and woken.write - start < 0.1)
      assert.matches("x", b:read(1))
    end)

    in_task("wakes in lines whoever reads them, with an error", function(a)
      local reader = net.spawn(function() for _ in a:lines() do error("a line") end end)
      until_waiting(reader)
      assert(a:close())
      local ok, message = reader:join()
      assert.is_false(ok)
      assert.matches("read: .*closed", message)
    end)
  end)
end

describe("what was gathered, and the kernel does not take,", function()
  local calls = {
    send = function(a) return a:send("later") end,
    sendmsg = function(a) return a:sendmsg("later") end,
    sendmany = function(a) return a:sendmany { "later" } end,
    sendfile = function(a) return a:sendfile(support.file("later")) end,
  }
  for name, call in pairs(calls) do
    it("keeps back what " .. name .. " would send after it", function()
      local a, b = support.keep(net.socketpair())
      a:settimeout(0)
      local filled = 0
      while true do
        local sent, _, code = a:send(long)
        if not sent then
          assert.equal("EAGAIN", code)
          break
        end
        filled = filled + sent
      end
      assert(a:setvbuf("full"))
      assert(a:write("earlier"))
      assert_fails("EAGAIN", "^" .. name, call(a))
      assert.is_true(filled > 0)
      local reading = b:read(filled)
      assert.equal(filled, #reading)
      a:settimeout(support.LATE)
      assert(a:close())
      assert.equal("earlier", b:read("a"))
    end)
  end
end)

describe("what was gathered, and the kernel takes in parts, in a main program without tasks,", function()
  local function gather(text)
    local a, b = support.keep(net.socketpair())
    assert(a:setvbuf("full"))
    assert(a:write(text))
    return a, b
  end

  it("goes on while another call waits", function()
    local a, b = gather("hello")
    fault.short("send", 1)
    b:settimeout(support.LATE)
    assert.equal("hello", b:read(5))
    assert.equal(0, tasks.unsent(a) or 0)
  end)

  -- If each part were followed by a pause, as when nothing moves, it would be
  -- more than a second in all.
  it("goes without pauses when it is closed", function()
    local a, b = gather(("x"):rep(60))
    fault.short("send", 1, 1, true)
    local start = support.clock()
    assert(a:close())
    assert.is_true(support.clock() - start < 0.5)
    assert.equal(("x"):rep(60), b:read("a"))
  end)
end)
