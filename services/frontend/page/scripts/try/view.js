// The view to try each endpoint by hand.
import { announce } from "../shell/announce.js";
import { byId, el, setText } from "../shell/dom.js";
import { answerView, requestView } from "../exchange-view.js";
import { exchange } from "../http.js";
import { ENDPOINTS, requestOf } from "./endpoints.js";

/** Whether the request's body holds the refresh token, which is good once. */
const sendsRefreshToken = ({ body, path }) => body && path !== "/login";

export function startTry(session) {
  let chosen = ENDPOINTS[0];
  const show = () => {
    const request = edited(chosen, session);
    byId("try-request").replaceChildren(requestView(request));
  };
  const choose = (endpoint) => {
    chosen = endpoint;
    const { body } = requestOf(endpoint, session);
    byId("try-body-row").hidden = body === undefined;
    byId("try-body").value = body ?? "";
    byId("try-answer").replaceChildren(el("p", { class: "soft" }, "Not sent yet."));
    setText(byId("try-does"), `${endpoint.does[0].toUpperCase()}${endpoint.does.slice(1)}. Answered by ${endpoint.by}.`);
    show();
  };
  byId("endpoints").append(...ENDPOINTS.map((endpoint) => choice(endpoint, endpoint === chosen, () => choose(endpoint))));
  byId("try-body").addEventListener("input", show);
  byId("try-send").addEventListener("click", async ({ currentTarget: button }) => {
    const request = edited(chosen, session);
    // Twice the same refresh token would end the login.
    button.disabled = true;
    byId("try-answer").replaceChildren(el("p", { class: "soft" }, "Sent; no answer yet."));
    await (sendsRefreshToken(chosen) ? session.inTurn(() => send(request, session)) : send(request, session));
    button.disabled = false;
    button.focus();
  });
  // A body with an old refresh token in it would end the login.
  const renew = () => (sendsRefreshToken(chosen) ? refill(chosen, session, show) : show());
  session.addEventListener("change", renew);
  session.addEventListener("refreshed", renew);
  choose(chosen);
}

function refill(endpoint, session, show) {
  byId("try-body").value = requestOf(endpoint, session).body;
  show();
}

function edited(endpoint, session) {
  const request = requestOf(endpoint, session);
  return request.body === undefined ? request : { ...request, body: byId("try-body").value };
}

async function send(request, session) {
  const answer = await exchange(request);
  byId("try-answer").replaceChildren(answerView(answer));
  announce(`${request.method} ${request.path}: ${answer.status || answer.error}`);
  if (request.path === "/login" || request.path === "/refresh") {
    session.adopt(answer);
  } else if (request.path === "/logout" && answer.status === 204) {
    session.forget();
  }
}

function choice(endpoint, checked, choose) {
  const input = el("input", { type: "radio", name: "endpoint", value: endpoint.name, checked, onchange: choose });
  const request = el("span", { class: "request" }, el("b", { class: "method" }, endpoint.method), " ", el("code", {}, endpoint.path));
  return el("label", { class: "choice", "data-path": endpoint.path }, input, el("span", {}, request, el("span", { class: "soft does" }, endpoint.does)));
}
