-- sink.lua - reads and forgets.
--   sink.lua PORT
local net = require "dialtone"

assert(net.serve("127.0.0.1:" .. arg[1], function(conn)
  repeat until not conn:recv(65536)
end))
net.run()
