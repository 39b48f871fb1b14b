// What makes the reader easier where scripts run; every page works without.
"use strict";

(() => {
  const byId = (name) => document.getElementById(name);

  // The patient is let go when the page is left, unless another page of theirs opens.
  const patient = document.body.dataset.patient;
  if (patient) {
    addEventListener("pagehide", () => navigator.sendBeacon(`/patients/${patient}/leave`, ""));
    addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      fetch(`/patients/${patient}/stay`).then((answer) => {
        if (answer.status === 404) location.reload();
      });
    });
    setInterval(() => fetch(`/patients/${patient}/stay`).catch(() => {}), 240000);
  }

  const print = byId("print");
  if (print) {
    byId("print-line").hidden = false;
    print.addEventListener("click", () => window.print());
  }

  const copy = byId("copy");
  if (copy) {
    byId("copy-line").hidden = false;
    copy.addEventListener("click", async () => {
      const rows = [...byId("findings").rows].map((row) =>
        [...row.cells].map((cell) => cell.textContent.trim()).join("\t"));
      rows.push(byId("findings").caption.textContent.trim());
      await navigator.clipboard.writeText(rows.join("\n"));
      byId("copied").textContent = copy.dataset.done;
    });
  }

  const heat = byId("heat");
  if (heat) {
    const layer = document.querySelector(".stage .heat");
    const show = () => { layer.style.opacity = String(heat.value / 100); };
    heat.addEventListener("input", show);
    show();
  }

  const form = byId("hand-in");
  if (!form) return;
  const drop = byId("drop");
  const images = byId("images");
  const folder = byId("folder");
  let chosen = null; // files from a folder or a drop; else those of the field

  byId("folder-line").hidden = false;
  const files = () => chosen || [...images.files];
  const tell = () => {
    const n = files().length;
    byId("chosen").textContent = n === 0 ? "" :
      n === 1 ? form.dataset.chosenOne : form.dataset.chosenMany.replace("{n}", String(n));
  };
  const readable = (file) => /\.(jpe?g|jpe|jfif|png|bmp|tiff?|dcm|dicom)$/i.test(file.name) || !file.name.includes(".");
  images.addEventListener("change", () => { chosen = null; tell(); });
  folder.addEventListener("change", () => { chosen = [...folder.files].filter(readable); tell(); });

  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry());
    const loose = [...event.dataTransfer.files];
    const whole = entries.some((entry) => entry && entry.isDirectory);
    chosen = whole ? (await Promise.all(entries.filter(Boolean).map(inside))).flat().filter(readable) : loose;
    tell();
  });

  async function inside(entry) {
    if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) break;
      found.push(...some);
    }
    return (await Promise.all(found.map(inside))).flat();
  }

  const line = byId("progress");
  const bar = byId("progress-bar");
  const words = byId("progress-words");
  const say = (text, share) => { line.hidden = false; words.textContent = text; bar.value = share; };

  form.addEventListener("submit", (event) => {
    const given = files();
    if (!given.length) return; // the page says what is missing
    event.preventDefault();
    const sent = new FormData();
    for (const file of given) sent.append("images", file, file.name);
    for (const name of ["age", "sex"]) sent.append(name, form.elements[name].value);
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    const request = new XMLHttpRequest();
    const stop = (text) => { say(text, 0); button.disabled = false; };
    let seen = 0;
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/x-ndjson");
    request.upload.addEventListener("progress", (step) => {
      if (step.lengthComputable) say(form.dataset.sending, 30 * step.loaded / step.total);
    });
    const follow = () => {
      const end = request.responseText.lastIndexOf("\n") + 1;
      const lines = request.responseText.slice(seen, end).split("\n").filter(Boolean);
      seen = end;
      for (const text of lines) {
        const told = JSON.parse(text);
        if (told.event === "file") say(`${form.dataset.reading} ${told.done} / ${told.total}`, 30 + 70 * told.done / told.total);
        else if (told.event === "kept") location.assign(told.location);
        else if (told.event === "refused") stop(told.message);
      }
    };
    request.addEventListener("progress", () => { if (request.status === 200) follow(); });
    request.addEventListener("load", () => {
      if (request.status === 200) { follow(); return; }
      let text = form.dataset.failed;
      try { text = JSON.parse(request.responseText).errors[0].message; } catch { /* a page, not JSON */ }
      stop(text);
    });
    request.addEventListener("error", () => stop(form.dataset.failed));
    say(form.dataset.sending, 0);
    request.send(sent);
  });
})();
