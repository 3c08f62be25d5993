-- luv.lua - luv, libuv for Lua: callbacks.
--   luv.lua echo|write|lines|sink|source|udp PORT
-- echo answers with try_write, which is the quicker way, and queues only what
-- the kernel did not take; write queues everything.
local uv = require "luv"
local mode, port = arg[1], tonumber(arg[2])
local piece = ("0123456789abcdef"):rep(4096)

local function answer(s, data)
  local sent = s:try_write(data) or 0
  if sent < #data then s:write(data:sub(sent + 1)) end
end

local work = { echo = answer }

function work.write(s, data)
  s:write(data)
end

function work.sink() end

local unfinished = setmetatable({}, { __mode = "k" })

-- libuv knows no lines: they are cut out here, and the answers of one piece
-- leave together.
function work.lines(s, data)
  data = (unfinished[s] or "") .. data
  local lines, from = {}, 1
  for line, after in data:gmatch("([^\n]*)\n()") do
    lines[#lines + 1] = line
    from = after
  end
  unfinished[s] = data:sub(from)
  lines[#lines + 1] = ""
  answer(s, table.concat(lines, "\n"))
end

local function write_for_ever(s)
  local function again(code)
    if code then s:close() else s:write(piece, again) end
  end
  again()
end

local function serve()
  local listener = uv.new_tcp()
  assert(listener:bind("127.0.0.1", port))
  assert(listener:listen(4096, function()
    local s = uv.new_tcp()
    listener:accept(s)
    s:nodelay(true)
    if mode == "source" then return write_for_ever(s) end
    local take = work[mode]
    s:read_start(function(code, data)
      if data then
        take(s, data)
      elseif code or not s:is_closing() then
        s:close()
      end
    end)
  end))
end

local function datagrams()
  local s = uv.new_udp({ mmsgs = 32 })
  assert(s:bind("127.0.0.1", port))
  assert(s:recv_start(function(_, data, from)
    if data and from then s:try_send(data, from.ip, from.port) end
  end))
end

-- libuv writes without MSG_NOSIGNAL, and a client that has gone would end us.
uv.signal_start(uv.new_signal(), "sigpipe")

if mode == "udp" then datagrams() else serve() end
uv.run()
