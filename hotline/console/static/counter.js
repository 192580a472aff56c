// How long a text is, and in how many messages its channel carries it: more where the server cuts at sentence ends.
(() => {
  "use strict";
  const GSM = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;
  const DOUBLE = /[\^{}\\[~\]|€]/g;

  // 3GPP TS 23.038: 160 (153 when joined) in the basic alphabet, 70 (67) in any other script.
  function segments(text) {
    const gsm = GSM.test(text);
    const units = gsm ? text.length + (text.match(DOUBLE) || []).length : text.length;
    const [one, joined] = gsm ? [160, 153] : [70, 67];
    return units <= one ? 1 : Math.ceil(units / joined);
  }
  function parts(text, channel, limit) {
    const letters = [...text];
    if (channel !== "sms") return Math.ceil(letters.length / limit);
    let n = 0;
    for (let at = 0; at < letters.length; at += limit) n += segments(letters.slice(at, at + limit).join(""));
    return n;
  }
  function show(field) {
    const out = document.getElementById(field.dataset.counter);
    const from = field.dataset.channelFrom && document.getElementById(field.dataset.channelFrom);
    const channel = from ? from.value : field.dataset.channel;
    const limit = Number((from ? from.selectedOptions[0] : field).dataset.limit);
    const n = parts(field.value.trim(), channel, limit);
    const wording = n > 1 ? out.dataset.many : out.dataset.one;
    out.textContent = n ? wording.replace("{n}", [...field.value.trim()].length).replace("{parts}", n) : "";
  }
  const fields = () => document.querySelectorAll("[data-counter]");
  document.addEventListener("input", (event) => { if (event.target.matches("[data-counter]")) show(event.target); });
  document.addEventListener("change", (event) => { if (event.target.tagName === "SELECT") fields().forEach(show); });
  fields().forEach(show);
})();
