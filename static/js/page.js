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
  const newKey = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = cookie("__Host-csrftoken") ?? cookie("csrftoken") ?? "";
    if (event.detail.verb !== "get") event.detail.headers["Request-Key"] = newKey();
  });
  // What is sent carries a key, by which the bank can say what became of it when its answer is lost.
  document.addEventListener("formdata", (event) => {
    if (event.target.method === "post") event.formData.set("request-key", newKey());
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

  // No answer, or one of a server that failed: what was sent may have been done. The bank knows; until it says so, nothing is claimed.
  const RECORDED = "It arrived and is recorded. Load the page again to see what came of it; don’t send it again.";
  const NOTHING = "Nothing was done. Try again.";
  const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const becameOf = async (key) => {
    for (const pause of [0, 1, 2, 4, 8, 16]) {
      await wait(pause);
      try {
        const answer = await fetch(`/outcome/${key}/`, {
          method: "POST",
          headers: { "X-CSRFToken": cookie("csrftoken") ?? "", Accept: "application/json" },
          signal: AbortSignal.timeout(5000),
          redirect: "error",
        });
        if (answer.ok) return (await answer.json()).recorded ? RECORDED : NOTHING;
      } catch {
        // still no connection: asked again
      }
    }
    return "It is still not known whether it was done. Before you send it again, load the page and look.";
  };
  const tell = async (detail, trouble) => {
    const key = detail.requestConfig?.headers?.["Request-Key"];
    if (!key) return say(`${trouble} Try again.`);
    say(`${trouble} Asking whether what you sent was done …`);
    say(await becameOf(key));
  };
  document.addEventListener("htmx:sendError", (event) => tell(event.detail, "No connection."));
  document.addEventListener("htmx:timeout", (event) => tell(event.detail, "No answer in time."));
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    if (xhr.getResponseHeader("Bankos-Done") === "no") {
      return say(xhr.status === 503 ? "That could not be taken now. Nothing was done; try again in a minute." : NOTHING);
    }
    if (xhr.status >= 500) return tell(event.detail, "Something failed.");
    say(xhr.status === 404 ? "That is no longer here." : "That was refused. Nothing was done.");
  });
  // Done, but the part of the page that shows it could not be drawn: it is not put into the page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.getResponseHeader("Bankos-Done") !== "yes") return;
    event.detail.shouldSwap = false;
    say(RECORDED);
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
