// Live updates: tells the server what this page shows. The server answers with
// what the page lacks, and goes on from there; see handlers/live.go. So it is
// told again after each connection, when another conversation is opened, when
// somebody looks at the tab again, and now and then, for "5 min ago" ages.

import { isNote } from "./composer";

const again = 60_000;

interface Connection {
  socket: WebSocket | null;
}

let socket: WebSocket | null = null;
let told = "";

/** What the page shows, as the server's watch. */
function shown(): { key: string; watch: object } | null {
  const desk = document.getElementById("desk");
  if (!desk) return null;
  const { list, thread, empty } = desk.dataset;
  const places = [...document.querySelectorAll<HTMLElement>("#thread > .message")].map((m) => parseInt(m.dataset["place"] ?? "0", 10));
  const visible = document.visibilityState === "visible";
  return {
    key: `${list} ${thread} ${visible}`,
    watch: {
      list: list ?? "",
      rows: document.querySelectorAll("#talks > li").length,
      empty: empty !== undefined,
      thread: thread ?? "",
      after: Math.max(0, ...places),
      closed: document.querySelector("div#composer") !== null,
      visible,
    },
  };
}

function tell(always: boolean): void {
  const now = shown();
  if (!now || socket?.readyState !== WebSocket.OPEN || (!always && now.key === told)) return;
  told = now.key;
  socket.send(JSON.stringify(now.watch));
}

/** When the server was last told that somebody writes an answer. */
let wrote = 0;

/** Tells it now and then while they do. */
function writes(event: Event): void {
  const box = event.target;
  const now = Date.now();
  if (!(box instanceof HTMLTextAreaElement) || !box.closest("[data-composer]") || isNote(box.form) || !box.value.trim() || now - wrote < 3000) return;
  if (socket?.readyState !== WebSocket.OPEN) return;
  wrote = now;
  socket.send(JSON.stringify({ typing: true }));
}

export function startLive(): void {
  document.addEventListener("htmx:ws:after:connection", (event) => {
    socket = (event as CustomEvent<{ connection: Connection }>).detail.connection.socket;
    tell(true);
  });
  document.addEventListener("htmx:ws:close", () => {
    socket = null;
  });
  document.addEventListener("htmx:after:swap", () => tell(false));
  document.addEventListener("visibilitychange", () => tell(false));
  document.addEventListener("input", writes);
  setInterval(() => {
    if (document.visibilityState === "visible") tell(true);
  }, again);
}
