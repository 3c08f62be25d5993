-- complete_spec.lua - what a word that is being typed may become.

local net = require "dialtone"
local complete = require "dialtone.prompt.complete"
local support = require "spec.support.transport"
local keep = support.keep
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- The candidates for the end of a line, as one text. The word is what an editor takes
-- for one.
local function candidates(line)
  local word = line:match("[%w_]*$")
  return table.concat(complete(line, word), " ")
end

local function has(line, name)
  return (" " .. candidates(line) .. " "):find(" " .. name .. " ", 1, true) ~= nil
end

describe("completion", function()
  before_each(function() _G.net = net end)
  after_each(function() _G.net, _G.it_is = nil, nil end)

  it("knows variables and keywords", function()
    assert.equal("collectgarbage", candidates("collectg"))
    assert.equal("coroutine", candidates("x = corou"))
    assert.is_true(has("fun", "function"))
    assert.is_true(has("(ne", "net"))
    assert.equal("", candidates("no_such_name"))
  end)

  it("knows fields, of fields too", function()
    assert.equal("interfaces", candidates("net.interf"))
    assert.equal("format", candidates("string.form"))
    assert.equal("format", candidates("x = 'a'..string.form"))
    _G.it_is = { inner = { deep_field = 1, ["not a name"] = 2 } }
    assert.equal("deep_field", candidates("it_is.inner."))
    assert.equal("", candidates("it_is.absent."))
    assert.equal("", candidates("f().x"))
    assert.equal("", candidates("1."))
  end)

  it("knows methods of sockets, tasks, texts and objects with a metatable", function()
    _G.it_is = keep(net.socket("AF_INET", "SOCK_STREAM"))
    assert.equal("setlimit setsockopt settimeout setvbuf", candidates("it_is:set"))
    assert.equal("setsockopt", candidates("if it_is:setso"))
    local further = { __index = { further = print } }
    _G.it_is = setmetatable({ data = 1 }, { __index = setmetatable({ far = print }, further) })
    assert.equal("far further", candidates("it_is:"))
    assert.equal("data far further", candidates("it_is."))
    _G.it_is = "text"
    assert.is_true(has("it_is:", "gsub"))
  end)

  it("knows an address's fields: those that it has", function()
    _G.it_is = net.address("127.0.0.1", 80)
    assert.equal("family host port", candidates("it_is."))
  end)

  it("knows the constants that a call takes in this place", function()
    assert.is_true(has('net.socket("', "AF_INET6"))
    assert.is_false(has('net.socket("', "SOCK_STREAM"))
    assert.is_true(has('net.socket("AF_INET", "', "SOCK_DGRAM"))
    assert.is_false(has('net.socket("AF_INET", "', "AF_INET"))
    assert.is_true(has("net.socket('AF_INET', 'SOCK_RAW', 'IPPROTO_IC", "IPPROTO_ICMP"))
    assert.equal("SHUT_RD SHUT_RDWR SHUT_WR", candidates("s:shutdown('"))
    assert.equal("SO_REUSEADDR", candidates('s:setsockopt("SO_REUSEA'))
    assert.is_true(has('s:getsockopt("', "TCP_NODELAY"))
    assert.is_true(has('s:getsockopt("', "SOL_SOCKET"))
    assert.equal("MSG_PEEK", candidates('s:recv(100, "MSG_PE'))
    assert.equal("MSG_PEEK", candidates('s:recv(100, "MSG_DONTWAIT|MSG_PE'))
    assert.is_true(has("net.getaddrinfo('x', 1, { family = '", "AF_INET"))
    assert.is_false(has("net.getaddrinfo('x', 1, { family = '", "SOCK_STREAM"))
    assert.is_true(has('f("a, (", "SOCK_ST', "SOCK_STREAM"))
  end)

  it("knows constants in texts of other calls when they are begun", function()
    assert.equal("AF_INET AF_INET6", candidates('my_own("AF_INET'))
    assert.equal("", candidates('my_own("'))
  end)

  it("knows the names of options, the verbs' own and the short ones", function()
    assert.equal("timeout", candidates("net.connect('x', { time"))
    assert.is_true(has("net.serve(7000, net.echo, { ", "max"))
    assert.is_true(has("net.serve(7000, net.echo, { max = 1, ", "keepalive"))
    assert.is_true(has("net.listen(7000, { ", "backlog"))
    assert.is_false(has("net.connect('x', { timeout = ma", "max"))
  end)

  it("calls nothing of the user's", function()
    _G.it_is = setmetatable({}, { __index = function() error("called") end })
    assert.equal("", candidates("it_is."))
    assert.equal("", candidates("it_is.a.b"))
  end)

  it("ends in any case", function()
    local circle = {}
    setmetatable(circle, { __index = circle })
    _G.it_is = circle
    assert.equal("", candidates("it_is."))
    for _, line in ipairs { "", ")", "}}}", '"', "'\\", "net", "net..", ":", "a:b:c:", '("(["', ("("):rep(1000) } do
      assert.is_string(candidates(line))
    end
  end)
end)
