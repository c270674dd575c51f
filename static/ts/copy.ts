// Copy buttons: <div data-copyable><code>…</code><button data-copy>…</button></div>
// or a button with the text itself in data-copy-text.

export function startCopy(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-copy],[data-copy-text]") : null;
    if (!button) return;
    const source = button.closest("[data-copyable]")?.querySelector("code, input, textarea");
    const text =
      button.dataset["copyText"] ??
      (source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement ? source.value : (source?.textContent ?? ""));
    void write(text).then((done) => done && confirmCopied(button));
  });
}

/** The clipboard needs https or loopback; elsewhere the older way still works. */
async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "visually-hidden";
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done;
  }
}

function confirmCopied(button: HTMLElement): void {
  const label = button.querySelector<HTMLElement>("[data-copied]");
  if (!label || label.dataset["was"] !== undefined) return;
  const was = label.textContent ?? "";
  label.dataset["was"] = was;
  label.textContent = label.dataset["copied"] ?? was;
  setTimeout(() => {
    label.textContent = was;
    delete label.dataset["was"];
  }, 2000);
}
