// Opens the feed, hands each panel its news, and says so when there is none.
import { byId } from "./dom.js";
import { redraw } from "./chart.js";
import * as top from "./top.js";
import * as book from "./book.js";
import * as hedge from "./hedge.js";
import * as market from "./market.js";
import * as lines from "./lines.js";
import * as desk from "./desk.js";
import { commands } from "./commands.js";

const SILENT_MS = 5000; // the daemon speaks every second
const panels = {
  header: top.header,
  alerts: top.alerts,
  book: book.show,
  hedge: hedge.show,
  curve: market.curve,
  signals: market.signals,
  greeks: market.greeks,
  results: market.results,
  history: market.history,
  orders: desk.orders,
  gates: desk.gates,
  health: desk.health,
  story: lines.story,
  log: lines.log,
};
const latest = new Map();
let heardAt = performance.now();

async function begin() {
  const answer = await fetch("/api/session").catch(() => null);
  if (answer && answer.status === 401) {
    location.replace("/login" + location.hash);
    return;
  }
  if (!answer || !answer.ok) {
    setTimeout(begin, 2000);
    return;
  }
  const session = await answer.json();
  byId("mode").textContent = session.mode;
  commands(session.csrf);
  listen();
}

function listen() {
  const source = new EventSource("/api/feed");
  source.onopen = () => lines.forget();
  for (const [name, show] of Object.entries(panels)) {
    source.addEventListener(name, (event) => {
      heardAt = performance.now();
      const news = JSON.parse(event.data);
      latest.set(name, news);
      show(news);
    });
  }
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(begin, 2000); // logged out, or the daemon is new: ask again from the start
  };
}

function again() {
  redraw();
  for (const name of ["book", "hedge", "curve", "results"]) {
    if (latest.has(name)) panels[name](latest.get(name));
  }
  market.history({ marks: [] });
}

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // Not remembered, then.
  }
  again();
}

function silence() {
  const since = performance.now() - heardAt;
  const quiet = since > SILENT_MS;
  byId("stale").hidden = !quiet;
  document.body.classList.toggle("stale", quiet);
  if (quiet) {
    byId("stale").textContent =
      `No news from the daemon for ${Math.round(since / 1000)} s. What you see is old.`;
  }
  top.grow(since / 1000);
}

byId("theme").addEventListener("click", theme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
for (const choice of document.querySelectorAll("#payoff-part input")) {
  choice.addEventListener("change", () => latest.has("book") && book.show(latest.get("book")));
}
setInterval(silence, 1000);
begin();
