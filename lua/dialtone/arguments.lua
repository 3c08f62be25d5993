-- arguments.lua - the words of a command line, read by a table of options.
--
-- An option is { word =, also =, value =, number =, set =, to =, run =, help = }.
-- `word` is what is typed, `also` another way to type it. With `value`, the name that it
-- has in the help, it takes one: the next word, or, after a single letter, the rest of
-- its own; `number`, { least, most }, makes that a whole number. It goes into the plan's
-- field `set` (without a value, `to` does, or true), or with `run` into the list of the
-- plan's steps.

local arguments = {}

-- The option, and the value that stands in the same word.
local function find(options, word)
  for _, option in ipairs(options) do
    if word == option.word or word == option.also then return option end
    if option.value and #option.word == 2 and word:sub(1, 2) == option.word then return option, word:sub(3) end
  end
end

local function to_number(option, text)
  local value, least, most = tonumber(text), option.number[1], option.number[2]
  if value and value % 1 == 0 and value >= least and value <= most then return value end
  return nil, ("'%s' takes a whole number from %d to %d, not '%s'"):format(option.word, least, most, text)
end

local function enter(plan, option, value)
  if option.run then
    plan.steps[#plan.steps + 1] = { option.run, value }
  else
    plan[option.set] = value
  end
end

-- One option, at `i`: the place of the next word; or nil, what is wrong.
local function read_option(options, words, i, plan)
  local option, value = find(options, words[i])
  if not option then return nil, ("unrecognized option '%s'"):format(words[i]) end
  if not option.value then
    enter(plan, option, option.to or true)
    return i + 1
  end
  if not value then
    i, value = i + 1, words[i + 1]
    if not value then return nil, ("'%s' needs %s"):format(option.word, option.value) end
  end
  local message
  if option.number then value, message = to_number(option, value) end
  if value == nil then return nil, message end
  enter(plan, option, value)
  return i + 1
end

-- Reads the options from words[i] on into the plan: the place of the first word that is
-- none (`--` ends them, and is passed over); or nil, what is wrong.
function arguments.read(options, words, i, plan)
  local message
  while i and words[i] and words[i]:sub(1, 1) == "-" and words[i] ~= "-" do
    if words[i] == "--" then return i + 1 end
    i, message = read_option(options, words, i, plan)
  end
  return i, message
end

-- The options as the help shows them, one a line.
function arguments.help(options)
  local left, width, lines = {}, 0, {}
  for i, option in ipairs(options) do
    left[i] = option.word .. (option.value and " " .. option.value or "")
    width = math.max(width, #left[i])
  end
  local indent = "\n" .. (" "):rep(width + 4)
  for i, option in ipairs(options) do
    lines[i] = ("  %s%s  %s\n"):format(left[i], (" "):rep(width - #left[i]), (option.help:gsub("\n", indent)))
  end
  return table.concat(lines)
end

return arguments
