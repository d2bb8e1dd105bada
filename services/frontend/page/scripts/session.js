// Who is signed in: both tokens, in this page's memory and nowhere else. A reload forgets them.
import { exchange } from "./http.js";
import { parsed } from "./problem.js";

/** An access token is refreshed when so much of its life is left. */
const EARLY = 0.2;
/** Between attempts when a refresh failed and the login may still be good. */
const AGAIN_MS = 2000;
/** Timers have a longest time. */
const LONGEST_TIMER = 2 ** 31 - 1;
const JSON_BODY = { "content-type": "application/json", accept: "application/json" };

/** Tells by "change" whenever somebody signs in or out, or the tokens are new; by "refreshed" if it is the refresh token alone. */
export class Session extends EventTarget {
  #refresh = null;
  #refreshing = null;
  /** The refresh token is used by one request at a time. */
  #turn = Promise.resolve();
  #timer = 0;
  #automatic = true;

  /** The access token; null for nobody. */
  token = null;
  /** An access token that was replaced; when it has expired it is a truly expired one. */
  retired = null;
  /** When the access token ends, and when nothing can be refreshed any more: by this browser's clock, from lifetimes that auth told. */
  expiresAt = 0;
  issuedAt = 0;
  endsAt = 0;

  /** The refresh token, to be shown in a request. */
  get refreshToken() {
    return this.#refresh;
  }

  set automatic(automatic) {
    this.#automatic = automatic;
    this.#plan();
  }

  /** @returns the exchange, whatever came of it */
  async signIn(username, password) {
    const answer = await exchange({ method: "POST", path: "/login", headers: JSON_BODY, body: JSON.stringify({ username, password }) });
    this.adopt(answer);
    return answer;
  }

  /** One at a time: of two with the same refresh token the second would end the login. */
  refresh() {
    this.#refreshing ??= this.inTurn(() => this.#refreshOnce()).finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  /**
   * An access token that auth signs for one second, when its time is over; the session keeps the one it has.
   * @returns {Promise<{token: string, expiresAt: number}|null>} null where auth gives none
   */
  brief() {
    return this.inTurn(async () => {
      const answer = await exchange(refreshRequest("/refresh", this.#refresh, { expires_in: 1 }));
      const pair = pairOf(answer);
      if (pair === null) {
        return null;
      }
      this.#refresh = pair.refresh_token;
      this.dispatchEvent(new Event("refreshed"));
      return pair.expires_in === 1 ? { token: pair.token, expiresAt: Date.now() + 1000 } : null;
    });
  }

  /** Whatever sends the refresh token goes through here: auth takes one that comes twice for stolen, and ends the login. */
  inTurn(work) {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #refreshOnce() {
    const answer = await exchange(refreshRequest("/refresh", this.#refresh));
    this.adopt(answer);
    if (answer.status === 401) {
      this.forget();
    } else if (answer.status !== 200 && this.#automatic && Date.now() + AGAIN_MS < this.endsAt) {
      // A pod may just have been replaced.
      this.#timer = setTimeout(() => this.refresh(), AGAIN_MS);
    }
    return answer;
  }

  /** In turn, so that no refresh that is under way signs in again who has just signed out. */
  signOut() {
    clearTimeout(this.#timer);
    return this.inTurn(async () => {
      const answer = await exchange(refreshRequest("/logout", this.#refresh));
      this.forget();
      return answer;
    });
  }

  /** Takes over the tokens of an answer of `/login` or `/refresh`, if it has any. */
  adopt(answer) {
    const pair = pairOf(answer);
    if (pair === null) {
      return;
    }
    if (this.token !== null) {
      this.retired = { token: this.token, expiresAt: this.expiresAt };
    }
    this.token = pair.token;
    this.#refresh = pair.refresh_token;
    this.issuedAt = Date.now();
    this.expiresAt = this.issuedAt + pair.expires_in * 1000;
    this.endsAt = this.issuedAt + pair.refresh_expires_in * 1000;
    this.#plan();
    this.dispatchEvent(new Event("change"));
  }

  forget() {
    clearTimeout(this.#timer);
    this.token = this.#refresh = this.retired = null;
    this.dispatchEvent(new Event("change"));
  }

  #plan() {
    clearTimeout(this.#timer);
    if (this.#automatic && this.token !== null && this.endsAt > this.expiresAt) {
      const early = this.issuedAt + (this.expiresAt - this.issuedAt) * (1 - EARLY);
      this.#timer = setTimeout(() => this.refresh(), Math.min(LONGEST_TIMER, Math.max(0, early - Date.now())));
    }
  }
}

function refreshRequest(path, token, more = {}) {
  return { method: "POST", path, headers: JSON_BODY, body: JSON.stringify({ refresh_token: token, ...more }) };
}

/** The pair of tokens in an answer, if there is one. */
function pairOf({ status, text, headers }) {
  const pair = status === 200 ? parsed(text, headers) : null;
  return typeof pair?.token === "string" && typeof pair.refresh_token === "string" ? pair : null;
}
