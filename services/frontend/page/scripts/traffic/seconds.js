// The last minute, second by second, for the sparkline.
import { percentiles } from "./percentiles.js";

/** @returns {{p50: number|null, p95: number|null, p99: number|null, failed: number, settled: number}[]} oldest first */
export function bySecond(requests, now, seconds) {
  const bins = Array.from({ length: seconds }, () => ({ latencies: [], failed: 0, settled: 0 }));
  for (const sent of requests) {
    const age = Math.floor((now - sent.settledAt) / 1000);
    if (sent.outcome === null || age < 0 || age >= seconds) {
      continue;
    }
    const bin = bins[seconds - 1 - age];
    bin.settled += 1;
    if (sent.outcome === "failed") {
      bin.failed += 1;
    } else {
      bin.latencies.push(sent.ms);
    }
  }
  return bins.map(({ latencies, failed, settled }) => ({ ...percentiles(latencies), failed, settled }));
}

/** The next of 1, 2, 5, 10, 20, 50 … that holds the value: a scale that keeps still. */
export function roundScale(value) {
  const decade = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((step) => step * decade).find((step) => step >= value - 1e-9);
}
