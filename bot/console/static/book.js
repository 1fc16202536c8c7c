// Condors and what they would earn: by SPX at several dates, with the break-evens in words too.
import { el, fill, table } from "./dom.js";
import { colour, draw } from "./chart.js";
import * as f from "./format.js";

const SHADES = ["curve-0", "curve-1", "curve-2", "curve-3"];

export function show(news) {
  const part = document.querySelector("#payoff-part input:checked").value;
  payoff(news.payoff, part);
  breakEvens(news.payoff, part);
  condors(news.condors);
}

function values(curve, part) {
  if (part !== "both") return curve[part];
  return curve.condors && curve.hedge ? curve.condors.map((value, i) => value + curve.hedge[i]) : null;
}

function payoff(view, part) {
  const curves = view.curves.filter((curve) => values(curve, part));
  const names = curves.map((curve) => curve.label);
  const data = [curves.length ? view.prices : [], ...curves.map((curve) => values(curve, part))];
  const atExpiry = view.curves.at(-1);
  const edges = atExpiry ? ends(atExpiry, part) : [];
  draw("payoff", `${part}|${names}`, data, {
    xLabel: "SPX, points",
    yValues: (value) => short(value),
    ySize: 62,
    series: curves.map((curve) => ({
      label: curve.label,
      stroke: colour(SHADES[shade(curve, view)]),
      width: curve === atExpiry ? 2.2 : 1.4,
      dash: curve === atExpiry ? undefined : [5, 4],
      fill: curve === atExpiry ? colour("wash") : undefined,
    })),
    lines: [
      { y: 0, colour: colour("faint") },
      ...edges.filter(f.isKnown).map((x, i) => ({
        x, colour: colour("curve-3"), dash: [2, 3], label: `${Math.round(x)}`, left: i === 0, row: 2 })),
      ...(f.isKnown(view.spot) ? [{ x: view.spot, colour: colour("ink"), label: `SPX ${view.spot.toFixed(0)}` }] : []),
    ],
  });
  const missing = view.curves.length - curves.length;
  const link = f.isKnown(view.beta) ? `Before expiry VIX moves with SPX, beta ${view.beta.toFixed(1)}.` : "VIX is held where it is (beta UNKNOWN).";
  fill("payoff-words", ...(view.curves.length
    ? ["Profit in dollars against SPX. ", ...curves.flatMap((curve) => [el("span", { class: `key ${SHADES[shade(curve, view)]}` }, curve.label), " "]),
      missing ? `${missing} curves UNKNOWN: an option has no usable price. ` : "", link]
    : ["No condor is open, so there is nothing to draw."]));
}

const shade = (curve, view) => (curve === view.curves.at(-1) ? 3 : view.curves.indexOf(curve));

function ends(curve, part) {
  if (part === "condors") return curve.break_evens;
  return part === "both" ? curve.break_evens_hedged : [];
}

function breakEvens(view, part) {
  if (part === "hedge" || !view.curves.length) {
    fill("break-evens");
    return;
  }
  table("break-evens", "Break-evens by date", [["When", ""], ["Break-even below", "num"], ["Break-even above", "num"], ["Profit at this SPX", "num"]],
    view.curves.map((curve) => {
      const [low, high] = ends(curve, part);
      const series = values(curve, part);
      const here = series && f.isKnown(view.spot) ? series[nearest(view.prices, view.spot)] : null;
      const side = (x) => (series === null ? f.unknown() : f.isKnown(x) ? f.points(x, 0) : el("span", { class: "none" }, "none"));
      return [when(curve), side(low), side(high), f.gain(here)];
    }), "");
}

const when = (curve) => (curve.label === "expiry" ? `expiry, ${Math.round(curve.days)} days` : curve.label);

function nearest(prices, price) {
  return prices.reduce((best, value, i) => (Math.abs(value - price) < Math.abs(prices[best] - price) ? i : best), 0);
}

function condors(all) {
  table("condors", "Open condors", [["Condor", ""], ["Strikes, SPX points", ""], ["Units", "num"], ["Credit", "num"], ["To close", "num"],
    ["At most lost", "num"], ["Open result", "num"]],
  all.map((condor) => [
    el("span", {}, condor.expiration, el("small", {}, ` in ${condor.dte} d`)),
    condor.strikes.map((strike) => strike.toFixed(0)).join(" / "),
    f.plain(condor.quantity), f.points(condor.credit), f.points(condor.debit), f.dollars(condor.max_loss), f.gain(condor.unrealized),
  ]), "No condor is open.");
}

export function short(value) {
  if (value === null) return "";
  const sign = value < 0 ? "\u2212" : "";
  const size = Math.abs(value);
  return size >= 1000 ? `${sign}$${(size / 1000).toFixed(size % 1000 ? 1 : 0)}k` : `${sign}$${size}`;
}
