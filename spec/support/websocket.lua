-- websocket.lua - as much of a WebSocket client (RFC 6455) as the browser's own protocol
-- needs: whole texts there and back, over a connection of dialtone.

local net = require "dialtone"

local websocket = {}

local Client = {}
Client.__index = Client

local function big(number, size)
  local bytes = {}
  for i = size, 1, -1 do
    bytes[i] = string.char(number % 256)
    number = math.floor(number / 256)
  end
  return table.concat(bytes)
end

local function number_of(bytes)
  local number = 0
  for i = 1, #bytes do number = number * 256 + bytes:byte(i) end
  return number
end

local function length_of(size)
  if size < 126 then return string.char(128 + size) end -- 128: masked, as all that clients send
  if size < 65536 then return string.char(128 + 126) .. big(size, 2) end
  return string.char(128 + 127) .. big(size, 8)
end

local TEXT, CLOSE, PING, PONG = 1, 8, 9, 10

local function send(self, kind, text)
  -- a mask of zeros changes nothing
  assert(self.conn:write(string.char(128 + kind), length_of(#text), "\0\0\0\0", text))
  return assert(self.conn:flush())
end

function Client:send(text)
  return send(self, TEXT, text)
end

-- One frame: whether it is the last of its message, its kind, what is in it.
local function read_frame(conn)
  local head = assert(conn:read(2))
  local first, second = head:byte(1, 2)
  local size = second % 128
  local more = size == 126 and 2 or size == 127 and 8
  if more then size = number_of(assert(conn:read(more))) end
  return first >= 128, first % 16, size > 0 and assert(conn:read(size)) or ""
end

-- The next text.
function Client:receive()
  local parts = {}
  while true do
    local is_last, kind, data = read_frame(self.conn)
    if kind == PING then
      send(self, PONG, data)
    elseif kind == CLOSE then
      error("the browser has closed the connection", 0)
    elseif kind ~= PONG then
      parts[#parts + 1] = data
      if is_last then return table.concat(parts) end
    end
  end
end

function Client:close()
  return self.conn:close()
end

-- "ws://127.0.0.1:4000/path".
function websocket.connect(url)
  local where, path = url:match("^ws://([^/]+)(/.*)$")
  local conn = assert(net.connect(where, { timeout = 10 }))
  conn:settimeout(60)
  assert(conn:write("GET ", path, " HTTP/1.1\r\nHost: ", where, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"))
  local head = assert(conn:readuntil("\r\n\r\n"))
  assert(head:find("^HTTP/1.1 101 "), head)
  return setmetatable({ conn = conn }, Client)
end

return websocket
