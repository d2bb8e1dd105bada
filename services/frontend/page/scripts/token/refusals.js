// Tokens that are not good, shown to hello: what it answers, and what this page finds wrong with them.
import { announce } from "../shell/announce.js";
import { copyable } from "../shell/copy.js";
import { byId, el, setText } from "../shell/dom.js";
import { curl } from "../curl.js";
import { answerView } from "../exchange-view.js";
import { exchange } from "../http.js";
import { clock } from "./claims.js";
import { objectOf, parts, tampered, unsigned, withClaims } from "./jws.js";
import { LEEWAY, judge, stopsAt } from "./judge.js";
import { keySet } from "./keys.js";
import { written } from "./parts-view.js";
import { check } from "./signature.js";

const PATH = "/secure";
const FOREIGN = "somewhere-else.service";

/** How long is waited beyond a token's time and hello's leeway, in milliseconds. */
const BEYOND = 1000;

/** What each button makes of the token in hand: another one, and what is to be said about it. */
const FORGERIES = {
  good: ({ token }) => ({ compact: token, said: "The token as auth gave it out." }),
  tampered: ({ token }) => {
    const { compact, at, was, is } = tampered(token);
    return { compact, changed: at, said: `Character ${at + 1} of ${token.length} was “${was}” and is “${is}”. Everything else is as auth signed it.` };
  },
  expired: async (session, wait) => {
    const { token } = session;
    return trulyExpired(session) ?? (await expiredMeanwhile(session, wait)) ?? {
      compact: withClaims(token, { exp: now() - 3600, iat: now() - 4500, nbf: now() - 4500 }),
      said: "auth gives no brief token now, so this page rewrote exp to an hour ago. That breaks the signature as well, and hello looks at the signature first.",
    };
  },
  audience: ({ token }) => ({
    compact: withClaims(token, { aud: FOREIGN }),
    said: `This page rewrote aud to ${FOREIGN}. auth signs tokens for one audience only, so a truly foreign one cannot be had here: what hello refuses first is the signature.`,
  }),
  unsigned: ({ token }) => ({ compact: unsigned(token), said: "The header says alg: none, and there is no signature. Libraries that let the token choose have accepted this." }),
  none: () => ({ compact: null, said: "No token at all. The challenge has no error in it: nothing was wrong, something is missing." }),
};

/** Counts attempts: one that had to wait gives way to a later one. */
let latest = 0;

export function startRefusals(session) {
  for (const button of document.querySelectorAll("#cheats button")) {
    button.addEventListener("click", () => attempt(session, button));
  }
  session.addEventListener("change", () => (latest += session.token === null ? 1 : 0));
}

async function attempt(session, button) {
  latest += 1;
  const [own, turn] = [session.token, latest];
  delete byId("cheat-result").dataset.shown;
  for (const other of document.querySelectorAll("#cheats button")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  const { compact, changed, said } = await FORGERIES[button.dataset.forgery](session, waiting(turn));
  if (turn === latest && session.token !== null) {
    await show(button, own, { compact, changed, said }, turn);
  }
}

async function show(button, own, { compact, changed, said }, turn) {
  const headers = { accept: "application/json", ...(compact === null ? {} : { authorization: `Bearer ${compact}` }) };
  const [answer, set] = await Promise.all([exchange({ path: PATH, headers }), keySet()]);
  const rules = compact === null ? [] : await judged(compact, own, set);
  if (turn !== latest) {
    return;
  }
  byId("cheat-result").dataset.shown = button.dataset.forgery;
  byId("cheat-result").replaceChildren(
    el("p", { class: "said" }, said),
    el("div", { class: "verdicts" },
      el("section", { "aria-label": "What hello answered" }, el("h3", {}, "hello answered"), answerView(answer), hint(answer, button.dataset.forgery)),
      el("section", { "aria-label": "What this page finds" }, el("h3", {}, "What this page finds"), findings(rules))),
    el("details", { open: true }, el("summary", {}, "What was sent"),
      compact === null ? null : written(compact, changed),
      copyable(curl({ url: location.origin + PATH, headers }), "curl command")),
  );
  announce(`${button.textContent.trim()}: hello answered ${answer.status || answer.error}`);
}

/** One that auth signed and whose time is over, for hello's clock, too. */
function trulyExpired({ token, expiresAt, retired }) {
  const over = [{ token, expiresAt }, retired].find((held) => held && leftOf(held) < 0);
  return over ? { compact: over.token, said: "A real one: auth signed it, nothing in it was changed, and its time is over." } : null;
}

/** A real one, too: auth signs it for a second, and then it is waited for. */
async function expiredMeanwhile(session, wait) {
  const brief = await session.brief();
  if (brief === null || !(await wait(() => leftOf(brief)))) {
    return null;
  }
  session.retired = brief;
  return trulyExpired(session);
}

/** Milliseconds until hello must refuse it. */
function leftOf({ expiresAt }) {
  return expiresAt + LEEWAY * 1000 + BEYOND - Date.now();
}

/** Shows how long there is still to wait; false if another button was pressed meanwhile. */
function waiting(turn) {
  return async (left) => {
    const line = el("p", { class: "said" });
    byId("cheat-result").replaceChildren(line);
    announce("waiting for a token to expire");
    for (; left() >= 0; await new Promise((done) => setTimeout(done, 200))) {
      if (turn !== latest) {
        return false;
      }
      setText(line, `auth has signed a token for one second, and hello forgives clocks ${LEEWAY} seconds more: ${clock(left())}`);
    }
    return true;
  };
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

function hint({ status, id }, forgery) {
  if (status === 200 && forgery === "expired") {
    return el("p", { class: "soft" }, "hello forgives clocks more here: its HELLO_LEEWAY is longer than usual.");
  }
  return status === 401
    ? el("p", { class: "soft" }, "Every refused token gets this same answer. The reason is in hello’s log, under ", el("code", {}, id), ".")
    : null;
}

function now() {
  return Math.floor(Date.now() / 1000);
}
