-- child.lua - other processes for specs: the same interpreter, its output.

local child = {}

-- A text as one word of the shell's.
function child.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Runs a command; its output, both streams together, and whether it succeeded.
-- The status goes through the output, since 5.1's pclose does not give it.
function child.run(command)
  local pipe = assert(io.popen(("{ %s\n} 2>&1; echo \"status $?\""):format(command)))
  local output = pipe:read("*a")
  pipe:close()
  local text, status = output:match("^(.*)status (%d+)\n$")
  return text, status == "0"
end

-- Runs Lua source text in a fresh interpreter of the kind that runs this one.
function child.lua(source)
  local name = os.tmpname()
  local file = assert(io.open(name, "w"))
  file:write(source)
  file:close()
  local output, ok = child.run(child.quote(child.interpreter()) .. " " .. child.quote(name))
  os.remove(name)
  return output, ok
end

-- The running interpreter; the runner (spec/support/run) says which.
function child.interpreter()
  return os.getenv("DIALTONE_LUA") or error("DIALTONE_LUA is not set: use make test", 0)
end

return child
