-- scope.lua - cases: scopes and time limits of many tasks.

local net = require "dialtone"

return function(t)
  local case, same = t.case, t.same

  case("scope", t.nothing, function()
    local count = 0
    net.scope(function(scope)
      for _ = 1, 3 do
        scope:spawn(function()
          net.sleep(0.0001)
          count = count + 1
        end)
      end
    end)
    return same(count, 3)
  end)
  case("a scope that is cancelled", t.nothing, function()
    net.scope(function(scope)
      scope:spawn(net.sleep, 60)
      scope:cancel()
    end)
    return true
  end)
  case("a scope that fails", t.nothing, function()
    local ok, message = pcall(net.scope, function(scope)
      scope:spawn(net.sleep, 60)
      scope:spawn(error, "this")
    end)
    if not tostring(message):find("this", 1, true) then error(message, 0) end
    return not ok
  end)
  case("timeout", t.nothing, function()
    local value, message, code = net.timeout(0.0005, net.sleep, 60)
    if code == "timeout" then return true end
    return value, message, code
  end)
  case("timeout that is not reached", t.nothing, function()
    return same(net.timeout(60, function()
      net.sleep(0)
      return "value"
    end), "value")
  end)
end
