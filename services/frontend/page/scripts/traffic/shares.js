// Shares for people: whole per cent that add up to a hundred.

/** By largest remainder. All are 0 where there is nothing to share. */
export function percents(counts) {
  const sum = counts.reduce((sum, count) => sum + count, 0);
  if (sum === 0) {
    return counts.map(() => 0);
  }
  const exact = counts.map((count) => (count * 100) / sum);
  const whole = exact.map(Math.floor);
  const missing = 100 - whole.reduce((sum, share) => sum + share, 0);
  const byRemainder = exact.map((share, place) => ({ place, rest: share - whole[place] }));
  byRemainder.sort((a, b) => b.rest - a.rest || a.place - b.place);
  byRemainder.slice(0, missing).forEach(({ place }) => (whole[place] += 1));
  return whole;
}

/** How many of the settled requests each instance answered. */
export function counted(requests) {
  const counts = new Map();
  for (const { instance } of requests) {
    if (instance) {
      counts.set(instance, (counts.get(instance) ?? 0) + 1);
    }
  }
  return counts;
}

/** Adds up by version what is counted by instance. */
export function byVersion(counts) {
  const versions = new Map();
  for (const [{ version, hue }, count] of counts) {
    const so_far = versions.get(version) ?? { version, hue, count: 0 };
    so_far.count += count;
    versions.set(version, so_far);
  }
  return [...versions.values()].sort((a, b) => a.hue - b.hue);
}
