// Saved replies: choosing one puts it into the composer where the cursor is.

export function startSaved(): void {
  document.addEventListener("click", (event) => {
    const choice = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-insert].saved") : null;
    const box = document.querySelector<HTMLTextAreaElement>("#composer textarea");
    if (!choice || !box) return;
    document.getElementById("saved")?.hidePopover();
    box.focus();
    const blank = box.value && !/\s$/.test(box.value.slice(0, box.selectionStart)) ? " " : "";
    box.setRangeText(blank + (choice.dataset["insert"] ?? ""), box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  // Something that is good for some seconds goes by itself.
  document.addEventListener("htmx:after:swap", () => {
    for (const line of document.querySelectorAll<HTMLElement>("[data-fades]:not([data-fading])")) {
      line.dataset["fading"] = "";
      setTimeout(() => line.remove(), 6000);
    }
  });
}
