import assert from "node:assert/strict";
import test from "node:test";
import { paint, webAddress } from "../src/panel/look";

function style() {
  const set = new Map<string, string>();
  return { set, setProperty: (n: string, v: string | null) => void set.set(n, v ?? ""), removeProperty: (n: string) => { set.delete(n); return ""; } };
}

test("only what is a colour or a distance reaches the style", () => {
  const s = style();
  paint(s, { colour: "#ffd400", ink: "#000", x: 24, y: 80 });
  assert.equal(s.set.get("--brand"), "#ffd400");
  assert.equal(s.set.get("--on-brand"), "#000");
  assert.deepEqual([s.set.get("--x"), s.set.get("--y")], ["24px", "80px"]);
  paint(s, { colour: "red;background:url(x)", x: -4, y: 1e9 });
  assert.equal(s.set.size, 0);
});

test("only web addresses become links", () => {
  assert.equal(webAddress("https://shop.example/privacy"), "https://shop.example/privacy");
  assert.equal(webAddress("javascript:alert(1)"), undefined);
  assert.equal(webAddress(undefined), undefined);
});
