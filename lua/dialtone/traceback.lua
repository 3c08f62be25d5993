-- traceback.lua - calls what a user wrote, and tells where it failed: that part of
-- the stack which is his, and not that of who called.

local traceback = {}

-- How many levels there are, and at which `protect`, who called the user's function,
-- stands: the lowest, since he may call it himself.
local function measure(protect)
  local level, at = 1, nil
  while true do
    local info = debug.getinfo(level, "f")
    if not info then return level - 1, at or level end
    if info.func == protect then at = level end
    level = level + 1
  end
end

-- What a handler of errors gives back: a text, with the stack if the error is a text.
local function describe(protect, failure)
  local metatable = debug.getmetatable(failure)
  if type(failure) == "number" then failure = tostring(failure) end
  if type(failure) ~= "string" then
    local has_text = type(metatable) == "table" and rawget(metatable, "__tostring")
    local ok, text = pcall(tostring, failure)
    if has_text and ok and type(text) == "string" then return text end
    return ("(error object is a %s value)"):format(type(failure))
  end
  local levels, at = measure(protect)
  local text = debug.traceback(failure, 3)
  for _ = at - 1, levels do
    text = text:gsub("\n\t%(%.%.%.tail calls%.%.%.%)$", ""):gsub("\n\t[^\n]*$", "") -- the first is no level
  end
  return (text:gsub("\nstack traceback:$", ""))
end

-- protect(fn, handler) calls `fn`, as xpcall does, and its results are given: after
-- false, a text. `fn` is the caller's own, and calls the user's.
function traceback.call(protect, fn)
  return protect(fn, function(failure)
    local text = describe(protect, failure) -- no tail call: levels are counted
    return text
  end)
end

return traceback
