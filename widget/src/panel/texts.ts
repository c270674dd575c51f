// Every sentence that a visitor reads from the widget itself.

const en = {
  chat: "Chat",
  openChat: "Open chat",
  unread: (n: number) => (n === 1 ? "Open chat, 1 unread message" : `Open chat, ${n} unread messages`),
  closeChat: "Close chat",
  dismiss: "Close message",
  messageFrom: (name: string) => `Message from ${name}`,
  newMessage: (name: string, text: string) => `${name}: ${text}`,
  team: "The team",
  you: "You",
  write: "Write a message",
  reply: "Write a reply",
  replies: "Quick replies",
  send: "Send",
  sending: "Sending…",
  notSent: "Not sent.",
  tryAgain: "Try again",
  tooMany: "That was a lot at once. It goes out in a moment.",
  attended: "We are here. Write to us and a person will answer.",
  unattended: "We are away at the moment. Leave a message and read our answer here.",
  privacy: "Privacy",
  readMore: "Read more",
  offline: "You are offline. Your message goes out as soon as you are back.",
};

export type Texts = typeof en;

/** The sentences for a page's language; English until others are written. */
export function textsFor(_language: string): Texts {
  return en;
}
