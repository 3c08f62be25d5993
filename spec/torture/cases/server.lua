-- server.lua - cases: clients and servers made of all that.

local net = require "dialtone"

return function(t)
  local case, keep, must, same = t.case, t.keep, t.must, t.same

  case("listen", t.nothing, function() return keep(net.listen("127.0.0.1:0")) end)
  case("listen to all", t.nothing, function() return keep(net.listen("*:0")) end)
  case("connect", t.listener, function(listener)
    return keep(net.connect(must(listener:getsockname())))
  end)
  -- Nobody listens on ::1, which is tried first.
  case("connect to one of two", function()
    return "localhost:" .. t.listener():getsockname().port
  end, function(where) return keep(net.connect(where)) end)

  local function ask(server)
    local client = keep(must(net.connect(server.address)))
    client:settimeout(0.3)
    must(client:write("hello\n"))
    local line, message, code = client:read()
    if line then return same(line, "hello") end
    -- the server's task had failed: it closed, or is still being told
    if code == "timeout" or code == "eof" or code == "ECONNRESET" or not code then code = "lost" end
    return nil, message, code
  end

  case("serve", t.nothing, function()
    local server = keep(must(net.serve("127.0.0.1:0", function(conn)
      for line in conn:lines() do conn:write(line, "\n") end
    end)))
    return must(ask(server)) and tostring(server) and server:stats()
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
