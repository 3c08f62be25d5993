-- report.lua - the coverage of csrc, by file, and what is not covered: is each of it
-- in the list of spec/cover/uncovered.md, with a reason?
--
--   report.lua LINES BRANCHES     (least percentages)
--   ALL=1  (environment) shows all that is not covered, in the form of the list
--
-- Its status is 0 when the figures are reached and each line that was not run is in
-- the list.

local gcov = require "spec.cover.gcov"

local LIST = "spec/cover/uncovered.md"

-- --- the list ------------------------------------------------------------------

-- Items of the list: "- `file.c` function: `text of the line`"; text * is all of the
-- function.  Named by text, since lines move.
local function key(file, fn, text) return ("%s %s: %s"):format(file, fn, text) end

local function read_list()
  local listed, reason = {}, nil
  for line in io.lines(LIST) do
    local file, fn, text = line:match("^%- `(%S+)` (%S+): `(.*)`$")
    if file then
      assert(reason, LIST .. ": no heading before " .. line)
      listed[key(file, fn, text)] = { reason = reason, used = false }
    else
      reason = line:match("^## (.+)") or reason
      assert(line:sub(1, 2) ~= "- ", LIST .. ": not understood: " .. line)
    end
  end
  return listed
end

local function find(listed, file, record)
  local fn = record.fn or "-"
  local entry = listed[key(file, fn, record.text)] or listed[key(file, fn, "*")]
  if entry then entry.used = true end
  return entry
end

-- --- the figures -----------------------------------------------------------------

local function percent(part, whole) return whole == 0 and 100 or 100 * part / whole end

local function add(sums, more)
  for name, value in pairs(more) do sums[name] = (sums[name] or 0) + value end
end

-- The figures of one line, and which of its branches were never taken.
local function measure(record)
  local sums = { lines = 1, run = record.count > 0 and 1 or 0, branches = 0, taken = 0 }
  local never = {}
  for size, ways in pairs(record.ways) do
    for i, taken in ipairs(ways) do
      sums.branches = sums.branches + 1
      if taken > 0 then
        sums.taken = sums.taken + 1
      else
        never[#never + 1] = ("%d/%d"):format(i, size)
      end
    end
  end
  return sums, never
end

local function sorted(map)
  local keys = {}
  for name in pairs(map) do keys[#keys + 1] = name end
  table.sort(keys)
  return keys
end

local function row(name, sums)
  print(("%-24s %5d/%5d %6.2f %%   %5d/%5d %6.2f %%"):format(name, sums.run, sums.lines,
    percent(sums.run, sums.lines), sums.taken, sums.branches,
    percent(sums.taken, sums.branches)))
end

-- The reason why a branch was not taken is that of the line to which it leads: the
-- next, when that was not run.
local function excuse(entry, file, name, number, listed)
  for next_number = number + 1, number + 3 do
    local record = file[next_number]
    if entry then break end
    if record and record.count == 0 then entry = find(listed, name, record) end
  end
  return entry
end

local function all_files(files, listed)
  local total, missing = {}, {}
  print(("%-24s %20s   %20s"):format("", "lines run", "branches taken"))
  for _, path in ipairs(sorted(files)) do
    local name, sums = path:match("[^/]*$"), {}
    for _, number in ipairs(sorted(files[path])) do
      local record = files[path][number]
      local figures, never = measure(record)
      add(sums, figures)
      if figures.run == 0 or #never > 0 then
        local entry = find(listed, name, record)
        if figures.run > 0 then entry = excuse(entry, files[path], name, number, listed) end
        missing[#missing + 1] = { file = name, number = number, record = record, never = never,
          entry = entry, line = figures.run == 0 }
      end
    end
    if sums.lines then
      row(name, sums)
      add(total, sums)
    end
  end
  row("all", total)
  return total, missing
end

-- --- what is not covered -----------------------------------------------------------

local function show(one)
  local what = one.line and "line" or "branch " .. table.concat(one.never, " ")
  print(("- `%s` %s: `%s`   <!-- %d, %s -->"):format(one.file, one.record.fn or "-",
    one.record.text, one.number, what))
end

local function unlisted(missing)
  local lines, branches, reasons = 0, 0, {}
  for _, one in ipairs(missing) do
    if os.getenv("ALL") == "1" or (one.line and not one.entry) then show(one) end
    if one.entry then
      reasons[one.entry.reason] = (reasons[one.entry.reason] or 0) + #one.never
    else
      lines = lines + (one.line and 1 or 0)
      branches = branches + #one.never
    end
  end
  for _, reason in ipairs(sorted(reasons)) do
    print(("%5d branches: %s"):format(reasons[reason], reason))
  end
  return lines, branches
end

local function main(least_lines, least_branches)
  local objects, listed = {}, read_list()
  for object in io.lines() do objects[#objects + 1] = object end
  local total, missing = all_files(gcov.collect(objects, "csrc/"), listed)
  local lines, branches = unlisted(missing)
  for _, name in ipairs(sorted(listed)) do
    if not listed[name].used then print("covered, though it is in the list: " .. name) end
  end
  print(("%d lines and %d branches are not covered and not in the list"):format(lines, branches))
  local good = lines == 0 and percent(total.run, total.lines) >= least_lines
      and percent(total.taken, total.branches) >= least_branches
  print(("%s: %.2f %% of the lines (at least %d), %.2f %% of the branches (at least %d)"):format(
    good and "covered" or "NOT COVERED", percent(total.run, total.lines), least_lines,
    percent(total.taken, total.branches), least_branches))
  return good
end

os.exit(main(tonumber(arg[1]), tonumber(arg[2])))
