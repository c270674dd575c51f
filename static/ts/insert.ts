// Buttons that put a word where the cursor is: data-insert is the word,
// data-insert-into the id of the text. It can be undone like typing,
// and keeps its distance from the word before it.

export function startInsert(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-insert]") : null;
    const text = button && document.getElementById(button.dataset["insertInto"] ?? "");
    if (!button || !(text instanceof HTMLTextAreaElement)) return;
    const before = text.value.slice(0, text.selectionStart);
    const word = (/[\p{L}\p{N},.;:!?}]$/u.test(before) ? " " : "") + (button.dataset["insert"] ?? "");
    text.focus();
    // The only way that keeps the browser's own undo; deprecated without a
    // successor, so there is a second way.
    if (!document.execCommand("insertText", false, word)) {
      text.setRangeText(word, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
}
