-- handshakesvg_spec.lua - a recording as a picture and as a page: that they are well
-- formed, stand alone, and say what there is. What they look like, and what the script
-- does, is tried in a browser (spec/web).

local html = require "dialtone.handshake.html"
local json = require "dialtone.handshake.json"
local net = require "dialtone"
local strictxml = require "spec.support.strictxml"
local style = require "dialtone.handshake.style"
local text = require "dialtone.handshake.text"
local xml = require "dialtone.handshake.xml"

local parse, each = strictxml.parse, strictxml.each

-- Several clients, one of which is refused, notes, a datagram, an odd byte.
local function script(wire)
  local listener = assert(wire:socket("server"))
  assert(listener:bind(wire.host, 0))
  assert(listener:listen(1))
  wire:note("<b>two</b> & \"more\" 'clients' \1\255 ]]>")
  for i = 1, 2 do
    local client = assert(wire:socket("client " .. i))
    assert(client:connect(listener:getsockname()))
    assert(client:send("<script>\0\200"))
    assert(listener:accept()):close()
  end
  listener:close()
  local late = assert(wire:socket("client late"))
  late:connect(listener.address)
end

local function groups_of(root)
  local list = {}
  each(root, function(element)
    if element.name == "g" and element.attributes["data-step"] then list[#list + 1] = element end
  end)
  return list
end

local function named(element, name)
  for _, child in ipairs(element) do
    if type(child) == "table" and child.name == name then return child end
  end
end

for what, make in pairs {
  ["a whole life"] = function() return net.handshake { private = true } end,
  ["without a capture"] = function() return net.handshake { level = 0 } end,
  ["several connections"] = function() return net.handshake { script, private = true } end,
  ["over IPv6"] = function() return net.handshake { family = "AF_INET6" } end,
  ["nothing at all"] = function() return net.handshake { function() end, level = 0 } end,
} do
  describe("recording:svg, " .. what, function()
    local recording
    setup(function() recording = make() end)

    for _, options in ipairs { {}, { width = 720 }, { width = 420 }, { absolute = true }, { title = "<&\"'>" } } do
      local name = next(options) or "as it is"
      it(("is well-formed XML (%s %s)"):format(name, tostring(options[name])), function()
        local root = parse(recording:svg(options))
        assert.equal("svg", root.name)
        assert.equal("http://www.w3.org/2000/svg", root.attributes.xmlns)
      end)
    end

    it("has a group for each step, with its number, in order, and its words as a title", function()
      local groups = groups_of(parse(recording:svg()))
      assert.equal(#recording.steps, #groups)
      for i, group in ipairs(groups) do
        assert.equal(tostring(i), group.attributes["data-step"])
        local words = xml.text(text.words(recording.steps[i])):gsub("%?", ".")
        assert.matches((json.utf8(text.words(recording.steps[i])):gsub("%p", "%%%0"):gsub("[%z\1-\31]", "%%?")),
          strictxml.text(named(group, "title")), 1, false, words)
      end
    end)

    it("says to who cannot see it what it is of", function()
      local root = parse(recording:svg { title = "The title" })
      assert.equal("img", root.attributes.role)
      local title, description = named(root, "title"), named(root, "desc")
      assert.equal("The title", strictxml.text(title))
      assert.equal(title.attributes.id .. " " .. description.attributes.id, root.attributes["aria-labelledby"])
      assert.matches(recording.about, strictxml.text(description), 1, true)
      if #recording.steps > 0 then
        assert.matches(("\n%d. "):format(#recording.steps), strictxml.text(description), 1, true)
      end
    end)

    it("stands alone: no script, nothing that is elsewhere", function()
      local made = recording:svg()
      each(parse(made), function(element)
        assert.is_nil(({ script = 1, image = 1, use = 1, a = 1, foreignObject = 1, link = 1 })[element.name])
        for name, value in pairs(element.attributes) do
          assert.is_nil(name:find("href"), name)
          assert.is_nil(name:find("^on"), name)
          assert.is_true(name == "xmlns" or not value:find("://", 1, true), value)
        end
      end)
      assert.is_nil(made:find("@import", 1, true))
      assert.is_nil(made:find("url(", 1, true))
    end)

    it("draws nothing outside of itself", function()
      for _, width in ipairs { 1320, 720, 420 } do
        local root = parse(recording:svg { width = width })
        local w, h = root.attributes.viewBox:match("^0 0 (%d+) (%d+)$")
        w, h = tonumber(w), tonumber(h)
        each(root, function(element)
          for _, name in ipairs { "x", "x1", "x2" } do
            local at = tonumber(element.attributes[name] or 0)
            assert.is_true(at >= 0 and at <= w, name .. " " .. at)
          end
          for _, name in ipairs { "y", "y1", "y2" } do
            local at = tonumber(element.attributes[name] or 0)
            assert.is_true(at >= 0 and at <= h, name .. " " .. at)
          end
          if element.name == "rect" then
            assert.is_true(tonumber(element.attributes.height) >= 0 and tonumber(element.attributes.width) >= 0)
          end
        end)
      end
    end)

    it("is a page that is well formed where what was recorded stands", function()
      local root = parse(html.fragment(recording, "x", "y"))
      local sections, ids = 0, {}
      each(root, function(element)
        local id = element.attributes.id
        assert.is_nil(id and ids[id], "the same id twice: " .. tostring(id))
        if id then ids[id] = true end
        if element.name == "section" then sections = sections + 1 end
      end)
      assert.equal(#recording.steps, sections)
    end)
  end)
end

describe("recording:svg", function()
  -- So many clients of a listener with a long queue.
  local function crowd(count)
    return net.handshake { private = true, function(wire)
      local listener = assert(wire:socket("server"))
      assert(listener:bind("127.0.0.1", 0))
      assert(listener:listen(60))
      for i = 1, count do assert(assert(wire:socket("client " .. i)):connect(listener:getsockname())) end
    end }
  end

  -- At how many places of a step's row there are bars, to the left and to the right.
  local function bars_of(group, middle)
    local left, right, seen = 0, 0, {}
    each(group, function(element)
      local at = element.attributes.x
      if element.name ~= "rect" or element.attributes.rx or seen[at] then return end
      if not (element.attributes.class or ""):find("^state%-") then return end
      seen[at] = true
      if tonumber(at) < middle then left = left + 1 else right = right + 1 end
    end)
    return { left, right }
  end

  it("has a bar at each side for each of many connections, and says which have none", function()
    for count, expected in pairs { [9] = 9, [20] = 20, [34] = 32 } do
      local recording = crowd(count)
      if recording.level == 0 then return assert.equal(0, recording.level) end
      for _, width in ipairs { 1320, 720, 420 } do
        local made = recording:svg { width = width }
        local root = parse(made)
        local groups = groups_of(root)
        local w = tonumber(root.attributes.viewBox:match("^0 0 (%d+)"))
        assert.same({ expected, expected }, bars_of(groups[#groups], w / 2))
        assert.equal(count > 32, made:find("bars: the first 32 of 34 connections", 1, true) ~= nil)
        each(root, function(element)
          if element.name ~= "rect" and element.name ~= "text" then return end
          local at = tonumber(element.attributes.x or 0)
          assert.is_true(at >= 0 and at <= w, tostring(element.attributes.class) .. " at " .. at)
        end)
      end
    end
  end)

  it("is called what it is of, and says who is at its ends", function()
    local nothing = net.handshake { level = 0, function(wire) assert(wire:socket("client")) end }
    assert.matches("<title id=\"handshake-title\">Calls and packets, recorded</title>", nothing:svg(), 1, true)
    local itself = net.handshake { private = true, function(wire)
      local socket = assert(wire:socket("client"))
      assert(socket:bind("127.0.0.1", 0))
      assert(socket:connect(socket:getsockname()))
    end }
    if itself.level == 0 then return assert.equal(0, itself.level) end
    assert.matches(">A TCP connection, recorded</title>", itself:svg(), 1, true)
    assert.matches(">A TCP connection, step by step</title>", itself:html(), 1, true)
    assert.matches("client |%s+| itself\n", itself:text())
    assert.is_nil(itself:svg():find(">server<", 1, true))
    assert.is_true(itself.packets[3].window > 1000, itself.packets[3].window) -- scaled
    assert.matches(">TCP connections, recorded</title>", crowd(2):svg(), 1, true)
  end)

  it("paints as a failure what is one: not the end of a stream, nor a connect that goes on", function()
    local hs = net.handshake { level = 0, function(wire)
      local listener = assert(wire:socket("server"))
      assert(listener:bind("127.0.0.1", 0))
      assert(listener:listen(1))
      local client = assert(wire:socket("client"))
      client:settimeout(0)
      assert.equal("EINPROGRESS", select(3, client:connect(listener:getsockname())))
      assert.equal("EADDRINUSE", select(3, wire:socket("client 2"):bind(listener:getsockname())))
      local server = assert(listener:accept())
      client:close()
      assert.equal("eof", select(3, server:recv(1)))
    end }
    local failed = {}
    each(parse(hs:svg()), function(element)
      if element.attributes.class == "failed" then failed[#failed + 1] = strictxml.text(element) end
    end)
    local red = table.concat(failed, " ") -- a call may take two lines
    assert.matches("^client 2: bind%(.*= EADDRINUSE$", red)
    assert.is_nil(red:find("eof") or red:find("EINPROGRESS"))
    local coloured = hs:text { colour = true }
    assert.matches("\27%[31m[^\27]*EADDRINUSE", coloured)
    assert.is_nil(coloured:find("\27%[31m[^\27]*eof"))
    assert.is_nil(coloured:find("\27%[31m[^\27]*EINPROGRESS"))
    assert.is_nil(coloured:find("[ \t]\n"))
    assert.equal(hs:text(), (coloured:gsub("\27%[%d+m", "")))
  end)

  it("shows the numbers as they are in the packets when asked to", function()
    local recording = net.handshake { private = true }
    local packet = recording.packets[1]
    assert.matches(("seq %.0f"):format(packet.seq), recording:svg { absolute = true }, 1, true)
    local relative = groups_of(parse(recording:svg()))
    for _, group in ipairs(relative) do
      assert.is_nil(strictxml.text(group):find(("seq %.0f"):format(packet.seq), 1, true))
    end
  end)

  it("colours the lifelines as the states go", function()
    local recording = net.handshake { private = true }
    if recording.level == 0 then return assert.equal(0, recording.level) end
    local seen = {}
    each(parse(recording:svg()), function(element)
      local state = (element.attributes.class or ""):match("^state%-([%w_]+)$")
      if state and element.name == "rect" then seen[state] = true end
    end)
    for _, state in ipairs { "LISTEN", "SYN_SENT", "SYN_RCVD", "ESTABLISHED", "FIN_WAIT1", "CLOSE_WAIT", "LAST_ACK" } do
      assert.is_true(seen[state], state)
      assert.matches(".state-" .. state .. "{fill:#", style.css(), 1, true)
    end
  end)

  it("has colours for light and for dark", function()
    local light, dark = style.css():match("^(.-)@media %(prefers%-color%-scheme: dark%)(.*)$")
    for class in light:gmatch("%.handshake (%.[%w_-]+){fill:#") do
      assert.matches(class .. "{", dark, 1, true)
    end
  end)

  it("takes no option that it does not know", function()
    local recording = net.handshake { function() end, level = 0 }
    for _, call in ipairs {
      function() recording:svg { widht = 3 } end, function() recording:svg { title = 3 } end,
      function() recording:html { colour = true } end, function() recording:svg("x") end,
    } do
      assert.is_false(pcall(call))
    end
  end)
end)

describe("recording:html", function()
  it("is one page that fetches nothing, and says so itself", function()
    local page = net.handshake({ script, private = true }):html()
    assert.matches("^<!DOCTYPE html>\n<html lang=\"en\">", page)
    assert.matches("default-src 'none'", page, 1, true)
    assert.is_nil(page:find("<link", 1, true))
    assert.is_nil(page:find(" src=", 1, true))
    assert.is_nil(page:find("@import", 1, true))
    for where in page:gmatch("https?://[^\"' ]*") do assert.equal("http://www.w3.org/2000/svg", where) end
  end)

  it("runs no script but its own, whatever was recorded", function()
    local page = net.handshake({ function(wire)
      wire:note("</script><script>alert(1)</script><img src=x onerror=alert(2)>")
      wire:note("\" onload=\"alert(3)")
    end, level = 0 }):html { title = "</title><script>alert(4)</script>" }
    assert.equal(2, select(2, page:gsub("<script", "")))
    assert.equal(2, select(2, page:gsub("</script>", "")))
    assert.is_nil(page:find("<img", 1, true))
    assert.is_nil(page:find("\" onload=\"", 1, true))
  end)

  it("begins with absolute numbers when asked to", function()
    local recording = net.handshake { function() end, level = 0 }
    assert.matches("handshake.absolute(true)", recording:html { absolute = true }, 1, true)
    assert.matches("handshake.absolute(false)", recording:html(), 1, true)
  end)
end)
