import assert from "node:assert/strict";
import test from "node:test";
import { build, linked, plain, type Maker } from "../src/panel/blocks";

// A document that can do no more than the messages may use.
class FakeNode {
  children: (FakeNode | string)[] = [];
  attributes: Record<string, string> = {};
  constructor(readonly tag: string) {}
  setAttribute(name: string, value: string): void {
    this.attributes[name] = value;
  }
  append(...nodes: (FakeNode | string)[]): void {
    this.children.push(...nodes);
  }
}
const maker = { createElement: (tag: string) => new FakeNode(tag), createTextNode: (text: string) => text } as unknown as Maker;

function html(blocks: unknown): string {
  const write = (n: unknown): string =>
    n instanceof FakeNode
      ? `<${n.tag}${Object.entries(n.attributes).map(([k, v]) => ` ${k}=${v}`).join("")}>${n.children.map(write).join("")}</${n.tag}>`
      : String(n);
  return build(blocks, maker, "https://shop.example/page").map(write).join("");
}
const text = (v: string) => ({ t: "text", v });

test("the tags of a message are built", () => {
  assert.equal(
    html([{ t: "p", c: [text("Hi "), { t: "b", c: [text("you")] }, { t: "br" }] }, { t: "ul", c: [{ t: "li", c: [text("a")] }] }]),
    "<p>Hi <b>you</b><br></br></p><ul><li>a</li></ul>",
  );
  assert.equal(html([text("<script>alert(1)</script>")]), "<script>alert(1)</script>", "as a text node, never parsed");
});

test("links keep to their schemes; other sites open beside this one", () => {
  const link = (href: unknown) => html([{ t: "a", href, c: [text("x")] }]);
  assert.equal(link("https://shop.example/pricing"), "<a href=https://shop.example/pricing>x</a>");
  assert.equal(link("https://other.example/"), "<a href=https://other.example/ target=_blank rel=noopener noreferrer>x</a>");
  assert.equal(link("mailto:a@shop.example"), "<a href=mailto:a@shop.example>x</a>");
  assert.equal(link("tel:+12025550123"), "<a href=tel:+12025550123>x</a>");
  for (const href of ["javascript:alert(1)", " java\nscript:alert(1)", "JAVASCRIPT:alert(1)", "\x01javascript:alert(1)", "data:text/html,x", "vbscript:x", "blob:https://shop.example/1", "file:///etc/passwd", "/relative", "//other.example", "", null, 7, {}]) {
    assert.equal(link(href), "x", String(href));
  }
});

test("pictures are https, and otherwise their description", () => {
  assert.equal(html([{ t: "img", src: "https://a.example/x.png", alt: "A", onerror: "alert(1)" }]), "<img src=https://a.example/x.png alt=A loading=lazy></img>");
  for (const src of ["http://a.example/x.png", "data:image/svg+xml,x", "javascript:alert(1)", undefined]) {
    assert.equal(html([{ t: "img", src, alt: "A" }]), "A");
  }
});

test("what is not allowed leaves its text, whatever it is", () => {
  for (const t of ["script", "style", "iframe", "svg", "SCRIPT", "p onclick=x", "__proto__", "constructor", "form", "input", 7, null, undefined]) {
    assert.equal(html([{ t, c: [text("x")], href: "javascript:alert(1)", onclick: "alert(1)" }]), "x", String(t));
  }
  for (const blocks of [null, undefined, "x", 7, {}, [null], [7], ["x"], [[]], [{ t: "p", c: "x" }]]) html(blocks);
  let deep: unknown = text("x");
  for (let i = 0; i < 5000; i++) deep = { t: "b", c: [deep] };
  assert.ok(html([deep]).length < 1000, "nesting is bounded");
});

test("addresses that somebody typed become links, without the full stop behind them", () => {
  assert.deepEqual(linked("see https://shop.example/a?b=c. Or (http://x.example/)"), [
    text("see "),
    { t: "a", href: "https://shop.example/a?b=c", c: [text("https://shop.example/a?b=c")] },
    text(". Or ("),
    { t: "a", href: "http://x.example/", c: [text("http://x.example/")] },
    text(")"),
  ]);
  assert.deepEqual(linked("javascript:alert(1) and https://"), [text("javascript:alert(1) and https://")]);
  assert.deepEqual(linked(""), []);
});

test("a message is announced as text", () => {
  assert.equal(plain([{ t: "p", c: [text("Hi "), { t: "b", c: [text("you")] }] }, { t: "p", c: [{ t: "img", src: "x", alt: "a cat" }] }]), "Hi you a cat");
});
