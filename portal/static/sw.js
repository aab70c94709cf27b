/* Lets the form open without a network. It keeps files of ours and one page that says nothing of
   anybody (/hand-in/offline); never a page with cases, never a picture. */
"use strict";

var CACHE = "duban-" + (new URL(self.location).searchParams.get("v") || "0");
var SHELL = "/hand-in/offline";
var DIRECTORY = "/hand-in/catalogue.json";
var PATIENCE = 6000; /* milliseconds before a page that does not come counts as no network */

self.addEventListener("install", function () { self.skipWaiting(); });

self.addEventListener("activate", function (event) {
  event.waitUntil(caches.keys().then(function (names) {
    var old = names.filter(function (name) { return name.indexOf("duban-") === 0 && name !== CACHE; });
    return Promise.all(old.map(function (name) { return caches.delete(name); }));
  }).then(function () { return self.clients.claim(); }));
});

/* The form names the files it is made of: they are kept with the page for no network. */
self.addEventListener("message", function (event) {
  var reply = event.ports[0];
  event.waitUntil(caches.open(CACHE).then(function (cache) {
    return cache.addAll([SHELL, DIRECTORY].concat(event.data.files || []));
  }).then(function () { reply.postMessage(true); }, function () { reply.postMessage(false); }));
});

self.addEventListener("fetch", function (event) {
  var url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && (url.pathname === "/hand-in" || url.pathname === "/")) {
    event.respondWith(page(event.request));
  } else if (url.pathname === DIRECTORY) {
    event.respondWith(directory(event.request));
  } else if (url.pathname.indexOf("/static/") === 0) {
    event.respondWith(kept(event.request).then(function (found) { return found || fetch(event.request); }));
  }
});

function kept(request) {
  return caches.open(CACHE).then(function (cache) { return cache.match(request); });
}

function page(request) {
  var late = new Promise(function (_, failed) { setTimeout(failed, PATIENCE); });
  return Promise.race([fetch(request), late]).then(function (response) {
    if (response.status >= 500) throw new Error("the portal is down");
    return response;
  }).catch(function () {
    return kept(SHELL).then(function (found) { return found || fetch(request); });
  });
}

function directory(request) {
  return fetch(request).then(function (response) {
    if (response.ok && !response.redirected) {
      var copy = response.clone();
      caches.open(CACHE).then(function (cache) { cache.put(DIRECTORY, copy); });
    }
    return response;
  }).catch(function () {
    return kept(DIRECTORY).then(function (found) { return found || Response.error(); });
  });
}
