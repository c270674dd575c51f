// Answering a conversation. Without this the composer is a plain form.
//
// Enter sends, Shift+Enter begins a new line; on a touch keyboard Enter is a
// new line, for there is no other. What was typed is kept for each
// conversation until it is sent, over a look at another one or a reload.

const touch = matchMedia("(pointer: coarse)");

function draftOf(form: Element | null | undefined): string {
  return form instanceof HTMLElement && form.dataset["composer"] ? `draft:${form.dataset["composer"]}` : "";
}

/** Storage can be full or forbidden; a draft is not worth an error. */
function keep(name: string, text: string): void {
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

export function startComposer(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch.matches) return;
    const box = event.target;
    if (!(box instanceof HTMLTextAreaElement) || !box.form || !draftOf(box.form)) return;
    event.preventDefault();
    if (box.value.trim() !== "") box.form.requestSubmit();
  });
  document.addEventListener("input", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLTextAreaElement)) return;
    const name = draftOf(box.form);
    if (name) keep(name, box.value);
  });
  // A form that is sent without htmx leaves the page: an error brings the text
  // back with it.
  document.addEventListener("submit", (event) => {
    const name = draftOf(event.target instanceof Element ? event.target : null);
    if (name) keep(name, "");
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const name = draftOf(ctx.sourceElement);
    const box = ctx.sourceElement instanceof Element ? ctx.sourceElement.querySelector("textarea") : null;
    if (name && box && (ctx.response?.status ?? 500) >= 400) keep(name, box.value);
  });
  document.addEventListener("htmx:error", (event) => {
    const { ctx } = event.detail;
    const name = draftOf(ctx?.sourceElement);
    const box = ctx?.sourceElement?.querySelector("textarea");
    if (name && box) keep(name, box.value);
  });
  document.addEventListener("htmx:after:swap", prepare);
  prepare();
}
