--- The operating system's sockets.
-- The functions are C's (csrc/mod_*.c); what is composed of them in Lua joins
-- them here.
-- @module dialtone

local core = require "dialtone.core"
local scopes = require "dialtone.scope"
local serve = require "dialtone.serve"

local net = { _VERSION = "dialtone 0.1.0" }

for name, value in pairs(core) do
  if type(value) == "function" then net[name] = value end
end

net.connect = require("dialtone.connect").connect
net.listen = require("dialtone.listen").listen
net.udp = require("dialtone.udp").udp
net.scope, net.timeout = scopes.scope, scopes.timeout

-- Loaded by who uses it. (No tail call: an error's level is counted from here.)
function net.handshake(options)
  local recording = require("dialtone.handshake").handshake(options, 3)
  return recording
end

--- Hears of tasks that fail and that nobody waits for, and of what servers have
-- to tell. It is a field to be replaced; this one writes to the standard error.
-- @function onerror
-- @tparam string message with the traceback
-- @tparam ?task task the one that failed; nil: a server could not accept
-- @tparam any failure what was raised, as it was
-- @usage function net.onerror(message) log:write(message, "\n") end
function net.onerror(message)
  io.stderr:write("dialtone: ", message, "\n")
end

--- Prints help: without an argument an overview, else what the manual's reference
-- says of a function, a method, a class, a socket option, an error code or a
-- constant. A name that is not known is answered with those that are similar. It is
-- for the prompt: lines are as long as the environment's COLUMNS, or 80.
-- @function help
-- @tparam[opt] string|function|socket|task|queue|scope|server|address what a name
-- such as `"connect"`, `"socket:accept"`, `"accept"`, `"SO_REUSEADDR"`,
-- `"ECONNREFUSED"`; or the function, or an object, itself
-- @raise for anything else
-- @usage net.help "connect"
-- net.help(net.connect)
function net.help(what)
  print(require("dialtone.help").text(net, what))
end

--- Prints a value as the prompt does: texts with quotes, small tables opened, with
-- sorted keys; what has a `__tostring`, as that gives it. `nil, message, code`, as
-- calls give them, are printed as one line.
-- @function pp
-- @tparam any value
-- @tparam[opt] table options `depth`: how many tables within each other are opened
-- (4); `items`: how many entries of each (50); `string`: how many bytes of a text
-- (1000); `width`: columns of a line (the terminal's, else 80). Other names raise
-- @raise for an option that there is not
-- @usage net.pp(net.interfaces(), { depth = 2 })
function net.pp(...)
  require("dialtone.pp").pp(...)
end

local to_standard_error = net.onerror

-- Neither the failure is lost, nor that of who is to hear of it.
local function report(message, task, failure)
  local ok, wrong = pcall(net.onerror or to_standard_error, message, task, failure)
  if ok then return end
  to_standard_error(message)
  to_standard_error("net.onerror: " .. tostring(wrong))
end

scopes.report(report)
core.inner.report(function(task, _, failure, trace) report(trace, task, failure) end)

net.serve, net.echo = serve.new(report), serve.echo

return net
