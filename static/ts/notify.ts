// Tells that something waits, when the person looks elsewhere: a short sound
// and the number of unread conversations in the title of the tab.
//
// The server swaps #unread (data-count), and marks a message that may ring by
// an element with data-notify in the swapped content, which names its
// conversation. Anything else may dispatch the event "notify" on the document.
// What somebody is looking at does not ring, and of many open tabs one rings.

let plainTitle = "";

/** Remembers, for this browser, that notifications of the system are wanted. */
const DESKTOP = "liadesk:desktop";

export function startNotify(): void {
  plainTitle = document.title;
  showUnread();
  document.addEventListener("htmx:after:swap", showUnread);
  document.addEventListener("htmx:after:process", (event) => {
    const element = event.target;
    if (!(element instanceof Element)) return;
    const marks = [...element.querySelectorAll("[data-notify]"), ...(element.matches("[data-notify]") ? [element] : [])];
    const looking = document.hasFocus() ? document.getElementById("desk")?.dataset["thread"] : undefined;
    const rings = marks.some((mark) => mark.getAttribute("data-notify") !== (looking ?? null));
    for (const mark of marks) mark.removeAttribute("data-notify");
    if (rings) document.dispatchEvent(new CustomEvent("notify"));
  });
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box instanceof HTMLInputElement && box.dataset["notifyDesktop"] !== undefined) void wantDesktop(box);
  });
  document.addEventListener(
    "toggle",
    (event) => {
      const box = event.target instanceof Element ? event.target.querySelector<HTMLInputElement>("[data-notify-desktop]") : null;
      if (box) box.checked = desktop();
    },
    true,
  );
  document.addEventListener("notify", () => {
    if (document.documentElement.dataset["quiet"] === undefined) void ringOnce();
  });
}

function showUnread(): void {
  const count = Number(document.getElementById("unread")?.dataset["count"] ?? "0");
  const title = document.title.replace(/^\(\d+\) /, "") || plainTitle;
  document.title = count > 0 ? `(${count}) ${title}` : title;
}

/** Rings in one tab: the first that gets the lock, which it holds for a while. */
async function ringOnce(): Promise<void> {
  if (!("locks" in navigator)) return ring(); // only with https or on this machine
  await navigator.locks.request("ring", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    ring();
    tellDesktop();
    await new Promise((done) => setTimeout(done, 1500));
  });
}

function desktop(): boolean {
  try {
    return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(DESKTOP) !== null;
  } catch {
    return false;
  }
}

/** Asks the browser, which asks the person. */
async function wantDesktop(box: HTMLInputElement): Promise<void> {
  try {
    if (!box.checked) localStorage.removeItem(DESKTOP);
    else if ("Notification" in window && (await Notification.requestPermission()) === "granted") localStorage.setItem(DESKTOP, "1");
  } catch {
    // Then there are none.
  }
  box.checked = desktop();
}

/** A notification of the system, without a word of what was said: it may show on a locked screen. */
function tellDesktop(): void {
  if (document.visibilityState === "visible" || !desktop()) return;
  const note = new Notification(document.title, { tag: "liadesk" });
  note.onclick = () => {
    window.focus();
    note.close();
  };
}

/** Two soft tones. Browsers stay silent until the page was clicked once. */
function ring(): void {
  try {
    const audio = new AudioContext();
    const start = audio.currentTime;
    for (const [i, pitch] of [660, 880].entries()) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, start + i * 0.12);
      volume.gain.linearRampToValueAtTime(0.08, start + i * 0.12 + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + i * 0.12 + 0.35);
      tone.connect(volume).connect(audio.destination);
      tone.start(start + i * 0.12);
      tone.stop(start + i * 0.12 + 0.4);
    }
    setTimeout(() => void audio.close(), 1000);
  } catch {
    // No sound is no reason to fail.
  }
}
