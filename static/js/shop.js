/* Small comforts on top of forms that work without this file. */
"use strict";

/* A question before a button does something that cannot be taken back: <button data-confirm="…">. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-confirm]");
  if (button && !window.confirm(button.dataset.confirm)) event.preventDefault();
});

/* One press, one request: the button rests after the form was sent. Disabling comes a tick later, so that its value is still sent. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  setTimeout(() => form.querySelectorAll("button:not([type=button])").forEach((button) => {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
  }), 0);
});

/* The back button shows the page again: its forms work again. */
function wake(root) {
  root.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button[aria-busy]").forEach((button) => {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    });
  });
}
window.addEventListener("pageshow", (event) => { if (event.persisted) wake(document); });

/* A quantity that was changed is sent without a press: <form data-auto-submit>. Its button stays for those without script. */
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto-submit]");
  if (form && form.checkValidity()) form.requestSubmit();
});

/* The list of errors is read first. */
document.querySelector("[data-focus]")?.focus();

/* Escape and a press outside close the menu. */
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
