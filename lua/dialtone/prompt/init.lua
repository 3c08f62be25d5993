-- prompt/init.lua - the prompt: reads a line, runs it, shows what it gave. Tasks run
-- while it waits for keys, and while what was typed waits.

local core = require "dialtone.core"
local evaluate = require "dialtone.prompt.evaluate"
local input = require "dialtone.prompt.input"
local output = require "dialtone.prompt.output"
local pp = require "dialtone.pp"
local traceback = require "dialtone.traceback"
local terminal = core.terminal

local prompt = {}

local function say(message)
  output.fresh_line()
  io.stderr:write(message, "\n")
end

-- The globals _PROMPT and _PROMPT2, as in lua(1).
local function text_of(name, default)
  local value = rawget(_G, name)
  if value == nil then return default end
  local ok, text = pcall(tostring, value)
  return ok and type(text) == "string" and text or default
end

-- Reads a statement, in as many lines as it takes: its function, and which of its
-- results is the first to be shown. False: there is nothing to be run; nil: the input
-- ends.
local function read(reader)
  local text = reader:line(text_of("_PROMPT", "> "))
  if not text then return text end
  while true do
    local fn, first, is_cut = evaluate.compile(text)
    if fn then return evaluate.interruptible(fn), first end
    local line = is_cut and reader:line(text_of("_PROMPT2", ">> "))
    if line == false and is_cut then return false end -- Ctrl-C
    if not line then
      say(first)
      return false
    end
    text = text .. "\n" .. line
  end
end

local function pack(...)
  return { n = select("#", ...), ... }
end

-- What is shown may have a __tostring that runs for ever.
local function show(results)
  if results.n == 0 then return end
  local ok, text = terminal.guard(function() return pp.results(results) end)
  if not ok then return say(tostring(text)) end
  output.fresh_line()
  print(text)
end

local function run(statement, first) -- its name stands in tracebacks
  local results
  local ok, message = traceback.call(terminal.guard, function() results = pack(select(first, statement())) end)
  if not ok then return say(message) end
  show(results)
end

local function loop(reader)
  while true do
    local fn, first = read(reader)
    if fn == nil then return end
    if fn then run(fn, first) end
  end
end

local function greet(net)
  local lua = type(rawget(_G, "jit")) == "table" and _G.jit.version or _VERSION
  print(("%s, %s"):format(net._VERSION, lua))
  print(("The global net is there: %s. Ctrl-C interrupts, Ctrl-D leaves."):format(
    net.help and "net.help() tells more" or "net.<Tab> lists it"))
end

-- Runs the prompt until its input ends; true, or nil, message, code.
function prompt.run(net)
  if not terminal.interrupts(true) then
    return nil, "prompt: there is one already, or this is not the main program", "EBUSY"
  end
  local reader, message, code = input.open()
  if not reader then
    terminal.interrupts(false)
    return nil, message, code
  end
  if terminal.isatty(0) then greet(net) end
  local ok, failure = pcall(loop, reader)
  reader:close()
  terminal.interrupts(false)
  if not ok then error(failure, 0) end
  return true
end

return prompt
