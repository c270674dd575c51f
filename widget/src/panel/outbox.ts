import { Refusal } from "../api";
import type { MessageAnswer, Pending } from "../wire";

export interface OutboxPort {
  send(item: Pending): Promise<MessageAnswer>;
  /** Runs a function after so many milliseconds. */
  later(run: () => void, wait: number): void;
  /** Between 0 and 1. */
  random(): number;
  /** The server took the message. */
  sent(item: Pending, answer: MessageAnswer): void;
  /** What waits has changed: show it and keep it. */
  changed(items: readonly Pending[]): void;
}

/** After so many tries in a row the visitor is asked. */
const TRIES = 5;

/**
 * Sends the visitor's messages in the order in which they were written, one at
 * a time. Each has an id of its own, so that the server takes it once however
 * often it is tried.
 */
export class Outbox {
  #items: Pending[];
  #busy = false;
  #tries = 0;
  #turn = 0;

  constructor(private readonly port: OutboxPort, items: Pending[] = []) {
    this.#items = items.map(({ failed: _, ...item }) => item);
  }

  get items(): readonly Pending[] {
    return this.#items;
  }

  add(item: Pending): void {
    this.#items = [...this.#items, item];
    this.port.changed(this.#items);
    this.run();
  }

  /** Tries everything again: somebody asked for it, or the network came back. */
  retry(): void {
    if (!this.#items.length) return;
    this.#items = this.#items.map(({ failed: _, ...item }) => item);
    this.#tries = 0;
    this.#turn++;
    this.port.changed(this.#items);
    this.run();
  }

  clear(): void {
    this.#items = [];
    this.#turn++;
  }

  run(): void {
    const item = this.#items.find((i) => i.failed === undefined);
    if (this.#busy || !item) return;
    this.#busy = true;
    this.port.send(item).then(
      (answer) => {
        this.#busy = false;
        this.#tries = 0;
        if (!this.#items.some((i) => i.client_id === item.client_id)) return; // forgotten meanwhile
        this.#items = this.#items.filter((i) => i.client_id !== item.client_id);
        this.port.sent(item, answer);
        this.port.changed(this.#items);
        this.run();
      },
      (error: unknown) => {
        this.#busy = false;
        this.#failed(item, error);
      },
    );
  }

  #failed(item: Pending, error: unknown): void {
    if (error instanceof Refusal && !error.passing) {
      // This one will never be taken; those behind it may be.
      this.#fail((i) => i.client_id === item.client_id, error.detail);
      return this.run();
    }
    if (++this.#tries >= TRIES) return this.#fail(() => true, "");
    const asked = error instanceof Refusal ? error.retryAfter * 1000 : 0;
    const turn = this.#turn;
    this.port.later(() => {
      if (turn === this.#turn) this.run();
    }, Math.max(asked, backoff(this.#tries, this.port.random())));
  }

  #fail(which: (item: Pending) => boolean, why: string): void {
    this.#tries = 0;
    this.#items = this.#items.map((i) => (which(i) ? { ...i, failed: why } : i));
    this.port.changed(this.#items);
  }
}

/**
 * Milliseconds to wait after so many failures: doubling from one second to
 * half a minute, spread by half so that a server which comes back is not met
 * by everybody at once.
 */
export function backoff(failures: number, random: number): number {
  return Math.min(30_000, 1000 * 2 ** (failures - 1)) * (0.75 + random / 2);
}
