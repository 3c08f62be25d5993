-- create.lua - cases: sockets come, are named, connected, handed on, and go.

local net = require "dialtone"

return function(t)
  local case, keep, must, same = t.case, t.keep, t.must, t.same

  case("socket", t.nothing, function() return keep(net.socket("AF_INET", "SOCK_STREAM")) end)
  case("socketpair", t.nothing, function() return keep(net.socketpair()) end)
  case("bind", t.nothing, function()
    local s = keep(must(net.socket("AF_INET", "SOCK_STREAM")))
    return s:bind("127.0.0.1", 0)
  end)
  case("socket:listen", t.nothing, function()
    local s = keep(must(net.socket("AF_INET", "SOCK_STREAM")))
    must(s:bind("127.0.0.1:0"))
    return s:listen(5)
  end)
  case("socket:connect", t.listener, function(listener)
    local s = keep(must(net.socket("AF_INET", "SOCK_STREAM")))
    return s:connect(must(listener:getsockname()))
  end)
  case("socket:connect, local", function()
    local path = os.tmpname()
    os.remove(path)
    local s = keep(must(net.socket("AF_UNIX", "SOCK_STREAM")))
    must(s:bind(path))
    must(s:listen())
    return path, { close = function() os.remove(path) end }
  end, function(path, remover)
    keep(remover)
    return keep(must(net.socket("AF_UNIX", "SOCK_STREAM"))):connect(path)
  end)

  local function expecting()
    local listener = t.listener()
    for _ = 1, 4 do keep(must(net.connect(listener:getsockname()))) end
    return listener
  end
  case("accept", expecting, function(listener) return keep(listener:accept()) end)
  case("accepts", expecting, function(listener)
    local next_one = listener:accepts()
    return keep(next_one())
  end)

  case("dup", t.pair, function(a) return keep(a:dup()) end)
  -- A detached descriptor is the caller's, until somebody has adopted it.
  case("detach, fromfd", function()
    local a = t.pair()
    local owner = { fd = false } -- room for it
    function owner.close()
      local adopted = owner.fd and net.fromfd(owner.fd)
      if adopted then adopted:close() end
    end
    return a, owner
  end, function(a, owner)
    keep(owner)
    local again = keep(must(a:dup()))
    owner.close()
    owner.fd = must(again:detach())
    local adopted = keep(must(net.fromfd(owner.fd)))
    owner.fd = false
    return adopted
  end)
  case("shutdown", t.pair, function(a) return a:shutdown("SHUT_WR") end)
  case("close", t.nothing, function()
    local a, b = must(net.socketpair())
    keep(a)
    keep(b)
    same(must(b:close()), true)
    return a:close()
  end)
  -- What nobody has closed is closed by the collector, and what it was told to send
  -- goes first.
  case("left to the collector", t.nothing, function()
    local function leave()
      local a, b = must(net.socketpair())
      a:setvbuf("full", 100)
      must(a:write("x"))
      return b:fileno() and must(net.listen("127.0.0.1:0")):fileno()
    end
    leave()
    collectgarbage()
    collectgarbage()
    return true
  end)
  case("sockets", t.pair, function(a, b)
    local list, found = net.sockets(), 0
    for _, s in ipairs(list) do
      if s == a or s == b then found = found + 1 end
    end
    return same(found, 2)
  end)
  case("help", t.nothing, function()
    local printed
    rawset(_G, "print", function(text) printed = text end) -- Case.close puts it back
    net.help("accept")
    return printed:find("socket:accept", 1, true) ~= nil
  end)
  case("tostring", t.connection, function(a, _, listener)
    return tostring(a) and tostring(listener)
  end)
  case("what it is", t.connection, function(a)
    return a:family() and a:type() and a:protocol() and a:fileno()
  end)
  case("getsockname, getpeername", t.connection, function(a)
    must(a:getsockname())
    return a:getpeername()
  end)
  case("limits", t.pair, function(a)
    a:settimeout(2, "t")
    a:setlimit(1000)
    a:setvbuf("full", 1000)
    return a:gettimeout()
  end)
end
