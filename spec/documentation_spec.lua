-- documentation_spec.lua - what is there is documented, what is documented is
-- there, and the documents kept in the repository are those that the generator
-- makes now.

local net = require "dialtone"
local comments = require "doc.comments"
local luacats = require "doc.luacats"
local helpdata = require "doc.helpdata"
local ldocsource = require "doc.ldocsource"
local optionpage = require "doc.optionpage"
local exhibitpage = require "doc.exhibitpage"
local read = require "spec.support.file".read

local index = comments.index(comments.read(comments.sources(".")))

-- The names of functions, sorted, but for those that Lua calls itself.
local function function_names(object)
  local names = {}
  for name, value in pairs(object) do
    if type(value) == "function" and not name:find("^__") then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

local function item_names(items)
  local names = {}
  for i, item in ipairs(items or {}) do
    names[i] = item.name
  end
  table.sort(names)
  return names
end

-- One of each class: the methods stand in the metatable.
local makers = {}

function makers.address()
  return assert(net.address("127.0.0.1:1"))
end

function makers.queue()
  return net.queue()
end

local function recorded()
  local wire
  local recording = net.handshake { function(one) wire = one end, level = 0 }
  return wire, recording
end

function makers.wire()
  return (recorded())
end

function makers.recording()
  return select(2, recorded())
end

function makers.scope()
  local scope
  net.scope(function(one)
    scope = one
  end)
  return scope
end

function makers.server()
  local listener = assert(net.socket("AF_INET", "SOCK_STREAM"))
  assert(listener:bind("127.0.0.1:0"))
  assert(listener:listen())
  local server = assert(net.serve(listener, function() end))
  server:close()
  net.run()
  return server
end

function makers.socket()
  local socket = assert(net.socket("AF_UNIX", "SOCK_DGRAM"))
  socket:close()
  return socket
end

function makers.task()
  local task = net.spawn(function() end)
  task:cancel()
  return task
end

-- What an address has is fields, which it gives through a function.
local function methods_of(class)
  local methods = makers[class] and getmetatable(makers[class]()).__index
  return type(methods) == "table" and methods or {}
end

-- The functions of the module, those of each class, and what comes before their
-- names in LuaCATS.
local sets = {
  { what = "the module", items = index.functions, prefix = "net.", functions = net },
}

for class in pairs(index.types) do
  sets[#sets + 1] = {
    what = "class " .. class, items = index.methods[class], prefix = class .. ":",
    functions = methods_of(class),
  }
end

-- They are there for what they do.
local without_results = { echo = true, onerror = true, pp = true }

-- A list of any length needs no type: `@param ...`, `@return`.
local function is_described(parameter)
  return parameter.name and (parameter.type or parameter.name == "...")
end

describe("the classes", function()
  it("are those of which there is one here", function()
    local documented, known = {}, {}
    for class in pairs(index.types) do
      documented[#documented + 1] = class
    end
    for class in pairs(makers) do
      known[#known + 1] = class
    end
    table.sort(documented)
    table.sort(known)
    assert.same(known, documented)
  end)

  for class, item in pairs(index.types) do
    it(class .. " has a description", function()
      assert.is_true(#item.summary > 10)
    end)
  end
end)

local function option_names()
  local names = {}
  for i, option in ipairs(net.options()) do
    names[i] = option.name
  end
  return names
end

for _, set in ipairs(sets) do
  describe("the functions of " .. set.what, function()
    it("are all documented, and no others", function()
      assert.same(function_names(set.functions), item_names(set.items))
    end)

    it("are all in the definitions for editors", function()
      local text = luacats.generate(index)
      for _, name in ipairs(function_names(set.functions)) do
        assert.matches("\nfunction " .. set.prefix .. name .. "(", text, 1, true)
      end
    end)

    it("are all in what LDoc reads", function()
      local text = {}
      for i, file in ipairs(ldocsource.generate(index)) do
        text[i] = file.text
      end
      text = table.concat(text)
      for _, name in ipairs(function_names(set.functions)) do
        assert.matches("\n-- @function " .. name .. "\n", text, 1, true)
      end
    end)

    for _, item in ipairs(set.items or {}) do
      it(item.name .. " has a description, named parameters and results", function()
        local where = item.file .. ":" .. item.line
        assert.is_true(#item.summary > 10, where)
        assert.matches("%.$", item.summary, where)
        for _, parameter in ipairs(item.params) do
          assert.is_truthy(is_described(parameter), where)
        end
        assert.is_true(#item.returns > 0 or item.raise ~= nil or without_results[item.name] == true,
          where .. ": no @treturn, @return or @raise")
        for _, group in ipairs(item.returns) do
          for n, value in ipairs(group) do
            assert.is_truthy(value.type or n == #group, where)
          end
        end
        local failure = item.returns[2]
        if failure then
          assert.equal("nil", failure[1].type, where)
          assert.equal("string", failure[2].type, where)
          assert.equal("string", failure[3].type, where)
        end
      end)
    end
  end)
end

describe("an address", function()
  it("has all the fields that are documented for it", function()
    local described = {}
    for _, field in ipairs(index.types.address.fields) do
      described[field.name] = true
    end
    for _, name in ipairs({ "family", "host", "port", "scope", "flowinfo", "path", "interface",
      "ifindex", "protocol", "hatype", "pkttype", "hwaddr", "pid", "groups", "cid" }) do
      assert.is_true(described[name], name)
      described[name] = nil
    end
    assert.is_nil(next(described))
  end)
end)

describe("the examples of the comments", function()
  for _, item in ipairs(comments.read(comments.sources("."))) do
    for _, usage in ipairs(item.usage) do
      it("of " .. item.name .. " are Lua", function()
        assert((loadstring or load)(usage, "=" .. item.file .. ":" .. item.line))
      end)
    end
  end
end)

describe("doc/luacats/dialtone.lua", function()
  it("is what doc/build makes of the comments now", function()
    local made = luacats.generate(index, option_names())
    assert.is_true(made == read("doc/luacats/dialtone.lua"), "stale: run doc/build luacats")
  end)

  it("is Lua", function()
    assert(loadfile("doc/luacats/dialtone.lua"))
  end)
end)

describe("lua/dialtone/help_data.lua", function()
  local manual = read("doc/manual.md")

  it("is what doc/build makes of the comments, the manual and the options now", function()
    local made = helpdata.generate(index, manual, optionpage)
    assert.is_true(made == read("lua/dialtone/help_data.lua"), "stale: run doc/build help")
  end)

  it("has every function and class, without markup", function()
    local data = require "dialtone.help_data"
    local count = 0
    for name, item in pairs(data.items) do
      assert.is_nil((item[1] .. item[2]):find("`", 1, true), name)
      count = count + 1
    end
    local expected = 0
    for _, set in ipairs(sets) do
      for _, item in ipairs(set.items or {}) do
        expected = expected + 1
        assert.is_truthy(data.items[set.prefix .. item.name], item.name)
      end
    end
    for class in pairs(index.types) do
      expected = expected + 1
      assert.is_truthy(data.items[class], class)
    end
    assert.equal(expected, count)
  end)

  it("has what the manual says of every error", function()
    local codes = helpdata.codes(manual)
    assert.same({ "From connect: the host answered that nobody listens at this port." }, codes.ECONNREFUSED)
    assert.equal(2, #codes.ECONNRESET)
    assert.is_truthy(codes.ENFILE and codes.eof and codes.EAI_AGAIN)
  end)

  it("has a place in the overview for each function", function()
    local one = comments.index(comments.parse_c("/***\nX.\n@function nowhere\n@treturn nil\n*/", "x.c"))
    local _, message = pcall(helpdata.generate, one, manual, optionpage)
    assert.equal("x.c:1: nowhere is in 0 groups of doc/helpdata.lua, not in one", message)
  end)
end)

describe("doc/options.md", function()
  it("is what doc/build makes of the table of options now", function()
    local made = optionpage.generate(net.options())
    assert.is_true(made == read("doc/options.md"), "stale: run doc/build options")
  end)

  it("has a row for every option, and explains every type", function()
    local page = read("doc/options.md")
    for _, option in ipairs(net.options()) do
      local row = "\n| `" .. option.name .. "` | " .. option.type .. " |"
      assert.is_truthy(page:find(row, 1, true), option.name)
      assert.is_truthy(page:find("\n| " .. option.type .. " | ", 1, true), option.type)
    end
  end)
end)

describe("doc/handshakes.md", function()
  local function without_output(page)
    return (page:gsub("```\n.-```", "```\n```"))
  end

  it("has the exhibits as they are now", function()
    local made = exhibitpage.generate(".", function() return "" end)
    assert.is_true(made == without_output(read("doc/handshakes.md")), "stale: run doc/build exhibits")
  end)

  it("shows what each of them printed, over several lines", function()
    local pictures = 0
    for output in read("doc/handshakes.md"):gmatch("```\n(.-)```") do
      assert.matches("^[%w_, ]*level %d: packets captured .*client.*server", output)
      pictures = pictures + 1
    end
    assert.equal(11, pictures)
  end)

  it("has them of at most 40 lines", function()
    for _, exhibit in ipairs(exhibitpage.list(".")) do
      local _, lines = read("examples/handshake/" .. exhibit.name .. ".lua"):gsub("\n", "")
      assert(lines <= 40, exhibit.name)
    end
  end)
end)

-- The parser's own rules, on a text.
describe("doc/comments.lua", function()
  local items = comments.parse_c([[
int x; /* no documentation */
/***
Receives at most `size` bytes. And
more on it.

A second paragraph.
@function socket:recv
@tparam integer size how many
at most
@tparam[opt=1] ?string|{string,...} ... flags
@treturn string data
@treturn[2] nil
@treturn[2] string message
@usage local s = 1
if s then
  print(s)
end
@see send(2), write(2)
*/
int y;
/***
 * With stars.
 * @type socket
 * @tfield integer n a number
 */
]], "x.c")

  it("reads names, texts and where they stand", function()
    assert.equal(2, #items)
    local item = items[1]
    assert.same({ "function", "socket", "recv", "x.c", 2 },
      { item.kind, item.class, item.name, item.file, item.line })
    assert.equal("Receives at most `size` bytes.", item.summary)
    assert.equal("Receives at most `size` bytes. And\nmore on it.\n\nA second paragraph.",
      item.description)
    assert.same({ "send(2)", "write(2)" }, item.see)
    assert.same({ "local s = 1\nif s then\n  print(s)\nend" }, item.usage)
  end)

  it("reads parameters and results", function()
    local size, flags = items[1].params[1], items[1].params[2]
    assert.same({ "size", "integer", "how many\nat most", false },
      { size.name, size.type, size.description, size.optional })
    assert.same({ "...", "?string|{string,...}", true, "1" },
      { flags.name, flags.type, flags.optional, flags.default })
    assert.equal("data", items[1].returns[1][1].description)
    assert.equal("message", items[1].returns[2][2].description)
  end)

  it("takes the stars of a comment off", function()
    assert.same({ "type", "socket", "With stars." },
      { items[2].kind, items[2].name, items[2].summary })
    assert.equal("n", items[2].fields[1].name)
  end)

  it("reads Lua's comments", function()
    local item = comments.parse_lua("--- Does it.\n-- @tparam string a\nfunction M.it(a) end\n"
      .. "---- no documentation\n", "x.lua")[1]
    assert.same({ "function", "it", "Does it.", "a" },
      { item.kind, item.name, item.summary, item.params[1].name })
  end)

  -- A class with one method, which takes, gives and raises what has no types.
  local open = [[
/***
Counts.
@type counter
*/
/***
Calls it.
@function counter:call
@param ... its arguments
@return what it gave
@treturn[2] nil
@treturn[2] string message
@raise what it raised
*/
]]

  it("knows values of any number and type, and what is raised", function()
    local methods = comments.index(comments.parse_c(open, "x.c")).methods.counter
    assert.equal("...", methods[1].params[1].name)
    assert.same({ { description = "what it gave" } }, methods[1].returns[1])
    assert.equal("what it raised", methods[1].raise)
  end)

  it("has them in the definitions for editors and in what LDoc reads", function()
    local made = comments.index(comments.parse_c(open, "x.c"))
    local text = luacats.generate(made)
    assert.matches("---@class dialtone.Counter: userdata\n", text, 1, true)
    assert.matches("--- Calls it.\n---\n--- Raises what it raised.\n---@param ... any # its arguments\n"
      .. "---@return any ... # what it gave\nfunction counter:call(...) end\n", text, 1, true)
    assert.matches("\n-- @function call\n-- @param ... its arguments\n-- @return what it gave\n"
      .. "-- @treturn[2] nil\n-- @treturn[2] string message\n-- @raise what it raised\n",
      ldocsource.generate(made, "x")[2].text, 1, true)
  end)

  it("refuses methods of a class that nothing describes", function()
    local _, message = pcall(comments.index,
      comments.parse_c("/***\nX.\n@function x:y\n*/", "x.c"))
    assert.equal("x.c:1: there is no @type x", message)
  end)

  it("refuses tags it does not know", function()
    local _, message = pcall(comments.parse_c, "/***\nX.\n@functoin x\n*/", "x.c")
    assert.equal("x.c:1: unknown tag @functoin", message)
  end)
end)

describe("doc/markdown.lua", function()
  local convert = require "doc.markdown"

  it("converts what the pages use", function()
    for markdown, html in pairs({
      ["## A `b` c"] = "<h2>A <code>b</code> c</h2>",
      ["one\ntwo\n\nthree"] = "<p>one\ntwo</p>\n<p>three</p>",
      ["a < b & **c** *d* 2 * 3"] = "<p>a &lt; b &amp; <strong>c</strong> <em>d</em> 2 * 3</p>",
      ["`a*b*_c` &amp; <code>x*y*</code>"] = "<p><code>a*b*_c</code> &amp; <code>x*y*</code></p>",
      ["[a](b.md) [c](https://d/e_f)"] =
        '<p><a href="b.md.html">a</a> <a href="https://d/e_f">c</a></p>',
      ["see recv(2)"] = '<p>see <a href="https://man7.org/linux/man-pages/man2/recv.2.html">'
        .. "recv(2)</a></p>",
      ["- a\n  b\n- c"] = "<ul>\n<li>a\nb</li>\n<li>c</li>\n</ul>",
      ["1. a\n2. b"] = "<ol>\n<li>a</li>\n<li>b</li>\n</ol>",
      ["> a\n> b"] = "<blockquote><p>a\nb</p></blockquote>",
      ["| a | b |\n|---|---|\n| `c|d` | e |"] = "<table>\n<tr><th>a</th><th>b</th></tr>\n"
        .. "<tr><td><code>c|d</code></td><td>e</td></tr>\n</table>",
      ["```\na < b\n```"] = "<pre>a &lt; b</pre>",
      ["    a\n\n    b\nc"] = "<pre>a\n\nb</pre>\n<p>c</p>",
      ["<pre>\n**a**\n</pre>"] = "<pre>\n**a**\n</pre>",
    }) do
      assert.equal(html, convert(markdown))
    end
  end)
end)
