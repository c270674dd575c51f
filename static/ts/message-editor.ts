// The buttons above a message: each puts tags around what is selected, or
// where the cursor is, and leaves selected what is to be typed next. The text
// stays a text that one can read and mend by hand.

type Insert = { text: string; from: number; to: number };

export function startMessageEditor(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-format]") : null;
    const text = button && document.getElementById(button.dataset["formatInto"] ?? "");
    if (!button || !(text instanceof HTMLTextAreaElement)) return;
    // Where nobody has put the cursor, one goes on at the end.
    if (text.selectionEnd === 0) text.setSelectionRange(text.value.length, text.value.length);
    const start = text.selectionStart;
    const { text: tags, from, to } = format(button.dataset["format"] ?? "", text.value.slice(start, text.selectionEnd));
    text.focus();
    // The only way that keeps the browser's own undo; deprecated without a
    // successor, so there is a second way.
    if (!document.execCommand("insertText", false, tags)) {
      text.setRangeText(tags, start, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
    text.setSelectionRange(start + from, start + to);
  });
}

const ADDRESS = "https://";

/** The tags of a button for a selection, and what of them to select. */
export function format(kind: string, selected: string): Insert {
  switch (kind) {
    case "bold":
      return around("<b>", selected, "</b>");
    case "link": {
      const before = '<a href="';
      return { text: `${before}${ADDRESS}">${selected}</a>`, from: before.length, to: before.length + ADDRESS.length };
    }
    case "list": {
      const items = selected.split("\n").map((line) => line.trim()).filter(Boolean);
      if (items.length === 0) return around("<ul>\n<li>", "", "</li>\n</ul>");
      const list = `<ul>\n${items.map((item) => `<li>${item}</li>`).join("\n")}\n</ul>`;
      return { text: list, from: list.length, to: list.length };
    }
    case "image": {
      const before = '<img src="';
      return { text: `${before}${ADDRESS}" alt="${selected}">`, from: before.length, to: before.length + ADDRESS.length };
    }
  }
  return around("", selected, "");
}

function around(before: string, selected: string, after: string): Insert {
  return { text: before + selected + after, from: before.length, to: before.length + selected.length };
}
