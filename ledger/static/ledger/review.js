"use strict";

// The queue and the case: J and K step through rows or findings, and the reasons follow the outcome.
{
  const rows = [...document.querySelectorAll("[data-row], [data-finding]")];
  const areOn = () => localStorage.getItem("l-keys") !== "off";
  const tick = document.querySelector("[data-keys-on]");
  if (tick) {
    tick.checked = areOn();
    tick.addEventListener("change", () => localStorage.setItem("l-keys", tick.checked ? "on" : "off"));
  }
  const step = (by) => {
    const at = rows.indexOf(document.activeElement.closest("[data-row], [data-finding]"));
    const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
    if (!row) return;
    (row.querySelector("[data-open]") ?? row).focus();
    row.scrollIntoView({ block: "nearest" });
  };
  const form = document.querySelector("[data-decide]");
  document.addEventListener("keydown", (event) => {
    if (!areOn() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select")) return;
    const key = event.key.toLowerCase();
    if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "d" && form) form.querySelector("[name=outcome]:not(:disabled)").focus();
    else return;
    event.preventDefault();
  });

  if (form) {
    const reason = form.elements.reason;
    const groups = { cleared: "To clear", refused: "To refuse" };
    const follow = () => {
      const chosen = new FormData(form).get("outcome");
      for (const group of reason.querySelectorAll("optgroup")) group.disabled = Boolean(chosen) && group.label !== groups[chosen];
      if (reason.selectedOptions[0]?.parentElement.disabled) reason.value = "";
      form.querySelector("[data-record]").textContent = chosen === "cleared" ? "Clear it" : chosen === "refused" ? "Refuse it" : "Record";
    };
    form.addEventListener("change", follow);
    follow();
    // A note is worth a question before it is lost.
    let isSent = false;
    form.addEventListener("submit", () => { isSent = true; });
    addEventListener("beforeunload", (event) => { if (!isSent && form.elements.note.value.trim()) event.preventDefault(); });
  }
}
