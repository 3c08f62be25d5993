-- stream.lua - cases: reading and writing through the buffers. What cannot be read
-- for want of memory is not lost, so the texts must come as they were sent.

return function(t)
  local case, must, same = t.case, t.must, t.same

  case("write, read a line", t.pair, function(a, b)
    must(a:write("hello\n", 1, "\n"))
    must(a:flush())
    return must(b:read("l", "l"))
  end)
  case("read what is there", t.pair, function(a, b)
    t.send(a, "hello")
    return #must(b:read(5)) == 5
  end)
  case("read everything", function()
    local a, b = t.pair()
    t.send(a, ("x"):rep(10000))
    must(a:shutdown("SHUT_WR"))
    return a, b
  end, function(_, b) return b:read("a") end)
  case("readuntil", t.pair, function(a, b)
    t.send(a, "abc--def--")
    return must(b:readuntil("--")) and must(b:readuntil("--"))
  end)
  case("peek, unread", t.pair, function(a, b)
    t.send(a, "abcdef")
    same(#must(b:peek(3)), 3)
    must(b:unread("xx"))
    return same(must(b:read(2)), "xx")
  end)
  case("lines", t.pair, function(a, b)
    t.send(a, "one\ntwo\n")
    local count = 0
    for line in b:lines() do
      count = count + 1
      if count == 2 then return line end
    end
  end)
  case("flush", t.pair, function(a, b)
    a:setvbuf("full", 4096)
    must(a:write("hello"))
    must(a:flush())
    return must(b:read(5))
  end)
  case("close with something to send", t.pair, function(a, b)
    a:setvbuf("full", 4096)
    must(a:write("hello"))
    local again = must(a:dup())
    t.keep(again)
    return must(again:close()) and must(a:flush()) and must(b:read(1))
  end)
  case("a line in pieces", t.connection, function(a, b)
    must(a:write(("x"):rep(3000)))
    must(a:write(("y"):rep(3000), "\n"))
    must(a:flush())
    return #must(b:read()) >= 6000
  end)
end
