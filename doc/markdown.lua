-- Markdown to HTML for LDoc, which brings no converter of its own: what the
-- project's pages use and no more. Headings, paragraphs, lists, block quotes,
-- tables, code blocks; in the text, code, links, emphasis, and the system's manual
-- pages. LDoc hands over pages in which its own references are HTML already, so
-- HTML passes through.

local function escape(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"))
end

-- A link to another page or to an example goes to what LDoc makes of it, one to
-- another file to where that stands, seen from doc/html/topics.
local function target(url)
  if url:find("^%a+:") or url:find("^#") or url:find("%.html") then
    return url
  end
  local page, example = url:match("([%w_-]+%.md)$"), url:match("^%.%./examples/(.*%.lua)$")
  return page and page .. ".html" or example and "../examples/" .. example .. ".html"
    or "../../" .. url
end

-- "recv(2)" becomes a link to that manual page.
local function manual_page(before, name, section)
  return ('%s<a href="https://man7.org/linux/man-pages/man%s/%s.%s.html">%s(%s)</a>')
    :format(before, section, name, section, name, section)
end

-- The text's parts that no other rule may touch are put aside, and back later.
local function inline(text)
  local kept = {}
  local function keep(html)
    kept[#kept + 1] = html
    return "\1" .. #kept .. "\2"
  end
  text = text:gsub("<code>.-</code>", keep)
  text = text:gsub("<a .->.-</a>", keep)
  text = text:gsub("``(.-)``", function(code)
    return keep("<code>" .. escape(code) .. "</code>")
  end)
  text = text:gsub("`([^`]+)`", function(code)
    return keep("<code>" .. escape(code) .. "</code>")
  end)
  text = text:gsub("</?%a[^<>]*>", keep)
  text = text:gsub("&%a+;", keep)
  text = text:gsub("\\([%p])", function(sign)
    return keep(escape(sign))
  end)
  text = escape(text)
  text = text:gsub("%[([^%[%]]+)%]%(([^()%s]+)%)", function(label, url)
    return keep('<a href="' .. target(url) .. '">') .. label .. keep("</a>")
  end)
  text = (" " .. text):gsub("([^%w_.])([%w_.]+)%((%d)%)", manual_page):sub(2)
  text = text:gsub("%*%*(%S.-)%*%*", "<strong>%1</strong>")
  text = text:gsub("%*(%S[^*]*)%*", "<em>%1</em>")
  repeat
    local count
    text, count = text:gsub("\1(%d+)\2", function(number)
      return kept[tonumber(number)]
    end)
  until count == 0
  return text
end

local function split_lines(text)
  local lines = {}
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    lines[#lines + 1] = line
  end
  return lines
end

-- The cells of "| a | b |". A bar in code (`a|b`) divides nothing.
local function cells(line)
  line = line:gsub("`[^`]*`", function(code)
    return (code:gsub("|", "\3"))
  end):gsub("<code>.-</code>", function(code)
    return (code:gsub("|", "\3"))
  end):gsub("\\|", "\3")
  local list = {}
  for cell in line:gsub("^%s*|", ""):gsub("|%s*$", ""):gsub("$", "|"):gmatch("(.-)|") do
    list[#list + 1] = (cell:gsub("^%s+", ""):gsub("%s+$", ""):gsub("\3", "|"))
  end
  return list
end

local function row(tag, line)
  local html = {}
  for i, cell in ipairs(cells(line)) do
    html[i] = ("<%s>%s</%s>"):format(tag, inline(cell), tag)
  end
  return "<tr>" .. table.concat(html) .. "</tr>"
end

local convert -- lists and quotes hold what a page may hold

-- Each block function: lines, where it begins -> HTML, where the next begins;
-- nil when the line does not begin such a block.

local function raw(lines, at)
  if lines[at]:find("^<pre") then
    local html = {}
    repeat
      html[#html + 1] = lines[at]
      at = at + 1
    until lines[at - 1]:find("</pre>") or not lines[at]
    return table.concat(html, "\n"), at
  elseif lines[at]:find("^</?%a+[^<>]*>%s*$") or lines[at]:find("^<a name=.-></a>%s*$") then
    return lines[at], at + 1
  end
end

local function fenced(lines, at)
  if not lines[at]:find("^```") then
    return nil
  end
  local code = {}
  at = at + 1
  while lines[at] and not lines[at]:find("^```") do
    code[#code + 1] = escape(lines[at])
    at = at + 1
  end
  return "<pre>" .. table.concat(code, "\n") .. "</pre>", at + 1
end

local function indented(lines, at)
  if not lines[at]:find("^    ") then
    return nil
  end
  local code = {}
  while lines[at] and (lines[at]:find("^    ") or not lines[at]:find("%S")) do
    code[#code + 1] = escape(lines[at]:sub(5))
    at = at + 1
  end
  return "<pre>" .. table.concat(code, "\n"):gsub("%s+$", "") .. "</pre>", at
end

local function heading(lines, at)
  local signs, text = lines[at]:match("^(#+)%s+(.-)%s*#*$")
  if signs then
    return ("<h%d>%s</h%d>"):format(#signs, inline(text), #signs), at + 1
  end
end

local function grid(lines, at)
  if not (lines[at]:find("|") and (lines[at + 1] or ""):find("^%s*|?%s*:?%-[%-|: ]*$")) then
    return nil
  end
  local html = { "<table>", row("th", lines[at]) }
  at = at + 2
  while lines[at] and lines[at]:find("|") do
    html[#html + 1] = row("td", lines[at])
    at = at + 1
  end
  html[#html + 1] = "</table>"
  return table.concat(html, "\n"), at
end

local function quote(lines, at)
  local inside = {}
  while lines[at] and lines[at]:find("^>") do
    inside[#inside + 1] = lines[at]:match("^> ?(.*)$")
    at = at + 1
  end
  if #inside > 0 then
    return "<blockquote>" .. convert(table.concat(inside, "\n")) .. "</blockquote>", at
  end
end

local function list(lines, at)
  local mark = lines[at]:match("^[-*+]%s+") or lines[at]:match("^%d+%.%s+")
  if not mark then
    return nil
  end
  local tag = mark:find("%d") and "ol" or "ul"
  local html = { "<" .. tag .. ">" }
  while lines[at] do
    local first = lines[at]:match("^[-*+]%s+(.*)$") or lines[at]:match("^%d+%.%s+(.*)$")
    if not first then
      break
    end
    local item = { first }
    at = at + 1
    while lines[at] and lines[at]:find("^%s+%S") do
      item[#item + 1] = (lines[at]:gsub("^%s%s?%s?", ""))
      at = at + 1
    end
    local inside = convert(table.concat(item, "\n"))
    html[#html + 1] = "<li>" .. inside:gsub("^<p>(.-)</p>$", "%1") .. "</li>"
    if lines[at] == "" and (lines[at + 1] or ""):find("^[-*+%d]") then
      at = at + 1
    end
  end
  html[#html + 1] = "</" .. tag .. ">"
  return table.concat(html, "\n"), at
end

local blocks = { raw, fenced, indented, heading, grid, quote, list }

local function block(lines, at)
  for _, read in ipairs(blocks) do
    local html, after = read(lines, at)
    if html then
      return html, after
    end
  end
end

-- Lines up to a blank one, or to the begin of something else.
local function paragraph(lines, at)
  local words = {}
  repeat
    words[#words + 1] = lines[at]
    at = at + 1
  until not lines[at] or not lines[at]:find("%S") or block(lines, at)
  return "<p>" .. inline(table.concat(words, "\n")) .. "</p>", at
end

function convert(text)
  local lines, html, at = split_lines(text), {}, 1
  while lines[at] do
    if not lines[at]:find("%S") then
      at = at + 1
    else
      local one, after = block(lines, at)
      if not one then
        one, after = paragraph(lines, at)
      end
      html[#html + 1] = one
      at = after
    end
  end
  return table.concat(html, "\n")
end

return convert
