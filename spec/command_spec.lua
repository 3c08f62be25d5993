-- command_spec.lua - the command dialtone: its arguments and exit statuses, which are
-- those of lua(1); scripts, and their tasks.

local child = require "spec.support.child"
local support = require "spec.support.transport"
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local lua = child.quote(child.interpreter())
local dialtone = lua .. " lua/dialtone/main.lua"

-- Runs one of the two with these words: what it says, both streams, and its status.
local function run(program, words, input)
  local output = child.run(("%s %s %s; echo \"=$?\""):format(program, words, input or "</dev/null"))
  local text, status = output:match("^(.*)=(%d+)\n$")
  return text, tonumber(status)
end

local function script(text) return child.quote(support.written(text)) end

-- Words that both must take with the same status, and say the same on their standard
-- output.
local function same(words, input)
  local expected, expected_status = run(lua, words .. " 2>/dev/null", input)
  local got, status = run(dialtone, words .. " 2>/dev/null", input)
  assert.equal(expected_status, status, words)
  assert.equal(expected, got, words)
end

describe("the command", function()
  it("takes arguments, and ends, as lua does", function()
    local name = script("print(#arg, ...) return 1")
    same(name)
    same(name .. " a b")
    same(name .. " -e x")
    same("-- " .. name .. " a")
    same("-e 'print(1)'")
    same("-e'print(1)' -e 'print(2)'")
    same("-e 'x = 7' " .. script("print(x, arg[1], arg[0] == nil)") .. " one")
    same("-l math -e 'print(math.pi)'")
    same("-lmath")
    same("-", "<" .. script("print('from the input', ...)"))
    same("- a b", "<" .. script("#!/a/first/line\nprint('from the input', ...)"))
    same("", "<" .. script("print 'no arguments'"))
    same("", "</dev/null")
    same("-e 'os.exit(7)'")
    same(script("os.exit(7)"))
    same(script("#!/usr/bin/env lua\nprint 'first line'"))
  end)

  it("fails as lua does", function()
    same("-e 'error \"no\"'")
    same("-e 'error {}'")
    same("-e 'x = = 1'")
    same("-e")
    same("-l")
    same("-x")
    same("-e 'print(1)' -x")
    same("-l no.such.module")
    same("/no/such/script")
    same(script("error('no')"))
    same(script("x = = 1"))
    assert.equal(1, select(2, run(dialtone, "-i -e 'error \"no\"'")))
    assert.equal(1, select(2, run(dialtone, "-i " .. script("error('no')"), "<" .. script("print 'not reached'"))))
    same("-", "<" .. script("error 'no'"))
  end)

  it("says on the standard error what went wrong, and where in the script", function()
    local path = support.written("local function f() error('broken') end\nf()\n")
    local output, status = run(dialtone, child.quote(path) .. " 2>&1 >/dev/null")
    assert.equal(1, status)
    assert.equal(("dialtone: %s:1: broken\nstack traceback:"):format(path), output:match("^.-traceback:"))
    assert.not_matches("command%.lua", output)
    assert.equal("dialtone: cannot open /no/such", (run(dialtone, "/no/such 2>&1"):match("^[^\n]-such")))
    assert.matches("^dialtone: unrecognized option '%-x'\nusage: ", (run(dialtone, "-x 2>&1")))
    assert.matches("^dialtone: '%-e' needs CODE\nusage: ", (run(dialtone, "-e 2>&1")))
    assert.equal("dialtone: (error object is a table value)\n", (run(dialtone, "-e 'error {}' 2>&1")))
  end)

  it("prints its version and its help", function()
    local output, status = run(dialtone, "-v")
    assert.equal(0, status)
    assert.matches("^dialtone %d+%.%d+%.%d+  Lua", output)
    output, status = run(dialtone, "--help")
    assert.equal(0, status)
    for _, word in ipairs { "-e CODE", "-l MODULE", "-i", "-v", "--help", "--" } do
      assert.is_truthy(output:find("\n  " .. word, 1, true), word)
    end
  end)

  it("gives scripts the arguments before them, too", function()
    local path = support.written("print(arg[0] == ..., arg[1], arg[-1], arg[-2], arg[-3], arg[-4])")
    local output = run(dialtone, ("-e 'x = 1' -- %s %s"):format(path, path))
    assert.equal(("true\t%s\t--\tx = 1\t-e\tlua/dialtone/main.lua\n"):format(path), output)
  end)

  it("gives the global net, and loads modules into globals", function()
    assert.equal("true\n", (run(dialtone, "-e 'print(net == require [[dialtone]])'")))
    assert.equal("true\n", (run(dialtone, "-l m=math -e 'print(m == math)'")))
  end)
end)

describe("a script", function()
  it("ends when its tasks have ended", function()
    local output, status = run(dialtone, script([[
      local net = require "dialtone"
      local server = assert(net.serve(0, net.echo))
      net.spawn(function()
        local conn = assert(net.connect(server.address))
        conn:write("hello\n")
        print(conn:read())
        server:close()
      end)
      print "the script ends"
    ]]))
    assert.equal("the script ends\nhello\n", output)
    assert.equal(0, status)
  end)

  it("of the command line's, too", function()
    local output, status = run(dialtone, "-e 'net.spawn(function() net.sleep(0.01) print(1) end)'")
    assert.equal("1\n", output)
    assert.equal(0, status)
  end)

  it("fails when tasks are left that wait for each other", function()
    local output, status = run(dialtone, "-e 'q = net.queue() net.spawn(function() q:get() end)' 2>&1")
    assert.matches("^dialtone: net.run: 1 tasks are left", output)
    assert.equal(1, status)
  end)

  it("ends at once when it fails", function()
    local output, status = run(dialtone, "-e 'net.spawn(print, 1) error \"no\"' 2>/dev/null")
    assert.equal("", output)
    assert.equal(1, status)
  end)
end)

describe("a word that is a sub-command", function()
  local command = [[
    local command = require "dialtone.command"
    command.words.greet = { module = "greeting", help = "says hello" }
    package.preload.greeting = function()
      return { main = function(...) print("hello", ...) return select("#", ...) end }
    end
  ]]

  -- dialtone with these arguments, and the sub-command greet
  local function greet(...)
    local words = {}
    for i = 1, select("#", ...) do words[i] = ("%q"):format((select(i, ...))) end
    return run(lua, script(command .. "os.exit(command.main { [0] = 'dialtone', " .. table.concat(words, ", ")
      .. " })") .. " 2>&1")
  end

  it("is given what follows, and gives the status", function()
    local output, status = greet("greet", "a", "-x")
    assert.equal("hello\ta\t-x\n", output)
    assert.equal(2, status)
    assert.equal(0, select(2, greet("greet")))
  end)

  it("stands in the help", function()
    assert.matches("\n  greet +says hello", (greet("--help")))
  end)

  it("is a script's name after --, and with a path", function()
    assert.matches("cannot open greet", (greet("--", "greet")))
    assert.matches("cannot open %./greet", (greet("./greet")))
  end)
end)

describe("the prompt without a terminal", function()
  -- dialtone -i, with these lines
  local function feed(text, words)
    return run(dialtone, (words or "-i") .. " 2>&1", "<" .. script(text))
  end

  it("takes lines from wherever, and shows no prompt", function()
    local output, status = feed("x = 1\n=x\nfor i = 1, 2 do\nprint(i)\nend\n")
    assert.equal("1\n1\n2\n", output)
    assert.equal(0, status)
  end)

  it("takes a last line without an end", function()
    assert.equal("3\n", (feed("1 + 2")))
  end)

  it("goes on after errors", function()
    local output, status = feed("error('no', 0)\nx y\n=1\n")
    assert.equal("no\nstack traceback:", output:match("^.-traceback:"))
    assert.matches("\nstdin:1: [^\n]*near 'y'\n1\n$", output)
    assert.equal(0, status)
  end)

  it("says what is wrong with a statement that the end cuts off", function()
    assert.matches("^stdin:%d: 'end' expected .*near '?<eof>'?\n$", (feed("for i = 1, 2 do\n")))
  end)

  it("runs tasks while it waits for lines", function()
    local path = support.path()
    local lines = ([[{ echo 't = net.spawn(function() io.open("PATH", "w"):close() end)'
      for i in $(seq 200); do test -e PATH && break; sleep 0.05; done
      test -e PATH && echo '="it has run"'; }]]):gsub("PATH", path)
    assert.equal('"it has run"\n', (run(lines .. " | " .. dialtone, "-i", "")))
  end)

  it("comes after the script", function()
    assert.equal("the script\n5\n", (feed("=y\n", "-i " .. script("print 'the script' y = 5"))))
  end)
end)

describe("LUA_INIT", function()
  it("is run, by the interpreter", function()
    local output = run("LUA_INIT='x = 5' " .. dialtone, "-e 'print(x)'")
    assert.equal("5\n", output)
  end)
end)
