-- promptoutput_spec.lua - what is printed at the prompt while a line is being typed: the
-- screen of a terminal.

local net = require "dialtone"
local Terminal = require "spec.support.terminal"
local read = require "spec.support.file".read
local support = require "spec.support.transport"
local keep = support.keep
local it = support.closing(it, function(cleanup) finally(cleanup) end)

describe("what prints", function()
  local output = require "dialtone.prompt.output"

  local function printers()
    local methods = getmetatable(io.stdout).__index
    return { methods.write, methods.flush, io.write, io.flush, print, os.exit }
  end

  it("is Lua's own again when the prompt ends", function()
    local before = printers()
    output.open()
    local during = printers()
    output.close()
    for i, fn in ipairs(before) do assert.not_equal(fn, during[i]) end
    assert.same(before, printers())
  end)

  it("stays what the user has made it", function()
    local before, own = io.write, function() end
    output.open()
    io.write = own -- luacheck: ignore
    output.close()
    local after = io.write
    io.write = before -- luacheck: ignore
    assert.equal(own, after)
  end)
end)

if not Terminal.is_there() then
  describe("what tasks print", function()
    it("is tested in a terminal", function() pending("there is no tmux") end)
  end)
  return
end

-- A line is half typed, this text by default; then what the function gives makes a
-- task run the code.
local function beside(editor, code, typed)
  local terminal = Terminal.prompt(editor)
  local port = terminal:serve(("function(conn) while conn:read() do %s end end"):format(code))
  local conn = keep(net.connect(port))
  terminal:type(typed or "print('ha")
  terminal:ends("> " .. (typed or "print('ha"))
  return terminal, function() conn:write("now\n") end
end

-- The other half, which is all there as it should be.
local function type_the_rest(terminal, between)
  terminal:line("lf')")
  terminal:ends("\n> print('half')\n" .. (between or "") .. "half\n>")
end

for _, editor in ipairs(Terminal.editors()) do
  describe("while a line is typed with " .. editor, function()
    -- It comes above the line.
    local function above(code, expected)
      local terminal, go = beside(editor, code)
      go()
      terminal:ends(expected .. "\n> print('ha")
      type_the_rest(terminal)
    end

    it("print comes above it", function()
      above("print('from a task', 1)", "\nfrom a task     1")
    end)

    it("io.write and the methods of files come above it", function()
      above("io.write('a', 1, '\\n') io.stdout:write('b\\n') io.stderr:write('c\\n')", "\na1\nb\nc")
    end)

    it("the standard error comes at once, though its line is not ended", function()
      above("io.stderr:write('cut')", "\ncut")
    end)

    it("lines come when they have ended, in whatever pieces", function()
      above("io.write('a', 'b') io.stdout:write('c') print('d') io.write('e\\nf') io.write('\\n')", "\nabcd\ne\nf")
    end)

    it("what has not ended its line comes when it is flushed", function()
      above("io.write('one') io.flush() io.stdout:write('two') io.stdout:flush() io.stdout:flush()", "\none\ntwo")
    end)

    it("what has not ended its line comes at the end of the typed one", function()
      local terminal, go = beside(editor, "io.write('cut') conn:write('done\\n')")
      go()
      type_the_rest(terminal, "cut\n")
    end)

    it("a text without end is not kept for ever", function()
      local terminal, go = beside(editor, "io.write(('x'):rep(4200)) print ''")
      go()
      terminal:ends("xxx\n\n> print('ha")
      type_the_rest(terminal)
    end)

    it("the error of a task comes above it", function()
      local terminal, go = beside(editor, "error('it broke', 0)")
      go()
      terminal:sees("\ndialtone: it broke\nstack traceback:")
      terminal:ends("\n> print('ha")
      type_the_rest(terminal)
    end)

    it("writing gives what it always does", function()
      local native = tostring(io.stdout:write("") == io.stdout)
      local terminal, go = beside(editor, "r = { io.write('a\\n'), io.stdout:write('b') } print 'c'")
      go()
      terminal:ends("\na\nbc\n> print('ha")
      type_the_rest(terminal)
      terminal:line("tostring(r[1] == io.stdout) .. ' ' .. tostring(r[2] == io.stdout)")
      terminal:ends(('\n"%s %s"\n>'):format(native, native))
    end)

    it("other files are no matter of the screen's", function()
      local path = support.path()
      local terminal, go = beside(editor, ("io.output(%q) io.write('kept') io.output():close() io.output(io.stdout) "
        .. "print 'written'"):format(path))
      go()
      terminal:ends("\nwritten\n> print('ha")
      assert.equal("kept", read(path))
    end)

    it("a line that is longer than the screen stays whole", function()
      local text = "x = '" .. ("abcdefghi "):rep(12):sub(1, -2)
      local terminal, go = beside(editor, "print 'above'", text)
      go()
      terminal:ends("\nabove\n> " .. text)
      assert.equal(1, select(2, terminal:screen():gsub("x = '", "")))
    end)

    it("characters of two columns, and of none, stay whole", function()
      local wide = "x = '" .. ("日本"):rep(22) .. "e\204\129"
      local terminal, go = beside(editor, "print 'above'", "x")
      terminal:type(wide:sub(2))
      terminal:sees("e\204\129")
      go()
      local screen = terminal:sees("\nabove\n> x = '日本")
      assert.equal(1, select(2, screen:gsub("x = '", "")))
      terminal:type("'")
      terminal:key("Enter")
      terminal:line("#x")
      terminal:ends("\n" .. #wide - 5 .. "\n>")
    end)

    it("nothing of a longer line before it is lost", function()
      local terminal = Terminal.prompt(editor)
      terminal:line("net.spawn(function() error('it broke', 0) end) -- " .. ("x"):rep(60))
      terminal:sees("ready\ndialtone: it broke\nstack traceback:")
      terminal:ends("\n>")
    end)
  end)
end
