-- help_spec.lua - net.help: what it prints.

local net = require "dialtone"
local support = require "spec.support.transport"
local child = require "spec.support.child"
local keep = support.keep
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- What net.help prints: a text, from one call of print; it returns nothing.
local function help(...)
  local original, texts = print, {}
  rawset(_G, "print", function(...)
    assert(select("#", ...) == 1)
    texts[#texts + 1] = (...)
  end)
  local ok, count = pcall(function(...) return select("#", net.help(...)) end, ...)
  rawset(_G, "print", original)
  if not ok then error(count, 0) end
  assert.equal(0, count)
  assert.equal(1, #texts)
  return texts[1]
end

local function first_line(...)
  return (help(...):match("^[^\n]*"))
end

local function longest(text)
  local length = 0
  for line in text:gmatch("[^\n]+") do length = math.max(length, #line) end
  return length
end

-- Every name that has an answer.
local function all_names()
  local list = {}
  for name in pairs(require("dialtone.help_data").items) do list[#list + 1] = name end
  for name in pairs(require("dialtone.help_data").codes) do list[#list + 1] = name end
  for _, row in ipairs(net.options()) do list[#list + 1] = row.name end
  return list
end

describe("net.help", function()
  it("without an argument lists every function of the module, and every class", function()
    local text = help()
    for name, value in pairs(net) do
      if type(value) == "function" then
        local _, count = text:gsub("\n  net%." .. name .. " ", "")
        assert.equal(1, count, name)
      end
    end
    for _, class in ipairs { "socket", "task", "queue", "scope", "server", "address" } do
      assert.matches("\n  " .. class .. " +%u", text)
    end
    assert.equal(text, help(net))
  end)

  it("gives a function's arguments, results and example", function()
    local text = help "net.socketpair"
    assert.equal("net.socketpair([domain] [, type] [, protocol])", text:match("^[^\n]*"))
    assert.matches("\n  domain +string or integer, \"AF_UNIX\" when left out\n", text)
    assert.matches("\n  gives +socket: one end\n +socket: the other end\n", text)
    assert.matches("\n  or +nil, message, code such as ", text)
    assert.matches("\n    local a, b = assert(net.socketpair())", text, 1, true)
  end)

  it("finds a method by its name, with its class or without", function()
    for _, name in ipairs { "accept", "socket:accept", "socket.accept", "socket:accept()", " accept ", "ACCEPT" } do
      assert.equal("socket:accept()", first_line(name))
    end
    assert.equal("net.fileno()", first_line "net.fileno")
    assert.is_nil(help("net.fileno"):find("socket:fileno()", 1, true))
  end)

  it("gives all that have the name", function()
    local text = help "close"
    for _, class in ipairs { "queue", "server", "socket" } do
      assert.is_truthy(("\n" .. text):find("\n" .. class .. ":close()", 1, true))
    end
  end)

  it("knows functions, methods and objects themselves", function()
    local s, address = keep(net.socketpair()), assert(net.address("127.0.0.1:1"))
    assert.equal("net.connect(where [, port] [, opts])", first_line(net.connect))
    assert.equal("socket:accept()", first_line(s.accept))
    assert.equal("queue:put(value [, seconds])", first_line(net.queue().put))
    assert.matches("^A socket of the system's%..*\n  socket:accept  .*\n  socket:write  ", help(s))
    assert.matches("^A queue, .*\n  queue:get  ", help(net.queue()))
    assert.matches("^A socket address: .*\n  family  ", help(address))
    net.scope(function(scope)
      assert.matches("^A scope: .*\n  scope:spawn  ", help(scope))
      assert.equal("scope:cancel()", first_line(scope.cancel))
      assert.matches("^A task: .*\n  task:traceback  ", help(scope:spawn(function() end)))
    end)
    local server = assert(net.serve("127.0.0.1:0", net.echo))
    assert.matches("^A server, .*\n  server:drain  ", help(server))
    server:close()
    net.run()
  end)

  it("says of what is not the library's that it is not", function()
    assert.equal("net.help: this function is none of the library's.", help(print))
    assert.equal("net.help: this table is none of the library's.", help({}))
    assert.equal("net.help: this userdata is none of the library's.", help(io.stdout))
    assert.equal("net.help: this table is none of the library's.", help(setmetatable({}, { __metatable = "x" })))
  end)

  it("tells of options what net.options tells", function()
    for _, row in ipairs(net.options()) do
      local text = help(row.name)
      assert.equal(1, (text:find(row.name .. ", a socket option of " .. row.level, 1, true)))
      assert.is_truthy(text:find("\n  type     " .. row.type, 1, true))
      assert.is_truthy(text:find("\n  access   " .. row.access, 1, true))
      assert.is_truthy(not row.unit or text:find("\n  unit     " .. row.unit, 1, true))
      assert.is_truthy(text:find("\n  here     " .. (row.available and "yes" or "no: it fails"), 1, true))
    end
  end)

  it("knows options by their short names", function()
    local text = help "ttl"
    assert.matches("IP_TTL, a socket option", text, 1, true)
    assert.matches("IPV6_UNICAST_HOPS, a socket option", text, 1, true)
    assert.matches("\n  short    ttl, in the options of", text, 1, true)
    local _, count = help("keepidle"):gsub("a socket option", "") -- the one that is here
    assert.equal(1, count)
    assert.equal(help "SO_KEEPALIVE", help "so_keepalive")
  end)

  it("tells of errors what the manual tells, and who gives them", function()
    local text = help "ECONNREFUSED"
    assert.equal("ECONNREFUSED, an error code: see errno(3)", text:match("^[^\n]*"))
    assert.matches("the host answered that nobody listens at this port.", text, 1, true)
    assert.matches("See net.connect, socket:connect,", text, 1, true)
    assert.equal("eof, an error code", first_line "eof")
    assert.equal("EMSGSIZE, an error code: see errno(3)", first_line "EMSGSIZE")
    assert.equal("EAI_AGAIN, an error code: see gai_strerror(3)", first_line "EAI_AGAIN")
  end)

  it("tells of other constants their numbers", function()
    assert.equal("MSG_PEEK, a constant: " .. net.constants().MSG_PEEK .. " on this system", first_line "MSG_PEEK")
  end)

  it("answers what it does not know with what is similar", function()
    local function alike(name, expected)
      local text = help(name):gsub("\n", " ")
      assert.equal(1, text:find("net.help: there is nothing by the name '" .. name .. "'. Similar: ", 1, true), text)
      assert.is_truthy(text:find(expected, 1, true), text)
    end
    alike("acept", "socket:accept")
    alike("net.conect", "net.connect")
    alike("conn:read", "Similar: socket:read,")
    alike("KEEP", "SO_KEEPALIVE")
    alike("SO_REUSEADR", "SO_REUSEADDR")
    alike("ECONREFUSED", "ECONNREFUSED")
  end)

  it("answers anything else with where to look", function()
    for _, name in ipairs { "", "zzzzzzzzzz", "%s", "[", "\0", "\27[2J", ("x"):rep(100000), "net.", ":", "." } do
      local text = help(name)
      assert.matches("^net.help: there is nothing by the name", text)
      assert.is_nil((text:gsub("\n", "")):find("%c"))
      assert.is_true(#text < 400)
    end
  end)

  it("raises for what can be no name", function()
    for _, value in ipairs { 5, true, coroutine.create(function() end) } do
      local ok, message = pcall(function() net.help(value) end)
      assert.is_false(ok)
      assert.matches("help_spec.lua:%d+: bad argument #1 to 'help' %(name, function or object expected, got "
        .. type(value) .. "%)", message)
    end
  end)

  it("keeps to 80 columns, but for examples, and shows no markup", function()
    for _, name in ipairs(all_names()) do
      local text = help(name):gsub("\n    [^\n]*", "\n")
      assert.is_true(longest(text) <= 80, name)
      assert.is_nil(text:find("[`\t]"), name)
      assert.is_nil(text:find("[^\n] \n"), name)
    end
    assert.is_true(longest(help()) <= 80)
  end)

  it("keeps to COLUMNS", function()
    for columns, most in pairs { [40.5] = 40, [132] = 132, [5] = 80, ["x"] = 80, ["1e9"] = 80, ["nan"] = 80 } do
      local output, ok = child.run(("COLUMNS=%s %s -e %s"):format(columns, child.quote(child.interpreter()),
        child.quote("local net = require 'dialtone' net.help() net.help 'SO_REUSEADDR'")))
      assert.is_true(ok, output)
      local length = longest((output:gsub("\n    [^\n]*", "\n")))
      assert.is_true(length <= most and length > most * 0.7, columns .. ": " .. length)
    end
  end)

  it("is loaded when it is first called", function()
    local output = child.lua([[
      local net = require "dialtone"
      print(package.loaded["dialtone.help"], package.loaded["dialtone.help_data"])
      net.help "now"
      print(type(package.loaded["dialtone.help"]))
    ]])
    assert.matches("^nil\tnil\nnet.now%(%)\n.*\ntable\n$", output)
  end)
end)
