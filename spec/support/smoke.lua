-- smoke.lua - the least that an installed dialtone must do: load, and send a
-- byte across a pair of sockets.  spec/support/rock runs it.
local net = require "dialtone"

local a, b = assert(net.socketpair())
assert(a:send("x") == 1)
assert(assert(b:recv(1)) == "x")
assert(a:close() and b:close())
