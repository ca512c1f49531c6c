"use strict";

// An import that is under way: ask how far it is, and show the whole page anew once it has come to rest.
for (const box of document.querySelectorAll("[data-import]")) {
  const bar = box.querySelector("progress");
  const said = box.querySelector("[data-said]");
  const look = async () => {
    const answer = await fetch(box.dataset.import, { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer && answer.ok) {
      const found = await answer.json();
      if (!found.is_moving) return location.reload();
      if (found.percent) bar.value = found.percent;
      said.textContent = found.said || `${found.lines} lines, ${found.facts} facts, ${found.problems} problems`;
    }
    setTimeout(look, 1500);
  };
  setTimeout(look, 1000);
}
