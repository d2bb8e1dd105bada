// A token taken apart (RFC 7515 section 7.1), and put together again with something changed.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The three parts as they are written; null if there are not three. */
export function parts(compact) {
  const split = compact.split(".");
  return split.length === 3 ? { header: split[0], payload: split[1], signature: split[2] } : null;
}

/** Bytes of strict, unpadded base64url (RFC 7515 section 2); null if it is anything else. */
export function bytesOf(text) {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) {
    return null;
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  // The last character may have bits that no byte needs; only one way to write them is right.
  return base64url(bytes) === text ? bytes : null;
}

export function base64url(bytes) {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The JSON object in a part; null if there is none. */
export function objectOf(part) {
  const bytes = bytesOf(part);
  if (bytes === null) {
    return null;
  }
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

export function partOf(object) {
  return base64url(new TextEncoder().encode(JSON.stringify(object)));
}

/**
 * The same token with one character of its claims changed, and where. Not the last one: some of its bits may mean nothing.
 * @param {() => number} random from 0 up to 1
 */
export function tampered(compact, random = Math.random) {
  const { header, payload } = parts(compact);
  const at = header.length + 1 + Math.floor(random() * (payload.length - 1));
  const next = ALPHABET[(ALPHABET.indexOf(compact[at]) + 1) % ALPHABET.length];
  return { compact: compact.slice(0, at) + next + compact.slice(at + 1), at, was: compact[at], is: next };
}

/** The same token with other claims. Nobody signs it anew, so its signature is that of the old ones. */
export function withClaims(compact, changes) {
  const { header, payload, signature } = parts(compact);
  return [header, partOf({ ...objectOf(payload), ...changes }), signature].join(".");
}

/** The same claims, declared to need no signature, without one (RFC 7518 section 3.6). */
export function unsigned(compact) {
  const { header, payload } = parts(compact);
  return [partOf({ ...objectOf(header), alg: "none" }), payload, ""].join(".");
}
