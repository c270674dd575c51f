// Types of window.LiaDesk, for pages that are written in TypeScript. Copy this
// file into your project; the calls work before the chat is loaded, too.

interface LiaDeskIdentity {
  /** Your own id of the visitor. */
  id?: string | number;
  name?: string;
  email?: string;
  phone?: string;
  /** HMAC-SHA256 of id, e-mail and phone, a line each, made on your server. */
  signature?: string;
}

interface LiaDeskEvents {
  ready: undefined;
  shown: { campaign: string };
  opened: { campaign: string } | undefined;
  dismissed: { campaign: string };
  message: { id: string; from: "agent" | "bot"; author?: string; text: string; at: string };
  error: { message: string };
}

interface LiaDesk {
  /** Says who the visitor is. Saying the same again is harmless. */
  identify(who: LiaDeskIdentity): void;
  /** Says that something happened. Names have letters, digits, - and _. */
  track(name: string, properties?: Record<string, unknown>): void;
  open(): void;
  close(): void;
  /** Calls fn for each event. Returns the way to stop. */
  on<E extends keyof LiaDeskEvents>(event: E, fn: (detail: LiaDeskEvents[E]) => void): () => void;
  /** Forgets the conversation and who the visitor is, as when they sign out. */
  shutdown(): void;
}

interface Window {
  LiaDesk?: LiaDesk | { q: unknown[] };
}
