// The choice of light, dark or the system's colours, without loading the page
// again. The form posts to /theme when this does not run.

export function startTheme(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset["themeForm"] === undefined) return;
    const choice = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "";
    if (!["auto", "light", "dark"].includes(choice)) return;
    event.preventDefault();
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    if (choice === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = choice;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === choice));
    }
  });
}
