// One request and its answer, with everything that a person may want to see of them.
import { requestId } from "./request-id.js";

/** Nothing here is longer; a body without an end must not fill the browser. */
const LONGEST_BODY = 64 * 1024;
const LONGEST_WAIT = 15_000;

/** @typedef {{method?: string, path: string, headers?: Record<string, string>, body?: string}} Asked */

/**
 * Sends it. Never throws: without an answer `status` is 0 and `error` says why. Cookies and stored passwords stay out,
 * which also keeps the browser from asking for a password of its own at a 401.
 * @param {Asked} asked
 */
export async function exchange({ method = "GET", path, headers = {}, body }, signal) {
  const id = requestId();
  const sent = { ...headers, "x-request-id": id };
  const deadline = AbortSignal.timeout(LONGEST_WAIT);
  const start = performance.now();
  const told = { method, path, sent: { headers: sent, body }, id, status: 0, statusText: "", headers: [], text: "" };
  try {
    const answer = await fetch(path, {
      method,
      headers: sent,
      body,
      cache: "no-store",
      credentials: "omit",
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
    const { text, cut } = await bounded(answer);
    const field = (name) => answer.headers.get(name);
    return {
      ...told,
      status: answer.status,
      statusText: answer.statusText,
      headers: [...answer.headers],
      text,
      cut,
      ms: performance.now() - start,
      id: field("x-request-id") ?? id,
      pod: field("x-served-by"),
      version: field("x-service-version"),
    };
  } catch (problem) {
    return { ...told, ms: performance.now() - start, pod: null, version: null, error: reason(problem) };
  }
}

async function bounded(answer) {
  if (!answer.body) {
    return { text: "", cut: false };
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return { text, cut: false };
    }
    text += value;
    if (text.length > LONGEST_BODY) {
      await reader.cancel();
      return { text: text.slice(0, LONGEST_BODY), cut: true };
    }
  }
}

function reason(problem) {
  switch (problem?.name) {
    case "TimeoutError":
      return `no answer within ${LONGEST_WAIT / 1000} seconds`;
    case "AbortError":
      return "given up";
    default:
      return "no answer: the connection was refused, reset or cut";
  }
}
