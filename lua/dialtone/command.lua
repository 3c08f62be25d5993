-- command.lua - the command `dialtone`: what lua(1) is, with sockets: the prompt while
-- tasks run, and scripts whose tasks are run to their end.

local net = require "dialtone"
local arguments = require "dialtone.arguments"
local terminal = require("dialtone.core").terminal
local traceback = require "dialtone.traceback"
local unpack = table.unpack or unpack -- luacheck: ignore
local compile = loadstring or load -- luacheck: ignore

local command = {}

-- The words that stand for something else than a script, as first argument:
-- word = { module = "dialtone.x", help = "..." }. The module's `main` is called with
-- the arguments after it, and gives the exit status, nil for 0.
command.words = {
  handshake = { module = "dialtone.handshake.command", help = "records a connection and draws it" },
}

-- --- what is done -------------------------------------------------------------------

local function report(message)
  io.stderr:write("dialtone: ", tostring(message), "\n")
  return false
end

-- Calls the function protected: whether it did not fail; what fails is reported.
local function try(script, ...) -- its name stands in tracebacks
  local words, count = { ... }, select("#", ...)
  local ok, message = traceback.call(xpcall, function() script(unpack(words, 1, count)) end)
  return ok or report(message)
end

local function run_text(text)
  local fn, message = compile(text, "=(command line)")
  if not fn then return report(message) end
  return try(fn)
end

-- "name", or "global=name".
local function run_require(text)
  local global, name = text:match("^([%a_][%w_]*)=(.*)$")
  return try(function() _G[global or text] = require(name or text) end)
end

local function run_script(name, words)
  local fn, message = loadfile(name ~= "-" and name or nil)
  if not fn then return report(message) end
  return try(fn, unpack(words))
end

local function print_version()
  local jit = rawget(_G, "jit")
  print(("%s  %s"):format(net._VERSION, type(jit) == "table" and jit.version or _VERSION))
end

-- --- the arguments ------------------------------------------------------------------

-- In the order of the help, see arguments.lua. What is to be run is so before the script,
-- in the order of the command line.
local options = {
  { word = "-e", value = "CODE", help = "runs the text CODE", run = run_text },
  { word = "-l", value = "MODULE", help = "requires MODULE, into the global of that name (or NAME=MODULE)",
    run = run_require },
  { word = "-i", help = "goes on with the prompt after the script", set = "interactive" },
  { word = "-v", help = "prints the versions", set = "version" },
  { word = "--help", also = "-h", help = "prints this", set = "help" },
}

-- What else may stand there, for the help.
local function other_words()
  local list = {}
  for word, one in pairs(command.words) do
    list[#list + 1] = { word = word, help = ("%s (a script of that name: dialtone -- %s)"):format(one.help, word) }
  end
  table.sort(list, function(a, b) return a.word < b.word end)
  table.insert(list, 1, { word = "-", help = "runs the standard input as the script" })
  table.insert(list, 2, { word = "--", help = "ends the options" })
  return list
end

local function usage(out)
  local list = { unpack(options) }
  for _, one in ipairs(other_words()) do list[#list + 1] = one end
  out:write("usage: dialtone [options] [script [arguments]]\n",
    "       without a script and -e: the prompt, on a terminal; else runs the standard input\n",
    arguments.help(list))
end

-- What is to be done: { steps, script (its place in argv), interactive, version, help };
-- nil: it was said what is wrong.
local function read_arguments(argv)
  local plan = { steps = {} }
  local script, message = arguments.read(options, argv, 1, plan)
  if not script then
    report(message)
    usage(io.stderr)
    return nil
  end
  plan.script = argv[script] and script
  return plan
end

-- The global `arg`: the script is 0, what comes before it below.
local function arguments_of(argv, script)
  local list = {}
  for i = 0, #argv do list[i - (script or 0)] = argv[i] end
  return list
end

-- --- running ------------------------------------------------------------------------

local function run_steps(plan)
  for _, step in ipairs(plan.steps) do
    if not step[1](step[2]) then return false end
  end
  return true
end

local function run_prompt()
  local ok, message = require("dialtone.prompt").run(net)
  return ok or report(message)
end

-- All that was asked for, in lua's order; whether all went well.
local function run_plan(plan, argv)
  if plan.version then print_version() end
  if not run_steps(plan) then return false end
  local script = plan.script and argv[plan.script]
  local nothing = not script and not plan.interactive and #plan.steps == 0 and not plan.version
  if nothing and not terminal.isatty(0) then script = "-" end
  if script and not run_script(script, _G.arg) then return false end
  if plan.interactive or nothing and not script then return run_prompt() end
  local ok, message = pcall(net.run)
  return ok or report(message)
end

-- Runs the command with these arguments (argv[0] is its name); gives its exit status.
function command.main(argv)
  local word = command.words[argv[1]]
  if word then return require(word.module).main(unpack(argv, 2)) or 0 end
  local plan = read_arguments(argv)
  if not plan then return 1 end
  if plan.help then
    usage(io.stdout)
    return 0
  end
  _G.arg = arguments_of(argv, plan.script)
  _G.net = net
  return run_plan(plan, argv) and 0 or 1
end

return command
