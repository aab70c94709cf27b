/* What is handed in goes into this phone first and from here to the portal, each once.

   An item has a key of its own, under which the portal takes it once however often it is sent.
   States: draft (still being told) · waiting (to be sent) · refused (the portal said why) · done.
   Once it was sent (`tried`) an item can no longer be changed until the portal has answered:
   it may be there already. Pictures lie in a store of their own, so that a key pressed in a
   draft does not write megabytes. */
(function () {
  "use strict";

  var STORES = ["items", "pictures", "notes"];
  var FRESH = 12 * 3600 * 1000; /* the portal forgets pictures that were not handed in */
  var SHOWN = 24 * 3600 * 1000;
  var PAUSES = [5, 15, 30, 60, 120];

  var database = null;
  var sending = "";
  var busy = false;
  var again = false;
  var note = "";
  var tries = 0;
  var timer = 0;

  // ---- What is kept --------------------------------------------------------------------------

  function open() {
    if (database) return database;
    database = new Promise(function (done, failed) {
      var asked = window.indexedDB.open("duban", 1);
      asked.onupgradeneeded = function () {
        STORES.forEach(function (name) { asked.result.createObjectStore(name, { keyPath: "key" }); });
      };
      asked.onsuccess = function () { done(asked.result); };
      asked.onerror = function () { failed(asked.error); };
    });
    return database;
  }

  /** Runs `work` with the stores of one transaction; a promise of the result of what it asked. */
  async function within(mode, work) {
    var base = await open();
    return new Promise(function (done, failed) {
      var transaction = base.transaction(STORES, mode);
      var asked = work(function (name) { return transaction.objectStore(name); });
      transaction.oncomplete = function () { done(asked && asked.result); };
      transaction.onabort = transaction.onerror = function () { failed(transaction.error); };
    });
  }

  function read(store, key) {
    return within("readonly", function (of) { return of(store).get(key); });
  }

  function put(store, value) {
    return within("readwrite", function (of) { return of(store).put(value); });
  }

  function all() {
    return within("readonly", function (of) { return of("items").getAll(); });
  }

  function drop(item) {
    return within("readwrite", function (of) {
      item.photos.forEach(function (photo) { of("pictures").delete(photo.key); });
      of("items").delete(item.key);
    });
  }

  /** Takes one picture away. */
  function forget(photo) {
    return within("readwrite", function (of) { return of("pictures").delete(photo.key); });
  }

  function newKey() {
    var random = new Uint8Array(12);
    window.crypto.getRandomValues(random);
    return Array.prototype.map.call(random, function (byte) { return (byte + 256).toString(16).slice(1); }).join("");
  }

  async function me() {
    return (await read("notes", "me")) || { key: "me", person: 0, areas: [], sites: [] };
  }

  // ---- Sending -------------------------------------------------------------------------------

  /** Sends what waits, one after the other. Who calls while it does is answered by one more round. */
  async function send() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      do {
        again = false;
        await locked(round);
      } while (again);
    } catch (error) {
      note = "trouble";
    }
    busy = false;
    await draw();
    plan();
  }

  /* Two pages at once would upload pictures twice. Without locks (no https) the keys alone keep
     anything from being taken twice. */
  function locked(work) {
    if (!navigator.locks) return work();
    return navigator.locks.request("duban-queue", { ifAvailable: true }, function (lock) { return lock ? work() : null; });
  }

  async function round() {
    var waiting = (await all()).filter(function (item) { return item.state === "waiting"; });
    if (!waiting.length) { note = ""; return; }
    var who = await ask("/hand-in/state.json");
    if (who.status !== 200) { note = stopped(who.status); return; }
    var mine = waiting.filter(function (item) { return item.person === who.body.person; });
    note = mine.length < waiting.length ? "other" : "";
    mine.sort(function (a, b) { return a.at - b.at; });
    for (var i = 0; i < mine.length; i += 1) {
      var stop = await sendOne(mine[i].key, who.body.csrf);
      if (stop) { note = stop; tries += 1; return; }
    }
    tries = 0;
  }

  function stopped(status) {
    if (!status) return "offline";
    return status === 401 || status === 403 ? "signedout" : "trouble";
  }

  /** Sends one item; a promise of why nothing more can be sent now, or of nothing. */
  async function sendOne(key, csrf) {
    var item = await read("items", key);
    if (!item || item.state !== "waiting") return "";
    sending = key;
    await draw();
    try {
      for (var i = 0; i < item.photos.length; i += 1) {
        var kept = await upload(item, item.photos[i], csrf);
        if (kept) return await settle(item, kept);
      }
      item.tried = true;
      await put("items", item);
      return await settle(item, await ask("/hand-in", csrf, told(item)));
    } finally {
      sending = "";
    }
  }

  /** Uploads a picture of an item unless it is there; a promise of the refusal, or of null. */
  async function upload(item, photo, csrf) {
    if (photo.id && Date.now() - photo.sent < FRESH) return null;
    var picture = await read("pictures", photo.key);
    if (!picture) return null;
    var form = new FormData();
    form.append("photo", picture.blob, photo.name);
    var answer = await ask("/photos", csrf, form);
    if (answer.status !== 200) return answer;
    photo.id = answer.body.id;
    photo.sent = Date.now();
    await put("items", item);
    return null;
  }

  function told(item) {
    var form = new FormData();
    ["place", "problem", "category", "area", "lat", "lon", "joins", "found", "fixed"].forEach(function (name) {
      form.append(name, item[name] === undefined || item[name] === null ? "" : String(item[name]));
    });
    form.append("key", item.key);
    item.photos.forEach(function (photo) { if (photo.id) form.append("photo", photo.id); });
    return form;
  }

  /** Writes down what the portal said; a promise of why nothing more can be sent now. */
  async function settle(item, answer) {
    if (answer.status === 200) {
      await within("readwrite", function (of) {
        item.photos.forEach(function (photo) { of("pictures").delete(photo.key); });
        of("items").put(Object.assign(item, {
          state: "done", said: answer.body.said, label: answer.body.label, "case": answer.body["case"], at: Date.now(),
        }));
      });
      return "";
    }
    if ([404, 413, 415, 422].indexOf(answer.status) >= 0) {
      item.state = "refused";
      item.said = (answer.body && answer.body.reason) || (window.portal ? portal.refusal(answer.status, answer.text) : "");
      await put("items", item);
      return "";
    }
    return stopped(answer.status);
  }

  /** A promise of the portal's answer: status (0: it was not reached), its text and its document. */
  async function ask(url, csrf, form) {
    try {
      var response = await fetch(url, {
        method: form ? "POST" : "GET", body: form, credentials: "same-origin", redirect: "manual",
        cache: "no-store", headers: Object.assign({ "X-Requested-With": "fetch" }, csrf ? { "X-CSRF-Token": csrf } : {}),
      });
      /* A redirect leads to the door. */
      if (response.type === "opaqueredirect") return { status: 401, text: "", body: null };
      var text = await response.text();
      var body = null;
      try { body = JSON.parse(text); } catch (error) { body = null; }
      if (response.status === 200 && !body) return { status: 502, text: text, body: null };
      return { status: response.status, text: text, body: body };
    } catch (error) {
      return { status: 0, text: "", body: null };
    }
  }

  async function plan() {
    window.clearTimeout(timer);
    var waiting = (await all()).some(function (item) { return item.state === "waiting"; });
    if (!waiting || note === "signedout" || note === "other") return;
    timer = window.setTimeout(send, 1000 * PAUSES[Math.min(tries, PAUSES.length - 1)]);
  }

  // ---- What is shown -------------------------------------------------------------------------

  var TONES = { draft: "grey", waiting: "amber", sending: "blue", refused: "red", done: "green" };
  var root = document.querySelector("[data-queue]");

  function find(name, from) {
    return (from || root).querySelector("[data-" + name + "]");
  }

  /** Shows the items of whoever used this phone last; the one being told is in the form. */
  async function draw() {
    var person = (await me()).person;
    var everything = await all();
    var items = everything.filter(function (item) {
      if (item.person !== person || item.key === api.told || item.state === "draft" && empty(item)) return false;
      return item.state !== "done" || !root || !root.hasAttribute("data-queue-open");
    });
    var waiting = items.filter(function (item) { return item.state === "waiting"; });
    badges(waiting.length);
    if (!root) return;
    items.sort(function (a, b) { return b.at - a.at; });
    var list = find("queue-list");
    list.textContent = "";
    items.forEach(function (item) { list.appendChild(card(item)); });
    root.hidden = !items.length && !note;
    find("queue-count").textContent = waiting.length;
    find("queue-count").hidden = !waiting.length;
    find("queue-send").hidden = !waiting.length || !!sending;
    find("queue-note").textContent = note && !sending ? say(note) : "";
    find("queue-note").hidden = !note || !!sending;
    find("queue-sign-in").hidden = note !== "signedout" || !!sending;
  }

  function say(name) {
    return root ? root.getAttribute("data-say-" + name) || "" : "";
  }

  /* The number of what waits, beside the way to the form on every page that knows the queue. */
  function badges(number) {
    Array.prototype.forEach.call(document.querySelectorAll('nav a[href="/hand-in"]'), function (link) {
      var badge = link.querySelector(".badge");
      if (!badge) {
        badge = document.createElement("span");
        badge.className = "badge";
        link.appendChild(badge);
      }
      badge.hidden = !number;
      badge.textContent = number;
    });
  }

  function card(item) {
    var drawn = find("queue-item").content.firstElementChild.cloneNode(true);
    var state = item.key === sending ? "sending" : item.state;
    drawn.setAttribute("data-state", state);
    find("item-place", drawn).textContent = item.place || say("unnamed");
    find("item-state", drawn).textContent = state === "done" ? item.label || say("done") : say(state);
    find("item-state", drawn).className = "pill tone-" + TONES[state];
    find("item-problem", drawn).textContent = item.problem || "";
    find("item-photos", drawn).textContent = item.photos.length ? item.photos.length + " " + say("photos") : "";
    find("item-said", drawn).textContent = state === "refused" || state === "done" ? item.said || "" : "";
    var open_ = !item.tried || state === "refused";
    allow(drawn, item, "edit", open_ && state !== "done" && state !== "sending");
    allow(drawn, item, "drop", open_ && state !== "done" && state !== "sending");
    allow(drawn, item, "done", state === "done");
    var link = find("item-case", drawn);
    link.hidden = state !== "done" || !item["case"];
    if (item["case"]) link.href = "/cases/" + encodeURIComponent(item["case"]);
    return drawn;
  }

  function allow(drawn, item, name, allowed) {
    var button = drawn.querySelector('[data-item-do="' + name + '"]');
    button.hidden = !allowed;
    button.addEventListener("click", function () { DOES[name](item); });
  }

  var DOES = {
    edit: async function (item) {
      await reopen(item);
      if (api.onedit) api.onedit(item); else window.location.href = "/hand-in?edit=" + encodeURIComponent(item.key);
    },
    drop: async function (item) {
      if (!window.confirm(say("drop"))) return;
      await drop(item);
      await draw();
    },
    done: async function (item) {
      await drop(item);
      await draw();
    },
  };

  /** Makes a draft of an item again. What was refused is another finding from now on: under its
      old key the portal would only repeat its refusal. */
  async function reopen(item) {
    var old = item.key;
    if (item.state === "refused") {
      item.key = newKey();
      item.photos.forEach(function (photo) { photo.id = 0; });
    }
    item.state = "draft";
    item.tried = false;
    item.said = "";
    await within("readwrite", function (of) {
      if (old !== item.key) of("items").delete(old);
      of("items").put(item);
    });
  }

  function empty(item) {
    return !item.place && !item.problem && !item.photos.length && !item.category;
  }

  /** Forgets what was done a day ago. */
  async function tidy() {
    var items = await all();
    for (var i = 0; i < items.length; i += 1) {
      var item = items[i];
      var old = item.state === "done" && Date.now() - item.at > SHOWN;
      if (old || item.state === "draft" && empty(item)) await drop(item);
    }
  }

  var api = {
    told: "", onedit: null, ready: null,
    all: all, read: read, put: put, forget: forget, newKey: newKey, me: me, send: send, draw: draw, say: say,
    /** Lets an item wait to be sent. */
    hand: async function (item) {
      item.state = "waiting";
      item.at = Date.now();
      await put("items", item);
      tries = 0;
    },
  };
  window.queue = api;

  if (root) find("queue-send").addEventListener("click", function () { tries = 0; send(); });
  window.addEventListener("online", function () { tries = 0; send(); });
  window.addEventListener("offline", function () { note = "offline"; draw(); });
  document.addEventListener("visibilitychange", function () { if (!document.hidden) send(); });

  api.ready = open().then(tidy).then(draw);
  api.ready.then(send, function () {});
})();
