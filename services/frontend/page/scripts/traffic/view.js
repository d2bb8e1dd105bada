// The traffic view: what is sent, who answers, how fast, and what fails.
import { announce } from "../shell/announce.js";
import { byId } from "../shell/dom.js";
import { explained } from "../problem.js";
import { startControls } from "./controls.js";
import { Engine } from "./engine.js";
import { Failures } from "./failures.js";
import { Field } from "./field.js";
import { Figures } from "./figures.js";
import { Fleet } from "./fleet.js";
import { startInspector } from "./inspector.js";
import { Latency } from "./latency.js";
import { Requests } from "./requests.js";
import { Table } from "./table.js";

/** Enough for a minute at the highest rate, and for the largest field. */
const KEPT = 8192;
const REFRESH = 250;

/** @returns {Engine} for whoever starts and pauses it by a key */
export function startTraffic(session) {
  const requests = new Requests(KEPT);
  const fleet = new Fleet();
  const engine = new Engine();
  const field = new Field(byId("field"), requests);
  const figures = new Figures();
  const shown = [figures, new Latency(requests), new Table(requests, fleet)];
  const failures = new Failures();
  const refresh = () => shown.forEach((part) => part.refresh({ engine, now: performance.now() }));

  engine.headersFor = (path) => (path === "/secure" && session.token ? { authorization: `Bearer ${session.token}` } : {});
  engine.record = (path, at) => {
    const sent = requests.begin(path, at);
    field.wake();
    return sent;
  };
  engine.addEventListener("settled", ({ detail: { sent, answer } }) => {
    if (requests.get(sent.number) !== sent) {
      return; // cleared meanwhile
    }
    settle(sent, answer, fleet);
    figures.settled(sent);
    if (sent.outcome === "failed") {
      failures.add(sent, answer);
    }
    field.wake();
  });
  const clear = () => {
    requests.clear();
    fleet.clear();
    engine.held = 0;
    [...shown, failures, field].forEach((part) => part.clear?.());
    refresh();
    announce("counts cleared");
  };
  startControls(engine, session, clear);
  startInspector(byId("field"), field, requests);
  setInterval(refresh, REFRESH);
  refresh();
  return engine;
}

function settle(sent, answer, fleet) {
  const failed = answer.status === 0 || answer.status >= 400;
  Object.assign(sent, {
    outcome: failed ? "failed" : "good",
    status: answer.status,
    ms: answer.ms,
    id: answer.id,
    settledAt: performance.now(),
    why: failed ? explained(answer) : "",
  });
  if (answer.status !== 0) {
    const before = fleet.instances.length;
    sent.instance = fleet.note({ pod: answer.pod, version: answer.version, failed, at: sent.settledAt });
    if (fleet.instances.length > before && before > 0) {
      announce(`${sent.instance.pod}, version ${sent.instance.version}, answers now`);
    }
  }
}
