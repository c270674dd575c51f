import { safe } from "../safe";

type Child = Node | string | null | undefined | false;
type Props = Record<string, string | boolean | null | undefined | ((event: never) => unknown)>;

/**
 * Makes an element. Functions are listeners that cannot fail; everything else
 * is an attribute, and false, null and undefined leave it out. There is no way
 * to pass HTML or a style attribute, which strict pages refuse.
 */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, safe(value as (event: Event) => unknown));
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((c): c is Node | string => !!c));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

const icons = {
  chat: "M21 11.5a8.4 8.4 0 0 1-8.5 8.3 8.7 8.7 0 0 1-3.8-.9L3.5 20.5l1.6-4.9A8.1 8.1 0 0 1 4 11.5a8.4 8.4 0 0 1 8.5-8.3 8.4 8.4 0 0 1 8.5 8.3Z",
  close: "M18 6 6 18M6 6l12 12",
  down: "m6 9 6 6 6-6",
  send: "M5 12h13M12.5 5.5 19 12l-6.5 6.5",
};

/** A decorative icon; its button has the name. */
export function icon(name: keyof typeof icons): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", icons[name]);
  svg.append(path);
  return svg;
}

/** A picture of who speaks, or the first letters of the name. */
export function avatar(name: string, source: string | undefined, base: string): HTMLElement {
  const letters = name.split(/\s+/).slice(0, 2).map((word) => Array.from(word)[0] ?? "").join("");
  const element = h("span", { class: "avatar", "aria-hidden": "true" }, letters);
  const address = source && pictureAddress(source, base);
  if (address) {
    // The page may forbid pictures from our server; then the letters stay.
    const image: HTMLImageElement = h("img", { alt: "", src: address, error: (): void => image.remove() });
    element.append(image);
  }
  return element;
}

function pictureAddress(source: string, base: string): string | undefined {
  try {
    const url = new URL(source, base + "/");
    return url.protocol === "https:" || url.origin === new URL(base).origin ? url.href : undefined;
  } catch {
    return undefined;
  }
}
