-- Writes the documentation comments out again in the form that LDoc reads: one
-- file for the module, one for each class. (LDoc's own reader of C takes each
-- file for a module; ours is spread over many.)

local ldocsource = {}

local function comment(lines, text)
  for line in (text .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = ("-- " .. line):gsub("%s+$", "")
  end
end

local function tag(lines, name, option, ...)
  local words = { "@" .. name .. (option and "[" .. option .. "]" or "") }
  for _, word in ipairs({ ... }) do
    words[#words + 1] = word
  end
  comment(lines, table.concat(words, " "))
end

-- "param" is the tag without a type, "tparam" the one with it.
local function typed_tag(lines, name, option, type, ...)
  if type then
    tag(lines, "t" .. name, option, type, ...)
  else
    tag(lines, name, option, ...)
  end
end

local function add_params(lines, name, list)
  for _, one in ipairs(list) do
    local option = one.optional and (one.default and "opt=" .. one.default or "opt") or nil
    typed_tag(lines, name, option, one.type, one.name, one.description)
  end
end

local function add_returns(lines, groups)
  for number, group in ipairs(groups) do
    for _, value in ipairs(group) do
      -- LDoc takes a ? inside of { } for the beginning of the whole type.
      local written = value.type and value.type:gsub("=%?", "=")
      typed_tag(lines, "return", number > 1 and tostring(number) or nil, written,
        value.description)
    end
  end
end

local function add_function(lines, item)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "---"
  comment(lines, item.description)
  tag(lines, "function", nil, item.name)
  add_params(lines, "param", item.params)
  add_returns(lines, item.returns)
  if item.raise then
    tag(lines, "raise", nil, item.raise)
  end
  for _, usage in ipairs(item.usage) do
    comment(lines, "@usage\n" .. usage)
  end
  for _, reference in ipairs(item.see) do
    tag(lines, "see", nil, reference)
  end
end

local function add_table(lines, item)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "---"
  comment(lines, item.description)
  tag(lines, "table", nil, item.name)
  add_params(lines, "field", item.fields)
end

local function sorted(list)
  local copy = {}
  for _, item in pairs(list) do
    copy[#copy + 1] = item
  end
  table.sort(copy, function(a, b)
    return a.name < b.name
  end)
  return copy
end

-- Returns a list of { name =, text = }.
function ldocsource.generate(index, module)
  local files = {}
  local lines = { "---" }
  comment(lines, index.module and index.module.description or module)
  tag(lines, "module", nil, "dialtone")
  for _, item in ipairs(sorted(index.functions)) do
    add_function(lines, item)
  end
  for _, item in ipairs(sorted(index.tables)) do
    add_table(lines, item)
  end
  files[1] = { name = "dialtone.lua", text = table.concat(lines, "\n") .. "\n" }

  for _, item in ipairs(sorted(index.types)) do
    lines = { "---" }
    comment(lines, item.description)
    tag(lines, "classmod", nil, item.name)
    if #item.fields > 0 then
      add_table(lines, { name = "fields", description = "What it has.", fields = item.fields })
    end
    for _, method in ipairs(sorted(index.methods[item.name] or {})) do
      add_function(lines, method)
    end
    files[#files + 1] = { name = item.name .. ".lua", text = table.concat(lines, "\n") .. "\n" }
  end
  return files
end

return ldocsource
