import assert from "node:assert/strict";
import test from "node:test";
import { arrived, Thread } from "../src/panel/thread";
import type { Message } from "../src/wire";

const at = (second: number) => new Date(Date.UTC(2026, 10, 3, 9, 0, second)).toISOString();
const message = (id: string, second: number, from: Message["from"] = "agent", text = id): Message => ({ id, from, author: "Ana", text, at: at(second) });
const ids = (thread: Thread) => thread.messages.map((m) => m.id).join(" ");

test("messages stand once and in order, whichever way they come", () => {
  const thread = new Thread();
  assert.deepEqual(thread.add([message("b", 2), message("a", 1)]).map((m) => m.id), ["b", "a"]);
  assert.deepEqual(thread.add([message("c", 3), message("b", 2)]).map((m) => m.id), ["c"]);
  thread.add([message("a2", 1)]);
  assert.equal(ids(thread), "a a2 b c");
  assert.equal(thread.last, "c");
  thread.clear();
  assert.equal(thread.last, undefined);
  assert.equal(thread.add([message("a", 1)]).length, 1);
});

test("the server's copy replaces the one with our clock's time, and is not new", () => {
  const thread = new Thread();
  thread.add([message("own", 50, "visitor")], true);
  thread.add([message("answer", 9)]);
  assert.equal(ids(thread), "answer own");
  assert.deepEqual(thread.add([message("own", 5, "visitor")]), []);
  assert.equal(ids(thread), "own answer");
  thread.add([message("own", 50, "visitor")], true);
  assert.equal(ids(thread), "own answer");
});

test("what others said after the last one read is unread", () => {
  const thread = new Thread();
  thread.add([message("a", 1), message("b", 2, "visitor"), message("c", 3), message("d", 4, "system"), message("e", 5, "bot")]);
  assert.equal(thread.unread("a"), 2);
  assert.equal(thread.unread("e"), 0);
  assert.equal(thread.unread(undefined), 3);
});

test("an own message that the socket brought first does not stand there twice", () => {
  const pending = [
    { client_id: "1", text: "ok", at: at(1) },
    { client_id: "2", text: "ok", at: at(2) },
  ];
  assert.deepEqual(arrived(pending, [message("x", 1, "visitor", "ok")]).map((p) => p.client_id), ["1"]);
  assert.deepEqual(arrived(pending, [message("x", 1, "agent", "ok")]), []);
});

test("messages of the same moment stand in their places", () => {
  const thread = new Thread();
  const at = "2026-11-24T10:00:00.000Z";
  thread.add([
    { id: "b", seq: 1, from: "campaign", text: "Hi", at },
    { id: "a", seq: 2, from: "visitor", text: "Hello", at },
  ]);
  assert.deepEqual(thread.messages.map((m) => m.id), ["b", "a"]);
});
