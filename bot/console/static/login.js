// A token in the fragment never reaches a server log; it is used once and removed from the address.
const form = document.getElementById("login");
const secret = document.getElementById("secret");
const error = document.getElementById("error");

async function enter(value) {
  error.textContent = "";
  let answer;
  try {
    answer = await fetch("/api/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ secret: value }),
    });
  } catch {
    error.textContent = "The daemon does not answer.";
    return;
  }
  if (answer.ok) {
    location.replace("/");
    return;
  }
  const told = await answer.json().catch(() => ({}));
  error.textContent = told.error ? `Not let in: ${told.error}.` : "Not let in.";
  secret.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  enter(secret.value);
});

const token = decodeURIComponent(location.hash.slice(1));
if (token) {
  history.replaceState(null, "", location.pathname);
  enter(token);
}
