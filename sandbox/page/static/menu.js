// A menu behind a button: arrow keys move, Escape closes.

export function attachMenu(holder, choose) {
  const button = holder.querySelector(".menu-button");
  const menu = holder.querySelector(".menu");
  const items = [...menu.querySelectorAll("[role=menuitem]")];
  const toggle = (open) => {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) items[0].focus();
  };
  button.addEventListener("click", () => toggle(menu.hidden));
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    } else if (event.key === "Escape") {
      toggle(false);
      button.focus();
    }
  });
  for (const item of items) {
    item.addEventListener("click", () => { toggle(false); button.focus(); choose(item); });
  }
  document.addEventListener("click", (event) => { if (!holder.contains(event.target)) toggle(false); });
  holder.addEventListener("focusout", (event) => { if (event.relatedTarget && !holder.contains(event.relatedTarget)) toggle(false); });
}
