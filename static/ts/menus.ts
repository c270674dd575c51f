// Menus are <details class="menu">: they open without this. With it they also
// close by Esc, by a click elsewhere, and when another one opens.

export function startMenus(): void {
  const open = () => document.querySelectorAll<HTMLDetailsElement>("details.menu[open]");

  document.addEventListener("click", (event) => {
    for (const menu of open()) {
      if (!(event.target instanceof Node) || !menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}
