/* The form of a finding, and what its scripts share: ours.item is the draft in it, ours.me whoever
   used this phone last, with the areas and places they were offered. */
(function () {
  "use strict";

  var form = document.querySelector("[data-hand-in]");
  if (!form) return;

  function find(name) { return form.querySelector("[data-" + name + "]"); }
  function field(name) { return form.elements[name]; }
  function say(name) { return form.getAttribute("data-say-" + name) || ""; }

  function make(tag, className, text) {
    var element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  /** A chip that can be pressed. */
  function chip(text, pressed, work) {
    var drawn = make("button", "chip", text);
    drawn.type = "button";
    drawn.setAttribute("aria-pressed", String(pressed));
    drawn.addEventListener("click", work);
    return drawn;
  }

  /** Does it once, when nothing has asked for it for a while. */
  function later(work, pause) {
    var timer = 0;
    return function () {
      window.clearTimeout(timer);
      timer = window.setTimeout(work, pause);
    };
  }

  /** A promise of what the portal answers, or of null where it is not reached. */
  async function json(url) {
    try {
      var response = await fetch(url, { credentials: "same-origin", redirect: "error", headers: { "X-Requested-With": "fetch" } });
      return response.ok ? await response.json() : null;
    } catch (error) {
      return null;
    }
  }

  window.ours = {
    form: form, item: null, me: null, keep: null,
    find: find, field: field, say: say, make: make, chip: chip, later: later, json: json,
  };
})();
