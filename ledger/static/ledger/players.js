"use strict";

// Two players of one match, kept at the same place of it: B runs at the pace that lets both end together, so that
// switching between them compares like with like.
for (const match of document.querySelectorAll("[data-match]")) {
  const a = match.querySelector('[data-side="a"] audio');
  const b = match.querySelector('[data-side="b"] audio');
  const transport = match.querySelector("[data-transport]");
  const play = transport.querySelector('[data-act="play"]');
  const choices = [...transport.querySelectorAll("[data-hear]")];
  const part = transport.querySelector("[data-part]");
  const players = [a, b];
  let together = false;
  transport.hidden = false;

  const heard = () => choices.find((choice) => choice.getAttribute("aria-pressed") === "true").dataset.hear;
  const place = (player) => (player.duration > 0 ? player.currentTime / player.duration : 0);

  const hear = (which) => {
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.hear === which));
    a.muted = which === "b";
    b.muted = which === "a";
    a.closest(".l-player").classList.toggle("is-heard", which !== "b");
    b.closest(".l-player").classList.toggle("is-heard", which !== "a");
  };

  const ready = (player) => new Promise((resolve, reject) => {
    if (player.readyState >= 3) return resolve();
    player.addEventListener("canplay", resolve, { once: true });
    player.addEventListener("error", reject, { once: true });
    player.preload = "auto";
    if (player.networkState !== 2) player.load();
  });

  const stop = () => { together = false; play.textContent = "Play both"; players.forEach((player) => player.pause()); };
  const free = () => { together = false; play.textContent = "Play both"; a.muted = b.muted = false; b.playbackRate = 1; };

  const start = async () => {
    play.disabled = true;
    try {
      for (const other of document.querySelectorAll("audio")) other.pause();
      await Promise.all(players.map(ready));
      if (a.ended || b.ended) a.currentTime = b.currentTime = 0;
      b.playbackRate = b.duration / a.duration;
      b.currentTime = place(a) * b.duration;
      hear(heard());
      together = true;
      await Promise.all(players.map((player) => player.play()));
      play.textContent = "Pause both";
    } catch {
      stop();
      play.textContent = "Cannot be played";
    } finally {
      play.disabled = false;
    }
  };

  play.addEventListener("click", () => (together ? stop() : start()));
  for (const choice of choices) choice.addEventListener("click", () => hear(choice.dataset.hear));
  a.addEventListener("timeupdate", () => {
    // They drift by the browser's own buffering; a tenth of a second is heard as an echo.
    if (together && Math.abs(place(a) - place(b)) * b.duration > 0.1) b.currentTime = place(a) * b.duration;
  });
  a.addEventListener("ended", () => { if (together) stop(); });
  for (const player of players) {
    // Whoever uses one player's own button wants that one.
    player.addEventListener("pause", () => { if (together && !player.ended && !document.hidden) stop(); });
    player.addEventListener("play", () => { if (!together) free(); });
  }
  match.addEventListener("keydown", (event) => {
    if (event.target.closest("audio, input, select, a") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.toLowerCase() === "x") hear(heard() === "a" ? "b" : "a");
    else if (event.key === " " && !event.target.closest("button")) play.click();
    else return;
    event.preventDefault();
  });
  match.tabIndex = 0;
  if (part) {
    part.addEventListener("change", () => {
      stop();
      for (const player of players) { player.src = `${player.dataset.src}?part=${part.value}`; player.load(); }
    });
  }
}
