import assert from "node:assert/strict";
import test from "node:test";
import { Memory } from "../src/memory";
import { pageOf } from "../src/pages";

function browser() {
  const kept = new Map<string, string>();
  const store = {
    getItem: (k: string) => kept.get(k) ?? null,
    setItem: (k: string, v: string) => void kept.set(k, v),
    removeItem: (k: string) => void kept.delete(k),
  };
  const clock = { ms: Date.UTC(2026, 10, 3, 9) };
  return { kept, store, clock, memory: () => new Memory("key", () => store, () => clock.ms) };
}

test("nothing is stored before a message was shown, and then no identifier", () => {
  const b = browser();
  const memory = b.memory();
  assert.deepEqual(memory.seen(), []);
  assert.equal(memory.chat(), undefined);
  assert.equal(b.kept.size, 0);
  memory.saw("c1", "shown");
  assert.deepEqual([...b.kept], [["liadesk:key:seen", '{"c1":["2026-11-03","shown",29894940]}']]);
  memory.saw("c1", "dismissed");
  assert.deepEqual(b.memory().seen(), [{ campaign: "c1", day: "2026-11-03", how: "dismissed", session: true }]);
});

test("what was shown belongs to a visit that goes on until half an hour of rest", () => {
  const b = browser();
  const memory = b.memory();
  memory.saw("c1", "shown");
  const session = () => memory.seen()[0]?.session;
  for (let i = 0; i < 5; i++) {
    b.clock.ms += 29 * 60_000;
    assert.equal(session(), true);
    memory.still();
  }
  b.clock.ms += 30 * 60_000;
  memory.still();
  assert.equal(session(), undefined);
});

test("a goal is reached once, and for another campaign's message still", () => {
  const memory = browser().memory();
  assert.equal(memory.reached("c1"), undefined);
  memory.saw("c1", "shown");
  assert.equal(memory.reached("c1"), "2026-11-03");
  assert.equal(memory.reached("c1"), undefined);
  memory.saw("c1", "opened"); // keeps what is known
  assert.deepEqual(memory.seen(), [{ campaign: "c1", day: "2026-11-03", how: "opened", session: true, reached: true }]);
});

test("the conversation survives a reload and a week, and not a month without use", () => {
  const b = browser();
  b.memory().keep({ token: "t" });
  b.clock.ms += 8 * 86_400_000;
  assert.equal(b.memory().chat()?.token, "t");
  b.memory().keep({ read: "m1" });
  assert.equal(b.memory().chat()?.token, "t");
  b.clock.ms += 31 * 86_400_000;
  assert.equal(b.memory().chat(), undefined);
  assert.equal(b.kept.size, 0);
});

test("a browser that refuses to store is no error; it lasts as long as the page", () => {
  const memory = new Memory("key", () => { throw new Error("SecurityError"); }, () => 0);
  memory.saw("c1", "shown");
  memory.keep({ token: "t" });
  assert.equal(memory.seen().length, 1);
  assert.equal(memory.chat()?.token, "t");
  memory.forget();
  assert.equal(memory.chat(), undefined);
});

test("what somebody else wrote there is no error either", () => {
  const b = browser();
  for (const junk of ["{", "7", '"x"', "null", ""]) {
    b.kept.set("liadesk:key:seen", junk);
    b.kept.set("liadesk:key:chat", junk);
    assert.deepEqual(b.memory().seen(), []);
    assert.equal(b.memory().chat(), undefined);
  }
});

test("only so many campaigns are remembered, the newest", () => {
  const memory = browser().memory();
  for (let i = 0; i < 60; i++) memory.saw(`c${i}`, "shown");
  memory.saw("c20", "dismissed");
  const seen = memory.seen().map((s) => s.campaign);
  assert.equal(seen.length, 50);
  assert.equal(seen.at(-1), "c20");
  assert.ok(!seen.includes("c9"));
});

test("an anchor is no other page, a path in the fragment is", () => {
  const same = (a: string, b: string) => pageOf(`https://shop.example${a}`) === pageOf(`https://shop.example${b}`);
  assert.ok(same("/a", "/a#top"));
  assert.ok(!same("/a", "/b"));
  assert.ok(!same("/a", "/a?x=1"));
  assert.ok(!same("/a", "/a#/basket"));
  assert.ok(!same("/a#!/x", "/a#!/y"));
});
