import type { Core, Shown } from "../core";
import type { Message, Pending } from "../wire";
import { build, linked } from "./blocks";
import { avatar, h } from "./dom";
import type { Texts } from "./texts";

/** What stands in the conversation, in its order. */
export interface LogItems {
  messages: readonly Message[];
  /** The campaign's message before the server has it in the conversation. */
  campaign: Shown | undefined;
  /** The message that it follows. */
  precedes: string | undefined;
  pending: readonly Pending[];
}

type Row = { key: string; make: () => HTMLElement; state?: Pending };

/**
 * The list of messages. Elements that stand there are kept, so that a screen
 * reader announces only what is new and a selection survives.
 */
export class Log {
  readonly element: HTMLElement;
  #rows = new Map<string, HTMLElement>();

  constructor(private readonly core: Core, private readonly t: Texts, private readonly retry: () => void) {
    this.element = h("div", { class: "log", role: "log", "aria-label": t.chat, tabindex: "0" });
  }

  render({ messages, campaign, precedes, pending }: LogItems): void {
    const log = this.element;
    const { atEnd } = this;
    const rows: Row[] = messages.map((message, i) => ({
      key: `${message.id} ${groups(messages, i)}`,
      make: () => this.#message(message, groups(messages, i)),
    }));
    if (campaign) {
      const { impression: id, sender, blocks } = campaign;
      const message: Message = { id, from: "campaign", author: sender.name, text: "", at: "", blocks };
      rows.splice(messages.findIndex((m) => m.id === precedes) + 1, 0, { key: "campaign " + id, make: () => this.#message(message, "first last", sender.avatar) });
    }
    pending.forEach((p, i) =>
      rows.push({
        key: "pending " + p.client_id,
        make: () => h("div", { class: i ? "row mine" : "row mine first" }, h("div", { class: "says typed", dir: "auto" }, p.text), h("div", { class: "state" })),
        state: p,
      }),
    );

    const kept = new Map<string, HTMLElement>();
    let place = log.firstElementChild;
    for (const { key, make, state } of rows) {
      const row = this.#rows.get(key) ?? make();
      kept.set(key, row);
      if (state) this.#state(row, state, state === pending.at(-1));
      if (row === place) place = place.nextElementSibling;
      else log.insertBefore(row, place);
    }
    for (const [key, row] of this.#rows) if (!kept.has(key)) row.remove();
    const grew = kept.size > this.#rows.size;
    this.#rows = kept;
    if (atEnd || (grew && pending.length)) this.toEnd();
  }

  get atEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < 60;
  }

  toEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }

  #message(message: Message, place: string, picture = message.avatar): HTMLElement {
    const { t, core } = this;
    const mine = message.from === "visitor";
    const system = message.from === "system";
    const name = message.author || t.team;
    const first = place.includes("first");
    const says = message.blocks?.length
      ? h("div", { class: "says rich", dir: "auto" }, ...build(message.blocks, document, location.href))
      : h("div", { class: "says rich typed", dir: "auto" }, ...build(linked(message.text), document, location.href));
    return h(
      "div",
      { class: `row${mine ? " mine" : ""}${system ? " system" : ""}${first ? " first" : ""}` },
      first && !mine && !system && h("div", { class: "name" }, avatar(name, picture, core.base), h("span", { dir: "auto" }, name)),
      mine && h("span", { class: "sr" }, t.you + ": "),
      says,
      place.includes("last") && !system && message.at ? time(message.at) : null,
    );
  }

  #state(row: HTMLElement, pending: Pending, last: boolean): void {
    const state = row.lastElementChild as HTMLElement;
    const text = pending.failed === undefined ? (last ? this.t.sending : "") : pending.failed || this.t.notSent;
    if (state.dataset["text"] === text) return;
    state.dataset["text"] = text;
    state.className = pending.failed === undefined ? "state" : "state failed";
    state.replaceChildren(text + " ");
    if (pending.failed !== undefined) {
      state.append(h("button", { type: "button", click: () => this.retry() }, this.t.tryAgain));
    }
  }
}

/** Whether a message begins and ends a group of the same speaker. */
function groups(messages: readonly Message[], i: number): string {
  const same = (a: Message | undefined, b: Message | undefined) =>
    a && b && a.from === b.from && a.author === b.author && Math.abs(Date.parse(b.at) - Date.parse(a.at)) < 300_000;
  return (same(messages[i - 1], messages[i]) ? "" : "first ") + (same(messages[i], messages[i + 1]) ? "" : "last");
}

function time(at: string): HTMLElement | null {
  const date = new Date(at);
  if (isNaN(date.getTime())) return null;
  const today = date.toDateString() === new Date().toDateString();
  const text = date.toLocaleString([], { ...(!today && { day: "numeric", month: "short" }), hour: "numeric", minute: "2-digit" });
  return h("time", { class: "when", datetime: at }, text);
}
