// Before something that cannot be undone, a dialog names the thing and its
// consequence:
//
//   <button hx-delete="…" hx-confirm="Delete “Summer sale”?"
//           data-confirm-text="Visitors stop seeing it at once."
//           data-confirm-action="Delete campaign">
//
// Forms without hx- attributes use data-confirm instead of hx-confirm; so does a
// button that is to be asked about when its form is not.

interface Question {
  title: string;
  text: string;
  action: string;
  harmless: boolean;
}

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** Asks, and resolves to whether the person agreed. */
export function ask(question: Question): Promise<boolean> {
  const dialog = part("confirm") as HTMLDialogElement;
  const title = part("confirm-title");
  const text = part("confirm-text");
  const ok = part("confirm-ok");
  title.textContent = question.title || (title.dataset["default"] ?? "");
  text.textContent = question.text;
  text.hidden = question.text === "";
  ok.textContent = question.action || (ok.dataset["default"] ?? "");
  ok.classList.toggle("danger", !question.harmless);
  ok.classList.toggle("primary", question.harmless);
  const asker = document.activeElement;
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        if (asker instanceof HTMLElement && asker.isConnected) asker.focus();
        resolve(dialog.returnValue === "ok");
      },
      { once: true },
    );
    dialog.returnValue = "";
    dialog.showModal();
  });
}

function questionOf(element: Element, title: string): Question {
  const data = element instanceof HTMLElement ? element.dataset : {};
  return {
    title,
    text: data["confirmText"] ?? "",
    action: data["confirmAction"] ?? "",
    harmless: data["confirmHarmless"] !== undefined,
  };
}

export function startConfirm(): void {
  document.addEventListener("htmx:confirm", (event) => {
    event.preventDefault();
    const { ctx, issueRequest, dropRequest } = event.detail;
    const title = String((ctx as { confirm?: unknown }).confirm ?? "");
    void ask(questionOf(ctx.sourceElement, title)).then((yes) => (yes ? issueRequest() : dropRequest()));
  });

  const agreed = new WeakSet<HTMLFormElement>();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    const submitter = event.submitter;
    const asked = submitter?.dataset["confirm"] === undefined ? form : submitter;
    const title = asked.dataset["confirm"];
    if (title === undefined || agreed.delete(form)) return;
    event.preventDefault();
    void ask(questionOf(asked, title)).then((yes) => {
      if (!yes) return;
      agreed.add(form);
      form.requestSubmit(submitter);
    });
  });
}
