// The page's start: one session, four views.
import { startAbout } from "./about-view.js";
import { Session } from "./session.js";
import { startAppearance, toggleProjector } from "./shell/appearance.js";
import { startKeys } from "./shell/keys.js";
import { removeUnoffered } from "./shell/offered.js";
import { startViews } from "./shell/views.js";
import { startToken } from "./token/view.js";
import { startTraffic } from "./traffic/view.js";
import { startTry } from "./try/view.js";

startAppearance();
startViews();
const session = new Session();
const engine = startTraffic(session);
startToken(session);
startTry(session);
startAbout();
removeUnoffered();
startKeys({
  p: toggleProjector,
  " ": () => (engine.wanted ? engine.pause() : engine.start()),
  1: () => (location.hash = "traffic"),
  2: () => (location.hash = "token"),
  3: () => (location.hash = "try"),
  4: () => (location.hash = "about"),
});
