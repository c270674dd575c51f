import assert from "node:assert/strict";
import test from "node:test";
import { Counter } from "../src/counter";
import { wait, type Signs } from "../src/signals";
import type { Rule } from "../src/wire";

const signs = (change: Partial<Signs> = {}): Signs => ({
  spent: 5000, scrolled: 40, leaving: false, seen: (selector) => selector === "#prices", event: () => undefined, ...change,
});
const field = (name: string, op: string, value: unknown): Rule => ({ field: name, op, value });

test("each condition is met by what the visitor does", () => {
  const cart = signs({ event: (name) => (name === "cart" ? { value: "49.90", item: "City Bike", empty: null } : undefined) });
  const counted = signs({ onSite: 60_000, pages: 3, returning: true });
  for (const [rule, s, want] of [
    [field("time_on_page", "gte", 8), signs(), 3000],
    [field("time_on_page", "gte", 5), signs(), 0],
    [field("time_on_site", "gte", 90), counted, 30_000],
    [field("time_on_site", "gte", 0), signs(), Infinity], // nothing is counted here
    [field("pages_seen", "gte", 3), counted, 0],
    [field("pages_seen", "lte", 2), counted, Infinity],
    [field("pages_seen", "lte", 9), signs(), Infinity],
    [field("visitor", "eq", "returning"), counted, 0],
    [field("visitor", "eq", "new"), counted, Infinity],
    [field("visitor", "eq", "new"), signs(), Infinity],
    [field("scroll_depth", "gte", 40), signs(), 0],
    [field("scroll_depth", "gte", 41), signs(), Infinity],
    [field("exit_intent", "eq", true), signs(), Infinity],
    [field("exit_intent", "eq", true), signs({ leaving: true }), 0],
    [field("element", "eq", "#prices"), signs(), 0],
    [field("element", "eq", "#other"), signs(), Infinity],
    [field("event", "eq", "cart"), cart, 0],
    [field("event", "eq", "other"), cart, Infinity],
    [field("event.cart.value", "gte", 49.9), cart, 0],
    [field("event.cart.value", "gt", 49.9), cart, Infinity],
    [field("event.cart.value", "lt", 50), cart, 0],
    [field("event.cart.item", "contains", "city"), cart, 0],
    [field("event.cart.item", "eq", "city bike"), cart, 0],
    [field("event.cart.item", "gte", 5), cart, Infinity],
    [field("event.cart.empty", "exists", false), cart, 0],
    [field("event.cart.none", "lte", 5), cart, Infinity],
    [field("event.other.value", "ne", 5), cart, Infinity], // no such event, nothing to compare
    [field("moon", "eq", "full"), signs(), Infinity],
  ] as [Rule, Signs, number][]) assert.equal(wait(rule, s), want, JSON.stringify(rule));
});

test("groups wait for the last, the first, or the opposite", () => {
  const slow = field("time_on_page", "gte", 10);
  const soon = field("time_on_page", "gte", 6);
  const scroll = field("scroll_depth", "gte", 90);
  assert.equal(wait({ all: [slow, soon] }, signs()), 5000);
  assert.equal(wait({ any: [slow, soon, scroll] }, signs()), 1000);
  assert.equal(wait({ all: [soon, scroll] }, signs()), Infinity);
  assert.equal(wait({ not: scroll }, signs()), 0);
  assert.equal(wait({ not: { not: scroll } }, signs()), Infinity);
  assert.equal(wait({ all: [] }, signs()), 0);
  assert.equal(wait({ any: [] }, signs()), Infinity);
});

function counting(): { counter: Counter; kept: Map<string, string>; clock: { ms: number } } {
  const kept = new Map<string, string>();
  const clock = { ms: 1_000_000 };
  const store = () => ({
    getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k),
  });
  return { counter: new Counter("k", store, () => clock.ms), kept, clock };
}

test("nothing is counted before the server allows it, and what was kept goes when it no longer does", () => {
  const { counter, kept } = counting();
  counter.page("", "");
  counter.spend(1000);
  assert.equal(kept.size, 0);
  counter.allow(true, "?utm_source=mail&name=Ann", "https://a.example/");
  assert.equal(counter.visit()?.visits, 1);
  assert.equal(counter.visit()?.landing, "utm_source=mail"); // and no more of the address
  counter.allow(false, "", "");
  assert.equal(kept.size, 0);
  assert.equal(counter.visit(), undefined);
});

test("a visit lasts until the site was left for half an hour", () => {
  const { counter, clock } = counting();
  counter.allow(true, "?utm_source=mail", "https://a.example/");
  counter.spend(20_000);
  clock.ms += 29 * 60_000;
  counter.page("?q=1", "https://shop.example/");
  assert.deepEqual(counter.visit(), { visits: 1, pages: 2, spent: 20_000, landing: "utm_source=mail", referrer: "https://a.example/", at: clock.ms });
  clock.ms += 31 * 60_000;
  counter.page("", "https://b.example/");
  assert.deepEqual(counter.visit(), { visits: 2, pages: 1, spent: 0, landing: "", referrer: "https://b.example/", at: clock.ms });
});

test("a browser that refuses to store is not counted", () => {
  const counter = new Counter("k", () => { throw new Error("no"); }, () => 1);
  counter.allow(true, "", "");
  assert.equal(counter.visit(), undefined);
});
