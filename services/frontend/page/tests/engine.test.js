// The engine's bounds, with a clock that the test moves.
import assert from "node:assert/strict";
import test from "node:test";

const HOUR = 60 * 60_000;
const listeners = {};
globalThis.document = { hidden: false, addEventListener: (name, listener) => (listeners[name] = listener) };
globalThis.addEventListener = (name, listener) => (listeners[name] = listener);
const { Engine } = await import("../scripts/traffic/engine.js");

/** An engine whose requests stay on their way; `pass` lets time go by. */
function started(context, { rate, most }) {
  let [now, sent] = [0, 0];
  context.mock.timers.enable({ apis: ["setInterval"] });
  context.mock.method(performance, "now", () => now);
  context.mock.method(globalThis, "fetch", () => {
    sent += 1;
    return new Promise(() => {});
  });
  const engine = new Engine();
  Object.assign(engine, { rate, most });
  engine.start();
  const pass = (milliseconds, step = 25) => {
    for (const end = now + milliseconds; now < end; ) {
      now += step;
      context.mock.timers.tick(step);
    }
  };
  return { engine, pass, sent: () => sent };
}

test("no more are on their way than allowed, and none is made up for", (context) => {
  const { engine, pass, sent } = started(context, { rate: 100, most: 3 });
  pass(1000);
  assert.deepEqual([sent(), engine.inFlight], [3, 3]);
  assert.ok(Math.abs(engine.held - 98) <= 2, `${engine.held} were held back`);
});

test("nothing is sent by a paused or a hidden page", (context) => {
  const { engine, pass, sent } = started(context, { rate: 10, most: 1000 });
  pass(1000);
  const before = sent();
  engine.pause();
  pass(1000);
  assert.equal(sent(), before);
  engine.start();
  document.hidden = true;
  listeners.visibilitychange();
  pass(1000);
  assert.deepEqual([sent(), engine.running, engine.wanted], [before, false, true]);
  document.hidden = false;
  listeners.visibilitychange();
  pass(1000);
  assert.ok(sent() > before);
});

test("a page that nobody touches for an hour stops", (context) => {
  const { engine, pass } = started(context, { rate: 1, most: 1 });
  pass(HOUR - 1000, 250);
  assert.equal(engine.wanted, true);
  listeners.keydown();
  pass(HOUR - 1000, 250);
  assert.equal(engine.wanted, true, "somebody was there meanwhile");
  pass(2000, 250);
  assert.equal(engine.wanted, false);
});
