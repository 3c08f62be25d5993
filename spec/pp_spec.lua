-- pp_spec.lua - values as net.pp and the prompt show them.

local net = require "dialtone"
local pp = require "dialtone.pp"
local support = require "spec.support.transport"
local keep, assert_raises = support.keep, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- What net.pp prints, without the last line's end.
local function printed(...)
  local write, parts = io.write, {}
  io.write = function(...) -- luacheck: ignore
    for i = 1, select("#", ...) do parts[#parts + 1] = tostring((select(i, ...))) end
    return io.stdout
  end
  local ok, message = pcall(net.pp, ...)
  io.write = write -- luacheck: ignore
  if not ok then error(message, 0) end
  return (table.concat(parts):gsub("\n$", ""))
end

describe("net.pp", function()
  it("prints texts in quotes, with all that a terminal would not show", function()
    assert.equal('"plain"', printed("plain"))
    assert.equal([["a\n\r\t\"\\\000\027[1m\127"]], printed("a\n\r\t\"\\\0\27[1m\127"))
    assert.equal('"äö€😀"', printed("äö€😀"))
  end)

  it("prints bytes that are no UTF-8 as numbers", function()
    assert.equal([["\255\228x"]], printed("\255\228x"))
    assert.equal([["\195"]], printed("\195"))
    assert.equal([["\194\155"]], printed("\194\155")) -- U+009B begins a terminal's command
  end)

  it("prints plain values as tostring does", function()
    assert.equal("nil", printed(nil))
    assert.equal("true", printed(true))
    assert.equal("12", printed(12))
    assert.equal("0.5", printed(0.5))
    assert.equal(tostring(print), printed(print))
  end)

  it("prints sockets and addresses as they are", function()
    local s = keep(net.socket("AF_INET", "SOCK_STREAM"))
    assert.equal(tostring(s), printed(s))
    assert.equal("127.0.0.1:80", printed(net.address("127.0.0.1", 80)))
    assert.equal("{ a = 127.0.0.1:80 }", printed({ a = net.address("127.0.0.1", 80) }))
  end)

  it("opens tables: the list first, then sorted keys", function()
    assert.equal("{}", printed({}))
    assert.equal('{ 1, 2, "three" }', printed({ 1, 2, "three" }))
    assert.equal('{ 1, [false] = 6, [0] = 5, [2.5] = 4, a = 1, ["a b"] = 3, ["end"] = 2 }',
      printed({ 1, a = 1, ["end"] = 2, ["a b"] = 3, [2.5] = 4, [0] = 5, [false] = 6 }))
    assert.equal("{ a = { b = { c = {} } } }", printed({ a = { b = { c = {} } } }))
  end)

  it("takes several lines for what is longer than one", function()
    assert.equal('{\n  { x = "aaaaaaaaaaaaaaaaaaaa" },\n  b = 1,\n}',
      printed({ { x = ("a"):rep(20) }, b = 1 }, { width = 34 }))
  end)

  it("is bounded in depth, in entries and in bytes", function()
    local endless = {}
    endless.next = endless
    assert.equal("{ next = { cycle } }", printed(endless))
    assert.equal("{ a = { ... } }", printed({ a = { b = 1 } }, { depth = 1 }))
    assert.equal("{ 1, 2, 3, ... 7 more }", printed({ 1, 2, 3, 4, 5, 6, 7, 8, 9, x = 1 }, { items = 3 }))
    assert.equal('"abc"... (10 bytes)', printed("abcdefghij", { string = 3 }))
    local large = {}
    for i = 1, 100000 do large["key" .. i] = i end
    assert.is_true(#printed(large) < 2000)
    assert.matches("... 99950 more", printed(large), 1, true)
  end)

  it("runs nothing of a value but its __tostring", function()
    local function fail() error("called") end
    local value = setmetatable({ a = 1 }, { __index = fail, __pairs = fail, __len = fail, __eq = fail, __lt = fail })
    assert.equal("{ a = 1 }", printed(value))
    assert.equal("mine", printed(setmetatable({}, { __tostring = function() return "mine" end })))
  end)

  it("prints what has a __tostring that fails, all the same", function()
    local value = setmetatable({}, { __tostring = function() error("broken", 0) end })
    assert.equal("table that has no text: broken", printed(value))
    assert.equal("{ [table that has no text: broken] = 1 }", printed({ [value] = 1 }))
    assert.is_truthy(printed({ [value] = 1, [setmetatable({}, getmetatable(value))] = 2 }))
  end)

  it("prints what a failed call gives as one line", function()
    assert.equal("connect 127.0.0.1:1: refused (ECONNREFUSED)",
      printed(nil, "connect 127.0.0.1:1: refused", "ECONNREFUSED"))
    assert.equal("/x: No such file or directory (2)", printed(nil, "/x: No such file or directory", 2))
    assert.equal("only a message", printed(nil, "only a message"))
    assert.equal("connect unix:a\\027b\\nc: x (ENOENT)", printed(nil, "connect unix:a\27b\nc: x", "ENOENT"))
  end)

  it("gives nothing back", function()
    local write = io.write
    io.write = function() end -- luacheck: ignore
    local count = select("#", net.pp(1))
    io.write = write -- luacheck: ignore
    assert.equal(0, count)
  end)

  it("refuses options that there are not, and values that are no numbers", function()
    assert_raises("^[^\n]*pp_spec.lua:%d+: pp: unknown option 'deep' %(valid: depth, items, string, width%)$",
      function() net.pp(1, { deep = 1 }) end)
    assert_raises("pp: option depth: number >= 0 expected, got x$", net.pp, 1, { depth = "x" })
    assert_raises("pp: option depth: number >= 0 expected, got %-1$", net.pp, 1, { depth = -1 })
    assert_raises("pp: table of options expected, got number$", net.pp, 1, 2)
  end)
end)

describe("the prompt's results", function()
  it("stand in one line, if there is room", function()
    assert.equal('1\t"a"\tnil', pp.results { n = 3, 1, "a", nil })
    assert.equal('1\nnil\n"' .. ("x"):rep(100) .. '"', pp.results { n = 3, 1, nil, ("x"):rep(100) })
  end)

  it("are a failure's message when they are nil, message, code", function()
    assert.equal("a: b (c)", pp.results { n = 3, nil, "a: b", "c" })
    assert.equal("nil\t1", pp.results { n = 2, nil, 1 })
    assert.equal("nil", pp.results { n = 1 })
  end)
end)

describe("require \"dialtone\"", function()
  it("loads nothing of the prompt", function()
    local output = require("spec.support.child").lua([[
      require "dialtone"
      for name in pairs(package.loaded) do
        if name:find("^dialtone%.p[pr]") or name:find("^dialtone%.[ct][or][ma]") then print(name) end
      end
      print "no more"
    ]])
    assert.equal("no more\n", output)
  end)
end)
