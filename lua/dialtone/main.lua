#!/usr/bin/env lua
-- main.lua - the command `dialtone`, as it is installed.

local status = require("dialtone.command").main(arg)
if status ~= 0 then os.exit(status, true) end
