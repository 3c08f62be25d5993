-- message.lua - cases: messages with ancillary data, and descriptors in them.

local net = require "dialtone"

return function(t)
  local case, keep, must, same = t.case, t.keep, t.must, t.same

  case("sendmsg, recvmsg", t.pair, function(a, b)
    must(a:sendmsg({ "one", "two" }))
    local message = must(b:recvmsg({ 3, 100 }))
    local text = table.concat(message) -- the end of an earlier one may be in front
    return same(("onetwoonetwo"):find(text, 1, true) ~= nil, true)
  end)
  case("recvmsg with control", function()
    local s = keep(must(net.udp("127.0.0.1:0")))
    must(s:setsockopt("IP_PKTINFO", true))
    must(s:setsockopt("SO_TIMESTAMP", true))
    return s
  end, function(s)
    must(s:sendmsg({ "x", address = must(s:getsockname()), control = { IP_TTL = 3 } }))
    local message = must(s:recvmsg(100))
    return message.control.IP_PKTINFO and message.address
  end)
  case("sendfds, recvfds", t.packets, function(a, b)
    must(a:sendfds("x", { a, b, a }))
    local data, list = must(b:recvfds())
    for _, s in ipairs(list) do keep(s) end
    return same(data, "x") and same(#list, 3)
  end)
  case("recvmsg with descriptors", t.packets, function(a, b)
    must(a:sendmsg({ "x", control = { SCM_RIGHTS = { a, b } } }))
    local message = must(b:recvmsg(100))
    for _, s in ipairs(message.control.SCM_RIGHTS) do keep(s) end
    return same(message[1], "x")
  end)
end
