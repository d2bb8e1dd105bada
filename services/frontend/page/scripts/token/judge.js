// The rules of hello's verifier, applied here: hello answers every refused token alike, and says why only in its log.
import { bytesOf, objectOf, parts } from "./jws.js";

/** Seconds that hello forgives clocks unless it is told otherwise. */
export const LEEWAY = 5;

/**
 * The rules in the order hello applies them. `holds` is true, false, or null where it cannot be told here.
 * @param {string} compact
 * @param {{kids: string[], signature: "fits"|"differs"|"unknown", own: {alg: string, iss: string, aud: string}, now: number}} known
 *   `own` are the members of a token that auth gave out; `now` is in seconds since 1970
 */
export function judge(compact, { kids, signature, own, now }) {
  const split = parts(compact);
  const readable = split !== null && [split.header, split.payload, split.signature].every((part) => bytesOf(part) !== null);
  const header = (readable && objectOf(split.header)) || null;
  const claims = (readable && objectOf(split.payload)) || null;
  const of = (object, judged) => (object === null ? null : judged(object));
  const keyed = (header) => own.alg === "HS256" || kids.includes(header.kid);
  return [
    rule("form", "three parts of base64url", readable),
    rule("header", "a header that can be read", readable ? header !== null : null),
    rule("algorithm", `alg is ${own.alg}`, of(header, ({ alg }) => alg === own.alg)),
    rule("type", "typ is at+jwt", of(header, ({ typ }) => typ === "at+jwt")),
    rule("key", "kid is one of auth’s keys", of(header, keyed)),
    rule("signature", "the signature fits", { fits: true, differs: false, unknown: null }[signature]),
    rule("claims", "claims that can be read", readable ? claims !== null : null),
    rule("issuer", `iss is ${own.iss}`, of(claims, ({ iss }) => iss === own.iss)),
    rule("audience", `aud is ${own.aud}`, of(claims, ({ aud }) => aud === own.aud)),
    rule("expiry", "exp is still to come", of(claims, ({ exp }) => Number.isFinite(exp) && exp + LEEWAY > now)),
  ];
}

/** The rule at which hello stops: the first that does not hold, if all before it could be judged. */
export function stopsAt(rules) {
  const first = rules.find(({ holds }) => holds !== true);
  return first?.holds === false ? first : null;
}

function rule(name, text, holds) {
  return { name, text, holds };
}
