import { Refusal } from "../api";
import { ignore, safe } from "../safe";
import type { Frame } from "../wire";
import { backoff } from "./outbox";

export interface LivePort {
  /** Asks for a one-use ticket and gives back the address of the socket. */
  address(): Promise<string>;
  /** Fetches what came after the newest message. */
  refetch(): Promise<unknown>;
  frame(frame: Frame): void;
}

export type LiveMode = "off" | "sparse" | "live";

/** Milliseconds between two looks. */
const POLL = 4000; // without a socket, while the conversation is open
const CHECK = 45_000; // beside a socket, which may die without a word
const SPARSE = 30_000; // while it is closed, growing to
const SPAREST = 120_000;

/**
 * Brings the other side's messages: over a socket while the conversation is
 * open and the tab visible, by looking now and then while it is closed, and by
 * looking every few seconds where sockets do not get through. Nothing at all
 * while the tab is hidden.
 */
export class Live {
  #mode: LiveMode = "off";
  #socket: WebSocket | undefined;
  #failures = 0;
  #sparse = SPARSE;
  #reconnect: ReturnType<typeof setTimeout> | undefined;
  #poll: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly port: LivePort) {}

  set(mode: LiveMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#failures = 0;
    this.#sparse = SPARSE;
    clearTimeout(this.#reconnect);
    clearTimeout(this.#poll);
    this.#socket?.close();
    this.#socket = undefined;
    if (mode === "off") return;
    this.#look();
    if (mode === "live") this.#connect();
  }

  /** Tells the server something by the way; without a socket it is lost. */
  tell(frame: object): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #look = (): void => {
    const mode = this.#mode;
    clearTimeout(this.#poll);
    const again = (asked = 0) => {
      if (mode !== this.#mode || mode === "off") return;
      clearTimeout(this.#poll);
      this.#poll = setTimeout(safe(this.#look), Math.max(asked * 1000, this.#pause()));
    };
    this.port.refetch().then(() => again(), (e: unknown) => again(e instanceof Refusal ? e.retryAfter : 0));
  };

  #pause(): number {
    if (this.#mode === "sparse") return (this.#sparse = Math.min(SPAREST, this.#sparse * 1.2));
    return this.#failures < 2 ? CHECK : POLL + Math.random() * 1000;
  }

  async #connect(): Promise<void> {
    let socket: WebSocket;
    try {
      const address = await this.port.address();
      if (this.#mode !== "live" || this.#socket) return;
      socket = this.#socket = new WebSocket(address);
    } catch (e) {
      return this.#lost(e instanceof Refusal ? e.retryAfter : 0);
    }
    socket.onopen = safe(() => {
      this.#failures = 0;
    });
    socket.onmessage = safe((event: MessageEvent) => {
      if (socket !== this.#socket) return;
      const frame = JSON.parse(String(event.data)) as Frame;
      if (frame.type === "ready") this.#look(); // what was said while there was no socket
      else this.port.frame(frame);
    });
    socket.onclose = safe(() => {
      if (socket !== this.#socket) return;
      this.#socket = undefined;
      this.#lost();
    });
    socket.onerror = ignore; // a close follows
  }

  #lost(asked = 0): void {
    if (this.#mode !== "live") return;
    if (++this.#failures === 2) this.#look(); // from now on at the quicker pace
    clearTimeout(this.#reconnect);
    this.#reconnect = setTimeout(safe(() => this.#connect()), Math.max(asked * 1000, backoff(this.#failures, Math.random())));
  }
}
