// Makes one SVG sprite of the icons named in icons.txt, and fails on a name
// that the icon set does not have. Usage: node sprite.mjs ICONS_DIR > icons.svg
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = process.argv[2];
const here = dirname(fileURLToPath(import.meta.url));
const names = readFileSync(join(here, "icons.txt"), "utf8").split("\n").filter(Boolean);

const symbols = names.map((name) => {
  const svg = readFileSync(join(source, `${name}.svg`), "utf8");
  const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  return `<symbol id="${name}" viewBox="0 0 24 24">${body.replace(/\s+/g, " ").trim()}</symbol>`;
});

process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor" stroke-width="2" ` +
    `stroke-linecap="round" stroke-linejoin="round">${symbols.join("")}</svg>\n`,
);
