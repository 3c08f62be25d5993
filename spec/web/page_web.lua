-- page_web.lua - the pages of net.handshake in a real browser: what make test-web runs.
--
-- PICTURES=DIRECTORY keeps a picture of each page, to be looked at.

local browser = require "spec.support.browser"
local live = require "dialtone.handshake.live"
local net = require "dialtone"
local support = require "spec.support.transport"
local text = require "dialtone.handshake.text"

local chromium, page, served

local function url_of(document)
  local name = os.tmpname()
  os.remove(name)
  served[#served + 1] = name .. ".html"
  local file = assert(io.open(name .. ".html", "wb"))
  file:write(document)
  file:close()
  return "file://" .. name .. ".html"
end

local function keep(name)
  local directory = os.getenv("PICTURES")
  local picture = page:picture()
  assert.equal("\137PNG\r\n\26\n", picture:sub(1, 8))
  if not directory then return end
  local file = assert(io.open(directory .. "/" .. name .. ".png", "wb"))
  file:write(picture)
  file:close()
end

-- The section that is to be seen, and the groups of the picture that are.
local STATE = [[(() => {
  const sections = [...document.querySelectorAll("section.detail")].filter(each => !each.hidden)
  const svg = [...document.querySelectorAll("svg.handshake")].find(each => each.getBoundingClientRect().width > 0)
  const groups = [...svg.querySelectorAll("g.step")]
  const one = sections[0]
  const badge = side => one.querySelector("[data-side=" + side + "]").textContent
  return {
    sections: sections.length, step: Number(one.dataset.step), words: one.querySelector("h2").innerText,
    client: badge("client"), server: badge("server"),
    rows: Object.fromEntries([...one.querySelectorAll("dt")].map(
      dt => [dt.textContent, dt.nextElementSibling.innerText])),
    shown: groups.filter(each => getComputedStyle(each).visibility === "visible").length,
    current: groups.filter(each => each.classList.contains("current")).map(each => Number(each.dataset.step)),
    position: document.querySelector("#count").textContent,
  } })()]]

local function assert_fits(selector)
  local wide = page:eval("document.documentElement.scrollWidth - innerWidth")
  assert.is_true(wide <= 0, "the page is wider than its window, by " .. tostring(wide))
  local out = page:eval(([[(() => {
    const svg = [...document.querySelectorAll(%q)].find(each => each.getBoundingClientRect().width > 0)
    const box = svg.getBoundingClientRect()
    return [...svg.querySelectorAll("text")].filter(each => {
      const own = each.getBoundingClientRect()
      return own.width > 0 && (own.left < box.left - 1 || own.right > box.right + 1)
    }).map(each => each.textContent).join("; ") })()]]):format(selector))
  assert.equal("", out)
end

-- Words of the picture that lie on others.
local OVERLAPS = [[(() => {
  const svg = [...document.querySelectorAll("svg.handshake")].find(each => each.getBoundingClientRect().width > 0)
  const texts = [...svg.querySelectorAll("text")].filter(each => each.getBoundingClientRect().width > 0 &&
    !each.hasAttribute("transform"))
  const list = []
  texts.forEach((a, i) => texts.slice(i + 1).forEach(b => {
    const p = a.getBoundingClientRect(), q = b.getBoundingClientRect()
    const w = Math.min(p.right, q.right) - Math.max(p.left, q.left)
    const h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)
    if (w > 2 && h > 4) list.push(a.textContent + " / " + b.textContent)
  }))
  return list.join("; ") })()]]

local function states_of(step, before)
  local told = text.states(step, false)
  return { client = told.client or before.client, server = told.server or before.server }
end

setup(function()
  served = {}
  chromium = browser.start()
end)

teardown(function()
  chromium:close()
  for _, name in ipairs(served) do os.remove(name) end
end)

describe("the page of a recording", function()
  local recording

  setup(function() recording = net.handshake { private = true } end)

  local function open(look, options)
    page = chromium:open(url_of(recording:html(options)), look)
    finally(function() page:close() end)
  end

  it("goes through all steps, and shows the states and details of each", function()
    open { reduced = true } -- what scrolls is not to be clicked
    page:click("[data-go=first]")
    local states = {}
    for number, step in ipairs(recording.steps) do
      local seen = page:eval(STATE)
      states = states_of(step, states)
      assert.same({ 1, number, number, { n = 1, number } }, { seen.sections, seen.step, seen.shown, seen.current })
      assert.equal(states.client or "-", seen.client, "step " .. number)
      assert.equal(states.server or "-", seen.server, "step " .. number)
      assert.matches(text.words(step), seen.words, 1, true)
      assert.equal(("%d of %d"):format(number, #recording.steps), seen.position)
      if step.protocol == "TCP" then
        assert.equal(step.from, seen.rows.from)
        assert.equal(("%.0f"):format(step.relative_seq), seen.rows["sequence number"])
        assert.matches("^%d+ bytes?$", seen.rows.window)
      elseif step.kind == "call" and not step.waited then
        assert.same({ step.text, step.result }, { seen.rows.call, seen.rows.result })
      end
      if number < #recording.steps then page:click("[data-go=forward]") end
    end
    assert.same({}, page:complaints())
  end)

  it("is led by keys as by its buttons", function()
    open()
    for _, key in ipairs { { "Home", 1 }, { "ArrowRight", 2 }, { "ArrowRight", 3 }, { "ArrowLeft", 2 },
      { "End", #recording.steps }, { "ArrowRight", #recording.steps } } do
      page:press(key[1])
      assert.equal(key[2], page:eval(STATE).step)
    end
    page:press("Home")
    page:press("ArrowLeft")
    assert.equal(1, page:eval(STATE).step)
  end)

  it("shows absolute numbers when asked to", function()
    open()
    local number, segment
    for i, step in ipairs(recording.steps) do
      if step.protocol == "TCP" and step.name == "SYN-ACK" or not number and step.protocol == "TCP" then
        number, segment = i, step
      end
    end
    page:eval(("document.querySelector('#position').value = %d; " ..
      "document.querySelector('#position').dispatchEvent(new Event('input'))"):format(number))
    page:click("#absolute")
    local seen = page:eval(STATE)
    assert.equal(("%.0f"):format(segment.seq), seen.rows["sequence number"])
    assert.matches(("seq %.0f"):format(segment.seq), seen.words, 1, true)
    page:click("#absolute")
    assert.equal(("%.0f"):format(segment.relative_seq), page:eval(STATE).rows["sequence number"])
  end)

  it("plays by itself, at the speed that is chosen, and stops at the end", function()
    open { reduced = true }
    page:eval("document.querySelector('#speed').value = 'x1000'")
    page:press("Home")
    page:press(" ")
    assert.equal("pause", page:eval("document.querySelector('[data-go=play]').textContent"))
    page:wait("handshake.at() > 4", 30)
    page:click("[data-go=play]")
    local at = page:eval("handshake.at()")
    net.sleep(0.2)
    assert.equal(at, page:eval("handshake.at()"))
    page:eval("document.querySelector('#speed').value = '400'")
    page:eval(("document.querySelector('#position').value = %d"):format(#recording.steps - 1))
    page:eval("document.querySelector('#position').dispatchEvent(new Event('input'))")
    page:click("[data-go=play]")
    page:wait(("handshake.at() === %d && document.querySelector('[data-go=play]').textContent === 'play'"):format(
      #recording.steps), 10)
  end)

  it("moves nothing for who does not want that", function()
    open { reduced = true }
    page:eval("document.body.classList.add('playing')")
    assert.equal(0, page:eval("document.getAnimations().length"))
  end)

  it("is a whole picture with all details without JavaScript", function()
    open { scripts = false }
    page:call("Emulation.setScriptExecutionDisabled", { value = false }) -- to be asked
    local count = page:eval("[...document.querySelectorAll('section.detail')].filter(s => s.offsetHeight > 0).length")
    assert.equal(#recording.steps, count)
    assert.is_true(page:eval("document.querySelector('.toolbar').hidden"))
    keep("plain")
  end)

  for _, look in ipairs { { name = "light", width = 1280 }, { name = "dark", width = 1280, dark = true },
    { name = "middle", width = 900 }, { name = "narrow", width = 390 },
    { name = "narrow-dark", width = 390, dark = true } } do
    it("fits its window, and no words lie on others: " .. look.name, function()
      open { width = look.width, dark = look.dark, height = 900 }
      assert_fits("svg.handshake")
      assert.equal("", page:eval(OVERLAPS))
      page:click("#absolute")
      assert_fits("svg.handshake")
      assert.equal("", page:eval(OVERLAPS))
      page:click("#absolute")
      for _ = 1, math.floor(#recording.steps / 2) do page:press("ArrowLeft") end
      net.sleep(0.5) -- it scrolls there
      keep(look.name)
      assert.same({}, page:complaints())
    end)
  end
end)

describe("the picture of a recording", function()
  for _, width in ipairs { 1320, 720, 420 } do
    it(("has all its words in it, and none on others: %d pixels"):format(width), function()
      local recording = net.handshake { private = true }
      local document = "<!DOCTYPE html><body style='margin:0'>" .. recording:svg { width = width }
      page = chromium:open(url_of(document), { width = width, height = 1400 })
      finally(function() page:close() end)
      assert_fits("svg.handshake")
      assert.equal("", page:eval(OVERLAPS))
      keep("svg-" .. width)
    end)
  end
end)

-- Calls the body with a live page's server and with what opens its page; all of it has
-- ended then, also when the body raises.
local function with_live(options, body)
  local ok, failure
  net.run(function()
    local one = assert(live.serve(options))
    local opened = {}
    ok, failure = pcall(body, one, function(look)
      opened[#opened + 1] = chromium:open(one.url, look)
      return opened[#opened]
    end)
    for _, each in ipairs(opened) do each:close() end
    one:close()
  end)
  if not ok then error(failure, 0) end
end

for level = 0, 2 do
  describe("the live page, at level " .. level, function()
    it("shows a connection that its button makes, as it goes on", function()
      with_live({ level = level }, function(one, open)
        page = open()
        page:wait("document.querySelector('#status').textContent === 'listening'")
        assert.equal(0, page:eval("document.querySelectorAll('nav button').length"))
        page:click("#connect")
        page:wait("document.querySelectorAll('nav button').length === 1")
        page:wait("document.querySelector('nav button.open') !== null || handshake.at() > 8")
        page:wait("document.querySelector('nav button.open') === null", 30)
        local seen = page:eval(STATE)
        assert.equal(seen.step, seen.shown)
        if one.level > 0 then
          page:wait("document.querySelectorAll('svg .arrow-FIN').length >= 2")
          page:press("Home")
          assert.equal(1, page:eval(STATE).step)
          page:press("End")
        end
        assert.same({}, page:complaints())
        keep("live-" .. level)
      end)
    end)
  end)
end

describe("the live page", function()
  it("leaves what is the same where it is, when there is more of a connection", function()
    with_live({ level = 1, private = true }, function(one, open)
      page = open()
      page:wait("document.querySelector('#status').textContent === 'listening'")
      page:click("#connect")
      page:wait("document.querySelectorAll('.broad g.step').length >= 4")
      page:eval([[(() => {
        document.querySelectorAll(".broad g.arrow, .broad g.call").forEach(
          each => each.mark = each.querySelector("title").textContent.replace(/ (=|\.\.\.).*/, ""))
        const link = document.querySelector("main a")
        link.focus()
        const words = document.querySelector(".broad g.step text.words")
        getSelection().selectAllChildren(words)
        window.selected = String(getSelection())
        window.elements = document.querySelectorAll("main *").length
        window.first = document.querySelector(".broad g.step")
      })()]])
      page:wait("document.querySelector('nav button.open') === null", 30)
      if one.level > 0 then page:wait("document.querySelectorAll('.broad .arrow-FIN').length >= 2") end
      page:wait("document.querySelectorAll('main *').length > elements")
      local seen = page:eval([[({
        selected: selected !== "" && String(getSelection()) === selected,
        focus: document.activeElement.textContent,
        marks: [...document.querySelectorAll(".broad g.step")].filter(each => each.mark).length,
        others: [...document.querySelectorAll(".broad g.step")].filter(each => each.mark &&
          !each.querySelector("title").textContent.startsWith(each.mark)).map(each => each.mark).join("; "),
        first: first.isConnected, step: document.querySelector("#count").textContent,
        steps: [...document.querySelectorAll(".broad g.step")].map(each => each.dataset.step).join(" "),
      })]])
      assert.same({ true, "svg", true, "" }, { seen.selected, seen.focus, seen.first, seen.others })
      assert.is_true(seen.marks >= 3, seen.marks)
      local steps = select(2, seen.steps:gsub("%d+", ""))
      assert.equal(("%d of %d"):format(steps, steps), seen.step)
      local other = open() -- it draws all of it anew, and has the same
      other:wait("document.querySelectorAll('.broad g.step').length > 0")
      local here, there
      support.eventually(function()
        for _, each in ipairs { page, other } do each:eval("handshake.go('last')") end
        here = page:eval("document.querySelector('main').innerHTML")
        there = other:eval("document.querySelector('main').innerHTML")
        return here == there
      end, "the pages differ")
      assert.same({}, page:complaints())
    end)
  end)

  it("shows connections of others to several pages, and is told when the server is gone", function()
    with_live({ level = 2 }, function(one, open)
      local other = open()
      page = open()
      if one.level == 1 then
        one.recorder:connect()
      else
        local conn = assert(net.connect(one.echo))
        conn:write("over there\n")
        assert.equal("over there", conn:read())
        conn:close()
      end
      for _, each in ipairs { page, other } do
        each:wait("document.querySelectorAll('nav button').length === 1")
      end
      one:close()
      page:wait("document.querySelector('#status').textContent.includes('trying again')")
    end)
  end)
end)
