-- handshake.lua - cases: what is recorded. At level 0, since a private network is a
-- process more for each of some thousand runs; and little of it, since the kernel's
-- table is asked after each call.

local net = require "dialtone"

return function(t)
  local case, must, same = t.case, t.must, t.same

  case("handshake", t.nothing, function()
    local hs = net.handshake { level = 0, timeout = 1, function(wire)
      must(must(wire:socket("client")):bind("127.0.0.1", 0))
    end }
    return same(#hs:text() > 100 and hs.level, 0)
  end)
end
