// How many requests are due now: a steady rate, and never a backlog. What was missed stays missed, or a page that
// slept for a minute would wake up with a storm.

/** The longest gap that is made up for, in milliseconds. */
const LONGEST_GAP = 250;

export class Pace {
  #rate;
  #last = null;
  #credit = 0;

  /** @param {number} rate requests a second */
  constructor(rate) {
    this.#rate = rate;
  }

  set rate(rate) {
    this.#rate = rate;
  }

  /** Begins, or begins again after a pause: the first request is due at once. */
  start(now) {
    this.#last = now;
    this.#credit = 1;
  }

  /** Whole requests that became due since the last call. */
  due(now) {
    if (this.#last === null) {
      this.start(now);
    }
    const passed = Math.min(Math.max(now - this.#last, 0), LONGEST_GAP);
    this.#last = now;
    this.#credit += (this.#rate * passed) / 1000;
    const whole = Math.floor(this.#credit + 1e-9);
    this.#credit = Math.max(0, this.#credit - whole);
    return whole;
  }
}
