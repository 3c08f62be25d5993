-- tutorial_spec.lua - every line of doc/tutorial.md is typed at the prompt, and answered
-- as it stands there.

local net = require "dialtone"
local child = require "spec.support.child"
local read = require "spec.support.file".read
local tutorialpage = require "doc.tutorialpage"

local page = read("doc/tutorial.md")

describe("the tutorial", function()
  local statements = tutorialpage.statements(page)
  local answers = tutorialpage.ask(page, os.getenv("DIALTONE_LUA"), function(command)
    return (child.run(command))
  end)
  local captures = net.handshake { function() end }.level > 0

  it("has something to type", function()
    assert(#statements > 40, #statements)
    assert.equal(#statements, #answers)
  end)

  for i, statement in ipairs(statements) do
    local typed = table.concat(statement.input, "\n")
    if captures or not typed:find("names()", 1, true) then -- else there are no packets
      it("is answered as it says: " .. typed, function()
        assert.equal(tutorialpage.comparable(statement.output), tutorialpage.comparable(answers[i] or {}))
      end)
    end
  end
end)
