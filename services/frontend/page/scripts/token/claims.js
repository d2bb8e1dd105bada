// What the members of a token say, for somebody who sees one for the first time.

const HEADER = {
  alg: "how it is signed. The verifier decides which are accepted, never the token",
  typ: "what kind of token: an access token (RFC 9068)",
  kid: "which of auth’s keys signed it: the thumbprint of the public one",
};

const CLAIMS = {
  iss: "who issued it",
  sub: "whom it is about: the account",
  aud: "whom it is for. Any other service must refuse it",
  exp: "when it ends",
  iat: "when it was issued",
  nbf: "not valid before",
  jti: "its own name, unique",
  email: "the account’s mail address",
  roles: "what the account may do besides",
};

const TIMES = new Set(["exp", "iat", "nbf"]);

/** Rows of name, value, and explanation. */
export function explainHeader(header) {
  return rows(header, HEADER);
}

export function explainClaims(claims) {
  return rows(claims, CLAIMS);
}

/** The moment a claim names, if it names one. */
export function momentOf(name, value) {
  return TIMES.has(name) && Number.isFinite(value) ? new Date(value * 1000) : null;
}

function rows(object, known) {
  return Object.entries(object).map(([name, value]) => ({
    name,
    value: typeof value === "string" ? value : JSON.stringify(value),
    moment: momentOf(name, value),
    means: Object.hasOwn(known, name) ? known[name] : "",
  }));
}

/** 14:59, 1:00:00, 0:07; never below nothing. */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const pad = (number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}
