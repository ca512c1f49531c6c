"use strict";

// Both sides of a match, locked to each other: at any moment they are at the same place of it, and one is heard.
const minutes = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

// The outline of a sound as a path around zero, from -127 to 127.
const pathOf = ({ low, high }, width = 1000) => {
  const peak = Math.max(1, ...high, ...low.map((one) => -one));
  const step = width / low.length;
  const up = high.map((one, at) => `${(at * step).toFixed(1)},${Math.min(-1, (-one * 127) / peak).toFixed(0)}`);
  const down = low.map((one, at) => `${(at * step).toFixed(1)},${Math.max(1, (-one * 127) / peak).toFixed(0)}`).reverse();
  return `M${up.join("L")}L${width},0L${down.join("L")}Z`;
};

// A melody as a line that breaks where no note stands out.
const lineOf = (points, steps) => points.map((point, at) => {
  if (point === null) return "";
  const begins = at === 0 || points[at - 1] === null;
  const x = ((at + 0.5) * 1000) / points.length;
  return `${begins ? "M" : "L"}${x.toFixed(1)},${(195 - (point * 190) / steps).toFixed(1)}`;
}).join("");

const fetched = new Map();
const ask = (url) => {
  if (!fetched.has(url)) fetched.set(url, fetch(url).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null));
  return fetched.get(url);
};

class Comparison {
  constructor(box) {
    this.box = box;
    this.find = (selector) => box.querySelector(selector);
    this.all = (selector) => [...box.querySelectorAll(selector)];
    this.a = this.find('[data-side="output"]');
    this.b = this.find('[data-side="reference"]');
    this.players = this.b ? [this.a, this.b] : [this.a];
    this.stretches = this.all("[data-stretch]");
    this.isPlaying = false;
    this.part = 0;
    this.loudness = [null, null];
    this.listen();
    this.choose(this.stretches[0], { quiet: true });
    new IntersectionObserver((seen, observer) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      observer.disconnect();
      this.draw();
    }, { rootMargin: "300px" }).observe(box);
  }

  // --- what is chosen

  get position() { return this.stretch.dataset.stretch; }
  get heard() { return this.find('[data-hear][aria-pressed="true"]')?.dataset.hear ?? "a"; }
  is(toggle) { return this.find(`[data-toggle="${toggle}"]`)?.getAttribute("aria-pressed") === "true"; }
  url(side, ending) { return `${this.box.dataset.base}${this.position}/${side}.${ending}?part=${this.part}`; }

  choose(stretch, { quiet = false, part = 0, place = 0 } = {}) {
    const wasPlaying = this.isPlaying && !quiet;
    this.stop();
    this.stretch = stretch;
    this.part = part;
    for (const one of this.stretches) one.setAttribute("aria-pressed", String(one === stretch));
    for (const link of this.all("[data-go]")) link.classList.toggle("is-chosen", link.dataset.go === this.position);
    for (const list of this.all("[data-figures]")) list.hidden = list.dataset.figures !== this.position;
    const parts = Number(stretch.dataset.parts);
    const select = this.find("[data-part]");
    this.find("[data-part-box]").hidden = parts < 2;
    select.replaceChildren(...Array.from({ length: parts }, (_, at) => new Option(`${at + 1} of ${parts}`, at, false, at === part)));
    this.load();
    this.show(place);
    if (this.isDrawn) this.draw();
    return wasPlaying ? this.play() : undefined;
  }

  load() {
    this.a.src = this.url("output", "wav");
    if (this.b) this.b.src = this.url("reference", "wav") + (this.is("aligned") && Number(this.stretch.dataset.cents) ? "&tuned=1" : "");
    this.wanted = 0;
  }

  // --- what is seen

  async draw() {
    this.isDrawn = true;
    const asked = `${this.position} ${this.part}`;
    const isOld = () => asked !== `${this.position} ${this.part}`;
    const whole = async (side, url) => {
      const path = this.find(`[data-wave-of="${side}"]`);
      if (!path || !url || path.hasAttribute("d")) return;
      const found = await ask(url);
      if (found) path.setAttribute("d", pathOf(found));
    };
    whole("output", this.box.dataset.outline);
    if (this.b) whole("reference", `${this.box.dataset.base}${this.position}/outline.json`);
    this.picture();
    for (const [at, side] of (this.b ? ["output", "reference"] : ["output"]).entries()) {
      const found = await ask(this.url(side, "json"));
      if (isOld()) return;
      this.loudness[at] = found?.loudness ?? null;
      this.find(`[data-part-wave="${side}"]`).setAttribute("d", found ? pathOf(found) : "");
    }
    this.level();
  }

  async picture() {
    const view = this.find("[data-stage]").dataset.shown;
    const put = (image, url) => {
      if (!image || image.getAttribute("src") === url) return;
      const before = this.find("[data-said]").textContent;
      this.say("Drawing …");
      image.onload = () => this.say(before === "Drawing …" ? "" : before);
      image.onerror = () => this.say("There is too little sound here to draw it.");
      image.src = url;
    };
    for (const image of this.all("[data-spectrum]")) {
      image.hidden = view !== "spectrum";
      if (view === "spectrum") put(image, this.url(image.dataset.spectrum, "png"));
    }
    if (view === "map") put(this.find("[data-similarity]"), `${this.box.dataset.base}${this.position}/similarity.png`);
    if (view === "notes") {
      put(this.find("[data-notes]"), this.url("notes", "png"));
      const found = await ask(this.url("melodies", "json"));
      if (found) for (const line of this.all("[data-melody]")) line.setAttribute("d", lineOf(found[line.dataset.melody], found.steps));
    }
  }

  look(view) {
    const button = this.find(`[data-view="${view}"]`);
    if (!button) return;
    this.find("[data-stage]").dataset.shown = view;
    for (const one of this.all("[data-view]")) one.setAttribute("aria-pressed", String(one === button));
    for (const lane of this.all("[data-lane]")) {
      const own = lane.dataset.lane;
      lane.hidden = own === "a" || own === "b" ? view === "notes" || view === "map" : own !== view;
    }
    this.say(view === "notes" ? "Blue: output. Orange: recording. White: both. Lines: the melodies." : "");
    this.picture();
  }

  show(place) {
    this.find("[data-head]").style.left = `${place * 100}%`;
    this.find("[data-place]").value = Math.round(place * 1000);
    const [start, end] = this.stretch.dataset.a.split("-").map(Number);
    const parts = Number(this.stretch.dataset.parts);
    const at = start + ((end - start) * (this.part + place)) / parts;
    const said = minutes(at / 1000);
    this.find("[data-time]").textContent = said;
    this.find("[data-place]").setAttribute("aria-valuetext", `${said} of the output`);
  }

  say(words) { this.find("[data-said]").textContent = words; }

  // --- what is heard

  placeOf(player) { return player.duration > 0 ? player.currentTime / player.duration : 0; }

  // The louder side is turned down to the other; a player cannot play louder than it is.
  level() {
    const [mine, theirs] = this.loudness;
    const matched = this.b && this.is("level") && mine !== null && theirs !== null;
    const target = matched ? Math.min(mine, theirs) : 0;
    for (const [at, player] of this.players.entries()) {
      const gain = matched ? (target - this.loudness[at]) / 100 : 0;
      player.volume = Math.min(1, Math.max(0.01, 10 ** (gain / 20)));
      player.dataset.gain = gain.toFixed(1);
    }
    if (this.b && matched) {
      const louder = mine > theirs ? "A" : "B";
      const by = Math.abs(mine - theirs) / 100;
      this.say(by < 0.1 ? "Both are equally loud." : `${louder} is ${by.toFixed(1)} dB louder and turned down.`);
    } else if (this.b) this.say("");
  }

  hear(which) {
    if (!this.b) return;
    for (const one of this.all("[data-hear]")) one.setAttribute("aria-pressed", String(one.dataset.hear === which));
    this.follow();
    this.a.muted = which === "b";
    this.b.muted = which === "a";
    this.all("[data-lane]").forEach((lane) => lane.classList.toggle("is-heard", which === "both" || lane.dataset.lane === which));
  }

  // The one that is heard leads; the other is put at the same place where it is not.
  get leader() { return this.b && this.lastHeard === "b" ? this.b : this.a; }
  follow(force = false) {
    if (!this.b) return;
    const before = this.lastHeard === "b" ? this.b : this.a;
    const other = before === this.a ? this.b : this.a;
    if (this.placeOf(before) > 0 || force) {
      const off = Math.abs(this.placeOf(before) - this.placeOf(other)) * (other.duration || 0);
      if (off > 0.03) other.currentTime = this.placeOf(before) * other.duration;
    }
    this.lastHeard = this.heard;
  }

  pace() {
    if (!this.b || !(this.a.duration > 0) || !(this.b.duration > 0)) return;
    const rate = this.is("aligned") ? this.b.duration / this.a.duration : 1;
    this.b.preservesPitch = true;
    this.b.playbackRate = Math.abs(rate - 1) < 0.002 ? 1 : Math.min(4, Math.max(0.25, rate));
  }

  ready(player) {
    return new Promise((resolve, reject) => {
      if (player.readyState >= 3) return resolve();
      player.addEventListener("canplay", resolve, { once: true });
      player.addEventListener("error", reject, { once: true });
      player.preload = "auto";
      if (player.networkState !== 2) player.load();
    });
  }

  async play() {
    const button = this.find('[data-act="play"]');
    button.disabled = true;
    try {
      for (const other of comparisons) if (other !== this) other.stop();
      for (const other of document.querySelectorAll(".l-whole audio")) other.pause();
      await Promise.all(this.players.map((player) => this.ready(player)));
      this.pace();
      if (this.wanted) { this.seek(this.wanted); this.wanted = 0; }
      if (this.players.some((player) => player.ended)) for (const player of this.players) player.currentTime = 0;
      this.hear(this.heard);
      this.isPlaying = true;
      await Promise.all(this.players.map((player) => player.play()));
      button.textContent = "Pause";
      button.setAttribute("aria-pressed", "true");
      this.tick();
    } catch {
      this.stop();
      this.say("This cannot be played.");
    } finally {
      button.disabled = false;
    }
  }

  stop() {
    this.isPlaying = false;
    for (const player of this.players) player.pause();
    const button = this.find('[data-act="play"]');
    button.textContent = "Play";
    button.setAttribute("aria-pressed", "false");
  }

  seek(place) {
    const to = Math.min(0.999, Math.max(0, place));
    if (this.players.some((player) => !(player.duration > 0))) this.wanted = to;
    for (const player of this.players) if (player.duration > 0) player.currentTime = to * player.duration;
    this.show(to);
  }

  tick() {
    if (!this.isPlaying) return;
    const lead = this.leader;
    this.show(this.placeOf(lead));
    if (this.b && this.is("aligned")) {
      const other = lead === this.a ? this.b : this.a;
      // They drift by the browser's own buffering; a tenth of a second is heard as an echo.
      if (Math.abs(this.placeOf(lead) - this.placeOf(other)) * other.duration > 0.1) other.currentTime = this.placeOf(lead) * other.duration;
    }
    if (lead.ended) return this.end();
    requestAnimationFrame(() => this.tick());
  }

  end() {
    if (this.is("loop")) {
      for (const player of this.players) player.currentTime = 0;
      this.play();
    } else if (this.part + 1 < Number(this.stretch.dataset.parts)) {
      this.isPlaying = true;
      this.choose(this.stretch, { part: this.part + 1 });
    } else {
      this.stop();
    }
  }

  toggle(name) {
    const button = this.find(`[data-toggle="${name}"]`);
    if (!button) return;
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    if (name === "level") this.level();
    if (name === "aligned") {
      const place = this.placeOf(this.leader);
      const wasPlaying = this.isPlaying;
      if (Number(this.stretch.dataset.cents)) {
        this.stop();
        this.load();
        this.wanted = place;
        if (wasPlaying) this.play();
      } else {
        this.pace();
        if (isOn) this.follow(true);
      }
    }
  }

  go(by) {
    const next = this.stretches[this.stretches.indexOf(this.stretch) + by];
    if (next) this.choose(next);
    return Boolean(next);
  }

  listen() {
    this.box.addEventListener("click", (event) => {
      const on = event.target.closest("[data-stretch], [data-go], [data-view], [data-hear], [data-toggle], [data-act]");
      if (!on) return;
      setCurrent(this);
      if (on.dataset.go) {
        event.preventDefault();
        this.choose(this.stretches.find((one) => one.dataset.stretch === on.dataset.go));
      } else if (on.dataset.stretch) this.choose(on);
      else if (on.dataset.view) this.look(on.dataset.view);
      else if (on.dataset.hear) this.hear(on.dataset.hear);
      else if (on.dataset.toggle) this.toggle(on.dataset.toggle);
      else if (this.isPlaying) this.stop();
      else this.play();
    });
    this.find("[data-stage]").addEventListener("pointerdown", (event) => {
      const lane = event.target.closest('[data-lane="a"], [data-lane="b"], [data-lane="notes"]');
      if (!lane) return;
      setCurrent(this);
      const { left, width } = lane.getBoundingClientRect();
      this.seek((event.clientX - left) / width);
    });
    this.find("[data-place]").addEventListener("input", (event) => this.seek(event.target.value / 1000));
    this.find("[data-part]").addEventListener("change", (event) => this.choose(this.stretch, { part: Number(event.target.value) }));
    this.box.addEventListener("focusin", () => setCurrent(this));
    this.lastHeard = "a";
    this.all("[data-lane]").forEach((lane) => lane.classList.toggle("is-heard", lane.dataset.lane === "a"));
  }
}

// --- All of them: one is the current one, which the keys are for.

const comparisons = [];
let current = null;
const setCurrent = (one) => {
  if (current === one) return;
  current = one;
  for (const other of comparisons) other.box.classList.toggle("is-current", other === one && comparisons.length > 1);
};
for (const box of document.querySelectorAll("[data-comparison]")) comparisons.push(new Comparison(box));
if (comparisons.length) setCurrent(comparisons[0]);

const moveTo = (one) => {
  setCurrent(one);
  one.box.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  one.box.focus({ preventScroll: true });
};
const step = (by) => {
  if (current.go(by)) return;
  const next = comparisons[comparisons.indexOf(current) + by];
  if (!next) return;
  moveTo(next);
  next.choose(next.stretches.at(by > 0 ? 0 : -1));
};
const VIEWS = ["wave", "spectrum", "notes", "map"];
const nextView = () => {
  const there = VIEWS.filter((view) => current.find(`[data-view="${view}"]`));
  current.look(there[(there.indexOf(current.find("[data-stage]").dataset.shown) + 1) % there.length]);
};
const seekBy = (seconds) => {
  const lead = current.leader;
  const length = lead.duration || 1;
  current.seek((current.wanted || current.placeOf(lead)) + seconds / length);
};
const KEYS = {
  " ": () => (current.isPlaying ? current.stop() : current.play()),
  a: () => current.hear("a"),
  b: () => current.hear("b"),
  x: () => current.hear(current.heard === "a" ? "b" : "a"),
  c: () => current.hear("both"),
  n: () => step(1),
  p: () => step(-1),
  l: () => current.toggle("loop"),
  e: () => current.toggle("level"),
  t: () => current.toggle("aligned"),
  v: nextView,
  arrowleft: () => seekBy(-2),
  arrowright: () => seekBy(2),
};
const keysBox = document.querySelector("[data-keys]");
const keysAreOn = () => localStorage.getItem("l-keys") !== "off";
if (keysBox) {
  const tick = keysBox.querySelector("[data-keys-on]");
  tick.checked = keysAreOn();
  tick.addEventListener("change", () => localStorage.setItem("l-keys", tick.checked ? "on" : "off"));
}
document.addEventListener("keydown", (event) => {
  if (!current || !keysAreOn() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, dialog, [contenteditable]")) return;
  const key = event.key.toLowerCase();
  // A button keeps its own space, a slider its arrows.
  if (key === " " && event.target.closest("button, a, input, summary")) return;
  if (key.startsWith("arrow") && event.target.closest("input, [role=listbox], .l-stretches")) return;
  if (!(key in KEYS)) return;
  event.preventDefault();
  KEYS[key]();
});

// All of a recording, a minute after the other.
for (const select of document.querySelectorAll("[data-minute]")) {
  const player = select.closest(".l-player").querySelector("audio");
  const turn = (number) => { select.value = number; player.src = `${player.dataset.src}?part=${number}`; };
  select.addEventListener("change", () => turn(select.value));
  player.addEventListener("ended", () => {
    if (Number(select.value) + 1 < select.options.length) { turn(Number(select.value) + 1); player.play(); }
  });
}

// A link to a match, from a finding or an address, chooses it.
const goToHash = () => {
  const found = /^#match-(\d+)$/.exec(location.hash);
  if (!found) return;
  for (const one of comparisons) {
    const stretch = one.stretches.find((each) => each.dataset.stretch === found[1]);
    if (stretch) { one.choose(stretch); moveTo(one); }
  }
};
addEventListener("hashchange", goToHash);
goToHash();
