// What a screen reader is told without being asked: few things, and not many at once.
import { byId } from "./dom.js";

const APART = 3000;
let waiting = null;
let timer = 0;
let last = -APART;

/** Says it, or the latest of several that come close together. */
export function announce(text) {
  waiting = text;
  if (timer === 0) {
    timer = setTimeout(say, Math.max(0, last + APART - performance.now()));
  }
}

function say() {
  timer = 0;
  last = performance.now();
  byId("announcer").textContent = waiting;
}
