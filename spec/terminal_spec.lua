-- terminal_spec.lua - what the prompt stands on (core.terminal), where it fails.  How
-- it looks when all is well is in prompt_spec.lua.

local core = require "dialtone.core"
local Terminal = require "spec.support.terminal"
local child = require "spec.support.child"
local support = require "spec.support.transport"
local assert_fails, assert_raises, fault = support.assert_fails, support.assert_raises, support.fault
local terminal = core.terminal
local it = support.closing(it, function(cleanup) finally(cleanup) end)

describe("the line editor", function()
  local it_may_load = #Terminal.editors() > 1 and it or function() end -- see there
  it_may_load("fails where there is no such library, and can be asked for again", function()
    for _ = 1, 2 do
      assert_fails("ENOENT", "^line editor nosuchlibrary: no such library was found$",
        terminal.open(function() end, "nosuchlibrary"))
    end
  end)

  it("is not used before it is open", function()
    for _, call in ipairs {
      terminal.feed, terminal.hide, terminal.show, terminal.cancel,
      function() terminal.begin("> ") end, function() terminal.remember("a line") end,
    } do
      assert_raises("the line editor is not open$", call)
    end
    terminal.close() -- that is no mistake
  end)

  if Terminal.is_there() then
    it("says why what completes has failed, and goes on", function()
      for _, editor in ipairs(Terminal.editors()) do
        local path = os.tmpname()
        local file = assert(io.open(path, "w"))
        file:write([[
          local terminal = require("dialtone.core").terminal
          local net = require "dialtone"
          local failures = { {}, "of its own" }
          assert(terminal.open(function() error(table.remove(failures, 1), 0) end, arg[1]))
          terminal.begin("first> ")
          local stdin = assert(terminal.input())
          while true do
            net.wait(stdin, "read")
            local ok, value = pcall(terminal.feed)
            if not ok then
              terminal.cancel()
              print("\n" .. tostring(value))
              terminal.begin("next> ")
            elseif value then
              print("[" .. value .. "]")
              break
            end
          end
          terminal.close()]])
        file:close()
        local screen = Terminal.start { path, editor, program = child.interpreter() }
        screen:sees("first>")
        for _, found in ipairs { "without a message", "of its own" } do
          screen:type("ab")
          screen:key("Tab")
          screen:sees(found)
        end
        screen:line("cd")
        screen:sees("[cd]")
        local text = screen:sees("status 0")
        assert.matches("completion: without a message\n", text)
        assert.matches("completion: of its own\n", text)
        os.remove(path)
      end
    end)
  end
end)

describe("the standard input", function()
  it("is an object for net.wait; without a descriptor there is none", function()
    local stdin = support.keep(assert(terminal.input()))
    assert.is_true(stdin:fileno() > 2)
    fault.fail("dup", "EMFILE")
    assert_fails("EMFILE", "^standard input: ", terminal.input())
  end)

  it("says why it cannot be read", function()
    local output = child.run(child.quote(child.interpreter()) .. [[ -e '
      print(require("dialtone.core").terminal.read())' <&-]])
    assert.matches("^nil\tstandard input: Bad file descriptor\tEBADF\n$", output)
  end)
end)

describe("Ctrl-C", function()
  it("is guarded against only where it is ours", function()
    assert_raises("interrupts are not on$", terminal.guard, function() end)
  end)

  it("has one owner in a process: the main program of one state", function()
    assert.is_false(coroutine.wrap(function() return terminal.interrupts(true) end)())
    assert.is_true(terminal.interrupts(true))
    finally(function() terminal.interrupts(false) end)
    assert.is_true(terminal.interrupts(true)) -- once more is no mistake
    assert.same({ true, 1 }, { terminal.guard(function() return 1 end) })
  end)

  it("that came between two guarded calls interrupts the next, and no further one", function()
    assert.is_true(terminal.interrupts(true))
    finally(function() terminal.interrupts(false) end)
    io.popen("kill -INT $PPID", "w"):close() -- it has come when its sender has ended
    local ok, message = terminal.guard(function() for _ = 1, 100 do end end)
    assert.is_false(ok)
    assert.matches("interrupted!$", message)
    assert.is_true(terminal.guard(function() for _ = 1, 100 do end end))
  end)
end)

describe("a file that is kept", function()
  it("is for its owner only, and is written whole or not without a word", function()
    local path = support.path()
    finally(function() os.remove(path) end)
    assert.is_true(terminal.store(path, "one\n"))
    assert.is_true(terminal.store(path, "two\n", true))
    assert.matches("^%-rw%-%-%-%-%-%-%- ", (child.run("ls -l " .. child.quote(path))))
    assert.equal("one\ntwo\n", (child.run("cat " .. child.quote(path))))
    assert.is_true(terminal.store(path, "three\n"))
    assert.equal("three\n", (child.run("cat " .. child.quote(path))))
    local lost = support.path() .. "/lost"
    assert_fails("ENOENT", "^write " .. support.plain(lost) .. ": ", terminal.store(lost, "text"))
    assert_fails("ENOENT", "^mkdir " .. support.plain(lost) .. ": ", terminal.makedir(lost))
    assert.is_true(terminal.makedir("/tmp"))
    if io.open("/dev/full") then
      assert_fails("ENOSPC", "^write /dev/full: ", terminal.store("/dev/full", "text"))
    end
  end)
end)
