// A file of its own, loaded where there is something to watch: conditions that
// only the page can judge, or a count of visits.

import type { Core } from "./core";
import { Counter } from "./counter";
import { safe } from "./safe";
import type { Rule } from "./wire";

/** What a page knows about its visitor; the numbers are as of now. */
export interface Signs {
  /** Milliseconds for which this page has been visible. */
  spent: number;
  /** The same for the whole visit, undefined where nothing is counted. */
  onSite?: number | undefined;
  pages?: number | undefined;
  returning?: boolean | undefined;
  /** Percent of the page that was scrolled to, the furthest. */
  scrolled: number;
  leaving: boolean;
  /** Whether an element that a selector finds was in view. */
  seen(selector: string): boolean;
  /** The last event of a name, with its properties. */
  event(name: string): Record<string, unknown> | undefined;
}

/**
 * Milliseconds until the conditions are met by time alone: 0 when they are,
 * Infinity while they wait for the visitor. What this version does not know is
 * never met.
 */
export function wait(rule: Rule, signs: Signs): number {
  if (rule.all) return Math.max(0, ...rule.all.map((part) => wait(part, signs)));
  if (rule.any) return Math.min(Infinity, ...rule.any.map((part) => wait(part, signs)));
  if (rule.not) return wait(rule.not, signs) > 0 ? 0 : Infinity;
  return leaf(rule.field ?? "", rule.op, rule.value, signs);
}

const met = (yes: boolean): number => (yes ? 0 : Infinity);

function leaf(field: string, op: string | undefined, value: unknown, signs: Signs): number {
  const number = Number(value);
  switch (field) {
    case "time_on_page":
      return Math.max(0, number * 1000 - signs.spent);
    case "time_on_site":
      return signs.onSite === undefined ? Infinity : Math.max(0, number * 1000 - signs.onSite);
    case "pages_seen":
      return met(signs.pages !== undefined && (op === "lte" ? signs.pages <= number : signs.pages >= number));
    case "visitor":
      return met(signs.returning !== undefined && signs.returning === (value === "returning"));
    case "scroll_depth":
      return met(signs.scrolled >= number);
    case "exit_intent":
      return met(signs.leaving === value);
    case "element":
      return met(signs.seen(String(value)));
    case "event":
      return met(!!signs.event(String(value)));
  }
  const [kind, name = "", property = ""] = field.split(".");
  const event = kind === "event" ? signs.event(name) : undefined;
  return met(!!event && compares(event[property], op, value));
}

function compares(have: unknown, op: string | undefined, want: unknown): boolean {
  const text = have === undefined || have === null ? "" : String(have).toLowerCase();
  switch (op) {
    case "exists":
      return want === (text !== "");
    case "eq":
      return text === String(want).toLowerCase();
    case "ne":
      return text !== String(want).toLowerCase();
    case "contains":
      return text.includes(String(want).toLowerCase());
  }
  const number = text === "" ? NaN : Number(have);
  const bound = Number(want);
  return op === "gte" ? number >= bound : op === "gt" ? number > bound : op === "lte" ? number <= bound : op === "lt" && number < bound;
}

/** Watches what the visitor does, for the conditions that ask for it. */
class Watch {
  scrolled = 0;
  leaving = false;
  #seen = new Set<string>();
  #observers = new Map<string, IntersectionObserver>();
  #search: ReturnType<typeof setInterval> | undefined;
  #abort = new AbortController();

  /** Changed is called when something happened that a condition may wait for. */
  constructor(private readonly changed: () => void) {
    const options = { passive: true, capture: true, signal: this.#abort.signal } as const;
    let last = scrollY;
    let lastAt = performance.now();
    addEventListener("scroll", safe(() => {
      const before = this.scrolled;
      this.#measure();
      // On touch screens, a quick pull back up the page is how one leaves.
      const now = performance.now();
      const speed = (last - scrollY) / Math.max(now - lastAt, 16);
      if (matchMedia("(pointer: coarse)").matches && speed > 2 && this.scrolled > 10) this.#leave();
      if (now - lastAt > 100) [last, lastAt] = [scrollY, now];
      if (before !== this.scrolled) this.changed();
    }), options);
    // With a mouse, one leaves over the top edge, towards the tabs.
    document.documentElement.addEventListener("mouseleave", safe((event: MouseEvent) => {
      if (event.clientY <= 0) this.#leave();
    }), options);
    this.#measure();
  }


  #leave(): void {
    if (this.leaving) return;
    this.leaving = true;
    this.changed();
  }

  #measure(): void {
    const { scrollHeight } = document.documentElement;
    const percent = scrollHeight > innerHeight ? ((scrollY + innerHeight) / scrollHeight) * 100 : 100;
    // A page that cannot be scrolled was not scrolled.
    if (scrollY > 0) this.scrolled = Math.max(this.scrolled, Math.min(100, Math.round(percent)));
  }

  /** Whether what a selector finds was in view; from the first call on it is watched. */
  seen(selector: string): boolean {
    if (!this.#seen.has(selector) && !this.#observers.has(selector)) {
      const observer = new IntersectionObserver(safe((entries: IntersectionObserverEntry[]) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        this.#observers.delete(selector);
        this.#seen.add(selector);
        this.changed();
      }), { threshold: 0.5 });
      this.#observers.set(selector, observer);
      this.#look();
      this.#search ??= setInterval(safe(() => this.#look()), 2000);
    }
    return this.#seen.has(selector);
  }

  /** Finds what came late, as in pages that scripts build. */
  #look(): void {
    for (const [selector, observer] of this.#observers) {
      try {
        for (const element of Array.from(document.querySelectorAll(selector)).slice(0, 20)) observer.observe(element);
      } catch {
        // No selector: never met.
      }
    }
  }

  /** A new page of the same document. */
  page(): void {
    this.scrolled = 0;
    this.leaving = false;
    this.#seen.clear();
    for (const observer of this.#observers.values()) observer.disconnect();
    this.#observers.clear();
    clearInterval(this.#search);
    this.#search = undefined;
  }

  stop(): void {
    this.page();
    this.#abort.abort();
  }
}


/** What the first file lends to this one. */
export interface Port extends Pick<Core, "memory"> {
  /** Milliseconds for which this page has been visible. */
  spent(): number;
  /** Events of this page, by name, with their properties. */
  readonly events: Map<string, Record<string, unknown>>;
  /** Something happened that a condition may wait for. */
  changed(): void;
}

export class Signals {
  readonly #counter: Counter;
  readonly #watch: Watch;
  #counted = 0; // visible milliseconds of this page that the counter has

  constructor(private readonly port: Port) {
    this.#counter = new Counter(port.memory.visitKey, () => localStorage, () => Date.now());
    this.#watch = new Watch(port.changed);
  }

  /** Takes the server's word on whether to count visits. */
  count(yes: boolean, query: string, referrer: string): void {
    this.#counter.allow(yes, query, referrer);
  }

  wait(rule: Rule): number {
    const visit = this.#counter.visit();
    const watch = this.#watch;
    const spent = this.port.spent();
    return wait(rule, {
      spent,
      onSite: visit && visit.spent + spent - this.#counted,
      pages: visit?.pages,
      returning: visit && visit.visits > 1,
      scrolled: watch.scrolled,
      leaving: watch.leaving,
      seen: (selector) => watch.seen(selector),
      event: (name) => this.port.events.get(name),
    });
  }

  /** The page is hidden: the time so far is kept. */
  hidden(): void {
    this.#counter.spend(this.port.spent() - this.#counted);
    this.#counted = this.port.spent();
  }

  /** A new page of the same document; call it before its time begins anew. */
  page(query: string, referrer: string): void {
    this.hidden();
    this.#counted = 0;
    this.#watch.page();
    this.#counter.page(query, referrer);
  }

  stop(): void {
    this.#watch.stop();
  }
}
