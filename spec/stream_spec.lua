-- stream_spec.lua - reading: io's formats, delimiters, peek and unread, lines,
-- limits of length and of time; over every kind of stream, in every way a call
-- may wait.  Writing is in streamwrite_spec.lua.

local net = require "dialtone"
local support = require "spec.support.transport"
local stream = require "spec.support.stream"
local assert_fails, assert_raises, pack = support.assert_fails, support.assert_raises, support.pack
local it = support.closing(it, function(cleanup) finally(cleanup) end)
local feed, assert_not_yet = stream.feed, stream.assert_not_yet
local fault, SHORT = support.fault, stream.SHORT

-- Sends it, and that it is all.
local function feed_all(socket, text)
  feed(socket, text)
  assert(socket:shutdown("SHUT_WR"))
end

local cases = {}
local function case(name, body, needs)
  local one = needs or {}
  one[1], one[2] = name, body
  cases[#cases + 1] = one
end

-- --- formats ----------------------------------------------------------------

case("reads lines that end with LF or CR LF, without their ends and with them", function(a, b)
  feed_all(a, "one\r\ntwo\n\n\r\n\n\r\nthree\nfour\r\nlast")
  for _, line in ipairs { "one", "two", "", "" } do assert.equal(line, b:read()) end
  for _, line in ipairs { "\n", "\r\n", "three\n", "four\r\n", "last" } do
    assert.equal(line, b:read("L"))
  end
  assert_fails("eof", "^read", b:read("L"))
end)

case("takes a CR for part of the line wherever else it stands", function(a, b)
  feed_all(a, "a\rb\n\rc\r\r\n\r\r\n\nd\r")
  for _, line in ipairs { "a\rb", "\rc\r", "\r", "", "d\r" } do assert.equal(line, b:read("l")) end
end)

case("gives the last line without an end, then \"eof\" for ever, and \"a\" is empty", function(a, b)
  feed_all(a, "one\nlast")
  assert.equal("one", b:read())
  assert.equal("last", b:read())
  for _ = 1, 2 do
    assert_fails("eof", "^read", b:read())
    assert_fails("eof", "^read", b:read("L"))
    assert_fails("eof", "^read", b:read(1))
    assert_fails("eof", "^readuntil", b:readuntil("x"))
    assert_fails("eof", "^peek", b:peek(1))
    assert_fails("eof", "^recv", b:recv(1))
    assert.equal("", b:read("a"))
  end
end)

case("reads nothing but \"eof\" from an empty stream", function(a, b)
  feed_all(a, "")
  assert_fails("eof", "^read", b:read())
  assert_fails("eof", "^read", b:read("l", "l"))
  assert.same({ n = 2, "" }, pack(b:read("a", "l")))
  for _ in b:lines() do error("there is a line") end
end)

case("reads all that is left", function(a, b)
  feed_all(a, "one\n\r\ntwo")
  assert.equal("one", b:read())
  assert.equal("\r\ntwo", b:read("a"))
  assert.equal("", b:read("a"))
end)

case("reads a number of bytes, whatever they are, and at the end what is left", function(a, b)
  feed_all(a, "ab\n\0c\r\nde")
  assert.equal("ab", b:read(2))
  assert.equal("\n\0c\r", b:read(4))
  assert.equal("\nde", b:read(1000000))
  assert_fails("eof", "^read", b:read(1))
end)

case("reads a number of bytes that come in pieces", function(a, b)
  for _, piece in ipairs { "a", "bc", "\n", "def" } do
    assert_not_yet(b, "read", 8)
    feed(a, piece)
  end
  assert_not_yet(b, "read", 8)
  feed(a, "gh")
  assert.equal("abc\ndefg", b:read(8))
  assert.equal("h", b:read(1))
end)

case("reads 0 bytes at once", function(a, b)
  assert.equal("", b:read(0))
  assert.equal("", b:peek(0))
  feed(a, "x\n")
  assert.equal("x", b:read())
  assert.equal("", b:read(0))
end)

case("takes the formats as Lua 5.1 writes them, and raises for others", function(a, b)
  feed_all(a, "one\ntwo\nthree")
  assert.equal("one", b:read("*l"))
  assert.equal("two\n", b:read("*L"))
  assert.equal("three", b:read("*a"))
  assert_raises("unknown format 'x' %(valid: ", b.read, b, "x")
  assert_raises("unknown format '%*n'", b.lines, b, "*n")
  assert_raises("bad argument", b.read, b, -1)
  assert_raises("bad argument", b.read, b, {})
  assert_raises("bad argument", b.read, b, "l", 0.5)
end, { plain = true })

case("reads by several formats", function(a, b)
  feed_all(a, "head\r\nbodyline\nuntil the end")
  assert.same({ n = 4, "head", "body", "line\n", "until the end" }, pack(b:read("l", 4, "L", "a")))
  assert.same({ n = 2, "", "" }, pack(b:read("a", "a")))
  assert.same({ n = 2, "" }, pack(b:read("a", "l")))
end)

case("reads by more formats than fit on a stack", function(a, b)
  local formats, text = {}, {}
  for i = 1, 100 do formats[i], text[i] = i % 3 == 0 and 2 or "l", i % 3 == 0 and "xy" or i .. "\n" end
  feed(a, table.concat(text))
  local unpack = table.unpack or unpack -- luacheck: ignore
  local result = pack(b:read(unpack(formats)))
  assert.equal(100, result.n)
  for i = 1, 100 do assert.equal(i % 3 == 0 and "xy" or tostring(i), result[i]) end
end)

case("takes what several formats read together or not at all", function(a, b)
  feed(a, "head\nbo")
  assert_not_yet(b, "read", "l", 4)
  assert(b:settimeout(SHORT))
  assert_fails("timeout", "^read", b:read("l", 4))
  assert(b:settimeout(nil))
  feed(a, "dy")
  assert.equal("head\nb", b:peek(6))
  assert.same({ n = 2, "head", "body" }, pack(b:read("l", 4)))
end)

case("gives nil for the first format that the stream's end leaves nothing for", function(a, b)
  feed_all(a, "one\ntw")
  assert.same({ n = 3, "one", "tw" }, pack(b:read("l", 5, "l", "l")))
  assert_fails("eof", "^read", b:read("l", "l"))
end)

-- --- delimiters ---------------------------------------------------------------

case("finds delimiters that overlap themselves, fed byte by byte", function(a, b)
  for _, text in ipairs { "aab|xaaab", "abab|ababcabab", "aa|xaa", "\r\n\r\n|h\r\n\r\r\n\r\n", "ab|aab" } do
    local delimiter, data = text:match("^(.-)|(.*)$")
    local place = data:find(delimiter, 1, true)
    for i = 1, place + #delimiter - 2 do
      feed(a, data:sub(i, i))
      assert_not_yet(b, "readuntil", delimiter, i % 2 == 0)
    end
    feed(a, data:sub(place + #delimiter - 1))
    assert.equal(data:sub(1, place - 1), b:readuntil(delimiter))
    local left = data:sub(place + #delimiter)
    assert.equal(left, b:read(#left))
  end
end)

case("reads up to a delimiter, and with it when asked", function(a, b)
  feed_all(a, "a, b, c\n, d")
  assert.equal("a", b:readuntil(", "))
  assert.equal("b, ", b:readuntil(", ", true))
  assert.equal("c\n, ", b:readuntil(", ", true))
  assert.equal("d", b:readuntil(", ", true))
  assert_fails("eof", "^readuntil", b:readuntil(", "))
end)

case("looks for another delimiter in what the first was not found in", function(a, b)
  feed(a, "ab\ncd;ef")
  assert(b:settimeout(SHORT))
  assert_fails("timeout", "^readuntil", b:readuntil("|"))
  assert.equal("ab", b:read())
  assert_fails("timeout", "^read", b:read())
  assert.equal("cd", b:readuntil(";"))
  assert_fails("timeout", "^readuntil", b:readuntil("|"))
  feed(a, "\n\n")
  assert.same({ n = 2, "ef", "" }, pack(b:read("l", "l")))
end)

case("raises for an empty delimiter, or one that is no text", function(_, b)
  assert_raises("bad argument", b.readuntil, b, "")
  assert_raises("bad argument", b.readuntil, b)
  assert_raises("bad argument", b.readuntil, b, {})
end, { plain = true })

-- --- peek, unread, and the calls below ----------------------------------------

case("shows bytes with peek without taking them", function(a, b)
  feed(a, "ab")
  assert.equal("a", b:peek(1))
  assert_not_yet(b, "peek", 3)
  feed(a, "c\nd")
  assert.equal("abc", b:peek(3))
  assert.equal("abc", b:read())
  assert(a:shutdown("SHUT_WR"))
  assert.equal("d", b:peek(10))
  assert.equal("d", b:read(10))
end)

case("reads first what was put back", function(a, b)
  feed_all(a, "two\nrest")
  assert.is_true(b:unread("ne\n"))
  assert.is_true(b:unread(""))
  assert.is_true(b:unread("o"))
  assert.equal("one", b:read())
  assert.equal("two", b:read())
  b:unread("two\n")
  assert.equal("tw", b:recv(2))
  b:unread("tw")
  local all = {}
  for line in b:lines() do all[#all + 1] = line end
  assert.same({ "two", "rest" }, all)
  b:unread("again\n")
  assert.equal("again", b:read())
  assert_fails("eof", "^read", b:read())
end)

case("takes back more than it has room for", function(a, b)
  local long = ("0123456789"):rep(2000)
  feed_all(a, "end")
  assert.equal("e", b:read(1))
  b:unread("e")
  for i = 1, 20 do b:unread(long:sub(i)) end
  for i = 20, 1, -1 do assert.is_true(long:sub(i) == b:read(#long - i + 1)) end
  assert.equal("end", b:read("a"))
end)

case("gives recv what was read ahead before what comes next", function(a, b)
  feed(a, "line\nbuffered")
  assert.equal("line", b:read())
  assert.equal("bu", b:peek(2))
  local all = "buffered"
  while #all > 0 do
    local shown = b:recv(5, "MSG_PEEK")
    assert.equal(all:sub(1, #shown), shown)
    local data = b:recv(5)
    assert.equal(all:sub(1, #data), data)
    all = all:sub(#data + 1)
  end
  assert_not_yet(b, "recv", 1)
end)

case("gives every receiving call what was read ahead first", function(a, b)
  local calls = {
    recv = function() return (b:recv(3, "MSG_DONTWAIT")) end,
    recvfrom = function() return (b:recvfrom(3)) end,
    recvmsg = function() return b:recvmsg(3)[1] end,
    recvmany = function() return b:recvmany(1, 3)[1][1] end,
    recvfds = function() return (b:recvfds(3)) end,
    ["recv, MSG_WAITALL"] = function() return b:recv(3, "MSG_WAITALL") end,
  }
  assert(b:settimeout(1))
  for name, call in pairs(calls) do
    feed(a, "line\n" .. "bufkernel")
    assert.equal("line", b:read(), name)
    assert.equal("buf", b:peek(3), name)
    assert.equal("buf", call(), name)
    assert.equal("kernel", b:read(6), name)
  end
end, { plain = true })

case("waits with MSG_WAITALL for what is not there yet", function(a, b)
  feed(a, "line\nbuf")
  assert.equal("line", b:read())
  net.spawn(feed, a, "fer")
  assert.equal("buffer", b:recv(6, "MSG_WAITALL"))
end, { concurrent = true })

-- On LuaJIT an error of a wait that pcall itself calls passes that pcall by.
local function by_lua(iterator)
  return function()
    local line = iterator()
    return line
  end
end

-- --- lines ----------------------------------------------------------------------

case("goes through lines, by any format, to the end of the stream", function(a, b)
  feed_all(a, "one\ntwo\r\nabcdef\ngh")
  assert.equal("one\n", b:lines("L")())
  assert.equal("two", b:lines()())
  local pieces = {}
  for piece in b:lines(4) do pieces[#pieces + 1] = piece end
  assert.same({ "abcd", "ef\ng", "h" }, pieces)
  assert_raises("0 bytes", b.lines, b, 0)
end)

case("raises in lines what is not the end: a reset", function(a, b, kind)
  feed(a, "one\n")
  assert.equal("on", b:peek(2))
  kind:reset(a, b)
  local next_line = by_lua(b:lines())
  local ok, line = pcall(next_line)
  if ok then -- the kernel may keep it, or drop it
    assert.equal("one", line)
    ok, line = pcall(next_line)
  end
  assert.is_false(ok)
  assert.matches("^read[ :].*Connection reset by peer$", line)
  assert_fails("ECONNRESET", "^read", b:read())
  assert_raises("^read[ :].*Connection reset by peer$", next_line)
end)

case("raises in lines what is not the end: a time limit", function(a, b)
  feed(a, "one\ntw")
  assert(b:settimeout(SHORT))
  local next_line = by_lua(b:lines())
  assert.equal("one", next_line())
  assert_raises("^read[ :].*the time limit was reached$", next_line)
  feed(a, "o\n")
  assert.equal("two", next_line())
end)

-- --- limits -----------------------------------------------------------------------

case("reads a line as long as the limit, wherever it is cut, and no longer one", function(a, b)
  assert.is_true(b:setlimit(4))
  for _, ending in ipairs { "\n", "\r\n" } do
    feed(a, "1234" .. ending)
    assert.equal("1234", b:read())
    feed(a, "123")
    assert_not_yet(b, "read")
    feed(a, "4")
    assert_not_yet(b, "read")
    feed(a, ending)
    assert.equal("1234", b:read())
  end
  feed(a, "1234||")
  assert.equal("1234", b:readuntil("||"))
  feed(a, "1234|")
  assert_not_yet(b, "readuntil", "||")
  feed(a, "|12345\n")
  assert.equal("1234", b:readuntil("||"))
  assert_fails("limit", "^read", b:read())
  assert_fails("limit", "^readuntil", b:readuntil("\n"))
  assert.same({ n = 2, "1", "2345\n" }, pack(b:read(1, "L")))
end)

case("holds the last line to the limit as well, though it has no end", function(a, b)
  assert(b:setlimit(4))
  feed_all(a, "ab\n12345")
  assert_fails("limit", "^read", b:read("l", "l"))
  assert.equal("ab", b:read())
  assert_fails("limit", "^read", b:read())
  assert_fails("limit", "^readuntil", b:readuntil("||"))
  assert_raises("^read[ :].*more than the limit", b:lines())
  assert.equal("1", b:read(1))
  assert.same({ n = 2, "2345" }, pack(b:read("l", "l")))
  assert_fails("eof", "^read", b:read())
end)

case("loses nothing to the limit", function(a, b)
  assert(b:setlimit(8))
  feed(a, "a line that is too long\nnext\n")
  for _ = 1, 2 do assert_fails("limit", "^read", b:read()) end
  assert_raises("^read[ :].*more than the limit", b:lines())
  assert.equal("a lin", b:read(5))
  assert.equal("e", b:recv(1))
  assert_fails("limit", "^read", b:read())
  assert(b:setlimit(1000))
  assert.equal(" that is too long", b:read())
  assert(b:setlimit(1))
  feed_all(a, ("x"):rep(100))
  assert.equal("next\n" .. ("x"):rep(100), b:read("a"))
  assert.is_true(b:setlimit())
end)

case("raises for a limit of 0, or no number", function(_, b)
  assert_raises("bad argument", b.setlimit, b, 0)
  assert_raises("bad argument", b.setlimit, b, "many")
end, { plain = true })

case("keeps what came before a time limit", function(a, b)
  assert(b:settimeout(SHORT))
  feed(a, "hal")
  support.assert_takes(SHORT, function() assert_fails("timeout", "^read", b:read()) end)
  assert_fails("timeout", "^read", b:read("a"))
  assert_fails("timeout", "^read", b:read(10))
  assert_fails("timeout", "^readuntil", b:readuntil("|"))
  assert_fails("timeout", "^peek", b:peek(4))
  feed(a, "f\n")
  assert.equal("half", b:read())
end)

case("is not kept beyond its time limit by bytes that drip", function(a, b)
  feed(a, ("x"):rep(2000))
  fault.short("recv", 1, 1, true)
  fault.delay("recv", 0.002)
  assert(b:settimeout(SHORT))
  support.assert_takes(SHORT, function() assert_fails("timeout", "^read", b:read()) end)
  fault.clear()
  feed(a, "\n")
  assert.equal(("x"):rep(2000), b:read())
end, { plain = true, alone = true })

case("is not kept beyond its time limit by a peer that drips", function(a, b)
  local count, going = 0, true
  local task = net.spawn(function()
    while going and count < 4000 do
      feed(a, "x")
      count = count + 1
      net.sleep(0.001)
    end
    feed(a, "\n")
  end)
  assert(b:settimeout(SHORT))
  support.assert_takes(SHORT, function() assert_fails("timeout", "^read", b:read()) end)
  going = false
  assert.is_true(task:join())
  assert.equal(("x"):rep(count), b:read())
end, { concurrent = true })

-- --- at the same time ------------------------------------------------------------------

case("waits for a line that comes in pieces", function(a, b)
  local task = net.spawn(function()
    for piece in ("one\r\n|t|wo\n|thr"):gmatch("[^|]+") do
      feed(a, piece)
      support.eventually(function() return not net.poll({ b }, 0) end) -- it has been taken
    end
    assert(a:shutdown("SHUT_WR"))
  end)
  assert.same({ n = 2, "one", "two" }, pack(b:read("l", "l")))
  assert.equal("thr", b:read())
  assert.is_true(task:join())
end, { concurrent = true })

case("reads what is longer than any buffer", function(a, b)
  local text = ("0123456789abcdef"):rep(40000)
  local task = net.spawn(function()
    assert(a:write(text, "\n"))
    assert(a:write(text))
    assert(a:close())
  end)
  assert.is_true(text == b:read())
  assert.is_true(text == b:read("a"))
  assert.is_true(task:join())
end, { concurrent = true, plain = true })

case("reads to its end what the other side has half closed, and answers", function(a, b)
  feed_all(a, "question")
  assert.equal("question", b:read("a"))
  feed_all(b, "answer")
  assert.equal("answer", a:read("a"))
  assert_fails("eof", "^read", b:read())
end)

stream.each(describe, it, cases)

-- --- memory ------------------------------------------------------------------------------

for _, kind in ipairs(stream.kinds) do
  describe(kind.name, function()
    it("gives up a line without an end at the limit, with memory for little more", function()
      local a, b = kind.pair()
      local MiB, most, got = 1048576, 0, 0
      local piece = ("x"):rep(65536)
      net.run(function()
        local flood = net.spawn(function()
          for _ = 1, 16 * MiB / #piece do assert(a:write(piece)) end
          assert(a:close())
        end)
        assert(b:setlimit(MiB))
        collectgarbage()
        local resident, lua = stream.memory()
        assert_fails("limit", "^read", b:read())
        assert_fails("limit", "^read", b:read())
        local now, lua_now = stream.memory()
        most = math.max(now - resident, lua_now - lua)
        while got < 16 * MiB do got = got + #assert(b:recv(65536)) end
        assert_fails("eof", "^recv", b:recv(1))
        assert.is_true(flood:join())
      end)
      assert.equal(16 * MiB, got)
      assert.is_true(most < 3 * MiB, most .. " bytes")
    end)
  end)
end
