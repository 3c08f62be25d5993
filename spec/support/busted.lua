-- busted.lua - starts busted under the Lua that runs this file.  The `busted`
-- command is a script for one Lua, or a shell's, depending on who installed it.

io.stdout:setvbuf("line") -- a process that dies has said what it knew
require "busted.runner" { standalone = false }
