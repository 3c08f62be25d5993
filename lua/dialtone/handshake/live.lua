-- live.lua - a page that shows connections while they are made: an HTTP server for the
-- page, an echo server whose connections are recorded (recorder.lua), and events from
-- one to the other (feed.lua).
--
-- Who may see the page may start connections from here to the echo server, and learn
-- of those that others make. So it is for this machine, unless told otherwise; requests
-- by a name are refused (http.lua), and to start one needs a token of the page.

local feed = require "dialtone.handshake.feed"
local html = require "dialtone.handshake.html"
local http = require "dialtone.handshake.http"
local liveplayer = require "dialtone.handshake.liveplayer"
local options = require "dialtone.options"
local player = require "dialtone.handshake.player"
local recorder = require "dialtone.handshake.recorder"
local xml = require "dialtone.handshake.xml"

local live = {}

local Live = {}
Live.__index = Live

local MOST = 160 -- HTTP connections at once
local TITLE = "TCP connections, as they happen"

-- --- secrets ----------------------------------------------------------------------------

-- Twice as many hexadecimal digits, which nobody can guess; or nil, message.
local function random(bytes)
  local file, message = io.open("/dev/urandom", "rb")
  if not file then return nil, message end
  file:setvbuf("no")
  local found = file:read(bytes)
  file:close()
  if not found or #found < bytes then return nil, "/dev/urandom: too short" end
  return (found:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

-- Compared in full, so that the time says nothing.
local function is_same(given, expected)
  if type(given) ~= "string" or #given ~= #expected then return false end
  local difference = 0
  for i = 1, #expected do difference = difference + math.abs(given:byte(i) - expected:byte(i)) end
  return difference == 0
end

-- --- what is shown ------------------------------------------------------------------------

local function label_of(connection)
  return ("#%d %s"):format(connection.id, connection.client or "")
end

local function event_of(self, connection)
  if connection.told ~= connection.version then
    local recording = self.recorder:recording(connection)
    connection.told = connection.version
    connection.event = feed.event("connection", { id = connection.id, label = label_of(connection),
      open = connection.open > 0, html = html.fragment(recording, "c" .. connection.id, label_of(connection)) })
  end
  return connection.event
end

-- What the feed is to know.
local function entries(self)
  local list = {}
  for i, connection in ipairs(self.recorder.connections) do
    list[i] = { id = connection.id, version = connection.version,
      event = function() return event_of(self, connection) end }
  end
  return list
end

local BODY = [[
<div class="live">
<button type="button" id="connect">make a connection</button>
<span>%s</span>
<label><input type="checkbox" id="newest" checked> go to the newest</label>
<span class="status" id="status" role="status"></span>
</div>
<noscript><p>This page needs JavaScript to be told of connections.</p></noscript>
<nav class="connections" id="connections" aria-label="connections"></nav>
%s<main id="main"><p class="empty">No connection yet.</p></main>
]]

local function page_of(self, nonce)
  local where = ("or connect to <code>%s</code>, which sends back what it gets"):format(
    xml.text(self.recorder.server))
  if self.recorder.base.private then
    where = "the echo server is in a private network: this button is its only client"
  end
  return html.document { title = TITLE, about = self.recorder.base.about, nonce = nonce,
    head = xml.element("meta", { "name", "token", "content", self.token }) .. "\n",
    body = BODY:format(where, html.TOOLBAR), scripts = { player, liveplayer } }
end

-- --- routes -----------------------------------------------------------------------------------

local routes = { GET = {}, POST = {} }

routes.GET["/"] = function(self, conn, request)
  local nonce, message = random(16)
  if not nonce then return http.refuse(conn, request, 500, message) end
  local policy = ("default-src 'none'; style-src 'nonce-%s'; script-src 'nonce-%s'; connect-src 'self'; "
    .. "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"):format(nonce, nonce)
  return http.answer(conn, request, 200, "text/html; charset=utf-8", page_of(self, nonce), nil, policy)
end

routes.GET["/events"] = function(self, conn, request)
  if request.method == "HEAD" then return http.answer(conn, request, 200, "text/event-stream", "") end
  return self.feed:serve(conn, request)
end

routes.POST["/connect"] = function(self, conn, request)
  if not is_same(request.fields["x-token"], self.token) then
    return http.refuse(conn, request, 403, "the page's own button has a token")
  end
  local ok, message = self.recorder:connect()
  if not ok then return http.refuse(conn, request, 503, message) end
  return http.answer(conn, request, 202, "text/plain; charset=utf-8", "a connection begins\n")
end

-- What a connection can be had as; `method` is the recording's.
local FORMATS = {
  json = { method = "json", kind = "application/json" },
  svg = { method = "svg", kind = "image/svg+xml" },
  html = { method = "html", kind = "text/html; charset=utf-8" },
  txt = { method = "text", kind = "text/plain; charset=utf-8" },
}

local function find_connection(self, id)
  for _, connection in ipairs(self.recorder.connections) do
    if connection.id == id then return connection end
  end
end

-- To be saved: it does not run as a page of this server.
local function send_connection(self, conn, request, id, format)
  local connection = find_connection(self, id)
  if not connection then return http.refuse(conn, request, 404, "this connection is not kept") end
  local recording = self.recorder:recording(connection)
  return http.answer(conn, request, 200, format.kind, recording[format.method](recording),
    { ("Content-Disposition: attachment; filename=\"connection-%d.%s\""):format(id,
      format.method == "text" and "txt" or format.method) })
end

-- A page of somebody else's may lead here, and have nothing else: it cannot read what
-- it asks for, but it could take the place of those who can.
local function is_foreign(request)
  local site = request.fields["sec-fetch-site"]
  return request.path ~= "/" and (site == "cross-site" or site == "same-site")
end

local function handle(self, conn, request)
  if is_foreign(request) then return http.refuse(conn, request, 403, "another site's page has asked") end
  local methods = routes[request.method == "HEAD" and "GET" or request.method]
  local route = methods and methods[request.path]
  if route then return route(self, conn, request) end
  local is_known = routes.GET[request.path] or routes.POST[request.path]
  local id, suffix = request.path:match("^/connections/(%d%d?%d?%d?%d?%d?%d?%d?%d?)%.(%a+)$")
  if id and FORMATS[suffix] then
    if methods == routes.GET then return send_connection(self, conn, request, tonumber(id), FORMATS[suffix]) end
    is_known = true
  end
  if is_known or not methods then
    return http.refuse(conn, request, 405, "not with this method",
      { routes.POST[request.path] and "Allow: POST" or "Allow: GET, HEAD" })
  end
  return http.refuse(conn, request, 404, "there is nothing here")
end

local function answer(self, conn)
  local request, status, words = http.read(conn)
  if request then return handle(self, conn, request) end
  if status then return http.refuse(conn, {}, status, words) end
end

-- --- the server ---------------------------------------------------------------------------------

-- Ends the page's server and the echo server, and closes what they hold. The tasks
-- end as soon as there is a turn for them (net.run). Returns true.
function Live:close()
  if self.closed then return true end
  self.closed = true
  if self.server then self.server:close() end
  self.recorder:close()
  return true
end

function Live:__tostring()
  return ("live page %s, echo server %s%s"):format(self.url, self.recorder.server, self.closed and ", closed" or "")
end

-- Opens the page's server: `server`, or message, code are returned.
local function start(self, where)
  local net = require "dialtone"
  local message, code
  local base = self.recorder.base
  self.echo, self.level, self.about, self.server = self.recorder.address, base.level, base.about, false
  self.server, message, code = net.serve(where, function(conn) return answer(self, conn) end, { max = MOST })
  if not self.server then return message, code end
  self.address = self.server.address
  self.url = "http://" .. tostring(self.address) .. "/"
end

local known = { [1] = "any", level = { 0, 1, 2 }, private = "boolean", interface = "string", family = { "AF_INET",
  "AF_INET6" }, echo = "integer" }

-- Serves the page; `net.run()` lets it work. `[1]`: where, as net.serve takes it
-- ("127.0.0.1:0" when there is none: a free port of the loopback); `echo`: the echo
-- server's port (0: any); level, private, interface, family: as net.handshake's.
-- Returns an object with `url`, `address`, `echo` (the echo server's address), `level`,
-- `about`, and close(); or nil, message, code. Mistakes in the options raise.
function live.serve(opts)
  opts = options.check_own("serve", opts, known)
  local self = setmetatable({ closed = false }, Live)
  local message, code
  self.token, message = random(16)
  if not self.token then return nil, "serve: " .. message, "ENOENT" end
  self.feed = feed.new(function() return entries(self) end,
    function() return feed.event("hello", { token = self.token }) end)
  self.recorder, message, code = recorder.new({ level = opts.level, private = opts.private,
    interface = opts.interface, family = opts.family }, opts.echo or 0, function() self.feed:poke() end)
  if not self.recorder then return nil, message, code end
  local begun
  begun, message, code = pcall(start, self, opts[1] or "127.0.0.1:0")
  if begun and self.server then return self end
  self:close()
  if not begun then error(message, 0) end
  return nil, message, code
end

return live
