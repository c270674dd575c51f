import type { Visit } from "./counter";
import type { Pending, Seen } from "./wire";

/** The conversation, kept only after the visitor wrote. */
export interface Chat {
  token?: string;
  /** Last use, in milliseconds since 1970. */
  at: number;
  /** The last message that the visitor has seen. */
  read?: string;
  /** Written, and not confirmed by the server yet. */
  out?: Pending[];
}

/** A conversation that was not used for so long is forgotten. */
const KEEP = 30 * 86_400_000;
/** So many campaigns are remembered. */
const MOST_SEEN = 50;

/** A visit to the site ends when it was left for so many minutes. */
const PAUSE = 30;

/** The UTC day, what the visitor did, the minute of the visit's last page since 1970, and whether the goal was reached. */
type Met = [day: string, how: Seen["how"], minute?: number, reached?: 1];

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/**
 * What the widget keeps in the browser. Before a message was shown, nothing;
 * then {campaign: [day, how, minute]} without any identifier; after the visitor wrote,
 * the token of the conversation. Where the browser refuses to store, it lasts
 * as long as the page.
 */
export class Memory {
  readonly chatKey: string;
  readonly visitKey: string;
  readonly seenKey: string;
  readonly #page = new Map<string, string>();

  constructor(
    key: string,
    private readonly store: () => Store,
    private readonly now: () => number,
  ) {
    this.chatKey = `liadesk:${key}:chat`;
    this.seenKey = `liadesk:${key}:seen`;
    this.visitKey = `liadesk:${key}:visits`;
  }

  seen(): Seen[] {
    const now = this.#minute();
    return Object.entries(this.#met()).map(([campaign, [day, how, minute, reached]]) => ({
      campaign, day, how,
      ...(now - (minute ?? 0) < PAUSE && { session: true }),
      ...(reached && { reached: true }),
    }));
  }

  saw(campaign: string, how: Seen["how"]): void {
    const all = this.#met();
    const reached = all[campaign]?.[3];
    delete all[campaign]; // so that it becomes the newest
    all[campaign] = [new Date(this.now()).toISOString().slice(0, 10), how, this.#minute(), ...((reached ? [1] : []) as [1?])];
    this.#write(this.seenKey, Object.fromEntries(Object.entries(all).slice(-MOST_SEEN)));
  }

  /** The visit goes on: what was shown in it stays part of it. */
  still(): void {
    const all = this.#met();
    const now = this.#minute();
    let changed = false;
    for (const met of Object.values(all)) {
      if (met[2] && met[2] !== now && now - met[2] < PAUSE) [met[2], changed] = [now, true];
    }
    if (changed) this.#write(this.seenKey, all);
  }

  /** The goal of a campaign was reached. Gives the day it was shown on, undefined when it counted before. */
  reached(campaign: string): string | undefined {
    const all = this.#met();
    const met = all[campaign];
    if (!met || met[3]) return undefined;
    all[campaign] = [met[0], met[1], met[2] ?? 0, 1];
    this.#write(this.seenKey, all);
    return met[0];
  }

  #met(): Record<string, Met> {
    return this.#read<Record<string, Met>>(this.seenKey) ?? {};
  }

  #minute(): number {
    return Math.floor(this.now() / 60_000);
  }

  /** What the counter keeps of this visit, if it was told to count. */
  visit(): Partial<Visit> | undefined {
    const kept = this.#read<Visit>(this.visitKey);
    return kept && this.now() - kept.at < PAUSE * 60_000 ? kept : undefined;
  }

  chat(): Chat | undefined {
    const chat = this.#read<Chat>(this.chatKey);
    if (chat && this.now() - chat.at > KEEP) {
      this.forget();
      return undefined;
    }
    return chat;
  }

  /** Changes the conversation; call it only after the visitor wrote. */
  keep(change: Partial<Chat>): void {
    this.#write(this.chatKey, { ...this.chat(), at: this.now(), ...change });
  }

  forget(): void {
    this.#page.delete(this.chatKey);
    try {
      this.store().removeItem(this.chatKey);
    } catch {
      // The browser refuses to store.
    }
  }

  #read<T>(key: string): T | undefined {
    let text = this.#page.get(key) ?? null;
    try {
      text = this.store().getItem(key) ?? text;
    } catch {
      // The browser refuses to store.
    }
    try {
      const value = JSON.parse(text ?? "null");
      return value && typeof value === "object" ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #write(key: string, value: object): void {
    const text = JSON.stringify(value);
    try {
      this.store().setItem(key, text);
      this.#page.delete(key);
    } catch {
      this.#page.set(key, text);
    }
  }
}
