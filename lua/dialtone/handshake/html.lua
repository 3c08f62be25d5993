-- html.lua - a recording as one page that replays it: the picture (svg.lua), the
-- details of each step (details.lua), and a script that shows them one after another.
--
-- Without JavaScript it is the whole picture with all details below. Nothing is
-- fetched, which the page's own policy says, too.

local details = require "dialtone.handshake.details"
local player = require "dialtone.handshake.player"
local scene = require "dialtone.handshake.scene"
local sheet = require "dialtone.handshake.sheet"
local style = require "dialtone.handshake.style"
local svg = require "dialtone.handshake.svg"
local xml = require "dialtone.handshake.xml"
local element, escape = xml.element, xml.text

local html = {}

-- The picture in two widths, of which the style sheet shows one, and the details.
-- `name` is one that no other recording in the page has.
function html.fragment(recording, name, title)
  local picture, sections = scene.of(recording), {}
  for i, frame in ipairs(picture.frames) do sections[i] = details.section(picture, frame) end
  return element("div", { "class", "player", "data-steps", #picture.frames },
    '<div class="stage"><div class="broad">'
    .. svg.draw(recording, { width = 720, page = name .. "-broad", title = title })
    .. '</div><div class="narrow">' .. svg.draw(recording, { width = 420, page = name .. "-narrow", title = title })
    .. '</div></div>\n<aside class="details" aria-label="the step">' .. table.concat(sections) .. "</aside>") .. "\n"
end

html.TOOLBAR = [[
<div class="toolbar" role="toolbar" aria-label="replay" hidden>
<span class="buttons">
<button type="button" data-go="first" aria-label="first step" title="first (Home)">|&#9664;</button>
<button type="button" data-go="back" aria-label="one step back" title="back (left arrow)">&#9664;</button>
<button type="button" data-go="play" aria-label="play" title="play (space)">play</button>
<button type="button" data-go="forward" aria-label="one step forward" title="forward (right arrow)">&#9654;</button>
<button type="button" data-go="last" aria-label="last step" title="last (End)">&#9654;|</button>
</span>
<input type="range" id="position" min="1" max="1" value="1" aria-label="step">
<output id="count"></output>
<label>speed <select id="speed">
<option value="1000">a step a second</option>
<option value="400">faster</option>
<option value="2500">slower</option>
<option value="x1000">times, 1000 x slower</option>
<option value="x10000">times, 10000 x slower</option>
</select></label>
<label><input type="checkbox" id="absolute"> absolute numbers</label>
</div>
<p id="said" class="said" aria-live="polite"></p>
]]

-- The whole of a page. `parts`: title, about, body, scripts (a list), head (markup),
-- nonce (of its scripts and styles, for a server's policy).
function html.document(parts)
  local nonce = { "nonce", parts.nonce or false }
  local scripts = {}
  for i, script in ipairs(parts.scripts) do scripts[i] = element("script", nonce, "\n" .. script) end
  return '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' .. (parts.head or "")
    .. '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    .. '<meta name="color-scheme" content="light dark">\n'
    .. element("title", {}, escape(parts.title)) .. "\n"
    .. element("style", nonce, "\n" .. sheet .. style.css()) .. "\n</head>\n<body>\n"
    .. element("header", {}, element("h1", {}, escape(parts.title)) .. element("p", {}, escape(parts.about))) .. "\n"
    .. parts.body .. table.concat(scripts) .. "\n</body>\n</html>\n"
end

local POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
  .. "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"

-- A recording as a page. Options: `title`, `absolute` (numbers as they are in the
-- packets, to begin with).
function html.page(recording, options)
  options = options or {}
  local title = options.title or scene.title(recording) .. ", step by step"
  local attach = ("handshake.absolute(%s)\nhandshake.attach(document.querySelector('.player'))\n")
    :format(options.absolute and "true" or "false")
  return html.document { title = title, about = recording.about, head = POLICY, scripts = { player, attach },
    body = html.TOOLBAR .. "<main>" .. html.fragment(recording, "recording", title) .. "</main>\n" }
end

return html
