"use strict";

// The theme writes a chosen file's name into the nearest text field, which in our forms is another one, or none.
for (const input of document.querySelectorAll(".l-form input[type=file]")) input.hasChangeListener = true;

// Ids are shown short; a click copies the whole one.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  event.stopPropagation();
  await navigator.clipboard.writeText(button.dataset.copy);
  button.dataset.copied = "";
  setTimeout(() => delete button.dataset.copied, 1200);
});

// Choosing a party or an asset: what is typed is posted, so that no name stands in an address.
const startPick = (pick) => {
  const input = pick.querySelector("[role=combobox]");
  const list = pick.querySelector("[role=listbox]");
  const picked = pick.querySelector("[data-picked]");
  const isMultiple = "multiple" in pick.dataset;
  let asked = 0;
  let timer = 0;

  const options = () => [...list.querySelectorAll("[data-id]")];
  const current = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");
  const fill = () => pick.classList.toggle("is-full", !isMultiple && picked.children.length > 0);
  const close = () => { asked++; clearTimeout(timer); list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };

  const select = (index) => {
    const all = options();
    all.forEach((option, place) => option.setAttribute("aria-selected", String(place === index)));
    if (all[index]) {
      input.setAttribute("aria-activedescendant", all[index].id);
      all[index].scrollIntoView({ block: "nearest" });
    }
  };

  const choose = (option) => {
    const taken = [...picked.querySelectorAll("input")].some((one) => one.value === option.dataset.id);
    if (!taken) {
      const token = document.createElement("span");
      token.className = "l-token";
      const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: pick.dataset.name, value: option.dataset.id });
      const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
      remove.dataset.remove = "";
      remove.setAttribute("aria-label", `Remove ${option.dataset.text}`);
      token.append(hidden, option.dataset.text, remove);
      picked.append(token);
    }
    input.value = "";
    close();
    fill();
  };

  const search = async () => {
    const mine = ++asked;
    const body = new FormData();
    body.set("q", input.value);
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(pick.dataset.url, { method: "POST", body, headers: { "X-CSRFToken": token } });
    if (!answer.ok || mine !== asked) return;
    const { found } = await answer.json();
    list.replaceChildren(...found.map((one, place) => {
      const option = document.createElement("li");
      option.setAttribute("role", "option");
      option.id = `${list.id}_${place}`;
      option.dataset.id = one.id;
      option.dataset.text = one.text;
      const more = Object.assign(document.createElement("span"), { className: "l-soft l-small", textContent: one.more });
      option.append(Object.assign(document.createElement("span"), { textContent: one.text }), more);
      return option;
    }));
    if (!found.length) list.append(Object.assign(document.createElement("li"), { className: "is-none", textContent: "Nothing fits" }));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    select(0);
  };

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 150); });
  input.addEventListener("focus", search);
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", (event) => {
    const last = options().length - 1;
    if (event.key === "ArrowDown") select(Math.min(last, current() + 1));
    else if (event.key === "ArrowUp") select(Math.max(0, current() - 1));
    else if (event.key === "Enter" && !list.hidden && options()[current()]) choose(options()[current()]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[data-id]");
    if (option) { event.preventDefault(); choose(option); }
  });
  picked.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove]");
    if (remove) { remove.closest(".l-token").remove(); fill(); input.focus(); }
  });
  fill();
};
document.querySelectorAll("[data-pick]").forEach(startPick);
document.addEventListener("row-added", (event) => event.target.querySelectorAll("[data-pick]").forEach(startPick));

// A code is checked while it is typed: the server knows the check digits.
for (const input of document.querySelectorAll("[data-check]")) {
  const said = Object.assign(document.createElement("p"), { className: "l-help", hidden: true });
  said.setAttribute("role", "status");
  input.closest(".l-field").append(said);
  let asked = 0;
  let timer = 0;

  const check = async () => {
    const mine = ++asked;
    if (!input.value.trim()) { said.hidden = true; return; }
    const body = new FormData();
    body.set("raw", input.value);
    for (const name of ["scheme", "namespace"]) body.set(name, input.form.elements[name]?.value ?? "");
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(input.dataset.check, { method: "POST", body, headers: { "X-CSRFToken": token } });
    if (!answer.ok || mine !== asked) return;
    const found = await answer.json();
    said.textContent = found.said;
    said.className = found.fits ? "l-help is-good" : "l-error";
    said.hidden = false;
  };

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(check, 400); });
  input.addEventListener("blur", check);
  for (const name of ["scheme", "namespace"]) input.form.elements[name]?.addEventListener("change", check);
}
