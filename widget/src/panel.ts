// The second file: the bubble, the conversation and the button that opens it.

import { Refusal } from "./api";
import type { Core, Panel, Shown } from "./core";
import { plain } from "./panel/blocks";
import { bubble } from "./panel/bubble";
import { composer } from "./panel/composer";
import { avatar, h, icon } from "./panel/dom";
import { Live } from "./panel/live";
import { Log } from "./panel/log";
import { Outbox } from "./panel/outbox";
import { paint, webAddress } from "./panel/look";
import { css } from "./panel/style";
import { textsFor } from "./panel/texts";
import { arrived, Thread } from "./panel/thread";
import { ignore, safe } from "./safe";
import type { Talk, TalkPort } from "./talk";
import type { Frame, Message, MessageAnswer, Sender, ThreadAnswer, ThreadState } from "./wire";

/** Remembers, for this tab, that the conversation was open. */
const OPEN = "liadesk:open";

export function mount(core: Core): Panel {
  const { memory } = core;
  const t = textsFor(document.documentElement.lang || navigator.language);
  const abort = new AbortController();
  const listen = { signal: abort.signal };

  // ---- state ----------------------------------------------------------------
  const thread = new Thread();
  let message: Shown | undefined; // of a campaign, before the conversation has it
  let precedes: string | undefined; // what stood in the conversation before it
  let card: HTMLElement | undefined; // the bubble
  let opened = false; // the conversation is open
  let offered = false; // the button stays
  let state: ThreadState = {};
  let sender: Sender | undefined; // who spoke last
  let cursor: string | undefined; // the newest message that was fetched; others may precede what the socket brings
  let slowed = false; // the server asked us to wait
  const covered = new Set<string>(); // pending ones that stand there already
  let watcher: Watcher | undefined;
  let talk: Talk | undefined; // what stands around a conversation that has begun
  let talking = false; // it is being loaded
  let before: Element | null = null; // had the focus before the conversation

  // ---- view -----------------------------------------------------------------
  const host = document.createElement("liadesk-chat");
  const shadow = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shadow.adoptedStyleSheets = [sheet];

  const says = h("div", { class: "sr", role: "status" });
  const badge = h("span", { class: "badge", "aria-hidden": "true", hidden: true });
  const launcher = h("button", { type: "button", class: "launcher", hidden: true, "aria-expanded": "false", click: () => (opened ? close() : open()) }, icon("chat"), badge);
  const log = new Log(core, t, () => outbox.retry());
  const notice = h("div", { class: "notice", role: "status" });
  const face = h("span");
  const who = h("div", { class: "who", dir: "auto" });
  const { form, input } = composer(t, t.write, (text) => write(text));
  const place = h("div");
  const privacy = h("p", { class: "privacy" });
  const small = h("div", { class: "small" }, privacy);
  const panel = h(
    "section",
    { class: "panel", role: "dialog", "aria-label": t.chat, hidden: true },
    h("div", { class: "head" }, face, who, h("button", { type: "button", class: "x", "aria-label": t.closeChat, click: () => close() }, icon("close"))),
    log.element,
    place,
    notice,
    form,
    small,
  );
  const root = h(
    "div",
    {
      class: "root",
      lang: "en",
      keydown: (event: KeyboardEvent) => {
        // Keys pressed in the chat are not the page's shortcuts.
        event.stopPropagation();
        if (event.key !== "Escape" || event.isComposing) return;
        if (opened) close();
        else dismiss();
      },
    },
    says,
    panel,
    launcher,
  );
  shadow.append(root);
  // Beside body, not in it: applications replace what is in there.
  document.documentElement.append(host);

  let dressed = "";
  /** Colour, place and privacy line as the company wants them. */
  const dress = () => {
    const { look } = core;
    const chat = !!memory.chat();
    const now = JSON.stringify([look, chat]);
    if (now === dressed) return;
    dressed = now;
    paint(root.style, look);
    const link = webAddress(look.privacy_url);
    privacy.replaceChildren(...(chat ? [] : [look.privacy ?? "", " ", ...(link ? [h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, look.privacy ? t.readMore : t.privacy)] : [])]));
    small.className = chat ? "small kept" : "small"; // the place of what is loaded with a conversation
    privacy.hidden = chat || !(look.privacy || link);
  };

  let pictured = "";
  const render = () => {
    if (abort.signal.aborted) return;
    if (!host.isConnected) document.documentElement.append(host);
    const chat = memory.chat();
    const unread = opened ? 0 : thread.unread(chat?.read);
    root.className = `root${opened ? " opened" : ""}${offered || chat ? " lifted" : ""}${core.look.left ? " left" : ""}`;
    dress();
    panel.hidden = !opened;
    launcher.hidden = !(opened || offered || chat);
    launcher.setAttribute("aria-expanded", String(opened));
    launcher.setAttribute("aria-label", opened ? t.closeChat : unread ? t.unread(unread) : t.openChat);
    launcher.firstElementChild?.replaceWith(icon(opened ? "down" : "chat"));
    badge.hidden = !unread;
    badge.textContent = unread > 9 ? "9+" : String(unread);

    const name = sender?.name || core.look.title || t.team;
    if (pictured !== name + sender?.avatar) {
      pictured = name + sender?.avatar;
      face.replaceChildren(avatar(name, sender?.avatar, core.base));
      who.textContent = name;
    }
    const line = state.notice || (chat ? "" : core.attended ? core.look.attended || t.attended : core.look.unattended || t.unattended);
    const waiting = outbox.items.length > 0;
    const shown = waiting && navigator.onLine === false ? t.offline : waiting && slowed ? t.tooMany : line;
    if (notice.textContent !== shown) notice.textContent = shown;
    notice.hidden = !shown;
    const { atEnd } = log; // what stands under the messages takes from their room
    talk?.render(state, thread.messages, waiting, opened && document.visibilityState === "visible");
    log.render({ messages: thread.messages, campaign: message, precedes, pending: outbox.items.filter((i) => i.failed !== undefined || !covered.has(i.client_id)) });
    if (atEnd) log.toEnd();
  };

  // A live region has to stand there for a moment before it is listened to.
  const announce = (text: string) => {
    setTimeout(safe(() => { says.textContent = text.slice(0, 500); }), 150);
  };

  const report = (kind: string) => {
    if (message) core.call("event", { impression: message.impression, kind }).catch(ignore);
  };

  // ---- a campaign's message ---------------------------------------------------
  const removeCard = () => {
    card?.remove();
    card = undefined;
  };

  const show = (shown: Shown) => {
    removeCard();
    message = shown;
    precedes = thread.last;
    sender = shown.sender;
    if (opened) return render(); // it takes its place in the conversation
    card = bubble(core, t, shown, {
      reply: (text) => {
        write(text);
        open();
      },
      touched: () => touched(),
      clicked: () => report("clicked"),
      dismiss: () => dismiss(),
    });
    root.insertBefore(card, panel);
    render();
    announce(t.newMessage(shown.sender.name, plain(shown.blocks)));
  };

  const touchedOnes = new Set<string>();
  const touched = () => {
    if (!message || touchedOnes.has(message.impression)) return;
    touchedOnes.add(message.impression);
    memory.saw(message.campaign, "opened");
    report("opened");
    core.emit("opened", { campaign: message.campaign });
  };

  const dismiss = () => {
    if (!card || !message) return;
    const focused = !!shadow.activeElement;
    report("dismissed");
    memory.saw(message.campaign, "dismissed");
    core.emit("dismissed", { campaign: message.campaign });
    removeCard(); // whoever opens the chat after all finds the message there
    announce("");
    render();
    if (focused && !launcher.hidden) launcher.focus();
    core.idle();
  };

  // ---- the conversation -------------------------------------------------------
  const open = (quietly = false) => {
    if (opened) return;
    before = shadow.activeElement ? null : document.activeElement;
    if (card) touched();
    else if (!quietly) core.emit("opened");
    removeCard();
    opened = true;
    if (memory.chat()) tab(true);
    // On a phone the gesture that goes back closes what covers the page.
    if (innerWidth <= 480 && "CloseWatcher" in window) {
      watcher = new (window as unknown as { CloseWatcher: new () => Watcher }).CloseWatcher();
      watcher.onclose = safe(() => {
        watcher = undefined;
        close();
      });
    }
    render();
    log.toEnd();
    if (!quietly) input.focus();
    look();
  };

  const close = () => {
    if (!opened) return;
    watcher?.destroy();
    watcher = undefined;
    const focused = !!shadow.activeElement;
    opened = false;
    tab(false);
    read();
    render();
    look();
    if (focused) {
      if (!launcher.hidden) launcher.focus();
      else if (before instanceof HTMLElement) before.focus();
    }
    core.idle();
  };

  const read = () => {
    if (memory.chat() && thread.last) memory.keep({ read: thread.last });
  };

  const take = (messages: Message[], silent = false) => {
    const fresh = thread.add(messages);
    if (!silent) for (const item of arrived(outbox.items, fresh)) covered.add(item.client_id);
    for (const m of fresh) {
      if (m.from === "visitor" || m.from === "system") continue;
      if (m.from === "campaign" && message) {
        sender = message.sender;
        message = undefined;
      } else if (!sender || m.author) {
        sender = { name: m.author || t.team, ...(m.avatar ? { avatar: m.avatar } : sender?.name === m.author && sender?.avatar ? { avatar: sender.avatar } : {}) };
      }
      if (silent || m.from === "campaign") continue;
      if (!opened) announce(t.newMessage(m.author || t.team, m.text || plain(m.blocks ?? [])));
      core.emit("message", { id: m.id, from: m.from, author: m.author, text: m.text, at: m.at });
    }
    if (fresh.length && opened && document.visibilityState === "visible") read();
  };

  const refetch = async () => {
    const token = memory.chat()?.token;
    if (!token) return;
    try {
      const answer = await core.call<ThreadAnswer>("thread", { token, ...(cursor && { after: cursor }) });
      if (memory.chat()?.token !== token) return;
      took(answer);
    } catch (error) {
      if (gone(error)) lose();
      throw error;
    }
  };

  const took = (answer: ThreadAnswer) => {
    state = answer;
    const first = !thread.last;
    take(answer.messages ?? [], first);
    cursor = answer.messages?.at(-1)?.id ?? cursor;
    render();
    if (first) log.toEnd();
    converse();
  };

  const converse = () => {
    if (talking) return;
    talking = true;
    import(`${core.base}/widget-talk.js`).then((module: { mount(port: TalkPort): Talk }) => {
      if (abort.signal.aborted) return;
      talk = module.mount({
        core, h, shadow, place, small, input, took, write, announce, refetch,
        forgotten: () => {
          outbox.clear();
          lose();
          tab(false);
          close();
        },
        call: (name, body) => core.call(name, { token: memory.chat()?.token, ...body }),
        tell: (frame) => live.tell(frame),
      });
      render();
      if (opened) log.toEnd();
    }, () => { talking = false; });
  };

  /** The server knows the conversation no more. */
  const lose = () => {
    memory.forget();
    thread.clear();
    cursor = undefined;
    state = {};
    render();
    look();
  };

  const live = new Live({
    refetch,
    address: async () => {
      const { ticket } = await core.call<{ ticket: string }>("ticket", { token: memory.chat()?.token });
      return `${core.base.replace(/^http/, "ws")}/widget/v1/live?ticket=${encodeURIComponent(ticket)}`;
    },
    frame: (frame: Frame) => {
      if (frame.type === "message") take([frame.message]);
      else if (frame.type === "status") state = frame;
      else if (frame.type === "typing") talk?.typing(frame.text);
      render();
    },
  });

  const look = () => {
    const visible = document.visibilityState === "visible";
    live.set(!visible || !memory.chat()?.token ? "off" : opened ? "live" : "sparse");
  };

  // ---- what the visitor writes --------------------------------------------------
  const outbox = new Outbox(
    {
      send: async (item) => {
        const body = { text: item.text, client_id: item.client_id, url: location.href, ...(item.impression && { impression: item.impression }), ...identity() };
        const token = memory.chat()?.token;
        slowed = false;
        try {
          return await core.call<MessageAnswer>("message", { ...body, ...(token && { token }) });
        } catch (error) {
          slowed = error instanceof Refusal && error.status === 429;
          render();
          if (!token || !gone(error)) throw error;
          lose(); // and begin a new one with this message
          return core.call<MessageAnswer>("message", body);
        }
      },
      later: (run, wait) => void setTimeout(safe(run), wait),
      random: Math.random,
      sent: (item, answer) => {
        const before = memory.chat()?.token;
        if (before && before !== answer.token) lose(); // it went on elsewhere, and this is another one
        memory.keep({ token: answer.token });
        if (opened) tab(true);
        // It stands by its own until the server's copy is fetched.
        const known = typeof answer.message === "object" ? answer.message : { id: answer.message };
        if (known?.id) thread.add([{ from: "visitor", text: item.text, at: item.at, ...known }], true);
        refetch().then(() => {
          if (message?.impression === item.impression) message = undefined; // it has its place there now
          render();
        }).catch(ignore);
        look();
      },
      changed: (items) => {
        memory.keep({ out: [...items] });
        const failed = items.find((i) => i.failed !== undefined);
        if (failed) core.emit("error", { message: failed.failed || "a message was not sent" });
        render();
      },
    },
    memory.chat()?.out,
  );

  const identity = () => {
    const who = core.identity();
    return who ? { identity: who } : {};
  };

  const write = (text: string) => {
    outbox.add({
      client_id: newId(),
      text,
      at: new Date().toISOString(),
      ...(message && { impression: message.impression }),
    });
    if (message) memory.saw(message.campaign, "answered");
    log.toEnd();
  };

  // ---- the world around -----------------------------------------------------------
  document.addEventListener("visibilitychange", safe(() => {
    look();
    if (opened && document.visibilityState === "visible") read();
  }), listen);
  addEventListener("online", safe(() => outbox.retry()), listen);
  addEventListener("offline", safe(() => render()), listen);
  // Another tab wrote, read or ended the conversation.
  addEventListener("storage", safe((event: StorageEvent) => {
    if (event.key === memory.seenKey && card && message) {
      // Closed or answered in another tab, it is so here as well.
      const met = memory.seen().find((s) => s.campaign === message?.campaign);
      if (met?.how === "dismissed" || met?.how === "answered") {
        removeCard();
        render();
      }
    }
    if (event.key !== memory.chatKey) return;
    if (!memory.chat()?.token && thread.last) return lose();
    render();
    look();
  }), listen);
  // Keyboards of phones cover what is fixed to the bottom of the page.
  const viewport = window.visualViewport;
  viewport?.addEventListener("resize", safe(() => {
    const full = opened && innerWidth <= 480;
    panel.style.height = full ? `${viewport.height}px` : "";
    panel.style.top = full ? `${viewport.offsetTop}px` : "";
    if (full) log.toEnd();
  }), listen);

  render();
  look();
  outbox.run();
  // A page change must not take away a conversation that was open; on a phone
  // it would cover the page that was asked for.
  if (memory.chat() && tab() && innerWidth > 480) open(true);

  return {
    show: safe(show),
    open: safe(() => open()),
    close: safe(close),
    offer: safe(() => {
      offered = true;
      render();
    }),
    busy: () => opened || !!card,
    destroy: safe(() => {
      abort.abort();
      outbox.clear();
      live.set("off");
      tab(false);
      host.remove();
    }),
  };
}

/** What a CloseWatcher of the browser offers. */
interface Watcher {
  onclose: (() => void) | null;
  destroy(): void;
}

function gone(error: unknown): boolean {
  return error instanceof Refusal && [401, 404, 410].includes(error.status);
}

/** Reads or sets whether the conversation is open in this tab. */
function tab(set?: boolean): boolean {
  try {
    if (set) sessionStorage.setItem(OPEN, "1");
    else if (set === false) sessionStorage.removeItem(OPEN);
    return sessionStorage.getItem(OPEN) !== null;
  } catch {
    return false;
  }
}

/** An id that nobody else makes, also where crypto.randomUUID needs https. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
