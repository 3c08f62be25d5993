-- lines.lua - answers each line with itself.
--   lines.lua PORT
local net = require "dialtone"

assert(net.serve("127.0.0.1:" .. arg[1], function(conn)
  for line in conn:lines() do conn:write(line, "\n") end
end))
net.run()
