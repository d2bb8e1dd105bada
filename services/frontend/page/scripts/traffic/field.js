// The moving field: one dot a request, column by column, the newest at the right.
import { appearance, isProjector } from "../shell/appearance.js";
import { cellOf, layout, left, numberAt } from "./geometry.js";
import { mark, shape, tone } from "./marker.js";
import { colours } from "./paint.js";

/** How long a dot takes to pop up, and how fast the field follows, in milliseconds. */
const POP = 220;
const FOLLOW = 110;

export class Field {
  #canvas;
  #context;
  #requests;
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  #colours;
  /** Until the canvas is seen nothing fits. */
  #grid = layout(1, 1, 1);
  #width = 0;
  #height = 0;
  /** The column at the right edge; a fraction while the field moves. */
  #shown = 0;
  #drawnAt = 0;
  #frame = 0;
  #awakeUntil = 0;
  #picked = -1;

  constructor(canvas, requests) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.#requests = requests;
    new ResizeObserver(() => this.#resize()).observe(canvas);
    appearance.addEventListener("change", () => this.#resize());
    this.#resize();
  }

  /** Something changed: draws, as long as anything moves. */
  wake() {
    this.#awakeUntil = performance.now() + 4 * POP;
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame((now) => this.#step(now));
    }
  }

  /** The request at a point of the canvas, or null. */
  at(x, y) {
    return this.#requests.get(numberAt(x, y, this.#grid, this.#width, this.#shown));
  }

  /** Marks a request; null marks none. */
  pick(sent) {
    this.#picked = sent?.number ?? -1;
    this.wake();
  }

  get rows() {
    return this.#grid.rows;
  }

  clear() {
    this.#shown = this.#newest();
    this.wake();
  }

  #newest() {
    return Math.max(0, cellOf(this.#requests.count - 1, this.#grid.rows).column);
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#canvas;
    if (clientWidth === 0) {
      return;
    }
    const scale = devicePixelRatio;
    [this.#width, this.#height] = [clientWidth, clientHeight];
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
    const cell = isProjector() ? 34 : clientWidth < 500 ? 18 : 22;
    this.#grid = layout(clientWidth, clientHeight, cell);
    this.#colours = colours(this.#canvas);
    this.#shown = this.#newest();
    this.#draw(performance.now());
  }

  #step(now) {
    this.#frame = 0;
    const passed = Math.min(now - this.#drawnAt, 100);
    const goal = this.#newest();
    const share = this.#still.matches ? 1 : 1 - Math.exp(-passed / FOLLOW);
    this.#shown += (goal - this.#shown) * share;
    if (Math.abs(goal - this.#shown) < 0.002) {
      this.#shown = goal;
    }
    if (this.#colours) {
      this.#draw(now);
    }
    if (now < this.#awakeUntil || this.#shown !== goal) {
      this.#frame = requestAnimationFrame((now) => this.#step(now));
    }
  }

  #draw(now) {
    this.#drawnAt = now;
    const { rows, columns, size } = this.#grid;
    const context = this.#context;
    context.clearRect(0, 0, this.#width, this.#height);
    const last = Math.ceil(this.#shown);
    for (let column = last - columns - 1; column <= last; column += 1) {
      const x = left(column, this.#grid, this.#width, this.#shown) + size / 2;
      for (let row = 0; row < rows; row += 1) {
        const sent = this.#requests.get(column * rows + row);
        const y = (row + 0.5) * size;
        sent === null || column < 0 ? this.#empty(x, y, size) : this.#dot(sent, x, y, size, now);
      }
    }
  }

  #empty(x, y, size) {
    this.#context.fillStyle = this.#colours.get("--lattice");
    this.#context.beginPath();
    this.#context.arc(x, y, Math.max(1, size * 0.06), 0, 2 * Math.PI);
    this.#context.fill();
  }

  #dot(sent, x, y, size, now) {
    const context = this.#context;
    if (sent.number === this.#picked) {
      context.strokeStyle = this.#colours.get("--ink");
      context.lineWidth = 2;
      context.strokeRect(x - size / 2 + 1, y - size / 2 + 1, size - 2, size - 2);
    }
    if (sent.outcome === null) {
      context.strokeStyle = this.#colours.get("--pending");
      context.lineWidth = Math.max(1.25, size * 0.07);
      context.beginPath();
      context.arc(x, y, size * 0.2, 0, 2 * Math.PI);
      context.stroke();
      return;
    }
    const age = this.#still.matches ? 1 : Math.min(1, (now - sent.settledAt) / POP);
    const r = size * 0.37 * popped(Math.max(age, 0.1));
    sent.outcome === "failed" ? this.#cross(x, y, r) : this.#body(sent.instance, x, y, r);
  }

  #body(instance, x, y, r) {
    const context = this.#context;
    context.fillStyle = this.#colours.get(tone(instance));
    context.beginPath();
    shape(context, instance.hue, x, y, r);
    context.fill();
    context.fillStyle = this.#colours.get("--card");
    context.beginPath();
    mark(context, instance.shade, x, y, r);
    context.fill();
  }

  #cross(x, y, r) {
    const context = this.#context;
    context.strokeStyle = this.#colours.get("--bad");
    context.lineWidth = Math.max(2, r * 0.5);
    context.lineCap = "round";
    const arm = r * 0.78;
    context.beginPath();
    context.moveTo(x - arm, y - arm);
    context.lineTo(x + arm, y + arm);
    context.moveTo(x + arm, y - arm);
    context.lineTo(x - arm, y + arm);
    context.stroke();
  }
}

/** From 0 to 1, a little beyond, and back. */
function popped(age) {
  const rest = age - 1;
  return 1 + 2.7 * rest ** 3 + 1.7 * rest ** 2;
}
