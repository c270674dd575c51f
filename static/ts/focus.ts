// After new content came in: what asks for attention gets the focus, so that
// keyboards and screen readers go on where the eye does.

export function startFocus(): void {
  focusIn(document);
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx.target;
    focusIn(target instanceof Element && target.isConnected ? target : document);
  });
}

function focusIn(root: ParentNode): void {
  const wish = root.querySelector<HTMLElement>("[data-focus]");
  if (!wish) return;
  // Once is enough: a later swap elsewhere must not pull the focus back.
  wish.removeAttribute("data-focus");
  wish.focus();
}
