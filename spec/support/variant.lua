-- variant.lua - what the specs need to run under a variant (spec/support/run):
-- the environment's DIALTONE_VARIANT.  guard.lua loads it before all of them.
--
-- What the module does in a variant is in csrc/variant_fault.h; here is what the
-- Lua side of the suite needs, and the list of cases that are left out.

local busted = require "busted"
local net = require "dialtone.core"
local fault = net.fault
local rules = require "spec.support.variant_rules"

local variant = { name = os.getenv("DIALTONE_VARIANT") or "" }
local begin = {}

-- Pipes and files are read by C's library, which fails when a signal comes: that
-- is no business of ours, so none comes while a file is read.
local function undisturbed(call)
  local function resume(often, ok, ...)
    fault.alarm(often)
    if not ok then error(..., 0) end
    return ...
  end
  return function(...)
    return resume(fault.alarm(0), pcall(call, ...))
  end
end

function begin.signal()
  local file = getmetatable(io.stdout).__index
  local lines = file.lines
  file.read = undisturbed(file.read)
  function file.lines(...)
    return undisturbed(lines(...))
  end
end

-- `send` and `recv` are one system call, and would give a single byte to specs that
-- are about something else.  So where specs call them they make as many as it takes
-- till one whole call's work is done.
-- Not for bulk, which whoever sends it sends in parts anyhow.
local BULK = 1048576
local uncut = { MSG_PEEK = true, MSG_OOB = true, MSG_TRUNC = true, MSG_ERRQUEUE = true }

local function is_cut(socket, flag)
  return (flag == nil or flag == "MSG_DONTWAIT" or flag == "MSG_WAITALL" or not uncut[flag]
    and type(flag) == "string" and not flag:find("|")) and socket:type() == "SOCK_STREAM"
end

function begin.onebyte()
  local socket = assert(net.socketpair())
  local class = getmetatable(socket).__index
  local send, recv = class.send, class.recv

  local function send_rest(self, data, sent, ...)
    local more = sent
    while more and sent < #data do
      more = send(self, data:sub(sent + 1), "MSG_DONTWAIT", ...)
      sent = sent + (more or 0)
    end
    return sent
  end

  local function recv_rest(self, size, data, ...)
    local more = data
    while more and #data < size and (self:queued() or 0) > 0 do
      more = recv(self, size - #data, "MSG_DONTWAIT", ...)
      data = data .. (more or "")
    end
    return data
  end

  function class.send(self, data, flag, ...)
    if type(data) ~= "string" or #data > BULK then return send(self, data, flag, ...) end
    local sent, message, code = send(self, data, flag, ...)
    if not sent or sent == 0 or not is_cut(self, flag) then return sent, message, code end
    return send_rest(self, data, sent, flag, ...)
  end

  function class.recv(self, size, flag, ...)
    if type(size) ~= "number" then return recv(self, size, flag, ...) end
    local data, message, code = recv(self, size, flag, ...)
    if not data or data == "" or message or not is_cut(self, flag) then return data, message, code end
    return recv_rest(self, size, data, flag, ...)
  end
end

-- --- what is left out -----------------------------------------------------------

-- Where we are: the file's name, then those of its blocks.
local names = {}

for _, what in ipairs { "file", "describe" } do
  busted.subscribe({ what, "start" }, function(element)
    names[#names + 1] = element.name
    return nil, true
  end)
  busted.subscribe({ what, "end" }, function()
    names[#names] = nil
    return nil, true
  end)
end

local function rule_for(list, file, name)
  for _, rule in ipairs(list) do
    if file:find("/" .. rule.file .. "_spec.lua", 1, true) and (not rule.name or name:find(rule.name)) then
      return rule
    end
  end
end

local function leave_out(list)
  local files, total = {}, 0
  busted.subscribe({ "register", "it" }, function(name)
    local file, whole = names[1], table.concat(names, " ", 2) .. " " .. name
    local rule = rule_for(list, file, whole)
    for _, each in ipairs(list) do
      if file:find("/" .. each.file .. "_spec.lua", 1, true) then files[each] = true end
    end
    if not rule then return nil, true end
    rule.count = (rule.count or 0) + 1
    total = total + 1
    return nil, false
  end, { priority = 1 })

  -- A rule that leaves nothing out of its file is an error.
  busted.subscribe({ "suite", "end" }, function()
    for _, rule in ipairs(list) do
      if rule.count then
        print(("left out: %3d of %s_spec.lua%s: %s"):format(rule.count, rule.file,
          rule.name and (" (%s)"):format(rule.name) or "", rule.why))
      elseif files[rule] then
        error(("variant %s: the rule for %s_spec.lua (%s) leaves nothing out"):format(
          variant.name, rule.file, rule.name or "all of it"))
      end
    end
    print(("%d left out"):format(total))
    return nil, true
  end)
end

if begin[variant.name] then begin[variant.name]() end
if rules[variant.name] then
  local list = {}
  local here = rawget(_G, "jit") and "luajit" or _VERSION:match("%d.*")
  for _, rule in ipairs(rules[variant.name]) do
    if not rule.luas or rule.luas:find(here, 1, true) then list[#list + 1] = rule end
  end
  leave_out(list)
end

return variant
