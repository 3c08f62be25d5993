-- Makes the LuaCATS definitions (what editors complete and check with) from
-- the documentation comments: see comments.lua.
--
-- Runs on Lua 5.1 to 5.4 and LuaJIT.

local luacats = {}

local plain = {
  any = true, boolean = true, ["function"] = true, integer = true, ["nil"] = true,
  number = true, string = true, table = true, ["true"] = true, ["false"] = true,
}

-- The name here of a class or table of ours.
local function class_name(name)
  return "dialtone." .. name:sub(1, 1):upper() .. name:sub(2)
end

-- What the comments may say besides the plain types.
local function known_types(index)
  local names = { "file", "{type,...}", "{name=type,...}" }
  for _, set in ipairs({ plain, index.types, index.tables }) do
    for name in pairs(set) do
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return table.concat(names, ", ")
end

local union_of -- defined below: a type may have others in it

-- "{string,...}" is "string[]", "{n=integer,s=?string}" is
-- "{ n: integer, s: string? }".
local function one_type(name, index, where)
  local element = name:match("^{%s*([^{},=]+)%s*,?%s*%.%.%.%s*}$")
  if element then
    local inner = one_type(element, index, where)
    return inner:find("|") and "(" .. inner .. ")[]" or inner .. "[]"
  elseif name:find("^{") then
    local fields = {}
    for key, value in name:gmatch("([%w_]+)%s*=%s*([^,{}]+)") do
      fields[#fields + 1] = key .. ": " .. union_of(value, index, where)
    end
    return #fields > 0 and "{ " .. table.concat(fields, ", ") .. " }" or "table"
  elseif index.tables[name] or index.types[name] then
    return class_name(name)
  elseif name == "file" then
    return "file*"
  elseif plain[name] then
    return name
  end
  error(("%s: unknown type '%s' (known: %s)"):format(where, name, known_types(index)), 0)
end

-- The types of "?string|integer" as a list; braces are not cut.
local function split(text)
  local list, optional = {}, text:find("^%?") ~= nil
  local kept = {}
  text = text:gsub("^%?", ""):gsub("%b{}", function(braces)
    kept[#kept + 1] = braces
    return "\1" .. #kept .. "\2"
  end)
  for part in text:gmatch("[^|]+") do
    list[#list + 1] = (part:gsub("\1(%d+)\2", function(n)
      return kept[tonumber(n)]
    end))
  end
  if optional then
    list[#list + 1] = "nil"
  end
  return list
end

-- A set of types as text; nil among them is a question mark at the end.
local function union(types)
  local seen, list, optional = {}, {}, false
  for _, name in ipairs(types) do
    if name == "any" then
      return "any" -- whatever else there is
    elseif name == "nil" then
      optional = true
    elseif not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  if #list == 0 then
    return "nil"
  end
  local text = table.concat(list, "|")
  if optional then
    text = (#list > 1 and "(" .. text .. ")" or text) .. "?"
  end
  return text
end

local function mapped(text, index, where)
  local list = {}
  for i, part in ipairs(split(text or "any")) do
    list[i] = one_type(part, index, where)
  end
  return list
end

function union_of(text, index, where)
  return union(mapped(text, index, where))
end

-- What stands at place `n` over all groups of results, success first.
local function result_at(item, n, index, where)
  local types, texts = {}, {}
  for group = 1, #item.returns do
    local value = item.returns[group][n]
    if value and value.type == "boolean" and value.description == "true" then
      types[#types + 1] = "true"
    elseif value then
      for _, name in ipairs(mapped(value.type, index, where)) do
        types[#types + 1] = name
      end
      if value.optional then
        types[#types + 1] = "nil"
      end
      if value.description ~= "" then
        texts[#texts + 1] = (value.description:gsub("%s*\n%s*", " "))
      end
    else
      types[#types + 1] = "nil"
    end
  end
  return union(types), table.concat(texts, ", or the ")
end

local function longest_group(item)
  local most = 0
  for _, group in ipairs(item.returns) do
    most = math.max(most, #group)
  end
  return most
end

-- The value at place `n` that stands for any number of them, if there is one.
local function open_at(item, n)
  for _, group in ipairs(item.returns) do
    if group[n] and not group[n].type then
      return group[n]
    end
  end
end

-- LDoc's @{references} are its own.
local function comment(lines, text)
  for line in (text:gsub("@{(.-)}", "`%1`") .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = ("--- " .. line):gsub("%s+$", "")
  end
end

local function described(prefix, description)
  local name, rest = description:match("^(%l+)[,:;]? (.*)$")
  if description == "" then
    return prefix
  elseif name == "message" or name == "code" then
    return prefix .. " " .. name .. " " .. rest:gsub("%s*\n%s*", " ")
  elseif description:find("^[%a_][%w_]*$") then
    return prefix .. " " .. description
  end
  return prefix .. " # " .. description:gsub("%s*\n%s*", " ")
end

-- The names of options are few enough to be listed, so that editors offer them.
local function parameter_type(item, parameter, index, where)
  local type = union_of(parameter.type, index, where)
  if item.name:find("sockopt$") and parameter.name == "name" then
    return "dialtone.Option|" .. type
  end
  return type
end

local function parameter_names(item)
  local names = {}
  for i, parameter in ipairs(item.params) do
    names[i] = parameter.name
  end
  return names
end

local function add_results(lines, item, index, where)
  for n = 1, longest_group(item) do
    local type, text = result_at(item, n, index, where)
    local rest = open_at(item, n)
    if rest then
      lines[#lines + 1] = described("---@return any ...", rest.description)
      return
    end
    lines[#lines + 1] = described("---@return " .. type, text)
  end
end

local function add_function(lines, item, prefix, index)
  local where = ("%s:%d (%s)"):format(item.file:match("[^/]+$"), item.line, item.name)
  lines[#lines + 1] = ""
  comment(lines, item.description)
  if item.raise then
    comment(lines, "\nRaises " .. item.raise:gsub("%.$", "") .. ".")
  end
  for _, usage in ipairs(item.usage) do
    comment(lines, "\n```lua\n" .. usage .. "\n```")
  end
  for _, reference in ipairs(item.see) do
    lines[#lines + 1] = "---@see " .. reference
  end
  for _, parameter in ipairs(item.params) do
    local mark = (parameter.optional and parameter.name ~= "...") and "?" or ""
    lines[#lines + 1] = described(("---@param %s%s %s"):format(parameter.name, mark,
      parameter_type(item, parameter, index, where)), parameter.description)
  end
  add_results(lines, item, index, where)
  lines[#lines + 1] = ("function %s%s(%s) end"):format(prefix, item.name,
    table.concat(parameter_names(item), ", "))
end

local function add_fields(lines, item, index)
  for _, field in ipairs(item.fields) do
    local where = ("%s:%d (%s)"):format(item.file:match("[^/]+$"), item.line, item.name)
    local type = union_of(field.type, index, where)
    if field.optional and not type:find("%?$") then
      type = type .. "?"
    end
    lines[#lines + 1] = ("---@field %s %s %s"):format(field.name, type,
      (field.description:gsub("%s*\n%s*", " "))):gsub("%s+$", "")
  end
end

local function by_name(items)
  local sorted = {}
  for _, item in pairs(items) do
    sorted[#sorted + 1] = item
  end
  table.sort(sorted, function(a, b)
    return a.name < b.name
  end)
  return sorted
end

-- What C makes is a userdata; what Lua makes, a table.
local function base_of(methods)
  local first = methods[1]
  return first and first.file:find("%.lua$") and "" or ": userdata"
end

local function add_class(lines, item, index)
  local methods = index.methods[item.name] or {}
  lines[#lines + 1] = ""
  comment(lines, item.description)
  lines[#lines + 1] = "---@class " .. class_name(item.name) .. base_of(methods)
  add_fields(lines, item, index)
  lines[#lines + 1] = "local " .. item.name .. " = {}"
  for _, method in ipairs(by_name(methods)) do
    add_function(lines, method, item.name .. ":", index)
  end
end

local head = [[
---@meta dialtone

-- Made by doc/build from the comments in the sources: change those.
-- luacheck: ignore]]

-- `index` is what comments.index gives, `options` the names of socket options.
function luacats.generate(index, options)
  local lines = { head, "" }
  if options then
    lines[#lines + 1] = "--- The options known by name; see options.md."
    lines[#lines + 1] = "---@alias dialtone.Option"
    for _, name in ipairs(options) do
      lines[#lines + 1] = ('---| "%s"'):format(name)
    end
  end
  for _, item in ipairs(by_name(index.tables)) do
    lines[#lines + 1] = ""
    comment(lines, item.description)
    lines[#lines + 1] = "---@class " .. class_name(item.name)
    add_fields(lines, item, index)
  end
  for _, item in ipairs(by_name(index.types)) do
    add_class(lines, item, index)
  end
  lines[#lines + 1] = ""
  if index.module then
    comment(lines, index.module.description)
  end
  lines[#lines + 1] = "---@class dialtone"
  lines[#lines + 1] = "local net = {}"
  for _, item in ipairs(by_name(index.functions)) do
    add_function(lines, item, "net.", index)
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "return net"
  return table.concat(lines, "\n") .. "\n"
end

return luacats
