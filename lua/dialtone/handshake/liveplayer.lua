-- liveplayer.lua - the script of the live page: hears of connections, lists them, and
-- gives the one that is looked at to player.lua. When there is more of that one, its
-- picture becomes the new one, and what is the same stays: the pointer is over what it
-- was over, and what was selected still is.

return [[
"use strict"
{
  const find = selector => document.querySelector(selector)
  const list = find("#connections"), main = find("#main"), status = find("#status")
  const known = new Map()
  let token = find("meta[name=token]").content, at = null

  const keyOf = node => node.dataset && node.dataset.key

  function takeAttributes(old, made) {
    for (const { name } of [...old.attributes]) {
      if (!made.hasAttribute(name)) old.removeAttribute(name)
    }
    for (const { name, value } of made.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value)
    }
  }

  // Makes an element what another is, step by step as they are known by their keys.
  function become(old, made) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== made.nodeValue) old.nodeValue = made.nodeValue
      return
    }
    takeAttributes(old, made)
    const children = [...made.childNodes], keys = new Set(children.map(keyOf)), before = new Map()
    for (const child of [...old.childNodes]) {
      if (!keyOf(child)) continue
      if (keys.has(keyOf(child))) before.set(keyOf(child), child)
      else child.remove()
    }
    let next = old.firstChild
    for (const child of children) {
      const same = keyOf(child) ? before.get(keyOf(child)) : next
      if (same && keyOf(same) === keyOf(child) && same.nodeName === child.nodeName) {
        if (same === next) next = next.nextSibling
        else old.insertBefore(same, next)
        before.delete(keyOf(child))
        become(same, child)
      } else old.insertBefore(child, next)
    }
    while (next) {
      const after = next.nextSibling
      next.remove()
      next = after
    }
  }

  function select(id, number) {
    const one = known.get(id), made = document.createElement("template")
    made.innerHTML = one.html + '<p class="status">save: ' + ["svg", "html", "json", "txt"].map(
      kind => '<a href="connections/' + id + "." + kind + '" download>' + kind + "</a>").join(" ") + "</p>"
    const inside = main.cloneNode(false)
    inside.append(made.content)
    if (at === id) become(main, inside)
    else main.replaceChildren(...inside.childNodes)
    at = id
    handshake.attach(main.querySelector(".player"), number)
    for (const button of list.children) {
      button.setAttribute("aria-pressed", String(button.dataset.id === String(id)))
    }
  }

  function button(one) {
    const made = document.createElement("button")
    made.type = "button"
    made.dataset.id = one.id
    made.addEventListener("click", () => {
      find("#newest").checked = false
      handshake.stop()
      select(one.id, Number.MAX_SAFE_INTEGER)
    })
    return made
  }

  function hear(one) {
    const isNew = !known.has(one.id)
    known.set(one.id, one)
    let own = [...list.children].find(each => each.dataset.id === String(one.id))
    if (!own) {
      own = button(one)
      const after = [...list.children].find(each => Number(each.dataset.id) < one.id)
      list.insertBefore(own, after || null)
    }
    if (own.textContent !== one.label) own.textContent = one.label
    own.classList.toggle("open", one.open)
    if (at === null || isNew && find("#newest").checked && one.id > at) {
      handshake.stop()
      select(one.id, Number.MAX_SAFE_INTEGER)
    } else if (at === one.id) select(one.id)
  }

  function forget(id) {
    known.delete(id)
    for (const each of [...list.children]) {
      if (each.dataset.id === String(id)) each.remove()
    }
    if (at !== id) return
    at = null
    if (known.size > 0) select(Math.max(...known.keys()), Number.MAX_SAFE_INTEGER)
  }

  const events = new EventSource("events")
  events.addEventListener("open", () => status.textContent = "listening")
  events.addEventListener("error", () => status.textContent = "the server is not there: trying again")
  events.addEventListener("hello", event => {
    const before = token
    token = JSON.parse(event.data).token
    if (token !== before) [...known.keys()].forEach(forget) // another server: its numbers are others'
  })
  events.addEventListener("connection", event => hear(JSON.parse(event.data)))
  events.addEventListener("gone", event => forget(JSON.parse(event.data).id))

  find("#connect").addEventListener("click", async () => {
    try {
      const answer = await fetch("connect", { method: "POST", headers: { "X-Token": token } })
      if (!answer.ok) status.textContent = await answer.text()
    } catch (error) {
      status.textContent = "the server is not there"
    }
  })
}
]]
