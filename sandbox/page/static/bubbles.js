// How one entry of a thread looks.

const SVG = "http://www.w3.org/2000/svg";
const REASONS = {
  30003: "phone unreachable", 30005: "no such number", 30006: "landline", 30007: "filtered by the carrier", 30008: "unknown error",
  63013: "too many buttons for this channel", 63016: "more than 24 hours since this person wrote", 63024: "this person has blocked the helpline",
  63028: "a template value is missing",
};
const ONLY_EMOJI = /^(\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u200d|\ufe0f|\s){1,9}$/u;

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function icon(name, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function time(iso) {
  const shown = element("time", "", new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  shown.dateTime = iso;
  return shown;
}

const isLost = (entry) => entry.status === "failed" || entry.status === "undelivered";

function attachment(entry) {
  const { kind, media_url: url } = entry;
  if (kind === "photo" || kind === "sticker") {
    const image = element("img", kind);
    image.src = url;
    image.alt = kind === "photo" ? "Picture" : "Sticker";
    return image;
  }
  if (kind === "voice" && !entry.channel?.startsWith("sms")) {
    const audio = element("audio");
    audio.controls = true;
    audio.src = url;
    audio.setAttribute("aria-label", "Voice note");
    return audio;
  }
  const labels = { voice: ["voice", "Voice note"], document: ["file", "Document"], contact: ["person", "Contact"], location: ["place", "My location"] };
  if (!(kind in labels)) return null;
  const [symbol, label] = labels[kind];
  const card = element(url ? "a" : "span", "card");
  if (url) { card.href = url; card.download = ""; }
  card.append(icon(symbol), label);
  return card;
}

function ticks(entry) {
  const names = { sending: ["clock", "on its way"], delivered: ["two", "taken by the helpline"] };
  const [symbol, label] = names[entry.status] || names.sending;
  const holder = element("span");
  holder.append(icon(symbol, entry.status === "delivered" ? "icon seen" : "icon"), element("span", "visually-hidden", label));
  return holder;
}

function foot(entry, own, onEdit) {
  const row = element("div", "foot");
  row.setAttribute("aria-live", "off"); // ticks come and go; a message that failed says so when it is read
  if (isLost(entry)) {
    const why = REASONS[entry.error] || entry.error;
    row.append(element("span", "", own ? `Not delivered: ${why}` : `Did not reach this phone: ${why} (${entry.error})`));
    return row;
  }
  if (own && entry.channel === "telegram" && entry.kind === "text" && !entry.deleted) {
    const edit = element("button", "edit", "Edit");
    edit.type = "button";
    edit.addEventListener("click", () => onEdit(entry));
    row.append(edit);
  }
  if (entry.edited) row.append(element("span", "", "edited"));
  row.append(time(entry.at));
  if (own) row.append(ticks(entry));
  return row;
}

// Bring a bubble up to date with a newer one. Only what differs is touched: a screen reader would say the rest again.
export function refresh(node, newer, before, after) {
  node.className = newer.className;
  const same = ["text", "deleted", "kind"].every((name) => before[name] === after[name]);
  if (same) node.querySelector(".foot").replaceWith(newer.querySelector(".foot"));
  else node.replaceChildren(...newer.childNodes);
}

// The bubble of an entry; onEdit is called with an entry of the person's own.
export function bubble(entry, onEdit) {
  const own = entry.direction === "in";
  const made = element("div", "bubble");
  made.classList.toggle("own", own);
  made.classList.toggle("lost", isLost(entry));
  made.classList.toggle("pending", !own && entry.status === "queued");
  made.classList.toggle("deleted", entry.deleted);
  made.classList.toggle("sticker-bubble", entry.kind === "sticker");
  made.classList.toggle("big", entry.kind === "text" && ONLY_EMOJI.test(entry.text));
  made.append(element("span", "visually-hidden", own ? "You: " : "Helpline: "));
  if (entry.group) made.append(element("span", "tag", "in a group"));
  if (entry.automatic) made.append(element("span", "tag", "automatic answer of the carrier"));
  if (entry.kind === "tap") made.append(element("span", "tag", "tapped"));
  const extra = entry.deleted ? null : attachment(entry);
  if (extra) made.append(extra);
  const text = element("p", "text", entry.deleted ? "Message deleted" : entry.text);
  text.dir = "auto";
  made.append(text, foot(entry, own, onEdit));
  return made;
}
