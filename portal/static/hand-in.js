/* The form of a finding: it lives in this phone's memory while it is told, and goes to the queue
   when it is sent. Without IndexedDB it is a plain form. */
(function () {
  "use strict";

  var ours = window.ours;
  if (!ours || !window.queue || !window.indexedDB) return;

  var form = ours.form, find = ours.find, field = ours.field, say = ours.say, make = ours.make;
  var FIELDS = ["place", "problem", "category", "area", "lat", "lon"];
  var MOST = Number(form.getAttribute("data-most"));
  var queue = window.queue;
  var where = ours.where;
  var category = ours.category;
  var shown = {}; /* object URLs of the pictures in view */

  // ---- A draft -------------------------------------------------------------------------------

  function blank() {
    return { key: queue.newKey(), person: ours.me.person, state: "draft", at: Date.now(), tried: false, photos: [], joins: "", fixed: "",
      place: "", problem: "", category: "", area: "", lat: "", lon: "", said: "" };
  }

  function collect() {
    FIELDS.forEach(function (name) { ours.item[name] = field(name).value.trim(); });
    ours.item.fixed = field("fixed").checked ? "1" : "";
  }

  /** Keeps the draft as it is told. A promise; whoever leaves loses nothing after it. */
  async function keep() {
    collect();
    ours.item.at = Date.now();
    try {
      await queue.put("items", ours.item);
      find("kept").textContent = say("kept");
    } catch (error) {
      portal.say("bad", queue.say("full"));
    }
  }

  async function show(chosen) {
    ours.item = chosen;
    queue.told = ours.item.key;
    FIELDS.forEach(function (name) { field(name).value = ours.item[name] || ""; });
    field("fixed").checked = !!ours.item.fixed;
    where.show();
    category.show();
    await pictures();
    await queue.draw();
  }

  // ---- Pictures ------------------------------------------------------------------------------

  async function add(files) {
    var mine = ours.item;
    var room = MOST - mine.photos.length;
    if (files.length > room) portal.say("warn", say("many"));
    find("kept").textContent = say("preparing");
    form.setAttribute("aria-busy", "true");
    for (var i = 0; i < Math.min(files.length, room); i += 1) {
      var key = queue.newKey();
      var blob = await window.shrink(files[i]);
      try {
        await queue.put("pictures", { key: key, blob: blob });
      } catch (error) {
        portal.say("bad", queue.say("full"));
        break;
      }
      /* The key in its name tells a picture sent twice from two of the same. */
      var stem = files[i].name.replace(/\.[^.]*$/, "").slice(0, 60);
      mine.photos.push({ key: key, name: stem + "-" + key.slice(0, 8) + ".jpg", id: 0, sent: 0 });
    }
    form.removeAttribute("aria-busy");
    await keep();
    await pictures();
  }

  async function pictures() {
    var place_ = find("shots-shown");
    Object.keys(shown).forEach(function (key) { URL.revokeObjectURL(shown[key]); });
    shown = {};
    var frames = [];
    for (var i = 0; i < ours.item.photos.length; i += 1) {
      var kept = await queue.read("pictures", ours.item.photos[i].key);
      if (kept) frames.push(frame(ours.item.photos[i], kept.blob, i));
    }
    place_.textContent = "";
    frames.forEach(function (one) { place_.appendChild(one); });
  }

  function frame(photo, blob, index) {
    var drawn = make("div", "preview");
    var image = make("img");
    shown[photo.key] = URL.createObjectURL(blob);
    image.src = shown[photo.key];
    image.alt = document.body.getAttribute("data-say-photo") + " " + (index + 1);
    var remove = make("button", "", "×");
    remove.type = "button";
    remove.setAttribute("aria-label", document.body.getAttribute("data-say-remove") + " " + (index + 1));
    remove.addEventListener("click", async function () {
      ours.item.photos = ours.item.photos.filter(function (one) { return one !== photo; });
      await keep();
      await queue.forget(photo);
      await pictures();
    });
    drawn.appendChild(image);
    drawn.appendChild(remove);
    return drawn;
  }

  // ---- Sending -------------------------------------------------------------------------------

  async function hand(event) {
    event.preventDefault();
    if (form.hasAttribute("aria-busy")) return;
    collect();
    where.settle();
    ours.item.found = today();
    var sent = ours.item;
    try {
      await queue.hand(sent);
    } catch (error) {
      portal.say("bad", queue.say("full"));
      return;
    }
    /* The next one is most likely found in the same area. */
    var next = blank();
    next.area = sent.area;
    remember(sent);
    await show(next);
    if (sent.lat) where.hereIfAllowed();
    find("kept").textContent = "";
    portal.say("good", say("queued"));
    window.scrollTo(0, 0);
    await queue.send();
    portal.say("", "");
  }

  function today() {
    var now = new Date();
    var two = function (number) { return (number < 10 ? "0" : "") + number; };
    return now.getFullYear() + "-" + two(now.getMonth() + 1) + "-" + two(now.getDate());
  }

  function remember(sent) {
    var site = [sent.place, sent.area, sent.lat ? Number(sent.lat) : null, sent.lon ? Number(sent.lon) : null];
    ours.me.sites = [site].concat((ours.me.sites || []).filter(function (one) { return one[0] !== sent.place; })).slice(0, 8);
    queue.put("notes", ours.me);
  }

  // ---- Without a network ---------------------------------------------------------------------

  /** Lets the page open without a network, or says why it will not. */
  async function prepare(setup) {
    var said = document.querySelector("[data-offline-said]");
    if (!window.isSecureContext || !("serviceWorker" in navigator)) {
      said.textContent = say("plain");
      form.setAttribute("data-offline-ready", "no");
      return;
    }
    if (!setup) return;
    try {
      await navigator.serviceWorker.register("/sw.js?v=" + encodeURIComponent(form.getAttribute("data-version")));
      var ready = await navigator.serviceWorker.ready;
      var channel = new MessageChannel();
      channel.port1.onmessage = function (event) {
        form.setAttribute("data-offline-ready", event.data ? "yes" : "no");
        said.textContent = event.data ? say("ready") : "";
      };
      ready.active.postMessage({ files: files() }, [channel.port2]);
    } catch (error) {
      form.setAttribute("data-offline-ready", "no");
    }
  }

  function files() {
    var named = Array.prototype.map.call(document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]"), function (one) {
      return one.href || one.src;
    });
    var icon = document.querySelector("svg.icon use");
    if (icon) named.push(icon.getAttribute("href").split("#")[0]);
    return named;
  }

  // ---- On arrival ----------------------------------------------------------------------------

  async function arrive() {
    await queue.ready;
    var setup = form.getAttribute("data-setup") && JSON.parse(form.getAttribute("data-setup"));
    if (setup) await queue.put("notes", Object.assign({ key: "me" }, setup));
    ours.me = await queue.me();
    if (!setup) where.areas();
    var typedBefore = form.querySelector("[data-shots-shown] input[name=photo]") || document.querySelector("[data-errors]");
    /* A form that came back from the portal with its errors stays a plain form. */
    if (typedBefore) return;
    var chosen = adopted(await first());
    listen();
    await show(chosen);
    await chosenBefore();
    prepare(setup);
    await category.load();
    where.hereIfAllowed();
  }

  /** The draft to go on with: the one named in the address, else the latest, else a new one. */
  async function first() {
    var named = new URLSearchParams(window.location.search).get("edit");
    var drafts = (await queue.all()).filter(function (one) { return one.state === "draft" && one.person === ours.me.person; });
    drafts.sort(function (a, b) { return b.at - a.at; });
    return drafts.filter(function (one) { return one.key === named; })[0] || drafts[0] || blank();
  }

  /* Whoever was quicker than this script loses nothing: what is typed already belongs to the draft. */
  function adopted(chosen) {
    FIELDS.forEach(function (name) { chosen[name] = field(name).value.trim() || chosen[name]; });
    if (field("fixed").checked) chosen.fixed = "1";
    ours.item = chosen;
    return chosen;
  }

  async function chosenBefore() {
    var inputs = Array.prototype.slice.call(form.querySelectorAll("[data-shots]"));
    for (var i = 0; i < inputs.length; i += 1) await taken(inputs[i]);
    await keep();
  }

  async function taken(input) {
    var files_ = Array.prototype.slice.call(input.files);
    input.value = "";
    if (files_.length) await add(files_);
  }

  function listen() {
    /* At every key: a draft without its pictures is small, and a phone may be put away at once. */
    form.addEventListener("input", keep);
    form.addEventListener("change", function (event) {
      if (event.target.name === "joins") ours.item.joins = event.target.value;
      keep();
    });
    form.addEventListener("submit", hand);
    where.listen();
    category.listen();
    Array.prototype.forEach.call(form.querySelectorAll("[data-shots]"), function (input) {
      input.addEventListener("change", function (event) {
        event.stopPropagation();
        taken(input);
      });
    });
    window.addEventListener("pagehide", keep);
    queue.onedit = async function (chosen) {
      await keep();
      await show(chosen);
      form.scrollIntoView();
    };
  }

  ours.keep = keep;
  arrive();
})();
