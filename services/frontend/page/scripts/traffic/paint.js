// The stylesheet's colours for a canvas, which knows no custom properties.
import { tones } from "./marker.js";

const OTHERS = ["--bad", "--lattice", "--pending", "--card", "--accent", "--ink"];

/** Colours by the name of their custom property, resolved for the theme in force. */
export function colours(canvas) {
  const probe = document.createElement("i");
  probe.hidden = true;
  canvas.after(probe);
  const resolved = new Map();
  for (const name of [...tones(), ...OTHERS]) {
    probe.style.color = `var(${name})`;
    resolved.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return resolved;
}
