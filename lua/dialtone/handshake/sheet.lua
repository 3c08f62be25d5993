-- sheet.lua - the style sheet of the pages; the picture's own is style.lua.

return [[
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2430;--faint:#5b6473;--edge:#dfe3e9;--panel:#f7f8fa;--mark:#1f5fd6}
@media (prefers-color-scheme:dark){
:root{--paper:#15181d;--ink:#e4e7ec;--faint:#98a2b3;--edge:#343b46;--panel:#1c2027;--mark:#7eb0ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:86rem;padding:0 1.25rem 2rem;background:var(--paper);color:var(--ink);
font:15px/1.45 sans-serif}
h1{font-size:1.35rem;margin:1.1rem 0 .1rem}
header p{margin:0 0 .6rem;color:var(--faint);overflow-wrap:anywhere}
button,select{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--edge);border-radius:.4rem;
padding:.3rem .65rem;cursor:pointer}
button:hover{border-color:var(--mark)}
:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
.toolbar{display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;position:sticky;top:0;z-index:2;
background:var(--paper);padding:.5rem 0;border-bottom:1px solid var(--edge)}
.toolbar[hidden]{display:none}
.buttons{display:flex;gap:.3rem}
.buttons button[data-go=play]{min-width:4.2rem}
.toolbar input[type=range]{flex:1 1 8rem;min-width:7rem;max-width:24rem;accent-color:var(--mark)}
.toolbar output{min-width:4.5rem;font-variant-numeric:tabular-nums}
.toolbar label{white-space:nowrap}
.said{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);margin:0}
.player{display:grid;grid-template-columns:minmax(0,46rem) minmax(17rem,24rem);gap:2rem;justify-content:center;
align-items:start;margin-top:.75rem}
.stage svg{display:block;width:100%;height:auto}
.narrow{display:none}
.details{position:sticky;top:4rem;padding:.25rem 1.1rem 1rem;background:var(--panel);border:1px solid var(--edge);
border-radius:.7rem}
.scripted .later{visibility:hidden}
.scripted .detail[hidden]{display:none}
.detail{padding-bottom:.9rem}
.scripted .detail{padding-bottom:0}
.detail+.detail{border-top:1px solid var(--edge)}
.scripted .detail+.detail{border:0}
.detail h2{font:700 14px/1.4 ui-monospace,monospace;margin:.9rem 0 .6rem;overflow-wrap:anywhere}
.count{color:var(--faint);font-weight:400}
.states{display:grid;grid-template-columns:1fr 1fr;gap:.5rem}
.side{display:block;color:var(--faint);font-size:.8rem}
.badge{display:inline-block;font:700 12px/1 ui-monospace,monospace;padding:.35rem .55rem;border-radius:1rem;color:#fff}
.badge.state-CLOSED,.badge.state-SYN_SENT{color:#1f2430}
.badge.state-none{color:var(--faint);border:1px solid var(--edge)}
@media (prefers-color-scheme:dark){.badge{color:#0d0f12}.badge.state-CLOSED{color:#e4e7ec}}
.gauge{font:13px/1.4 ui-monospace,monospace;margin:.7rem 0 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem .9rem;margin:.8rem 0 0;font-size:14px}
dt{color:var(--faint);max-width:11rem}
dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:13px}
.absolute{display:none}
.numbers-absolute .absolute{display:inline}
.numbers-absolute .relative{display:none}
nav.connections{display:flex;flex-wrap:wrap;gap:.35rem;margin:.6rem 0}
nav.connections button{font:13px/1.3 ui-monospace,monospace}
nav.connections button[aria-pressed=true]{border-color:var(--mark);box-shadow:inset 0 0 0 1px var(--mark)}
.open::before{content:"";display:inline-block;width:.55rem;height:.55rem;border-radius:50%;background:#22a55b;
margin-right:.4rem}
.live{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center}
.live button{background:var(--mark);border-color:var(--mark);color:var(--paper);font-weight:600}
.live code{font:14px ui-monospace,monospace}
.status{color:var(--faint)}
.empty{color:var(--faint);padding:2rem 0}
@media (prefers-reduced-motion:no-preference){
.playing .current .line{stroke-dasharray:100;animation:draw .35s ease-out}
.playing .current .head{animation:appear .35s steps(1)}
@keyframes draw{from{stroke-dashoffset:100}to{stroke-dashoffset:0}}
@keyframes appear{from{visibility:hidden}}}
@media (max-width:70rem){.player{grid-template-columns:minmax(0,46rem)}
.scripted .details{bottom:0;top:auto;max-height:42vh;overflow:auto;box-shadow:0 -4px 16px #0002}}
@media (max-width:46rem){body{padding:0 .75rem 1.5rem}.broad{display:none}.narrow{display:block}
.narrow svg{max-width:30rem;margin:0 auto}.toolbar{gap:.35rem .7rem}
.player{grid-template-columns:minmax(0,1fr)}}
@media print{.toolbar,.live,nav.connections{display:none}.scripted .later{visibility:visible}.player{display:block}}
]]
