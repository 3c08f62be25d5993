-- name.lua - cases: names are looked up, in threads.

local net = require "dialtone"

return function(t)
  local case, must = t.case, t.must

  case("getaddrinfo", t.nothing, function() return net.getaddrinfo("localhost", 80) end)
  case("getaddrinfo of a literal", t.nothing, function()
    return #must(net.getaddrinfo("127.0.0.1", "80", { type = "SOCK_STREAM" })) == 1
  end)
  case("getnameinfo", t.nothing, function()
    return net.getnameinfo("127.0.0.1:80", "NI_NUMERICSERV")
  end)
  case("many names at once", t.nothing, function()
    local tasks = {}
    for i = 1, 3 do tasks[i] = net.spawn(net.getaddrinfo, "localhost", i) end
    for i = 1, 3 do must(t.done(tasks[i]:join())) end
    return true
  end)
end
