// The VX curve, results by layer with their history, and the signals.
import { el, fill, table } from "./dom.js";
import { colour, draw } from "./chart.js";
import { short } from "./book.js";
import * as f from "./format.js";

const LAYERS = { L1: "Condors", L2a: "Hedge, near", L2b: "Hedge, middle", L2c: "Hedge, far" };
// Books on paper that run beside the live one.
const SHADOWS = { U: "Shadow: no hedge", "Hd-static": "Shadow: fixed ratio", "Hd-premium": "Shadow: premium cap", "U-ungated": "Shadow: no hedge, to VIX 30" };
const MARKS_MAX = 600;
let marks = [];

export function curve(news) {
  const quoted = news.points.filter((point) => f.isKnown(point.price));
  const spot = f.isKnown(news.vix);
  draw("vx", `${spot}`, [
    [...(spot && quoted.length ? [0] : []), ...quoted.map((point) => point.days)],
    [...(spot && quoted.length ? [news.vix] : []), ...quoted.map((point) => point.price)],
  ], {
    xLabel: "days to settlement",
    yValues: (value) => value.toFixed(1),
    ySize: 40,
    series: [{ stroke: colour("accent"), width: 2, points: { show: true, size: 6, fill: colour("paper"), stroke: colour("accent") } }],
    lines: f.isKnown(news.constant_30) ? [{ x: 30, colour: colour("faint"), dash: [2, 3], label: `30 days ${news.constant_30.toFixed(2)}` }] : [],
  });
  const missing = news.points.length - quoted.length;
  fill("vx-words",
    el("b", {}, f.word(news.state)), ": second month less first ", signedPoints(news.slope), ", spot VIX ", f.points(news.vix),
    ", 9 days ", f.points(news.vix9d), ", 3 months ", f.points(news.vix3m),
    missing ? `. ${missing} futures have no fresh price` : "", ".");
}

const signedPoints = (value) => (f.isKnown(value) && value > 0 ? `+${f.points(value)}` : f.points(value));

export function results(news) {
  const sum = (pick) => news.layers.reduce((total, row) => (total === null || !f.isKnown(pick(row)) ? null : total + pick(row)), 0);
  const net = (row) => (f.isKnown(row.unrealized) ? row.realized + row.unrealized - row.fees : null);
  const rows = news.layers.map((row) => [LAYERS[row.layer] ?? row.layer, f.gain(row.realized), f.gain(row.unrealized), f.dollars(row.fees), f.gain(net(row))]);
  rows.push([el("b", {}, "All"), f.gain(sum((r) => r.realized)), f.gain(sum((r) => r.unrealized)), f.dollars(sum((r) => r.fees)), f.gain(sum(net))]);
  for (const book of news.shadows) {
    const note = ` ${book.sessions} sessions${book.lacking ? `, lacking ${book.lacking}` : ""}`;
    rows.push([el("span", {}, SHADOWS[book.name] ?? book.name, el("small", {}, note)), "", "", "", f.gain(book.result)]);
  }
  table("pnl-table", "Results by layer", [["Layer", ""], ["Closed", "num"], ["Open", "num"], ["Fees", "num"], ["Net", "num"]], rows, "");
}

// With an empty list only the theme has changed.
export function history(news) {
  if (news.marks.length > 1 && marks.length && news.marks[0].at <= marks[0].at) marks = [];
  marks = [...marks, ...news.marks].slice(-MARKS_MAX);
  const total = marks.map((mark) => Object.values(mark.results).reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0));
  const layer = (mark, pick) => Object.entries(mark.results).filter(([name]) => pick(name))
    .reduce((sum, [, value]) => (sum === null || value === null ? null : sum + value), 0);
  // By number, not by time: nights and weekends would be most of the axis.
  draw("pnl", `${marks.length > 1}`, [marks.map((_, i) => i), total,
    marks.map((mark) => layer(mark, (name) => name === "L1")), marks.map((mark) => layer(mark, (name) => name !== "L1"))], {
    xLabel: "all (bold), condors (long dashes), hedge (dots)",
    xValues: (value) => (Number.isInteger(value) && marks[value] ? day(marks[value].at) : ""),
    yValues: (value) => short(value),
    ySize: 56,
    series: [
      { stroke: colour("ink"), width: 2, points: { show: false } },
      { stroke: colour("accent"), width: 1.3, dash: [8, 4], points: { show: false } },
      { stroke: colour("curve-3"), width: 1.6, dash: [2, 3], points: { show: false } },
    ],
    lines: [{ y: 0, colour: colour("faint") }],
  });
}

// Within one day the hour tells more than the date.
function day(seconds) {
  const one = marks.length > 1 && date(marks[0].at) === date(marks.at(-1).at);
  return one ? f.clock(new Date(seconds * 1000).toISOString()).slice(6, 11) : date(seconds);
}

const date = (seconds) => new Date(seconds * 1000).toLocaleDateString("en-CA", { timeZone: "America/New_York", month: "2-digit", day: "2-digit" });

export function greeks(news) {
  table("greeks-table", "Sensitivities by layer", [["Layer", ""], ["Underlying +1", "num"], ["Volatility +1", "num"], ["One day", "num"]],
    news.layers.map((row) => [LAYERS[row.layer] ?? row.layer, f.gain(row.delta), f.gain(row.vega), f.gain(row.theta)]), "Nothing is held.");
}

export function signals(news) {
  table("signals-table", "Signals", [["Signal", ""], ["Value", "num"], ["Says", ""], ["Age", "num"]],
    [...news.all].sort((one, other) => f.isKnown(other.value) - f.isKnown(one.value)).map((signal) => [
      el("span", { title: signal.source }, signal.name.replaceAll("_", " ")),
      f.isKnown(signal.value) ? f.plain(signal.value, 2) : f.unknown(),
      signal.stressed === null ? (f.isKnown(signal.value) ? "informs" : "") : signal.stressed ? el("b", { class: "warn" }, "stress") : "calm",
      f.isKnown(signal.age_s) ? f.age(signal.age_s) : ""]), "");
}
