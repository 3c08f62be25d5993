-- browser.lua - a Chromium without a window, driven by its DevTools protocol: pages that
-- are opened, asked, clicked, and looked at.
--
-- It has a profile of its own, which goes with it, and is ended by its own command,
-- or else by the number of its process.

local json = require "dialtone.handshake.json"
local net = require "dialtone"
local process = require "spec.support.child"
local strictjson = require "spec.support.strictjson"
local websocket = require "spec.support.websocket"

local browser = {}

local Browser, Page = {}, {}
Browser.__index, Page.__index = Browser, Page

local PROGRAMS = { "chromium", "chromium-browser", "google-chrome" }

-- The command's name, or nil: there is none here.
function browser.find()
  for _, name in ipairs(PROGRAMS) do
    local _, found = process.run("command -v " .. name .. " >/dev/null\n")
    if found then return name end
  end
end

local OPTIONS = table.concat({ "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-sandbox",
  "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0" }, " ")

-- Sends a command and waits for its answer; events that come meanwhile are kept.
function Browser:call(method, parameters, session)
  self.number = self.number + 1
  self.socket:send(json.encode { id = self.number, method = method, sessionId = session,
    params = parameters or { unused = true } })
  while true do
    local answer = strictjson.parse(self.socket:receive())
    if answer.id == self.number then
      if answer.error then error(method .. ": " .. answer.error.message, 2) end
      return answer.result
    end
    self.events[#self.events + 1] = answer
  end
end

function browser.start()
  local name = browser.find() or error("there is no Chromium", 0)
  local profile = os.tmpname()
  os.remove(profile)
  local pipe = assert(io.popen(("echo $$; exec %s %s --user-data-dir=%s about:blank 2>&1"):format(name, OPTIONS,
    process.quote(profile)), "r"))
  local pid, url = pipe:read("*l"), nil
  for _ = 1, 200 do
    local line = pipe:read("*l") or error("chromium has ended", 0)
    url = line:match("^DevTools listening on (ws://%S+)")
    if url then break end
  end
  local self = setmetatable({ pid = pid, pipe = pipe, profile = profile, number = 0, events = {} }, Browser)
  self.socket = websocket.connect(url)
  return self
end

function Browser:close()
  pcall(self.call, self, "Browser.close")
  self.socket:close()
  process.run(("for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 %s 2>/dev/null || exit 0; sleep 0.2; done; kill %s\n"):format(
    self.pid, self.pid))
  self.pipe:close()
  process.run("rm -rf " .. process.quote(self.profile) .. "\n")
end

-- --- pages ----------------------------------------------------------------------------

-- Opens a page. `look`: width, height, dark, reduced (motion), scripts (false: none).
function Browser:open(url, look)
  look = look or {}
  local target = self:call("Target.createTarget", { url = "about:blank" })
  local session = self:call("Target.attachToTarget", { targetId = target.targetId, flatten = true }).sessionId
  local page = setmetatable({ browser = self, session = session, target = target.targetId }, Page)
  page:call("Page.enable")
  page:call("Runtime.enable")
  page:call("Log.enable")
  page:call("Emulation.setDeviceMetricsOverride", { width = look.width or 1280, height = look.height or 900,
    deviceScaleFactor = 1, mobile = false })
  page:call("Emulation.setEmulatedMedia", { features = json.list {
    { name = "prefers-color-scheme", value = look.dark and "dark" or "light" },
    { name = "prefers-reduced-motion", value = look.reduced and "reduce" or "no-preference" } } })
  if look.scripts == false then page:call("Emulation.setScriptExecutionDisabled", { value = true }) end
  page:call("Page.navigate", { url = url })
  page:wait("document.readyState === 'complete' && location.href !== 'about:blank'")
  return page
end

function Page:call(method, parameters)
  return self.browser:call(method, parameters, self.session)
end

-- The value of an expression in the page.
function Page:eval(expression)
  local answer = self:call("Runtime.evaluate", { expression = expression, returnByValue = true, awaitPromise = true })
  if answer.exceptionDetails then
    local thrown = answer.exceptionDetails.exception
    error(expression .. ": " .. tostring(thrown and thrown.description or answer.exceptionDetails.text), 2)
  end
  return answer.result.value
end

-- Waits until an expression is true.
function Page:wait(expression, seconds)
  local deadline = net.now() + (seconds or 20)
  while not self:eval("Boolean(" .. expression .. ")") do
    if net.now() > deadline then error("never: " .. expression, 2) end
    net.sleep(0.05)
  end
end

-- Clicks in the middle of an element, as a mouse does.
function Page:click(selector)
  local at = self:eval(([[(() => {
    const box = document.querySelector(%q).getBoundingClientRect()
    return [box.left + box.width / 2, box.top + box.height / 2] })()]]):format(selector))
  for _, kind in ipairs { "mousePressed", "mouseReleased" } do
    self:call("Input.dispatchMouseEvent", { type = kind, x = at[1], y = at[2], button = "left", clickCount = 1 })
  end
end

-- Presses a key, by its name ("ArrowRight").
function Page:press(key)
  for _, kind in ipairs { "keyDown", "keyUp" } do
    self:call("Input.dispatchKeyEvent", { type = kind, key = key, code = key == " " and "Space" or key,
      text = kind == "keyDown" and key == " " and " " or nil })
  end
end

-- What the page complained of: errors in its console, and what its policy has refused.
function Page:complaints()
  self:eval("1")
  local list = {}
  for _, event in ipairs(self.browser.events) do
    if event.sessionId == self.session then
      local entry = event.method == "Log.entryAdded" and event.params.entry
      local thrown = event.method == "Runtime.exceptionThrown" and event.params.exceptionDetails
      if entry and entry.level == "error" then list[#list + 1] = entry.text end
      if thrown then list[#list + 1] = thrown.text end
    end
  end
  return list
end

local DIGITS = {}
for i = 1, 64 do
  DIGITS[("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):sub(i, i)] = i - 1
end

local function from_base64(text)
  return (text:gsub("(.)(.)(.)(.)", function(a, b, c, d)
    local bits = ((DIGITS[a] * 64 + DIGITS[b]) * 64 + (DIGITS[c] or 0)) * 64 + (DIGITS[d] or 0)
    local bytes = string.char(math.floor(bits / 65536), math.floor(bits / 256) % 256, bits % 256)
    return bytes:sub(1, d ~= "=" and 3 or c ~= "=" and 2 or 1)
  end))
end

-- A picture of the page, in PNG; of all of it, or of what is in the window.
function Page:picture(is_whole)
  return from_base64(self:call("Page.captureScreenshot", { format = "png", captureBeyondViewport = is_whole or false })
    .data)
end

function Page:close()
  self.browser:call("Target.closeTarget", { targetId = self.target })
end

return browser
