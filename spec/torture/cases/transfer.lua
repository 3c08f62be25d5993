-- transfer.lua - cases: bytes and datagrams by the calls of the system's names.

local net = require "dialtone"

return function(t)
  local case, keep, must, same = t.case, t.keep, t.must, t.same

  case("send, recv", t.pair, function(a, b)
    same(must(a:send("hello")) > 0, true)
    return #must(b:recv(100)) > 0
  end)
  case("send, recv, over TCP", t.connection, function(a, b)
    same(must(a:send("hello")) > 0, true)
    return #must(b:recv(100)) > 0
  end)
  case("recv that waits for all", t.pair, function(a, b)
    t.send(a, ("x"):rep(200))
    return #must(b:recv(200, "MSG_WAITALL")) > 0
  end)
  case("write much", t.pair, function(a, b)
    local much = ("x"):rep(300000)
    return net.scope(function(scope)
      local reader = scope:spawn(function()
        while true do must(b:recv(100000)) end
      end)
      must(a:write(much))
      reader:cancel()
      return true
    end)
  end)

  local function udp() return keep(must(net.udp("127.0.0.1:0"))) end
  case("udp", t.nothing, function() return keep(net.udp("127.0.0.1:0")) end)
  case("sendto, recvfrom", udp, function(s)
    must(s:sendto("x", must(s:getsockname())))
    local data, from = must(s:recvfrom(10))
    return same(data, "x") and tostring(from)
  end)
  case("datagrams", udp, function(s)
    must(s:sendto("x", must(s:getsockname())))
    local next_one = s:datagrams()
    return same(next_one(), "x")
  end)
  case("sendmany, recvmany", udp, function(s)
    local to = must(s:getsockname())
    must(s:sendmany({ { "one", address = to }, { "two", address = to } }))
    local list = must(s:recvmany(2))
    return #list > 0 and list[1].address and list[1].length
  end)
  case("sendmany, recvmany, in pairs", t.packets, function(a, b)
    must(a:sendmany({ "one", "two", { "th", "ree" } }))
    return #must(b:recvmany(3)) > 0
  end)

  local function written(size)
    local path = os.tmpname()
    local file = assert(io.open(path, "w+b"))
    os.remove(path)
    assert(file:write(("x"):rep(size)))
    file:flush()
    return file
  end
  local function page()
    local a, b = t.pair()
    return keep(written(10000)), a, b
  end
  case("sendfile", page, function(file, a, b)
    must(a:sendfile(file, 0, 100))
    return #must(b:recv(10000)) > 0
  end)
  case("sendfile, of a socket", t.nothing, function()
    local a, b = t.pair()
    local c, d = t.pair()
    t.send(a, "hello")
    must(a:shutdown("SHUT_WR"))
    return same(must(c:sendfile(b)), 5) and same(must(d:read(5)), "hello")
  end)
  -- Large pieces go through a pipe.
  case("copy much", t.nothing, function()
    local a, b = t.pair()
    local c, d = t.pair()
    local much = ("x"):rep(200000)
    return net.scope(function(scope)
      scope:spawn(function()
        must(a:write(much))
        must(a:shutdown("SHUT_WR"))
      end)
      local copier = scope:spawn(function() return must(net.copy(b, c)) end)
      local left = #much
      repeat left = left - #must(d:recv(100000)) until left == 0
      return same(t.done(copier:join()), #much)
    end)
  end)
  -- What has no room on the other side is taken out of the pipe again.
  case("copy to who does not read yet", t.nothing, function()
    local a, b = t.pair()
    local c, d = t.pair()
    local much = ("x"):rep(150000)
    must(c:setsockopt("SOL_SOCKET", "SO_SNDBUF", 4608))
    return net.scope(function(scope)
      scope:spawn(function()
        must(a:write(much))
        must(a:shutdown("SHUT_WR"))
      end)
      local copier = scope:spawn(function() return must(net.copy(b, c)) end)
      net.sleep(0)
      local left = #much
      repeat left = left - #must(d:recv(left)) until left == 0
      return same(t.done(copier:join()), #much)
    end)
  end)
  case("copy", t.nothing, function()
    local a, b = t.pair()
    local c, d = t.pair()
    t.send(a, "hello")
    must(a:shutdown("SHUT_WR"))
    b:settimeout(1)
    must(net.copy(b, c))
    return #must(d:recv(100)) > 0
  end)
end
