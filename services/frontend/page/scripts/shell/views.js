// Which of the views is seen: the one that the address's fragment names, so that back and forward work.
import { byId } from "./dom.js";

const VIEWS = ["traffic", "token", "try", "about"];

/** Shows the right one now and whenever the address changes. */
export function startViews() {
  addEventListener("hashchange", () => show(true));
  show(false);
}

function show(moved) {
  const wanted = location.hash.slice(1);
  const name = VIEWS.includes(wanted) ? wanted : VIEWS[0];
  for (const view of VIEWS) {
    byId(view).hidden = view !== name;
    const link = document.querySelector(`nav a[href="#${view}"]`);
    view === name ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  document.documentElement.dataset.view = name;
  document.title = `${byId(`${name}-title`).textContent} · flotilla`;
  if (moved) {
    scrollTo(0, 0);
    byId(`${name}-title`).focus({ preventScroll: true });
  }
}
