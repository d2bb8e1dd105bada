// Who has answered so far: versions in the order they appeared, and their instances; with totals that only grow.

/** More instances than this are counted together: names come from the network, memory does not grow with them. */
export const MOST_INSTANCES = 32;

const NAMELESS = "unnamed";

export class Fleet {
  #versions = [];
  #instances = new Map();
  #rest = null;

  /** Counts an answer; the instance it came from is returned. */
  note({ pod, version, failed, at }) {
    const instance = this.#find(pod || NAMELESS, version || "?");
    instance.total += 1;
    instance.failed += failed ? 1 : 0;
    instance.lastAt = at;
    return instance;
  }

  /** By version, then by name, so that a table keeps still. */
  get instances() {
    const all = [...this.#instances.values()];
    all.sort((a, b) => a.hue - b.hue || a.pod.localeCompare(b.pod, "en", { numeric: true }));
    return this.#rest ? [...all, this.#rest] : all;
  }

  /** Versions in the order they appeared. */
  get versions() {
    return [...this.#versions];
  }

  clear() {
    this.#versions = [];
    this.#instances.clear();
    this.#rest = null;
  }

  #find(pod, version) {
    const key = `${version}\n${pod}`;
    const known = this.#instances.get(key);
    if (known) {
      return known;
    }
    if (this.#instances.size === MOST_INSTANCES) {
      this.#rest ??= newcomer("all others", "", 3, 3);
      return this.#rest;
    }
    if (!this.#versions.includes(version)) {
      this.#versions.push(version);
    }
    const hue = this.#versions.indexOf(version);
    const shade = [...this.#instances.values()].filter((instance) => instance.hue === hue).length;
    const instance = newcomer(pod, version, hue, shade);
    this.#instances.set(key, instance);
    return instance;
  }
}

/** `hue` and `shade` count from 0 without an end: whoever paints them repeats its colours. */
function newcomer(pod, version, hue, shade) {
  return { pod, version, hue, shade, total: 0, failed: 0, lastAt: 0 };
}
