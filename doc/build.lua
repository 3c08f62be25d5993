-- Makes the documents: doc/luacats/dialtone.lua (for editors), doc/options.md and
-- lua/dialtone/help_data.lua (for net.help), which are kept in the repository, and
-- doc/html with LDoc, which is not. doc/build runs this with the module's path set.
--
--   lua doc/build.lua [luacats] [options] [help] [html]     all unless told
--   lua doc/build.lua exhibits     doc/handshakes.md, by running them
--   lua doc/build.lua tutorial     the prompt's answers in doc/tutorial.md

local root = arg[0]:match("^(.*)/doc/[^/]*$") or "."
package.path = root .. "/doc/?.lua;" .. package.path

local comments = require "comments"
local net = require "dialtone"

local function write(name, text)
  local file = assert(io.open(root .. "/" .. name, "wb"))
  assert(file:write(text))
  assert(file:close())
end

local function run(command)
  local ok = os.execute(command)
  if ok ~= true and ok ~= 0 then
    os.exit(1)
  end
end

local index = comments.index(comments.read(comments.sources(root)))

local makers = {}

function makers.luacats()
  local names = {}
  for i, option in ipairs(net.options()) do
    names[i] = option.name
  end
  write("doc/luacats/dialtone.lua", require("luacats").generate(index, names))
end

function makers.options()
  write("doc/options.md", require("optionpage").generate(net.options()))
end

function makers.exhibits()
  write("doc/handshakes.md", require("exhibitpage").generate(root))
end

function makers.help()
  local manual = assert(io.open(root .. "/doc/manual.md", "rb"))
  write("lua/dialtone/help_data.lua",
    require("helpdata").generate(index, manual:read("*a"), require("optionpage")))
  manual:close()
end

function makers.tutorial()
  local tutorialpage = require "tutorialpage"
  local file = assert(io.open(root .. "/doc/tutorial.md", "rb"))
  local page = file:read("*a")
  file:close()
  write("doc/tutorial.md", tutorialpage.fill(page, tutorialpage.ask(page, "lua5.4", function(command)
    local pipe = assert(io.popen(command))
    local output = pipe:read("*a")
    pipe:close()
    return output
  end)))
end

function makers.html()
  run("mkdir -p '" .. root .. "/build/doc'")
  for _, file in ipairs(require("ldocsource").generate(index)) do
    write("build/doc/" .. file.name, file.text)
  end
  run("cd '" .. root .. "' && LUA_PATH='./?.lua;;' ldoc --fatalwarnings --quiet"
    .. " -c doc/config.ld build/doc")
end

local wanted = arg[1] and arg or { "luacats", "options", "help", "html" }
for _, name in ipairs(wanted) do
  assert(makers[name], "luacats, options, help, html, exhibits or tutorial, not " .. name)()
end
