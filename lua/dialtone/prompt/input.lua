-- input.lua - lines that a user types, while tasks run: through a line editor, or
-- plain, where there is none or the input is no terminal.
--
-- A reader has line(prompt): a line; false when Ctrl-C has dropped it; nil at the end.
-- And close(). What is printed while a line is being typed comes above it.

local core = require "dialtone.core"
local complete = require "dialtone.prompt.complete"
local history = require "dialtone.prompt.history"
local output = require "dialtone.prompt.output"
local terminal = core.terminal

local input = {}

-- --- waiting ----------------------------------------------------------------------

-- Waits for the standard input. False: Ctrl-C came first. "resumed!": the process was
-- stopped, and goes on. What fails otherwise shows in the reading that follows.
local function new_wait(stdin)
  local function wait() return core.wait(stdin, "read") end
  return function()
    local ok, failure = terminal.guard(wait)
    return not ok and failure == "resumed!" and failure or ok or failure ~= "interrupted!"
  end
end

-- --- with an editor -----------------------------------------------------------------

local Editor = {}
Editor.__index = Editor

local function complain(message)
  io.stderr:write("dialtone: ", message, "\n")
end

-- A key: as terminal.feed.
local function feed()
  local ok, line = pcall(terminal.feed)
  if ok then return line end
  complain(line)
end

function Editor:line(prompt)
  local line
  output.begin(terminal.begin, prompt)
  repeat
    local what = self.wait()
    if not what then
      output.put("^C")
      terminal.cancel()
      output.finish("\n")
      return false
    end
    if what == "resumed!" then terminal.show() else line = feed() end
  until line ~= nil
  output.finish(line and "" or "\n")
  if not line then return nil end
  local ok, message = history.add(line)
  if ok == nil then complain("the history is not kept: " .. message) end
  return line
end

function Editor:close()
  output.close()
  terminal.close()
  self.stdin:close()
end

local function new_editor(stdin)
  local reader = { stdin = stdin, wait = new_wait(stdin) }
  history.open(terminal.remember)
  output.open()
  return setmetatable(reader, Editor)
end

-- --- without ------------------------------------------------------------------------

local Plain = {}
Plain.__index = Plain

-- Takes a line out of what was read; the rest at the end.
function Plain:take()
  local line, rest = self.text:match("^([^\n]*)\n(.*)$")
  if not line and self.over and self.text ~= "" then line, rest = self.text, "" end
  if line then self.text = rest end
  return line
end

-- False: interrupted.
function Plain:more()
  if not self.wait() then return false end
  local data, message, code = terminal.read()
  if code == "EAGAIN" then return true end
  if not data then complain(message) end
  if not data or data == "" then self.over = true end
  self.text = self.text .. (data or "")
  return true
end

function Plain:line(prompt)
  if self.shows then
    self.over = false -- the next line may follow the end that a terminal's user typed
    output.fresh_line()
    output.put(prompt)
    io.stdout:flush()
  end
  while true do
    local line = self:take()
    if line then return line end
    if self.over then
      if self.shows then output.put("\n") end
      return nil
    end
    if not self:more() then
      self.text = ""
      output.put("\n")
      return false
    end
  end
end

function Plain:close()
  if self.shows then output.close() end
  self.stdin:close()
end

-- Opens a reader; nil, message, code when there is no standard input.
function input.open()
  local stdin, message, code = terminal.input()
  if not stdin then return nil, message, code end
  core.fileno() -- the poller is there then, also when all descriptors are taken later
  local is_terminal = terminal.isatty(0) and terminal.isatty(1)
  if is_terminal then
    local wanted = os.getenv("DIALTONE_EDITOR")
    if wanted == "" then wanted = nil end
    local name = nil
    if wanted ~= "none" then name, message = terminal.open(complete, wanted) end
    if name then return new_editor(stdin) end
    if message and wanted then complain(message) end
  end
  if is_terminal then output.open() end
  return setmetatable({ stdin = stdin, wait = new_wait(stdin), shows = is_terminal, text = "" }, Plain)
end

return input
