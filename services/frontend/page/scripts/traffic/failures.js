// The last failures, each with what the answer said and the id by which the logs know it.
import { copyButton } from "../shell/copy.js";
import { byId, el } from "../shell/dom.js";
import { announce } from "../shell/announce.js";
import { explained } from "../problem.js";

const SHOWN = 6;

export class Failures {
  #any = false;

  add(sent, answer) {
    const list = byId("failures-list");
    list.prepend(entry(sent, answer));
    while (list.children.length > SHOWN) {
      list.lastElementChild.remove();
    }
    byId("no-failures").hidden = true;
    if (!this.#any) {
      announce(`first failure: ${explained(answer)}`);
    }
    this.#any = true;
  }

  clear() {
    byId("failures-list").replaceChildren();
    byId("no-failures").hidden = false;
    this.#any = false;
  }
}

function entry(sent, answer) {
  const time = new Date();
  const status = answer.status === 0 ? "no answer" : String(answer.status);
  const from = answer.pod ? `from ${answer.pod}` : "from nobody";
  return el(
    "li",
    {},
    el("div", {}, el("b", { class: "bad" }, status), " ", el("code", {}, `GET ${sent.path}`), " ",
      el("time", { datetime: time.toISOString() }, time.toLocaleTimeString()), " ", el("span", { class: "soft" }, from)),
    el("p", {}, answer.status === 0 ? answer.error : explained(answer)),
    el("p", { class: "request-id" }, el("span", { class: "soft" }, "request id "), el("code", {}, answer.id), copyButton(() => answer.id, "request id")),
  );
}
