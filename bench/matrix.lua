--- What bench/table measures: the works, which are the table's columns, and the
-- servers that do them, its rows.  Data, and nothing else.
-- @module bench.matrix

local harness = require "harness"

local matrix = {}

--- List of works: `key`; `title`; `short`, for the head of a column; `load`, see
-- load/load.c; `most`, the ratio beyond which a bar of the chart is cut.
matrix.works = {
  { key = "echo", title = "Echo, 100 connections", short = "echo 100",
    load = { mode = "echo", connections = 100 } },
  { key = "echo1000", title = "Echo, 1,000 connections", short = "echo 1,000",
    load = { mode = "echo", connections = 1000 } },
  { key = "lines", title = "Batches of 64 lines, answered line by line", short = "lines",
    most = 12, load = { mode = "lines", connections = 10 } },
  { key = "sink", title = "Bulk in", short = "bulk in", most = 4,
    load = { mode = "sink", connections = 4 } },
  { key = "source", title = "Bulk out", short = "bulk out", most = 4,
    load = { mode = "source", connections = 4 } },
  { key = "connect", title = "Connect, echo, close", short = "connect",
    load = { mode = "connect", connections = 50 } },
  { key = "udp", title = "Datagrams", short = "datagrams", most = 4,
    load = { mode = "udp", connections = 50 } },
  { key = "udpmany", title = "Datagrams in bursts of 32", short = "bursts", most = 4,
    load = { mode = "udpmany", connections = 4 } },
}

--- The load of the two columns about idle connections: once alone, and once
-- beside `idle` connections that stay.
matrix.idle = { key = "idle", load = { mode = "echo", connections = 100 }, idle = 5000 }

-- What a server is asked for in each work, where it has all of them.
local ALL = {
  echo = "echo", echo1000 = "echo", lines = "lines", sink = "sink", source = "source",
  connect = "echo", udp = "udp", udpmany = "udp", idle = "echo",
}

local function without(...)
  local rest = {}
  for key, value in pairs(ALL) do rest[key] = value end
  for _, key in ipairs({ ... }) do rest[key] = nil end
  return rest
end

-- The reference echoes lines as they come.
local REFERENCE = without()
REFERENCE.lines = "echo"

local OURS = {}
for key, script in pairs(ALL) do OURS[key] = script .. ".lua" end
OURS.udpmany = "udpmany.lua"

local function lua_version(lua, expression)
  return ([[%s -e 'io.write(_VERSION == "Lua 5.1" and jit and jit.version or _VERSION, ", ", %s)']])
    :format(lua, expression)
end

local LUV = [["libuv ", require "luv".version_string()]]
local CQUEUES = [["cqueues ", require "cqueues".VERSION]]
local peers, reference = harness.paths.peers, harness.paths.reference

--- List of servers: `name`; `class`, for the chart; `command`, with "%s" for what
-- is asked for and "%p" for the port; `asked`, by work, what it is asked for;
-- `version`, a command that fails where the server cannot run; `limit`, what is
-- added beside idle connections to bound each call by 30 seconds.  The first is
-- the reference.
matrix.servers = {
  { name = "C", class = "reference", version = "echo C, epoll",
    command = reference .. " %s %p", asked = REFERENCE },
  { name = "C, recvmmsg", class = "reference", version = "echo C, recvmmsg and sendmmsg",
    command = reference .. " %s %p", asked = { udpmany = "udpmany" } },
  { name = "dialtone, 5.4", class = "ours", version = harness.dialtone("lua5.4", "version.lua"),
    command = harness.dialtone("lua5.4", "%s %p"), limit = " 30", asked = OURS },
  { name = "dialtone, LuaJIT", class = "ours", version = harness.dialtone("luajit", "version.lua"),
    command = harness.dialtone("luajit", "%s %p"), limit = " 30", asked = OURS },
  { name = "luv, 5.4", class = "peer", version = lua_version("lua5.4", LUV),
    command = "lua5.4 " .. peers .. "/luv.lua %s %p", asked = ALL },
  { name = "luv, LuaJIT", class = "peer", version = lua_version("luajit", LUV),
    command = "luajit " .. peers .. "/luv.lua %s %p", asked = without("idle") },
  { name = "luv, 5.4, write", class = "peer", version = lua_version("lua5.4", LUV),
    command = "lua5.4 " .. peers .. "/luv.lua %s %p", asked = { echo = "write", echo1000 = "write" } },
  { name = "cqueues, 5.4", class = "peer", version = lua_version("lua5.4", CQUEUES),
    command = "lua5.4 " .. peers .. "/cqueues.lua %s %p", asked = without("udp", "udpmany") },
  { name = "cqueues, LuaJIT", class = "peer", version = lua_version("luajit", CQUEUES),
    command = "luajit " .. peers .. "/cqueues.lua %s %p", asked = { echo = "echo", lines = "lines" } },
  { name = "LuaSocket, 5.4", class = "peer", version = lua_version("lua5.4", [[require "socket"._VERSION]]),
    command = "lua5.4 " .. peers .. "/luasocket.lua %s %p", asked = without("idle") },
  { name = "copas, 5.1", class = "peer", version = lua_version("lua5.1", [[require "copas"._VERSION]]),
    command = "lua5.1 " .. peers .. "/copas.lua %s %p", asked = without("udp", "udpmany", "idle") },
  { name = "Node", class = "peer", version = "node --version",
    command = "node " .. peers .. "/node.js %s %p", asked = ALL },
  { name = "asyncio", class = "peer", version = "python3 --version",
    command = "python3 " .. peers .. "/asyncio.py %s %p", asked = ALL },
}

return matrix
