// Start and pause, path, rate, and how many at once.
import { announce } from "../shell/announce.js";
import { byId, setText } from "../shell/dom.js";

/** The steps of the rate's slider, in requests a second. The last one is the bound of this page. */
const RATES = [1, 2, 5, 10, 20, 50, 100];

/** A browser has six connections to a server that speaks HTTP/1.1; with HTTP/2 one carries many requests. */
const CONNECTIONS = 6;
const STREAMS = 32;

export function startControls(engine, session, clear) {
  const run = byId("run");
  run.addEventListener("click", () => (engine.wanted ? engine.pause() : engine.start()));
  byId("clear").addEventListener("click", clear);
  engine.addEventListener("state", () => {
    showState(engine);
    announce(engine.wanted ? "traffic started" : "traffic paused");
  });

  const rate = byId("rate");
  rate.max = String(RATES.length - 1);
  follow(rate, () => {
    engine.rate = RATES[rate.valueAsNumber];
    setText(byId("rate-shown"), `${RATES[rate.valueAsNumber]} a second`);
    rate.setAttribute("aria-valuetext", `${RATES[rate.valueAsNumber]} requests a second`);
  });
  const most = byId("most");
  most.max = String(speaksHttp2() ? STREAMS : CONNECTIONS);
  follow(most, () => {
    engine.most = most.valueAsNumber;
    setText(byId("most-shown"), most.value);
  });
  const hint = () => showHint(engine, session);
  for (const radio of document.querySelectorAll("#paths input")) {
    radio.addEventListener("change", () => {
      engine.path = radio.value;
      hint();
    });
  }
  engine.path = document.querySelector("#paths input:checked").value;
  session.addEventListener("change", hint);
  showState(engine);
  hint();
}

function showState({ wanted }) {
  setText(byId("run-label"), wanted ? "Pause" : "Start");
  byId("run").dataset.running = String(wanted);
  byId("idle-hint").hidden ||= wanted;
  document.documentElement.dataset.traffic = wanted ? "on" : "off";
}

function showHint({ path }, session) {
  const anonymous = path === "/secure" && !session.token;
  byId("anonymous-hint").hidden = !anonymous;
}

function follow(input, apply) {
  input.addEventListener("input", apply);
  apply();
}

function speaksHttp2() {
  const [entry] = performance.getEntriesByType("navigation");
  return entry?.nextHopProtocol === "h2" || entry?.nextHopProtocol === "h3";
}
