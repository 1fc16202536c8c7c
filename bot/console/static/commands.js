// Halt and reduce, help, and the keys. Nothing here can raise risk, nor does the daemon listen to it.
import { byId } from "./dom.js";

const WORDS = {
  halt: ["Halt trading", "Nothing is opened any more, and only orders that limit a loss are still sent. "
    + "It takes effect before the next order leaves. To go on again takes signatures of several people.", "Halt now"],
  reduce: ["Only reduce", "Nothing is opened any more; what is held is closed as the rules say. "
    + "To go on again takes signatures of several people.", "Reduce from now on"],
};
let proof = "";
let asked = "halt";

export function commands(csrf) {
  const first = proof === "";
  proof = csrf;
  if (first) attach();
}

function attach() {
  for (const name of ["halt", "reduce"]) byId(name).addEventListener("click", () => ask(name));
  byId("ask-cancel").addEventListener("click", () => byId("ask").close());
  byId("keys-close").addEventListener("click", () => byId("keys").close());
  byId("help").addEventListener("click", () => byId("keys").showModal());
  byId("logout").addEventListener("click", async () => {
    await post("/api/logout", {});
    location.replace("/login");
  });
  byId("ask-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await post(`/api/${asked}`, { why: byId("why").value });
    if (answer?.ok) byId("ask").close();
    else byId("ask-error").textContent = `Not accepted: ${(await answer?.json().catch(() => null))?.error ?? "no answer"}.`;
  });
  document.addEventListener("keydown", onKey);
}

function ask(name) {
  asked = name;
  const [title, words, action] = WORDS[name];
  byId("ask-title").textContent = title;
  byId("ask-words").textContent = words;
  byId("ask-do").textContent = action;
  byId("ask-error").textContent = "";
  byId("why").value = "";
  byId("ask").showModal();
  byId("why").focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input:not([type=radio]), textarea")) return;
  const panels = document.querySelectorAll("section.panel:not([hidden])");
  if (event.key === "h" || event.key === "r") {
    event.preventDefault();
    ask(event.key === "h" ? "halt" : "reduce");
  } else if (event.key === "t") byId("theme").click();
  else if (event.key === "?") byId("help").click();
  else if (event.key >= "1" && event.key <= "9") panels[Number(event.key) - 1]?.focus();
}

const post = (path, body) => fetch(path, {
  method: "POST",
  headers: { "content-type": "application/json", "x-csrf-token": proof },
  body: JSON.stringify(body),
}).catch(() => null);
