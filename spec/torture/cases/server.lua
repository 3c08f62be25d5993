-- server.lua - cases: clients and servers made of all that.

local net = require "dialtone"

return function(t)
  local case, keep, must, same = t.case, t.keep, t.must, t.same

  case("listen", t.nothing, function() return keep(net.listen("127.0.0.1:0")) end)
  case("listen to all", t.nothing, function() return keep(net.listen("*:0")) end)
  case("connect", t.listener, function(listener)
    return keep(net.connect(must(listener:getsockname())))
  end)
  case("connect to one of two", function()
    local listener = t.listener()
    local closed = t.listener():getsockname()
    return { closed, listener:getsockname() }
  end, function(list) return keep(net.connect(list)) end)

  local function ask(server)
    local client = keep(must(net.connect(server.address)))
    client:settimeout(0.05)
    must(client:write("hello\n"))
    local line, message, code = client:read()
    if line then return same(line, "hello") end
    -- the server's task had no memory: it closed, or is still being told
    if code == "timeout" or code == "eof" or code == "ECONNRESET" then code = "ENOMEM" end
    return nil, message, code
  end

  case("serve", t.nothing, function()
    local server = keep(must(net.serve("127.0.0.1:0", function(conn)
      for line in conn:lines() do conn:write(line, "\n") end
    end)))
    return ask(server) and tostring(server) and server:stats()
  end)
  case("a server goes on", function()
    return keep(must(net.serve("127.0.0.1:0", net.echo)))
  end, ask)
  case("drain", t.nothing, function()
    local server = keep(must(net.serve("127.0.0.1:0", net.echo)))
    local client = keep(must(net.connect(server.address)))
    must(client:write("x"))
    client:close()
    server:drain(0.05)
    return true
  end)
end
