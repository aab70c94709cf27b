/* Where a finding is: by position, by a place of lately, by its name; and what is open around it. */
(function () {
  "use strict";

  var ours = window.ours;
  if (!ours) return;
  var form = ours.form, find = ours.find, field = ours.field, say = ours.say, make = ours.make, chip = ours.chip, json = ours.json;

  function place(text) { find("place-said").textContent = text; }

  async function here() {
    var whose = ours.item;
    place(say("locating"));
    try {
      var found = await window.locate();
      if (whose !== ours.item) return;
      field("lat").value = found.lat;
      field("lon").value = found.lon;
      place(say("located") + " " + found.accuracy + " " + say("metres"));
      await ours.keep();
      around();
    } catch (why) {
      place(say(why === "insecure" ? "insecure" : "denied"));
    }
  }

  /** Whoever has allowed it before is not made to press the button again. */
  async function hereIfAllowed() {
    if (!window.isSecureContext || !navigator.permissions || ours.item.lat) return;
    var asked = await navigator.permissions.query({ name: "geolocation" }).catch(function () { return null; });
    if (asked && asked.state === "granted") here();
  }

  /** Chips of places: those around as far as they are known, then the latest. */
  function sites(around_) {
    var chips = find("sites");
    var names = {};
    chips.textContent = "";
    around_.concat(ours.me.sites || []).forEach(function (site) {
      if (names[site[0]] || Object.keys(names).length >= 8) return;
      names[site[0]] = true;
      var drawn = chip(site[0], site[0] === field("place").value, function () { choose(site); });
      if (typeof site[4] === "number") drawn.appendChild(make("small", "", site[4] + " " + say("metres")));
      chips.appendChild(drawn);
    });
  }

  function choose(site) {
    field("place").value = site[0];
    if (site[1]) { field("area").value = site[1]; area(); }
    if (!field("lat").value && site[2] !== null) {
      field("lat").value = site[2];
      field("lon").value = site[3];
    }
    ours.keep();
    around();
  }

  async function around() {
    var whose = ours.item;
    var asked = new URLSearchParams({ lat: field("lat").value, lon: field("lon").value, place: field("place").value });
    var found = await json("/hand-in/nearby?" + asked);
    if (whose !== ours.item) return;
    sites(found ? found.sites : []);
    if (found) near(found.cases);
    settle();
    if (found && found.sites.length && !field("area").value && found.sites[0][1]) {
      field("area").value = found.sites[0][1];
      area();
    }
  }

  function area() {
    var chosen = field("area");
    find("area-shown").textContent = (chosen.selectedOptions[0] || { textContent: "" }).textContent.trim();
  }

  /** Open cases around: one of them may be the same problem. */
  function near(cases) {
    var box = find("near");
    var template = find("near-item");
    Array.prototype.slice.call(box.querySelectorAll("label[data-joins]")).forEach(function (old) { old.remove(); });
    cases.forEach(function (found) {
      var choice = template.content.firstElementChild.cloneNode(true);
      choice.setAttribute("data-joins", found.number);
      choice.querySelector("input").value = found.number;
      choice.querySelector("input").checked = ours.item.joins === found.number;
      choice.querySelector("[data-near-place]").textContent = found.place;
      choice.querySelector("[data-near-problem]").textContent = found.problem;
      choice.querySelector("[data-near-meta]").textContent = [
        found.category, say("reported") + " " + found.reported,
        found.metres === null ? "" : found.metres + " " + say("metres"),
      ].filter(Boolean).join(" · ");
      box.querySelector(".choices").appendChild(choice);
    });
    box.hidden = !cases.length;
  }

  /* Nothing is joined that does not stand there to be seen. */
  function settle() {
    var chosen = form.querySelector("input[name=joins]:checked");
    if (chosen && chosen.value === ours.item.joins) return;
    ours.item.joins = "";
    form.querySelector('input[name=joins][value=""]').checked = true;
  }

  /** Offers the areas this phone knows: the page for no network has none of its own. */
  function areas() {
    var select = field("area");
    (ours.me.areas || []).forEach(function (one) {
      var option = make("option", "", new Array(one[1] + 1).join("　") + one[0]);
      option.value = one[0];
      select.appendChild(option);
    });
  }

  ours.where = {
    hereIfAllowed: hereIfAllowed, areas: areas, settle: settle,
    /** Shows what belongs to the draft that has just come into the form. */
    show: function () {
      place("");
      area();
      sites([]);
      near([]);
      if (ours.item.place || ours.item.lat) around();
      else settle();
    },
    listen: function () {
      field("place").addEventListener("input", ours.later(around, 600));
      field("area").addEventListener("change", area);
      find("locate").hidden = false;
      find("locate").addEventListener("click", here);
    },
  };
})();
