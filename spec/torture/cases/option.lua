-- option.lua - cases: options, and what the system tells of a connection.

return function(t)
  local case, must, same = t.case, t.must, t.same

  case("getsockopt", t.pair, function(a) return a:getsockopt("SO_RCVBUF") end)
  case("setsockopt", t.connection, function(a)
    must(a:setsockopt("SO_KEEPALIVE", true))
    must(a:setsockopt("SO_LINGER", 1))
    must(a:setsockopt("SO_RCVTIMEO", 2))
    return same(must(a:getsockopt("SO_LINGER")), 1)
  end)
  case("an option's bytes", t.connection, function(a)
    must(a:setsockopt("IPPROTO_TCP", "TCP_CONGESTION", "reno"))
    return must(a:getsockopt("TCP_CONGESTION")) and #must(a:getsockopt("IPPROTO_TCP", 11)) > 0
  end)
  case("tcpinfo", t.connection, function(a) return a:tcpinfo() end)
  case("queued", t.connection, function(a) return a:queued() end)
  case("peercred", t.pair, function(a) return a:peercred() end)
end
