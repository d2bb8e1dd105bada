// A request and its answer as they were on the wire, for people.
import { copyable } from "./shell/copy.js";
import { el } from "./shell/dom.js";
import { curl } from "./curl.js";
import { pretty } from "./problem.js";
import { milliseconds } from "./traffic/percentiles.js";

/** Fields that the lesson is about. */
const NOTABLE = new Set(["www-authenticate", "x-served-by", "x-service-version", "x-request-id", "x-fault-injected", "retry-after"]);

/** What was sent, with the command that does the same. */
export function requestView({ method = "GET", path, headers = {}, body }) {
  const lines = [line(`${method} ${path}`, "start"), ...Object.entries(headers).map(([name, value]) => field(name, value))];
  const command = curl({ method, url: location.origin + path, headers, body });
  return el("div", { class: "exchange" },
    el("pre", { class: "wire", tabindex: "0", "aria-label": "Request" }, ...lines, body === undefined ? null : line(body, "body")),
    copyable(command, "curl command"));
}

/** What came back. */
export function answerView(answer) {
  if (answer.status === 0) {
    return el("div", { class: "exchange" }, el("p", { class: "bad" }, `${answer.error} (request id ${answer.id})`));
  }
  const good = answer.status < 400;
  const status = el("p", { class: "status" }, el("b", { class: good ? "good" : "bad" }, `${good ? "✓" : "✕"} ${answer.status} ${answer.statusText}`),
    el("span", { class: "soft" }, ` in ${milliseconds(answer.ms)}`));
  const lines = answer.headers.map(([name, value]) => field(name, value));
  const body = answer.text === "" ? null : line(pretty(answer.text, answer.headers), "body");
  return el("div", { class: "exchange" }, status,
    el("pre", { class: "wire", tabindex: "0", "aria-label": "Answer" }, ...lines, body),
    answer.cut ? el("p", { class: "soft" }, "The body is longer; the rest was left out.") : null);
}

function field(name, value) {
  return el("span", { class: NOTABLE.has(name) ? "line notable" : "line" }, el("span", { class: "name" }, name), `: ${value}`);
}

function line(text, kind) {
  return el("span", { class: `line ${kind}` }, text);
}
