// What the traffic view counts and computes.
import assert from "node:assert/strict";
import test from "node:test";

import { Fleet, MOST_INSTANCES } from "../scripts/traffic/fleet.js";
import { cellOf, layout, left, numberAt } from "../scripts/traffic/geometry.js";
import { Pace } from "../scripts/traffic/pace.js";
import { milliseconds, percentile, percentiles } from "../scripts/traffic/percentiles.js";
import { Requests } from "../scripts/traffic/requests.js";
import { bySecond, roundScale } from "../scripts/traffic/seconds.js";
import { byVersion, counted, percents } from "../scripts/traffic/shares.js";

test("a pace is kept over many small steps", () => {
  for (const rate of [1, 7, 50, 100]) {
    const pace = new Pace(rate);
    pace.start(0);
    let due = 0;
    for (let now = 0; now <= 10_000; now += 25) {
      due += pace.due(now);
    }
    assert.ok(Math.abs(due - 10 * rate) <= 1, `${rate} a second: ${due} in ten seconds`);
  }
});

test("a pace begins at once and makes up for no long gap", () => {
  const pace = new Pace(100);
  pace.start(0);
  assert.equal(pace.due(0), 1);
  assert.equal(pace.due(60_000), 25);
  assert.equal(pace.due(60_000), 0);
  assert.equal(pace.due(59_000), 0, "a clock that goes back owes nothing");
});

test("a new rate counts from now on", () => {
  const pace = new Pace(1);
  pace.start(0);
  pace.due(0);
  pace.rate = 100;
  assert.equal(pace.due(100), 10);
});

test("percentiles are latencies that occurred, by nearest rank", () => {
  const hundred = Float64Array.from({ length: 100 }, (_, place) => place + 1);
  assert.deepEqual(percentiles([...hundred].reverse()), { p50: 50, p95: 95, p99: 99 });
  assert.deepEqual(percentiles([3, 1, 2]), { p50: 2, p95: 3, p99: 3 });
  assert.deepEqual(percentiles([7]), { p50: 7, p95: 7, p99: 7 });
  assert.deepEqual(percentiles([]), { p50: null, p95: null, p99: null });
  assert.equal(percentile([1, 2, 3, 4], 0), 1);
  assert.equal(percentile([1, 2, 3, 4], 1), 4);
  assert.deepEqual(percentiles([100, 9, 20]).p50, 20, "numbers, not texts, are sorted");
});

test("milliseconds are short", () => {
  const shown = [null, 0.34, 9.94, 9.96, 123.4, 999.4, 999.6, 1234, 15_000].map(milliseconds);
  assert.deepEqual(shown, ["–", "0.3 ms", "9.9 ms", "10 ms", "123 ms", "999 ms", "1.0 s", "1.2 s", "15 s"]);
});

test("only the latest requests are kept", () => {
  const requests = new Requests(4);
  const sent = Array.from({ length: 6 }, (_, place) => requests.begin("/", place * 10));
  assert.equal(requests.count, 6);
  assert.equal(requests.get(1), null);
  assert.equal(requests.get(5), sent[5]);
  assert.equal(requests.get(6), null);
  assert.equal(requests.get(-1), null);
  assert.deepEqual([...requests.since(0)].map(({ number }) => number), [5, 4, 3, 2]);
  assert.deepEqual([...requests.since(40)].map(({ number }) => number), [5, 4]);
  requests.clear();
  assert.deepEqual([...requests.since(0)], []);
});

const answer = (pod, version, more = {}) => ({ pod, version, failed: false, at: 0, ...more });

test("a fleet counts by instance, and orders versions as they appear", () => {
  const fleet = new Fleet();
  const first = fleet.note(answer("hello-b", "2.0.0"));
  fleet.note(answer("hello-a", "1.0.0", { failed: true, at: 5 }));
  const third = fleet.note(answer("hello-c", "2.0.0"));
  assert.equal(fleet.note(answer("hello-b", "2.0.0")), first);
  assert.deepEqual([first.hue, first.shade, first.total], [0, 0, 2]);
  assert.deepEqual([third.hue, third.shade], [0, 1]);
  assert.deepEqual(fleet.versions, ["2.0.0", "1.0.0"]);
  assert.deepEqual(fleet.instances.map(({ pod }) => pod), ["hello-b", "hello-c", "hello-a"]);
  assert.deepEqual([fleet.instances[2].failed, fleet.instances[2].lastAt], [1, 5]);
});

test("an instance that comes back in another version is another one", () => {
  const fleet = new Fleet();
  assert.notEqual(fleet.note(answer("hello-0", "1.0.0")), fleet.note(answer("hello-0", "1.1.0")));
});

test("a fleet's size has a bound, and nothing is lost from the count", () => {
  const fleet = new Fleet();
  for (let number = 0; number < 1000; number += 1) {
    fleet.note(answer(`pod-${number}`, `${number}.0.0`));
  }
  assert.equal(fleet.instances.length, MOST_INSTANCES + 1);
  assert.equal(fleet.versions.length, MOST_INSTANCES);
  assert.equal(fleet.instances.reduce((sum, { total }) => sum + total, 0), 1000);
  fleet.note(answer(null, null));
  assert.equal(fleet.instances.length, MOST_INSTANCES + 1);
});

test("shares are whole and add up to a hundred", () => {
  assert.deepEqual(percents([1, 1, 1]), [34, 33, 33]);
  assert.deepEqual(percents([2, 1]), [67, 33]);
  assert.deepEqual(percents([0, 0]), [0, 0]);
  assert.deepEqual(percents([]), []);
  assert.deepEqual(percents([999, 1]), [100, 0]);
  for (const counts of [[1, 2, 3, 4, 5, 6, 7], [13, 17, 19, 23], [1, 1, 1, 1, 1, 1]]) {
    assert.equal(percents(counts).reduce((sum, share) => sum + share), 100);
  }
});

test("requests are counted by who answered, and by version", () => {
  const [a, b, c] = [{ version: "1", hue: 0 }, { version: "1", hue: 0 }, { version: "2", hue: 1 }];
  const counts = counted([{ instance: a }, { instance: c }, { instance: null }, { instance: b }, { instance: a }]);
  assert.deepEqual([counts.get(a), counts.get(b), counts.get(c), counts.size], [2, 1, 1, 3]);
  assert.deepEqual(byVersion(counts).map(({ version, count }) => [version, count]), [["1", 3], ["2", 1]]);
});

test("seconds are binned by when a request was settled", () => {
  const settled = (settledAt, ms, outcome = "good") => ({ settledAt, ms, outcome });
  const seconds = bySecond([settled(9_900, 5), settled(9_500, 7), settled(8_500, 9, "failed"), settled(1_000, 1), settled(0, 0, null)], 10_000, 3);
  assert.deepEqual(seconds.map(({ p50 }) => p50), [null, null, 5]);
  assert.deepEqual(seconds.map(({ failed }) => failed), [0, 1, 0]);
  assert.deepEqual(seconds.map(({ settled }) => settled), [0, 1, 2]);
});

test("a scale is round and holds its value", () => {
  const scales = [0.2, 1, 1.1, 4, 9, 10, 23, 99, 101, 5000].map(roundScale);
  assert.deepEqual(scales, [1, 1, 2, 5, 10, 10, 50, 100, 200, 5000]);
});

test("a point of the field is the request that is drawn there", () => {
  const grid = layout(400, 100, 22);
  assert.deepEqual([grid.rows, grid.size], [5, 20]);
  for (const shown of [0, 3, 3.5, 40]) {
    for (const number of [0, 4, 5, 17]) {
      const { column, row } = cellOf(number, grid.rows);
      const x = left(column, grid, 400, shown) + grid.size / 2;
      assert.equal(numberAt(x, (row + 0.5) * grid.size, grid, 400, shown), number);
    }
  }
  assert.equal(numberAt(1, 50, grid, 400, 0), -1, "left of the first column");
  assert.equal(numberAt(399, 101, grid, 400, 0), -1, "below the last row");
});
