import type { Message, Pending } from "../wire";

/**
 * The messages of one conversation, each once, in the order in which they were
 * written, from whichever way they came: the first load, the socket, polling
 * or the answer to a message of the visitor's.
 */
export class Thread {
  #messages: Message[] = [];
  /** Ids, and whether the server's own copy is here. */
  #ids = new Map<string, boolean>();

  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** The newest message. */
  get last(): string | undefined {
    return this.#messages.at(-1)?.id;
  }

  /**
   * Takes messages in and gives back those that were new. A provisional one,
   * which bears our clock's time, gives way to the server's copy.
   */
  add(messages: Message[], provisional = false): Message[] {
    const fresh: Message[] = [];
    for (const message of messages) {
      if (!message?.id || this.#ids.get(message.id) || (provisional && this.#ids.has(message.id))) continue;
      if (this.#ids.has(message.id)) this.#messages = this.#messages.filter((m) => m.id !== message.id);
      else fresh.push(message);
      this.#ids.set(message.id, !provisional);
      this.#messages = [...this.#messages, message];
    }
    this.#messages.sort(inOrder);
    return fresh;
  }

  /** How many messages of others stand after the one that was read last. */
  unread(read: string | undefined): number {
    const from = this.#messages.findIndex((m) => m.id === read) + 1;
    return this.#messages.slice(from).filter((m) => m.from !== "visitor" && m.from !== "system").length;
  }

  clear(): void {
    this.#messages = [];
    this.#ids.clear();
  }
}

function inOrder(a: Message, b: Message): number {
  // Two messages may bear the same time, never the same place.
  if (a.seq && b.seq) return a.seq - b.seq;
  const byTime = Date.parse(a.at) - Date.parse(b.at);
  return byTime || (a.id < b.id ? -1 : 1);
}

/**
 * The socket may bring the visitor's own message before the call that sent it
 * has returned. These are the pending messages that just arrived so, and need
 * not stand there twice; they are still sent until the server says yes, which
 * costs nothing.
 */
export function arrived(pending: readonly Pending[], fresh: readonly Message[]): Pending[] {
  const own = fresh.filter((m) => m.from === "visitor").map((m) => m.text.trim());
  return pending.filter((p) => {
    const at = own.indexOf(p.text.trim());
    if (at >= 0) own.splice(at, 1);
    return at >= 0;
  });
}
