const form = document.getElementById("onward");
// A second click would be a second return. Going back gives the button again.
const allow = (on) => form.querySelectorAll("button").forEach((button) => { button.disabled = !on; });
addEventListener("pageshow", (event) => { if (event.persisted) allow(true); });
form.addEventListener("submit", () => allow(false));
form.submit();
allow(false);
