// Sends requests at a steady rate, some at once, as long as somebody looks.
import { exchange } from "../http.js";
import { Pace } from "./pace.js";

const TICK = 25;

/** A page that nobody touches for so long stops by itself. */
const LONGEST_UNTOUCHED = 60 * 60_000;

export class Engine extends EventTarget {
  #pace = new Pace(10);
  #timer = 0;
  #inFlight = 0;
  #touched = performance.now();
  /** Requests that were due while as many as allowed were on their way. */
  held = 0;
  path = "/";
  most = 6;
  /** Keeps what is sent, and gives back what it is kept as. */
  record = (path, at) => ({ path, at });
  /** Headers for a path, asked for anew for each request. */
  headersFor = () => ({});

  constructor() {
    super();
    for (const event of ["pointerdown", "keydown"]) {
      addEventListener(event, () => (this.#touched = performance.now()), { passive: true });
    }
    document.addEventListener("visibilitychange", () => this.#restart());
  }

  set rate(rate) {
    this.#pace.rate = rate;
  }

  get running() {
    return this.wanted && !document.hidden;
  }

  /** Whether it is started; a hidden page rests all the same. */
  wanted = false;

  get inFlight() {
    return this.#inFlight;
  }

  start() {
    this.wanted = true;
    this.#touched = performance.now();
    this.#restart();
    this.#tell("state");
  }

  pause() {
    this.wanted = false;
    this.#restart();
    this.#tell("state");
  }

  #restart() {
    clearInterval(this.#timer);
    if (this.running) {
      this.#pace.start(performance.now());
      this.#timer = setInterval(() => this.#tick(), TICK);
    }
  }

  #tick() {
    const now = performance.now();
    if (now - this.#touched > LONGEST_UNTOUCHED) {
      this.pause();
      return;
    }
    for (let due = this.#pace.due(now); due > 0; due -= 1) {
      if (this.#inFlight >= this.most) {
        this.held += due;
        return;
      }
      this.#send();
    }
  }

  async #send() {
    this.#inFlight += 1;
    const path = this.path;
    const headers = { accept: "application/json", ...this.headersFor(path) };
    const sent = this.record(path, performance.now());
    const answer = await exchange({ path, headers });
    this.#inFlight -= 1;
    this.#tell("settled", { sent, answer });
  }

  #tell(what, detail) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}
