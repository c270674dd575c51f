import assert from "node:assert/strict";
import test from "node:test";
import { Refusal } from "../src/api";
import { backoff, Outbox } from "../src/panel/outbox";
import type { MessageAnswer, Pending } from "../src/wire";

const answer: MessageAnswer = { token: "t", conversation: "c", message: "m" };

/** A server whose answers the test gives, and a clock that it turns. */
function scene(waiting: Pending[] = []) {
  const tried: string[] = [];
  const sent: string[] = [];
  const waits: { run: () => void; wait: number }[] = [];
  let settle: { resolve(a: MessageAnswer): void; reject(e: unknown): void } | undefined;
  const outbox = new Outbox(
    {
      send: (item) => {
        tried.push(item.client_id);
        return new Promise((resolve, reject) => (settle = { resolve, reject }));
      },
      later: (run, wait) => waits.push({ run, wait }),
      random: () => 0.5,
      sent: (item) => sent.push(item.client_id),
      changed: () => {},
    },
    waiting,
  );
  const turn = async (how: (s: NonNullable<typeof settle>) => void) => {
    const s = settle;
    settle = undefined;
    assert.ok(s, "something is on its way");
    if (s) how(s);
    for (let i = 0; i < 5; i++) await null;
  };
  return {
    outbox, tried, sent, waits,
    yes: () => turn((s) => s.resolve(answer)),
    no: (error: unknown = new TypeError("network")) => turn((s) => s.reject(error)),
    wake: () => waits.shift()?.run(),
    states: () => outbox.items.map((i) => i.failed ?? "sending"),
  };
}
const item = (client_id: string): Pending => ({ client_id, text: client_id, at: "2026-11-03T09:00:00Z" });

test("messages go out one by one, in order", async () => {
  const s = scene();
  s.outbox.add(item("1"));
  s.outbox.add(item("2"));
  assert.deepEqual(s.tried, ["1"]);
  await s.yes();
  assert.deepEqual(s.tried, ["1", "2"]);
  await s.yes();
  assert.deepEqual(s.sent, ["1", "2"]);
  assert.deepEqual(s.outbox.items, []);
});

test("a lost answer is tried again under the same id, and order is kept", async () => {
  const s = scene();
  s.outbox.add(item("1"));
  s.outbox.add(item("2"));
  await s.no();
  assert.deepEqual(s.waits.map((w) => w.wait), [1000]);
  s.wake();
  await s.no(new Refusal(503, "", 7));
  assert.deepEqual(s.waits.map((w) => w.wait), [7000], "the server's own wish counts");
  s.wake();
  await s.yes();
  assert.deepEqual(s.tried, ["1", "1", "1", "2"]);
});

test("after five tries the visitor is asked, and one word starts all again", async () => {
  const s = scene();
  s.outbox.add(item("1"));
  s.outbox.add(item("2"));
  for (let i = 0; i < 5; i++) {
    await s.no();
    s.wake();
  }
  assert.deepEqual(s.states(), ["", ""]);
  s.outbox.retry();
  assert.deepEqual(s.states(), ["sending", "sending"]);
  await s.yes();
  await s.yes();
  assert.deepEqual(s.sent, ["1", "2"]);
});

test("a message that is refused does not hold up the next", async () => {
  const s = scene();
  s.outbox.add(item("1"));
  s.outbox.add(item("2"));
  await s.no(new Refusal(422, "too long", 0));
  assert.deepEqual(s.states(), ["too long", "sending"]);
  await s.yes();
  assert.deepEqual(s.sent, ["2"]);
});

test("coming back online does not send twice at once", async () => {
  const s = scene();
  s.outbox.add(item("1"));
  s.outbox.retry();
  assert.deepEqual(s.tried, ["1"]);
  await s.no();
  s.outbox.retry();
  assert.deepEqual(s.tried, ["1", "1"]);
  s.wake(); // the wait from before the retry
  await s.yes();
  assert.deepEqual(s.tried, ["1", "1"]);
});

test("what was not sent before a reload goes out after it", async () => {
  const s = scene([{ ...item("1"), failed: "" }]);
  s.outbox.run();
  await s.yes();
  assert.deepEqual(s.sent, ["1"]);
});

test("what was forgotten is not sent", async () => {
  const s = scene();
  s.outbox.add(item("1"));
  await s.no();
  s.outbox.clear();
  s.wake();
  assert.deepEqual(s.tried, ["1"]);
});

test("waits double up to half a minute and are spread", () => {
  assert.deepEqual([1, 2, 3, 6, 20].map((n) => backoff(n, 0.5)), [1000, 2000, 4000, 30_000, 30_000]);
  assert.equal(backoff(1, 0), 750);
  assert.equal(backoff(1, 1), 1250);
});
