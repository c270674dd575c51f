// For members of the team who came from the dashboard with a pass: shows on the
// company's own page what each campaign does here and why. Visitors never load
// this file.

import { h } from "./panel/dom";
import { safe } from "./safe";
import type { Rule } from "./wire";

/** What the first file lends to this one. */
export interface DebugPort {
  call<T>(name: string, body?: object): Promise<T>;
  view(): object;
  /** Milliseconds until a condition is met by time alone, Infinity while it waits for the visitor. */
  wait(rule: Rule): number;
  pass: string;
  /** The look behind the scenes is over. */
  over(): void;
}

interface Answer {
  campaigns: { campaign: string; title: string; tone: string; verdict: string; steps: { verdict: "met" | "unmet" | "open"; text: string; rule?: Rule }[] }[];
}

const css = `
:host{all:initial!important;position:fixed!important;z-index:2147483001!important;inset:auto auto 12px 12px!important;display:block!important}
.debug{box-sizing:border-box;width:min(360px,calc(100vw - 24px));height:min(45vh,400px);overflow:auto;padding:12px 14px;border-radius:12px;background:#14162b;color:#eceef8;font:13px/1.45 system-ui,sans-serif;box-shadow:0 8px 28px rgb(0 0 0/.45);color-scheme:dark}
.top{display:flex;gap:8px;align-items:center;font-weight:600}
.top span{flex:1}
button{font:inherit;color:inherit;background:none;border:1px solid #4a4e6e;border-radius:8px;padding:3px 10px;cursor:pointer}
:focus-visible{outline:2px solid #9aa0ff;outline-offset:2px}
details{border-top:1px solid #34374d;margin-top:8px;padding-top:8px}
summary{cursor:pointer;font-weight:600}
summary span{display:block;font-weight:400;padding-left:20px}
p,ul{margin:4px 0 0;padding:0;list-style:none}
li{padding-left:20px;position:relative}
li::before{position:absolute;left:0}
.met::before{content:"✓";color:#7bd8a5}
.unmet::before{content:"✗";color:#ff9d94}
.open::before{content:"…";color:#f3cf7a}
.success{color:#7bd8a5}.warning{color:#f3cf7a}
.soft{color:#a5a9c0}
@media print{:host{display:none!important}}`;

const REFRESH = 15_000;

export function mount(port: DebugPort): { destroy(): void } {
  const host = document.createElement("liadesk-debug");
  const shadow = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shadow.adoptedStyleSheets = [sheet];
  const list = h("div", { role: "status" });
  const folded = new Map<string, boolean>();
  shadow.append(h("section", { class: "debug", "aria-label": "LiaDesk, behind the scenes" },
    h("div", { class: "top" }, h("span", {}, "LiaDesk: campaigns on this page"), h("button", { type: "button", click: () => end() }, "Close")),
    list,
  ));
  document.documentElement.append(host);

  let answer: Answer | undefined;
  let wrong = "";
  let at = "";
  let due = 0;

  const fetch = async () => {
    due = performance.now() + REFRESH;
    at = location.href;
    try {
      answer = await port.call<Answer>("debug", { ...port.view(), pass: port.pass });
      wrong = "";
    } catch (error) {
      const { status, detail } = error as { status?: number; detail?: string };
      wrong = detail || "The server does not answer.";
      if (status === 403) [answer, due] = [undefined, Infinity];
    }
    render();
  };

  const render = () => {
    const parts = (answer?.campaigns ?? []).map((c) => {
      const steps = c.steps.map(({ verdict, text, rule }) => {
        const left = rule ? port.wait(rule) : undefined;
        const now = left === 0 ? "met" : verdict;
        const soon = left !== undefined && left > 0 && left < Infinity ? ` (${Math.ceil(left / 1000)} s)` : "";
        return h("li", { class: now }, text + soon);
      });
      return h("details", { open: folded.get(c.campaign) ?? c.tone !== "warning", toggle: (event: Event) => { folded.set(c.campaign, (event.target as HTMLDetailsElement).open); } },
        h("summary", {}, c.title, h("span", { class: c.tone }, c.verdict)), h("ul", {}, ...steps));
    });
    list.replaceChildren(...(wrong ? [h("p", { class: "warning" }, wrong)] : []), ...(parts.length || wrong ? parts : [h("p", { class: "soft" }, "No campaigns for this inbox.")]));
  };

  const timer = setInterval(safe(() => {
    if (document.visibilityState !== "visible") return;
    if (location.href !== at || performance.now() > due) void fetch();
    else if (!shadow.activeElement?.closest("details")) render();
  }), 1000);
  const destroy = () => {
    clearInterval(timer);
    host.remove();
  };
  const end = () => {
    destroy();
    port.over();
  };
  void fetch();
  return { destroy };
}
