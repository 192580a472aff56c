// The panel that scripts faults.

import * as api from "./api.js";
import { element } from "./bubbles.js";

const REFRESH_MS = 3000;

export function trouble() {
  const button = document.getElementById("trouble-button");
  const panel = document.getElementById("trouble-panel");
  const form = document.getElementById("trouble-form");
  const list = document.getElementById("trouble-list");
  const count = document.getElementById("trouble-count");
  const kinds = form.elements.kind;

  const show = ({ faults }) => {
    count.hidden = faults.length === 0;
    count.textContent = faults.length;
    list.replaceChildren(...faults.map((fault) => {
      const label = [...kinds.options].find((option) => option.value === fault.kind)?.textContent || fault.kind;
      const times = fault.times === null ? "until cleared" : `${fault.times} to come`;
      return element("li", "", `${fault.provider === "twilio" ? "SMS and WhatsApp" : "Telegram"}: ${label}, ${times}`);
    }));
  };
  const refresh = async () => show(await api.faults());
  const fit = () => {
    for (const option of kinds.options) {
      option.hidden = option.disabled = Boolean(option.dataset.provider) && option.dataset.provider !== form.elements.provider.value;
    }
    if (kinds.selectedOptions[0]?.disabled) kinds.selectedIndex = 0;
  };

  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) { refresh(); form.elements.provider.focus(); }
  });
  form.elements.provider.addEventListener("change", fit);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { provider, kind, times } = Object.fromEntries(new FormData(form));
    show(await api.addFault({ provider, kind, times: times ? Number(times) : null }));
  });
  document.getElementById("trouble-clear").addEventListener("click", async () => show(await api.clearFaults()));
  setInterval(() => { if (!panel.hidden || !count.hidden) refresh().catch(() => {}); }, REFRESH_MS);
  fit();
  refresh();
}
