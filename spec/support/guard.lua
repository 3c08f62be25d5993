-- guard.lua - fails every test case that leaves a descriptor open.
--
-- busted loads it before the specs (see .busted).  What is open before a case
-- must be all that is open after it and its `finally`: a socket that nothing
-- refers to any more is no leak, since the collector closes it.  What
-- before_each opened is there on both sides, so after_each may close it.  The
-- same holds for a whole spec file, for what its setup and its blocks opened.
--
-- Fault plans end with the case that made them.

local busted = require "busted"
local core = require "dialtone.core"
local fault = core.fault or error("the specs need the test build: make test", 0)
require "spec.support.variant"

-- The loop's own stay, once they are there: the poller's, and what wakes it when a
-- look-up is done.
core.fileno()
core.run(core.getaddrinfo, "127.0.0.1")

-- descriptor and target as a set, since a number may be used again
local function snapshot()
  local open = {}
  for fd, target in pairs(fault.descriptors()) do
    open[("%3d %s"):format(fd, target)] = true
  end
  return open
end

local function added(before)
  local list = {}
  for what in pairs(snapshot()) do
    if not before[what] then list[#list + 1] = what end
  end
  table.sort(list)
  return list
end

-- The collector is slow beside most cases: asked only when there is something
-- for it to find.  Twice, because finalizers run in the first round may let go
-- of more.
local function leaks(before)
  local list = added(before)
  if #list > 0 then
    collectgarbage()
    collectgarbage()
    list = added(before)
  end
  return list
end

local function check(before, where)
  local list = leaks(before)
  for _, what in ipairs(list) do before[what] = true end -- complain once
  if #list > 0 then
    error(("descriptors left open by this %s:\n  %s"):format(where, table.concat(list, "\n  ")), 0)
  end
end

local file_open -- what was open when the running file began

-- busted decides on a case's status before it publishes "test end", so the
-- check is made part of the case: as its `finally`, after the case's own.
busted.subscribe({ "test", "start" }, function(element)
  if element.descriptor == "it" then
    local cleanup
    local before = snapshot()
    element.env.finally(function()
      local ok, message = true, nil
      if cleanup then ok, message = pcall(cleanup) end
      fault.clear()
      local list = leaks(before)
      for _, what in ipairs(list) do file_open[what] = true end
      if not ok then error(message, 0) end
      check(before, "test case")
    end)
    element.env.finally = function(fn) cleanup = fn end
  end
  return nil, true
end)

busted.subscribe({ "file", "start" }, function()
  file_open = snapshot()
  return nil, true
end)

busted.subscribe({ "file", "end" }, function()
  fault.clear()
  check(file_open, "file, outside its test cases")
  return nil, true
end)
