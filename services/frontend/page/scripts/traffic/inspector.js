// One dot looked at: by the pointer, or by the arrow keys.
import { byId, setText } from "../shell/dom.js";
import { milliseconds } from "./percentiles.js";

const INVITATION = "Point at a dot, or walk with the arrow keys, to see its request.";

export function startInspector(canvas, field, requests) {
  let picked = null;
  const pick = (sent) => {
    picked = sent;
    field.pick(sent);
    setText(byId("inspected"), sent ? told(sent) : INVITATION);
  };
  canvas.addEventListener("pointermove", (event) => pick(field.at(event.offsetX, event.offsetY)));
  canvas.addEventListener("pointerleave", () => pick(null));
  canvas.addEventListener("blur", () => pick(null));
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -field.rows, ArrowRight: field.rows };
    const step = steps[event.key];
    if (step === undefined) {
      return;
    }
    event.preventDefault();
    const from = picked?.number ?? requests.count;
    pick(requests.get(from + (picked ? step : -1)) ?? picked ?? requests.get(requests.count - 1));
  });
  pick(null);
}

function told(sent) {
  const number = `#${sent.number + 1}`;
  if (sent.outcome === null) {
    return `${number} GET ${sent.path}: on its way`;
  }
  const who = sent.instance ? `${sent.instance.pod} (${sent.instance.version})` : "nobody";
  const status = sent.status === 0 ? sent.why : `${sent.status} from ${who}`;
  return `${number} GET ${sent.path}: ${status} in ${milliseconds(sent.ms)}, request id ${sent.id}`;
}
