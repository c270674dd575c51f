// The demo shop's own script: it changes pages without loading them, as many
// sites do, so that one can see what the widget makes of it. Links with
// data-swap do; without this script they are links like others.

async function show(address: string): Promise<boolean> {
  const response = await fetch(address, { headers: { Accept: "text/html" } })
  if (!response.ok) return false
  const page = new DOMParser().parseFromString(await response.text(), "text/html")
  for (const part of ["main", ".shop-nav"]) {
    const from = page.querySelector(part)
    const to = document.querySelector(part)
    if (!from || !to) return false
    to.replaceWith(document.importNode(from, true))
  }
  document.title = page.title
  return true
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-swap]") : null
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  const address = link.href
  show(address).then((shown) => {
    if (!shown) return location.assign(address)
    history.pushState(null, "", address)
    window.scrollTo(0, 0)
    document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true })
  }, () => location.assign(address))
})

let path = location.pathname
addEventListener("popstate", () => {
  if (location.pathname === path) return // only the place on the page changed
  path = location.pathname
  show(location.href).then((shown) => shown || location.reload(), () => location.reload())
})

// Tells the chat what happens, as a real shop would; the calls are kept until
// the chat is loaded.
function tell(): void {
  const plant = location.pathname.endsWith("/cart") ? new URLSearchParams(location.search).get("plant") : null
  if (!plant) return
  const page = window as { LiaDesk?: { q: { push(call: unknown[]): unknown } } }
  const chat = (page.LiaDesk ??= { q: [] as unknown[][] })
  chat.q.push(["track", "added_to_cart", { plant }])
}
tell()
