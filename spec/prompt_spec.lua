-- prompt_spec.lua - the prompt, as a person meets it: keys are pressed in a terminal,
-- and its screen is looked at.

local net = require "dialtone"
local Terminal = require "spec.support.terminal"
local child = require "spec.support.child"
local read = require "spec.support.file".read
local support = require "spec.support.transport"
local keep = support.keep
local it = support.closing(it, function(cleanup) finally(cleanup) end)

if not Terminal.is_there() then
  describe("the prompt", function()
    it("is tested in a terminal", function() pending("there is no tmux") end)
  end)
  return
end

local editors = Terminal.editors()
local ways = Terminal.editors() -- to type a line
ways[#ways + 1] = "none"

-- A directory that is gone when the case ends.
local function directory()
  local path = support.path()
  assert(child.run("mkdir " .. child.quote(path)))
  return keep(setmetatable({ path = path }, {
    is_closable = true,
    __index = { close = function() child.run("rm -rf " .. child.quote(path)) end },
  }))
end

local start = Terminal.prompt

-- A client of it; how long it waits for an answer.
local function client(port)
  local conn = keep(net.connect(port))
  conn:settimeout(10)
  return function()
    local began = net.now()
    assert(conn:write("hello\n"))
    assert.equal("hello", (assert(conn:read())))
    return net.now() - began
  end
end

describe("the prompt", function()
  for _, editor in ipairs(ways) do
    describe("with " .. editor, function()
      it("runs what is typed and shows what it gives", function()
        local terminal = start(editor)
        terminal:line("x = 20")
        terminal:line("=x + 1, 'a'")
        terminal:line("x * 2")
        terminal:ends("> =x + 1, 'a'\n21      \"a\"\n> x * 2\n40\n>")
      end)

      it("serves while a line is half typed", function()
        local terminal = start(editor)
        local ask = client(terminal:serve())
        terminal:type("local half = ")
        terminal:ends("> local half =")
        ask()
        terminal:line("4 return half")
        terminal:ends("> local half = 4 return half\n4\n>")
      end)

      it("waits in c:read(), and the server answers", function()
        local terminal = start(editor)
        local port = terminal:serve()
        terminal:line(("c = net.connect(%d) c:write('one\\n')"):format(port))
        terminal:line("c:read()")
        terminal:ends("> c:read()\n\"one\"\n>")
      end)

      it("reads a statement of several lines", function()
        local terminal = start(editor)
        terminal:line("for i = 1, 2 do")
        terminal:line("print('line ' .. i)")
        terminal:line("end")
        terminal:ends(">> print('line ' .. i)\n>> end\nline 1\nline 2\n>")
      end)

      it("drops a half typed line at Ctrl-C", function()
        local terminal = start(editor)
        terminal:line("for i = 1, 2 do")
        terminal:type("half")
        terminal:ends(">> half")
        terminal:key("C-c")
        terminal:ends("\n>")
        terminal:line("1 + 1")
        terminal:ends("> 1 + 1\n2\n>")
      end)

      it("ends a loop at Ctrl-C, again and again", function()
        local terminal = start(editor)
        for i = 1, 3 do
          terminal:line(("print 'turns %d' while true do end"):format(i))
          terminal:sees(("\nturns %d"):format(i))
          terminal:key("C-c")
          terminal:sees(("\nturns %d\n^Cinterrupted!\nstack traceback:"):format(i))
        end
        terminal:ends(">")
      end)

      it("ends a wait at Ctrl-C, and no server", function()
        local terminal = start(editor)
        local port = terminal:serve()
        local ask = client(port)
        terminal:line(("c = net.connect(%d)"):format(port))
        terminal:line("print 'waits' c:read()")
        terminal:sees("\nwaits")
        terminal:key("C-c")
        terminal:sees("interrupted!")
        terminal:ends(">")
        ask()
        terminal:line("c:write('again\\n') net.pp(c:read())")
        terminal:ends("\n\"again\"\n>")
      end)

      it("goes on after Ctrl-D in the middle of a statement", function()
        local terminal = start(editor)
        terminal:line("print(")
        terminal:ends("> print(\n>>")
        terminal:key("C-d")
        terminal:sees("stdin:2: unexpected symbol near ")
        terminal:line("1 + 1")
        terminal:ends("> 1 + 1\n2\n>")
      end)

      it("begins a line after what did not end its own", function()
        local terminal = start(editor)
        terminal:line("for i = 1, 3 do io.write(i) end")
        terminal:ends("io.write(i) end\n123\n>")
        terminal:line("io.stdout:write('half') return 1")
        terminal:ends("\nhalf\n1\n>")
        terminal:line("io.stderr:write('half') error('broken', 0)")
        terminal:sees("\nhalf\nbroken\nstack traceback:\n")
      end)

      it("takes sixty lines that are pasted at once", function()
        local terminal = start(editor)
        local lines = {}
        for i = 1, 60 do lines[i] = ("x%d = %d"):format(i, i) end
        terminal:paste(table.concat(lines, "\n"))
        terminal:sees("x60 = 60")
        terminal:key("Enter")
        terminal:type("x1 + x30 + x60")
        terminal:key("Enter")
        terminal:sees("91\n>")
      end)

      it("ends at Ctrl-D, with what it began", function()
        local terminal = start(editor)
        local port = terminal:serve()
        terminal:key("C-d")
        terminal:ends("\nstatus 0")
        assert.is_nil((net.connect(port)))
      end)
    end)
  end

  it("ends a task that computes without end at Ctrl-C, and nothing else", function()
    local terminal = start()
    local ask = client(terminal:serve())
    terminal:line("t = net.spawn(function() print 'turns' while true do end end)")
    terminal:sees("\nturns")
    terminal:key("C-c")
    terminal:sees("dialtone: interrupted!")
    terminal:ends("\n>")
    ask()
  end)

  it("goes on when no descriptor is left", function()
    local terminal = start()
    local ask = client(terminal:serve())
    ask()
    terminal:line("all = {} repeat s, m = net.socket('AF_UNIX', 'SOCK_DGRAM') all[#all + 1] = s until not s")
    terminal:line("print(m)")
    terminal:sees("Too many open files")
    ask()
    terminal:line("1 + 1")
    terminal:ends("\n2\n>")
  end)

  it("is not more than 2 ms late for who is served", function()
    local terminal = start("readline")
    local ask = client(terminal:serve())
    local typing = assert(io.popen(("for i in 1 2 3 4 5 6 7 8 9 10; do env -u LD_PRELOAD tmux -S %s "
      .. "send-keys -l 'abc def '; done; echo typed"):format(terminal.socket)))
    local times = {}
    for i = 1, 300 do
      times[i] = ask()
      net.poll({}, 0.001)
    end
    assert.equal("typed\n", typing:read("*a"))
    typing:close()
    table.sort(times)
    assert.is_true(times[150] < 0.002, ("the median is %.2f ms"):format(times[150] * 1000))
  end)

  it("has no sockets and no tasks of its own", function()
    local terminal = start("none")
    terminal:line("=#net.sockets() .. ' sockets, ' .. #net.tasks() .. ' tasks'")
    terminal:sees('"0 sockets, 0 tasks"')
  end)

  it("shows a failure as one line", function()
    local terminal = start()
    local refusing = keep(net.socket("AF_INET", "SOCK_STREAM"))
    assert(refusing:bind("127.0.0.1", 0))
    local where = tostring(refusing:getsockname())
    terminal:line(("net.connect('%s')"):format(where))
    terminal:ends(("\nconnect %s: Connection refused (ECONNREFUSED)\n>"):format(where))
  end)

  it("shows an error with the part of the stack that was typed", function()
    local terminal = start()
    terminal:line("function f() error 'broken' end")
    terminal:line("(function() f() return 1 end)()")
    local screen = terminal:sees("stdin:1: broken\nstack traceback:\n")
    assert.matches("in function 'error'\n", screen)
    assert.not_matches("prompt/init", screen)
    assert.not_matches("%[C%]: in %?", screen)
    terminal:line("error({ code = 1 })")
    terminal:ends("\n(error object is a table value)\n>")
  end)

  it("says where in an expression the error is", function()
    local terminal = start()
    terminal:line("error('at its place')")
    terminal:sees("\nstdin:1: at its place\nstack traceback:\n")
    terminal:line("=io.write(1, {})")
    terminal:sees("\nstdin:1: bad argument #2 to 'write' (string expected, got table)\n")
    terminal:line("io.stdout:write({})")
    terminal:sees("\nstdin:1: bad argument #1 to 'write' (string expected, got table)\n")
    terminal:line("= -- nothing")
    terminal:ends("\n> = -- nothing\n>")
  end)

  it("tells of an error whose __tostring raises", function()
    local terminal = start()
    terminal:line("no_text = setmetatable({}, { __tostring = function() error 'no text' end })")
    terminal:line("error(no_text)")
    terminal:ends("\n> error(no_text)\n(error object is a table value)\n>")
    terminal:line("no_text")
    terminal:ends("\ntable that has no text: stdin:1: no text\n>")
  end)

  it("ends at Ctrl-C what is shown without end", function()
    local terminal = start()
    terminal:line("for_ever = setmetatable({}, { __tostring = function() while true do end end })")
    terminal:line("print 'begins' return for_ever")
    terminal:sees("\nbegins")
    terminal:key("C-c")
    assert.not_matches("%.lua:", terminal:sees("interrupted!"))
    terminal:line("1 + 1")
    terminal:ends("\n2\n>")
  end)

  it("takes a text that is pasted as one statement, where the editor knows of pasting", function()
    local terminal = start("readline")
    terminal:paste("local a = 20\nlocal b = 1\nreturn a + b")
    terminal:ends("return a + b")
    terminal:key("Enter")
    terminal:ends("return a + b\n21\n>")
  end)

  it("says what is wrong with a line", function()
    local terminal = start()
    terminal:line("x = = 1")
    terminal:sees("stdin:1: unexpected symbol near '='")
    terminal:line("'no end")
    terminal:sees("stdin:1: unfinished string near ''no end'")
    terminal:ends(">")
  end)

  it("takes _PROMPT and _PROMPT2", function()
    local terminal = start()
    terminal:line("_PROMPT, _PROMPT2 = 'first: ', 'second: '")
    terminal:line("for i = 1, 1 do")
    terminal:line("end")
    terminal:ends("\nfirst: for i = 1, 1 do\nsecond: end\nfirst:")
  end)
end)

describe("the Tab key", function()
  for _, editor in ipairs(editors) do
    describe("with " .. editor, function()
      -- Types, presses Tab; then the line is this.
      local function completes(terminal, text, expected)
        terminal:type(text)
        terminal:key("Tab")
        terminal:ends("\n> " .. expected)
        terminal:key("C-c")
        terminal:ends("\n>")
      end

      it("completes names, methods, options and constants", function()
        local terminal = start(editor)
        terminal:line("s = net.socket('AF_INET', 'SOCK_STREAM')")
        completes(terminal, "net.interf", "net.interfaces")
        completes(terminal, "net.connect(1, { time", "net.connect(1, { timeout")
        completes(terminal, "s:tcpi", "s:tcpinfo")
        completes(terminal, 'net.socket("AF_INET6", "SOCK_STR', 'net.socket("AF_INET6", "SOCK_STREAM')
        completes(terminal, 's:setsockopt("SO_KEEP', 's:setsockopt("SO_KEEPALIVE')
        completes(terminal, "s:send('x', 'MSG_PEEK|MSG_NOS", "s:send('x', 'MSG_PEEK|MSG_NOSIGNAL")
      end)

      it("lists all there is without a question, which would stop the tasks", function()
        local terminal = start(editor)
        local ask = client(terminal:serve())
        terminal:line("s = net.socket('AF_INET', 'SOCK_STREAM')")
        terminal:type("s:getsockopt('")
        terminal:key("Tab", "Tab")
        terminal:sees("UDP_SEGMENT")
        terminal:ends("\n> s:getsockopt('")
        ask()
        terminal:key("C-c")
        terminal:line("1 + 1")
        terminal:ends("\n> 1 + 1\n2\n>")
      end)

      it("lists what there is", function()
        local terminal = start(editor)
        terminal:type("net.so")
        terminal:key("Tab")
        terminal:ends("> net.socket")
        terminal:key("Tab", "Tab")
        local screen = terminal:sees("socketpair")
        assert.matches("socket%s+socketpair", screen)
        terminal:ends("> net.socket")
      end)
    end)
  end
end)

describe("the history", function()
  for _, editor in ipairs(editors) do
    it("is kept between two runs, with " .. editor, function()
      local home = directory().path
      local env = { DIALTONE_EDITOR = editor, XDG_STATE_HOME = home }
      local terminal = start(env)
      terminal:line("first = 1")
      terminal:line("second = 2")
      terminal:line("   ")
      terminal:line("second = 2")
      terminal:key("C-d")
      terminal:sees("status 0")
      terminal = start(env)
      terminal:key("Up")
      terminal:ends("> second = 2")
      terminal:key("Up")
      terminal:ends("> first = 1")
      assert.equal("first = 1\nsecond = 2\n", read(home .. "/dialtone/history"))
      assert.matches("^%-rw%-%-%-%-%-%-%-", (child.run("ls -l " .. home .. "/dialtone/history")))
      assert.matches("^drwx%-%-%-%-%-%-", (child.run("ls -ld " .. home .. "/dialtone")))
    end)
  end

  it("is bounded", function()
    local home = directory().path
    child.run("mkdir " .. home .. "/dialtone")
    local file = assert(io.open(home .. "/dialtone/history", "w"))
    for i = 1, 2500 do file:write("line ", i, "\n") end
    file:close()
    local terminal = start { XDG_STATE_HOME = home }
    terminal:key("Up")
    terminal:ends("> line 2500")
    terminal:key("C-c")
    terminal:ends("\n>")
    terminal:key("C-d")
    terminal:sees("status 0")
    local text = read(home .. "/dialtone/history")
    assert.equal("line 1501\n", text:match("^[^\n]*\n"))
    assert.equal(1000, select(2, text:gsub("\n", "")))
  end)

  it("that cannot be written is said once, and lost", function()
    local file = support.written("no directory")
    local terminal = start { XDG_STATE_HOME = file }
    terminal:line("x = 1")
    terminal:ends(("\ndialtone: the history is not kept: write %s/dialtone/history: Not a directory\n>"):format(file))
    terminal:line("=x")
    terminal:ends("\n> =x\n1\n>")
    terminal:key("Up")
    terminal:ends("> =x")
  end)

  it("makes no home that is not there", function()
    local home = directory().path .. "/nobody"
    local terminal = start { DIALTONE_EDITOR = editors[1], HOME = home }
    terminal:line("x = 1")
    terminal:ends(("\ndialtone: the history is not kept: write %s/.local/state/dialtone/history: "):format(home)
      .. "No such file or directory\n>")
    assert.is_nil(io.open(home))
  end)
end)

describe("the editor", function()
  local it_may_load = #editors > 1 and it or function() end -- see Terminal.editors
  it_may_load("that is not there is told of, and the prompt is plain", function()
    local terminal = start("/no/such/library.so")
    terminal:sees("dialtone: line editor /no/such/library.so: no such library was found")
    terminal:line("1 + 1")
    terminal:ends("> 1 + 1\n2\n>")
  end)

  it("shows letters beyond ASCII, and goes over them as one", function()
    local terminal = start("readline")
    terminal:type("=#'ä€'x")
    terminal:ends("> =#'ä€'x")
    terminal:key("BSpace", "Left", "BSpace")
    terminal:ends("> =#'ä'")
    terminal:key("Enter")
    terminal:ends("\n2\n>")
  end)

  it("follows the window's size", function()
    local terminal = start("readline")
    terminal:tmux("resize-window -x 40 -y 20")
    terminal:type("=" .. ("1 + "):rep(12))
    terminal:type("1")
    terminal:key("Home", "Delete", "End")
    terminal:ends("\n> " .. ("1 + "):rep(12) .. "1")
  end)

  it("leaves the terminal as it was", function()
    local state = "stty -a | tr ';' '\\n' | grep -v rows"
    local script = ("before=$(%s); %s; test \"$before\" = \"$(%s)\" && echo the same"):format(state,
      Terminal.command {}, state)
    for _, way in ipairs { "C-d", "os.exit(0, true)", "net.spawn(os.exit, 0, true)",
      "net.spawn(os.execute, 'kill -TERM $PPID')", "net.spawn(os.execute, 'kill -HUP $PPID')" } do
      local terminal = Terminal.start { program = "sh", "-c", script }
      terminal:sees("leaves.")
      terminal:ends(">")
      if way == "C-d" then terminal:key(way) else terminal:line(way) end
      terminal:sees("the same")
    end
  end)

  it("leaves a search at Ctrl-C, and runs nothing", function()
    for _, editor in ipairs(editors) do
      local terminal = start(editor)
      terminal:line("count = (count or 0) + 1")
      terminal:key("C-r")
      terminal:type("cou")
      terminal:sees(editor == "readline" and "(reverse-i-search)`cou'" or "bck:cou")
      terminal:key("C-c")
      terminal:ends("\n>")
      terminal:line("count")
      terminal:ends("\n> count\n1\n>")
    end
  end)

  it("comes back from being stopped", function()
    local terminal = Terminal.start { program = "sh", "-m", "-i", env = { PS1 = "ready: " } }
    terminal:ends("ready:")
    terminal:line("PS1='shell: '; " .. Terminal.command {})
    terminal:sees("leaves.")
    terminal:type("=1 + ")
    terminal:ends("> =1 +")
    terminal:key("C-z")
    terminal:ends("\nshell:")
    terminal:line("stty -a | grep -o ' icanon'")
    terminal:sees("\n icanon")
    terminal:line("fg")
    terminal:ends("\n> =1 +") -- without a key
    terminal:type("1")
    terminal:key("Enter")
    terminal:ends("=1 + 1\n2\n>")
    terminal:line("a, b = net.socketpair() print 'waits' a:recv(1)") -- in the middle of a statement, too
    terminal:sees("\nwaits")
    terminal:key("C-z")
    terminal:ends("\nshell:")
    terminal:line("fg")
    terminal:key("C-c")
    terminal:sees("interrupted!")
    terminal:ends("\n>")
  end)
end)
