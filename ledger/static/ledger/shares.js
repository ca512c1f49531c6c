"use strict";

// Rows are added and taken away, and added up while they are typed. The sums are exact, but they only help while
// somebody types: the server adds up again, with the same territories, before anything is saved.
const form = document.querySelector("[data-shares]");
if (form) {
  const live = JSON.parse(document.getElementById("shares-live").textContent);
  const rows = form.querySelector("[data-rows]");
  const sums = document.querySelector("[data-sums]");
  const template = form.querySelector("[data-blank-row]");
  const MOST = 100, NAMED = 6;
  let next = rows.children.length;

  // --- Fractions of whole numbers.
  const gcd = (a, b) => { while (b) [a, b] = [b, a % b]; return a < 0n ? -a : a; };
  const fraction = (over, under) => { const by = gcd(over, under) || 1n; return [over / by, under / by]; };
  const plus = (a, b) => fraction(a[0] * b[1] + b[0] * a[1], a[1] * b[1]);
  const less = (a, b) => fraction(a[0] * b[1] - b[0] * a[1], a[1] * b[1]);
  const compare = (a, b) => { const d = a[0] * b[1] - b[0] * a[1]; return d < 0n ? -1 : d > 0n ? 1 : 0; };
  const ONE = [1n, 1n], NONE = [0n, 1n], TOLERANCE = [6n, 10000n];

  const readPart = (text) => {
    const bare = text.replace(/\s+/g, "");
    if (bare.length > 40) return null;
    const exact = /^([0-9]{1,18})\/([0-9]{1,18})$/.exec(bare);
    if (exact) return BigInt(exact[2]) ? fraction(BigInt(exact[1]), BigInt(exact[2])) : null;
    if (bare === "1") return ONE;
    const decimal = /^([0-9]{1,18})(?:[.,]([0-9]{1,18}))?(%?)$/.exec(bare);
    if (!decimal) return null;
    const digits = decimal[2] ?? "";
    const value = fraction(BigInt(decimal[1] + digits), 10n ** BigInt(digits.length));
    return !decimal[3] && compare(value, ONE) <= 0 ? null : fraction(value[0], value[1] * 100n);
  };
  const shown = (part) => {
    if (part[1] <= 4n) return part[1] === 1n ? `${part[0]}` : `${part[0]}/${part[1]}`;
    const cents = (part[0] * 20000n + part[1]) / (2n * part[1]);
    return `${part[0]}/${part[1]} (${cents / 100n}.${String(cents % 100n).padStart(2, "0")} %)`;
  };
  const thousandths = (part) => Number(compare(part, ONE) > 0 ? 1000n : (part[0] * 1000n) / part[1]);

  // --- Territories, read from left to right as the server does.
  const everywhere = Object.keys(live.names);
  const expand = (text) => {
    const found = new Set();
    for (const code of text.trim().toUpperCase().split(/[\s,;]+/).filter(Boolean)) {
      const isOut = code.startsWith("-");
      const bare = code.replace(/^-/, "");
      const known = live.territories[/^[0-9]{1,4}$/.test(bare) ? String(Number(bare)) : bare];
      if (!known) return null;
      for (const country of known) isOut ? found.delete(country) : found.add(country);
    }
    return found;
  };
  const names = (codes) => codes.map((code) => live.names[code] ?? code).join(", ");
  const where = (codes) => {
    if (codes.length === everywhere.length) return "The world";
    const inside = new Set(codes);
    const missing = everywhere.filter((code) => !inside.has(code));
    if (missing.length <= NAMED) return `The world without ${names(missing)}`;
    return codes.length <= NAMED ? names(codes) : `${codes.length} countries: ${names(codes.slice(0, 3))} …`;
  };

  // --- What is in the grid.
  const typed = () => [...rows.querySelectorAll("[data-share-row]")].flatMap((row) => {
    const value = (name) => row.querySelector(`[name$="-${name}"]`)?.value ?? "";
    const part = readPart(value("part"));
    const countries = expand(value("territories"));
    if (!part || !countries) return [];
    return [{ right: value("right_type"), basis: value("basis"), part, countries, from: value("active_from"), to: value("active_to") }];
  });
  const standing = live.standing.map((one) => ({ ...one, part: readPart(one.part) ?? ONE, countries: expand(one.territories) ?? new Set() }));

  const element = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text ?? "" });
  const bar = (filled, beyond) => {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 1000 10");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    for (const [name, width] of [["track", 1000], ["part", filled], ["beyond", beyond]]) {
      if (!width) continue;
      const rect = document.createElementNS(space, "rect");
      rect.setAttribute("class", `l-sum-${name}`);
      rect.setAttribute("width", width);
      rect.setAttribute("height", 10);
      if (name === "beyond") rect.setAttribute("x", 1000 - width);
      svg.append(rect);
    }
    return svg;
  };

  const add = () => {
    const holds = [...standing, ...typed()].filter((one) => one.from && one.from <= live.on && (!one.to || live.on < one.to));
    const blocks = [];
    for (const right of Object.keys(live.rights)) for (const basis of Object.keys(live.bases)) {
      const mine = holds.filter((one) => one.right === right && one.basis === basis);
      if (!mine.length) continue;
      // Countries in which the same claims hold are one line.
      const zones = new Map();
      for (const country of everywhere) {
        const which = mine.filter((one) => one.countries.has(country));
        const key = which.map((one) => mine.indexOf(one)).join(" ");
        if (!zones.has(key)) zones.set(key, { codes: [], total: which.reduce((sum, one) => plus(sum, one.part), NONE) });
        zones.get(key).codes.push(country);
      }
      const lines = [...zones.values()].map((zone) => ({ ...zone, sign: compare(zone.total, ONE) }));
      const order = [1, -1, 0];
      lines.sort((a, b) => order.indexOf(a.sign) - order.indexOf(b.sign) || (a.codes[0] < b.codes[0] ? -1 : 1));
      const block = element("div", "l-sum");
      block.append(element("h3", "", `${live.rights[right]}, ${live.bases[basis].toLowerCase()}`));
      for (const line of lines) {
        const off = line.sign > 0 ? less(line.total, ONE) : less(ONE, line.total);
        const look = { 1: "refused", "-1": "review", 0: "cleared" }[line.sign];
        let text = line.sign === 0 ? "All of it is claimed" : `${shown(line.total)} claimed, ${shown(off)} ${line.sign > 0 ? "too much" : "missing"}`;
        if (line.sign !== 0 && compare(off, TOLERANCE) <= 0) text += "; rounding explains it";
        const row = element("div", `l-sum-row is-${look}`);
        const said = element("div", "l-sum-said");
        said.append(element("b", "", where(line.codes)), " ", element("span", "", text));
        const chip = element("span", `l-chip is-${look}`, { 1: "Too much", "-1": "Gap", 0: "Complete" }[line.sign]);
        row.append(said, bar(thousandths(line.total), line.sign > 0 ? thousandths(off) : 0), chip);
        block.append(row);
      }
      blocks.push(block);
    }
    sums.replaceChildren(...(blocks.length ? blocks : [element("p", "l-empty", "Nothing is claimed yet: everything is missing, everywhere.")]));
  };

  // --- Rows.
  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };
  const addRow = () => {
    if (rows.children.length >= MOST) return;
    const place = next++;
    const row = template.content.firstElementChild.cloneNode(true);
    for (const one of row.querySelectorAll("[name], [id], [for], [data-name], [aria-controls]")) {
      for (const name of ["name", "id", "for", "data-name", "aria-controls"]) {
        if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace("row-0-", `row-${place}-`));
      }
    }
    row.querySelector('[name$="-id"]').value = newId();
    row.querySelector("[data-remove-row]").hidden = false;
    const last = rows.lastElementChild;
    if (last) for (const name of ["right_type", "basis", "territories", "active_from", "active_to"]) {
      row.querySelector(`[name$="-${name}"]`).value = last.querySelector(`[name$="-${name}"]`).value;
    }
    rows.append(row);
    row.dispatchEvent(new CustomEvent("row-added", { bubbles: true }));
    row.querySelector("[role=combobox]").focus();
    add();
  };
  const button = form.querySelector("[data-add-row]");
  button.hidden = false;
  button.addEventListener("click", addRow);
  for (const remove of rows.querySelectorAll("[data-remove-row]")) remove.hidden = false;
  rows.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove-row]");
    if (!remove) return;
    remove.closest("[data-share-row]").remove();
    add();
  });
  form.addEventListener("input", add);
  form.addEventListener("change", add);
  // Enter in a cell looks the rows over; only the button saves.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.defaultPrevented) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[value=check]"));
  });
  add();
}
