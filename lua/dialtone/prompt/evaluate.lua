-- evaluate.lua - text that was typed, as a function: a statement, or an expression
-- whose values are to be shown; and whether it goes on in the next line.

local compile = loadstring or load -- luacheck: ignore

local evaluate = {}

local CHUNK = "=stdin"

-- The compilers say it in one way or the other.
local function is_cut(message)
  return message:find("<eof>'?$") ~= nil
end

-- The function, and which of its results is the first to be shown; or nil, message, and
-- whether more lines might mend it. An expression is tried first, so that calls show what
-- they give. The nil before it makes no tail call of one, which would hide in an error
-- where it was.
function evaluate.compile(text)
  text = text .. "\n" -- a text without its closing quote is wrong, and not cut
  local expression = text:match("^=(.*)") or text
  local fn, as_expression = compile("return nil, " .. expression, CHUNK)
  if fn then return fn, 2 end
  local chunk = expression == text and text or "return " .. expression -- of nothing, too
  local message
  fn, message = compile(chunk, CHUNK)
  if fn then return fn, 1 end
  return nil, message, is_cut(message) or is_cut(as_expression)
end

-- LuaJIT's machine code does not look whether Ctrl-C was pressed.
function evaluate.interruptible(fn)
  local jit = rawget(_G, "jit")
  if type(jit) == "table" and jit.off then jit.off(fn, true) end
  return fn
end

return evaluate
