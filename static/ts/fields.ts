// After the server said something about a field while it was typed into, the
// field itself says so too: to the eye by its border, to screen readers by
// aria-invalid and the description.

export function startFields(): void {
  // Enter in a field that has a button of its own means that button, and not the
  // whole form, which some send for the press and others for the key.
  for (const kind of ["keydown", "keypress"] as const) {
    document.addEventListener(kind, (event) => {
      const field = event.target;
      const button = event.key === "Enter" && !event.isComposing && field instanceof HTMLInputElement && field.dataset["enter"];
      if (!button) return;
      event.preventDefault();
      if (kind === "keydown") document.getElementById(button)?.click();
    });
  }
  document.addEventListener("htmx:after:swap", () => {
    for (const notes of document.querySelectorAll<HTMLElement>(".field .notes")) mark(notes);
  });
}

function mark(notes: HTMLElement): void {
  const field = notes.closest(".field");
  const name = notes.id.replace(/^f-/, "").replace(/-notes$/, "");
  const control = document.getElementById(`f-${name}`) ?? (field instanceof HTMLFieldSetElement ? field : null);
  if (!control) return;
  const error = notes.querySelector(".error");
  const others = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id !== "" && id !== `f-${name}-error`);
  if (error) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
  const ids = error ? [...others, error.id] : others;
  if (ids.length > 0) control.setAttribute("aria-describedby", ids.join(" "));
  else control.removeAttribute("aria-describedby");
}
