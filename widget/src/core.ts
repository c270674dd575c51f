import type { Memory } from "./memory";
import type { Block, Look, Sender } from "./wire";

export type EventName = "ready" | "shown" | "opened" | "dismissed" | "message" | "error";

/** A message of a campaign that the server decided to show. */
export interface Shown {
  campaign: string;
  impression: string;
  sender: Sender;
  blocks: Block[];
  /** Answers in one tap. */
  replies?: string[];
}

/** What the first file lends to the second, so that nothing is loaded twice. */
export interface Core {
  /** Address of the server, without a slash at the end. */
  readonly base: string;
  readonly memory: Memory;
  /** Someone can answer now, as of the last visit. */
  readonly attended: boolean;
  readonly look: Look;
  call<T>(name: string, body?: object): Promise<T>;
  emit(event: EventName, detail?: unknown): void;
  /** What the page said about its visitor, if anything. */
  identity(): object | undefined;
  /** The visitor is done with what stood in the way of another message. */
  idle(): void;
}

/** What the second file offers. */
export interface Panel {
  show(message: Shown): void;
  open(): void;
  close(): void;
  /** Shows the button that opens the conversation. */
  offer(): void;
  /** A message or the conversation is in front of the visitor. */
  busy(): boolean;
  destroy(): void;
}
