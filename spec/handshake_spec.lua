-- handshake_spec.lua - net.handshake: what the exhibits of examples/handshake show is
-- what was on the wire.

local net = require "dialtone"
local child = require "spec.support.child"
local support = require "spec.support.transport"
local wallclock = require("dialtone.core").inner.wallclock
local it = support.closing(it, function(cleanup) finally(cleanup) end)
local capture = require "dialtone.handshake.capture"
local model = require "dialtone.handshake.model"
local packet = require "dialtone.handshake.packet"

local OPEN = { "SYN", "SYN-ACK", "ACK" }

-- What can be had here: nothing is captured below level 1.
local best = net.handshake { function() end }.level
local private = net.handshake { private = true, function() end }.level

-- The recordings of an exhibit, which prints them.
local function exhibit(name)
  local printed = {}
  local chunk = assert(loadfile("examples/handshake/" .. name .. ".lua"))
  local environment = setmetatable({ print = function(...)
    for i = 1, select("#", ...) do printed[#printed + 1] = tostring((select(i, ...))) end
  end }, { __index = _G })
  if setfenv then setfenv(chunk, environment) else debug.setupvalue(chunk, 1, environment) end -- luacheck: ignore
  local recordings = { chunk() }
  assert.is_true(#printed >= #recordings)
  for _, text in ipairs(printed) do assert.matches("level %d", text) end
  return recordings
end

local function names(recording, connection)
  local list = {}
  for _, one in ipairs(recording.packets) do
    if not connection or one.connection == connection then list[#list + 1] = one.name end
  end
  return list
end

local function first(list, count)
  return { (table.unpack or unpack)(list, 1, count) } -- luacheck: ignore
end

local function notes(recording)
  local list = {}
  for _, step in ipairs(recording.steps) do
    if step.kind == "note" then list[#list + 1] = step.text end
  end
  return table.concat(list, "\n")
end

-- "client SYN_SENT, server LISTEN" after each packet.
local function states(recording, from)
  local list = {}
  for i = from or 1, #recording.packets do
    local one = recording.packets[i].states
    list[#list + 1] = one.client .. " " .. tostring(one.server)
  end
  return list
end

local function results(recording, call)
  local list = {}
  for _, step in ipairs(recording.steps) do
    if step.kind == "call" and step.call == call then list[#list + 1] = step.result end
  end
  return list
end

-- --- without privilege, and with ----------------------------------------------------------------

describe("net.handshake", function()
  it("gives the calls, the queue and the kept SYN where nothing is captured", function()
    local hs = net.handshake { level = 0 }
    assert.equal(0, hs.level)
    assert.same({ "ok" }, results(hs, "connect"))
    assert.same({ "hello", "eof" }, { results(hs, "recv")[1]:match("%a+"), results(hs, "recv")[2] })
    assert.matches("queue %[%.%.%.%.%.%.%] 0 of 6", tostring(hs))
    assert.matches("queue %[#%.%.%.%.%.%] 1 of 6", tostring(hs))
    if #hs.packets > 0 then -- TCP_SAVE_SYN
      assert.same({ "SYN" }, hs:names())
      assert.is_true(hs.packets[1].saved)
    end
  end)

  it("says why it does not capture", function()
    local hs = net.handshake { level = 0, private = true, function() end }
    assert.is_nil(hs.reason) -- nobody asked for more
    if best < 2 then assert.matches("not level 2: ", net.handshake({ function() end }).reason) end
  end)

  if private == 1 then
    it("captures without privilege, in a private network", function()
      local before = #net.interfaces()
      local hs = net.handshake { private = true }
      assert.equal(1, hs.level)
      assert.same({ "SYN", "SYN-ACK", "ACK", "DATA", "ACK", "FIN-ACK", "ACK", "FIN-ACK", "ACK" }, hs:names())
      assert.equal(before, #net.interfaces()) -- this process is where it was
    end)
  end

  -- As root one can be somebody else: who has no privilege, if he may read this.
  local nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups "
  local core = child.quote(package.searchpath and package.searchpath("dialtone.core", package.cpath) or "")
  if private == 1 and select(2, child.run(nobody .. "test -r " .. core .. " -a -r lua/dialtone/init.lua")) then
    it("does so for somebody who may not capture, and says so", function()
      local output = child.run(nobody .. child.quote(child.interpreter()) .. [[ -e '
        local hs = require("dialtone").handshake()
        print(hs.level, hs.reason)
        print(table.concat(hs:names(), " ", 1, 3))']]):gsub("profiling:[^\n]*\n", "") -- make cover's own
      assert.matches("^1\tnot level 2: socket AF_PACKET SOCK_DGRAM: Operation not permitted\n"
        .. "SYN SYN%-ACK ACK\n$", output)
    end)
  end

  it("raises what the script raises, and leaves nothing behind", function()
    local failure = {}
    local ok, raised = pcall(net.handshake, { function(wire)
      assert(wire:socket("client"))
      error(failure)
    end })
    assert.is_false(ok)
    assert.equal(failure, raised)
  end)

  it("refuses options that it does not know", function()
    support.assert_raises("unknown option 'levle' %(valid: 1, family, interface, level, private, timeout%)",
      net.handshake, { levle = 1 })
    support.assert_raises("option level: '0', '1', '2' expected, got 3", net.handshake, { level = 3 })
    support.assert_raises("wire:socket: a name %(string%) expected, got nil", net.handshake, {
      level = 0, function(wire) wire:socket() end,
    })
    support.assert_raises("lose: unknown segments 'RST' %(valid: SYN, ACK, FIN, all%)", net.handshake, {
      level = 0, function(wire) wire:lose(wire:socket("client"), "RST") end,
    })
  end)

  it("goes on with other tasks meanwhile", function()
    local turns = 0
    net.run(function()
      local other = net.spawn(function()
        while true do
          turns = turns + 1
          net.sleep(0)
        end
      end)
      assert(net.handshake { level = 0 })
      other:cancel()
    end)
    assert(turns > 1, turns)
  end)
end)

-- --- capturing -----------------------------------------------------------------------------------

describe("a capture", function()
  -- Sockets as the kernel has them while it does not stamp yet: what comes has the time
  -- of its reading. After `late` datagrams it does.
  local function kernel(late)
    local told = { sent = 0, closed = 0 }
    local socket = { close = function() told.closed = told.closed + 1 end, sent = 0 }
    for _, name in ipairs { "settimeout", "setsockopt", "bind", "getsockname" } do
      socket[name] = function() return true end
    end
    function socket.sendto()
      told.sent = told.sent + 1
      told.sec, told.nsec = wallclock()
      return 0
    end
    function socket.recvmsg()
      local sec, nsec = told.sec, told.nsec
      if told.sent <= late then sec, nsec = sec + 1, 0 end
      return { "", control = { SO_TIMESTAMPNS = { sec = sec, nsec = nsec } } }
    end
    return function() return socket end, told
  end

  it("begins when the kernel stamps packets as they come", function()
    for late = 0, 3 do
      local open, told = kernel(late)
      assert(capture.new(open, "lo"))
      assert.same({ late + 1, 1 }, { told.sent, told.closed })
    end
  end)

  it("begins all the same where it never does", function()
    local open, told = kernel(math.huge)
    assert(capture.new(open, "lo"))
    assert.is_true(told.sent >= 10)
    assert.equal(1, told.closed)
  end)
end)

-- --- bytes --------------------------------------------------------------------------------------

describe("a packet", function()
  local function ipv4(protocol, body)
    return "\69\0\0" .. string.char(20 + #body) .. "\0\0\0\0\64" .. string.char(protocol) ..
      "\0\0\127\0\0\1\127\0\0\2" .. body
  end
  local SYN = "\0\80\1\187\255\255\255\255\0\0\0\0\128\2\16\0\0\0\0\0\2\4\5\180\1\3\3\7\4\2\0\0"

  it("is what its bytes say", function()
    local found = packet.decode(ipv4(6, SYN))
    assert.equal("SYN", found.name)
    assert.same({ 80, 443, 2 ^ 32 - 1, 0, 4096, 0 }, { found.source_port, found.destination_port, found.seq,
      found.ack, found.window, found.length })
    assert.same({ mss = 1460, wscale = 7, sack_permitted = true, order = { "mss", "wscale", "sack_permitted" } },
      found.options)
  end)

  it("is nothing, or something, however it is cut or spoilt", function()
    for _, text in ipairs { ipv4(6, SYN), ipv4(17, "\0\80\0\81\0\9\0\0x"), ipv4(1, "\3\3\0\0\0\0\0\0" .. ipv4(6, SYN)),
      "\96\0\0\0\0\8\17\64" .. ("\0"):rep(32) .. "\0\80\0\81\0\8\0\0" } do
      assert(packet.decode(text))
      for length = 0, #text do packet.decode(text:sub(1, length)) end
      for at = 1, #text do
        for _, byte in ipairs { "\0", "\1", "\127", "\255" } do
          packet.decode(text:sub(1, at - 1) .. byte .. text:sub(at + 1))
        end
      end
    end
    assert.is_nil(packet.decode(""))
    assert.is_nil(packet.decode(("\69"):rep(19)))
  end)
end)

-- --- made-up recordings ------------------------------------------------------------------------------

describe("the model", function()
  local function segment(from, flags, seq, ack, length)
    local set = {}
    for flag in flags:gmatch("%u+") do set[flag] = true end
    local mine, his = from == "client" and 1000 or 80, from == "client" and 80 or 1000
    return { kind = "packet", protocol = "TCP", flags = set, name = flags, seq = seq, ack = ack, length = length or 0,
      window = 100, options = {}, source_host = "10.0.0.1", destination_host = "10.0.0.1", source_port = mine,
      destination_port = his }
  end

  local BOTH = { ["10.0.0.1:1000"] = "client", ["10.0.0.1:80"] = "server" }
  local CLIENT = { ["10.0.0.1:1000"] = "client" } -- the server is somebody else's

  local function run_with(sides, listening, ...)
    local events = { ... }
    for i, event in ipairs(events) do event.time = i end
    local steps, packets = model.steps(events, sides, listening)
    local list = {}
    for i, one in ipairs(packets) do
      list[i] = one.states and one.states.client .. " " .. tostring(one.states.server)
    end
    return list, packets, steps
  end

  local function run(...) return run_with(BOTH, nil, ...) end

  -- What the kernel's table has.
  local function kernel(...)
    local rows = { ... }
    for _, row in ipairs(rows) do
      row.source, row.destination = row[1], row[2]
      row.state, row.received, row.unsent = row[3], 0, 5
    end
    return { kind = "kernel", cost = 0, sockets = rows }
  end

  it("follows a simultaneous open", function()
    assert.same({ "SYN_SENT CLOSED", "SYN_RCVD SYN_SENT", "SYN_RCVD ESTABLISHED", "ESTABLISHED ESTABLISHED" },
      (run(segment("client", "SYN", 5), segment("server", "SYN", 9), segment("client", "SYN-ACK", 5, 10),
        segment("server", "SYN-ACK", 9, 6))))
  end)

  it("has learnt from the answer what state somebody else's end was in", function()
    local syn, again = segment("client", "SYN", 5), segment("client", "SYN", 5)
    assert.same({ "SYN_SENT LISTEN", "SYN_SENT LISTEN", "ESTABLISHED SYN_RCVD" },
      (run_with(CLIENT, nil, syn, again, segment("server", "SYN-ACK", 9, 6))))
    assert.same({ "SYN_SENT CLOSED", "CLOSED CLOSED" },
      (run_with(CLIENT, nil, segment("client", "SYN", 5), segment("server", "RST-ACK", 0, 6))))
    assert.same({ "SYN_SENT nil", "SYN_SENT nil" },
      (run_with(CLIENT, nil, segment("client", "SYN", 5), segment("client", "SYN", 5))))
    assert.same({ "SYN_SENT LISTEN" }, (run_with(CLIENT, { ["10.0.0.1:80"] = true }, segment("client", "SYN", 5))))
    assert.same({ "SYN_SENT LISTEN" }, (run_with(CLIENT, nil, kernel { "10.0.0.1:80", "0.0.0.0:0", "LISTEN" },
      segment("client", "SYN", 5))))
  end)

  it("says nothing of an end that is in another kernel's table", function()
    local open = { segment("client", "SYN", 5), segment("server", "SYN-ACK", 9, 6), segment("client", "ACK", 6, 10) }
    local mine = { "10.0.0.1:1000", "10.0.0.1:80", "ESTABLISHED" }
    local list = run_with(CLIENT, nil, open[1], open[2], open[3], kernel(mine))
    assert.equal("ESTABLISHED ESTABLISHED", list[3])
    open[3].states = nil
    list = run_with(CLIENT, nil, open[1], open[2], open[3],
      kernel(mine, { "10.0.0.1:80", "10.0.0.1:1000", "ESTABLISHED" }), kernel(mine))
    assert.equal("ESTABLISHED CLOSED", list[3]) -- but it was there, and is no more
  end)

  it("draws an ICMP error to who sent what it complains of", function()
    local error = { kind = "packet", protocol = "ICMP", name = "ICMP host unreachable", source_host = "10.0.0.9",
      destination_host = "10.0.0.1", about = { source_host = "10.0.0.1", source_port = 1000,
        destination_host = "10.0.0.7", destination_port = 80 } }
    local _, packets = run_with(CLIENT, nil, error)
    assert.equal("server", packets[1].side)
  end)

  it("counts sequence numbers over the edge of 2^32", function()
    local _, packets = run(segment("client", "SYN", 2 ^ 32 - 1), segment("server", "SYN-ACK", 7, 0),
      segment("client", "ACK", 0, 8), segment("client", "DATA-ACK", 0, 8, 10), segment("server", "ACK", 8, 10))
    assert.equal(1, packets[3].relative_seq)
    assert.equal(11, packets[5].relative_ack)
    assert.same({ seq = 0, relative_seq = 1, occupies = 10 }, packets[5].acknowledges)
  end)

  it("tells two connections between the same addresses apart", function()
    local _, packets = run(segment("client", "SYN", 1), segment("server", "RST-ACK", 0, 2),
      segment("client", "SYN", 1), segment("client", "SYN", 500))
    assert.same({ 1, 1, 1, 2 }, { packets[1].connection, packets[2].connection, packets[3].connection,
      packets[4].connection })
    assert.is_true(packets[3].again)
    assert.is_nil(packets[4].again)
  end)
end)

-- --- the command -----------------------------------------------------------------------------------

describe("dialtone handshake", function()
  local command = require "dialtone.handshake.command"

  -- What it prints, and its exit status.
  local function run(...)
    local written, files = {}, { stdout = io.stdout, stderr = io.stderr }
    local sink = { write = function(self, ...)
      for i = 1, select("#", ...) do written[#written + 1] = tostring((select(i, ...))) end
      return self
    end, flush = function() return true end }
    io.stdout, io.stderr = sink, sink -- luacheck: ignore
    local ok, status = pcall(command.main, ...)
    io.stdout, io.stderr = files.stdout, files.stderr -- luacheck: ignore
    assert(ok, status)
    return table.concat(written), status
  end

  it("draws a connection of its own", function()
    local text, status = run("--level", "0", "--width", "100")
    assert.equal(0, status)
    assert.matches("connect%(127%.0%.0%.1:%d+%) = ok", text)
    assert.is_nil(text:find("\27", 1, true))
    assert.matches("\27%[", (run("--level", "0", "--colour")))
  end)

  it("draws a connection to an address, also one that fails", function()
    local listener = support.keep(net.listen("127.0.0.1:0"))
    local where = tostring(listener:getsockname())
    local text, status
    net.run(function()
      local peer = net.spawn(function() assert(listener:accept()):close() end)
      text, status = run("--level", best == 2 and "2" or "0", where)
      peer:join()
    end)
    assert.equal(0, status)
    assert.matches("connect%(" .. where:gsub("%p", "%%%0") .. "%)", text)
    listener:close()
    text, status = run("--level", "0", where)
    assert.equal(1, status)
    assert.matches("connect%(.-%) = ECONNREFUSED", text)
    assert.matches("dialtone handshake: connect .-: Connection refused", text)
  end)

  it("draws both ends as they are, also where the server is another program's", function()
    net.run(function()
      local server = assert(net.serve("127.0.0.1:0", net.echo))
      local text = run("--level", best == 2 and "2" or "0", tostring(server.address))
      if best == 2 then
        assert.matches("SYN_SENT |[^\n]*| LISTEN\n.-ESTABLISHED |[^\n]*| SYN_RCVD\n.-| ESTABLISHED\n", text)
      end
      assert.matches("TIME_WAIT", text)
      assert.is_nil(text:match("TIME_WAIT.* CLOSED |")) -- the socket is, the connection is not
      server:close()
    end)
  end)

  it("serves the live page until Ctrl-C", function()
    local output = child.run(([[
      %s lua/dialtone/main.lua handshake --serve --level 0 > "$0.out" 2>&1 &
      until grep -qs "is drawn there" "$0.out"; do sleep 0.05; done
      kill -INT $!; wait $!; echo "ended with $?"; cat "$0.out"; rm "$0.out"]]):gsub("%$0", os.tmpname())
      :format(child.quote(child.interpreter())))
    assert.matches("^ended with 130\nhttp://127%.0%.0%.1:%d+/\neach connection to 127%.0%.0%.1:%d+ is drawn there: "
      .. "level 0: [^\n]*\n$", output)
  end)

  it("says what is wrong with its arguments", function()
    for _, one in ipairs {
      { "unrecognized option '%-%-levle'", "--levle" }, { "'%-%-level' takes a whole number from 0 to 2, not 'x'",
        "--level", "x" }, { "'%-%-width' needs COLUMNS", "--width" }, { "one address is enough: 'b'", "a", "b" },
      { "nobody at a:1", "--private", "a:1" }, { "HOST:PORT is expected, not unix:/x", "unix:/x" },
    } do
      local text, status = run((table.unpack or unpack)(one, 2)) -- luacheck: ignore
      assert.equal(1, status)
      assert.matches(one[1], text)
    end
    local text, status = run("--help")
    assert.equal(0, status)
    assert.matches("^usage: dialtone handshake", text)
  end)
end)

if best == 0 then
  pending("what is on the wire: nothing can be captured here (no CAP_NET_RAW, no namespaces)")
  return
end

-- --- the exhibits ------------------------------------------------------------------------------------

describe("on the wire", function()
  it("three segments open a connection, four close it", function()
    local orderly, at_once = (table.unpack or unpack)(exhibit "01_open_and_close") -- luacheck: ignore
    assert.same({ "SYN", "SYN-ACK", "ACK", "FIN-ACK", "ACK", "FIN-ACK", "ACK" }, orderly:names())
    assert.same({
      "SYN_SENT LISTEN", "ESTABLISHED SYN_RCVD", "ESTABLISHED ESTABLISHED", "FIN_WAIT1 CLOSE_WAIT",
      "FIN_WAIT2 CLOSE_WAIT", "TIME_WAIT LAST_ACK", "TIME_WAIT CLOSED",
    }, states(orderly))
    assert.same(OPEN, first(at_once:names(), 3))
    local seen = table.concat(states(at_once), ", ")
    assert.matches("FIN_WAIT1 ESTABLISHED, CLOSING FIN_WAIT1", seen)
    assert.matches("TIME_WAIT TIME_WAIT$", seen)
  end)

  it("a SYN counts as one byte, and so does a FIN", function()
    local hs = exhibit("01_open_and_close")[1]
    local syn, synack, ack, fin, ack_of_fin = (table.unpack or unpack)(hs.packets) -- luacheck: ignore
    assert.equal(0, syn.relative_seq)
    assert.equal(1, synack.relative_ack)
    assert.equal((syn.seq + 1) % 2 ^ 32, synack.ack)
    assert.equal((synack.seq + 1) % 2 ^ 32, ack.ack)
    assert.equal((fin.seq + 1) % 2 ^ 32, ack_of_fin.ack)
    assert.same({ seq = fin.seq, relative_seq = 1, occupies = 1 }, ack_of_fin.acknowledges)
    assert.matches("ACK seq 1 ack 2=1%+1", tostring(hs))
    assert.matches(("ack %.0f"):format(synack.ack), hs:text { absolute = true })
    assert.is_true(syn.options.mss > 500 and syn.options.sack_permitted)
  end)

  it("a connection is made, and data acknowledged, before anyone accepts", function()
    local hs = exhibit("02_before_accept")[1]
    assert.same({ "SYN", "SYN-ACK", "ACK", "DATA", "ACK" }, hs:names())
    assert.matches("the client's end is ESTABLISHED, the other ESTABLISHED", notes(hs))
    local accepted
    for _, step in ipairs(hs.steps) do
      if step.call == "accept" then accepted = step.time end
    end
    for _, one in ipairs(hs.packets) do assert(one.time < accepted) end
  end)

  it("a backlog of 2 admits 3, and the next client's SYN is dropped and sent again", function()
    local hs = exhibit("03_queue")[1]
    for connection = 1, 3 do assert.same(OPEN, names(hs, connection)) end
    assert.same({ "SYN", "SYN", "SYN", "SYN-ACK", "ACK" }, names(hs, 4))
    assert.matches("client 4 is in SYN_SENT; the kernel has counted 2 overflows", notes(hs))
    assert.matches("client 4 is in ESTABLISHED", notes(hs))
    assert.matches("queue %[###%] 3 of 3", tostring(hs))
  end)

  it("silence, a refusal and the lack of a way are told apart", function()
    local hs = exhibit("04_no_answer")[1]
    assert.same({ "SYN", "SYN" }, names(hs, 1))
    assert.is_true(hs.packets[2].again)
    assert.same({ "SYN", "RST-ACK" }, names(hs, 2))
    assert.same({ "timeout", "ECONNREFUSED", hs.level == 1 and "ENETUNREACH" or nil }, results(hs, "connect"))
    assert.equal(4, #hs.packets)
  end)

  it("data makes good for the third segment that was lost", function()
    local hs = exhibit("05_third_segment_lost")[1]
    assert.same({ "SYN", "SYN-ACK", "ACK", "DATA", "ACK" }, hs:names())
    assert.same({ "ESTABLISHED SYN_RCVD", "ESTABLISHED ESTABLISHED" }, first(states(hs, 3), 2))
    assert.matches("ESTABLISHED, the server's SYN_RCVD.*ESTABLISHED, the server's ESTABLISHED", notes(hs))
  end)

  it("a connect that does not wait goes on by itself", function()
    local hs = exhibit("06_nonblocking")[1]
    assert.same({ "EINPROGRESS", "EINPROGRESS", "EINPROGRESS" }, results(hs, "connect"))
    assert.matches("poll: [123] of 3 are writable", notes(hs))
    assert.same({ "0", '"ECONNREFUSED"', "0" }, results(hs, "getsockopt"))
    assert.same(OPEN, names(hs, 1))
    assert.same({ "SYN", "RST-ACK" }, names(hs, 2))
    assert.same(OPEN, names(hs, 3))
  end)

  it("who closed first is in TIME_WAIT, and its port is in use", function()
    local hs = exhibit("07_own_port")[1]
    local binds = results(hs, "bind")
    assert.equal("EADDRINUSE", binds[3])
    assert.equal(binds[4], binds[5]) -- SO_REUSEADDR
    assert.matches("is in TIME_WAIT", notes(hs))
  end)

  it("RST ends at once, a FIN one direction, and a socket may find itself", function()
    local reset, half, itself = (table.unpack or unpack)(exhibit "08_other_ends") -- luacheck: ignore
    assert.same({ "SYN", "SYN-ACK", "ACK", "RST-ACK" }, reset:names())
    assert.equal("CLOSED CLOSED", states(reset)[4])
    assert.same({ "SYN", "SYN-ACK", "ACK", "FIN-ACK", "ACK", "DATA", "ACK", "FIN-ACK", "ACK" }, half:names())
    assert.same(OPEN, itself:names())
    assert.equal(itself.packets[1].from, itself.packets[1].to)
    assert.same({ "SYN_RCVD nil", "ESTABLISHED nil", "ESTABLISHED nil" }, states(itself))
  end)

  it("IPv4 and IPv6 send the same segments, a local socket sends none", function()
    local four, six, here = (table.unpack or unpack)(exhibit "09_families") -- luacheck: ignore
    assert.same(OPEN, first(four:names(), 3))
    assert.equal("DATA", four:names()[4])
    if support.ipv6 then assert.same(first(four:names(), 5), first(six:names(), 5)) end
    assert.same({}, here:names())
    assert.same({ "ok" }, results(here, "connect"))
  end)

  it("connect of a UDP socket sends nothing, and a refusal comes later", function()
    local hs = exhibit("10_udp")[1]
    assert.same({ "UDP", "UDP", "ICMP port unreachable" }, hs:names())
    assert.matches("and 0 packets were seen", notes(hs))
    assert.matches('send%("hello"%)', tostring(hs))
    assert.same({ "5", "17" }, results(hs, "send"))
    assert.same({ "ECONNREFUSED" }, results(hs, "recv"))
    assert.equal("server", hs.packets[3].side)
  end)

  it("each raw socket gets every answer", function()
    local hs = exhibit("11_icmp")[1]
    assert.same({ "ICMP echo request", "ICMP echo reply", "ICMP echo request", "ICMP echo reply" }, hs:names())
    for i, identifier in ipairs { 1001, 1001, 2002, 2002 } do
      assert.same({ identifier, 1 }, { hs.packets[i].identifier, hs.packets[i].sequence })
    end
    assert.matches("ICMP echo reply id 2002, 0 bytes", tostring(hs))
    assert.matches('"identifier":2002,"sequence":1', hs:json())
    assert.matches("answers for 1001 and 2002 came to client 1", notes(hs))
    assert.matches("answers for 1001 and 2002 came to client 2", notes(hs))
  end)

  it("each packet comes after the call that caused it, from the first one on", function()
    for _ = 1, 5 do -- the kernel stamps packets a moment after it is asked to
      local hs = net.handshake { private = true, function(wire)
        local listener = assert(wire:socket("server"))
        assert(listener:bind("127.0.0.1", 0))
        assert(listener:listen(1))
        assert(assert(wire:socket("client")):connect(listener:getsockname()))
      end }
      local connect
      for i, step in ipairs(hs.steps) do
        if step.call == "connect" then connect = i end
      end
      assert.is_true(hs.steps[connect].waited, tostring(hs))
      assert.equal("SYN", hs.steps[connect + 1].name)
    end
  end)

  it("each packet is there once, also where all interfaces are captured", function()
    if best < 2 then return assert.is_true(best < 2) end
    local hs = net.handshake { interface = "any" }
    assert.same({ "SYN", "SYN-ACK", "ACK", "DATA", "ACK", "FIN-ACK", "ACK", "FIN-ACK", "ACK" }, hs:names())
    for _, one in ipairs(hs.packets) do assert.is_nil(one.again) end
  end)

  it("is said of which port nothing is captured, when there are too many", function()
    local hs = net.handshake { function(wire)
      for i = 1, 41 do assert(assert(wire:socket("server " .. i)):bind("127.0.0.1", 0)) end
    end }
    local first_port, last_port = notes(hs):match("^not captured, port (%d+): the filter has room for 40 ports()")
    assert(tonumber(first_port), notes(hs))
    assert.equal(#notes(hs) + 1, last_port) -- of one alone
  end)

  it("what the states are the kernel says, too", function()
    local hs = net.handshake { function(wire)
      local listener = assert(wire:socket("server"))
      assert(listener:bind("127.0.0.1", 0))
      assert(listener:listen(1))
      local client = assert(wire:socket("client"))
      assert(client:connect(listener:getsockname()))
      local server = assert(listener:accept())
      local mine = client:getsockname()
      assert.equal("ESTABLISHED", wire:state(mine))
      client:shutdown("SHUT_WR")
      wire:wait(function() return wire:count("ACK") == 2 end)
      wire:note("%s %s", wire:state(mine), wire:state(listener:getsockname(), mine))
      server:close()
      wire:note("%s", wire:state(mine))
    end }
    assert.same("FIN_WAIT2 CLOSE_WAIT\nTIME_WAIT", notes(hs))
    assert.same({ "FIN_WAIT2 CLOSE_WAIT", "TIME_WAIT LAST_ACK", "TIME_WAIT CLOSED" }, states(hs, 5))
  end)
end)
