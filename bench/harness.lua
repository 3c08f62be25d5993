--- What bench/compare and bench/table share: builds the programs, runs servers
-- in turn under the same load, and takes medians.  Stands on load/ and on a
-- POSIX shell; the load starts and ends the servers.
-- @module bench.harness

local harness = {}

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local top = here .. "/.."
local build = top .. "/build/bench"

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- What a command prints, without the end of the last line; nil when it fails.
function harness.output(command)
  local pipe = io.popen(command .. " 2>/dev/null")
  local text = pipe:read("*a"):gsub("%s+$", "")
  return pipe:close() and text or nil
end

-- Compiles `sources` unless the program is newer than all that is in `where`.
local function compile(program, where, sources)
  local target = build .. "/" .. program
  local newer = harness.output(("find %s -type f -newer %s"):format(where, target))
  if newer == "" then return end -- nil where there is no such program
  assert(os.execute(("mkdir -p %s && ${CC:-cc} -std=gnu11 -O2 -Wall -Wextra -o %s %s")
    :format(build, target, sources)))
end

--- Compiles the load and the reference, where they are older than their
-- sources.
function harness.build()
  compile("load", here .. "/load", here .. "/load/*.c")
  compile("reference", here .. "/reference.c", here .. "/reference.c")
end

--- Commands by the short names that are used for servers, "%p" being the port.
harness.paths = {
  reference = build .. "/reference",
  peers = here .. "/peers",
  servers = here .. "/servers",
}

--- The command that runs one of dialtone's servers on the module of `lua`
-- ("lua5.4", "luajit"), out of this tree.
function harness.dialtone(lua, script)
  local version = lua == "luajit" and lua or lua:match("^lua(.*)$")
  return ("env LUA_PATH=%s LUA_CPATH=%s %s %s/%s"):format(
    quoted(("%s/lua/?.lua;%s/lua/?/init.lua"):format(top, top)),
    quoted(("%s/build/release/%s/?.so"):format(top, version)),
    lua, quoted(harness.paths.servers), script)
end

--- Puts one server under one load.
-- @tparam table load `mode`, and the settings that load/load.c names
-- @string command the server's
-- @treturn[1] table what the load measured, by the names that it prints
-- @treturn[2] nil
-- @treturn[2] string what went wrong
function harness.measure(load, command)
  local words, errors = { build .. "/load", load.mode }, build .. "/errors"
  for name, value in pairs(load) do
    if name ~= "mode" then words[#words + 1] = name .. "=" .. value end
  end
  local pipe = io.popen(table.concat(words, " ") .. " -- " .. command .. " 2>" .. errors)
  local line, result = pipe:read("*a"), {}
  local good = pipe:close()
  for name, value in line:gmatch("([%w_]+)=(%S+)") do result[name] = tonumber(value) end
  if good then return result end
  local file = io.open(errors)
  local text = file and file:read("*a") or ""
  if file then file:close() end
  return nil, text:match("[^\n]+") or "no reason given"
end

--- The middle one of the numbers in a list; nil of none.
function harness.median(list)
  local sorted = { table.unpack(list) }
  table.sort(sorted)
  local n = #sorted
  if n % 2 == 1 then return sorted[(n + 1) / 2] end
  return n > 0 and (sorted[n / 2] + sorted[n / 2 + 1]) / 2 or nil
end

local GROUP = 3 -- servers between two measurements of the reference

-- One round: list of { server, result }, each with `ratio`, that of its CPU time
-- to the mean of the reference's before and after its group.
local function round(load, servers, failed)
  local done = {}
  local function measure(server)
    local result, message = harness.measure(load, server.command)
    if not result then return failed(server, message) end
    done[#done + 1] = { server = server, result = result }
    return result.cpu_us
  end
  local base = measure(servers[1])
  for first = 2, #servers, GROUP do
    local from, last = #done + 1, math.min(first + GROUP - 1, #servers)
    for i = first, last do measure(servers[i]) end
    local to, before = #done, base
    base = measure(servers[1]) or before
    for i = from, to do
      local mean = before and (before + base) / 2
      done[i].result.ratio = mean and done[i].result.cpu_us / mean
    end
  end
  return done
end

--- Runs servers in turn, round after round.  The reference is measured again
-- and again between them, and ratios are taken to the nearest of those, so that
-- what changes with time (the machine's speed, most of all) falls out of them.
-- @tparam table load see `measure`
-- @tparam table servers list of `{ name =, command = }`; the first is the
-- reference
-- @int rounds how many
-- @func failed called with a server and what went wrong
-- @treturn table by each server's name, medians of what the load measured, and
-- `ratio`, that of its CPU time to the reference's (which has none); nothing for
-- a server that failed in every round
function harness.rounds(load, servers, rounds, failed)
  local lists, medians = {}, {}
  for _ = 1, rounds do
    for _, one in ipairs(round(load, servers, failed)) do
      local name = one.server.name
      lists[name] = lists[name] or {}
      for key, value in pairs(one.result) do
        lists[name][key] = lists[name][key] or {}
        table.insert(lists[name][key], value)
      end
    end
  end
  for name, list in pairs(lists) do
    medians[name] = {}
    for key, values in pairs(list) do medians[name][key] = harness.median(values) end
  end
  return medians
end

return harness
