-- gcov.lua - what gcov(1) says about object files, added up by source line.
--
--   local files = gcov.collect({ "build/cover/plain/sys.gcda", ... }, "csrc/")
--   files["csrc/sys.c"][17] = { count =, text =, fn =, ways = { ... } }
--
-- A source is compiled more than once: for each Lua, and a header's inline functions
-- in each file that includes it. A line counts as run when one of them ran it. Its
-- branches, `ways`, are lists by how many there are: where a macro makes another
-- expression of the line for another Lua, that is a list of its own.

local gcov = {}

local function branch(record, index, taken)
  record.seen[index + 1] = tonumber(taken) or 0
end

-- Adds the branches that one object file has on a line to those known of it.
local function settle(record)
  local seen = record and record.seen
  if not seen or #seen == 0 then return end
  local ways = record.ways[#seen]
  if not ways then
    ways = {}
    record.ways[#seen] = ways
  end
  for i, taken in ipairs(seen) do ways[i] = (ways[i] or 0) + taken end
  record.seen = {}
end

local function line_of(file, number, text)
  local record = file[number]
  if not record then
    record = { count = 0, text = text:match("^%s*(.-)%s*$"), ways = {} }
    file[number] = record
  end
  record.seen = {}
  return record
end

-- Reads what one call of gcov printed.
function gcov.read(output, files, prefix)
  local file, fn, record
  for line in output:gmatch("[^\n]*") do
    local count, number, text = line:match("^%s*([^:%s]+):%s*(%d+):(.*)$")
    local index, taken = line:match("^branch%s+(%d+) (.*)$")
    if count then
      settle(record)
      record = nil
      local source = number == "0" and text:match("^Source:(.*)")
      if source then
        file, fn = nil, nil
        if source:sub(1, #prefix) == prefix then
          files[source] = files[source] or {}
          file = files[source]
        end
      elseif file and number ~= "0" and count ~= "-" then
        record = line_of(file, tonumber(number), text)
        record.count = record.count + (tonumber(count:match("^%d+")) or 0)
        record.fn = fn or record.fn
      end
    elseif index and record then
      branch(record, tonumber(index), taken:match("^taken (%d+)"))
    else
      fn = line:match("^function (%S+) called") or fn
    end
  end
  settle(record)
end

function gcov.collect(objects, prefix)
  local files = {}
  for _, object in ipairs(objects) do
    local pipe = assert(io.popen(("%s --branch-probabilities --branch-counts --stdout '%s'")
      :format(os.getenv("GCOV") or "gcov", object)))
    gcov.read(pipe:read("*a"), files, prefix)
    assert(pipe:close(), "gcov failed on " .. object)
  end
  return files
end

return gcov
