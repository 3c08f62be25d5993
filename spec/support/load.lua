-- load.lua - what each thread of spec/c/host_threads.c does in its Lua state:
-- a bit of everything, side by side.
--
-- The chunk is given a listening socket and the addresses of all threads'
-- listeners, its own among them; it gives a function, that returns how much was
-- done, and raises when anything went wrong.  What is done is the same each time.

local listener, peers = ...
local net = require "dialtone"

local CONNECTIONS, LINES = 2, 10 -- with each thread
local LIMIT = 120 -- seconds for all of it

local work = {}

-- Runs count copies of a function at once.
local function side_by_side(count, fn)
  net.scope(function(scope)
    for i = 1, count do scope:spawn(fn, i) end
  end)
  return count
end

-- A client of `echo`.
local function talk(conn, name)
  for i = 1, LINES do
    local text = name .. " " .. i
    assert(conn:write(text, "\n"))
    assert(conn:read() == text)
  end
  assert(conn:close())
end

local function echo(conn)
  for line in conn:lines("L") do assert(conn:write(line)) end
  assert(conn:close())
end

-- A connection may be that of another round: there are as many in the end.
work["connections between the threads"] = function()
  local count = CONNECTIONS * #peers
  net.scope(function(scope)
    scope:spawn(function()
      for _ = 1, count do scope:spawn(echo, (assert(listener:accept()))) end
    end)
    for i = 1, count do
      scope:spawn(function() talk(assert(net.connect(peers[i % #peers + 1])), "from afar") end)
    end
  end)
  return count * LINES
end

work["a server and its clients"] = function()
  local server = assert(net.serve("127.0.0.1:0", echo, { timeout = LIMIT }))
  side_by_side(8, function() talk(assert(net.connect(server.address)), "at home") end)
  assert(server:stats().accepted == 8)
  server:close()
  return 8 * LINES
end

work["look-ups"] = function()
  return side_by_side(24, function(i)
    local list = assert(net.getaddrinfo(i % 2 == 0 and "localhost" or "127.0.0.1", tostring(i)))
    assert(list[1].port == i)
    assert(select(2, assert(net.getnameinfo(list[1], "NI_NUMERICHOST|NI_NUMERICSERV"))) == tostring(i))
  end)
end

work["look-ups that nobody waits for in the end"] = function()
  return side_by_side(8, function(i)
    local asking = net.spawn(net.getaddrinfo, "localhost", tostring(i))
    net.sleep(0)
    asking:cancel()
    asking:join()
  end)
end

work["times"] = function()
  return side_by_side(100, function(i)
    net.sleep(i % 10 / 1000)
    assert(select(3, net.timeout(i % 7 / 1000, net.sleep, LIMIT)) == "timeout")
  end)
end

-- Each waits in the middle of table.sort, on a C stack of its own.
work["C stacks"] = function()
  return side_by_side(20, function(i)
    local list = {}
    for k = 1, 6 do list[k] = (k * i) % 7 end
    table.sort(list, function(a, b)
      net.sleep(0.0005)
      return a < b
    end)
    for k = 2, #list do assert(list[k - 1] <= list[k]) end
  end)
end

work["copies"] = function()
  local text = ("copied "):rep(20000)
  return side_by_side(4, function()
    local from, a = assert(net.socketpair())
    local b, to = assert(net.socketpair())
    net.scope(function(scope)
      scope:spawn(function()
        assert(from:write(text))
        assert(from:shutdown("SHUT_WR"))
      end)
      scope:spawn(function() assert(net.copy(a, b) == #text) end)
      assert(to:read("a") == text)
    end)
    for _, s in ipairs { from, a, b, to } do s:close() end
  end)
end

work["addresses"] = function()
  for i = 1, 1000 do
    local text = ("[2001:db8::%x]:%d"):format(i, i)
    local address = assert(net.address(text))
    assert(tostring(address) == text and address == net.address(address.host, i))
    assert(not net.address(text .. "x"))
  end
  return 1000
end

work["datagrams"] = function()
  local a, b = assert(net.udp("127.0.0.1:0")), assert(net.udp("127.0.0.1:0"))
  local list = {}
  for i = 1, 20 do list[i] = { "datagram " .. i, address = b:getsockname() } end
  local sent, got = assert(a:sendmany(list)), 0
  while got < sent do
    for _, message in ipairs(assert(b:recvmany(20, 100))) do
      got = got + 1
      assert(message.address == a:getsockname())
    end
  end
  a:close()
  b:close()
  return got
end

work["tables of constants, options, interfaces, and errors"] = function()
  local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
  local known = 0
  for _, option in ipairs(net.options()) do
    local readable = option.available and option.access:find("get")
    if readable and s:getsockopt(option.name) ~= nil then known = known + 1 end
  end
  assert(known > 10 and #assert(net.interfaces()) > 0 and net.constants().AF_INET)
  s:close()
  local message, code = select(2, net.connect("127.0.0.1:1"))
  assert(code == "ECONNREFUSED" and message:find("refused"))
  assert(not pcall(net.socket, "AF_NOTHING"))
  return 1
end

-- The test build's own tables: which calls there were, what is open.
work["what the test build knows"] = function()
  local fault = require("dialtone.core").fault
  if not fault then return 0 end
  local a, b = assert(net.socketpair())
  assert(#fault.census() >= 2 and fault.count("socketpair") > 0)
  a:close()
  b:close()
  return 1
end

work["queues"] = function()
  local queue, sum = net.queue(3), 0
  net.scope(function(scope)
    scope:spawn(function()
      for i = 1, 200 do queue:put(i) end
      queue:close()
    end)
    for _ = 1, 3 do
      scope:spawn(function()
        for i in function() return (queue:get()) end do sum = sum + i end
      end)
    end
  end)
  assert(sum == 20100)
  return 200
end

local function all()
  local done = 0
  net.scope(function(scope)
    for _, fn in pairs(work) do
      scope:spawn(function()
        local count = fn() -- others add to it meanwhile
        done = done + count
      end)
    end
  end)
  return done
end

return function()
  local done, message = net.timeout(LIMIT, all)
  return done or error(message, 0)
end
