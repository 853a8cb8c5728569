// The search box as an ARIA combobox with a listbox: focus stays in the field, arrows move the active option.
(() => {
  const field = document.getElementById("omni");
  const list = document.getElementById("omni-list");
  if (!field || !list) return;

  const options = () => [...list.querySelectorAll("[role=option][data-href]")];
  const active = () => list.querySelector("[data-href][aria-selected=true]");

  const close = () => {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const choose = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    if (option) {
      field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  };
  const open = () => {
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    choose(active() ?? options()[0]);
  };

  list.addEventListener("htmx:afterSwap", () => (field.value.trim() && list.childElementCount ? open() : close()));
  field.addEventListener("input", () => field.value.trim() || close());
  field.addEventListener("focus", () => field.value.trim() && list.childElementCount && open());
  field.addEventListener("blur", close);
  // Keep the focus in the field while an option is pressed, else blur would close the list first.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-href]");
    if (option) location.assign(option.dataset.href);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (list.hidden) field.value = "";
      return close();
    }
    if (event.key === "Enter" && !list.hidden && active()) {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) return openTab(active().dataset.href);
      return location.assign(active().dataset.href);
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !options().length) return;
    event.preventDefault();
    if (list.hidden) return open();
    const all = options();
    choose(all[(all.indexOf(active()) + step + all.length) % all.length]);
  });
  const openTab = (href) => window.open(href, "_blank", "noopener");
})();
