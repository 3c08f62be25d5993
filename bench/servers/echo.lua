-- echo.lua - sends back what comes.
--   echo.lua PORT [LIMIT]     LIMIT: seconds that each call may take
local net = require "dialtone"
local limit = tonumber(arg[2])

assert(net.serve("127.0.0.1:" .. arg[1], function(conn)
  conn:settimeout(limit)
  while true do
    local data = conn:recv(65536)
    if not data then return end
    conn:write(data)
  end
end))
net.run()
