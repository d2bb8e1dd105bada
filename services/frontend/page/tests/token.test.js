// What the token view takes apart, changes and judges.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import test from "node:test";

import { clock, explainClaims, explainHeader, momentOf } from "../scripts/token/claims.js";
import { judge, LEEWAY, stopsAt } from "../scripts/token/judge.js";
import { base64url, bytesOf, objectOf, partOf, parts, tampered, unsigned, withClaims } from "../scripts/token/jws.js";
import { check } from "../scripts/token/signature.js";

const NOW = 1_800_000_000;
const HEADER = { alg: "EdDSA", typ: "at+jwt", kid: "key" };
const CLAIMS = { iss: "auth.service", sub: "ünder", aud: "hello.service", exp: NOW + 900, iat: NOW, nbf: NOW, jti: "1" };

const SIGNED_WITH = {
  EdDSA: { key: "Ed25519", signature: "Ed25519" },
  ES256: { key: { name: "ECDSA", namedCurve: "P-256" }, signature: { name: "ECDSA", hash: "SHA-256" } },
};

async function issued(alg = "EdDSA", kid = "key") {
  const pair = await webcrypto.subtle.generateKey(SIGNED_WITH[alg].key, true, ["sign", "verify"]);
  const signed = `${partOf({ ...HEADER, alg, kid })}.${partOf(CLAIMS)}`;
  const signature = await webcrypto.subtle.sign(SIGNED_WITH[alg].signature, pair.privateKey, new TextEncoder().encode(signed));
  const { kty, crv, x, y } = await webcrypto.subtle.exportKey("jwk", pair.publicKey);
  return { token: `${signed}.${base64url(new Uint8Array(signature))}`, set: { keys: [{ kty, crv, x, ...(y && { y }), kid, use: "sig", alg }] } };
}

test("parts are read and written alike", () => {
  assert.deepEqual(objectOf(partOf(CLAIMS)), CLAIMS);
  assert.deepEqual(bytesOf("AQID"), Uint8Array.of(1, 2, 3));
  assert.equal(base64url(Uint8Array.of(251, 255, 254)), "-__-");
  assert.equal(parts("a.b"), null);
  assert.equal(parts("a.b.c.d"), null);
});

test("only strict base64url is read", () => {
  for (const text of ["A", "AQ==", "A+B/", "AR", "A Q", "é"]) {
    assert.equal(bytesOf(text), null, text);
  }
  assert.deepEqual(bytesOf("AQ"), Uint8Array.of(1));
  assert.deepEqual(bytesOf(""), new Uint8Array());
});

test("only JSON objects are read", () => {
  for (const text of ["[]", "null", "7", "{", "\"x\""]) {
    assert.equal(objectOf(base64url(new TextEncoder().encode(text))), null, text);
  }
  assert.equal(objectOf(base64url(Uint8Array.of(0x7b, 0xff, 0x7d))), null, "not UTF-8");
});

for (const alg of Object.keys(SIGNED_WITH)) test(`a signature by ${alg} fits what was signed, and nothing else`, async () => {
  const { token, set } = await issued(alg);
  const verdict = async (compact, keys = set) => (await check(compact, keys, webcrypto.subtle)).verdict;
  assert.equal(await verdict(token), "fits");
  for (const random of [0, 0.3, 0.6, 0.999]) {
    assert.equal(await verdict(tampered(token, () => random).compact), "differs");
  }
  assert.equal(await verdict(withClaims(token, { exp: NOW + 9999 })), "differs");
  assert.equal(await verdict(unsigned(token)), "differs");
  assert.equal(await verdict(token, (await issued(alg)).set), "differs");
  assert.equal(await verdict(token, { keys: [] }), "differs");
  assert.equal(await verdict(`${token}A`), "differs");
  assert.equal(await verdict("nonsense"), "differs");
});

test("while keys of two algorithms are published, each verifies its own only", async () => {
  const [old, next] = [await issued("EdDSA", "old"), await issued("ES256", "next")];
  const both = { keys: [...old.set.keys, ...next.set.keys] };
  for (const { token } of [old, next]) {
    assert.equal((await check(token, both, webcrypto.subtle)).verdict, "fits");
    const { header, payload, signature } = parts(token);
    const alg = objectOf(header).alg === "EdDSA" ? "ES256" : "EdDSA";
    const confused = [partOf({ ...objectOf(header), alg }), payload, signature].join(".");
    assert.equal((await check(confused, both, webcrypto.subtle)).verdict, "differs", `called ${alg}`);
  }
  for (const alg of ["toString", "__proto__", "es256", null]) {
    const { payload, signature } = parts(next.token);
    const named = [partOf({ ...HEADER, alg, kid: "next" }), payload, signature].join(".");
    assert.equal((await check(named, both, webcrypto.subtle)).verdict, "differs", String(alg));
  }
});

test("what cannot be checked is said and not guessed", async () => {
  const { token, set } = await issued();
  const insecure = await check(token, set, undefined);
  assert.equal(insecure.verdict, "unknown");
  assert.match(insecure.why, /https/);
  const { payload, signature } = parts(token);
  const classic = await check([partOf({ alg: "HS256", typ: "at+jwt" }), payload, signature].join("."), { keys: [] }, webcrypto.subtle);
  assert.equal(classic.verdict, "unknown");
  assert.match(classic.why, /shared secret/);
  const without = { importKey: () => Promise.reject(Object.assign(new Error(), { name: "NotSupportedError" })) };
  const old = await check(token, set, without);
  assert.equal(old.verdict, "unknown");
  assert.match(old.why, /Ed25519/);
});

test("tampering changes exactly one character of the claims", async () => {
  const { token } = await issued();
  for (const random of [0, 0.5, 0.999999]) {
    const { compact, at, was, is } = tampered(token, () => random);
    const different = [...token].flatMap((character, place) => (character === compact[place] ? [] : [place]));
    assert.deepEqual([different, compact.length], [[at], token.length]);
    assert.deepEqual([token[at], compact[at]], [was, is]);
    const { header, payload } = parts(token);
    assert.ok(at > header.length && at < header.length + payload.length, "in the claims, not their last character");
  }
});

const OWN = { alg: "EdDSA", iss: "auth.service", aud: "hello.service" };

function stop(compact, known = {}) {
  return stopsAt(judge(compact, { kids: ["key"], signature: "fits", own: OWN, now: NOW, ...known }))?.name ?? null;
}

test("rules are applied in hello's order", async () => {
  const { token } = await issued();
  const { payload, signature } = parts(token);
  const headed = (header) => [partOf({ ...HEADER, ...header }), payload, signature].join(".");
  assert.equal(stop(token), null);
  assert.equal(stop("a.b"), "form");
  assert.equal(stop(`${base64url(Uint8Array.of(1))}.${payload}.${signature}`), "header");
  assert.equal(stop(unsigned(token)), "algorithm");
  assert.equal(stop(headed({ typ: "JWT" })), "type");
  assert.equal(stop(headed({ kid: "other" })), "key");
  assert.equal(stop(token, { signature: "differs" }), "signature");
  assert.equal(stop(withClaims(token, { iss: "x" })), "issuer");
  assert.equal(stop(withClaims(token, { aud: "x" })), "audience");
  assert.equal(stop(withClaims(token, { exp: NOW - LEEWAY })), "expiry");
  assert.equal(stop(withClaims(token, { exp: NOW - LEEWAY + 1 })), null);
  assert.equal(stop(withClaims(token, { exp: "soon" })), "expiry");
  assert.equal(stop(withClaims(token, { aud: "x", exp: 1 }), { signature: "differs" }), "signature");
});

test("an ES256 token is judged by the same rules, and a classic one names no key", async () => {
  const { token } = await issued("ES256");
  const { payload, signature } = parts(token);
  const unknown = [partOf({ ...HEADER, alg: "ES256", kid: "other" }), payload, signature].join(".");
  assert.equal(stop(token, { own: { ...OWN, alg: "ES256" } }), null);
  assert.equal(stop(unknown, { own: { ...OWN, alg: "ES256" } }), "key");
  const classic = [partOf({ alg: "HS256", typ: "at+jwt" }), payload, signature].join(".");
  assert.equal(stop(classic, { own: { ...OWN, alg: "HS256" }, kids: [] }), null);
});

test("what is not known is neither held nor broken", async () => {
  const { token } = await issued();
  const rules = judge(token, { kids: ["key"], signature: "unknown", own: OWN, now: NOW });
  assert.equal(rules.find(({ name }) => name === "signature").holds, null);
  assert.equal(stopsAt(rules), null);
  assert.equal(stop(withClaims(token, { aud: "x" }), { signature: "unknown" }), null, "hello may have stopped before");
  assert.equal(stop(unsigned(token), { signature: "unknown" }), "algorithm");
});

test("claims are explained, known or not", () => {
  const rows = explainClaims({ sub: "user", exp: NOW, roles: ["a"], constructor: "x" });
  assert.deepEqual(rows.map(({ value }) => value), ["user", String(NOW), "[\"a\"]", "x"]);
  assert.equal(rows[1].moment.getTime(), NOW * 1000);
  assert.equal(rows[3].means, "", "what is no claim of ours is not explained, whatever its name");
  assert.ok(explainHeader(HEADER).every(({ means }) => means !== ""));
  assert.equal(momentOf("exp", "tomorrow"), null);
  assert.equal(momentOf("sub", 7), null);
});

test("a countdown never shows less than nothing", () => {
  assert.deepEqual([900_000, 899_001, 59_000, 1, 0, -5, 43_200_000].map(clock), ["15:00", "15:00", "0:59", "0:01", "0:00", "0:00", "12:00:00"]);
});
