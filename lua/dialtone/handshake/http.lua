-- http.lua - as much of HTTP/1.1 as a page for its own machine needs (RFC 9112): a
-- request is read strictly and within limits, and answered; then the connection ends.
--
-- Names of hosts are refused: who comes by one of them may have been sent by a page
-- that is somewhere else, whose name now leads here (DNS rebinding). An address, or
-- "localhost", no other page can have as its own.

local core = require "dialtone.core"

local http = {}

local HEAD, LINES, TARGET = 8192, 64, 1024 -- bytes, header lines, bytes
-- Seconds: in which all of a request must be there, in which an answer must be taken,
-- in which a request that is refused may end.
http.limits = { patience = 5, sending = 20, linger = 0.5 }

local REASONS = {
  [200] = "OK", [202] = "Accepted", [400] = "Bad Request", [403] = "Forbidden", [404] = "Not Found",
  [405] = "Method Not Allowed", [408] = "Request Timeout", [413] = "Content Too Large", [421] = "Misdirected Request",
  [431] = "Request Header Fields Too Large", [500] = "Internal Server Error", [503] = "Service Unavailable",
  [505] = "HTTP Version Not Supported",
}

-- --- answering ------------------------------------------------------------------------

-- What every answer says. A page may be shown in no frame, and nothing is kept.
local ALWAYS = "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
  .. "Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n"
  .. "Cache-Control: no-store\r\nConnection: close\r\n"

local STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

-- The head of an answer. `fields` are lines such as "Allow: GET". A policy is for what
-- pages may load; without one, nothing.
function http.head(status, kind, fields, policy)
  return ("HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Security-Policy: %s\r\n%s%s\r\n"):format(status,
    REASONS[status], kind, policy or STRICT, ALWAYS,
    fields and #fields > 0 and table.concat(fields, "\r\n") .. "\r\n" or "")
end

-- An answer: `kind` is its type. Of a HEAD request only the head.
function http.answer(conn, request, status, kind, body, fields, policy)
  local lines = { ("Content-Length: %d"):format(#body) }
  for _, field in ipairs(fields or {}) do lines[#lines + 1] = field end
  conn:settimeout(http.limits.sending)
  conn:write(http.head(status, kind, lines, policy), request.method == "HEAD" and "" or body)
  return conn:flush()
end

-- Says what is wrong. What the peer still sends is read for a moment: to close over
-- it would take the answer from him.
function http.refuse(conn, request, status, words, fields)
  http.answer(conn, request, status, "text/plain; charset=utf-8", ("%d %s: %s\n"):format(status, REASONS[status],
    words), fields)
  conn:shutdown("SHUT_WR")
  local deadline = core.now() + http.limits.linger
  conn:settimeout(http.limits.linger)
  repeat until core.now() > deadline or not conn:recv(65536)
end

-- --- reading ----------------------------------------------------------------------------

local TOKEN = "^([%w!#$%%&'*+.^_`|~-]+):[ \t]*(.-)[ \t]*$"
local ONCE = { host = true, ["content-length"] = true, ["transfer-encoding"] = true }

-- Names in small letters. Nil, a status and words for what is no list of fields.
local function fields_of(lines)
  local fields, count = {}, 0
  for line in lines:gmatch("([^\r\n]*)\r\n") do
    local name, value = line:match(TOKEN)
    if not name then return nil, 400, "this is no header line" end
    name, count = name:lower(), count + 1
    if count > LINES then return nil, 431, "too many header lines" end
    if ONCE[name] and fields[name] then return nil, 400, name .. " is there twice" end
    fields[name] = value
  end
  return fields
end

-- "[::1]:80", "127.0.0.1", "localhost:8000".
local function is_own_host(value)
  local host = value:match("^%[([%x:.]+)%]:?%d*$") or value:match("^([^:%[%]]+):?%d*$")
  if not host then return false end
  return host:lower() == "localhost" or core.address(host, 0) ~= nil
end

local function check(request)
  local fields = request.fields
  if not fields.host then return nil, 400, "a Host is missing" end
  if not is_own_host(fields.host) then return nil, 421, "ask by address or as localhost" end
  if fields["transfer-encoding"] or (fields["content-length"] or "0") ~= "0" then
    return nil, 413, "a request has no body here"
  end
  return request
end

local function parse(head)
  local first, rest = head:match("^([^\r\n]*)\r\n(.*)\r\n$")
  if not first or head:find("[%z\1-\8\11\12\14-\31\127]") or rest:gsub("\r\n", ""):find("[\r\n]") then
    return nil, 400, "this is no request"
  end
  local method, target, version = first:match("^([%u-]+) (%S+) HTTP/(%d%.%d)$")
  if not method then return nil, 400, "this is no request line" end
  if version ~= "1.1" and version ~= "1.0" then return nil, 505, "HTTP/1.1 is spoken here" end
  if #target > TARGET or not target:find("^/[%w%-._~!$&'()*+,;=:@%%/?]*$") then
    return nil, 400, "this is no path"
  end
  local fields, status, words = fields_of(rest)
  if not fields then return nil, status, words end
  return check { method = method, path = target:match("^[^?]*"), fields = fields }
end

-- The request that comes: method, path, fields. Nil when there is none; or nil, a
-- status and words when it is to be refused.
function http.read(conn)
  conn:settimeout(http.limits.patience)
  conn:setlimit(HEAD)
  local head, _, code = conn:readuntil("\r\n\r\n", true)
  if code == "limit" then return nil, 431, ("more than %d bytes"):format(HEAD) end
  if code == "timeout" then return nil, 408, ("not whole after %g seconds"):format(http.limits.patience) end
  if not head or head:sub(-4) ~= "\r\n\r\n" then return nil end
  return parse(head)
end

return http
