// Requests and answers, and what is said about them.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";

import { exchange } from "../scripts/http.js";
import { explained, parsed, pretty } from "../scripts/problem.js";
import { Session } from "../scripts/session.js";
import { ENDPOINTS, requestOf } from "../scripts/try/endpoints.js";

const PROBLEM = [["content-type", "application/problem+json"]];

/** The address of a server that is gone when the test is. */
async function serving(context, answer) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  context.after(() => server.closeAllConnections() ?? server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

test("a problem says title and detail", () => {
  const text = JSON.stringify({ title: "Service Unavailable", detail: "hello has no address" });
  assert.equal(explained({ status: 503, text, headers: PROBLEM }), "Service Unavailable: hello has no address");
  assert.equal(explained({ status: 502, statusText: "Bad Gateway", text: "<html>", headers: [] }), "Bad Gateway");
  assert.equal(explained({ status: 500, statusText: "", text: "{", headers: PROBLEM }), "status 500");
  assert.equal(explained({ status: 0, error: "no answer" }), "no answer");
  assert.equal(explained({ status: 500, statusText: "", text: '{"title":{},"detail":7}', headers: PROBLEM }), "status 500");
});

test("only what is labelled as JSON is taken for it", () => {
  assert.deepEqual(parsed("{}", [["content-type", "application/json; charset=utf-8"]]), {});
  assert.equal(parsed("{}", [["content-type", "text/plain"]]), null);
  assert.equal(parsed("{}", []), null);
  assert.equal(pretty('{"a":1}', PROBLEM), '{\n  "a": 1\n}');
  assert.equal(pretty("plain", []), "plain");
});

test("an answer comes with all that is shown of it", async (context) => {
  const origin = await serving(context, (request, answer) => {
    answer.setHeader("x-served-by", "hello-0").setHeader("x-service-version", "1.0.0").setHeader("x-request-id", request.headers["x-request-id"]);
    answer.end("hi");
  });
  const answer = await exchange({ path: `${origin}/` });
  assert.deepEqual([answer.status, answer.text, answer.pod, answer.version], [200, "hi", "hello-0", "1.0.0"]);
  assert.match(answer.id, /^page-[0-9a-f]+-\d+$/);
  assert.ok(answer.ms > 0);
});

test("a body without an end is cut", async (context) => {
  const origin = await serving(context, (_, answer) => {
    const timer = setInterval(() => answer.write("x".repeat(10_000)), 1);
    answer.on("close", () => clearInterval(timer));
  });
  const answer = await exchange({ path: `${origin}/` });
  assert.deepEqual([answer.text.length, answer.cut], [64 * 1024, true]);
});

test("without an answer there is an error and our own id", async (context) => {
  const origin = await serving(context, (request) => request.socket.destroy());
  const answer = await exchange({ path: `${origin}/` });
  assert.deepEqual([answer.status, answer.pod], [0, null]);
  assert.match(answer.error, /^no answer/);
  assert.match(answer.id, /^page-/);
});

/** Somebody signed in at an auth that numbers its tokens; `asked` are the bodies it got. */
async function signedIn(context, failing = () => false) {
  const asked = [];
  const origin = await serving(context, async (request, answer) => {
    const body = JSON.parse((await request.toArray()).join(""));
    asked.push(body);
    if (failing(asked.length)) {
      answer.writeHead(502).end();
      return;
    }
    const pair = { token: `t${asked.length}`, refresh_token: `r${asked.length}`, expires_in: body.expires_in ?? 900, refresh_expires_in: 43_200 };
    answer.setHeader("content-type", "application/json").end(JSON.stringify(pair));
  });
  const real = globalThis.fetch;
  globalThis.fetch = (path, options) => real(origin + path, options);
  context.after(() => (globalThis.fetch = real));
  const session = new Session();
  session.automatic = false;
  await session.signIn("user", "password");
  return { session, asked };
}

test("a brief token leaves the session its own, and no refresh token is used twice", async (context) => {
  const { session, asked } = await signedIn(context);
  const [brief] = await Promise.all([session.brief(), session.refresh(), session.brief()]);
  assert.equal(brief.token, "t2");
  assert.ok(brief.expiresAt <= Date.now() + 1000);
  assert.equal(session.token, "t3");
  assert.deepEqual(asked.slice(1), [
    { refresh_token: "r1", expires_in: 1 },
    { refresh_token: "r2" },
    { refresh_token: "r3", expires_in: 1 },
  ]);
  assert.equal(session.refreshToken, "r4");
});

test("a session refreshes once, however often it is asked at a time", async (context) => {
  const { session, asked } = await signedIn(context);
  assert.equal(session.token, "t1");
  await Promise.all([session.refresh(), session.refresh(), session.refresh()]);
  assert.deepEqual([asked.length, session.token, session.refreshToken, session.retired.token], [2, "t2", "r2", "t1"]);
  session.forget();
  assert.deepEqual([session.token, session.refreshToken, session.retired], [null, null, null]);
});

test("a refresh that failed is tried again, for a pod may just have been replaced", async (context) => {
  const { session, asked } = await signedIn(context, (number) => number === 2 || number === 3);
  context.mock.timers.enable({ apis: ["setTimeout"] });
  session.automatic = true;
  assert.equal((await session.refresh()).status, 502);
  for (const expected of ["t1", "t4"]) {
    context.mock.timers.tick(2000);
    await session.refresh();
    assert.equal(session.token, expected);
  }
  assert.deepEqual(asked.slice(1), [{ refresh_token: "r1" }, { refresh_token: "r1" }, { refresh_token: "r1" }]);
  session.automatic = false;
});

test("who signs out while a refresh is under way stays signed out", async (context) => {
  const { session, asked } = await signedIn(context);
  await Promise.all([session.refresh(), session.signOut()]);
  assert.deepEqual([session.token, session.refreshToken], [null, null]);
  assert.deepEqual(asked.slice(1), [{ refresh_token: "r1" }, { refresh_token: "r2" }], "it is the newest that is given up");
});

test("each endpoint is a request that can be sent", () => {
  const signed = { token: "T", refreshToken: "R" };
  assert.equal(new Set(ENDPOINTS.map(({ name }) => name)).size, ENDPOINTS.length);
  for (const endpoint of ENDPOINTS) {
    const { method, path, headers, body } = requestOf(endpoint, signed);
    assert.ok(/^(GET|POST)$/.test(method) && path.startsWith("/"), endpoint.name);
    assert.equal(headers.authorization, endpoint.auth === "bearer" ? "Bearer T" : undefined);
    assert.equal(headers["content-type"], body === undefined ? undefined : "application/json");
  }
  const refresh = ENDPOINTS.find(({ name }) => name === "refresh");
  assert.equal(requestOf(refresh, signed).body, '{"refresh_token":"R"}');
  assert.equal(requestOf(ENDPOINTS.find(({ name }) => name === "secure"), { token: null }).headers.authorization, undefined);
});
