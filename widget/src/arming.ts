import type { Armed, Conditions, Rule } from "./wire";

/** What is to be done next on this page. */
export type Next = { ask: string } | { wait: number } | null;

/**
 * Which campaign of a page is due, by the time for which the page was really
 * visible. It holds no timer and no clock of its own: whoever owns it asks
 * next() again after the wait it names, in milliseconds.
 */
export class Arming {
  #armed: Armed[] = [];
  #asked = new Set<string>();
  #done = false;
  #spent = 0;
  #since: number | undefined;

  /** The clock is in milliseconds and never goes back. */
  constructor(
    private readonly now: () => number,
    /** Milliseconds until a rule is met by time alone, Infinity while it waits for the visitor. */
    private readonly judge: (rule: Rule) => number = () => Infinity,
  ) {}

  /** A new page begins: no time spent, nothing armed. */
  page(): void {
    this.#armed = [];
    this.#asked.clear();
    this.#done = false;
    this.#spent = 0;
    if (this.#since !== undefined) this.#since = this.now();
  }

  /** The page was shown or hidden; hidden time does not count. */
  visible(yes: boolean): void {
    if (yes === (this.#since !== undefined)) return;
    this.#spent = this.spent();
    this.#since = yes ? this.now() : undefined;
  }

  /** Milliseconds for which this page has been visible. */
  spent(): number {
    return this.#spent + (this.#since === undefined ? 0 : this.now() - this.#since);
  }

  /**
   * Takes the server's list, at the start and at each re-check. The time spent
   * stays; campaigns that were blocked before may be asked for again.
   */
  arm(list: Armed[]): void {
    this.#armed = list.slice(0, 8);
    this.#asked.clear();
  }

  /** The campaign was asked for; the next one may go, should it be blocked. */
  asked(campaign: string): void {
    this.#asked.add(campaign);
  }

  /** A message was shown: this page gets no other. */
  done(): void {
    this.#done = true;
  }

  next(): Next {
    if (this.#done || this.#since === undefined) return null;
    let wait = Infinity;
    for (const { campaign, conditions } of this.#armed) {
      if (this.#asked.has(campaign)) continue;
      const left = this.#remaining(conditions);
      if (left <= 0) return { ask: campaign };
      wait = Math.min(wait, left);
    }
    return wait === Infinity ? null : { wait: Math.ceil(wait) };
  }

  /** Milliseconds until the conditions are met; Infinity if they may never be. */
  #remaining(conditions: Conditions): number {
    let wait = 0;
    for (const [name, value] of Object.entries(conditions)) {
      // A condition that this version does not know is not met.
      if (name === "rule") wait = Math.max(wait, this.judge(value));
      else if (name !== "time_on_page" || typeof value !== "number") return Infinity;
      else wait = Math.max(wait, value * 1000 - this.spent());
    }
    return wait;
  }
}
