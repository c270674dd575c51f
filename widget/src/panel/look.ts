import type { Look } from "../wire";

/**
 * Sets the colour and the place that a company chose. By way of the style's own
 * properties, which strict pages allow; what is no colour is left as it was.
 */
export function paint(style: Pick<CSSStyleDeclaration, "setProperty" | "removeProperty">, look: Look): void {
  const set = (name: string, value: string | undefined) => (value ? style.setProperty(name, value) : style.removeProperty(name));
  const colour = /^#[0-9a-f]{6}$/i.test(look.colour ?? "") ? look.colour : undefined;
  set("--brand", colour);
  set("--brand-deep", colour && `color-mix(in srgb,${colour} 85%,#000)`);
  set("--fill", colour);
  set("--on-brand", colour && (look.ink === "#000" ? "#000" : "#fff"));
  set("--x", pixels(look.x));
  set("--y", pixels(look.y));
}

function pixels(n: number | undefined): string | undefined {
  return n && n > 0 && n <= 300 ? `${Math.round(n)}px` : undefined;
}

/** An address that a link may have, undefined for any other text. */
export function webAddress(text: string | undefined): string | undefined {
  try {
    const url = new URL(text ?? "");
    return /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}
