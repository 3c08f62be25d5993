-- terminal.lua - a person at a terminal: starts a program in one (tmux's), types, and
-- looks at the screen.
--
--   local terminal = Terminal.start { "-i", env = { HOME = dir } }    -- dialtone -i
--   terminal:type("net.so")
--   terminal:key("Tab")
--   terminal:sees("> net.socket")

local child = require "spec.support.child"
local support = require "spec.support.transport"
local quote = child.quote

local Terminal = { COLUMNS = 80, ROWS = 24, is_closable = true }
Terminal.__index = Terminal

-- Whether there is one to be had.
function Terminal.is_there()
  local _, ok = child.run("command -v tmux")
  return ok
end

-- Whether the interpreter's own prompt reads with readline(3).
function Terminal.has_readline()
  return child.run("nm -D " .. quote(child.interpreter())):find(" readline\n", 1, true) ~= nil
end

-- The editors. The address sanitizer does not let one be loaded beside another
-- (RTLD_DEEPBIND), as it must where the interpreter has readline.
function Terminal.editors()
  if os.getenv("DIALTONE_MODE") == "asan" and Terminal.has_readline() then return { "readline" } end
  return { "readline", "libedit" }
end

-- A sanitizer's library is for the interpreter, and not for tmux.
local preload = os.getenv("LD_PRELOAD")

function Terminal:tmux(words)
  return child.run(("env -u LD_PRELOAD tmux -u -S %s -f /dev/null %s"):format(quote(self.socket), words))
end

-- The command dialtone, as the shell's words: run by this interpreter.
function Terminal.command(arguments)
  local words = { quote(arguments.program or child.interpreter()) }
  if not arguments.program then words[2] = "lua/dialtone/main.lua" end
  for _, word in ipairs(arguments) do words[#words + 1] = quote(word) end
  return table.concat(words, " ")
end

local function assignments(env)
  local words = {}
  if preload then words[1] = "LD_PRELOAD=" .. quote(preload) end
  for name, value in pairs(env) do words[#words + 1] = name .. "=" .. quote(value) end
  return table.concat(words, " ")
end

-- Starts dialtone with these arguments, or `program`; `env` is added to its
-- environment. When it ends, the screen says with which status.
function Terminal.start(arguments)
  local self = setmetatable({ socket = support.path() }, Terminal)
  local env = { LC_ALL = "C.UTF-8", HOME = "", XDG_STATE_HOME = "", DIALTONE_EDITOR = "" }
  for name, value in pairs(arguments.env or {}) do env[name] = value end
  local command = ("trap true INT; env %s %s; echo \"status $?\"; read never")
    :format(assignments(env), Terminal.command(arguments))
  local output, ok = self:tmux(("new-session -d -x %d -y %d %s"):format(arguments.columns or self.COLUMNS, self.ROWS,
    quote(command)))
  assert(ok, output)
  return (support.keep(self))
end

-- The prompt, ready to be typed at. `env` is its environment; or the editor's name.
function Terminal.prompt(env)
  if type(env) == "string" then env = { DIALTONE_EDITOR = env } end
  local self = Terminal.start { env = env }
  self:sees("leaves.")
  self:ends(">")
  return self
end

-- Called when the case ends.
function Terminal:close()
  self:tmux("kill-server")
  os.remove(self.socket)
end

function Terminal:type(text)
  local output, ok = self:tmux("send-keys -l " .. quote(text:gsub(";$", "\\;")))
  assert(ok, output)
end

-- Keys by tmux's names: "Enter", "Tab", "C-c", "Up".
function Terminal:key(...)
  local output, ok = self:tmux("send-keys " .. table.concat({ ... }, " "))
  assert(ok, output)
end

-- Pastes text as terminals do: in brackets, where the editor has asked for them.
function Terminal:paste(text)
  local output, ok = self:tmux(("set-buffer -b pasted %s \\; paste-buffer -p -b pasted"):format(quote(text)))
  assert(ok, output)
end

-- The screen, without what is empty below; lines that were too long are whole again.
function Terminal:screen()
  return (self:tmux("capture-pane -p -J"):gsub("[ \t]+\n", "\n"):gsub("\n+$", ""))
end

-- Waits till the screen has this text in it; gives the screen.
function Terminal:sees(text)
  local screen
  local ok = pcall(support.eventually, function()
    screen = self:screen()
    return screen:find(text, 1, true)
  end)
  if not ok then error(("the screen never shows '%s', but:\n%s"):format(text, screen), 2) end
  return screen
end

-- Waits till the screen ends so.
function Terminal:ends(text)
  local screen
  local ok = pcall(support.eventually, function()
    screen = self:screen()
    return screen:sub(-#text) == text
  end)
  if not ok then error(("the screen never ends with '%s', but shows:\n%s"):format(text, screen), 2) end
  return screen
end

-- Types a line, and waits till it is taken: something is shown after it.
function Terminal:line(text)
  self:type(text)
  local shown = text:gsub("%s+$", "")
  if shown == "" then return self:key("Enter") end
  self:ends(shown)
  self:key("Enter")
  support.eventually(function() return self:screen():sub(-#shown) ~= shown end, "nothing comes after " .. text)
end

-- Types a server, whose handler this text is, and gives its port.
function Terminal:serve(handler)
  self:line(("server = net.serve(0, %s)"):format(handler or "net.echo"))
  self:line("print(server.address.port)")
  return tonumber(support.eventually(function() return self:screen():match("\n(%d+)\n>$") end))
end

return Terminal
