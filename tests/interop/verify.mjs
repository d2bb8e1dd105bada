// Verifies tokens as a service in JavaScript would: jose, and the issuer's keys by their address.
//
// usage: node verify.mjs MODULES JWKS_URL ISSUER AUDIENCE ALGORITHM <tokens, one a line    answers each with `accepted SUB` or
// `refused WHY`. MODULES is the directory with jose in it: below target/, where an import would not look.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [modules, address, issuer, audience, algorithm] = process.argv.slice(2);
const jose = await import(pathToFileURL(createRequire(`${modules}/`).resolve('jose')));
const keys = jose.createRemoteJWKSet(new URL(address));
const demands = { issuer, audience, typ: 'at+jwt', algorithms: [algorithm], requiredClaims: ['exp', 'iat', 'sub', 'jti'] };

async function verdict(token) {
  try {
    const { payload } = await jose.jwtVerify(token, keys, demands);
    return `accepted ${payload.sub}`;
  } catch (error) {
    if (error instanceof jose.errors.JOSEError) return `refused ${error.code}`;
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(await verdict(line.trim()));
}
