-- file.lua - the text of a file.

local file = {}

function file.read(name)
  local opened = assert(io.open(name, "rb"))
  local text = opened:read("*a")
  opened:close()
  return text
end

return file
