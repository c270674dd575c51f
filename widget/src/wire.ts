// What the widget and the server say to each other. All calls are POST with a
// text/plain JSON body, which a browser sends without asking first.

/** How a campaign met this visitor before; the only thing kept for restraint. */
export interface Seen {
  campaign: string;
  /** The UTC day, as 2026-11-03. */
  day: string;
  how: "shown" | "opened" | "dismissed" | "answered";
  /** In this same visit to the site. */
  session?: boolean;
  /** What it was for was done, and the server was told. */
  reached?: boolean;
}

/** Conditions as the server left them: exactly one of all, any, not and field. */
export interface Rule {
  all?: Rule[];
  any?: Rule[];
  not?: Rule;
  field?: string;
  op?: string;
  value?: unknown;
}

export interface Conditions {
  time_on_page?: number;
  rule?: Rule;
}

export interface Armed {
  campaign: string;
  conditions: Conditions;
}

export interface VisitAnswer {
  arm: Armed[];
  /** Someone can answer now. */
  open: boolean;
  /** Seconds until the page asks again. */
  recheck: number;
  /** Pages and visits may be counted in this browser. */
  count?: boolean;
  /** Goals of campaigns that this visitor was shown: reached now, or with an event. */
  goals?: { campaign: string; event?: string }[];
  /** How the company wants the chat to look. */
  look?: Look;
  /** Offer the chat even when no campaign fires. */
  launcher?: boolean;
}

/** What is left out is as the widget has it. */
export interface Look {
  /** As #5157d8. */
  colour?: string;
  /** What is read on it: #000 or #fff. */
  ink?: string;
  left?: boolean;
  /** Pixels away from the side and the bottom. */
  x?: number;
  y?: number;
  title?: string;
  attended?: string;
  unattended?: string;
  privacy?: string;
  privacy_url?: string;
}

export interface Sender {
  name: string;
  avatar?: string;
}

export type ShowAnswer = { impression: string; sender: Sender; blocks: Block[]; replies?: string[] } | { blocked: string };

/** A node of a message. Never HTML. */
export interface Block {
  t: string;
  v?: string;
  href?: string;
  src?: string;
  alt?: string;
  c?: Block[];
}

export interface Message {
  id: string;
  /** Its place in the conversation; a provisional copy has none. */
  seq?: number;
  from: "visitor" | "agent" | "bot" | "campaign" | "system";
  author?: string;
  avatar?: string;
  text: string;
  at: string;
  blocks?: Block[];
  /** Answers in one tap. */
  replies?: string[];
}

/** Status and notice: an honest line about who will answer, and when. */
export interface ThreadState {
  status?: string;
  notice?: string;
  /** Who answers: bot, agent or queue. */
  owner?: string;
  /** The visitor may say how it was; and what they said. */
  rate?: boolean;
  rating?: number;
  /** How the visitor can be told of the answer: "text", "email" or both. */
  ways?: string;
  /** Visitors may send files. */
  files?: boolean;
  /** Where they are told, in words. */
  reached?: string;
}

export interface ThreadAnswer extends ThreadState {
  messages: Message[];
}

export interface MessageAnswer {
  token: string;
  conversation: string;
  message: string | Message;
}

/** Ready comes first: from then on nothing is missed. */
export type Frame = { type: "ready" } | { type: "message"; message: Message } | ({ type: "status" } & ThreadState) | { type: "typing"; text: string };

/** A message of the visitor's that the server has not confirmed yet. */
export interface Pending {
  client_id: string;
  text: string;
  at: string;
  impression?: string;
  /** Why it was not sent, once we stopped trying by ourselves. */
  failed?: string;
}
