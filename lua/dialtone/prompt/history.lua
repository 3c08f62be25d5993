-- history.lua - the lines typed at the prompt, kept between its runs: one line each,
-- in a file that its owner alone can read.

local terminal = require("dialtone.core").terminal

local history = {}

local MAX = 1000            -- lines that are read again; twice as many are kept
local MAX_BYTES = 1024 * 1024 -- of the file: no more of it is read

-- Where it is by the XDG base directories, and what of that must be there; nil: there
-- is no home.
local function find_path()
  local state, home = os.getenv("XDG_STATE_HOME"), os.getenv("HOME")
  if state and state:sub(1, 1) == "/" then return state .. "/dialtone/history", "" end
  if home and home:sub(1, 1) == "/" then return home .. "/.local/state/dialtone/history", home end
end

-- The directories of a path that are not there yet, below `base`.
local function make_directories(path, base)
  local at = #base + 1
  while true do
    at = path:find("/", at + 1, true)
    if not at then return end
    terminal.makedir(path:sub(1, at - 1)) -- what fails, fails again when it is written
  end
end

local function read_lines(path)
  local lines, file = {}, io.open(path, "rb")
  if not file then return lines end
  local size = file:seek("end") or 0
  file:seek("set", math.max(0, size - MAX_BYTES))
  local text = file:read("*a") or ""
  file:close()
  if size > MAX_BYTES then text = text:gsub("^[^\n]*\n", "") end
  for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
  return lines
end

-- The last lines only: a new file in the place of the old one.
local function shorten(path, lines)
  local last = {}
  for i = math.max(1, #lines - MAX + 1), #lines do last[#last + 1] = lines[i] end
  local ok = terminal.store(path .. ".new", table.concat(last, "\n") .. "\n")
  if ok then os.rename(path .. ".new", path) end
  return last
end

local kept = {} -- path, the last line

-- Reads the file; each line goes to `remember`, the oldest first.
function history.open(remember)
  local path, base = find_path()
  kept = { path = path, remember = remember }
  if not path then return end
  make_directories(path, base)
  local lines = read_lines(path)
  if #lines > 2 * MAX then lines = shorten(path, lines) end
  for i = math.max(1, #lines - MAX + 1), #lines do remember(lines[i]) end
  kept.last = lines[#lines]
end

-- True; or nil, message, code when it could not be kept (said once).
function history.add(line)
  if not line:find("%S") or line == kept.last then return true end
  kept.last = line
  kept.remember(line)
  if not kept.path then return true end
  local ok, message, code = terminal.store(kept.path, line .. "\n", true)
  if ok or kept.told then return true end
  kept.told = true
  return nil, message, code
end

return history
