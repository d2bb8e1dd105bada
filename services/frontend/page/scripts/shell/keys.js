// The single keys, and the dialog that lists them and can turn them off (WCAG 2.2, 2.1.4).
import { byId } from "./dom.js";

/** @param {Record<string, () => void>} actions by key, in lower case */
export function startKeys(actions) {
  const dialog = byId("help");
  const enabled = byId("keys-enabled");
  byId("help-open").addEventListener("click", () => dialog.showModal());
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || dialog.open || isTaken(event)) {
      return;
    }
    if (event.key === "?") {
      dialog.showModal();
    } else if (enabled.checked && Object.hasOwn(actions, event.key.toLowerCase())) {
      event.preventDefault();
      actions[event.key.toLowerCase()]();
    }
  });
}

/** Whether the focused element means something else by this key. */
function isTaken({ target, key }) {
  const types = target.closest?.("textarea, select, input:not([type=radio], [type=checkbox], [type=range])");
  const presses = key === " " && target.closest?.("button, a, input, summary");
  return Boolean(types || presses);
}
