// The token view: signing in, the token's parts, its time, its signature, and what hello says to forged ones.
import { announce } from "../shell/announce.js";
import { byId, setText } from "../shell/dom.js";
import { explained } from "../problem.js";
import { clock } from "./claims.js";
import { showParts } from "./parts-view.js";
import { startRefusals } from "./refusals.js";
import { showSignature } from "./signature-view.js";

const TICK = 250;

export function startToken(session) {
  byId("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    signIn(session);
  });
  byId("demo-account").addEventListener("click", () => {
    byId("username").value = "user";
    byId("password").value = "password";
    signIn(session);
  });
  byId("refresh").addEventListener("click", async () => report(await session.refresh(), "Refreshed: a new pair of tokens."));
  byId("sign-out").addEventListener("click", () => signOut(session));
  byId("automatic").addEventListener("change", ({ target }) => (session.automatic = target.checked));
  session.addEventListener("change", () => show(session));
  startRefusals(session);
  setInterval(() => countDown(session), TICK);
  show(session);
}

async function signIn(session) {
  const button = byId("sign-in-button");
  button.disabled = true;
  setText(byId("sign-in-said"), "Asking auth …");
  const answer = await session.signIn(byId("username").value, byId("password").value);
  button.disabled = false;
  if (answer.status === 200) {
    byId("password").value = "";
    setText(byId("sign-in-said"), "");
    setText(byId("session-said"), "");
    byId("session-title").focus();
    return;
  }
  const later = answer.headers.find(([name]) => name === "retry-after")?.[1];
  setText(byId("sign-in-said"), `${answer.status || ""} ${explained(answer)}${later ? ` Again in ${later} s.` : ""}`.trim());
}

async function signOut(session) {
  const left = session.expiresAt - Date.now();
  const answer = await session.signOut();
  setText(byId("sign-in-said"), answer.status === 204
    ? `Signed out: nothing can be refreshed any more. The access token itself would have been accepted for ${clock(left)} more, for nobody is asked about it; this page has forgotten it.`
    : `This page has forgotten its tokens. auth answered: ${explained(answer)}`);
  byId("username").focus();
}

function report(answer, good) {
  setText(byId("session-said"), answer.status === 200 ? good : `${answer.status || ""} ${explained(answer)}`.trim());
}

function show(session) {
  const signed = session.token !== null;
  byId("signed-out").hidden = signed;
  byId("signed-in").hidden = !signed;
  byId("token-parts").hidden = !signed;
  byId("cheating").hidden = !signed;
  document.documentElement.dataset.session = signed ? "on" : "off";
  if (signed) {
    const { subject } = showParts(byId("parts"), session.token);
    setText(byId("subject"), subject);
    showSignature(session.token, byId("signature-check"));
    announce(`signed in as ${subject}`);
  } else {
    byId("parts").replaceChildren();
    byId("cheat-result").replaceChildren();
  }
  countDown(session);
}

function countDown({ token, expiresAt, issuedAt, endsAt }) {
  const chip = byId("chip-text");
  if (token === null) {
    setText(chip, "not signed in");
    return;
  }
  const left = expiresAt - Date.now();
  const expired = left <= 0;
  const text = expired ? "expired" : clock(left);
  setText(chip, `${byId("subject").textContent} · ${text}`);
  setText(byId("countdown"), text);
  byId("countdown").classList.toggle("bad", expired);
  byId("life").style.setProperty("--share", `${Math.max(0, Math.min(100, (left * 100) / (expiresAt - issuedAt)))}%`);
  setText(byId("login-ends"), clock(endsAt - Date.now()));
}

