// Shows the look of the chat while it is being chosen.

export function startLook(): void {
  const preview = document.querySelector<HTMLElement>("[data-look-preview]");
  if (!preview) return;
  colour(preview, preview.dataset["colour"] ?? "");
  document.addEventListener("input", (event) => {
    const control = event.target;
    if (!(control instanceof HTMLInputElement || control instanceof HTMLSelectElement)) return;
    const what = control.dataset["look"];
    if (what === "colour") colour(preview, control.value);
    else if (what === "side") preview.classList.toggle("left", control.value === "left");
    else if (what) {
      const shows = preview.querySelector<HTMLElement>(`[data-look-shows="${what}"]`);
      if (shows) shows.textContent = control.value.trim() || (shows.dataset["default"] ?? "");
    }
  });
}

/** As the server will say when it is saved (liadesk.WidgetLook.Ink): black or white stands on the colour, whichever is read better (WCAG 2.2, relative luminance). */
function colour(preview: HTMLElement, hex: string): void {
  if (!/^#[0-9a-f]{6}$/i.test(hex)) return;
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  preview.style.setProperty("--look", hex);
  preview.style.setProperty("--look-ink", 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "black" : "white");
}
