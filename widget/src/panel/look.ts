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
  set("--on-brand", colour && inkOn(colour));
  set("--x", pixels(look.x));
  set("--y", pixels(look.y));
}

/** Black or white, whichever is read better on a colour (WCAG 2.2, relative luminance). */
export function inkOn(hex: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
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
