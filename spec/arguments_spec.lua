-- arguments_spec.lua - the reader of command lines, on a table of options of its own;
-- command_spec.lua and handshake_spec.lua have the commands.

local arguments = require "dialtone.arguments"

local function run() end

local OPTIONS = {
  { word = "-r", value = "WHAT", run = run, help = "runs it" },
  { word = "--name", value = "NAME", set = "name", help = "is called so" },
  { word = "--size", value = "N", number = { 1, 10 }, set = "size", help = "is so large" },
  { word = "-b", set = "colour", to = "blue", help = "is blue,\nor nearly so" },
  { word = "--help", also = "-h", set = "help", help = "prints this" },
}

-- The plan, and the place of the first word that is no option.
local function read(...)
  local plan = { steps = {} }
  local i, message = arguments.read(OPTIONS, { ... }, 1, plan)
  if not i then return nil, message end
  return plan, i
end

describe("arguments", function()
  it("go into the fields of a plan", function()
    assert.same({ { name = "x", size = 10, colour = "blue", steps = {} }, 6 },
      { read("--name", "x", "--size", "10", "-b") })
    assert.is_true(read("--help").help)
    assert.is_true(read("-h").help)
  end)

  it("are steps in their order, and may hold their value", function()
    assert.same({ { run, "a" }, { run, "b" }, { run, "-c" }, { run, "" } },
      read("-ra", "-r", "b", "-r", "-c", "-r", "").steps)
  end)

  it("end at the first word that is none, and at --", function()
    assert.same({ { steps = {}, help = true }, 2 }, { read("--help", "script", "-b") })
    assert.equal(1, select(2, read("-", "-b")))
    assert.equal(1, select(2, read("", "-b")))
    assert.equal(3, select(2, read("-b", "--", "-b")))
    assert.equal(1, select(2, read()))
  end)

  it("are refused with what is wrong with them", function()
    for words, message in pairs {
      ["-x"] = "unrecognized option '-x'",
      ["-bc"] = "unrecognized option '-bc'",
      ["--nam x"] = "unrecognized option '--nam'",
      ["--name"] = "'--name' needs NAME",
      ["-r"] = "'-r' needs WHAT",
      ["--size 0"] = "'--size' takes a whole number from 1 to 10, not '0'",
      ["--size 11"] = "'--size' takes a whole number from 1 to 10, not '11'",
      ["--size 2.5"] = "'--size' takes a whole number from 1 to 10, not '2.5'",
      ["--size nan"] = "'--size' takes a whole number from 1 to 10, not 'nan'",
      ["--size x"] = "'--size' takes a whole number from 1 to 10, not 'x'",
    } do
      local list = {}
      for word in words:gmatch("%S+") do list[#list + 1] = word end
      assert.same({ n = 2, nil, message }, { n = 2, read((table.unpack or unpack)(list)) }) -- luacheck: ignore
    end
  end)

  it("are shown in two columns", function()
    assert.equal(table.concat({
      "  -r WHAT      runs it",
      "  --name NAME  is called so",
      "  --size N     is so large",
      "  -b           is blue,",
      "               or nearly so",
      "  --help       prints this", "" }, "\n"), arguments.help(OPTIONS))
  end)
end)
