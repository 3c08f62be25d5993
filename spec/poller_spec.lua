-- poller_spec.lua - every poller does what the one does that is used by itself:
-- the specs of tasks are run again over each of them.

local support = require "spec.support.transport"
local task = require "spec.support.task"
local process = require "spec.support.child"
local read = require "spec.support.file".read
local tasks = require "dialtone.core".inner
local variant = require "spec.support.variant"
local it = support.closing(it, function(cleanup) finally(cleanup) end)

-- The longest first: they are run side by side.
local files = { "waiting", "nested", "streamwrite", "stream", "serve", "task", "queue", "fork" }
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

-- Where nothing runs beside the main program no poller is used: those cases have
-- these words in their names, and are left out.
local without_poller = ", in the main program, "

-- One job: the interpreter, the directory for what it says, what is left out,
-- "poller:file".  The last line of what it says is its exit status.
local job = [[
  DIALTONE_POLLER=${3%:*} "$0" spec/support/busted.lua -o plainTerminal \
    --filter-out "$2" "spec/${3#*:}_spec.lua" >"$1/$3" 2>&1
  echo "status $?" >>"$1/$3"
]]

-- Runs the jobs, some at a time: they wait more than they work.
local function run_all(jobs, directory)
  local words = { process.interpreter(), directory, without_poller }
  for i, word in ipairs(words) do words[i] = process.quote(word) end
  local output, ok = process.run(("printf '%%s\\n' %s | xargs -P 4 -n 1 sh -c %s %s"):format(
    table.concat(jobs, " "), process.quote(job), table.concat(words, " ")))
  assert(ok, output)
end

describe("the specs of tasks", function()
  local jobs, directory = {}, nil

  -- Not in the first case that needs it: what it takes is no case's own.
  setup(function()
    directory = process.run("mktemp -d"):match("^[^\n]+")
    if variant.name == "" then run_all(jobs, directory) end -- else all are left out
  end)
  teardown(function() process.run("rm -r " .. process.quote(directory)) end)

  local others = {} -- the one that is in use runs them anyhow
  for _, poller in ipairs(pollers) do
    if poller ~= tasks.poller() and used(poller) == poller then others[#others + 1] = poller end
  end

  for _, file in ipairs(files) do
    for _, poller in ipairs(others) do
      local name = poller .. ":" .. file
      jobs[#jobs + 1] = name
      it(("pass over %s: %s_spec.lua"):format(poller, file), function()
        local output = read(directory .. "/" .. name)
        assert.matches("%d%d successes / 0 failures / 0 errors", output)
        assert.matches("\nstatus 0\n$", output)
      end)
    end
  end
end)
