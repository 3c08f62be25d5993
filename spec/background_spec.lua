-- background_spec.lua - net.background: tasks run at the prompt of lua itself.

local net = require "dialtone"
local Terminal = require "spec.support.terminal"
local child = require "spec.support.child"
local support = require "spec.support.transport"
local keep, assert_raises = support.keep, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local interpreter = child.interpreter()

local function start()
  local terminal = Terminal.start { program = interpreter, env = {
    LUA_PATH = os.getenv("LUA_PATH"), LUA_CPATH = os.getenv("LUA_CPATH") } }
  terminal:ends(">")
  terminal:line("net = require 'dialtone'")
  return terminal
end

local function ask(port)
  local conn = keep(net.connect(port))
  conn:settimeout(10)
  local began = net.now()
  assert(conn:write("hello\n"))
  assert.equal("hello", (assert(conn:read())))
  conn:close()
  return net.now() - began
end

describe("net.background", function()
  it("is for the main program", function()
    assert_raises("only the main program can call it", coroutine.wrap(function() net.background() end))
    assert_raises("only the main program can call it", net.run, function() net.background() end)
  end)

  if not Terminal.is_there() then
    it("is tested in a terminal", function() pending("there is no tmux") end)
    return
  end

  if not Terminal.has_readline() then
    it("says that this interpreter's prompt cannot", function()
      local terminal = start()
      terminal:line("print(net.background())")
      terminal:sees("background: this interpreter does not read lines with readline")
      terminal:sees("ENOTSUP")
    end)
    return
  end

  it("lets a server work at the prompt of lua", function()
    local terminal = start()
    terminal:line("print(net.background(), net.background())")
    terminal:sees("true")
    local port = terminal:serve()
    ask(port)
    terminal:type("local half = ")
    terminal:ends("> local half =")
    local times = {}
    for i = 1, 50 do times[i] = ask(port) end
    table.sort(times)
    local most = net.fileno() and 0.01 or 0.03 -- without a descriptor it is looked at every 10 ms
    assert.is_true(times[25] < most, ("the median is %.2f ms"):format(times[25] * 1000))
    terminal:line("5 print(half)")
    terminal:ends("\n5\n>")
  end)

  it("leaves the server waiting without it", function()
    local terminal = start()
    local port = terminal:serve()
    local conn = keep(net.connect(port))
    conn:settimeout(10)
    assert(conn:write("hello\n"))
    terminal:line("print 'a line later'")
    terminal:ends("\na line later\n>")
    assert.equal("EAGAIN", select(3, conn:recv(1, "MSG_DONTWAIT")))
    terminal:line("net.sleep(0.001)") -- while a call waits it answers
    assert.equal("hello", (assert(conn:read())))
  end)

  it("leaves Ctrl-C at the prompt what it is: the end", function()
    local terminal = start()
    terminal:line("print(net.background())")
    terminal:sees("true")
    terminal:serve()
    terminal:type("half")
    terminal:ends("> half")
    terminal:key("C-c")
    terminal:sees("status 130")
  end)

  it("prints the errors of tasks, and goes on", function()
    local terminal = start()
    terminal:line("print(net.background())")
    terminal:line("t = net.spawn(function() error('broken') end)")
    terminal:sees("dialtone: stdin:1: broken")
    terminal:line("t = net.spawn(function() net.sleep(0.01) print 'still here' end)")
    terminal:ends("still here")
  end)

  it("ends with the Lua state", function()
    local terminal = start()
    terminal:line("print(net.background())")
    terminal:sees("true")
    terminal:serve()
    terminal:key("C-d")
    terminal:sees("status 0")
  end)
end)
