-- version.lua - prints which Lua and which dialtone the servers here run on; it
-- fails where they cannot.
local net = require "dialtone"
assert(net.serve, "this dialtone has no net.serve")
print((jit and jit.version or _VERSION) .. ", " .. net._VERSION)
