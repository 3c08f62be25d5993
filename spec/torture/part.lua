-- part.lua - what the parts of the torture share: checks that are counted, sizes,
-- what a process takes, the pollers, children.
--
--   local part = require "spec.torture.part"
--   part.check(seconds < 0.2, "served after %.3f s", seconds)
--   part.finish()

local process = require "spec.support.child"
local fault = require("dialtone.core").fault or error("this needs the build with faults", 0)

local part = { passed = 0, failed = 0, full = os.getenv("FULL") == "1" }

io.stdout:setvbuf("line") -- a process that dies has said what it knew

-- One of two sizes: the bounded one, or with FULL=1 the other.
function part.size(bounded, full) return part.full and full or bounded end

function part.say(format, ...) print(format:format(...)) end

-- One figure: what it is, whether it is good or not.
function part.check(ok, format, ...)
  part.say("%-6s %s", ok and "ok" or "FAILED", format:format(...))
  local count = ok and "passed" or "failed"
  part[count] = part[count] + 1
  return ok
end

-- The last line, and the end of the process.
function part.finish()
  part.say("%d passed, %d failed", part.passed, part.failed)
  os.exit(part.failed == 0 and part.passed > 0 and 0 or 1)
end

-- --- the process ---------------------------------------------------------------

-- KiB of resident memory.  Not statm's: the kernel is some dozens of pages wrong
-- there.
function part.resident()
  collectgarbage()
  collectgarbage()
  for line in io.lines("/proc/self/smaps_rollup") do
    local size = line:match("^Rss:%s*(%d+) kB")
    if size then return tonumber(size) end
  end
  error("the kernel does not say what is resident")
end

-- How many descriptors are open.
function part.descriptors()
  local count = 0
  for _ in pairs(fault.descriptors()) do count = count + 1 end
  return count
end

-- --- children --------------------------------------------------------------------

-- The shell command that runs this interpreter with these arguments.
function part.command(environment, ...)
  local words = { "env", environment, process.quote(process.interpreter()) }
  for _, word in ipairs { ... } do words[#words + 1] = process.quote(tostring(word)) end
  return table.concat(words, " ")
end

local try = "package.path, package.cpath = %q, %q; require 'dialtone.core'"

-- The pollers that there are here.
function part.pollers()
  local list = {}
  for _, name in ipairs { "epoll", "kqueue", "poll" } do
    local _, ok = process.run(part.command("DIALTONE_POLLER=" .. name, "-e",
      try:format(package.path, package.cpath)))
    if ok then list[#list + 1] = name end
  end
  return list
end

-- Runs a file once for each poller; shows what it says, and counts its last line
-- ("N passed, N failed").
function part.each_poller(file, ...)
  for _, poller in ipairs(part.pollers()) do
    part.say("--- %s", poller)
    local pipe = assert(io.popen(part.command("DIALTONE_POLLER=" .. poller, file, ...)
      .. " 2>&1; echo status $?"))
    local passed, failed, status
    for line in pipe:lines() do
      local p, f = line:match("^(%d+) passed, (%d+) failed$")
      if p then
        passed, failed = tonumber(p), tonumber(f)
      elseif line:match("^status %d+$") then
        status = line
      else
        print(line)
      end
    end
    pipe:close()
    part.passed, part.failed = part.passed + (passed or 0), part.failed + (failed or 0)
    if not passed or failed == 0 and status ~= "status 0" then
      part.check(false, "%s ended with %s", poller, tostring(status))
    end
  end
end

return part
