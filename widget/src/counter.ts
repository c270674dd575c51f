/** A visit to the site: it ends when the site was left for half an hour. */
export interface Visit {
  /** Visits of this browser, this one included. */
  visits: number;
  /** Pages of this visit. */
  pages: number;
  /** Milliseconds for which its pages were visible. */
  spent: number;
  /** The campaign parameters that it came with. */
  landing: string;
  /** The page before the visit. */
  referrer: string;
  /** Its last sign of life, in milliseconds since 1970. */
  at: number;
}

const PAUSE = 30 * 60_000;

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/**
 * Counts pages and visits in the browser, without any identifier, where the
 * inbox was told to; elsewhere it keeps nothing, and takes away what was kept
 * before it was told not to.
 */
export class Counter {
  #on = false;

  constructor(private readonly key: string, private readonly store: () => Store, private readonly now: () => number) {}

  get on(): boolean { return this.#on; }

  /** The server's word on whether to count. Counts the page when it begins to. */
  allow(yes: boolean, query: string, referrer: string): void {
    if (yes === this.#on) return;
    this.#on = yes;
    if (yes) return this.page(query, referrer);
    try {
      this.store().removeItem(this.key);
    } catch {
      // The browser refuses to store.
    }
  }

  page(query: string, referrer: string): void {
    if (!this.#on) return;
    const before = this.#read();
    const now = this.now();
    const fresh = !before || now - before.at > PAUSE || now < before.at;
    const parameters = query.slice(1).split("&").filter((p) => p.startsWith("utm_")).join("&");
    const landing = parameters ? parameters.slice(0, 500) : fresh ? "" : before.landing;
    this.#write(fresh
      ? { visits: (before?.visits ?? 0) + 1, pages: 1, spent: 0, landing, referrer: referrer.slice(0, 500), at: now }
      : { ...before, pages: before.pages + 1, landing, at: now });
  }

  /** Adds visible time, at the end of a stretch of it. */
  spend(ms: number): void {
    const visit = this.#read();
    if (this.#on && visit) this.#write({ ...visit, spent: visit.spent + Math.round(ms), at: this.now() });
  }

  visit(): Visit | undefined {
    return this.#on ? this.#read() : undefined;
  }

  #read(): Visit | undefined {
    try {
      const kept = JSON.parse(this.store().getItem(this.key) ?? "null");
      return typeof kept?.at === "number" ? kept : undefined;
    } catch {
      return undefined;
    }
  }

  #write(visit: Visit): void {
    try {
      this.store().setItem(this.key, JSON.stringify(visit));
    } catch {
      this.#on = false; // the browser refuses to store: nothing is counted
    }
  }
}
