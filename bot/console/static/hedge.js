// The hedge's share against its cap, and the three layers with every tranche on its ladder.
import { el, fill } from "./dom.js";
import * as f from "./format.js";

const NAMES = { L2a: "Near", L2b: "Middle", L2c: "Far" };

export function show(news) {
  gauge(news);
  fill("ladder", ...news.layers.map((layer) => group(layer, news.multiples)));
}

function gauge(news) {
  const known = f.isKnown(news.share);
  const end = Math.max(0.6, known ? Math.ceil(news.share * 10) / 10 : 0);
  const bar = el("div", { class: `bar ${!known ? "none" : news.share > news.cap ? "bad" : news.share > news.buy_limit ? "warn" : ""}` });
  bar.style.width = known ? `${(100 * news.share) / end}%` : "0";
  const marks = [[news.buy_limit, "buys stop"], [news.cap, "cap"]].map(([at, name], i) => {
    const mark = el("span", { class: `mark ${i ? "below" : "above"}` }, `${name} ${Math.round(100 * at)} %`);
    mark.style.left = `${(100 * at) / end}%`;
    return mark;
  });
  const words = known ? `${(100 * news.share).toFixed(1)} % of the book, cap ${Math.round(100 * news.cap)} %` : "UNKNOWN";
  const track = el("div", {
    class: "track", role: "meter", "aria-label": "Hedge share of the book", "aria-valuemin": 0, "aria-valuemax": end * 100,
    "aria-valuenow": known ? (100 * news.share).toFixed(1) : 0, "aria-valuetext": words }, bar, ...marks);
  fill("gauge",
    el("p", { class: "figure" }, f.percent(news.share), el("small", {}, ` of the book by ${news.basis.replaceAll("_", " ")}`)),
    track,
    el("dl", { class: "pairs" },
      el("dt", {}, "Hedge"), el("dd", {}, f.dollars(news.hedge_notional)),
      el("dt", {}, "Condors"), el("dd", {}, f.dollars(news.condor_notional)),
      el("dt", {}, "Spent in a year"), el("dd", {}, f.dollars(news.spend_year), " of ", f.dollars(news.budget_year))));
}

function group(layer, multiples) {
  const short = layer.held < layer.target;
  return el("section", { class: "layer" },
    el("h3", {}, NAMES[layer.layer] ?? layer.layer,
      el("small", {}, ` ${layer.layer}, about ${layer.dte_target} days · holds or buys `,
        el("b", { class: short ? "warn" : "" }, `${layer.held} of ${layer.target}`), " calls")),
    layer.tranches.length
      ? el("ul", {}, ...layer.tranches.map((tranche) => rung(tranche, multiples)))
      : el("p", { class: "empty" }, layer.target ? "Nothing bought yet." : "Nothing wanted."));
}

function rung(tranche, multiples) {
  const top = multiples.at(-1);
  const steps = el("span", { class: "steps", "aria-hidden": "true" },
    ...multiples.map((multiple, i) => {
      const step = el("i", { class: i < tranche.rung ? "done" : "" });
      step.style.left = `${(100 * multiple) / top}%`;
      return step;
    }));
  if (f.isKnown(tranche.multiple)) {
    const fillBar = el("em");
    fillBar.style.width = `${Math.min(100, (100 * tranche.multiple) / top)}%`;
    steps.prepend(fillBar);
  }
  const next = tranche.next_at === null ? "last rung reached" : `rung ${tranche.rung}, next sale at ${tranche.next_at} ×`;
  return el("li", {},
    el("span", { class: "name" }, `${tranche.quantity} × ${tranche.contract}`),
    el("span", { class: "num" }, f.times(tranche.multiple)),
    steps,
    el("span", { class: "note" }, "paid ", f.points(tranche.unit_cost), ", bid ", f.points(tranche.bid), `; ${next}; expires in ${tranche.dte} d, `,
      tranche.roll_in_days > 0 ? `roll in ${tranche.roll_in_days} d` : el("b", { class: "warn" }, "roll due")));
}
