// The signature's verdict, as this browser found it.
import { el } from "../shell/dom.js";
import { KEY_SET, keySet } from "./keys.js";
import { check } from "./signature.js";

const VERDICTS = { fits: ["✓", "The signature fits", "good"], differs: ["✕", "The signature does not fit", "bad"], unknown: ["?", "Not checked here", "soft"] };

export async function showSignature(token, root) {
  const set = await keySet();
  const { verdict, why } = set.error
    ? { verdict: "unknown", why: `The keys at ${KEY_SET} could not be had.` }
    : await check(token, set, globalThis.crypto?.subtle);
  const [sign, title, tone] = VERDICTS[verdict];
  root.dataset.verdict = verdict;
  root.replaceChildren(el("b", { class: tone }, `${sign} ${title}. `), el("span", {}, `${why} `), el("a", { href: KEY_SET }, "The keys"));
}
