// Keyboard, dialogs, copying: everything a mouse can do, keys can do.
(() => {
  "use strict";
  const single = document.getElementById("single-keys");
  const byId = (id) => document.getElementById(id);

  function open(dialog) {
    const typed = byId("reply")?.value.trim();
    dialog.querySelectorAll(".unsent").forEach((line) => { line.hidden = !typed; });
    dialog.showModal();
  }
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-dialog], [data-close], [data-toggle], [data-copy]");
    const menu = document.querySelector(".me[open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
    if (!target || target.disabled) return;
    const { dialog, toggle, copy } = target.dataset;
    if (dialog) open(byId(dialog));
    if ("close" in target.dataset) target.closest("dialog").close();
    if (toggle) target.setAttribute("aria-expanded", String(byId(toggle).classList.toggle("open")));
    if (copy) navigator.clipboard.writeText(byId(copy).textContent).then(() => { target.textContent = target.dataset.copied; });
  });

  // A form is sent once, however often it is clicked.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.hasAttribute("hx-post") || form.method === "dialog") return;
    if (form.dataset.submitted) { event.preventDefault(); return; }
    form.dataset.submitted = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-submitted]").forEach((form) => delete form.dataset.submitted));

  // ---- keys
  if (single) {
    single.checked = localStorage.getItem("single-keys") !== "off";
    single.addEventListener("change", () => localStorage.setItem("single-keys", single.checked ? "on" : "off"));
  }
  const rows = () => [...document.querySelectorAll("[data-row]")];
  function step(by) {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[now < 0 ? (by > 0 ? 0 : all.length - 1) : (now + by + all.length) % all.length];
    next.querySelector("a").focus();
    next.scrollIntoView({ block: "nearest" });
  }
  const press = (selector) => document.querySelector(selector)?.click();
  const acts = {
    "?": () => press("[data-dialog=keys-dialog]"),
    g: () => press("#nav-queue"),
    n: () => press("#next button:not(:disabled)"),
    j: () => step(1),
    k: () => step(-1),
    r: () => byId("reply")?.focus(),
    t: () => press("[data-dialog=transfer-dialog]"),
    e: () => press("[data-dialog=end-dialog]"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector(".me[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
      if (event.target.id === "reply") byId("scroll").focus();
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || single?.checked === false) return;
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
})();
