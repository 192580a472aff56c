// One phone: its owner, its screen, its keyboard.

import * as api from "./api.js";
import { bubble, element, refresh } from "./bubbles.js";
import { attachMenu } from "./menu.js";

const FIRST = { sms: "+254711000001", whatsapp: "+254722000001", telegram: "1000001" };
const TYPING_MS = 5000;
const NEAR_END_PX = 80;

export class Phone {
  constructor(root, said) {
    this.root = root;
    this.channel = root.dataset.channel;
    this.said = said;
    this.entries = new Map();
    this.blocked = false;
    this.missed = null;
    this.editing = null;
    this.atEnd = true;
    this.lastTop = 0;
    this.person = root.querySelector(".person");
    this.thread = root.querySelector(".thread");
    this.keys = root.querySelector(".keys");
    this.text = root.querySelector("textarea");
    this.trouble = root.querySelector(".trouble");
    this.sub = root.querySelector(".sub");
    this.address = localStorage.getItem(`person-${this.channel}`) || FIRST[this.channel];
    this.listen();
  }

  listen() {
    const form = this.root.querySelector(".composer");
    form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.submit(); }
      if (event.key === "Escape" && this.editing) this.stopEditing();
    });
    this.text.addEventListener("input", () => this.grow());
    this.thread.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.thread;
      if (scrollHeight - scrollTop - clientHeight < NEAR_END_PX) this.atEnd = true;
      else if (scrollTop < this.lastTop) this.atEnd = false; // only a reader scrolls up
      this.lastTop = scrollTop;
    });
    new ResizeObserver(() => this.stay()).observe(this.thread);
    this.person.addEventListener("change", () => this.use(this.person.value));
    this.root.querySelector(".new-person").addEventListener("click", () => this.newPerson());
    const file = form.querySelector(".own-file");
    file.addEventListener("change", () => { if (file.files.length) this.sendFile(file.files[0]); file.value = ""; });
    for (const holder of this.root.querySelectorAll(".menu-holder")) {
      attachMenu(holder, (item) => (item.dataset.kind ? this.attach(item.dataset.kind, file) : this.option(item.dataset.act)));
    }
  }

  // people

  showPeople(list) {
    const mine = list.filter((one) => one.channel === this.channel);
    if (!mine.some((one) => one.address === this.address)) mine.push({ address: this.address, name: "" });
    this.person.replaceChildren(...mine.map((one) => {
      const option = element("option", "", this.label(one));
      option.value = one.address;
      option.selected = one.address === this.address;
      return option;
    }));
  }

  label(one) {
    const shown = this.channel === "telegram" ? `id ${one.address}` : one.address.replace(/^(\+\d{3})(\d{3})(\d{3})(\d+)$/, "$1 $2 $3 $4");
    return one.name ? `${shown} · ${one.name}` : shown;
  }

  async use(address) {
    this.address = address;
    localStorage.setItem(`person-${this.channel}`, address);
    await this.load();
  }

  async newPerson() {
    const { phones } = await api.phones();
    const taken = new Set(phones.filter((one) => one.channel === this.channel).map((one) => one.address));
    let next = BigInt(FIRST[this.channel].replace("+", ""));
    const written = (number) => (this.channel === "telegram" ? `${number}` : `+${number}`);
    while (taken.has(written(next)) || written(next) === this.address) next += 1n;
    await this.use(written(next));
    await this.showPeople((await api.phones()).phones);
    this.said(`New person on ${this.channel}`);
    this.text.focus();
  }

  // screen

  async load() {
    const missed = this.missed = [];
    const phone = await api.thread(this.channel, this.address);
    if (this.missed !== missed) return; // another load has begun since
    this.missed = null;
    this.entries.clear();
    for (const old of this.thread.querySelectorAll(".bubble, .choices, .typing")) old.remove();
    this.thread.setAttribute("aria-live", "off");
    this.atEnd = true;
    for (const entry of phone.thread) this.show({ ...entry, channel: this.channel });
    this.setBlocked(phone.blocked);
    this.refreshKeys();
    for (const [event, data] of missed) this.hear(event, data);
    requestAnimationFrame(() => this.thread.setAttribute("aria-live", "polite"));
  }

  hear(event, data) {
    if (data.channel !== this.channel || data.address !== this.address) return;
    if (this.missed) { this.missed.push([event, data]); return; } // the thread that is being fetched may be older
    if (event === "message") { this.show(data); this.refreshKeys(); }
    if (event === "phone") this.setBlocked(data.blocked);
    if (event === "cleared") this.load();
    if (event === "typing") this.showTyping();
  }

  show(entry) {
    const known = this.entries.get(entry.id);
    let node = bubble(entry, (own) => this.startEditing(own));
    if (known) {
      refresh(known.node, node, known.entry, entry);
      node = known.node;
      known.choices?.remove();
    } else {
      if (entry.direction === "out") this.stopTyping();
      else this.atEnd = true;
      this.thread.append(node);
      node.querySelector("img")?.addEventListener("load", () => this.stay());
    }
    const choices = this.choices(entry);
    if (choices) node.after(choices);
    this.entries.set(entry.id, { entry, node, choices });
    this.stay();
  }

  // Keep the newest message in sight, unless the reader has scrolled away from it.
  stay() {
    if (this.atEnd) this.thread.scrollTop = this.thread.scrollHeight;
  }

  choices(entry) {
    if (!entry.buttons.length || !["inline", "quick_reply"].includes(entry.keyboard) || entry.status === "failed") return null;
    const row = element("div", "choices");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "Choices");
    for (const button of entry.buttons) {
      const key = element("button", "", button.title);
      key.type = "button";
      key.dir = "auto";
      key.addEventListener("click", () => this.send({ choice: button.payload || button.title }));
      row.append(key);
    }
    return row;
  }

  // The reply keyboard under a Telegram chat, or its START button.
  refreshKeys() {
    if (this.channel !== "telegram") return;
    const shown = [...this.entries.values()].map((kept) => kept.entry);
    const last = shown.filter((e) => e.direction === "out" && ["reply", "remove"].includes(e.keyboard) && !e.deleted).pop();
    const titles = shown.length === 0 ? ["START"] : last?.keyboard === "reply" ? last.buttons.map((b) => b.title) : [];
    this.keys.hidden = titles.length === 0;
    this.keys.replaceChildren(...titles.map((title) => {
      const key = element("button", shown.length === 0 ? "start" : "", title);
      key.type = "button";
      key.dir = "auto";
      key.addEventListener("click", () => this.send(shown.length === 0 ? { text: "/start" } : { choice: title }));
      return key;
    }));
  }

  showTyping() {
    this.sub.textContent = "typing…";
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => this.stopTyping(), TYPING_MS);
    if (this.thread.querySelector(".typing")) return;
    const dots = element("div", "typing");
    dots.append(element("i"), element("i"), element("i"));
    dots.setAttribute("aria-hidden", "true");
    this.thread.append(dots);
    this.stay();
  }

  stopTyping() {
    this.sub.textContent = this.sub.dataset.idle;
    this.thread.querySelector(".typing")?.remove();
  }

  setBlocked(blocked) {
    this.blocked = blocked;
    this.root.classList.toggle("blocked", blocked);
    this.root.querySelector("[data-act=block]").textContent = blocked ? "Unblock the helpline" : "Block the helpline";
    const stopped = this.channel === "sms" ? "The helpline can no longer write to this number. Text START to undo." : "You have blocked the helpline. Unblock it in the menu above.";
    this.complain(blocked ? stopped : "");
  }

  complain(sentence) {
    this.trouble.textContent = sentence;
    this.trouble.hidden = !sentence;
  }

  // writing

  async send(body) {
    try {
      await api.write(this.channel, this.address, body);
      if (!this.blocked) this.complain("");
      return true;
    } catch (error) {
      this.complain(error.message);
      return false;
    }
  }

  async submit() {
    const text = this.text.value.trim();
    if (!text) return;
    const body = this.editing ? { edit: this.editing, text } : { text };
    if (await this.send(body)) this.empty();
  }

  async attach(kind, file) {
    const text = this.text.value.trim();
    if (kind === "file") { file.click(); return; }
    if (kind === "group") {
      if (!text) { this.complain("Write something first, then say it in a group."); this.text.focus(); return; }
      if (await this.send({ group: true, text })) this.empty();
      return;
    }
    const takesCaption = kind === "photo" || kind === "document";
    if (await this.send(takesCaption && text ? { kind, caption: text } : { kind }) && takesCaption) this.empty();
  }

  async sendFile(file) {
    const form = new FormData();
    form.append("caption", this.text.value.trim());
    form.append("file", file);
    if (await this.send(form)) this.empty();
  }

  async option(name) {
    const { channel, address } = this;
    if (name === "block") await api.act(channel, address, this.blocked ? "unblock" : "block");
    if (name === "clear") await api.act(channel, address, "clear");
    if (name === "silence") { await api.act(channel, address, "silence", { hours: 25 }); this.said("25 hours have passed on this phone"); }
  }

  startEditing(entry) {
    this.editing = entry.id;
    this.write(entry.text);
    this.complain("Editing a message. Press Escape to leave it as it was.");
  }

  stopEditing() {
    this.empty();
    this.complain("");
  }

  empty() {
    this.editing = null;
    this.write("");
  }

  write(text) {
    this.text.value = text;
    this.grow();
    this.text.focus();
  }

  grow() {
    this.text.rows = Math.min(4, Math.max(1, this.text.value.split("\n").length, Math.ceil(this.text.value.length / 34)));
  }
}
