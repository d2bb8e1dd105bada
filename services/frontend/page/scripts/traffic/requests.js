// The latest requests, in the order they were sent; older ones are forgotten, so the page's memory has a bound.

/** A request that was sent and, once it is settled, what became of it. */
export class Sent {
  /** null until it is settled, then "good" or "failed". */
  outcome = null;
  status = 0;
  ms = 0;
  settledAt = 0;
  /** Who answered: an instance of the fleet, or null. */
  instance = null;

  id = "";

  constructor(number, path, at) {
    this.number = number;
    this.path = path;
    this.at = at;
  }
}

export class Requests {
  #kept;
  #count = 0;

  constructor(capacity) {
    this.#kept = new Array(capacity).fill(null);
  }

  /** How many were sent, forgotten ones included. */
  get count() {
    return this.#count;
  }

  begin(path, at) {
    const sent = new Sent(this.#count, path, at);
    this.#kept[this.#count % this.#kept.length] = sent;
    this.#count += 1;
    return sent;
  }

  /** The request of a number; null if it was never sent, or is forgotten. */
  get(number) {
    const sent = number >= 0 ? this.#kept[number % this.#kept.length] : null;
    return sent?.number === number ? sent : null;
  }

  /** Those that were sent since then, newest first. */
  *since(at) {
    for (let number = this.#count - 1; ; number -= 1) {
      const sent = this.get(number);
      if (sent === null || sent.at < at) {
        return;
      }
      yield sent;
    }
  }

  clear() {
    this.#kept.fill(null);
    this.#count = 0;
  }
}
