-- readme_spec.lua - the scripts of the README and of the manual, run from their
-- own text: each alone, in a fresh interpreter. What `-->` promises after a
-- print must be printed, in that order; ports and other long numbers may differ.

local child = require "spec.support.child"
local read = require "spec.support.file".read

-- The Lua blocks of a Markdown text: source, and the line where it begins.
local function blocks(text)
  local list, block, number = {}, nil, 0
  for line in (text .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    if block and line:find("^```") then
      block.source = table.concat(block, "\n") .. "\n"
      list[#list + 1], block = block, nil
    elseif block then
      block[#block + 1] = line
    elseif line:find("^```lua%s*$") then
      block = { line = number + 1 }
    end
  end
  return list
end

-- Numbers of four digits and more are the system's choice.
local function pattern(text)
  return (text:gsub("%p", "%%%0"):gsub("%d%d%d%d+", "%%d+"):gsub("%s+", "%%s+"))
end

local function check_output(source, output)
  local at = 1
  for expected in source:gmatch("%-%->[ ]*([^\n]*)") do
    local _, stop = output:find(pattern(expected), at)
    if not stop then
      error(("'%s' is not in the output:\n%s"):format(expected, output), 0)
    end
    at = stop + 1
  end
end

for _, name in ipairs({ "README.md", "doc/manual.md" }) do
  describe(name, function()
    local list = blocks(read(name))

    it("has scripts", function()
      assert.is_true(#list >= 5)
    end)

    for _, block in ipairs(list) do
      it(("runs the script in line %d"):format(block.line), function()
        local output, ok = child.lua(block.source)
        assert.is_true(ok, output)
        check_output(block.source, output)
      end)
    end
  end)
end
