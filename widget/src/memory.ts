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

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/**
 * What the widget keeps in the browser. Before a message was shown, nothing;
 * then {campaign: [day, how]} without any identifier; after the visitor wrote,
 * the token of the conversation. Where the browser refuses to store, it lasts
 * as long as the page.
 */
export class Memory {
  readonly chatKey: string;
  readonly #seenKey: string;
  readonly #page = new Map<string, string>();

  constructor(
    key: string,
    private readonly store: () => Store,
    private readonly now: () => number,
  ) {
    this.chatKey = `liadesk:${key}:chat`;
    this.#seenKey = `liadesk:${key}:seen`;
  }

  seen(): Seen[] {
    return Object.entries(this.#read<Record<string, [string, Seen["how"]]>>(this.#seenKey) ?? {}).map(
      ([campaign, [day, how]]) => ({ campaign, day, how }),
    );
  }

  saw(campaign: string, how: Seen["how"]): void {
    const all = this.#read<Record<string, [string, Seen["how"]]>>(this.#seenKey) ?? {};
    delete all[campaign]; // so that it becomes the newest
    all[campaign] = [new Date(this.now()).toISOString().slice(0, 10), how];
    this.#write(this.#seenKey, Object.fromEntries(Object.entries(all).slice(-MOST_SEEN)));
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
