--- The operating system's sockets.
-- The functions are C's (csrc/mod_*.c); what is composed of them in Lua joins
-- them here.
-- @module dialtone

local core = require "dialtone.core"

local net = { _VERSION = "dialtone 0.1.0" }

for name, value in pairs(core) do
  if type(value) == "function" then net[name] = value end
end

return net
