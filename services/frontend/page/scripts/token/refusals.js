// Tokens that are not good, shown to hello: what it answers, and what this page finds wrong with them.
import { announce } from "../shell/announce.js";
import { copyable } from "../shell/copy.js";
import { byId, el } from "../shell/dom.js";
import { curl } from "../curl.js";
import { answerView } from "../exchange-view.js";
import { exchange } from "../http.js";
import { objectOf, parts, tampered, unsigned, withClaims } from "./jws.js";
import { LEEWAY, judge, stopsAt } from "./judge.js";
import { keySet } from "./keys.js";
import { written } from "./parts-view.js";
import { check } from "./signature.js";

const PATH = "/secure";
const FOREIGN = "somewhere-else.service";

/** What each button makes of the token in hand: another one, and what is to be said about it. */
const FORGERIES = {
  good: ({ token }) => ({ compact: token, said: "The token as auth gave it out." }),
  tampered: ({ token }) => {
    const { compact, at, was, is } = tampered(token);
    return { compact, changed: at, said: `Character ${at + 1} of ${token.length} was “${was}” and is “${is}”. Everything else is as auth signed it.` };
  },
  expired: (session) => trulyExpired(session) ?? {
    compact: withClaims(session.token, { exp: now() - 3600, iat: now() - 4500, nbf: now() - 4500 }),
    said: "This page rewrote exp to an hour ago. That breaks the signature as well, and hello looks at the signature first. A truly expired token has to be waited for: once the page has refreshed and the old token’s time is over, this button sends that one.",
  },
  audience: ({ token }) => ({
    compact: withClaims(token, { aud: FOREIGN }),
    said: `This page rewrote aud to ${FOREIGN}. auth signs tokens for one audience only, so a truly foreign one cannot be had here: what hello refuses first is the signature.`,
  }),
  unsigned: ({ token }) => ({ compact: unsigned(token), said: "The header says alg: none, and there is no signature. Libraries that let the token choose have accepted this." }),
  none: () => ({ compact: null, said: "No token at all. The challenge has no error in it: nothing was wrong, something is missing." }),
};

export function startRefusals(session) {
  for (const button of document.querySelectorAll("#cheats button")) {
    button.addEventListener("click", () => attempt(session, button));
  }
}

async function attempt(session, button) {
  const own = session.token;
  const { compact, changed, said } = FORGERIES[button.dataset.forgery](session);
  const headers = { accept: "application/json", ...(compact === null ? {} : { authorization: `Bearer ${compact}` }) };
  const [answer, set] = await Promise.all([exchange({ path: PATH, headers }), keySet()]);
  const rules = compact === null ? [] : await judged(compact, own, set);
  for (const other of document.querySelectorAll("#cheats button")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  byId("cheat-result").replaceChildren(
    el("p", { class: "said" }, said),
    el("div", { class: "verdicts" },
      el("section", { "aria-label": "What hello answered" }, el("h3", {}, "hello answered"), answerView(answer), hint(answer)),
      el("section", { "aria-label": "What this page finds" }, el("h3", {}, "What this page finds"), findings(rules))),
    el("details", { open: true }, el("summary", {}, "What was sent"),
      compact === null ? null : written(compact, changed),
      copyable(curl({ url: location.origin + PATH, headers }), "curl command")),
  );
  announce(`${button.textContent.trim()}: hello answered ${answer.status || answer.error}`);
}

/** One that auth signed and whose time is over, for hello's clock, too. */
function trulyExpired({ token, expiresAt, retired }) {
  const over = [{ token, expiresAt }, retired].find((held) => held && held.expiresAt + (LEEWAY + 1) * 1000 < Date.now());
  return over ? { compact: over.token, said: "A real one: auth signed it, nothing in it was changed, and its time is over." } : null;
}

async function judged(compact, own, set) {
  const { verdict } = set.error ? { verdict: "unknown" } : await check(compact, set, globalThis.crypto?.subtle);
  const split = parts(own);
  const { alg } = objectOf(split.header);
  const { iss, aud } = objectOf(split.payload);
  return judge(compact, { kids: set.keys.map(({ kid }) => kid), signature: verdict, own: { alg, iss, aud }, now: now() });
}

function findings(rules) {
  if (rules.length === 0) {
    return el("p", { class: "soft" }, "There is nothing to judge.");
  }
  const stop = stopsAt(rules);
  const rows = rules.map((rule) => {
    const [sign, tone, word] = rule.holds === null ? ["?", "soft", "cannot be told here: "] : rule.holds ? ["✓", "good", "holds: "] : ["✕", "bad", "broken: "];
    return el("li", {}, el("span", { class: `sign ${tone}`, "aria-hidden": "true" }, sign), el("span", { class: "visually-hidden" }, word), rule.text,
      rule === stop ? el("b", { class: "stop" }, " ← hello stops here") : null);
  });
  return el("ol", { class: "rules" }, ...rows);
}

function hint({ status, id }) {
  return status === 401
    ? el("p", { class: "soft" }, "Every refused token gets this same answer. The reason is in hello’s log, under ", el("code", {}, id), ".")
    : null;
}

function now() {
  return Math.floor(Date.now() / 1000);
}
