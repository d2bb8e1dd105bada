// Light or dark, and the size for a room. Kept in the address, which a presenter can bookmark; nothing is stored.
import { announce } from "./announce.js";
import { byId } from "./dom.js";

const THEMES = ["auto", "light", "dark"];
const LABELS = { auto: "as the system has it", light: "light", dark: "dark" };

/** Tells those that paint when colours or sizes change. */
export const appearance = new EventTarget();

export function startAppearance() {
  const asked = new URLSearchParams(location.search);
  setTheme(THEMES.includes(asked.get("theme")) ? asked.get("theme") : "auto");
  setProjector(asked.has("projector"));
  byId("theme").addEventListener("click", nextTheme);
  byId("projector").addEventListener("click", toggleProjector);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

export function toggleProjector() {
  const on = !isProjector();
  setProjector(on);
  keepInAddress("projector", on ? "" : null);
  announce(on ? "projector mode on" : "projector mode off");
}

export function isProjector() {
  return document.documentElement.hasAttribute("data-projector");
}

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
  setTheme(theme);
  keepInAddress("theme", theme === "auto" ? null : theme);
  announce(`colours: ${LABELS[theme]}`);
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme-name").textContent = theme;
  changed();
}

function setProjector(on) {
  document.documentElement.toggleAttribute("data-projector", on);
  byId("projector").setAttribute("aria-pressed", String(on));
  changed();
}

function keepInAddress(name, value) {
  const address = new URL(location.href);
  value === null ? address.searchParams.delete(name) : address.searchParams.set(name, value);
  history.replaceState(null, "", address.href.replace(/=(?=&|#|$)/, ""));
}

function changed() {
  appearance.dispatchEvent(new Event("change"));
}
