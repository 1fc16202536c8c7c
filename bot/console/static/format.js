// Numbers as people read them, always with their unit. What is not known says so.
import { el } from "./dom.js";

const known = (value) => typeof value === "number" && Number.isFinite(value);
const numbers = new Map();

function grouped(value, digits) {
  if (!numbers.has(digits)) {
    numbers.set(digits, new Intl.NumberFormat("en-US", {
      minimumFractionDigits: digits, maximumFractionDigits: digits }));
  }
  return numbers.get(digits).format(value).replace("-", "\u2212");
}

export const unknown = () => el("span", { class: "unknown" }, "UNKNOWN");
export const isKnown = known;

export const points = (value, digits = 2) => (known(value) ? `${grouped(value, digits)} pts` : unknown());
export const plain = (value, digits = 0) => (known(value) ? grouped(value, digits) : unknown());
export const percent = (value, digits = 1) => (known(value) ? `${grouped(100 * value, digits)} %` : unknown());
export const times = (value) => (known(value) ? `${grouped(value, 2)} ×` : unknown());

export function dollars(value, signed = false) {
  if (!known(value)) return unknown();
  const whole = grouped(Math.abs(value), 0);
  const sign = value <= -0.5 ? "\u2212" : signed && value >= 0.5 ? "+" : "";
  return `${sign}$${whole}`;
}

export function gain(value) {
  if (!known(value)) return unknown();
  return el("span", { class: value <= -0.5 ? "loss" : value >= 0.5 ? "gain" : "" }, dollars(value, true));
}

export function age(seconds) {
  if (!known(seconds)) return unknown();
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export const days = (count) => (known(count) ? `${count} ${count === 1 ? "day" : "days"}` : unknown());

const moment = new Intl.DateTimeFormat("en-CA", {
  timeZone: "America/New_York", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export function clock(iso) {
  if (!iso) return "";
  const parts = Object.fromEntries(moment.formatToParts(new Date(iso)).map((p) => [p.type, p.value]));
  return `${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}`;
}

export const word = (value) => (!value || value === "unknown" ? unknown() : value);
