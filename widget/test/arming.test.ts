import assert from "node:assert/strict";
import test from "node:test";
import { Arming } from "../src/arming";

function page(): { clock: { ms: number }; arming: Arming } {
  const clock = { ms: 1000 };
  const arming = new Arming(() => clock.ms);
  arming.visible(true);
  return { clock, arming };
}

const after = (campaign: string, time_on_page: number) => ({ campaign, conditions: { time_on_page } });

test("a campaign is due after its seconds on the page", () => {
  const { clock, arming } = page();
  assert.equal(arming.next(), null);
  arming.arm([after("a", 10), after("b", 5)]);
  assert.deepEqual(arming.next(), { wait: 5000 });
  clock.ms += 4999.5;
  assert.deepEqual(arming.next(), { wait: 1 });
  clock.ms += 0.5;
  assert.deepEqual(arming.next(), { ask: "b" });
});

test("hidden time does not count", () => {
  const { clock, arming } = page();
  arming.arm([after("a", 10)]);
  clock.ms += 6000;
  arming.visible(false);
  arming.visible(false);
  assert.equal(arming.next(), null);
  clock.ms += 3_600_000;
  arming.visible(true);
  arming.visible(true);
  assert.deepEqual(arming.next(), { wait: 4000 });
});

test("a page opened in the background begins when it is looked at", () => {
  const clock = { ms: 0 };
  const arming = new Arming(() => clock.ms);
  arming.arm([after("a", 1)]);
  clock.ms = 60_000;
  assert.equal(arming.next(), null);
  arming.visible(true);
  assert.deepEqual(arming.next(), { wait: 1000 });
});

test("a re-check keeps the time spent, and a campaign enabled meanwhile is due at once", () => {
  const { clock, arming } = page();
  arming.arm([]);
  clock.ms += 60_000;
  arming.arm([after("a", 10)]);
  assert.deepEqual(arming.next(), { ask: "a" });
});

test("if one is blocked the next may, in the server's order, and a re-check asks again", () => {
  const { clock, arming } = page();
  arming.arm([after("a", 10), after("b", 10), after("c", 20)]);
  clock.ms += 10_000;
  assert.deepEqual(arming.next(), { ask: "a" });
  arming.asked("a");
  assert.deepEqual(arming.next(), { ask: "b" });
  arming.asked("b");
  assert.deepEqual(arming.next(), { wait: 10_000 });
  arming.arm([after("a", 10)]);
  assert.deepEqual(arming.next(), { ask: "a" });
});

test("one message a page; the next page begins anew", () => {
  const { clock, arming } = page();
  arming.arm([after("a", 0)]);
  assert.deepEqual(arming.next(), { ask: "a" });
  arming.done();
  arming.arm([after("b", 0)]);
  assert.equal(arming.next(), null);
  clock.ms += 9000;
  arming.page();
  assert.equal(arming.spent(), 0);
  arming.arm([after("b", 2)]);
  assert.deepEqual(arming.next(), { wait: 2000 });
});

test("a condition that this version does not know is never met", () => {
  const { clock, arming } = page();
  arming.arm([{ campaign: "a", conditions: { time_on_page: 1, moon: "full" } as object }, { campaign: "b", conditions: {} }]);
  clock.ms += 5000;
  assert.deepEqual(arming.next(), { ask: "b" });
  arming.asked("b");
  assert.equal(arming.next(), null);
});

test("at most eight are armed", () => {
  const { arming } = page();
  arming.arm(Array.from({ length: 9 }, (_, i) => after(String(i), i < 8 ? 100 : 0)));
  assert.deepEqual(arming.next(), { wait: 100_000 });
});
