-- What luacheck may take for granted.
std = "max" -- the code is for five Luas and asks for what is there
exclude_files = { "doc/luacats" } -- generated: functions without bodies
max_line_length = 120

files["spec"] = { std = "+busted" }
files["spec/support/leaky"] = { std = "+busted" }
files[".luacheckrc"] = { std = "+luacheckrc" }
