// Percentiles of the last minute, and a sparkline of them second by second.
import { byId, setText, svg } from "../shell/dom.js";
import { milliseconds, percentiles } from "./percentiles.js";
import { bySecond, roundScale } from "./seconds.js";

const SECONDS = 60;
const [WIDTH, HEIGHT] = [300, 72];
/** Once a second is as often as the picture changes. */
const EVERY = 1000;

export class Latency {
  #requests;
  #at = -EVERY;

  constructor(requests) {
    this.#requests = requests;
  }

  clear() {
    this.#at = -EVERY;
  }

  refresh({ now }) {
    if (now - this.#at < EVERY) {
      return;
    }
    this.#at = now;
    const recent = [...this.#requests.since(now - SECONDS * 1000)];
    const good = recent.filter(({ outcome }) => outcome === "good").map(({ ms }) => ms);
    for (const [name, value] of Object.entries(percentiles(good))) {
      setText(byId(name), milliseconds(value));
    }
    drawn(bySecond(recent, now, SECONDS));
  }
}

function drawn(seconds) {
  const highest = Math.max(1, ...seconds.map(({ p99 }) => p99 ?? 0));
  const scale = roundScale(highest);
  setText(byId("spark-scale"), milliseconds(scale));
  const x = (place) => (place * WIDTH) / (SECONDS - 1);
  const y = (ms) => HEIGHT - (ms / scale) * (HEIGHT - 4) - 1;
  byId("spark-band").setAttribute("d", runs(seconds).map((run) => band(run, x, y)).join(""));
  byId("spark-line").setAttribute("d", runs(seconds).map((run) => line(run, ({ p50 }) => p50, x, y)).join(""));
  byId("spark-high").setAttribute("d", runs(seconds).map((run) => line(run, ({ p99 }) => p99, x, y)).join(""));
  const failures = seconds.flatMap(({ failed }, place) => (failed > 0 ? [svg("path", { d: `M${x(place)} ${HEIGHT}v-9` })] : []));
  byId("spark-failures").replaceChildren(...failures);
}

/** Stretches of seconds that have latencies: a gap is no zero. */
function runs(seconds) {
  const runs = [];
  let run = [];
  seconds.forEach((second, place) => {
    if (second.p50 === null) {
      run = [];
      return;
    }
    if (run.length === 0) {
      runs.push(run);
    }
    run.push({ place, ...second });
  });
  return runs;
}

function line(run, value, x, y) {
  const points = run.map((second) => `${x(second.place).toFixed(1)} ${y(value(second)).toFixed(1)}`);
  return `M${points.join("L")}${points.length === 1 ? "h1.5" : ""}`;
}

function band(run, x, y) {
  const there = run.map(({ place, p99 }) => `${x(place).toFixed(1)} ${y(p99).toFixed(1)}`);
  const back = run.toReversed().map(({ place, p50 }) => `${x(place).toFixed(1)} ${y(p50).toFixed(1)}`);
  return `M${[...there, ...back].join("L")}Z`;
}
