-- poller_spec.lua - every poller does what the one does that is used by itself:
-- the specs of tasks are run again over each of them.

local support = require "spec.support.transport"
local task = require "spec.support.task"
local process = require "spec.support.child"
local tasks = require "dialtone.core".tasks
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local files = { "task", "waiting", "nested", "stream", "streamwrite", "queue", "serve", "fork" }
local pollers = { "epoll", "kqueue", "poll" }

local name_it = "io.write(tasks.poller()) net.run(function() net.sleep(0.001) end)"

-- What the interpreter says that it uses when it is told to use this one.
local function used(name)
  return (task.script(name_it, "DIALTONE_POLLER=" .. process.quote(name)))
end

describe("DIALTONE_POLLER", function()
  it("chooses the poller", function()
    for _, name in ipairs { "kqueue", "poll" } do assert.equal(name, used(name)) end
  end)

  it("is the best one without a name", function()
    assert.equal(task.script(name_it, "env -u DIALTONE_POLLER"), used(""))
  end)

  it("is refused with the names that there are, when there is none of that name", function()
    for _, name in ipairs { "select", "EPOLL", "epoll " } do
      local output, status = task.script(name_it, "DIALTONE_POLLER=" .. process.quote(name))
      assert.equal(1, status)
      assert.matches(("no poller '%s' here %%(valid: .*poll%%)"):format(name), output)
    end
  end)
end)

describe("the specs of tasks", function()
  for _, poller in ipairs(pollers) do
    -- the one that is in use runs them anyhow
    if poller ~= tasks.poller() and used(poller) == poller then
      for _, file in ipairs(files) do
        it(("pass over %s: %s_spec.lua"):format(poller, file), function()
          local output, ok = process.run(
            ("DIALTONE_POLLER=%s %s spec/support/busted.lua -o plainTerminal spec/%s_spec.lua"):format(
              poller, process.quote(process.interpreter()), file))
          assert(ok, output)
          assert.matches("%d%d successes / 0 failures / 0 errors", output)
        end)
      end
    end
  end
end)
