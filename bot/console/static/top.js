// The header line: state, market, money, how fresh all of it is. Alerts below it.
import { byId, el, fill } from "./dom.js";
import * as f from "./format.js";

const TRADING = {
  active: ["Trading", "good", "may open and close"],
  reducing: ["Only reducing", "warn", "opens nothing"],
  halted: ["Halted", "bad", "only limits losses"],
};
let data = null;

export function header(news) {
  data = news;
  byId("clock").textContent = news.clock;
  fill("market", news.market_open === null ? f.unknown() : news.market_open ? "market open" : "market closed");
  const day = f.isKnown(news.net_liquidation) && f.isKnown(news.day_start)
    ? news.net_liquidation - news.day_start : null;
  const [state, tone, meaning] = TRADING[news.trading] ?? ["UNKNOWN", "warn", ""];
  fill("facts",
    fact("State", el("span", { class: `state ${tone}` }, state), news.trading_why || meaning),
    fact("Regime", f.word(news.regime), `curve ${news.curve}`),
    fact("VIX", f.points(news.vix), "fear in the market"),
    fact("SPX", f.points(news.spx), "S&P 500"),
    fact("Account", f.dollars(news.net_liquidation), [f.gain(day), " today"]),
    fact("Prices", freshness(news.data_age_s), news.connected ? "broker connected"
      : el("b", { class: "bad" }, "broker away for ", f.age(news.away_s)), "freshness"));
  document.title = `${state} · condorbot`;
}

export function alerts(news) {
  const place = byId("alerts");
  place.hidden = !news.active.length;
  fill("alerts", ...news.active.map((alert) =>
    el("p", {}, el("b", {}, alert.code.replaceAll("_", " ")), ` for ${text(f.age(alert.age_s))}`)));
}

// Between two frames the age of what is shown goes on growing.
export function grow(seconds) {
  const place = byId("freshness");
  if (data && place && seconds > 2) place.replaceChildren(freshness(f.isKnown(data.data_age_s)
    ? data.data_age_s + seconds : null));
}

function freshness(seconds) {
  if (!f.isKnown(seconds)) return f.unknown();
  const tone = seconds <= 60 ? "state good" : data.market_open === false ? "" : "state bad"; // nobody quotes at night
  return el("span", { class: tone }, f.age(seconds), " old");
}

function fact(name, value, note, id) {
  const title = typeof note === "string" ? note : null;
  return el("div", {}, el("dt", {}, name), el("dd", { id }, value),
    el("dd", { class: "note", title }, ...(Array.isArray(note) ? note : [note])));
}

const text = (value) => (typeof value === "string" ? value : value.textContent);
