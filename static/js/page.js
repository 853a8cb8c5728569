// What every page needs once: the CSRF header, one sending per form, focus and words after a swap, dialogs, copying.
(() => {
  const typing = (element) => element?.matches?.("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");

  // htmx keeps the address for a history it does not have; an address can hold a customer's name. Nothing stays in the browser.
  sessionStorage.removeItem("htmx-current-path-for-history");

  const cookie = (name) =>
    document.cookie
      .split("; ")
      .find((pair) => pair.startsWith(name + "="))
      ?.slice(name.length + 1);
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = cookie("csrftoken") ?? "";
  });

  // A second click on a form that is already on its way does nothing. The server is safe without this.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || form.method === "get") return;
    if (form.getAttribute("aria-busy") === "true") return event.preventDefault();
    form.setAttribute("aria-busy", "true");
  });
  const release = (form) => form?.removeAttribute?.("aria-busy");
  document.addEventListener("htmx:afterRequest", (event) => release(event.target.closest("form")));
  addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach(release));

  const say = (words) => {
    const live = document.getElementById("live");
    if (live && words) live.textContent = words;
  };
  const attend = (root) => {
    const place = root.matches?.("[data-focus]") ? root : root.querySelector?.("[data-focus]");
    if (place && !typing(document.activeElement)) place.focus();
    say((root.matches?.("[data-say]") ? root : root.querySelector?.("[data-say]"))?.dataset.say);
  };
  document.addEventListener("htmx:afterSettle", (event) => attend(event.detail.elt));
  document.addEventListener("htmx:sendError", () => say("No connection. Nothing was sent; try again."));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 503) return say("The bank’s rules could not be asked. Nothing was done; try again in a minute.");
    say(status === 404 ? "That is no longer here." : "That did not work. Nothing was changed; try again.");
  });
  addEventListener("DOMContentLoaded", () => attend(document.body));

  document.addEventListener("click", async (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) {
      event.preventDefault();
      const dialog = document.getElementById(opener.dataset.open);
      const choice = dialog?.querySelector(`input[value="${CSS.escape(opener.dataset.pick ?? "")}"]`);
      if (choice) choice.checked = true;
      dialog?.showModal();
    }
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog")?.close();
    const copier = event.target.closest("[data-copy]");
    if (copier) {
      await navigator.clipboard.writeText(document.getElementById(copier.dataset.copy).textContent.trim());
      say("Copied.");
    }
    if (event.target.closest("[data-print]")) print();
  });
})();
