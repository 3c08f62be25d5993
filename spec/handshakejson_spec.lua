-- handshakejson_spec.lua - values and recordings as JSON, read back by a parser that
-- knows nothing of the encoder (spec/support/strictjson.lua).

local json = require "dialtone.handshake.json"
local net = require "dialtone"
local strictjson = require "spec.support.strictjson"
local text = require "dialtone.handshake.text"

local parse, null = strictjson.parse, strictjson.null

describe("json.encode", function()
  it("writes each kind of value as RFC 8259 has it", function()
    for expected, value in pairs {
      ["true"] = true, ["false"] = false, ["0"] = 0, ["-1"] = -1, ["1.5"] = 1.5, ["4294967295"] = 2 ^ 32 - 1,
      ['"a"'] = "a", ['""'] = "", ["[1,2]"] = { 1, 2 }, ["[]"] = json.list {}, ["{}"] = {},
      ['{"a":[]}'] = { a = json.list {} },
    } do
      assert.equal(expected, json.encode(value))
    end
    assert.equal("null", json.encode(nil))
  end)

  it("writes numbers so that they read back as the same", function()
    for _, value in ipairs { 0.1, 1 / 3, 1e-9, 6.02e23, 1e300, 5e-324, -2.5e-7, 2 ^ 53, 2 ^ 60, 123456789.123456 } do
      assert.equal(value, parse(json.encode(value)))
    end
    assert.equal("0", json.encode(-0.0))
  end)

  it("refuses what JSON has not, and says what it is", function()
    for pattern, value in pairs { nan = 0 / 0, inf = math.huge, ["function"] = print, boolean = { [true] = 1 } } do
      local ok, message = pcall(json.encode, { value = value })
      assert.is_false(ok)
      assert.matches("^json: ", message)
      assert.matches(pattern, message)
    end
    assert.is_false(pcall(json.encode, -math.huge))
  end)

  it("gives every byte back: UTF-8 as it is, the others as characters of their number", function()
    for byte = 0, 255 do
      local back = parse(json.encode("<" .. string.char(byte) .. ">"))
      local expected = byte < 128 and string.char(byte) or string.char(0xc0 + math.floor(byte / 64), 0x80 + byte % 64)
      assert.equal("<" .. expected .. ">", back)
    end
    for _, good in ipairs { "\195\169", "\226\130\172", "\240\159\152\128", "\239\191\189", "\244\143\191\191" } do
      assert.equal(good, parse(json.encode(good)))
    end
  end)

  it("takes no overlong form, no half of a pair, nothing cut off for UTF-8", function()
    for _, bad in ipairs { "\192\128", "\193\191", "\224\128\128", "\237\160\128", "\240\128\128\128",
      "\244\144\128\128", "\195", "\226\130", "\240\159\152", "\128", "\255", "\195(", "\226(\172" } do
      local plain = json.utf8(bad)
      assert.equal(plain, json.utf8(plain)) -- it is now
      local characters = select(2, plain:gsub("[%z\1-\127\194-\244]", ""))
      assert.equal(#bad, characters, ("%q"):format(bad)) -- one for each byte
    end
  end)

  it("escapes what ends a script, or a line of one", function()
    local made = json.encode { "</script>", "\226\128\168", "\226\128\169" }
    assert.is_nil(made:find("</", 1, true))
    assert.is_nil(made:find("\226\128", 1, true))
    assert.same({ n = 3, "</script>", "\226\128\168", "\226\128\169" }, parse(made))
  end)

  it("puts keys in the order that is asked for, then by the alphabet", function()
    assert.equal('{"z":1,"b":2,"a":3,"c":4}', json.encode({ a = 3, b = 2, c = 4, z = 1 }, { "z", "b" }))
  end)

  it("takes the point for a number whatever the locale has", function()
    local before = os.setlocale(nil, "numeric")
    for _, name in ipairs { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C" } do
      if os.setlocale(name, "numeric") then break end
    end
    local made = json.encode { 1.5 }
    os.setlocale(before, "numeric")
    assert.equal("[1.5]", made)
  end)
end)

describe("recording:json", function()
  local recording, found

  setup(function()
    recording = net.handshake { private = true }
    found = parse(recording:json())
  end)

  it("has the level, what was captured, connections, steps, packets, in this order", function()
    local order = strictjson.order(found)
    local without = {}
    for _, key in ipairs(order) do
      if key ~= "reason" then without[#without + 1] = key end
    end
    assert.same({ "level", "about", "connections", "steps", "packets" }, without)
    assert.equal(recording.level, found.level)
    assert.equal(recording.about, found.about)
    assert.equal(recording.reason, found.reason)
    assert.equal(#recording.steps, found.steps.n)
    assert.equal(#recording.packets, found.packets.n)
    assert.equal(#recording.connections, found.connections.n)
  end)

  it("has each step with its number, kind, words and time", function()
    for i, step in ipairs(recording.steps) do
      local made = found.steps[i]
      assert.equal(i, made.number)
      assert.equal(step.kind, made.kind)
      assert.equal(json.utf8(text.words(step)), made.words)
      assert.equal(step.side, made.side)
      if step.time and not step.saved then assert.is_true(math.abs(step.time - made.time) < 1e-8) end
    end
  end)

  it("has all of a packet, as the step and in the list of packets", function()
    local at = 0
    for i, step in ipairs(recording.steps) do
      if step.kind == "packet" then
        at = at + 1
        local made = found.steps[i]
        assert.same(made, found.packets[at])
        for _, name in ipairs { "name", "protocol", "from", "to", "seq", "ack", "relative_seq", "relative_ack",
          "length", "window", "connection", "ttl", "size" } do
          assert.equal(step[name], made[name], name)
        end
        local flags = 0
        for _ in pairs(step.flags or {}) do flags = flags + 1 end
        assert.equal(flags, made.flags.n)
        for _, name in ipairs(made.flags) do assert.is_true(step.flags[name]) end
        assert.equal(#step.options.order, made.options.order.n)
        assert.equal(step.states and step.states.client, made.states and made.states.client)
      end
    end
    assert.is_true(at > 0)
  end)

  it("says of a return which call it is of", function()
    for i, step in ipairs(recording.steps) do
      if step.kind == "return" then
        assert.equal(step.of, recording.steps[found.steps[i].of])
        assert.equal(step.of.result, found.steps[i].result)
      end
    end
  end)

  it("is the same text each time", function()
    assert.equal(recording:json(), recording:json())
  end)

  it("has empty lists where there is nothing", function()
    local empty = parse(net.handshake({ function() end, level = 0 }):json())
    assert.same({ n = 0 }, empty.steps)
    assert.same({ n = 0 }, empty.packets)
    assert.same({ n = 0 }, empty.connections)
  end)

  it("can say what was sent, whatever bytes it was", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    local made = net.handshake { function(wire)
      for i = 1, 256, 16 do wire:note(table.concat(all, "", i, i + 15)) end
    end, level = 0 }
    local back = parse(made:json())
    assert.equal(16, back.steps.n)
    assert.is_nil(made:json():find("[\n\r%z]"))
    assert.is_true(null ~= nil)
  end)
end)
