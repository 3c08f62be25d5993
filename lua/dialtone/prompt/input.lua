-- input.lua - lines that a user types, while tasks run: through a line editor, or
-- plain, where there is none or the input is no terminal.
--
-- A reader has line(prompt): a line; false when Ctrl-C has dropped it; nil at the end.
-- And close(). What is printed while a line is being typed comes above it.

local core = require "dialtone.core"
local complete = require "dialtone.prompt.complete"
local history = require "dialtone.prompt.history"
local terminal = core.terminal

local input = {}

-- --- waiting ----------------------------------------------------------------------

-- Waits for the standard input. False: Ctrl-C came first. What fails otherwise shows
-- in the reading that follows.
local function new_wait(stdin)
  local function wait() return core.wait(stdin, "read") end
  return function()
    local ok, failure = terminal.guard(wait)
    return ok or failure ~= "interrupted!"
  end
end

-- --- printing above the line --------------------------------------------------------

local editing = false -- a line is being typed, in the editor

local function finish_above(ok, ...)
  if editing then terminal.show() end
  if not ok then error((...), 0) end
  return ...
end

-- `fn` prints. Its output must end with a line's end: `last` says whether it does.
local function above(fn, last)
  return function(...)
    if not editing then return fn(...) end
    terminal.hide()
    return finish_above(pcall(function(...)
      if last and not last(...) then return fn(...), io.stdout:write("\n") and nil end
      return fn(...)
    end, ...))
  end
end

local function ends_line(...)
  local count = select("#", ...)
  return count == 0 or tostring((select(count, ...))):sub(-1) == "\n"
end

-- The functions that print, by where they are: replaced while there is an editor.
local function printers(net)
  return {
    { home = _G, name = "print", replacement = above(print) },
    { home = io, name = "write", replacement = above(io.write, ends_line) },
    { home = net, name = "onerror", replacement = above(net.onerror) },
  }
end

local function replace(list)
  for _, one in ipairs(list) do
    one.before = one.home[one.name]
    one.home[one.name] = one.replacement
  end
end

-- But for what the user has replaced meanwhile.
local function put_back(list)
  for _, one in ipairs(list) do
    if one.home[one.name] == one.replacement then one.home[one.name] = one.before end
  end
end

-- --- with an editor -----------------------------------------------------------------

local Editor = {}
Editor.__index = Editor

local function complain(message)
  local say = above(function() io.stderr:write("dialtone: ", message, "\n") end)
  say()
end

-- A key: as terminal.feed.
local function feed()
  local ok, line = pcall(terminal.feed)
  if ok then return line end
  complain(line)
end

-- nil and "end" at the end, which a key that leaves the line open is not.
function Editor:line(prompt)
  local line
  io.stdout:flush()
  terminal.begin(prompt)
  editing = true
  repeat
    if not self.wait() then
      editing = false
      io.stdout:write("^C")
      terminal.cancel()
      io.stdout:write("\n")
      return false
    end
    line = feed()
  until line ~= nil
  editing = false
  if not line then
    io.stdout:write("\n")
    return nil
  end
  local ok, message = history.add(line)
  if ok == nil then complain("the history is not kept: " .. message) end
  return line
end

function Editor:close()
  put_back(self.printers)
  terminal.close()
  self.stdin:close()
end

local function new_editor(stdin, net)
  local reader = { stdin = stdin, wait = new_wait(stdin), printers = printers(net) }
  history.open(terminal.remember)
  replace(reader.printers)
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
    io.stdout:write(prompt)
    io.stdout:flush()
  end
  while true do
    local line = self:take()
    if line then return line end
    if self.over then
      if self.shows then io.stdout:write("\n") end
      return nil
    end
    if not self:more() then
      self.text = ""
      io.stdout:write("\n")
      return false
    end
  end
end

function Plain:close()
  self.stdin:close()
end

-- Opens a reader; nil, message, code when there is no standard input.
function input.open(net)
  local stdin, message, code = terminal.input()
  if not stdin then return nil, message, code end
  local is_terminal = terminal.isatty(0) and terminal.isatty(1)
  if is_terminal then
    local wanted = os.getenv("DIALTONE_EDITOR")
    if wanted == "" then wanted = nil end
    local name = nil
    if wanted ~= "none" then name, message = terminal.open(complete, wanted) end
    if name then return new_editor(stdin, net) end
    if message and wanted then complain(message) end
  end
  return setmetatable({ stdin = stdin, wait = new_wait(stdin), shows = is_terminal, text = "" }, Plain)
end

return input
