// What stands around a conversation that has begun: answers in one tap, the way
// to a person, who is writing, and how it was. A file of its own, loaded when
// there is a conversation.

import type { Core } from "./core";
import type { h as make } from "./panel/dom";
import type { Message, ThreadAnswer, ThreadState } from "./wire";

export interface TalkPort {
  core: Core;
  h: typeof make;
  shadow: ShadowRoot;
  /** Where it all stands. */
  place: HTMLElement;
  /** The line under the box one writes in. */
  small: HTMLElement;
  input: HTMLTextAreaElement;
  call<T>(name: string, body: object): Promise<T>;
  write(text: string): void;
  /** Takes in what a call answered with. */
  took(answer: ThreadAnswer): void;
  /** Tells the server by the way, over the socket if there is one. */
  tell(frame: object): void;
  announce(text: string): void;
  /** Reads what is new. */
  refetch(): Promise<void>;
  /** The conversation was deleted. */
  forgotten(): void;
}

export interface Talk {
  render(state: ThreadState, messages: readonly Message[], waiting: boolean, looking: boolean): void;
  typing(text: string): void;
  destroy(): void;
}

const texts = {
  replies: "Quick replies",
  person: "Talk to a person",
  ask: "How was this conversation?",
  stars: ["Very bad", "Bad", "All right", "Good", "Very good"],
  more: "Anything to add? (optional)",
  send: "Send",
  thanks: "Thank you, that helps us.",
  deleteChat: "Delete this chat",
  deleteAsk: "Delete all messages of this chat for good, for you and the team?",
  deleteYes: "Delete",
  deleteNo: "Keep",
  deleted: "The chat was deleted.",
  deleteFailed: "The chat was not deleted. Please try again.",
  failed: "That did not get through. Please try again.",
  reachAsk: "No time to wait? Leave where to reach you, and the answer comes there, too.",
  phone: "Mobile number, with country code",
  email: "E-mail address",
  reachDo: "Tell me there",
  reachFor: "For this conversation only.",
  reachChange: "Change",
  reachStop: "Don’t tell me there",
  attach: "Send a file",
  sending: "Sending the file…",
};

const css = `
.talk{padding:0 16px 8px;display:flex;flex-direction:column;gap:8px}
.talk:not(:has(>:not([hidden]))){display:none}
.talk .replies{padding:0}
.typing{font-size:13px;color:var(--soft)}
.person{align-self:center;min-height:32px;padding:3px 12px;font-size:13px;color:var(--soft);text-decoration:underline;text-underline-offset:2px}
.rate{border:1px solid var(--line);border-radius:12px;padding:10px 12px;display:flex;flex-direction:column;gap:8px;font-size:14px;text-align:center}
.stars{display:flex;justify-content:center;gap:4px;border:0;padding:0}
.stars button{width:40px;height:40px;border-radius:10px;font-size:24px;line-height:1;color:var(--soft)}
.stars button[aria-pressed=true]{color:var(--ink)}
.stars button.on{color:var(--brand)}
.erase,.stop{margin-inline-start:auto;text-decoration:underline;text-underline-offset:2px;min-height:24px}
.sure{display:flex;flex-wrap:wrap;gap:8px;padding-top:12px;border-top:1px solid var(--line);font-size:14px}
.sure p{flex-basis:100%}
.rate .more{display:flex;gap:8px}
.reach{border:1px solid var(--line);border-radius:12px;padding:10px 12px;display:flex;flex-direction:column;gap:8px;font-size:14px}
.reach input{font:inherit;font-size:16px;color:var(--ink);background:var(--wash);border:1px solid transparent;border-radius:10px;padding:7px 12px;min-height:40px;width:100%}
.reach input:focus-visible{border-color:var(--brand);outline:none;box-shadow:0 0 0 1px var(--brand)}
.reach input::placeholder{color:var(--soft);opacity:1}
.reach div{display:flex;flex-wrap:wrap;align-items:center;gap:8px}
.reach .soft{color:var(--soft);font-size:13px}
.reach .wrong{color:var(--danger)}
.attach{flex:none;width:36px;height:40px;display:grid;place-items:center;border-radius:10px;color:var(--soft);cursor:pointer}
.attach:hover{color:var(--ink)}
.attach:focus-within{outline:2px solid var(--brand)}
.attach svg{width:20px;height:20px}
.attach input{position:absolute;width:1px;height:1px;opacity:0}
.sends{font-size:13px;color:var(--soft)}
.reached{font-size:13px;color:var(--soft)}
.reached button{text-decoration:underline;text-underline-offset:2px;min-height:24px}
`;

/**
 * Exchanges the code of a link for the thread that it leads back to. The code
 * leaves the address first: it works once, and nobody should share it.
 */
export async function comeBack(core: Core, code: string): Promise<void> {
  history.replaceState(history.state, "", location.pathname + location.search);
  try {
    const { token } = await core.call<{ token: string }>("comeback", { code });
    core.memory.forget(); // what this browser had is another thread
    core.memory.keep({ token });
  } catch {
    // A link that is over opens what this browser has, or an empty chat.
  }
}

/** Milliseconds for which "is writing" is good, and between two of ours. */
const WRITES = 6000;
const TELLS = 3000;

export function mount(port: TalkPort): Talk {
  const { h, input } = port;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  port.shadow.adoptedStyleSheets = [...port.shadow.adoptedStyleSheets, sheet];

  const typing = h("div", { class: "typing", hidden: true });
  const replies = h("div", { class: "replies", role: "group", "aria-label": texts.replies, hidden: true });
  const person = h("button", { type: "button", class: "person", hidden: true, click: () => askPerson() }, texts.person);
  const stars = texts.stars.map((name, i) =>
    h("button", { type: "button", "aria-label": name, title: name, "aria-pressed": "false", click: () => rate(i + 1) }, "★"));
  const words = h("textarea", { rows: "1", maxlength: "1000", placeholder: texts.more, "aria-label": texts.more });
  const more = h("div", { class: "more", hidden: true }, words, h("button", { type: "button", class: "reply", click: () => rate(rating) }, texts.send));
  const said = h("div", { role: "status" });
  const rates = h("div", { class: "rate", role: "group", "aria-label": texts.ask }, h("div", {}, texts.ask), h("div", { class: "stars" }, ...stars), more, said);
  port.place.className = "talk";
  const question = h("p", {}, texts.deleteAsk);
  const sure = h("div", { class: "sure", role: "alertdialog", "aria-label": texts.deleteChat, hidden: true },
    question,
    h("button", { type: "button", class: "reply", click: () => forget() }, texts.deleteYes),
    h("button", { type: "button", class: "reply", click: () => ask(false) }, texts.deleteNo),
  );
  const erase = h("button", { type: "button", class: "erase", hidden: true, click: () => ask() }, texts.deleteChat);
  const field = (type: string, name: string) => h("input", { type, placeholder: name, "aria-label": name, autocomplete: type, keydown: (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.isComposing) reach();
  } });
  const number = field("tel", texts.phone);
  const address = field("email", texts.email);
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const stop = h("button", { type: "button", class: "stop", click: () => reach(true) }, texts.reachStop);
  const reaches = h("div", { class: "reach", role: "group", "aria-label": texts.reachDo, hidden: true }, h("p", {}, texts.reachAsk), number, address, wrong,
    h("div", {}, h("button", { type: "button", class: "reply", click: () => reach() }, texts.reachDo), h("span", { class: "soft" }, texts.reachFor), stop));
  const where = h("span");
  const reached = h("p", { class: "reached", hidden: true }, where, " ", h("button", { type: "button", click: () => {
    changing = true;
    again();
    (number.hidden ? address : number).focus();
  } }, texts.reachChange));
  const sends = h("p", { class: "sends", role: "status", hidden: true });
  const chosen = h("input", { type: "file", "aria-label": texts.attach, accept: "image/png,image/jpeg,image/webp,image/gif,application/pdf,text/plain,text/csv", change: () => send() });
  const attach = h("label", { class: "attach", title: texts.attach, hidden: true }, clip(), chosen);
  input.before(attach);
  port.place.append(typing, replies, person, sends, reached, reaches, sure);
  port.small.append(erase);

  let rating = 0;
  let over: ReturnType<typeof setTimeout> | undefined;
  let told = 0;
  let seen = 0;
  let shown = "";
  let changing = false; // where to reach them
  let ways = ""; // the last that were offered
  let again = () => {};

  /** Sends the file that was chosen, as a form: the one kind of upload that needs no leave first. */
  const send = async () => {
    const file = chosen.files?.[0];
    if (!file) return;
    const { core } = port;
    const form = new FormData();
    const id = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
    for (const [name, value] of Object.entries({ inbox: core.memory.chatKey.split(":")[1]!, token: core.memory.chat()?.token ?? "", client_id: id, url: location.href })) form.set(name, value);
    form.set("file", file);
    sends.textContent = texts.sending;
    sends.hidden = false;
    chosen.disabled = true;
    try {
      const answer = await fetch(`${core.base}/widget/v1/file`, { method: "POST", body: form, credentials: "omit" });
      const said = await answer.json();
      if (!answer.ok) throw new Error(said.detail);
      sends.hidden = true;
      await port.refetch();
    } catch (error) {
      sends.textContent = error instanceof TypeError ? texts.failed : (error as Error).message || texts.failed;
    }
    chosen.disabled = false;
    chosen.value = "";
    input.focus();
  };

  /** Leaves where to be told of the answer, or takes it back. */
  const reach = async (none = false) => {
    const phone = none || number.hidden ? "" : number.value.trim();
    const email = none || address.hidden ? "" : address.value.trim();
    if (!none && !phone && !email) return (number.hidden ? address : number).focus();
    try {
      const answer = await port.call<ThreadAnswer>("reach", { phone, email });
      changing = false;
      wrong.hidden = true;
      number.value = address.value = "";
      port.took(answer);
      if (answer.reached) port.announce(answer.reached);
      input.focus();
    } catch (error) {
      wrong.textContent = (error as { detail?: string }).detail || texts.failed;
      wrong.hidden = false;
    }
  };

  const listener = () => {
    const now = Date.now();
    if (now - told < TELLS || !input.value.trim()) return;
    told = now;
    port.tell({ type: "typing" });
  };
  input.addEventListener("input", listener);

  const askPerson = async () => {
    person.disabled = true;
    try {
      port.took(await port.call<ThreadAnswer>("person", {}));
    } catch {
      port.announce(texts.failed);
      person.textContent = `${texts.person}. ${texts.failed}`;
    }
    person.disabled = false;
  };

  /** Asks once more before the chat is deleted; the safe answer has the focus. */
  const ask = (yes = true) => {
    question.textContent = texts.deleteAsk;
    sure.hidden = !yes;
    (yes ? sure.lastElementChild as HTMLElement : erase).focus();
  };

  const forget = async () => {
    try {
      await port.call("forget", {});
    } catch (error) {
      question.textContent = (error as { detail?: string }).detail || texts.deleteFailed;
      return port.announce(question.textContent);
    }
    sure.hidden = true;
    rating = seen = 0;
    words.value = "";
    mark();
    port.forgotten();
    port.announce(texts.deleted);
  };

  const rate = async (stars: number) => {
    const before = rating;
    const extra = words.value.trim();
    rating = stars;
    mark();
    try {
      await port.call("rate", { rating: stars, ...(extra && { text: extra }) });
      said.textContent = texts.thanks;
      more.hidden = !!extra; // whoever added something is done
    } catch {
      rating = before;
      mark();
      said.textContent = texts.failed;
    }
  };

  const mark = () => stars.forEach((star, i) => {
    star.setAttribute("aria-pressed", String(i + 1 === rating));
    star.className = i < rating ? "on" : "";
  });

  const quiet = () => {
    clearTimeout(over);
    typing.hidden = true;
  };

  return {
    render(state, messages, waiting, looking) {
      const last = messages.at(-1);
      const offer = !waiting && last && last.from === "bot" && state.owner === "bot" ? last.replies ?? [] : [];
      const key = last?.id + offer.join("\n");
      if (key !== shown) {
        shown = key;
        replies.replaceChildren(...offer.slice(0, 8).map((text) => h("button", { type: "button", class: "reply", dir: "auto", click: () => port.write(text) }, text)));
        if (last && last.from !== "visitor") quiet();
      }
      replies.hidden = !offer.length;
      ways = state.ways || ways;
      again = () => {
        number.hidden = !ways.includes("text");
        address.hidden = !ways.includes("email");
        stop.hidden = !state.reached;
        reached.hidden = !state.reached || changing;
        reaches.hidden = !ways || !(changing || state.ways && !state.reached) || state.status !== "open";
      };
      attach.hidden = !state.files || !messages.length;
      where.textContent = state.reached ?? "";
      again();
      person.hidden = state.owner !== "bot" || state.status !== "open" || !messages.length;
      erase.hidden = !messages.length;
      if (!messages.length) seen = 0; // another conversation
      if (!messages.length || !looking) sure.hidden = true;
      // Only while it is asked: its box must not come before the one to write in.
      if (state.rate) {
        if (!rates.isConnected) port.place.append(rates);
      } else {
        rates.remove();
        more.hidden = true;
        said.textContent = "";
      }
      if (!rating && state.rating) {
        rating = state.rating;
        mark();
      }
      if (looking && last?.seq && last.seq > seen) {
        seen = last.seq;
        port.tell({ type: "seen", seq: seen });
      }
    },
    typing(text) {
      typing.textContent = text;
      typing.hidden = false;
      clearTimeout(over);
      over = setTimeout(quiet, WRITES);
    },
    destroy() {
      quiet();
      input.removeEventListener("input", listener);
      port.place.replaceChildren();
      attach.remove();
      erase.remove();
      port.shadow.adoptedStyleSheets = port.shadow.adoptedStyleSheets.filter((s) => s !== sheet);
    },
  };
}

/** A paper clip. */
function clip(): SVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(ns, "path");
  path.setAttribute("d", "m20 11-8.6 8.6a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.6 8.5a1.7 1.7 0 0 1-2.3-2.3l7.9-7.9");
  svg.append(path);
  return svg;
}
