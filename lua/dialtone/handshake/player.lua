-- player.lua - the script of a page: shows the steps of a picture one after another,
-- and the details of the one that it is at. Everything is in the page already; this
-- sets what is seen.

return [[
"use strict"
const handshake = (() => {
  const find = selector => document.querySelector(selector)
  const still = matchMedia("(prefers-reduced-motion: reduce)")
  const LONGEST = 4000 // ms that a gap lasts, however long it was
  let root = null, step = 0, last = 0, timer = null

  function visible(element) {
    const box = element.getBoundingClientRect()
    return box.height > 0 && box.top >= 60 && box.bottom <= innerHeight * 0.95
  }

  function follow() {
    for (const group of root.querySelectorAll(".current")) {
      if (group.getBoundingClientRect().height > 0 && !visible(group)) {
        group.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" })
      }
    }
  }

  function show(number, moves) {
    step = Math.max(Math.min(number, last), Math.min(1, last))
    for (const group of root.querySelectorAll("g.step")) {
      const own = Number(group.dataset.step)
      group.classList.toggle("later", own > step)
      group.classList.toggle("current", own === step)
    }
    let words = ""
    for (const section of root.querySelectorAll("section.detail")) {
      section.hidden = Number(section.dataset.step) !== step
      if (!section.hidden) words = section.querySelector("h2").innerText
    }
    find("#position").max = last
    find("#position").value = step
    find("#count").textContent = step + " of " + last
    if (moves) {
      find("#said").textContent = words
      follow()
    }
  }

  function gap(number) {
    const speed = find("#speed").value
    if (speed[0] !== "x") return Number(speed)
    const section = root.querySelector('section.detail[data-step="' + number + '"]')
    return Math.min(LONGEST, Math.max(30, Number(section.dataset.since) * Number(speed.slice(1)) * 1000))
  }

  function stop() {
    clearTimeout(timer)
    timer = null
    document.body.classList.remove("playing")
    const button = find("[data-go=play]")
    button.textContent = "play"
    button.setAttribute("aria-label", "play")
  }

  function next() {
    if (step >= last) return stop()
    timer = setTimeout(() => {
      show(step + 1, true)
      next()
    }, gap(step + 1))
  }

  function play() {
    if (timer) return stop()
    if (step >= last) show(1, true)
    document.body.classList.add("playing")
    const button = find("[data-go=play]")
    button.textContent = "pause"
    button.setAttribute("aria-label", "pause")
    next()
  }

  function go(where) {
    if (!root) return
    if (where === "play") return play()
    stop()
    show({ first: 1, back: step - 1, forward: step + 1, last: last }[where], true)
  }

  function absolute(is) {
    document.body.classList.toggle("numbers-absolute", is)
    find("#absolute").checked = is
  }

  const KEYS = { ArrowLeft: "back", ArrowRight: "forward", Home: "first", End: "last", " ": "play" }

  function press(event) {
    const where = KEYS[event.key]
    if (!where || event.ctrlKey || event.altKey || event.metaKey) return
    if (event.target.closest("input[type=range], select")) return // they have these keys, too
    if (event.key === " " && event.target.closest("button, input")) return
    event.preventDefault()
    go(where)
  }

  // A player; where the one before stands at its last step, so will this.
  function attach(element, number) {
    const followed = !root || step >= last
    root = element
    last = Number(element.dataset.steps)
    if (!followed && number === undefined) number = step
    show(number === undefined ? last : number, false)
  }

  document.body.classList.add("scripted")
  find(".toolbar").hidden = false
  for (const button of document.querySelectorAll("[data-go]")) {
    button.addEventListener("click", () => go(button.dataset.go))
  }
  find("#position").addEventListener("input", event => {
    stop()
    show(Number(event.target.value), true)
  })
  find("#absolute").addEventListener("change", event => absolute(event.target.checked))
  document.addEventListener("keydown", press)
  return { attach, absolute, stop, go, at: () => step }
})()
]]
