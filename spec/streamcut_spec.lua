-- streamcut_spec.lua - streams cut at random: one side writes a text in random
-- pieces by random calls, the other reads it by random formats, and must get what
-- the text has there, whatever the cuts.

local net = require "dialtone"
local support = require "spec.support.transport"
local stream = require "spec.support.stream"
local it = support.closing(it, function(cleanup) finally(cleanup) end)
local keep, fault = support.keep, support.fault

-- --- texts --------------------------------------------------------------------

local words = { "a", "b", "ab", "aab", "\r", "\n", "\r\n", "\r\r\n", "\n\n", "|", "||", "\0" }

-- Short lines of what readers stumble over, and a few long ones.
local function make_text(random, pieces)
  local list = {}
  for i = 1, pieces do
    if random(60) == 1 then
      list[i] = ("0123456789"):rep(random(2000)) .. words[random(#words)]
    else
      list[i] = words[random(#words)]:rep(random(3))
    end
  end
  return table.concat(list)
end

-- --- what a reader must get -----------------------------------------------------

-- Each: text, where it stands -> what is to be read, where the next begins.  At the
-- text's end there is nothing.
local expected = {}

function expected.l(text, from)
  local last = text:find("\n", from, true)
  if not last then return text:sub(from), #text + 1 end
  return (text:sub(from, last - 1):gsub("\r$", "")), last + 1
end

function expected.L(text, from)
  local last = text:find("\n", from, true) or #text
  return text:sub(from, last), last + 1
end

local function expected_count(text, from, count)
  local data = text:sub(from, from + count - 1)
  return data, from + #data
end

local function expected_until(text, from, delimiter, inclusive)
  local first, last = text:find(delimiter, from, true)
  if not first then return text:sub(from), #text + 1 end
  return text:sub(from, inclusive and last or first - 1), last + 1
end

local function one_format(text, from, format)
  if type(format) == "number" then return expected_count(text, from, format) end
  return expected[format](text, from)
end

-- --- reading ----------------------------------------------------------------------

local formats = { "l", "L", "l", 1, 7, 100, 9000 }
local delimiters = { "a", "ab", "aab", "\r\n", "||", "b\n" }

-- Calls again after a time limit: nothing may be lost.
local function insist(socket, method, ...)
  while true do
    local a, b, c = socket[method](socket, ...)
    if a ~= nil or (c ~= "timeout" and c ~= "EAGAIN") then return a, b, c end
  end
end

local seed -- of the run, for messages

local function check(what, got, wanted)
  if got ~= wanted then
    error(("seed %d, %s: got %q instead of %q"):format(seed, what, tostring(got):sub(1, 60),
      tostring(wanted):sub(1, 60)), 0)
  end
end

-- Each reads something at `from`, and gives where the next begins.
local readers = {
  function(s, random, text, from)
    local format = formats[random(#formats)]
    local wanted, after = one_format(text, from, format)
    check("read " .. format, insist(s, "read", format), wanted)
    return after
  end,
  function(s, random, text, from)
    local first, second = formats[random(#formats)], formats[random(#formats)]
    local wanted, after = one_format(text, from, first)
    local got, also = insist(s, "read", first, second)
    check("read " .. first, got, wanted)
    if after > #text then
      check("read at the end", also, nil)
      return after
    end
    wanted, after = one_format(text, after, second)
    check("read " .. first .. ", " .. second, also, wanted)
    return after
  end,
  function(s, random, text, from)
    local delimiter, inclusive = delimiters[random(#delimiters)], random(2) == 1
    local wanted, after = expected_until(text, from, delimiter, inclusive)
    check("readuntil " .. delimiter, insist(s, "readuntil", delimiter, inclusive), wanted)
    return after
  end,
  function(s, random, text, from)
    local count = random(50)
    check("peek", insist(s, "peek", count), (expected_count(text, from, count)))
    return from
  end,
  function(s, random, text, from)
    local count = random(3000)
    local data = insist(s, "recv", count)
    assert(#data > 0 and #data <= count)
    check("recv", data, text:sub(from, from + #data - 1))
    return from + #data
  end,
  function(s, random, text, from)
    local count = math.min(random(20), from - 1)
    assert(s:unread(text:sub(from - count, from - 1)))
    return from - count
  end,
  function(s, random, text, from)
    local wanted, after = expected.l(text, from)
    s:settimeout(nil)
    check("lines", s:lines()(), wanted)
    s:settimeout(random(2) == 1 and 0.0002 or nil)
    return after
  end,
}

local function read_all(socket, random, text)
  local from = 1
  while from <= #text do
    if random(10) == 1 then socket:settimeout(random(2) == 1 and 0.0002 or nil) end
    from = readers[random(#readers)](socket, random, text, from)
  end
  socket:settimeout(nil)
  local value, message, code = socket:read()
  check("the end", value, nil)
  check(message, code, "eof")
end

-- --- writing ------------------------------------------------------------------------

local function write_all(socket, random, text)
  local from = 1
  while from <= #text do
    local size = random(20) == 1 and random(30000) or random(200)
    local piece = text:sub(from, from + size - 1)
    local how = random(4)
    if how == 1 then
      size = assert(socket:send(piece))
    elseif how == 2 then
      local middle = random(#piece)
      assert(socket:write(piece:sub(1, middle), "", piece:sub(middle + 1)))
    else
      assert(socket:write(piece))
    end
    from = from + size
    if random(8) == 1 then net.sleep(0) end
    if random(20) == 1 then assert(socket:flush()) end
  end
  return socket:close()
end

-- ------------------------------------------------------------------------------------

local runs = {
  { "read by a task", function(body) net.run(body) end },
  { "read by the main program", function(body) body() end },
}

for _, kind in ipairs(stream.kinds) do
  for _, run in ipairs(runs) do
    it(kind.name .. ": what is written in pieces is " .. run[1] .. " in others", function()
      for number = 1, 6 do
        seed = number
        local random, other = stream.random(seed), stream.random(seed + 1000)
        local text = make_text(random, 1500)
        local a, b = kind.pair()
        run[2](function()
          local writer = net.spawn(write_all, a, other, text)
          read_all(b, random, text)
          assert.same({ true, true }, { writer:join() })
        end)
        b:close()
      end
    end)
  end

  it(kind.name .. ": what comes is read alike where every call receives one byte", function()
    seed = 7
    local random = stream.random(seed)
    local text = make_text(random, 300):sub(1, 20000)
    local a, b = kind.pair()
    stream.feed(a, text)
    assert(a:close())
    fault.short("recv", 1, 1, true)
    read_all(b, random, text)
  end)
end

-- Nothing runs here but the kernel: another process writes.
for _, transport in ipairs(support.streams) do
  it(transport.name .. ": what another process writes, and when, changes nothing", function()
    seed = 11
    local text = make_text(stream.random(seed), 200)
    local listener = transport.listener()
    local child = support.child(([[
      local stream, text = require "spec.support.stream", %q
      local random = stream.random(%d)
      local s = assert(net.socket(%q, "SOCK_STREAM"))
      assert(s:connect(%q))
      while #text > 0 do
        local size = random(10) == 1 and random(9000) or random(30)
        assert(s:write(text:sub(1, size)))
        text = text:sub(size + 1)
        if random(10) == 1 then net.sleep(0.0005) end
      end
      s:close()
    ]]):format(text, seed, transport.domain, tostring(listener:getsockname())))
    local b = keep(listener:accept())
    read_all(b, stream.random(seed), text)
    assert.equal("", child:rest())
  end)
end
