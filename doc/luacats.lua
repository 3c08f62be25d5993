-- Makes the LuaCATS definitions (what editors complete and check with) from
-- the documentation comments: see comments.lua.
--
-- Runs on Lua 5.1 to 5.4 and LuaJIT.

local luacats = {}

-- Types of the comments that are called otherwise here.
local renamed = {
  socket = "dialtone.Socket", address = "dialtone.Address", file = "file*",
}
local plain = {
  any = true, boolean = true, ["function"] = true, integer = true, ["nil"] = true,
  number = true, string = true, table = true, ["true"] = true, ["false"] = true,
}

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
  elseif index.tables[name] then
    return "dialtone." .. name:sub(1, 1):upper() .. name:sub(2)
  elseif renamed[name] then
    return renamed[name]
  elseif plain[name] then
    return name
  end
  error(("%s: unknown type '%s' (known: any, boolean, function, integer, nil, "
    .. "number, string, table, true, false, file, socket, address, {type,...})"):format(where, name), 0)
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
    if name == "nil" then
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

local function add_function(lines, item, prefix, index)
  local where = ("%s:%d (%s)"):format(item.file:match("[^/]+$"), item.line, item.name)
  lines[#lines + 1] = ""
  comment(lines, item.description)
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
  for n = 1, longest_group(item) do
    local type, text = result_at(item, n, index, where)
    lines[#lines + 1] = described("---@return " .. type, text)
  end
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

local function by_name(list)
  local sorted = {}
  for i, item in ipairs(list) do
    sorted[i] = item
  end
  table.sort(sorted, function(a, b)
    return a.name < b.name
  end)
  return sorted
end

local function add_class(lines, name, item, methods, index)
  local class = "dialtone." .. name:sub(1, 1):upper() .. name:sub(2)
  lines[#lines + 1] = ""
  if item then
    comment(lines, item.description)
  end
  lines[#lines + 1] = "---@class " .. class .. ": userdata"
  if item then
    add_fields(lines, item, index)
  end
  lines[#lines + 1] = "local " .. name .. " = {}"
  for _, method in ipairs(by_name(methods or {})) do
    add_function(lines, method, name .. ":", index)
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
  local tables = {}
  for _, item in pairs(index.tables) do
    tables[#tables + 1] = item
  end
  for _, item in ipairs(by_name(tables)) do
    lines[#lines + 1] = ""
    comment(lines, item.description)
    lines[#lines + 1] = "---@class dialtone." .. item.name:sub(1, 1):upper() .. item.name:sub(2)
    add_fields(lines, item, index)
  end
  add_class(lines, "address", index.types.address, index.methods.address, index)
  add_class(lines, "socket", index.types.socket, index.methods.socket, index)
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
