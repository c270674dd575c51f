import { safe } from "./safe";

/**
 * Tells a page from another in a single-page application: the fragment counts
 * only where it is used as a path (#/basket), not as an anchor.
 */
export function pageOf(href: string): string {
  const [address = "", fragment = ""] = href.split(/#(.*)/s);
  return /^[/!]/.test(fragment) ? href : address;
}

type NavigationLike = Pick<EventTarget, "addEventListener" | "removeEventListener">;

/** Calls changed for each navigation within the document. Returns the way to stop. */
export function watchPages(changed: (before: string) => void): () => void {
  let href = location.href;
  const check = safe(() => {
    const before = href;
    href = location.href;
    if (pageOf(before) !== pageOf(href)) changed(before);
  });

  const navigation = (window as { navigation?: NavigationLike }).navigation;
  if (navigation) {
    navigation.addEventListener("currententrychange", check);
    return () => navigation.removeEventListener("currententrychange", check);
  }

  // Others may have wrapped these before and after us, so they are left in
  // place when we stop, and only fall silent.
  let watching = true;
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (this: History, ...args: Parameters<History["pushState"]>) {
      original.apply(this, args);
      if (watching) check();
    };
  }
  addEventListener("popstate", check);
  addEventListener("hashchange", check);
  return () => {
    watching = false;
    removeEventListener("popstate", check);
    removeEventListener("hashchange", check);
  };
}
