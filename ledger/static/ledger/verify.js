// Drop a file, see how far it is, and read the answer in place. Without this the form works as it is.
(function () {
  "use strict";
  const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 2 ** 20).toFixed(1)} MB`);

  function ready() {
    const form = document.querySelector("form.drop");
    const input = form.querySelector("input");
    form.classList.add("is-ready");
    input.addEventListener("change", () => input.files.length && send(form, input.files[0]));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.files.length) send(form, input.files[0]);
    });
  }

  function say(text) {
    const main = document.getElementById("main");
    let said = document.getElementById("refused");
    if (!said) {
      said = document.createElement("p");
      said.id = "refused";
      said.className = "refused";
      said.setAttribute("role", "alert");
      main.insertBefore(said, main.querySelector("form.drop"));
    }
    said.textContent = text;
  }

  function send(form, file) {
    if (form.classList.contains("is-sending")) return;
    if (file.size > Number(form.dataset.most)) {
      say(`${file.name} has ${size(file.size)}; up to ${form.dataset.mostSaid} are taken. Send a compressed format such as FLAC, M4A or MP3, or a part of it.`);
      return;
    }
    const box = form.querySelector(".progress");
    const bar = box.querySelector("progress");
    const line = box.querySelector("p");
    const body = new FormData();
    body.append("audio", file);
    const request = new XMLHttpRequest();
    const done = () => { form.classList.remove("is-sending"); box.hidden = true; form.reset(); };
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
      line.textContent = `Sending ${file.name}, ${size(event.loaded)} of ${size(file.size)}`;
    });
    request.upload.addEventListener("load", () => { bar.removeAttribute("value"); line.textContent = `Looking at ${file.name} …`; });
    request.addEventListener("error", () => { done(); say("The connection broke off. Nothing was kept; try again."); });
    request.addEventListener("load", () => {
      const answer = new DOMParser().parseFromString(request.responseText, "text/html");
      const main = answer.getElementById("main");
      if (!main) { done(); say("The server did not answer as it should. Try again in a minute."); return; }
      document.getElementById("main").replaceWith(main);
      document.title = answer.title;
      ready();
      const first = document.getElementById("verdict") || document.getElementById("refused");
      if (first) first.focus({ preventScroll: true });
      window.scrollTo({ top: 0 });
    });
    form.classList.add("is-sending");
    box.hidden = false;
    bar.value = 0;
    line.textContent = `Sending ${file.name}`;
    request.open("POST", form.action);
    request.send(body);
  }

  // A file dropped beside the box is meant for it too, and must not replace the page.
  let depth = 0;
  const over = (is) => document.querySelector("form.drop").classList.toggle("is-over", is);
  document.addEventListener("dragenter", () => { depth += 1; over(true); });
  document.addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); if (!depth) over(false); });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(false);
    if (event.dataTransfer.files.length) send(document.querySelector("form.drop"), event.dataTransfer.files[0]);
  });
  ready();
})();
