// Whether a token's signature fits one of the published keys, judged here and by nobody else.
import { bytesOf, objectOf, parts } from "./jws.js";

/** The algorithms that auth signs with (RFC 8037 section 3.1, RFC 7518 section 3.4): their keys, and WebCrypto's names for them. */
const ALGORITHMS = {
  EdDSA: { kty: "OKP", crv: "Ed25519", members: ["x"], importAs: "Ed25519", verifyAs: "Ed25519" },
  ES256: { kty: "EC", crv: "P-256", members: ["x", "y"], importAs: { name: "ECDSA", namedCurve: "P-256" }, verifyAs: { name: "ECDSA", hash: "SHA-256" } },
};

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
  if (!Object.hasOwn(ALGORITHMS, header.alg)) {
    return told("differs", `Its header says alg ${JSON.stringify(header.alg)}. Our keys are for ${Object.keys(ALGORITHMS).join(" and ")} only.`);
  }
  // Each key verifies its own algorithm only, whatever a header says (RFC 8725 section 3.1).
  const algorithm = ALGORITHMS[header.alg];
  const key = (set.keys ?? []).find(({ kid, kty, crv }) => kid === header.kid && kty === algorithm.kty && crv === algorithm.crv);
  if (!key) {
    return told("differs", "No published key has the kid that its header names.");
  }
  if (!subtle) {
    return told("unknown", "This browser does cryptography only for pages from https:// or localhost, and this page came in another way. The services check it all the same.");
  }
  const signature = bytesOf(split.signature);
  if (signature?.length !== 64) {
    return told("differs", `An ${header.alg} signature has 64 bytes. This one does not.`);
  }
  return verified(algorithm, key, signature, `${split.header}.${split.payload}`, subtle);
}

async function verified({ kty, crv, members, importAs, verifyAs }, jwk, signature, signed, subtle) {
  let key;
  try {
    const coordinates = Object.fromEntries(members.map((name) => [name, jwk[name]]));
    key = await subtle.importKey("jwk", { kty, crv, ...coordinates }, importAs, false, ["verify"]);
  } catch (problem) {
    const missing = problem?.name === "NotSupportedError";
    return missing
      ? told("unknown", `This browser cannot check ${crv} signatures yet. The services check it all the same.`)
      : told("unknown", "The published key cannot be read here.");
  }
  const fits = await subtle.verify(verifyAs, key, signature, new TextEncoder().encode(signed));
  return fits
    ? told("fits", "Checked in this browser with auth’s public key. Nobody was asked.")
    : told("differs", "Checked in this browser: auth’s key did not sign these very characters.");
}

function told(verdict, why) {
  return { verdict, why };
}
