-- filter.lua - programs for the kernel's packet filter: SO_ATTACH_FILTER of socket(7).
--
-- The machine is that of McCanne and Jacobson (Linux: Documentation/networking/
-- filter.rst). An instruction is { code, jump if true, jump if false, k }; jumps count
-- from the next instruction, and a program says how many bytes go through: 0, none.

local filter = {}

local LOAD8, LOAD16, LOAD16_X, LOAD_X_HEADER, LOAD_LENGTH = 0x30, 0x28, 0x48, 0xb1, 0x80
local AND, SHIFT_RIGHT, TO_X = 0x54, 0x74, 0x07
local JUMP, JUMP_EQUAL, JUMP_EQUAL_X, JUMP_SET, RETURN = 0x05, 0x15, 0x1d, 0x45, 0x06

local ALL = 0x40000

-- Goes on `on_true` or `on_false` instructions further down, or to "accept" or
-- "drop", which `resolve` knows when the program is whole.
local function jump(program, k, on_true, on_false)
  program[#program + 1] = { JUMP_EQUAL, on_true, on_false, k }
end

-- --- what a capture lets through ------------------------------------------------------------

local function ports_of(program, load, offset, ports)
  program[#program + 1] = { load, 0, 0, offset }
  for _, port in ipairs(ports) do jump(program, port, "accept", 0) end
end

-- ICMP goes through (its errors tell of our packets), and TCP and UDP from or to
-- one of the ports.
local function family_part(program, ports, load, source, destination, before)
  jump(program, 1, "accept", 0)
  jump(program, 58, "accept", 0)
  jump(program, 6, 1, 0)
  jump(program, 17, 0, "drop")
  if before then program[#program + 1] = before end
  ports_of(program, load, source, ports)
  ports_of(program, load, destination, ports)
  program[#program + 1] = { RETURN, 0, 0, 0 }
end

local function resolve(program)
  local last = #program -- accepts; the one before drops
  for at, instruction in ipairs(program) do
    for field = 2, 3 do
      if instruction[field] == "accept" then instruction[field] = last - at - 1 end
      if instruction[field] == "drop" then instruction[field] = last - at - 2 end
    end
  end
  return program
end

-- For IP packets: those from or to one of the ports, `most` bytes of each. A jump is a
-- byte, so there is room for about fifty ports.
function filter.ports(ports, most)
  local six = {}
  family_part(six, ports, LOAD16, 40, 42)
  local program = {
    { LOAD8, 0, 0, 0 }, -- the version, in the upper four bits
    { AND, 0, 0, 0xf0 },
    { JUMP_EQUAL, 0, 1, 0x60 },
    { JUMP, 0, 0, 0 },  -- 6: further than a conditional jump may go
    { LOAD8, 0, 0, 9 }, -- IPv4: its protocol
  }
  family_part(program, ports, LOAD16_X, 0, 2, { LOAD_X_HEADER, 0, 0, 0 })
  program[4][4] = #program - 4
  program[#program + 1] = { LOAD8, 0, 0, 6 }
  for _, instruction in ipairs(six) do program[#program + 1] = instruction end
  program[#program + 1] = { RETURN, 0, 0, 0 }
  program[#program + 1] = { RETURN, 0, 0, most }
  return resolve(program)
end

-- --- what a TCP socket does not hear ---------------------------------------------------------

-- Its filter sees a segment from the TCP header on; the flags are byte 13.
local FLAGS, FIN, SYN, RST, ACK = 13, 1, 2, 4, 16

local losing = {}

function losing.all()
  return { { RETURN, 0, 0, 0 } }
end

function losing.SYN()
  return {
    { LOAD8, 0, 0, FLAGS },
    { AND, 0, 0, SYN + ACK },
    { JUMP_EQUAL, 0, 1, SYN },
    { RETURN, 0, 0, 0 },
    { RETURN, 0, 0, ALL },
  }
end

function losing.FIN()
  return {
    { LOAD8, 0, 0, FLAGS },
    { JUMP_SET, 0, 1, FIN },
    { RETURN, 0, 0, 0 },
    { RETURN, 0, 0, ALL },
  }
end

-- Those that carry nothing: the segment is as long as its header.
function losing.ACK()
  return {
    { LOAD8, 0, 0, FLAGS },
    { JUMP_SET, 7, 0, FIN + SYN + RST },
    { LOAD8, 0, 0, 12 }, -- the header's length in words, in the upper four bits
    { AND, 0, 0, 0xf0 },
    { SHIFT_RIGHT, 0, 0, 2 },
    { TO_X, 0, 0, 0 },
    { LOAD_LENGTH, 0, 0, 0 },
    { JUMP_EQUAL_X, 0, 1, 0 },
    { RETURN, 0, 0, 0 },
    { RETURN, 0, 0, ALL },
  }
end

-- A program that drops these segments, "SYN", "ACK" (those without data), "FIN" or
-- "all"; nil: there is none of that name.
function filter.losing(name)
  return losing[name] and losing[name]()
end

return filter
