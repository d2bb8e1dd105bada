// Percentiles by nearest rank: each is a latency that really occurred, none is interpolated.

/** The smallest value that at least `share` (0 to 1) of the values do not exceed; null of nothing. */
export function percentile(sorted, share) {
  if (sorted.length === 0) {
    return null;
  }
  const rank = Math.ceil(share * sorted.length - 1e-9);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1];
}

/** p50, p95 and p99 of values in any order. */
export function percentiles(values) {
  const sorted = Float64Array.from(values).sort();
  return { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), p99: percentile(sorted, 0.99) };
}

/** Milliseconds for people: three figures at most. */
export function milliseconds(value) {
  if (value === null) {
    return "–";
  }
  if (value >= 9_950) {
    return `${Math.round(value / 1000)} s`;
  }
  if (value >= 999.5) {
    return `${(value / 1000).toFixed(1)} s`;
  }
  return value < 9.95 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}
