// The conversation page: the answer is never lost and never said twice; new messages come into sight.
(() => {
  "use strict";
  const form = document.getElementById("composer");
  const scroll = document.getElementById("scroll");

  // ---- new messages: stay at the end when at the end, else offer the way there
  if (scroll) {
    const newer = document.getElementById("newer");
    const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
    const toEnd = () => { scroll.scrollTop = scroll.scrollHeight; newer.hidden = true; };
    let wasAtEnd = true, last = "";
    const newest = () => document.querySelector("#thread > .bubble:last-of-type")?.id || "";
    document.body.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target?.id === "thread") { wasAtEnd = atEnd(); last = newest(); } });
    document.body.addEventListener("htmx:afterSettle", (event) => {
      if (event.detail.target?.id !== "thread" || newest() === last) return;
      if (wasAtEnd || document.getElementById(newest())?.classList.contains("operator")) toEnd();
      else newer.hidden = false;
    });
    newer.addEventListener("click", () => { toEnd(); document.getElementById("reply")?.focus(); });
    scroll.addEventListener("scroll", () => { if (atEnd()) newer.hidden = true; }, { passive: true });
    toEnd();
  }

  // ---- which of my conversations have something new; only times are remembered, for this tab
  function markNew() {
    for (const row of document.querySelectorAll("[data-conversation]")) {
      const key = `seen-${row.dataset.conversation}`;
      if ("current" in row.dataset || sessionStorage.getItem(key) === null) sessionStorage.setItem(key, row.dataset.seen);
      row.querySelector(".new").hidden = sessionStorage.getItem(key) === row.dataset.seen;
    }
  }
  document.body.addEventListener("htmx:afterSettle", markNew);
  markNew();

  if (!form) return;
  const field = form.elements.text;
  const button = form.querySelector("[type=submit]");
  const problem = document.getElementById("reply-problem");
  const state = document.getElementById("reply-state");
  let tried = null;

  // ---- whether the conversation is still ours
  function standing() {
    const holding = document.getElementById("standing").dataset.holding === "yes";
    field.readOnly = !holding;
    button.disabled = !holding;
    for (const act of document.querySelectorAll("#acts button")) act.disabled = !holding;
  }
  document.body.addEventListener("htmx:afterSettle", standing);
  standing();

  // ---- sending: one id for one text, so that trying again says nothing twice
  const freshId = () => {
    const random = crypto.getRandomValues(new Uint8Array(10));
    return "o" + Date.now().toString(16).padStart(11, "0") + [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const mine = (event) => event.detail.elt === form;
  form.addEventListener("htmx:configRequest", (event) => {
    if (!mine(event)) return;
    if (!field.value.trim()) { event.preventDefault(); field.focus(); return; }
    if (tried === null || tried.text !== field.value) tried = { text: field.value, id: freshId() };
    event.detail.parameters.message_id = tried.id;
    problem.textContent = "";
    state.textContent = form.dataset.sending;
    button.setAttribute("aria-busy", "true");
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (!mine(event)) return;
    button.removeAttribute("aria-busy");
    state.textContent = "";
    if (event.detail.successful) {
      if (tried && field.value.startsWith(tried.text)) field.value = field.value.slice(tried.text.length);
      tried = null;
      state.textContent = form.dataset.sent;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (event.detail.xhr.getResponseHeader("X-Console") === "problem") {
      problem.innerHTML = event.detail.xhr.responseText; // a line of ours, escaped by the server
    } else {
      problem.textContent = form.dataset.unreached;
    }
    if (document.activeElement === button || document.activeElement === document.body) field.focus();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  field.addEventListener("input", () => { if (field.value) state.textContent = ""; });

  // ---- leaving with something typed
  let leaving = false;
  addEventListener("submit", (event) => { if (event.target.closest("dialog")) leaving = true; });
  addEventListener("beforeunload", (event) => { if (field.value.trim() && !leaving) event.preventDefault(); });
})();
