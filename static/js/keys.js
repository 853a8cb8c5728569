// Single-key shortcuts. A control names its key in data-key and shows it; the person can switch them off (WCAG 2.1.4).
(() => {
  const off = () => document.body.dataset.keys === "off";
  const shown = (element) => element.checkVisibility() && !element.matches(":disabled");

  document.addEventListener("keydown", (event) => {
    const search = document.getElementById("omni");
    const writing = event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
    if (search && event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      search.focus();
      return search.select();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || writing || off()) return;
    if (search && event.key === "/") {
      event.preventDefault();
      search.focus();
      return search.select();
    }
    // An open dialog owns the keyboard: keys behind it are dead.
    const scope = document.querySelector("dialog[open]") ?? document;
    const control = [...scope.querySelectorAll(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)].find(shown);
    if (!control) return;
    event.preventDefault();
    control.focus();
    control.click();
  });
})();
