// Answering a conversation. Without this the composer is a plain form.
//
// Enter sends, Shift+Enter begins a new line; on a touch keyboard Enter is a
// new line, for there is no other. What was typed is kept for each
// conversation until it is sent, over a look at another one or a reload.

const touch = matchMedia("(pointer: coarse)");

function draftOf(form: Element | null | undefined): string {
  return form instanceof HTMLElement && form.dataset["composer"] ? `draft:${form.dataset["composer"]}` : "";
}

/** The composer that something belongs to: the form itself, or one of its buttons. */
function formOf(element: unknown): HTMLFormElement | null {
  return element instanceof Element ? element.closest<HTMLFormElement>("form[data-composer]") : null;
}

/** Storage can be full or forbidden; a draft is not worth an error. */
function keep(name: string, text: string): void {
  if (!name) return;
  try {
    if (text === "") sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, text);
  } catch {
    // Then there is no draft.
  }
}

function kept(name: string): string {
  try {
    return sessionStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

/** Makes the form on the page ready, once per form. */
function prepare(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-composer]");
  const box = form?.querySelector("textarea");
  if (!form || !box || form.dataset["ready"] !== undefined) return;
  form.dataset["ready"] = "";
  const hint = form.querySelector<HTMLElement>("[data-keys]");
  if (hint) hint.hidden = touch.matches;
  if (box.value === "") box.value = kept(draftOf(form));
}

/** Whether a request sends what stands in the box, rather than looking something up. */
function saves(source: unknown): boolean {
  return source instanceof HTMLFormElement || source instanceof HTMLButtonElement;
}

/** It was not taken: the text stays a draft. */
function keepAgain(source: unknown): void {
  const form = saves(source) ? formOf(source) : null;
  const box = form?.querySelector("textarea");
  if (box) keep(draftOf(form), box.value);
}

/** Whether what is being written is a note: nobody outside is told of it, and Enter keeps it as one. */
export function isNote(form: HTMLFormElement | null): boolean {
  return form?.dataset["note"] !== undefined;
}

/** Writes a note from here on, or an answer. What was typed stays. */
function write(form: HTMLFormElement, note: boolean): void {
  const box = form.querySelector("textarea");
  const button = form.querySelector<HTMLButtonElement>("button[data-notes]");
  const back = form.querySelector<HTMLButtonElement>("button[data-reply]");
  if (!box || !button || !back || isNote(form) === note) return;
  if (note) form.dataset["note"] = "";
  else delete form.dataset["note"];
  back.hidden = !note;
  [box.placeholder, button.dataset["notes"]] = [button.dataset["notes"] ?? "", box.placeholder];
  box.focus();
}

export function startComposer(): void {
  // With nothing written yet the button for notes begins one. It is seen before
  // htmx sees it.
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button[data-notes], button[data-reply]") : null;
    const form = formOf(button);
    if (!button || !form || (button.dataset["reply"] === undefined && form.querySelector("textarea")?.value.trim())) return;
    event.preventDefault();
    event.stopPropagation();
    write(form, button.dataset["reply"] === undefined && !isNote(form));
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch.matches) return;
    const box = event.target;
    if (!(box instanceof HTMLTextAreaElement) || !box.form || !draftOf(box.form)) return;
    event.preventDefault();
    if (box.value.trim() === "") return;
    // A note goes by its button: htmx sends what the form itself says, an answer.
    if (isNote(box.form)) box.form.querySelector<HTMLElement>("button[data-notes]")?.click();
    else box.form.requestSubmit();
  });
  document.addEventListener("input", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLTextAreaElement)) return;
    keep(draftOf(box.form), box.value);
  });
  // What is sent is no draft any more, whether as an answer or, by its button, as
  // a note: a note that came back as a draft could go out as an answer. A form
  // that is sent without htmx leaves the page: an error brings the text back.
  document.addEventListener("submit", (event) => keep(draftOf(formOf(event.target)), ""));
  document.addEventListener("htmx:before:request", (event) => {
    if (!saves(event.detail.ctx.sourceElement)) return;
    keep(draftOf(formOf(event.detail.ctx.sourceElement)), "");
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if ((ctx.response?.status ?? 500) >= 400) keepAgain(ctx.sourceElement);
  });
  document.addEventListener("htmx:error", (event) => keepAgain(event.detail.ctx?.sourceElement));
  document.addEventListener("htmx:after:swap", prepare);
  prepare();
}
