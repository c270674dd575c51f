// Keyboard shortcuts of the conversations. A control names its key in data-key;
// pressing it does what clicking the control does, or goes into a field. The
// letters work while nobody types, and can be switched off in a browser, for
// people whose voice control or hands set them off by mistake (WCAG 2.1.4).

const OFF = "liadesk:keys-off";

function off(): boolean {
  try {
    return localStorage.getItem(OFF) !== null;
  } catch {
    return false;
  }
}

function types(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
}

/** Opens the conversation before or behind the open one in the list. */
function step(by: number): void {
  const rows = [...document.querySelectorAll<HTMLAnchorElement>("#talks .talk")];
  const at = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
  next?.click();
  next?.scrollIntoView({ block: "nearest" });
}

/** What a key does on the page as it is. */
function action(desk: HTMLElement, key: string): (() => void) | undefined {
  if (key === "j" || key === "k") return () => step(key === "j" ? 1 : -1);
  if (key === "r") return () => desk.querySelector<HTMLElement>("#composer textarea")?.focus();
  const control = [...desk.querySelectorAll<HTMLElement>("[data-key]")].find((e) => e.dataset["key"] === key);
  if (control instanceof HTMLInputElement) return () => (control.focus(), control.select());
  return control && (() => control.click());
}

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    const desk = document.getElementById("desk");
    if (!desk || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && types(event.target) && document.activeElement instanceof HTMLElement) {
      document.activeElement.blur();
      return;
    }
    if (types(event.target) || off() || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (!action(desk, key)) return;
    event.preventDefault();
    // When the key is done, for it must not be typed where the focus goes. What
    // does it is looked for then: what stood there now may just be replaced.
    setTimeout(() => action(desk, key)?.());
  });
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.dataset["keysOff"] === undefined) return;
    try {
      if (box.checked) localStorage.setItem(OFF, "1");
      else localStorage.removeItem(OFF);
    } catch {
      box.checked = false; // it cannot be remembered
    }
  });
  document.addEventListener(
    "toggle",
    (event) => {
      const box = event.target instanceof Element ? event.target.querySelector<HTMLInputElement>("[data-keys-off]") : null;
      if (box) box.checked = off();
    },
    true,
  );
}
