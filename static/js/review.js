/* One-key decisions of the review desk. Each key presses a button or link that is there without this file. */
"use strict";
{
  /* A key that was meant for the case before must not decide this one unseen. */
  const REST_MS = 700;
  const shownAt = performance.now();
  const byId = (id) => document.getElementById(id);
  const isEmpty = (field) => !field || !field.value.trim();

  /* What a button still needs: one of the fields named in data-needs, and a standard reason or own words. */
  function missing(button) {
    const needs = (button.dataset.needs || "").split(" ").filter(Boolean).map(byId);
    if (needs.length && needs.every(isEmpty)) return needs[0];
    const standard = byId(button.dataset.reason || "");
    return standard && isEmpty(standard) && isEmpty(byId("f-reason")) ? byId("f-reason") : null;
  }

  /* Whoever speaks to the browser, or types with the page in front, switches the keys off. */
  const onOff = byId("f-keys");
  const kept = { get: () => { try { return localStorage.getItem("review-keys"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("review-keys", value); } catch { /* for this page only */ } } };
  if (onOff) {
    byId("keys").hidden = false;
    onOff.checked = kept.get() !== "off";
    onOff.addEventListener("change", () => kept.set(onOff.checked ? "on" : "off"));
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.isComposing || (onOff && !onOff.checked)) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (!/^[a-z]$/.test(event.key) || performance.now() - shownAt < REST_MS) return;
    const button = document.querySelector(`[data-key="${event.key}"]`);
    if (!button || button.disabled) return;
    event.preventDefault();
    const field = missing(button);
    if (field) field.focus();
    else button.click();
  });
}
