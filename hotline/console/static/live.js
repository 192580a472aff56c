// What runs by itself: the connection's state, the waiting clocks, the title's count, the sound.
(() => {
  "use strict";
  const offline = document.getElementById("offline");
  const sound = document.getElementById("sound");
  const skew = Date.parse(document.querySelector("meta[name=server-time]").content) - Date.now();

  // A morph must not shut what the operator has opened.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    !(name === "open" && ["DETAILS", "DIALOG"].includes(node.nodeName));

  // ---- connection
  let ended = false;
  const lost = (text) => { offline.textContent = text; offline.hidden = false; };
  document.body.addEventListener("htmx:sseError", () => { if (!ended) lost(offline.dataset.lost); });
  document.body.addEventListener("htmx:sseOpen", (event) => {
    if (!ended) offline.hidden = true;
    const source = event.detail.source;
    source.addEventListener("signedout", () => { ended = true; source.close(); lost(offline.dataset.ended); }, { once: true });
  });

  // ---- waiting clocks; `times.span` on the server writes the same
  const span = (seconds) => {
    const two = (n) => String(n).padStart(2, "0");
    if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds % 3600 / 60))} min`;
    return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds % 86400 / 3600)} h`;
  };
  const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  function tick() {
    for (const wait of document.querySelectorAll("[data-since]")) {
      const waited = (Date.now() + skew - Date.parse(wait.dataset.since)) / 1000;
      const late = waited > Number(wait.dataset.allowed);
      put(wait.querySelector(".wait-time"), span(waited));
      wait.querySelector("progress").value = Math.min(100, Math.floor(100 * waited / wait.dataset.allowed));
      wait.querySelector(".wait-late").hidden = !late;
      wait.classList.toggle("overdue", late);
    }
  }
  setInterval(tick, 1000);

  // ---- how many wait, in the title; who is at risk, by ear
  const title = document.title;
  const announce = document.getElementById("announce");
  let known = null;
  function look() {
    const counts = document.getElementById("nav-queue");
    if (!counts || counts.dataset.waiting === undefined) return;
    const waiting = Number(counts.dataset.waiting);
    document.title = waiting ? `(${waiting}) ${title}` : title;
    const urgent = new Set(counts.dataset.urgent.split(" ").filter(Boolean));
    if (known && [...urgent].some((id) => !known.has(id))) {
      put(announce, "");
      setTimeout(() => put(announce, announce.dataset.new), 50);
      chime();
    }
    known = urgent;
  }

  // ---- sound: two soft tones, from one tab only; the choice stays in this browser
  let audio = null;
  const wanted = () => localStorage.getItem("sound") !== "off";
  function wake() { audio ??= new AudioContext(); if (audio.state === "suspended") audio.resume(); }
  function tones() {
    if (!audio || audio.state !== "running") return;
    [[660, 0], [880, .22]].forEach(([pitch, at]) => {
      const tone = audio.createOscillator(), gain = audio.createGain(), start = audio.currentTime + at;
      tone.frequency.value = pitch;
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(.12, start + .03);
      gain.gain.exponentialRampToValueAtTime(.001, start + .5);
      tone.connect(gain).connect(audio.destination);
      tone.start(start);
      tone.stop(start + .55);
    });
  }
  function chime() {
    if (!sound || !wanted()) return;
    if (!navigator.locks) { tones(); return; }
    navigator.locks.request("chime", { ifAvailable: true }, (lock) =>
      lock && (tones(), new Promise((done) => setTimeout(done, 1500))));
  }
  function showSound() { sound?.setAttribute("aria-pressed", String(wanted())); }
  sound?.addEventListener("click", () => {
    localStorage.setItem("sound", wanted() ? "off" : "on");
    showSound();
    wake();
    if (wanted()) tones();
  });
  ["pointerdown", "keydown"].forEach((kind) => addEventListener(kind, () => { if (sound && wanted()) wake(); }, { passive: true }));

  document.body.addEventListener("htmx:afterSettle", () => { tick(); look(); });
  showSound();
  tick();
  look();
})();
