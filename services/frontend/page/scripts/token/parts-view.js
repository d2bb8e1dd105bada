// The three parts of a token, coloured as they are written and as they read.
import { copyButton } from "../shell/copy.js";
import { el } from "../shell/dom.js";
import { bytesOf, objectOf, parts } from "./jws.js";
import { explainClaims, explainHeader } from "./claims.js";

const KINDS = ["header", "payload", "signature"];

/** Fills `root`; gives back whom the token names. */
export function showParts(root, compact) {
  const split = parts(compact);
  const [header, claims] = [objectOf(split.header) ?? {}, objectOf(split.payload) ?? {}];
  const signature = bytesOf(split.signature);
  root.replaceChildren(
    el("div", { class: "copyable" }, written(compact), copyButton(() => compact, "token")),
    el("div", { class: "decoded" },
      part("header", "Header", "how it is signed", explainHeader(header)),
      part("payload", "Claims", "what it says. Whoever holds it can read this", explainClaims(claims)),
      part("signature", "Signature", signature ? `${signature.length} bytes over the two parts before, as they are written` : "not base64url", [])),
  );
  return { subject: typeof claims.sub === "string" ? claims.sub : "somebody" };
}

/** The token as it is sent, in three colours; the character at `changed` stands out. */
export function written(compact, changed = -1) {
  let at = 0;
  const spans = compact.split(".").flatMap((text, place) => {
    const begin = at;
    at += text.length + 1;
    const inside = changed >= begin && changed < begin + text.length;
    const content = inside
      ? [text.slice(0, changed - begin), el("mark", {}, text[changed - begin]), text.slice(changed - begin + 1)]
      : [text];
    const span = el("span", { class: `part ${KINDS[place] ?? ""}` }, ...content);
    return place === 0 ? [span] : [".", span];
  });
  return el("pre", { class: "compact", tabindex: "0", "aria-label": "Token" }, el("code", {}, ...spans));
}

function part(kind, title, means, rows) {
  const table = rows.map(({ name, value, moment, means }) =>
    el("tr", {}, el("th", { scope: "row" }, el("code", {}, name)),
      el("td", {}, el("code", {}, value), moment ? el("span", { class: "moment" }, ` ${moment.toLocaleTimeString()}`) : null),
      el("td", { class: "soft" }, means)));
  return el("section", { class: `decoded-part ${kind}`, "aria-label": title },
    el("h3", {}, title, " ", el("span", { class: "soft" }, means)),
    rows.length === 0 ? null : el("table", {}, el("tbody", {}, ...table)));
}
