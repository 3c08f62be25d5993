-- command.lua - the command `dialtone handshake`: net.handshake for a shell.

local arguments = require "dialtone.arguments"
local core = require "dialtone.core"
local handshake = require "dialtone.handshake"
local net = require "dialtone"
local place = require "dialtone.place"

local command = {}

-- --- arguments --------------------------------------------------------------------------

-- In the order of the help, see arguments.lua.
local OPTIONS = {
  { word = "--json", set = "output", to = "json", help = "prints JSON instead of text" },
  { word = "--svg", set = "output", to = "svg", help = "prints a picture" },
  { word = "--html", set = "output", to = "html", help = "prints a page that replays it" },
  { word = "--serve", set = "serve", help = "serves a page that draws connections as they happen;\n"
    .. "ADDRESS is where (127.0.0.1, any port)" },
  { word = "--level", set = "level", value = "N", number = { 0, 2 },
    help = "no more than 0 (nothing captured), 1 (in private), 2" },
  { word = "--private", set = "private", help = "in a private network" },
  { word = "--interface", set = "interface", value = "NAME", help = "captures on this one" },
  { word = "-6", set = "family", to = "AF_INET6", help = "over IPv6" },
  { word = "--width", set = "width", value = "COLUMNS", number = { 20, 1000 }, help = "of the text" },
  { word = "--absolute", set = "absolute", help = "sequence numbers as they are in the packets" },
  { word = "--verbose", set = "verbose", help = "every segment's window" },
  { word = "--colour", set = "colour", help = "also where the output is no terminal" },
  { word = "--help", also = "-h", set = "help", help = "prints this" },
}

local INTERRUPTED = 130 -- as shells have it: 128 and SIGINT

local function usage(out)
  out:write("usage: dialtone handshake [options] [ADDRESS]\n",
    "  records a connection and draws it: to ADDRESS (HOST:PORT), or to a server of its own\n",
    arguments.help(OPTIONS))
end

local function report(message)
  io.stderr:write("dialtone handshake: ", tostring(message), "\n")
  return 1
end

-- What is wanted; or nil, what is wrong. Options may follow the address.
local function read_arguments(...)
  local words, plan = { ... }, {}
  local i, message = arguments.read(OPTIONS, words, 1, plan)
  while i and words[i] do
    if plan.address then return nil, ("one address is enough: '%s'"):format(words[i]) end
    plan.address = words[i]
    i, message = arguments.read(OPTIONS, words, i + 1, plan)
  end
  if not i then return nil, message end
  if plan.private and plan.address and not plan.serve then
    return nil, "in a private network there is nobody at " .. plan.address
  end
  return plan
end

-- --- a connection to somebody -------------------------------------------------------------

local function is_ours(address)
  if address.host:find("^127%.") or address.host == "::1" then return true end
  for _, interface in ipairs(core.interfaces() or {}) do
    for _, entry in ipairs(interface.addresses) do
      if entry.address.host == address.host then return true end
    end
  end
  return false
end

-- Connects and takes leave; what comes meanwhile is thrown away.
local function visit(address, outcome)
  return function(wire)
    local client = assert(wire:socket("client", address.family))
    local ok, message = client:connect(address)
    if not ok then
      outcome.message = message
      return wire:note(message)
    end
    wire:wait()
    client:shutdown("SHUT_WR")
    client:settimeout(1)
    while client:recv(65536) do end
    client:close()
  end
end

local function record(plan)
  local opts = { level = plan.level, private = plan.private, family = plan.family, interface = plan.interface }
  if not plan.address then return handshake.handshake(opts) end
  local at, message = place.read_peer("handshake", plan.address)
  if not at then return nil, message end
  local addresses
  addresses, message = place.addresses("handshake", at, "SOCK_STREAM", plan.family)
  if not addresses then return nil, message end
  local outcome, address = {}, addresses[1]
  if not address.port then return nil, "handshake: HOST:PORT is expected, not " .. plan.address end
  opts.family = address.family
  opts.private = false -- from there nobody is reached
  opts.interface = plan.interface or (is_ours(address) and "lo" or "any")
  opts[1] = visit(address, outcome)
  local recording = handshake.handshake(opts)
  return recording, outcome.message
end

-- --- output -----------------------------------------------------------------------------------

local function text_options(plan)
  local terminal = core.terminal
  local on_terminal = terminal and terminal.isatty(1)
  return { width = plan.width or on_terminal and terminal.columns() or nil, absolute = plan.absolute,
    verbose = plan.verbose, colour = plan.colour or on_terminal }
end

local OUTPUTS = {
  text = function(recording, plan) return recording:text(text_options(plan)) end,
  json = function(recording) return recording:json() .. "\n" end,
  svg = function(recording) return recording:svg() end,
  html = function(recording, plan) return recording:html { absolute = plan.absolute } end,
}

local function serve(plan)
  local page, message = require("dialtone.handshake.live").serve { plan.address, level = plan.level,
    private = plan.private, interface = plan.interface, family = plan.family }
  if not page then return report(message) end
  io.stdout:write(page.url, "\n", "each connection to ", tostring(page.echo), " is drawn there: ", page.about, "\n")
  io.stdout:flush()
  local ok, failure = pcall(net.run)
  page:close()
  if ok then return 0 end
  if tostring(failure):find("interrupted!", 1, true) then return INTERRUPTED end -- Ctrl-C
  return report(failure)
end

-- Runs the command with these arguments; gives its exit status.
function command.main(...)
  local plan, message = read_arguments(...)
  if not plan then
    report(message)
    usage(io.stderr)
    return 1
  end
  if plan.help then
    usage(io.stdout)
    return 0
  end
  if plan.serve then return serve(plan) end
  local recording
  recording, message = record(plan)
  if not recording then return report(message) end
  io.stdout:write(OUTPUTS[plan.output or "text"](recording, plan))
  return message and report(message) or 0
end

return command
