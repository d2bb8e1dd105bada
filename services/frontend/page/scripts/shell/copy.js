// Copying to the clipboard, also where the page has no secure context.
import { announce } from "./announce.js";
import { el } from "./dom.js";

/** A button that copies what `text` returns at the time. Its name is the visible text, then the label. */
export function copyButton(text, label) {
  const shown = el("span", {}, "Copy");
  const button = el("button", { type: "button", class: "copy" }, shown, el("span", { class: "visually-hidden" }, ` ${label}`));
  button.addEventListener("click", async () => {
    const done = await copy(text());
    shown.textContent = done ? "Copied" : "Select it";
    announce(done ? `${label} copied` : `${label} cannot be copied here; select it by hand`);
    setTimeout(() => (shown.textContent = "Copy"), 2000);
  });
  return button;
}

/** A command or a token with its copy button. */
export function copyable(text, label) {
  return el("div", { class: "copyable" }, el("pre", { tabindex: "0", "aria-label": label }, el("code", {}, text)), copyButton(() => text, label));
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

/** The old way: the new one exists for https:// and localhost only. */
function copiedBySelection(text) {
  const field = el("textarea", { class: "visually-hidden", readonly: true, "aria-hidden": "true" });
  field.value = text;
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return done;
}
