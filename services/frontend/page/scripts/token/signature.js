// Whether a token's signature fits one of the published keys, judged here and by nobody else.
import { bytesOf, objectOf, parts } from "./jws.js";

/**
 * `verdict` is "fits", "differs", or "unknown" where this browser or this token gives no way to tell; `why` says it plainly.
 * @param {string} compact
 * @param {{keys?: object[]}} set the JWK set
 * @param {SubtleCrypto|undefined} subtle absent where the page came by plain http from another host
 */
export async function check(compact, set, subtle) {
  const split = parts(compact);
  const header = split && objectOf(split.header);
  if (!header) {
    return told("differs", "This is no token: it has not three readable parts.");
  }
  if (header.alg === "HS256") {
    return told("unknown", "Classic mode: HS256 is made with a shared secret, which is published nowhere. Whoever could check this token could also forge one.");
  }
  if (header.alg !== "EdDSA") {
    return told("differs", `Its header says alg ${JSON.stringify(header.alg)}. Our keys are for EdDSA only.`);
  }
  const key = (set.keys ?? []).find(({ kid, kty, crv }) => kid === header.kid && kty === "OKP" && crv === "Ed25519");
  if (!key) {
    return told("differs", "No published key has the kid that its header names.");
  }
  if (!subtle) {
    return told("unknown", "This browser does cryptography only for pages from https:// or localhost, and this page came in another way. The services check it all the same.");
  }
  const signature = bytesOf(split.signature);
  if (signature?.length !== 64) {
    return told("differs", "An Ed25519 signature has 64 bytes; this one has not.");
  }
  return verified(key, signature, `${split.header}.${split.payload}`, subtle);
}

async function verified({ x }, signature, signed, subtle) {
  let key;
  try {
    key = await subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", x }, "Ed25519", false, ["verify"]);
  } catch (problem) {
    const missing = problem?.name === "NotSupportedError";
    return missing
      ? told("unknown", "This browser cannot check Ed25519 signatures yet. The services check it all the same.")
      : told("unknown", "The published key cannot be read here.");
  }
  const fits = await subtle.verify("Ed25519", key, signature, new TextEncoder().encode(signed));
  return fits
    ? told("fits", "Checked in this browser with auth’s public key. Nobody was asked.")
    : told("differs", "Checked in this browser: auth’s key did not sign these very characters.");
}

function told(verdict, why) {
  return { verdict, why };
}
