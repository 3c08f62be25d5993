-- scope.lua - scopes: tasks that end together; and time limits, which are scopes
-- with a deadline.
--
-- The function that a scope is for runs as its first task, so that it can be
-- cancelled like the others.  Whoever opened the scope waits at a gate until
-- all have ended; he cannot be taken away from there, but only tells the tasks
-- to end.  So nothing goes on behind anybody's back, and no pcall is needed,
-- through which tasks of Lua 5.1 could not wait.

local core = require "dialtone.core"
local tasks = core.inner

local Scope = {}
Scope.__index = Scope

-- Hears of failures that nobody can be given.
local report = function() end

-- The first failure cancels the others, and will be raised; what fails after it
-- is only reported.
local function note_failure(scope, task, failure, trace)
  if scope.failed and scope.culprit ~= task then return report(trace, task, failure) end
  scope.failed, scope.failure, scope.trace, scope.culprit = true, failure, trace, task
  scope:cancel()
end

-- Remembers failures, and lets through whoever waits for the last task. It is
-- called again when memory ended before it had.
local function note_end(scope, task, ok, failure, trace)
  if scope.tasks[task] then
    scope.tasks[task], scope.open = nil, scope.open - 1
  end
  if not ok and task:status() == "failed" then note_failure(scope, task, failure, trace) end
  if scope.open == 0 then
    scope.ended = true
    tasks.open(scope.gate)
  end
end

--- Starts a task in the scope.
-- @function scope:spawn
-- @tparam function fn
-- @param ... its arguments
-- @treturn task
-- @raise when the scope has ended
-- @usage scope:spawn(check, host)
function Scope:spawn(fn, ...)
  if self.ended then error("the scope has ended", 2) end
  local task = tasks.supervise(self.ending, self.tasks, fn, ...)
  self.open = self.open + 1
  if self.cancelled then task:cancel() end
  return task
end

--- Cancels all tasks of the scope, and those that are started in it from now
-- on.
-- @function scope:cancel
-- @treturn boolean true
-- @usage scope:cancel()
function Scope:cancel()
  self.cancelled = true
  for task in next, self.tasks do task:cancel() end -- it goes on later: no key comes or goes
  return true
end

function Scope:__tostring()
  return ("scope of %d task%s%s"):format(self.open, self.open == 1 and "" or "s",
    self.cancelled and " cancelled" or "")
end

-- What join gives, without its first value.
local function results(scope, what, ok, ...)
  if ok then return ... end
  local code = scope.reason or "cancelled"
  return nil, what .. (code == "timeout" and ": the time limit was reached" or ": cancelled"), code
end

-- All that is needed in the end is there before the first task is.
local function new_scope()
  local scope = setmetatable({ tasks = {}, open = 0, gate = tasks.gate() }, Scope)
  function scope.ending(...) note_end(scope, ...) end
  function scope.interrupted(code)
    scope.reason = scope.reason or code
    scope:cancel()
  end
  return scope
end

-- Waits for all tasks; then gives what the first of them returned.
local function finish(scope, what, first, deadline)
  tasks.pass(scope.gate, scope.interrupted, deadline, scope.ending)
  if scope.failed and scope.reason == "cancelled" then -- the opener unwinds
    report(scope.trace, scope.culprit, scope.failure)
  end
  tasks.unwind()
  if scope.failed then
    error(type(scope.failure) == "string" and scope.trace or scope.failure, 0)
  end
  return results(scope, what, first:join())
end

local scopes = { class = Scope }

-- A function, or what can be called like one, as net.spawn takes it.
local function check_callable(what, number, fn)
  local metatable = getmetatable(fn)
  if type(fn) == "function" or type(metatable) == "table" and metatable.__call then return end
  error(("bad argument #%d to '%s' (function expected, got %s)"):format(number, what, type(fn)), 3)
end
scopes.check_callable = check_callable

-- `fn` hears of failures that come when another one is raised already.
function scopes.report(fn)
  report = fn
end

--- Opens a scope, calls the function with it, and ends when all tasks that were
-- started in it have ended. When one fails, the others are cancelled, and then its
-- error is raised. When the calling task is cancelled, they are cancelled first.
-- @function scope
-- @tparam function fn called with the scope, in a task of its own
-- @return what `fn` returned
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `"cancelled"`, when the scope was, and `fn` with it
-- @raise the first failure, with its traceback
-- @usage net.scope(function(scope)
--   for _, host in ipairs(hosts) do scope:spawn(check, host) end
-- end)
function scopes.scope(fn)
  check_callable("scope", 1, fn)
  tasks.unwind()
  local scope = new_scope()
  return finish(scope, "scope", scope:spawn(fn, scope))
end

--- Calls the function, and cancels it when the time is over: whatever it waits
-- for then, and all that it has opened scopes for.
-- @function timeout
-- @tparam number seconds how long it may take
-- @tparam function fn called in a task of its own
-- @param ... its arguments
-- @return what `fn` returned
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `"timeout"`
-- @raise what `fn` raised, with its traceback
-- @usage local page, message, code = net.timeout(5, fetch, "example.org")
function scopes.timeout(seconds, fn, ...)
  if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 then
    error(("bad argument #1 to 'timeout' (seconds >= 0 expected, got %s)"):format(tostring(seconds)), 2)
  end
  check_callable("timeout", 2, fn)
  tasks.unwind()
  local scope = new_scope()
  local deadline = core.now() + seconds
  return finish(scope, "timeout", scope:spawn(fn, ...), deadline)
end

return scopes
