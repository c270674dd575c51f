import type { Block } from "../wire";

/** The part of a document that messages are built with. */
export interface Maker {
  createElement(tag: string): HTMLElement;
  createTextNode(text: string): Text;
}

const tags = new Set(["p", "br", "b", "strong", "i", "em", "u", "s", "ul", "ol", "li", "blockquote", "code", "a", "img"]);
const linkSchemes = new Set(["http:", "https:", "mailto:", "tel:"]);
/** Deeper than the server writes. */
const DEPTH = 16;

/**
 * Builds the nodes of a message: only the tags that a message may have, each
 * by createElement, with no attribute but those below and every address
 * checked again. Of what is not allowed the text remains.
 */
export function build(blocks: unknown, maker: Maker, page: string, depth = 0): Node[] {
  if (!Array.isArray(blocks) || depth > DEPTH) return [];
  return (blocks as Partial<Block>[]).flatMap((block): Node[] => {
    if (!block || typeof block !== "object") return [];
    if (block.t === "text") return [maker.createTextNode(String(block.v ?? ""))];
    const inside = () => build(block.c, maker, page, depth + 1);
    if (typeof block.t !== "string" || !tags.has(block.t)) return inside();

    if (block.t === "a") {
      const url = parse(block.href);
      if (!url || !linkSchemes.has(url.protocol)) return inside();
      const link = maker.createElement("a");
      link.setAttribute("href", url.href);
      // The conversation goes along to other pages of this site; other sites
      // open beside it and learn nothing of this page.
      if (/^http/.test(url.protocol) && url.origin !== parse(page)?.origin) {
        link.setAttribute("target", "_blank");
        link.setAttribute("rel", "noopener noreferrer");
      }
      link.append(...inside());
      return [link];
    }
    if (block.t === "img") {
      const url = parse(block.src);
      // A page that is loaded in the clear may show pictures that are, too.
      if (url?.protocol !== "https:" && url?.protocol !== parse(page)?.protocol || !url) return block.alt ? [maker.createTextNode(String(block.alt))] : [];
      const image = maker.createElement("img");
      image.setAttribute("src", url.href);
      image.setAttribute("alt", String(block.alt ?? ""));
      image.setAttribute("loading", "lazy");
      return [image];
    }
    const element = maker.createElement(block.t);
    if (block.t !== "br") element.append(...inside());
    return [element];
  });
}

/** Text as somebody typed it; web addresses in it become links. */
export function linked(text: string): Block[] {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}])/).filter(Boolean).map((part) => {
    const leaf: Block = { t: "text", v: part };
    return /^https?:\/\/./.test(part) && parse(part) ? { t: "a", href: part, c: [leaf] } : leaf;
  });
}

/** What a message says, for a screen reader's announcement. */
export function plain(blocks: Block[]): string {
  return blocks.map((b) => (b.t === "text" ? b.v : b.t === "img" ? b.alt : b.t === "br" ? " " : plain(b.c ?? []) + (/^(p|li|blockquote)$/.test(b.t) ? " " : ""))).join("").trim();
}

function parse(address: unknown): URL | undefined {
  try {
    return new URL(String(address));
  } catch {
    return undefined;
  }
}
