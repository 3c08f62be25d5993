-- handshake.lua - cases: what is recorded, each form of it, and the live page. At level
-- 0, since a private network is a process more for each of some thousand runs; and
-- little of it, since the kernel's table is asked after each call.

local handshake = require "dialtone.handshake"
local live = require "dialtone.handshake.live"
local net = require "dialtone"
local unpack = table.unpack or unpack -- luacheck: ignore

-- A call, a SYN that is answered, a queue, a note: made up, as nothing is captured. Of
-- those the ones from `first` to `last`.
local function recording(first, last)
  local function segment(time, name, from, to, flags)
    return { kind = "packet", protocol = "TCP", name = name, time = time, source_host = "127.0.0.1", source_port = from,
      destination_host = "127.0.0.1", destination_port = to, seq = time, ack = 2, length = 0, window = 9,
      flags = flags, options = { mss = 9, order = { "mss" } } }
  end
  local events = {
    { kind = "call", call = "connect", side = "client", name = "client", text = "connect(there)", time = 0, ended = 3,
      took = 3, result = "ok", state = "ESTABLISHED" },
    segment(1, "SYN", 1000, 80, { SYN = true }), segment(2, "SYN-ACK", 80, 1000, { SYN = true, ACK = true }),
    { kind = "kernel", time = 4, cost = 0, sockets = { { state = "LISTEN", source = "127.0.0.1:80",
      destination = "0.0.0.0:0", received = 1, unsent = 2 } } },
    { kind = "note", text = "<&>", time = 5 },
  }
  return handshake.recording { level = 0, about = "made up", sockets = {}, events = { unpack(events, first, last) } }
end

return function(t)
  local case, keep, must, same = t.case, t.keep, t.must, t.same

  case("handshake", t.nothing, function()
    local hs = net.handshake { level = 0, timeout = 1, function(wire)
      must(must(wire:socket("client")):bind("127.0.0.1", 0))
    end }
    return same(#hs:text() > 100 and hs.level, 0)
  end)

  -- The longer ones of less.
  for _, one in ipairs { { "text", "queue [#..] 1 of 3", 1, 5 }, { "json", '"words":"\\u003c&>"', 1, 5 },
    { "svg", "queue 1 of 3", 3, 4 }, { "html", "</html>", 4, 5 } } do
    local form, expected = one[1], one[2]
    case("recording:" .. form, function() return recording(one[3], one[4]) end, function(hs)
      return same(hs[form](hs):find(expected, 1, true) and expected, expected)
    end)
  end

  local function lost(message, code)
    if code == "timeout" or code == "eof" or code == "ECONNRESET" or not code then code = "lost" end
    return nil, message, code
  end

  -- What the page's server says, as far as `last`.
  local function ask(page, path, last)
    local client = keep(must(net.connect(page.address)))
    client:settimeout(0.3)
    must(client:write("GET ", path, " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    must(client:flush())
    local text, message, code = client:readuntil(last)
    if not text then return lost(message, code) end
    return same(text:match("^HTTP/1%.1 %d+"), "HTTP/1.1 200")
  end

  -- Its server is there already: what it does for a page is tried.
  case("the live page", function() return keep(must(live.serve { level = 0 })) end, function(page)
    return ask(page, "/", "</html>\n")
  end)
end
