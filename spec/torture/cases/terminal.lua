-- terminal.lua - cases: values are printed, and a prompt lets tasks run.

local net = require "dialtone"

return function(t)
  local case, same = t.case, t.same

  -- What is printed goes nowhere.
  local function printed(...)
    local null = assert(io.open("/dev/null", "w"))
    io.output(null)
    local ok, message = pcall(net.pp, ...)
    io.output(io.stdout)
    null:close()
    if not ok then error(message, 0) end
    return true
  end

  case("pp", t.nothing, function()
    return printed({ 1, "two", { three = { 4, 5 } }, address = net.address("127.0.0.1:80") })
      and printed(nil, "connect: refused", "ECONNREFUSED")
  end)
  case("background", t.nothing, function()
    local ok, message, code = net.background()
    if ok then return same(net.background(), true) end
    if code == "ENOTSUP" then return true end -- this interpreter's prompt has no readline
    return ok, message, code
  end, "main")
end
