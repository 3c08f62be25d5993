-- feed.lua - Server-Sent Events to the pages that are open: each is told what is new,
-- at its own pace.
--
-- A page has no queue of events but the versions of what it has got: of what changed
-- meanwhile it gets the newest. So one that is slow costs nothing, and after a pause
-- it has everything.

local core = require "dialtone.core"
local http = require "dialtone.handshake.http"
local json = require "dialtone.handshake.json"
local scopes = require "dialtone.scope"

local Feed = {}
Feed.__index = Feed

-- How many pages at once; and seconds: after which a page hears that there is nothing
-- new, within which what comes is told at once, in which a page must take what it is sent.
local limits = { pages = 64, alive = 15, together = 0.1, sending = 10 }

-- `list()` gives what there is: a list of tables with `id`, `version` and `event()`,
-- the text that tells of it. `hello()` is the text that comes first.
local function new(list, hello)
  return setmetatable({ list = list, hello = hello, pages = {}, count = 0 }, Feed)
end

-- Something is new.
function Feed:poke()
  for page in pairs(self.pages) do
    if page:count() == 0 then page:put(true) end
  end
end

-- One event. `data` goes as JSON, which has no line ends.
function Feed.event(name, data)
  return ("event: %s\ndata: %s\n\n"):format(name, json.encode(data))
end

-- What this page has not got. The reason when it cannot be told.
local function tell(self, conn, got)
  local there = {}
  for _, one in ipairs(self.list()) do
    there[one.id] = true
    if got[one.id] ~= one.version then
      got[one.id] = one.version
      local ok, message = conn:write(one.event())
      if not ok then return message end
    end
  end
  for id in pairs(got) do
    if not there[id] then
      got[id] = nil
      conn:write(Feed.event("gone", { id = id }))
    end
  end
  local ok, message = conn:flush()
  return not ok and message or nil
end

local function talk(self, conn, page)
  local got = {}
  conn:write(http.head(200, "text/event-stream"), "retry: 2000\n\n", self.hello())
  repeat
    local begin = core.now()
    if tell(self, conn, got) then return end
    local pause = math.max(limits.together, 2 * (core.now() - begin)) -- to draw takes time from what is drawn
    local _, _, code = page:get(limits.alive)
    if code == "timeout" then conn:write(": nothing new\n\n") end
    core.sleep(pause)
  until code == "closed"
end

-- A page that goes away is seen at once; and there is nothing that it may say.
local function until_gone(conn)
  local code
  repeat code = select(3, conn:recv(1)) until code ~= "timeout"
end

local function attend(self, conn, page)
  scopes.scope(function(scope)
    scope:spawn(function()
      until_gone(conn)
      scope:cancel()
    end)
    scope:spawn(function()
      talk(self, conn, page)
      scope:cancel()
    end)
  end)
end

-- Tells this page until it goes.
function Feed:serve(conn, request)
  if self.count >= limits.pages then return http.refuse(conn, request, 503, "too many pages are open") end
  local page = core.queue(1)
  self.pages[page], self.count = true, self.count + 1
  conn:settimeout(limits.sending)
  local ok, failure = pcall(attend, self, conn, page)
  self.pages[page], self.count = nil, self.count - 1
  if not ok then error(failure, 0) end
end

return { new = new, event = Feed.event, limits = limits }
