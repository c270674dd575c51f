import { h, icon } from "./dom";
import type { Texts } from "./texts";

/** Longest message, in characters; the server's limit is in bytes and higher. */
const LONGEST = 3000;

/** The box one writes in: Enter sends, Shift and Enter begins a line. */
export function composer(t: Texts, label: string, write: (text: string) => void): { form: HTMLFormElement; input: HTMLTextAreaElement } {
  let pressed = false; // a key went down in this box since the last message
  const input = h("textarea", {
    rows: "1",
    placeholder: label,
    "aria-label": label,
    maxlength: String(LONGEST),
    enterkeyhint: "send",
    keydown: (event: KeyboardEvent) => {
      pressed = true;
      // Enter also ends the composition of a Chinese or Japanese word.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      send();
    },
    // An Enter that went down in the bubble must not end as a line break here.
    keypress: (event: KeyboardEvent) => {
      if (event.key === "Enter" && !pressed) event.preventDefault();
    },
  });
  const send = () => {
    const text = input.value.trim();
    if (!text) return input.focus();
    input.value = "";
    pressed = false;
    write(text);
  };
  const form = h(
    "form",
    { submit: (event: Event) => { event.preventDefault(); send(); } },
    input,
    h("button", { type: "submit", class: "send", "aria-label": t.send }, icon("send")),
  );
  return { form, input };
}
