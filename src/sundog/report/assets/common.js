"use strict";
/* What every page does: the theme's button, copying, and the data that scripts share. */
const sundog = (() => {
  const data = (name) => {
    const holder = document.getElementById(name);
    return holder ? JSON.parse(holder.textContent) : null;
  };
  const style = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const listeners = [];
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const button = document.getElementById("theme");
  const changed = () => {
    if (button) {
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-pressed", String(isDark()));
    }
    for (const listener of listeners) listener();
  };
  if (button) {
    button.hidden = false;
    button.setAttribute("aria-label", "Dark colours");
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      changed();
    });
  }
  system.addEventListener("change", changed);
  for (const copy of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    copy.hidden = false;
    copy.addEventListener("click", () => {
      const text = document.getElementById(copy.dataset.copy).textContent;
      navigator.clipboard.writeText(text).then(() => (copy.textContent = "Copied"));
    });
  }
  changed();
  return { data, style, isDark, onTheme: (listener) => listeners.push(listener) };
})();
