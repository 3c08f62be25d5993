-- output.lua - what is printed at the prompt: it comes above the line that is being
-- typed, and what is shown next begins a line of its own.
--
-- As C buffers a terminal's: the standard output goes there by whole lines, and what
-- has not ended its line waits for the rest of it, for flush, or for the end of the
-- line that is typed; the standard error does not wait. Seen here are print, io.write
-- and the methods of io's files: not what C code prints, or another program.

local terminal = require("dialtone.core").terminal

local output = {}

local REST_MAX = 4096 -- bytes without a line's end; more are not kept waiting

local stdout, stderr = io.stdout, io.stderr
local methods = getmetatable(stdout).__index
local put, flush = methods.write, methods.flush -- as they are without us

local typing = false -- a line is being typed, in the editor
local fresh = true   -- nothing stands in the cursor's line
local rest = ""      -- what waits for its line's end

local function is_shown(file)
  return (file == stdout or file == stderr) and io.type(file) == "file"
end

-- --- above the line -----------------------------------------------------------------

local function put_above(file, text)
  terminal.hide()
  put(file, text)
  terminal.show()
end

local function release()
  local text = rest
  rest = ""
  if text ~= "" then put_above(stdout, text .. "\n") end
end

-- All but what has not ended its line.
local function add(text)
  local lines, last = (rest .. text):match("^(.*\n)([^\n]*)$")
  rest = last or rest .. text
  if lines then put_above(stdout, lines) end
  if #rest > REST_MAX then release() end
end

local function show(file, text)
  if not typing then
    if text ~= "" then fresh = text:sub(-1) == "\n" end
    return put(file, text)
  end
  if file == stdout then
    add(text)
  elseif text ~= "" then
    put_above(file, text:sub(-1) == "\n" and text or text .. "\n")
  end
  return put(file, "") -- what it gives, without more to be seen
end

-- --- in the place of Lua's own --------------------------------------------------------

-- What Lua's own would say of who called.
local function check_texts(...)
  for i = 1, select("#", ...) do
    local kind = type((select(i, ...)))
    if kind ~= "string" and kind ~= "number" then
      error(("bad argument #%d to 'write' (string expected, got %s)"):format(i, kind), 3)
    end
  end
end

local write, flush_default, display, exit = io.write, io.flush, print, os.exit

local replaced = {
  { home = methods, name = "write", by = function(file, ...)
    if not is_shown(file) then return put(file, ...) end
    check_texts(...)
    return show(file, table.concat { ... })
  end },
  { home = methods, name = "flush", by = function(file, ...)
    if typing and file == stdout then release() end
    return flush(file, ...)
  end },
  { home = io, name = "write", by = function(...)
    local file = io.output()
    if not is_shown(file) then return write(...) end
    check_texts(...)
    return show(file, table.concat { ... })
  end },
  { home = io, name = "flush", by = function()
    if typing and io.output() == stdout then release() end
    return flush_default()
  end },
  { home = os, name = "exit", by = function(...)
    if typing then output.finish("\n") end
    return exit(...)
  end },
  { home = _G, name = "print", by = function(...)
    if not (typing and is_shown(stdout)) then
      fresh = true
      return display(...)
    end
    local texts = {}
    for i = 1, select("#", ...) do
      texts[i] = tostring((select(i, ...)))
      if type(texts[i]) ~= "string" then error("'tostring' must return a string to 'print'", 2) end
    end
    add(table.concat(texts, "\t") .. "\n")
  end },
}

-- --- for who reads lines ----------------------------------------------------------------

-- From now on what is printed is seen here.
function output.open()
  typing, fresh, rest = false, true, ""
  for _, one in ipairs(replaced) do
    one.before = one.home[one.name]
    one.home[one.name] = one.by
  end
end

-- All is as it was, but for what the user has replaced meanwhile.
function output.close()
  for _, one in ipairs(replaced) do
    if one.home[one.name] == one.by then one.home[one.name] = one.before end
  end
end

-- Writes what is part of the typed line.
function output.put(text)
  put(stdout, text)
end

-- What is printed next begins a line.
function output.fresh_line()
  if not fresh then put(stdout, "\n") end
  fresh = true
end

-- Calls begin(prompt), that shows a prompt; after it a line is being typed.
function output.begin(begin, prompt)
  output.fresh_line()
  flush(stdout)
  begin(prompt)
  typing = true
end

-- The line has been typed; `text` is to follow it: its end, where nobody has shown it.
function output.finish(text)
  typing, fresh = false, true
  put(stdout, text)
  show(stdout, rest)
  rest = ""
  output.fresh_line()
end

return output
