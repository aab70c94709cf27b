/* Behaviours of all pages, found by data attributes. Plain ES2018, no modules: old phones read it.
   Every page works without it, except for previews of pictures and the lightbox. */
(function () {
  "use strict";

  var body = document.body;

  function all(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }

  function make(tag, className, text) {
    var element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  /** A sentence of the page's own language, kept on <body> as data-say-<name>. */
  function sentence(name) {
    return body.getAttribute("data-say-" + name) || "";
  }

  function icon(name) {
    var link = document.querySelector("svg.icon use");
    var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    var use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", (link ? link.getAttribute("href").split("#")[0] : "") + "#" + name);
    svg.appendChild(use);
    return svg;
  }

  // ---- What is said --------------------------------------------------------------------------

  var TONES = { good: ["green", "check"], warn: ["amber", "alert"], bad: ["red", "alert"], info: ["blue", "info"] };

  /** Says something in the live region: kind good, warn, bad or info. No text: falls silent. */
  function say(kind, text) {
    var live = document.getElementById("live");
    if (!live) return;
    live.textContent = "";
    if (!text) return;
    var tone = TONES[kind] || TONES.info;
    var notice = make("div", "notice tone-" + tone[0]);
    var words = make("div");
    words.appendChild(make("p", "", text));
    notice.appendChild(icon(tone[1]));
    notice.appendChild(words);
    live.appendChild(notice);
    if (live.getBoundingClientRect().top < 0) live.scrollIntoView();
  }

  /** What a refused request says: our own notice, a problem document, or a word for its code. */
  function refusal(status, text) {
    var said = "";
    if (text.charAt(0) === "{") {
      try {
        var problem = JSON.parse(text);
        said = problem.detail || problem.title || "";
      } catch (error) {
        said = "";
      }
    } else if (text.indexOf("data-message") > 0) {
      var page = new DOMParser().parseFromString(text, "text/html");
      var message = page.querySelector("[data-message=bad] p") || page.querySelector("[data-message]");
      said = message ? message.textContent.trim() : "";
    }
    return String(said) || sentence(String(status)) || sentence("500");
  }

  // ---- Requests ------------------------------------------------------------------------------

  function csrf() {
    var meta = document.querySelector("meta[name=csrf]");
    return meta ? meta.content : "";
  }

  /** Sends form data, a form or a plain object by POST, with the token. A promise of fetch. */
  function post(url, data) {
    var sent = data;
    if (data instanceof HTMLFormElement) sent = new FormData(data);
    else if (data && !(data instanceof FormData)) {
      sent = new FormData();
      Object.keys(data).forEach(function (name) { sent.append(name, data[name]); });
    }
    return fetch(url, {
      method: "POST", body: sent, credentials: "same-origin",
      headers: { "X-CSRF-Token": csrf(), "X-Requested-With": "fetch" },
    });
  }

  body.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["X-CSRF-Token"] = csrf();
  });

  // A form that comes back with its errors is swapped in; anything else refused is only said.
  body.addEventListener("htmx:beforeSwap", function (event) {
    var request = event.detail.xhr;
    var aimed = request.getResponseHeader("HX-Retarget") || request.getResponseHeader("HX-Reswap");
    if (request.status === 422 && aimed) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  body.addEventListener("htmx:beforeRequest", function () { say("", ""); });
  body.addEventListener("htmx:responseError", function (event) {
    var request = event.detail.xhr;
    say("bad", refusal(request.status, request.responseText || ""));
  });
  ["htmx:sendError", "htmx:timeout"].forEach(function (name) {
    body.addEventListener(name, function () { say("bad", sentence("offline")); });
  });
  body.addEventListener("htmx:afterRequest", function (event) { release(event.detail.elt); });
  body.addEventListener("htmx:afterSettle", function (event) {
    all("[data-select-all]").forEach(count);
    toFirstError(event.detail.elt);
  });

  // ---- A form is sent once -------------------------------------------------------------------

  function hold(form) {
    form.setAttribute("data-sending", "");
    form.setAttribute("aria-busy", "true");
    // After the event: a disabled button would not be sent along.
    setTimeout(function () {
      if (!form.hasAttribute("data-sending")) return;
      all("button:not([type=button])", form).forEach(function (button) {
        if (button.disabled) return;
        button.disabled = true;
        button.setAttribute("data-held", "");
        button.classList.add("sending");
      });
    }, 0);
  }

  function release(element) {
    var form = element && element.closest ? element.closest("form") : null;
    if (!form) return;
    form.removeAttribute("data-sending");
    form.removeAttribute("aria-busy");
    all("[data-held]", form).forEach(function (button) {
      button.disabled = false;
      button.removeAttribute("data-held");
      button.classList.remove("sending");
    });
  }

  // Older Safari does not name the button a form was sent with.
  var clicked = null;
  document.addEventListener("click", function (event) {
    clicked = event.target.closest ? event.target.closest("button") : null;
  }, true);

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.hasAttribute("data-sending")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    var button = event.submitter || (clicked && clicked.form === form ? clicked : null);
    var question = (button && button.getAttribute("data-confirm")) || form.getAttribute("data-confirm");
    if (question && !window.confirm(question)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  document.addEventListener("submit", function (event) {
    var form = event.target;
    var byHtmx = form.hasAttribute("hx-post") || form.hasAttribute("hx-get");
    if (event.defaultPrevented && !byHtmx) return;
    if ((form.getAttribute("method") || "get").toLowerCase() === "get" && !byHtmx || form.hasAttribute("data-keep")) return;
    hold(form);
  });

  // Whoever comes back by the browser's own button finds a form that can be sent again.
  window.addEventListener("pageshow", function () {
    all("form[data-sending]").forEach(release);
  });

  // ---- Ticking rows --------------------------------------------------------------------------

  function boxes(name) {
    return all('input[type=checkbox][name="' + name + '"]');
  }

  function count(master) {
    var name = master.getAttribute("data-select-all");
    var rows = boxes(name);
    var ticked = rows.filter(function (box) { return box.checked; }).length;
    master.checked = ticked > 0 && ticked === rows.length;
    master.indeterminate = ticked > 0 && ticked < rows.length;
    all('[data-selected-count="' + name + '"]').forEach(function (shown) { shown.textContent = ticked; });
    all('[data-needs-selection="' + name + '"]').forEach(function (button) { button.disabled = ticked === 0; });
  }

  document.addEventListener("change", function (event) {
    var box = event.target;
    if (box.type === "checkbox" && box.hasAttribute("data-select-all")) {
      boxes(box.getAttribute("data-select-all")).forEach(function (row) { row.checked = box.checked; });
    }
    if (box.type === "checkbox") all("[data-select-all]").forEach(count);
    if (box.hasAttribute("data-preview")) preview(box);
    if (box.hasAttribute("data-submit-on-change") && box.form) box.form.submit();
  });

  // ---- Small clicks --------------------------------------------------------------------------

  document.addEventListener("click", function (event) {
    var target = event.target.closest ? event.target : event.target.parentElement;
    if (!target) return;
    var asked = target.closest("a[data-confirm]");
    if (asked && !window.confirm(asked.getAttribute("data-confirm"))) event.preventDefault();
    var copied = target.closest("[data-copy]");
    if (copied) copy(copied);
    if (target.closest("[data-print]")) window.print();
    var closing = target.closest("[data-close]");
    if (closing && closing.closest("details")) closing.closest("details").open = false;
    var picture = target.closest("[data-photo]");
    if (picture && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      enlarge(picture);
    }
    // A menu closes when one turns away from it.
    all("details.menu[open], details.sheet[open]").forEach(function (details) {
      if (!details.contains(target)) details.open = false;
    });
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    all("details.menu[open], details.sheet[open]").forEach(function (details) {
      details.open = false;
      details.querySelector("summary").focus();
    });
  });

  function copy(button) {
    var text = button.getAttribute("data-copy");
    var done = function () { button.classList.add("copied"); say("good", text); };
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(text).then(done);
      return;
    }
    var field = make("textarea", "unseen");
    field.value = text;
    body.appendChild(field);
    field.select();
    if (document.execCommand("copy")) done();
    body.removeChild(field);
  }

  // ---- Pictures chosen but not yet sent ------------------------------------------------------

  // Older browsers do not let a page change the list of chosen files.
  var REMOVABLE = (function () {
    try {
      return Boolean(new DataTransfer().items);
    } catch (error) {
      return false;
    }
  })();

  function preview(input) {
    var place = document.getElementById(input.getAttribute("data-preview"));
    if (!place) return;
    all("img", place).forEach(function (image) { URL.revokeObjectURL(image.src); });
    place.textContent = "";
    Array.prototype.slice.call(input.files).forEach(function (file, index) {
      var frame = make("div", "preview");
      var image = make("img");
      image.alt = sentence("photo") + " " + (index + 1);
      image.src = URL.createObjectURL(file);
      frame.appendChild(image);
      if (REMOVABLE) frame.appendChild(remover(input, index));
      place.appendChild(frame);
    });
  }

  function remover(input, index) {
    var button = make("button", "", "×");
    button.type = "button";
    button.setAttribute("aria-label", sentence("remove") + " " + (index + 1));
    button.addEventListener("click", function () {
      var kept = new DataTransfer();
      Array.prototype.slice.call(input.files).forEach(function (file, at) {
        if (at !== index) kept.items.add(file);
      });
      input.files = kept.files;
      preview(input);
      input.focus();
    });
    return button;
  }

  // ---- The lightbox --------------------------------------------------------------------------

  function enlarge(link) {
    var group = link.closest("[data-photos]");
    var links = group ? all("[data-photo]", group) : [link];
    var at = links.indexOf(link);
    var touched = null;
    var box = make("div", "light");
    var image = make("img");
    var caption = make("p");
    var bar = make("div", "light-bar");
    var before = make("button", "", "‹ " + sentence("previous"));
    var after = make("button", "", sentence("next") + " ›");
    var close = make("button", "", "× " + sentence("close"));

    function show(step) {
      at = (at + step + links.length) % links.length;
      image.src = links[at].href;
      image.alt = links[at].getAttribute("data-caption") || "";
      caption.textContent = (at + 1) + " / " + links.length + "　" + image.alt;
    }
    function leave() {
      document.removeEventListener("keydown", key, true);
      body.removeChild(box);
      body.classList.remove("locked");
      link.focus();
    }
    function turn(event) {
      var order = links.length > 1 ? [before, after, close] : [close];
      var next = order.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
      order[(next + order.length) % order.length].focus();
    }
    function key(event) {
      var keys = { Escape: leave, ArrowLeft: function () { show(-1); }, ArrowRight: function () { show(1); }, Tab: turn };
      if (!keys[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      keys[event.key](event);
    }

    box.setAttribute("role", "dialog");
    box.setAttribute("aria-modal", "true");
    box.setAttribute("aria-label", (group && group.getAttribute("aria-label")) || sentence("photo"));
    caption.setAttribute("aria-live", "polite");
    [before, after, close].forEach(function (button) { button.type = "button"; });
    before.hidden = after.hidden = links.length < 2;
    [before, after, close].forEach(function (button) { bar.appendChild(button); });
    [bar, image, caption].forEach(function (part) { box.appendChild(part); });
    before.addEventListener("click", function () { show(-1); });
    after.addEventListener("click", function () { show(1); });
    close.addEventListener("click", leave);
    image.addEventListener("touchstart", function (event) { touched = event.touches[0].clientX; }, { passive: true });
    image.addEventListener("touchend", function (event) {
      var moved = event.changedTouches[0].clientX - touched;
      if (links.length > 1 && Math.abs(moved) > 50) show(moved > 0 ? -1 : 1);
    });
    document.addEventListener("keydown", key, true);
    body.appendChild(box);
    body.classList.add("locked");
    show(0);
    close.focus();
  }

  // ---- Charts --------------------------------------------------------------------------------

  var COLOURS = ["#1456b0", "#b3261e", "#23894f", "#c77400", "#7a45b8", "#0f7f7d", "#7e858f"];

  /** An ECharts chart in our colours and letters, which follows the size of its element. */
  function chart(element, option) {
    var drawn = window.echarts.init(element);
    var calm = window.matchMedia && window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    var ours = { color: COLOURS, textStyle: { fontFamily: getComputedStyle(body).fontFamily }, animation: !calm };
    option = Object.assign({}, ours, option);
    // Tooltips drawn as HTML carry style attributes, which the page does not allow.
    option.tooltip = Object.assign({ renderMode: "richText", confine: true }, option.tooltip);
    drawn.setOption(option);
    window.addEventListener("resize", function () { drawn.resize(); });
    return drawn;
  }

  // ---- On arrival ----------------------------------------------------------------------------

  function toFirstError(within) {
    var first = (within || document).querySelector("[aria-invalid=true], [data-errors]");
    if (!first) return;
    var holder = first.closest("details");
    if (holder) holder.open = true;
    first.focus();
  }

  function connection() {
    var off = navigator.onLine === false;
    all("[data-offline]").forEach(function (part) { part.hidden = !off; });
    all("[data-online]").forEach(function (part) { part.hidden = off; });
  }

  window.addEventListener("online", connection);
  window.addEventListener("offline", connection);
  window.addEventListener("beforeprint", function () {
    all("main details:not(.confirm):not(.menu)").forEach(function (details) { details.open = true; });
  });
  connection();
  all("[data-select-all]").forEach(count);
  all("input[data-preview]").forEach(function (input) { if (input.files.length) preview(input); });
  toFirstError();

  window.portal = { say: say, csrf: csrf, post: post, chart: chart, refusal: refusal };
})();
