// The commands of the first lesson, with the address under which this page was opened.
import { copyButton } from "./shell/copy.js";
import { el } from "./shell/dom.js";

const PLACEHOLDER = "http://localhost:8080";

export function startAbout() {
  for (const code of document.querySelectorAll("#about pre code")) {
    code.textContent = code.textContent.replaceAll(PLACEHOLDER, location.origin);
    const pre = code.parentElement;
    const frame = el("div", { class: "copyable" });
    pre.replaceWith(frame);
    frame.append(pre, copyButton(() => code.textContent, "command"));
  }
}
