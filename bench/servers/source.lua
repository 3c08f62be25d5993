-- source.lua - writes "0123456789abcdef" over and over.
--   source.lua PORT
local net = require "dialtone"
local piece = ("0123456789abcdef"):rep(4096)

assert(net.serve("127.0.0.1:" .. arg[1], function(conn)
  repeat until not conn:write(piece)
end))
net.run()
