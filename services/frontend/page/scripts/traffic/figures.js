// The large figures: how many requests, how many a second, how many failed.
import { byId, setText } from "../shell/dom.js";

/** What a second is judged by: the last few. */
const WINDOW = 3000;

export class Figures {
  #settled = 0;
  #failed = 0;
  #times = [];

  settled(sent) {
    this.#settled += 1;
    this.#failed += sent.outcome === "failed" ? 1 : 0;
    this.#times.push(sent.settledAt);
  }

  clear() {
    this.#settled = this.#failed = 0;
    this.#times = [];
  }

  refresh({ engine, now }) {
    this.#times = this.#times.filter((at) => now - at <= WINDOW);
    const rate = this.#times.length / (WINDOW / 1000);
    setText(byId("total"), grouped(this.#settled));
    setText(byId("rate-now"), rate >= 9.95 || rate === 0 ? String(Math.round(rate)) : rate.toFixed(1));
    setText(byId("failed"), grouped(this.#failed));
    byId("failed").dataset.any = String(this.#failed > 0);
    setText(byId("in-flight"), String(engine.inFlight));
    byId("held").hidden = engine.held === 0;
    setText(byId("held-count"), grouped(engine.held));
  }
}

function grouped(number) {
  return number.toLocaleString("en");
}
