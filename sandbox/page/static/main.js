// The desk: three phones, one stream of events.

import * as api from "./api.js";
import { Phone } from "./phone.js";
import { trouble } from "./trouble.js";

const status = document.getElementById("said");
const said = (sentence) => { status.textContent = sentence; };
const phones = [...document.querySelectorAll(".phone")].map((root) => new Phone(root, said));
let lastUsed = phones[0];

for (const phone of phones) phone.root.addEventListener("focusin", () => { lastUsed = phone; });
for (const chip of document.querySelectorAll(".chip")) {
  chip.addEventListener("click", () => lastUsed.write(chip.dataset.text));
}

async function showPeople() {
  const list = (await api.phones()).phones;
  for (const phone of phones) phone.showPeople(list);
}

async function refresh() {
  await Promise.all(phones.map((phone) => phone.load()));
  await showPeople();
}

const stream = new EventSource("/sandbox/events");
for (const name of ["message", "phone", "cleared", "typing"]) {
  stream.addEventListener(name, (event) => {
    const data = JSON.parse(event.data);
    for (const phone of phones) phone.hear(name, data);
    if (name === "phone") showPeople();
  });
}
// after every (re)connection: what happened meanwhile is in the threads
stream.addEventListener("open", () => refresh().then(() => { document.documentElement.dataset.ready = "yes"; }));

const clocks = document.querySelectorAll(".clock");
const tick = () => clocks.forEach((clock) => {
  clock.textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
});
tick();
setInterval(tick, 10_000);
trouble();
