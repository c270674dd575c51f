import type { Core, Shown } from "../core";
import { build } from "./blocks";
import { composer } from "./composer";
import { avatar, h, icon } from "./dom";
import type { Texts } from "./texts";

export interface BubbleEvents {
  reply(text: string): void;
  /** The visitor turned to the message. */
  touched(): void;
  clicked(): void;
  dismiss(): void;
}

/** A campaign's message with its sender and a box to answer in. */
export function bubble(core: Core, t: Texts, message: Shown, on: BubbleEvents): HTMLElement {
  const { name, avatar: picture } = message.sender;
  const { form, input } = composer(t, t.reply, on.reply);
  const replies = (message.replies ?? []).slice(0, 8).map((text) =>
    h("button", { type: "button", class: "reply", dir: "auto", click: () => on.reply(text) }, text));
  input.addEventListener("focus", () => on.touched(), { once: true });
  return h(
    "section",
    { class: "bubble", "aria-label": t.messageFrom(name) },
    h(
      "div",
      { class: "head" },
      avatar(name, picture, core.base),
      h("div", { class: "who", dir: "auto" }, name),
      h("button", { type: "button", class: "x", "aria-label": t.dismiss, click: () => on.dismiss() }, icon("close")),
    ),
    h(
      "div",
      {
        class: "body rich",
        dir: "auto",
        click: (event: Event) => {
          if ((event.target as Element).closest("a")) on.clicked();
        },
      },
      ...build(message.blocks, document, location.href),
    ),
    replies.length > 0 && h("div", { class: "replies", role: "group", "aria-label": t.replies }, ...replies),
    form,
  );
}
