-- interface_spec.lua - the machine's interfaces: the list, names and numbers.

local net = require "dialtone"
local support = require "spec.support.transport"
local fault, assert_fails, assert_raises = support.fault, support.assert_fails, support.assert_raises
local it = support.closing(it, function(cleanup) finally(cleanup) end)

local function is_address(value)
  return type(value) == "userdata" and getmetatable(value) == getmetatable(net.address("127.0.0.1:0"))
end

-- The loopback, whatever it is called.
local function loopback()
  for _, interface in ipairs(assert(net.interfaces())) do
    if interface.flags.IFF_LOOPBACK then return interface end
  end
  error("no loopback")
end

describe("net.interfaces", function()
  it("lists each interface once, with its name and index", function()
    local seen = {}
    for _, interface in ipairs(assert(net.interfaces())) do
      assert.equal("string", type(interface.name))
      assert.is_nil(seen[interface.name])
      seen[interface.name] = true
      assert.equal(net.if_nametoindex(interface.name), interface.index)
      assert.equal(interface.name, net.if_indextoname(interface.index))
    end
    assert.is_not_nil(next(seen))
  end)

  it("gives flags as a set of names", function()
    for _, interface in ipairs(net.interfaces()) do
      for name, value in pairs(interface.flags) do
        assert.matches("^IFF_%u", name)
        assert.is_true(value)
      end
    end
    assert.is_true(loopback().flags.IFF_UP)
    assert.is_nil(loopback().flags.IFF_BROADCAST)
  end)

  it("gives hardware addresses as hex", function()
    for _, interface in ipairs(net.interfaces()) do
      if interface.hwaddr then
        assert.matches("^%x%x:[%x:]*%x%x$", interface.hwaddr)
        assert.equal(interface.hwaddr:lower(), interface.hwaddr)
      end
    end
  end)

  it("gives addresses as values with port 0", function()
    local fields = { address = true, netmask = true, broadcast = true, destination = true }
    for _, interface in ipairs(net.interfaces()) do
      for _, entry in ipairs(interface.addresses) do
        for name, value in pairs(entry) do
          assert.is_true(fields[name], name)
          assert.is_true(is_address(value))
          assert.equal(0, value.port)
          assert.equal(entry.address.family, value.family)
        end
        assert.is_not_nil(entry.address)
      end
    end
  end)

  it("knows the loopback's address and netmask", function()
    local found
    for _, entry in ipairs(loopback().addresses) do
      if entry.address == net.address("127.0.0.1:0") then found = entry end
    end
    assert.is_not_nil(found)
    assert.equal("255.0.0.0", found.netmask.host)
    assert.is_nil(found.broadcast)
  end)

  it("gives link-local addresses their scope", function()
    for _, interface in ipairs(net.interfaces()) do
      for _, entry in ipairs(interface.addresses) do
        if entry.address.host:match("^fe80:") then
          assert.equal(interface.index, entry.address.scope)
          assert.equal(entry.address, net.address(tostring(entry.address)))
        end
      end
    end
  end)

  it("fails as the system fails", function()
    fault.fail("getifaddrs", "EMFILE")
    assert_fails("EMFILE", "^interfaces: ", net.interfaces())
    assert(net.interfaces())
  end)
end)

describe("net.if_nametoindex and net.if_indextoname", function()
  it("are each other's inverse", function()
    local name = loopback().name
    local index = assert(net.if_nametoindex(name))
    assert.equal("number", type(index))
    assert.equal(name, net.if_indextoname(index))
  end)

  it("fail for names that do not exist, and cut none", function()
    local name = loopback().name
    for _, other in ipairs {
      "nosuchif0", "", name .. "\0", name .. "\0x", "\0", name .. (" "):rep(16), ("x"):rep(16), ("x"):rep(1048576),
    } do
      assert_fails("ENODEV", "^if_nametoindex ", net.if_nametoindex(other))
    end
  end)

  it("fail for numbers that do not exist, and wrap none", function()
    local index = loopback().index
    for _, other in ipairs { 0, -1, 2 ^ 31 - 1, 2 ^ 32 + index, 2 ^ 31, -2 ^ 32 + index, 2 ^ 53 } do
      assert_fails("ENXIO", "^if_indextoname ", net.if_indextoname(other))
    end
  end)

  it("raise for wrong types", function()
    for _, value in ipairs { 1, true, {} } do
      assert_raises("string expected", net.if_nametoindex, value)
    end
    assert_raises("string expected", net.if_nametoindex, nil)
    for _, value in ipairs { "1", 1.5, true, {}, 1 / 0, 0 / 0 } do
      assert_raises("whole number expected", net.if_indextoname, value)
    end
    assert_raises("whole number expected", net.if_indextoname)
  end)
end)
