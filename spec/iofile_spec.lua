-- iofile_spec.lua - descriptors that become io files: they are io files in all
-- that Lua's own library does with them.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep = support.keep
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- Sends the file to ourselves.
local function received(file)
  local a, b = keep(net.socketpair())
  assert(a:sendfds("x", { file }))
  local _, list = assert(b:recvfds())
  return list[1]
end

-- LuaJIT has no way to make an io file.
if type(jit) == "table" then
  describe("a received file", function()
    it("is a number on LuaJIT, whose owner we are", function()
      local fd = received((support.file("content")))
      assert.is_number(fd)
      local ffi = require "ffi"
      pcall(ffi.cdef, "int close(int);")
      assert.equal(0, ffi.C.close(fd))
    end)
  end)
  return
end

describe("a received file", function()
  it("is an io file, open until it is closed", function()
    local file = received((support.file("content")))
    assert.equal("file", io.type(file))
    assert.is_truthy(tostring(file):find("^file %("))
    assert.equal(getmetatable(io.stdout), getmetatable(file))
    assert.is_true(file:close())
    assert.equal("closed file", io.type(file))
    assert.is_truthy(tostring(file):find("closed"))
    support.assert_raises("closed", file.read, file)
    support.assert_raises("closed", file.close, file)
  end)

  it("is closed by the collector", function()
    received((support.file("content")))
    collectgarbage() -- the guard finds it if it is still open
  end)

  it("can be read when it was opened for reading", function()
    local original = support.file("one\ntwo\nthree")
    local file = keep(received(original))
    local lines = {}
    for line in file:lines() do lines[#lines + 1] = line end
    assert.same({ "one", "two", "three" }, lines)
    assert.equal(0, file:seek("set", 0))
    assert.equal("one\ntwo\nthree", file:read("*a"))
    assert.is_nil((file:write("x")))
  end)

  it("can be written when it was opened for writing, and is not truncated", function()
    local path = support.path()
    local original = keep(io.open(path, "w"))
    original:write("abc")
    local file = keep(received(original))
    assert(file:write("def"))
    file:close()
    original:close()
    assert.equal("abcdef", keep(io.open(path)):read("*a"))
  end)

  it("can be read and written when it was opened for both", function()
    local original = keep(io.open(support.path(), "w+"))
    local file = keep(received(original))
    assert(file:write("abc"))
    file:seek("set")
    assert.equal("abc", file:read("*a"))
  end)

  it("appends when it was opened for appending", function()
    local path = support.path()
    local original = keep(io.open(path, "a"))
    original:write("abc")
    local file = keep(received(original))
    original:write("def")
    original:close()
    file:write("ghi")
    file:close()
    assert.equal("abcdefghi", keep(io.open(path)):read("*a"))
    local both = keep(io.open(path, "a+"))
    file = keep(received(both))
    file:write("jkl")
    file:seek("set")
    assert.equal("abcdefghijkl", file:read("*a"))
  end)

  it("reports a failure of closing as io does", function()
    local full = io.open("/dev/full", "w")
    if not full then return end
    keep(full)
    local file = received(full)
    file:setvbuf("full")
    file:write("x")
    local ok, message, number = file:close()
    assert.is_nil(ok)
    assert.is_string(message)
    assert.is_number(number)
    assert.equal("closed file", io.type(file))
  end)

  it("is an end of a pipe, that another process has the other end of", function()
    local pipe = keep(io.popen("cat > /dev/null", "w"))
    local file = keep(received(pipe))
    assert(file:write("x"))
    assert.is_true(file:close())
  end)

  it("can be polled, and sent on", function()
    local file = keep(received((support.file("content"))))
    local ready = assert(net.poll({ file }, 1))
    assert.equal(file, ready[1][1])
    local again = keep(received(file))
    assert.equal("content", again:read("*a"))
  end)
end)

describe("an io file whose buffer cannot be written", function()
  it("is not sent", function()
    local full = io.open("/dev/full", "w")
    if not full then return end
    keep(full)
    full:setvbuf("full")
    full:write("x")
    local a = keep(net.socketpair())
    support.assert_fails("ENOSPC", "^sendfds", a:sendfds("x", { full }))
  end)
end)
