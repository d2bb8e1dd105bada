// Who answers: a bar of everybody's share of the last seconds, and a table with totals.
import { byId, el, setText } from "../shell/dom.js";
import { marker, tone } from "./marker.js";
import { byVersion, counted, percents } from "./shares.js";

/** Shares are of this much past. */
const WINDOW = 10_000;
/** After this long without an answer an instance is called quiet. */
const QUIET = 5_000;

export class Table {
  #requests;
  #fleet;
  #rows = new Map();
  #segments = new Map();
  #versions = new Map();

  constructor(requests, fleet) {
    this.#requests = requests;
    this.#fleet = fleet;
  }

  clear() {
    for (const parts of [this.#rows, this.#segments, this.#versions]) {
      parts.forEach(({ root }) => root.remove());
      parts.clear();
    }
  }

  refresh({ now }) {
    const counts = counted(this.#requests.since(now - WINDOW));
    const instances = this.#fleet.instances;
    const recent = instances.map((instance) => counts.get(instance) ?? 0);
    const shares = percents(recent);
    byId("nobody").hidden = instances.length > 0;
    byId("instances").hidden = instances.length === 0;
    instances.forEach((instance, place) => {
      this.#row(instance, shares[place], now);
      this.#segment(instance, recent[place], shares[place]);
    });
    this.#showVersions(counts);
    byId("field").setAttribute("aria-label", spoken(instances, shares));
  }

  #row(instance, share, now) {
    const row = this.#part(this.#rows, instance, () => newRow(instance), byId("instance-rows"));
    const quiet = now - instance.lastAt > QUIET;
    row.root.classList.toggle("quiet", quiet && share === 0);
    setText(row.total, instance.total.toLocaleString("en"));
    setText(row.failed, instance.failed === 0 ? "" : `${instance.failed.toLocaleString("en")} failed`);
    setText(row.share, `${share} %`);
    row.bar.style.setProperty("--share", `${share}%`);
    setText(row.note, quiet && share === 0 ? `quiet for ${Math.round((now - instance.lastAt) / 1000)} s` : "");
  }

  #segment(instance, count, share) {
    const segment = this.#part(this.#segments, instance, () => newSegment(instance), byId("share-bar"));
    segment.root.style.setProperty("flex-grow", String(count));
    setText(segment.label, share >= 8 ? `${share} %` : "");
  }

  #showVersions(counts) {
    const versions = byVersion(counts);
    const shares = percents(versions.map(({ count }) => count));
    for (const [version, { root }] of this.#versions) {
      root.classList.toggle("quiet", !versions.some((shown) => shown.version === version));
    }
    versions.forEach((shown, place) => {
      const part = this.#part(this.#versions, shown.version, () => newVersion(shown), byId("versions"));
      setText(part.share, `${shares[place]} %`);
    });
    for (const [version, part] of this.#versions) {
      if (!versions.some((shown) => shown.version === version)) {
        setText(part.share, "0 %");
      }
    }
  }

  /** The part that shows this key, made if it is new, in its place. */
  #part(parts, key, make, parent) {
    const known = parts.get(key);
    if (known) {
      return known;
    }
    const part = make();
    parts.set(key, part);
    const ranks = this.#fleet.instances;
    const rank = (key) => (typeof key === "string" ? this.#fleet.versions.indexOf(key) : ranks.indexOf(key));
    const after = [...parts].filter(([other]) => rank(other) > rank(key)).sort(([a], [b]) => rank(a) - rank(b))[0];
    parent.insertBefore(part.root, after ? after[1].root : null);
    return part;
  }
}

function newRow(instance) {
  const [total, failed, share, note] = [el("b"), el("small", { class: "bad" }), el("span"), el("small", { class: "soft" })];
  const bar = el("span", { class: "bar", "aria-hidden": "true" }, el("span", { class: "fill" }));
  bar.style.setProperty("--tone", `var(${tone(instance)})`);
  const name = el("th", { scope: "row" }, el("span", { class: "name" }, marker(instance), el("span", {}, instance.pod)), note);
  const root = el("tr", {}, name, el("td", { class: "version" }, instance.version), el("td", { class: "number" }, total, failed),
    el("td", { class: "share" }, el("span", { class: "share-line" }, bar, share)));
  return { root, total, failed, share, bar, note };
}

function newSegment(instance) {
  const label = el("span");
  const root = el("span", { class: "segment", title: `${instance.pod}, ${instance.version}` }, label);
  root.style.setProperty("--tone", `var(${tone(instance)})`);
  return { root, label };
}

function newVersion({ version, hue }) {
  const share = el("b");
  const root = el("li", {}, marker({ hue, shade: 0 }, { whole: true }), el("span", {}, version || "others"), share);
  return { root, share };
}

function spoken(instances, shares) {
  if (instances.length === 0) {
    return "One dot a request. Nothing was sent yet.";
  }
  const said = instances.map(({ pod, version }, place) => `${pod}, version ${version}, ${shares[place]} per cent`);
  return `One dot a request. Answers of the last ten seconds: ${said.join("; ")}. Arrow keys go from dot to dot.`;
}
