// Short notes in the corner: from the header X-Toast of an answer, from an
// error fragment that the server sends to #toasts, or from a lost connection.
// Good news leaves by itself; a problem stays until it is closed.

const stay = 6000;

interface Toast {
  tone: string;
  text: string;
}

export function startToasts(): void {
  const corner = document.getElementById("toasts");
  if (!corner) return;

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-dismiss]") : null;
    button?.closest("[data-toast], .banner")?.remove();
  });

  document.addEventListener("htmx:after:request", (event) => {
    const header = event.detail.ctx.response?.headers.get("X-Toast");
    if (header) show(corner, JSON.parse(header) as Toast);
  });

  document.addEventListener("htmx:error", (event) => {
    // Requests that were replaced or left behind are no news.
    const { error } = event.detail;
    if (error instanceof DOMException && error.name === "AbortError") return;
    const text = document.querySelector<HTMLTemplateElement>("#offline-text")?.content.textContent?.trim();
    if (error instanceof TypeError && text) show(corner, { tone: "danger", text });
  });

  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node instanceof HTMLElement) leaveLater(node);
    }
  }).observe(corner, { childList: true });
  for (const toast of corner.children) if (toast instanceof HTMLElement) leaveLater(toast);
}

function show(corner: HTMLElement, toast: Toast): void {
  const copy = document.querySelector<HTMLTemplateElement>(`#toast-${CSS.escape(toast.tone)}`)?.content.cloneNode(true);
  if (!(copy instanceof DocumentFragment)) return;
  const text = copy.querySelector(".toast-text");
  if (!text) return;
  text.textContent = toast.text;
  corner.append(copy);
}

function leaveLater(toast: HTMLElement): void {
  if (toast.classList.contains("danger")) return;
  let timer = setTimeout(() => toast.remove(), stay);
  // Who is reading it, or about to press its button, gets the time.
  const wait = () => clearTimeout(timer);
  const goOn = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), stay / 2);
  };
  toast.addEventListener("pointerenter", wait);
  toast.addEventListener("focusin", wait);
  toast.addEventListener("pointerleave", goOn);
  toast.addEventListener("focusout", goOn);
}
