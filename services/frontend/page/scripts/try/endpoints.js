// The endpoints that can be tried, in a learner's order.

/** `auth` says whether the access token belongs into the request: "bearer", or nothing. */
export const ENDPOINTS = [
  { name: "greeting", method: "GET", path: "/", by: "hello", does: "greets anybody" },
  { name: "login", method: "POST", path: "/login", by: "auth", does: "gives tokens for a name and a password", body: () => ({ username: "user", password: "password" }) },
  { name: "secure", method: "GET", path: "/secure", by: "hello", does: "greets whoever the token names", auth: "bearer" },
  { name: "admin", method: "GET", path: "/admin", by: "hello", does: "needs the role presenter, which the demo account has not: 403", auth: "bearer" },
  { name: "whoami", method: "GET", path: "/whoami", by: "hello", does: "tells which instance answered" },
  { name: "refresh", method: "POST", path: "/refresh", by: "auth", does: "exchanges a refresh token, once, for a new pair", body: ({ refreshToken }) => ({ refresh_token: refreshToken ?? "" }) },
  { name: "logout", method: "POST", path: "/logout", by: "auth", does: "ends the login", body: ({ refreshToken }) => ({ refresh_token: refreshToken ?? "" }) },
  { name: "keys", method: "GET", path: "/.well-known/jwks.json", by: "auth", does: "the public keys" },
  { name: "metadata", method: "GET", path: "/.well-known/oauth-authorization-server", by: "auth", does: "what a gateway has to know about the issuer" },
  { name: "version", method: "GET", path: "/version", by: "frontend", does: "version and revision of the edge itself" },
  { name: "hello-api", method: "GET", path: "/hello/openapi.json", by: "hello", does: "hello’s interface, OpenAPI 3.1" },
  { name: "auth-api", method: "GET", path: "/auth/openapi.json", by: "auth", does: "auth’s interface, OpenAPI 3.1" },
  { name: "wrong-method", method: "POST", path: "/secure", by: "hello", does: "a method that the path has not: 405, with Allow" },
  { name: "nowhere", method: "GET", path: "/no-such-path", by: "frontend", does: "a path that nobody knows: 404 from the edge" },
];

/** The request as it is sent, apart from what the browser adds. */
export function requestOf(endpoint, { token, refreshToken }) {
  const headers = { accept: "application/json" };
  if (endpoint.auth === "bearer" && token) {
    headers.authorization = `Bearer ${token}`;
  }
  if (!endpoint.body) {
    return { method: endpoint.method, path: endpoint.path, headers };
  }
  headers["content-type"] = "application/json";
  return { method: endpoint.method, path: endpoint.path, headers, body: JSON.stringify(endpoint.body({ refreshToken })) };
}
