-- tcpinfo_spec.lua - what the kernel tells of a connection and of its peer.

local net = require "dialtone"
local support = require "spec.support.transport"
local keep, assert_fails, assert_raises = support.keep, support.assert_fails, support.assert_raises
local eventually = support.eventually
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local linux = net.constants().SO_PEERCRED ~= nil

describe("tcpinfo()", function()
  if not linux then return end

  for _, transport in ipairs(support.streams) do
    if transport.inet then
      describe("of " .. transport.name, function()
        it("describes an established connection", function()
          local a, b = transport.pair()
          for _, s in ipairs { a, b } do
            local info = assert(s:tcpinfo())
            assert.equal("ESTABLISHED", info.state)
            assert.equal("Open", info.ca_state)
            assert.is_true(info.rtt >= 0 and info.rtt < 10e6) -- microseconds
            assert.is_true(info.rto >= 1000 and info.rto < 10e6)
            assert.is_true(info.snd_mss > 0 and info.pmtu > 0 and info.snd_cwnd > 0)
            assert.is_nil(info.queue_length)
            assert.is_nil(info.queue_limit)
          end
        end)

        it("counts what was sent and received", function()
          local a, b = transport.pair()
          assert.equal(5, a:send("hello"))
          assert.equal("hello", b:recv(10))
          local info = eventually(function()
            local found = a:tcpinfo()
            return found.unacked == 0 and found
          end)
          if info.bytes_sent then assert.equal(5, info.bytes_sent) end -- Linux 4.19
          if info.bytes_acked then assert.is_true(info.bytes_acked >= 5) end
          info = b:tcpinfo()
          if info.bytes_received then assert.equal(5, info.bytes_received) end
          assert.equal(0, info.total_retrans)
        end)

        it("names the state through a connection's life", function()
          local s = transport.socket()
          assert.equal("CLOSE", s:tcpinfo().state)
          local a, b = transport.pair()
          assert(a:shutdown("SHUT_WR"))
          eventually(function() return b:tcpinfo().state == "CLOSE_WAIT" end)
          eventually(function() return a:tcpinfo().state == "FIN_WAIT2" end)
        end)

        it("gives a listener's queue", function()
          local listener = transport.listener(7)
          local info = listener:tcpinfo()
          assert.equal("LISTEN", info.state)
          assert.equal(0, info.queue_length)
          assert.equal(7, info.queue_limit)
          local client = transport.socket()
          assert(client:connect(listener:getsockname()))
          assert.equal(1, eventually(function()
            local length = listener:tcpinfo().queue_length
            return length > 0 and length
          end))
          keep(listener:accept())
          assert.equal(0, listener:tcpinfo().queue_length)
        end)
      end)
    end
  end

  it("gives names, numbers and sets, and nothing else", function()
    local info = support.tcp4.pair():tcpinfo()
    local options = { TIMESTAMPS = true, SACK = true, WSCALE = true, ECN = true, ECN_SEEN = true,
      SYN_DATA = true, USEC_TS = true, TFO_CHILD = true }
    for name, value in pairs(info) do
      assert.matches("^[%l%d_]+$", name)
      if name == "options" then
        for option, on in pairs(value) do assert.is_true(options[option] and on) end
      elseif name == "state" or name == "ca_state" then
        assert.equal("string", type(value))
      elseif name == "delivery_rate_app_limited" then
        assert.equal("boolean", type(value))
      else
        assert.equal("number", type(value), name)
        assert.is_true(value >= 0, name)
      end
    end
  end)

  it("says that no bound is no bound", function()
    local a = support.tcp4.pair()
    assert.equal(math.huge, a:tcpinfo().max_pacing_rate)
    assert(a:setsockopt("SO_MAX_PACING_RATE", 1000000))
    assert.equal(1000000, a:tcpinfo().max_pacing_rate)
  end)

  it("has no smallest round trip before the first one", function()
    assert.is_nil(support.tcp4.socket():tcpinfo().min_rtt)
    local a, b = support.tcp4.pair()
    a:send("x")
    b:recv(1)
    assert.is_true(eventually(function() return a:tcpinfo().min_rtt end) < 10e6)
  end)

  it("fails for what is no TCP socket", function()
    for _, transport in ipairs { support.udp4, support.unix } do
      local _, message, code = transport.socket():tcpinfo()
      assert_fails(code, "^tcpinfo", nil, message, code)
      assert.is_true(code == "ENOPROTOOPT" or code == "EOPNOTSUPP", code)
    end
  end)

  it("fails for a closed socket", function()
    local s = support.tcp4.socket()
    s:close()
    assert_fails("closed", "^tcpinfo: ", s:tcpinfo())
  end)
end)

describe("queued()", function()
  for _, transport in ipairs(support.streams) do
    it("counts what waits to be received: " .. transport.name, function()
      local a, b = transport.pair()
      assert.equal(0, (a:queued()))
      assert.equal(0, (b:queued()))
      a:send("hello")
      eventually(function() return b:queued() == 5 end)
      assert.equal("he", b:recv(2))
      assert.equal(3, (b:queued()))
    end)
  end

  for _, transport in ipairs(support.inet) do
    if transport.stream and linux then
      it("counts what the peer has not acknowledged: " .. transport.name, function()
        local a, b = transport.pair()
        local sent = support.fill(a)
        local received = eventually(function()
          local there, unsent = b:queued(), select(2, a:queued())
          return there + unsent == sent and there
        end)
        assert.is_true(received > 0)
        assert.is_true(select(2, a:queued()) > 0)
      end)
    end
  end

  for _, transport in ipairs(support.datagrams) do
    if linux then
      it("gives the next datagram's size: " .. transport.name, function()
        local a, b = transport.pair()
        a:send("12345")
        a:send("123")
        assert.equal(5, eventually(function()
          local size = b:queued()
          return size > 0 and size
        end))
        b:recv(10)
        assert.equal(3, (b:queued()))
      end)
    end
  end

  it("fails for a listener as the kernel does", function()
    if not linux then return end
    assert_fails("EINVAL", "^queued 127.0.0.1:%d+: ", support.tcp4.listener():queued())
  end)

  it("fails for a closed socket", function()
    local s = support.tcp4.socket()
    s:close()
    assert_fails("closed", "^queued: ", s:queued())
  end)
end)

describe("peercred()", function()
  local function own_ids()
    local pipe = assert(io.popen("id -u; id -g"))
    local uid, gid = pipe:read("*l"), pipe:read("*l")
    pipe:close()
    return tonumber(uid), tonumber(gid)
  end

  it("names the process at the other end", function()
    local a, b = keep(net.socketpair())
    local uid, gid = own_ids()
    local peer = assert(a:peercred())
    assert.equal(uid, peer.uid)
    assert.equal(gid, peer.gid)
    assert.same(peer, b:peercred())
    if linux then assert.is_true(peer.pid > 0) end
  end)

  it("names another process", function()
    if not linux then return end
    local path = support.path()
    local listener = keep(net.socket("AF_UNIX", "SOCK_STREAM"))
    assert(listener:bind(path))
    assert(listener:listen())
    local child = support.child(([[
      local s = net.socket("AF_UNIX", "SOCK_STREAM")
      assert(s:connect(%q))
      say(s:peercred().pid)
      s:recv(1)
    ]]):format("unix:" .. path))
    local conn = keep(listener:accept())
    local peer = conn:peercred()
    assert.equal(tonumber(child.pid), peer.pid)
    assert.not_equal(peer.pid, tonumber(child:line()))
    conn:close()
    child:rest()
  end)

  it("fails where there is no such peer", function()
    assert_fails("ENOTCONN", "^peercred", keep(net.socket("AF_UNIX", "SOCK_STREAM")):peercred())
    local a = support.tcp4.pair()
    local _, message, code = a:peercred()
    assert_fails(code, "^peercred 127", nil, message, code)
  end)

  it("fails for a closed socket", function()
    local s = keep(net.socketpair())
    s:close()
    assert_fails("closed", "^peercred: ", s:peercred())
  end)
end)

describe("the three", function()
  it("raise for a wrong self", function()
    local s = support.tcp4.socket()
    for _, name in ipairs { "tcpinfo", "queued", "peercred" } do
      for _, wrong in ipairs { 1, "x", {}, print, net.address("127.0.0.1:1") } do
        assert_raises("dialtone.socket expected", s[name], wrong)
      end
      assert_raises("dialtone.socket expected", s[name])
    end
  end)
end)
