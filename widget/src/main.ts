// The first file: it tells the server about the page, waits until a campaign
// is due, and loads the second file only when there is something to show.

import { post, Refusal } from "./api";
import { Arming } from "./arming";
import type { Core, EventName, Panel, Shown } from "./core";
import type { DebugPort } from "./debug";
import { Memory } from "./memory";
import { watchPages } from "./pages";
import { ignore, safe } from "./safe";
import type { Port, Signals } from "./signals";
import type { Look, ShowAnswer, VisitAnswer } from "./wire";

type Listener = (detail?: unknown) => void;
type Queued = [name: string, ...args: unknown[]] | ((api: object) => void);

/** Longest address that is sent; longer ones lose their query. */
const LONGEST_ADDRESS = 4000;
const DEBUG = "liadesk:debug";
/** Seconds between re-checks when the server did not say. */
const RECHECK = 60;

function start(script: HTMLScriptElement, queued: Queued[], found: object): void {
  const source = new URL(script.src);
  const base = source.origin + source.pathname.replace(/\/[^/]*$/, "");
  const key = script.dataset["inbox"] || source.searchParams.get("inbox") || "";
  if (!key) return complain("the snippet names no inbox: it needs data-inbox or ?inbox=");

  const memory = new Memory(key, () => localStorage, () => Date.now());
  const arming = new Arming(() => performance.now(), (rule) => signals?.wait(rule) ?? Infinity);
  const listeners = new Map<string, Set<Listener>>();
  const isVisible = () => document.visibilityState === "visible";

  let ready = false;
  let attended = false;
  let asking = false;
  let stopped = false;
  let page = 0;
  let referrer = document.referrer;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let recheckAt = 0;
  let identity: Record<string, unknown> | undefined;
  let look: Look = {};
  const events = new Map<string, Record<string, unknown>>();
  let watching: Promise<Signals> | undefined;
  let signals: Signals | undefined;
  let goals: NonNullable<VisitAnswer["goals"]> = [];
  let loading: Promise<Panel> | undefined;
  let panel: Panel | undefined;

  const call = <T>(name: string, body: object = {}) => post<T>(`${base}/widget/v1/${name}`, { inbox: key, ...body });

  const emit = (event: EventName, detail?: unknown) => {
    for (const listener of listeners.get(event) ?? []) safe(listener)(detail);
  };

  const core: Core = {
    base, memory, call, emit,
    get attended() { return attended; },
    get look() { return look; },
    identity: () => identity,
    idle: () => tick(),
  };

  const load = (): Promise<Panel> =>
    (loading ??= import(`${base}/widget-panel.js`).then(
      (module: { mount(core: Core): Panel }) => (panel = module.mount(core)),
      (error) => {
        loading = undefined; // the network may be back the next time
        emit("error", { message: "the chat could not be loaded" });
        throw error;
      },
    ));

  /** Tells of goals: those that are pages, or those of one event. */
  const reach = (name: string) => {
    const seen = goals.filter((goal) => (goal.event ?? "") === name).flatMap(({ campaign }) => {
      // Noted first: a goal that counts twice would be worse than one that gets lost.
      const day = memory.reached(campaign);
      return day ? [{ campaign, day }] : [];
    });
    const { value, currency } = events.get(name) ?? {};
    if (name && seen[0]) call("track", { name, properties: { value, currency }, url: address(), seen }).catch(ignore);
    else for (const one of seen) call("event", { kind: "goal", url: address(), ...one }).catch(ignore);
  };

  /** Loads the file that watches what the visitor does here. */
  const watch = () =>
    (watching ??= import(`${base}/widget-signals.js`).then(
      (module: { Signals: new (port: Port) => Signals }) => (signals = new module.Signals({
        memory, events, spent: () => arming.spent(), changed: () => tick(),
      })),
      (error) => {
        watching = undefined; // the next re-check tries again
        throw error;
      },
    ));

  /** What every question says of the page and its visitor. */
  const view = (so = memory.visit()) => ({
    url: address(),
    // Where visits are counted, what sent the visitor here at their beginning.
    referrer: so ? so.referrer : referrer,
    landing: so?.landing,
    language: navigator.language,
    device: device(),
    token: memory.chat()?.token,
    seen: memory.seen(),
    ...(identity?.["signature"] ? { identity } : {}),
  });

  const offer = () => { load().then((p) => p.offer()).catch(ignore); };
  // A conversation may begin in another tab.
  const onStorage = safe((event: StorageEvent) => {
    if (event.key === memory.chatKey && memory.chat()) offer();
  });

  const visit = async (again: boolean) => {
    const mine = page;
    recheckAt = performance.now() + RECHECK * 1000;
    try {
      if (!again) memory.still();
      const answer = await call<VisitAnswer>("visit", { ...view(), recheck: again });
      if (mine !== page || stopped) return;
      attended = !!answer.open;
      look = answer.look ?? {};
      recheckAt = performance.now() + Math.max(answer.recheck || RECHECK, 5) * 1000;
      arming.arm(answer.arm ?? []);
      goals = answer.goals ?? [];
      ["", ...events.keys()].forEach(reach);
      if (signals || answer.count || answer.arm?.some((a) => a.conditions.rule)) {
        watch().then((s) => {
          if (mine !== page || stopped) return;
          s.count(!!answer.count, location.search, referrer);
          tick();
        }).catch(ignore);
      }
      if (answer.launcher || memory.chat()) offer();
      if (!ready) {
        ready = true;
        emit("ready");
      }
    } catch (error) {
      if (error instanceof Refusal && !error.passing) {
        stop();
        complain(error.detail || `wrong key, or ${location.hostname} is no domain of the inbox`);
      }
    }
    tick();
  };

  const ask = async (campaign: string) => {
    const mine = page;
    asking = true;
    arming.asked(campaign);
    try {
      const answer = await call<ShowAnswer>("show", { ...view(), campaign });
      if (!("blocked" in answer) && mine === page && !stopped) {
        const view = await load();
        const message: Shown = { campaign, ...answer };
        view.show(message);
        arming.done();
        memory.saw(campaign, "shown");
        emit("shown", { campaign });
      }
    } catch {
      // The next re-check tries again.
    } finally {
      asking = false;
    }
    tick();
  };

  // One timer for all that waits; none while the page is hidden.
  const tick = safe(() => {
    clearTimeout(timer);
    if (stopped || !isVisible()) return;
    const due = recheckAt - performance.now();
    if (due <= 0) return void visit(true);
    const next = asking || panel?.busy() ? null : arming.next();
    if (next && "ask" in next) return void ask(next.ask);
    timer = setTimeout(tick, Math.min(due, next ? next.wait : Infinity));
  });

  const newPage = (before: string) => {
    page++;
    referrer = before;
    signals?.page(location.search, before);
    events.clear();
    goals = [];
    arming.page();
    return visit(false);
  };

  const onVisibility = safe(() => {
    arming.visible(isVisible());
    if (!isVisible()) signals?.hidden();
    tick();
  });
  // A page that comes back out of the browser's cache is a new view of it.
  const onPageShow = safe((event: PageTransitionEvent) => {
    if (event.persisted) newPage(referrer);
  });
  let unwatch: () => void = ignore;

  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    signals?.stop();
    unwatch();
    document.removeEventListener("visibilitychange", onVisibility);
    removeEventListener("pageshow", onPageShow);
    removeEventListener("storage", onStorage);
  };

  const api: Record<string, unknown> = {
    loaded: true,
    identify: safe((who: object) => {
      const before = JSON.stringify(identity);
      identity = who && typeof who === "object" ? { ...who } : undefined;
      if (!identity || JSON.stringify(identity) === before) return; // frameworks say it with each rendering
      const token = memory.chat()?.token;
      if (token) call("identify", { token, ...identity }).catch(ignore);
      if (ready && identity["signature"]) void visit(true); // other campaigns may be meant for whom we know
    }),
    track: safe((name: string, properties?: object) => {
      if (!/^[\w-]{1,60}$/.test(name) || events.size > 50) return;
      events.set(name, { ...properties });
      reach(name);
      tick();
    }),
    open: safe(() => load().then((p) => p.open())),
    close: safe(() => panel?.close()),
    on: (event: EventName, listener: Listener) => {
      const all = listeners.get(event) ?? new Set();
      listeners.set(event, all.add(listener));
      if (event === "ready" && ready) safe(listener)();
      return () => { all.delete(listener); };
    },
    shutdown: safe(() => {
      stop();
      identity = undefined;
      memory.forget();
      panel?.destroy();
      panel = loading = undefined;
    }),
  };
  const run = safe((entry: Queued) => {
    if (typeof entry === "function") return entry(api);
    const method = api[entry[0]];
    return typeof method === "function" ? method(...entry.slice(1)) : undefined;
  });
  api["q"] = { push: (...entries: Queued[]) => entries.forEach(run) };
  Object.assign(found, api);
  queued.forEach(run);
  const pass = debugPass();
  if (pass && !stopped) {
    watch().catch(ignore);
    import(`${base}/widget-debug.js`).then((module: { mount(port: DebugPort): void }) => module.mount({
      call, view, pass, wait: (rule) => signals?.wait(rule) ?? Infinity, over: () => debugPass(""),
    })).catch(ignore);
  }
  if (stopped) return; // the queue may have shut it down

  const begin = () => {
    arming.visible(isVisible());
    document.addEventListener("visibilitychange", onVisibility);
    addEventListener("pageshow", onPageShow);
    addEventListener("storage", onStorage);
    unwatch = watchPages(newPage);
    return visit(false);
  };
  // Whoever comes by the link in a text or an e-mail has their thread again.
  const code = /^#liadesk=(\w+)$/.exec(location.hash)?.[1];
  const go = safe(() => code ? import(`${base}/widget-talk.js`).then((m) => m.comeBack(core, code)).then(begin).then(api["open"] as () => void).catch(ignore) : begin());
  // A page that the browser prepares without showing it is no visit yet.
  if ((document as { prerendering?: boolean }).prerendering) {
    document.addEventListener("prerenderingchange", go, { once: true });
  } else {
    go();
  }
}

/** The pass of a team member who came from the dashboard; kept for this tab. */
function debugPass(set = /^#liadesk-debug=([\w-]+)$/.exec(location.hash)?.[1]): string | undefined {
  try {
    if (set) history.replaceState(history.state, "", location.pathname + location.search);
    if (set !== undefined) sessionStorage.setItem(DEBUG, set);
    return sessionStorage.getItem(DEBUG) || undefined;
  } catch {
    return set;
  }
}

function address(): string {
  return location.href.length > LONGEST_ADDRESS ? location.origin + location.pathname.slice(0, LONGEST_ADDRESS) : location.href;
}

function device(): string {
  if (!matchMedia("(pointer: coarse)").matches) return "desktop";
  return Math.min(screen.width, screen.height) < 600 ? "mobile" : "tablet";
}

function complain(sentence: string): void {
  console.error(`LiaDesk: ${sentence}`);
}

safe(() => {
  const holder = window as { LiaDesk?: { loaded?: boolean; q?: Queued[] } };
  const found = (holder.LiaDesk ??= {});
  if (found.loaded) return; // a second snippet, or a framework that renders twice
  const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]');
  // Without style sheets of its own the widget would need the page's leave
  // for inline styles; browsers that old show nothing.
  if (!(script instanceof HTMLScriptElement) || !("adoptedStyleSheets" in document)) return;
  found.loaded = true;
  start(script, Array.isArray(found.q) ? found.q : [], found);
})();
