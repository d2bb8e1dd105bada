// auth's public keys, as anybody may fetch them.
import { exchange } from "../http.js";
import { parsed } from "../problem.js";

export const KEY_SET = "/.well-known/jwks.json";

/** The JWK set; `{keys: []}` with `error` if it cannot be had. */
export async function keySet() {
  const answer = await exchange({ path: KEY_SET, headers: { accept: "application/json" } });
  const set = answer.status === 200 ? parsed(answer.text, answer.headers) : null;
  return Array.isArray(set?.keys) ? set : { keys: [], error: true };
}
