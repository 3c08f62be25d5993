-- address.lua - cases: addresses, constants, interfaces; nothing that waits.

local net = require "dialtone"

return function(t)
  local case, must, same, nothing = t.case, t.must, t.same, t.nothing

  case("address", nothing, function()
    return same(tostring(must(net.address("[::1]:80"))), "[::1]:80")
  end)
  case("address of a table", nothing, function()
    local address = must(net.address({ host = "127.0.0.1", port = 80 }))
    same(address, must(net.address("127.0.0.1", 80)))
    return same(address.host, "127.0.0.1") and same(address.port, 80) and address.family
  end)
  case("address with a scope", nothing, function() return net.address("fe80::1%lo", 80) end)
  case("address of a path", nothing, function()
    return same(must(net.address({ path = "/tmp/x" })).path, "/tmp/x")
  end)
  case("constants", nothing, function() return same(net.constants().AF_UNIX, 1) end)
  case("options", nothing, function() return #net.options() > 50 end)
  case("interfaces", nothing, function() return #must(net.interfaces()) > 0 end)
  case("interface names", nothing, function()
    return same(must(net.if_indextoname(must(net.if_nametoindex("lo")))), "lo")
  end)
  case("now", nothing, function() return net.now() end)
end
