-- case.lua - what the sweeps repeat: small pieces of work, one at least for every
-- public function. A sweep (memory.lua, call.lua) lets an allocation or a system
-- call fail at every place of each, and looks at what is left.
--
-- A case is { name, setup, body [, place] }. `setup` opens what the body works on, and
-- returns it; `body` is given that. Bodies can be done again on the same objects,
-- also after a failure, and what they open they keep() to be closed by the sweep.

local net = require "dialtone"

local Case = {
  list = {},
  kept = {},     -- what is open
  FAILED = {},   -- raised by must(): the reason is in `failure`
  WRONG = {},    -- raised by same(): a result that is not what it must be
  failure = {},
}

Case.print = print

local files = { "create", "address", "transfer", "message", "stream", "option", "name", "task",
  "scope", "server", "handshake", "terminal" }

-- --- for the files of cases ----------------------------------------------------

-- `place` is where alone the body can run, if it cannot anywhere.
function Case.case(name, setup, body, place)
  Case.list[#Case.list + 1] = { name = name, setup = setup, body = body, place = place }
end

-- What is kept is closed when the run is over. Room was made while there was
-- memory.
function Case.keep(object, ...)
  if object then
    local kept = Case.kept
    for index = 1, #kept do
      if not kept[index] then
        kept[index] = object
        return object, ...
      end
    end
    object:close() -- a case that keeps so much
    error("too many objects are kept", 0)
  end
  return object, ...
end

-- The results, but for nil, message, code: a failure ends the body.
function Case.must(...)
  local value, message, code = ...
  if not value then
    Case.failure.message, Case.failure.code = message, code
    error(Case.FAILED, 0)
  end
  return ...
end

-- The first of two values, which must be equal.
function Case.same(value, expected)
  if value ~= expected then
    Case.failure.message = value
    error(Case.WRONG, 0)
  end
  return value
end

local keep, must = Case.keep, Case.must

function Case.pair()
  local a, b = must(net.socketpair())
  keep(a)
  keep(b)
  return a, b
end

function Case.packets()
  local a, b = must(net.socketpair("AF_UNIX", "SOCK_DGRAM"))
  keep(a)
  keep(b)
  return a, b
end

-- All of it, however little one call takes.
function Case.send(s, text)
  local sent = 0
  repeat sent = sent + must(s:send(text:sub(sent + 1))) until sent == #text
end

function Case.listener()
  return keep(must(net.listen("127.0.0.1:0")))
end

-- A connection over TCP, both ends of it, and who listens.
function Case.connection()
  local listener = Case.listener()
  local client = keep(must(net.connect(listener:getsockname())))
  return client, keep(must(listener:accept())), listener
end

-- A task's function: raises what it failed with, for who joins it.
function Case.done(ok, ...)
  if not ok then error((...), 0) end
  return ...
end

function Case.nothing() end

-- --- for the sweeps ------------------------------------------------------------

local ROOM = 40

-- A received descriptor may be a number, with LuaJIT.
local function close_number(fd)
  local ffi = require "ffi"
  pcall(ffi.cdef, "int close(int fd);")
  if ffi.C.close(fd) ~= 0 then error("close: errno " .. ffi.errno(), 0) end
end

-- Closes what was kept, the last first. `complain` hears of what cannot be closed.
function Case.close(complain)
  rawset(_G, "print", Case.print) -- a case that replaces it may have ended anywhere
  for index = ROOM, 1, -1 do
    local object = Case.kept[index]
    Case.kept[index] = false
    if object then
      local close = type(object) == "number" and close_number or object.close
      local ok, message = pcall(close, object)
      if not ok then complain("cannot be closed: " .. tostring(message)) end
    end
  end
end

for index = 1, ROOM do Case.kept[index] = false end
for _, name in ipairs(files) do require("spec.torture.cases." .. name)(Case) end

return Case
