// The story of decisions and the log tail: bounded lists, newest first, text only.
import { byId, el } from "./dom.js";
import * as f from "./format.js";

const KEPT = 300;
const ORDERS = new Set(["approved", "asked", "sent", "moved", "cancel", "filled", "rejected", "canceled", "uncertain"]);
const REFUSALS = new Set(["denied", "skipped", "rejected"]);
const TONES = { denied: "warn", rejected: "bad", uncertain: "bad", alert: "bad", lost: "bad", halt: "bad", reduce: "warn", filled: "good", ready: "good", sent: "good" };

export function forget() {
  byId("story-lines").replaceChildren();
  byId("log-lines").replaceChildren();
}

export function story(news) {
  put("story-lines", news, entry);
  filter();
}

export function log(news) {
  put("log-lines", news, logLine);
}

function put(id, news, make) {
  const list = byId(id);
  const made = news.lines.map(make).reverse();
  if (news.missing) made.push(el("li", { class: "missing" }, `${news.missing} earlier lines are not shown`));
  list.prepend(...made);
  while (list.childElementCount > KEPT) list.lastElementChild.remove();
}

function entry(line) {
  const inputs = Object.entries(line.inputs);
  const head = [el("time", { datetime: line.at }, f.clock(line.at)), el("span", { class: `badge ${TONES[line.kind] ?? ""}` }, line.kind),
    el("span", { class: "topic" }, line.topic.replaceAll("_", " ")), el("span", { class: "text" }, line.text)];
  const shown = { "data-kind": line.kind };
  if (!inputs.length && !line.rule && !line.ref && !line.denial) return el("li", shown, el("div", { class: "line" }, ...head));
  const facts = [["rule", line.rule], ["for", line.ref], ["because", line.denial?.replaceAll("_", " ")], ...inputs.map(([name, value]) => [name.replaceAll("_", " "), value])];
  return el("li", shown, el("details", {}, el("summary", { class: "line" }, ...head),
    el("dl", { class: "pairs" }, ...facts.filter(([, value]) => value !== "" && value !== null && value !== undefined).flatMap(([name, value]) =>
      [el("dt", {}, name), el("dd", {}, typeof value === "number" ? String(Number(value.toPrecision(6))) : value)]))));
}

const QUIET = new Set(["ts", "level", "event", "run_id", "config_hash"]);

function logLine(line) {
  const rest = Object.entries(line).filter(([name]) => !QUIET.has(name))
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`).join("  ");
  return el("li", { class: line.level }, el("time", { datetime: line.ts }, f.clock(line.ts)),
    el("span", { class: `badge ${line.level === "warning" ? "warn" : line.level === "error" ? "bad" : ""}` }, line.level),
    el("span", { class: "topic" }, line.event), el("span", { class: "text" }, rest));
}

function filter() {
  const choice = document.querySelector("#story-filter input:checked").value;
  const wanted = { all: () => true, orders: (kind) => ORDERS.has(kind), refusals: (kind) => REFUSALS.has(kind) }[choice];
  for (const item of byId("story-lines").children) item.hidden = !wanted(item.dataset.kind ?? "");
}

for (const input of document.querySelectorAll("#story-filter input")) input.addEventListener("change", filter);
