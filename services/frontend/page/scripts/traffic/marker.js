// What an instance looks like: colour and shape by version, shade and inner mark by instance. Whoever cannot tell the
// colours apart tells the shapes.
import { svg } from "../shell/dom.js";

const HUES = 4;
const SHADES = 4;

/** The name of a tone's custom property in the stylesheet. */
export function tone({ hue, shade }) {
  return `--tone-${hue % HUES}-${shade % SHADES}`;
}

/** Names of all tones. */
export function tones() {
  return Array.from({ length: HUES * SHADES }, (_, place) => tone({ hue: Math.floor(place / SHADES), shade: place % SHADES }));
}

/** Adds the shape to a path (a canvas's context, or a `Path2D`), with its centre and half its width. */
export function shape(path, hue, x, y, r) {
  switch (hue % HUES) {
    case 0:
      path.arc(x, y, r, 0, 2 * Math.PI);
      break;
    case 1:
      path.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
      break;
    case 2:
      polygon(path, [[x, y - r * 1.15], [x + r * 1.15, y], [x, y + r * 1.15], [x - r * 1.15, y]]);
      break;
    default:
      polygon(path, [[x, y - r * 1.1], [x + r * 1.12, y + r * 0.85], [x - r * 1.12, y + r * 0.85]]);
  }
}

/** Adds what is left out of the shape: nothing, a hole, a bar across, a bar down. */
export function mark(path, shade, x, y, r) {
  switch (shade % SHADES) {
    case 1:
      path.moveTo(x + r * 0.36, y);
      path.arc(x, y, r * 0.36, 0, 2 * Math.PI);
      break;
    case 2:
      path.rect(x - r * 0.62, y - r * 0.15, r * 1.24, r * 0.3);
      break;
    case 3:
      path.rect(x - r * 0.15, y - r * 0.62, r * 0.3, r * 1.24);
      break;
    default:
  }
}

/** The same picture for a legend. */
export function marker(instance, { whole = false } = {}) {
  const { hue, shade } = instance;
  const body = new Outline();
  shape(body, hue, 8, 8, 6);
  const left_out = new Outline();
  if (!whole) {
    mark(left_out, shade, 8, 8, 6);
  }
  const picture = svg("svg", { class: "marker", viewBox: "0 0 16 16", "aria-hidden": "true" });
  picture.append(svg("path", { d: body.d }), svg("path", { class: "left-out", d: left_out.d }));
  picture.style.setProperty("--tone", `var(${tone({ hue, shade: whole ? 0 : shade })})`);
  return picture;
}

function polygon(path, points) {
  points.forEach(([x, y], place) => (place === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
  path.closePath();
}

/** The few calls above as an SVG path. */
class Outline {
  d = "";
  moveTo(x, y) {
    this.d += `M${x} ${y}`;
  }
  lineTo(x, y) {
    this.d += `L${x} ${y}`;
  }
  closePath() {
    this.d += "Z";
  }
  rect(x, y, width, height) {
    this.d += `M${x} ${y}h${width}v${height}h${-width}Z`;
  }
  arc(x, y, r) {
    this.d += `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  }
}
