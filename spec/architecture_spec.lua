-- architecture_spec.lua - how the parts may stand on each other (doc/design.md,
-- section 4), and that the rules would notice (the samples below).

local architecture = require "spec.support.architecture"
local child = require "spec.support.child"
local read = require "spec.support.file".read

-- From the lowest to the highest; see architecture.layers.
local layers = {
  { name = "config", "config" },
  { name = "plain row", rest_of = "plain" },
  { name = "glue, shared", rest_of = "glue" },
  { name = "glue, modules", "mod_.*" },
  { name = "glue, core", "core" },
}

local function set(text)
  local names = {}
  for name in text:gmatch("%S+") do names[name] = true end
  return names
end

local homes = {
  { what = "an operating system", file = "config.h", names = set [[
      __linux__ __linux linux __gnu_linux__ __ANDROID__ __APPLE__ __MACH__ __FreeBSD__
      __FreeBSD_kernel__ __OpenBSD__ __NetBSD__ __DragonFly__ BSD __unix__ __unix unix
      __sun sun __SVR4 __svr4__ _AIX __hpux __HAIKU__ __CYGWIN__ _WIN32 _WIN64 WIN32 ]] },
  { what = "a Lua version", file = "compat.h", names = set [[
      LUA_VERSION LUA_VERSION_NUM LUA_VERSION_RELEASE_NUM LUA_VERSION_MAJOR
      LUA_VERSION_MINOR LUAJIT_VERSION LUAJIT_VERSION_NUM LUA_JITLIBNAME DT_LUA51 ]] },
}

local limits = {
  c = { lines = 800, function_lines = 60 },
  lua = { lines = 500, function_lines = 60 },
}

-- --- the checkout ---------------------------------------------------------------

local function find(command)
  local list = {}
  for name in child.run(command):gmatch("[^\n]+") do list[#list + 1] = name end
  return list
end

-- The files that a pattern of the shell's names, without their directory.
local function texts(pattern)
  local files = {}
  for _, name in ipairs(find("ls " .. pattern)) do files[name:match("[^/]*$")] = read(name) end
  return files
end

local function rockspec_files()
  local spec = {}
  local text = read(find("ls rockspec/*.rockspec")[1])
  local chunk = assert((loadstring or load)(text, "rockspec", "t", spec))
  if setfenv then setfenv(chunk, spec) end
  chunk()
  local list = {}
  for _, module in pairs(spec.build.modules) do
    for _, name in ipairs(type(module) == "table" and module.sources or { module }) do
      list[#list + 1] = name
    end
  end
  for _, name in pairs(spec.build.install.bin) do list[#list + 1] = name end
  return list
end

local function expect_none(list)
  assert.equal("", table.concat(list, "\n"))
end

describe("the sources", function()
  local c_files = texts("csrc/*.[ch]")

  it("keep to their rows", function()
    expect_none(architecture.rows(c_files, architecture.make_list(read("Makefile"), "PLAIN")))
  end)

  it("include downwards only", function()
    expect_none(architecture.layers(c_files, layers))
  end)

  it("include config.h first", function()
    expect_none(architecture.config_first(c_files))
  end)

  it("ask for the system in config.h, for the Lua in compat.h", function()
    expect_none(architecture.conditionals(c_files, homes))
  end)

  it("are short", function()
    local only_c = {}
    for name, text in pairs(c_files) do
      if name:match("%.c$") then only_c[name] = text end
    end
    expect_none(architecture.sizes(only_c, limits.c))
    local lua_files = {}
    for _, name in ipairs(find("find lua -name '*.lua'")) do lua_files[name] = read(name) end
    expect_none(architecture.sizes(lua_files, limits.lua))
  end)

  it("are all in the rockspec, and no others", function()
    local present = find("find lua -name '*.lua'; ls csrc/*.c")
    for i = #present, 1, -1 do
      if present[i]:match("_fault%.c$") then table.remove(present, i) end
    end
    expect_none(architecture.difference(rockspec_files(), present, "rockspec"))
  end)
end)

describe("the module", function()
  it("exports the functions of dialtone.h", function()
    expect_none(architecture.export_marks(texts("csrc/*.[ch]")))
    local build = os.getenv("DIALTONE_BUILD") or pending("needs make test")
    local command = "nm -D --defined-only "
    if child.run("uname -s") == "Darwin\n" then command = "nm -gU " end
    local symbols, ok = child.run(command .. child.quote(build .. "/dialtone/core.so"))
    assert.is_true(ok, symbols)
    local names = architecture.declared(read("csrc/dialtone.h"))
    assert.equal(6, #names)
    expect_none(architecture.exports(symbols, names))
  end)
end)

-- --- samples ----------------------------------------------------------------------

local function complaints(list, ...)
  local patterns = { ... }
  assert.equal(#patterns, #list, table.concat(list, "\n"))
  for i, pattern in ipairs(patterns) do assert.matches(pattern, list[i], 1, true) end
end

local function long_text(head, count, tail)
  return head .. "\n" .. ("  x\n"):rep(count) .. tail .. "\n"
end

describe("the rules", function()
  local config = "#define X\n"
  local clean = {
    ["config.h"] = config,
    ["clock.h"] = '#include "config.h"\n',
    ["clock.c"] = '#include "config.h"\n#include "clock.h"\n',
    ["glue.h"] = '#include "config.h"\n#include <lua.h>\n#include "clock.h"\n',
    ["mod_x.c"] = '#include "config.h"\n#include "glue.h"\n',
  }

  -- `clean` with some files replaced
  local function with(changes)
    local files = {}
    for name, text in pairs(clean) do files[name] = text end
    for name, text in pairs(changes) do files[name] = text end
    return files
  end

  it("let clean files pass", function()
    expect_none(architecture.rows(clean, { "clock" }))
    expect_none(architecture.layers(clean, layers))
    expect_none(architecture.config_first(clean))
    expect_none(architecture.conditionals(clean, homes))
  end)

  it("notice a plain file that reaches Lua", function()
    complaints(architecture.rows(with { ["clock.c"] = "# include <lauxlib.h>\n" }, { "clock" }),
      "clock.c is plain and includes lauxlib.h")
    complaints(architecture.rows(with { ["clock.h"] = '#include "glue.h"\n' }, { "clock" }),
      "clock.c is plain and includes clock.h, glue.h, lua.h")
  end)

  it("notice a list of plain files that is not true", function()
    complaints(architecture.rows(clean, {}), "clock.c does not include lua.h")
    complaints(architecture.rows(clean, { "clock", "gone" }), "gone.c is listed as plain and does not exist")
  end)

  it("notice an include upwards", function()
    complaints(architecture.layers(with {
      ["mod_x.h"] = "#include <lua.h>\n",
      ["glue.h"] = '#include <lua.h>\n#include "mod_x.h"\n',
    }, layers), "glue.h:2: glue.h (glue, shared) includes mod_x.h (glue, modules)")
    complaints(architecture.layers(with { ["config.h"] = '#include "clock.h"\n' }, layers),
      "config.h (config) includes clock.h (plain row)")
  end)

  it("notice a file that does not begin with config.h", function()
    complaints(architecture.config_first(with { ["clock.c"] = '#include <time.h>\n#include "config.h"\n' }),
      "clock.c:1: includes time.h before config.h")
  end)

  it("notice a condition on the system", function()
    for _, line in ipairs {
      "#ifdef __linux__", "#ifndef _WIN32", "#if defined(__APPLE__)", "# if X && \\\n  defined __sun",
      "#elif defined(BSD)", "#  elif __FreeBSD__ > 12", "#elifdef __OpenBSD__",
    } do
      complaints(architecture.conditionals(with { ["clock.c"] = line .. "\n#endif\n" }, homes),
        "outside config.h")
    end
    expect_none(architecture.conditionals({ ["config.h"] = "#ifdef __linux__\n" }, homes))
    expect_none(architecture.conditionals({ ["clock.c"] = "#ifdef SO_MARK /* as __linux__ has */\n" }, homes))
    expect_none(architecture.conditionals({ ["clock.c"] = "#endif\n/* unix */ int linux;\n" }, homes))
  end)

  it("notice a condition on the Lua version", function()
    for _, line in ipairs { "#if LUA_VERSION_NUM < 502", "#ifdef LUAJIT_VERSION", "#if !defined(LUA_JITLIBNAME)" } do
      complaints(architecture.conditionals(with { ["glue.c"] = line .. "\n" }, homes), "outside compat.h")
    end
    expect_none(architecture.conditionals({ ["compat.h"] = "#if LUA_VERSION_NUM < 502\n" }, homes))
  end)

  it("notice a long function of C", function()
    expect_none(architecture.sizes({ ["a.c"] = long_text("int f(void) {", 58, "}") }, limits.c))
    complaints(architecture.sizes({ ["a.c"] = long_text("int f(void) {", 59, "}") }, limits.c),
      "a.c:1: f has 61 lines")
    local wide = long_text("static int f(int a,\n             int b) {", 60, "}")
    complaints(architecture.sizes({ ["a.c"] = wide }, limits.c), "a.c:1: f has 63 lines")
    expect_none(architecture.sizes({ ["a.c"] = long_text("static const int t[] = {", 90, "};") }, limits.c))
    expect_none(architecture.sizes({ ["a.c"] = "int f(void);\n" .. long_text("struct s {", 90, "};") }, limits.c))
  end)

  it("notice a long function of Lua", function()
    complaints(architecture.sizes({ ["a.lua"] = long_text("local function f(a)", 60, "end") }, limits.lua),
      "a.lua:1: f has 62 lines")
    complaints(architecture.sizes({ ["a.lua"] = long_text("  t.f = function(a, b)", 60, "  end,") }, limits.lua),
      "has 62 lines")
    local short = long_text("local f = function(a) return a end", 90, "end")
    expect_none(architecture.sizes({ ["a.lua"] = short }, limits.lua))
  end)

  it("notice a long file", function()
    complaints(architecture.sizes({ ["a.c"] = ("\n"):rep(801) }, limits.c), "801 lines, more than 800")
    complaints(architecture.sizes({ ["a.lua"] = ("\n"):rep(501) }, limits.lua), "501 lines, more than 500")
    expect_none(architecture.sizes({ ["a.c"] = ("\n"):rep(800) }, limits.c))
  end)

  it("notice an export too many, or none", function()
    local names = architecture.declared("/*\nint no(void);\n*/\nint yes(int *a,\n  int b);\n")
    assert.same({ "yes" }, names)
    expect_none(architecture.exports("0000000000005a20 T yes\n", names))
    complaints(architecture.exports("05a20 T yes\n04e0 D dt_sys\n", names), "exports dt_sys")
    complaints(architecture.exports("", names), "does not export yes")
    complaints(architecture.export_marks { ["a.c"] = "DT_EXPORT int f(void);" }, "a.c: DT_EXPORT outside core.c")
  end)

  it("notice a rockspec that is not true", function()
    complaints(architecture.difference({ "a.c" }, { "b.c" }, "rockspec"),
      "rockspec: a.c does not exist", "rockspec: b.c is missing")
  end)

  it("read lists that go on in the next line", function()
    assert.same({ "a", "b", "c" }, architecture.make_list("X := 1\nPLAIN := a b \\\n  c\nY := 2\n", "PLAIN"))
  end)
end)
