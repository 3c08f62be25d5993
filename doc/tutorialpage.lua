-- tutorialpage.lua - doc/tutorial.md: what stands after "> " in its blocks of the kind
-- `prompt` is typed, and what follows is what the prompt has answered.

local tutorialpage = {}

local MARK = "@@ tutorial "

-- A block's lines as { input = { lines }, output = { lines } }, one for each statement.
local function statements_of(block)
  local list = {}
  for line in block:gmatch("([^\n]*)\n") do
    local first, more = line:match("^> ?(.*)$"), line:match("^>> ?(.*)$")
    if more then
      table.insert(list[#list].input, more)
    elseif first then
      list[#list + 1] = { input = { first }, output = {} }
    else
      table.insert(list[#list].output, line)
    end
  end
  return list
end

local BLOCK = "(```prompt\n)(.-\n)(```\n)"

-- All statements of the page, in order.
function tutorialpage.statements(page)
  local list = {}
  for _, block in page:gmatch(BLOCK) do
    for _, statement in ipairs(statements_of(block)) do list[#list + 1] = statement end
  end
  return list
end

-- What is to be typed for all of it: after each statement a mark is printed.
function tutorialpage.input(page)
  local lines = {}
  for i, statement in ipairs(tutorialpage.statements(page)) do
    for _, line in ipairs(statement.input) do lines[#lines + 1] = line end
    lines[#lines + 1] = ("print %q"):format(MARK .. i)
  end
  return table.concat(lines, "\n") .. "\n"
end

-- The answers, by the statement's number: lists of lines. Prompts, where there are
-- some, are left out.
function tutorialpage.answers(output)
  local list, lines = {}, {}
  for line in output:gmatch("([^\n]*)\n") do
    line = line:gsub("^[> ]*> ", "")
    if line:sub(1, #MARK) == MARK then
      list[tonumber(line:sub(#MARK + 1))] = lines
      lines = {}
    else
      lines[#lines + 1] = line
    end
  end
  return list
end

-- What the prompt answers to the whole page: `run` is given a command for a shell, and
-- gives what that prints.
function tutorialpage.ask(page, interpreter, run)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  assert(file:write(tutorialpage.input(page)))
  file:close()
  local output = run(("%s lua/dialtone/main.lua -i <'%s' 2>&1"):format(interpreter, name))
  os.remove(name)
  return tutorialpage.answers(output)
end

-- The page with these answers.
function tutorialpage.fill(page, answers)
  local count = 0
  return (page:gsub(BLOCK, function(open, block, close)
    local lines = {}
    for _, statement in ipairs(statements_of(block)) do
      count = count + 1
      for i, line in ipairs(statement.input) do lines[#lines + 1] = (i == 1 and "> " or ">> ") .. line end
      for _, line in ipairs(answers[count] or {}) do lines[#lines + 1] = line end
    end
    return open .. table.concat(lines, "\n") .. "\n" .. close
  end))
end

-- Lines of which ports and descriptors are taken out, to be compared.
function tutorialpage.comparable(lines)
  local text = table.concat(lines, "\n")
  return (text:gsub("fd %d+", "fd N"):gsub("(%d%d%d%d%d?)", function(number)
    return #number >= 4 and "PORT" or number
  end))
end

return tutorialpage
