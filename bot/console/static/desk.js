// Open orders, the conditions that keep something shut, and health as a checklist.
import { byId, el, fill, table } from "./dom.js";
import * as f from "./format.js";

export function orders(news) {
  byId("orders-words").textContent =
    `${news.sent_today} of ${news.sent_today_max} orders sent today; ${news.denied} intents denied so far.`;
  table("orders-table", "Open orders", [["Order", ""], ["Filled", "num"], ["Limit", "num"], ["State", ""], ["Age", "num"]],
    news.working.map((order) => [
      el("span", { title: order.order_ref }, order.purpose.replaceAll("_", " "), el("small", {}, ` ${order.legs}`)),
      `${order.filled} of ${order.quantity}`, f.points(order.limit),
      el("span", { class: order.status === "unknown" ? "bad" : "" }, f.word(order.status.replaceAll("_", " "))), f.age(order.age_s)]),
    "No order is working.");
}

// What somebody unfolded stays so, though the list is made anew every second.
const unfolded = new Set();

export function gates(news) {
  byId("gates").hidden = !news.topics.length;
  fill("gates-list", ...news.topics.map((topic) => {
    const made = el("details", { open: unfolded.has(topic.name) },
      el("summary", {}, el("span", { class: `state ${topic.open ? "good" : "warn"}` }, topic.name.replaceAll(".", " ").replaceAll("_", " ")),
        el("span", { class: "note" }, ` ${topic.open ? "nothing is in the way" : topic.reason}`)),
      el("ul", {}, ...topic.gates.map(gate)));
    made.addEventListener("toggle", () => (made.open ? unfolded.add(topic.name) : unfolded.delete(topic.name)));
    return el("li", {}, made);
  }));
}

function gate(one) {
  const [tone, says] = one.open === null ? ["warn", f.unknown()] : one.open ? ["good", "holds"] : ["bad", "does not hold"];
  const number = f.isKnown(one.value) ? ` now ${Number(one.value.toPrecision(5))}${f.isKnown(one.limit) ? `, limit ${Number(one.limit.toPrecision(5))}` : ""}` : "";
  return el("li", {}, el("span", { class: `state ${tone}` }, says), ` ${one.text};${number}`,
    f.isKnown(one.age_s) ? ` (${f.age(one.age_s)} old)` : "", el("small", {}, ` ${one.rule}`));
}

export function health(news) {
  const stale = !f.isKnown(news.data_age_s) || news.data_age_s > news.data_age_s_max;
  fill("checks",
    ...check("Main loop", news.loop_age_s !== null && news.loop_age_s < 30, "turned ", f.age(news.loop_age_s), " ago"),
    ...check("Broker", news.broker_ready, news.broker_ready ? "connected and reconciled" : "not ready"),
    ...check("Prices", !stale, "newest ", f.age(news.data_age_s), " old", stale && news.market_open === false ? ", the market is closed" : ""),
    ...check("Positions", f.isKnown(news.positions_age_s) && !news.mismatched.length,
      news.mismatched.length ? `book and broker disagree: ${news.mismatched.join(", ")}` : "compared ", news.mismatched.length ? "" : f.age(news.positions_age_s), news.mismatched.length ? "" : " ago"),
    ...check("Orders", !news.uncertain.length, news.uncertain.length ? `nobody answers for ${news.uncertain.join(", ")}` : "all answered for"),
    ...check("Data lines", news.quotes <= news.quotes_max, `${news.quotes} of ${news.quotes_max}`),
    el("dt", {}, "Run"), el("dd", { class: "note" }, `${news.run_id}, settings ${news.config_hash}, rules ${news.policy}`),
    el("dt", {}, "Pages"), el("dd", { class: "note" },
      `${news.viewers} open, ${news.viewers_dropped} dropped for not reading; ${news.requests_refused} requests refused`));
}

function check(name, good, ...words) {
  return [el("dt", {}, name), el("dd", {}, el("span", { class: `state ${good ? "good" : "bad"}` }, good ? "ok" : "trouble"), " ", ...words)];
}
