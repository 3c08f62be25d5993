-- native.lua - integers as the machine has them in memory, which is how netlink
-- speaks. Lua before 5.3 has no string.pack.

local core = require "dialtone.core"

local native = {}

-- An option as the kernel has it, an int in memory: IP_TTL (2) is below 256.
local function is_little_endian()
  local socket = assert(core.socket("AF_INET", "SOCK_DGRAM", 0))
  local ttl = assert(socket:getsockopt("IPPROTO_IP", 2, 4))
  socket:close()
  return ttl:byte(1) ~= 0
end

local little

-- `n` as `size` bytes.
function native.pack(n, size)
  if little == nil then little = is_little_endian() end
  local bytes = {}
  for i = 1, size do
    bytes[little and i or size + 1 - i] = string.char(n % 256)
    n = math.floor(n / 256)
  end
  return table.concat(bytes)
end

-- The number of which the `size` bytes from `at` on are the value.
function native.unpack(text, at, size)
  if little == nil then little = is_little_endian() end
  local n = 0
  for i = 0, size - 1 do
    n = n * 256 + text:byte(little and at + size - 1 - i or at + i)
  end
  return n
end

return native
