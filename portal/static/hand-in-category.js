/* Which category: the likely ones by what was written, any one by its name, a keyword, or the first
   letters of its pinyin. All of them are in this phone, so that it works without a network. */
(function () {
  "use strict";

  var ours = window.ours;
  if (!ours) return;
  var form = ours.form, find = ours.find, field = ours.field, say = ours.say, make = ours.make, chip = ours.chip, json = ours.json;
  var categories = [];
  var at = -1;

  /** Those that a word means, the best first: by name, by the first letters of pinyin, by keyword. */
  function matching(text) {
    var word = text.toLowerCase().replace(/\s/g, "");
    if (!word) return [];
    return categories.map(function (one) { return [rank(one, word), one]; })
      .filter(function (pair) { return pair[0] < 9; })
      .sort(function (a, b) { return a[0] - b[0]; })
      .slice(0, 30).map(function (pair) { return pair[1]; });
  }

  function rank(one, word) {
    if (one.name.indexOf(word) === 0) return 0;
    if (one.initials.indexOf(word) === 0) return 1;
    if (one.name.indexOf(word) > 0) return 2;
    if (one.words.some(function (known) { return known.indexOf(word) >= 0; })) return 3;
    if (word.length > 1 && one.initials.indexOf(word) > 0) return 4;
    if (word.length > 2 && one.sound.indexOf(word) >= 0) return one.sound.indexOf(word) ? 6 : 5;
    return one.code.toLowerCase().indexOf(word) === 0 ? 7 : 9;
  }

  /* Without a network: by the keywords that stand in the sentence, longer ones first. */
  function guessed(text) {
    return categories.map(function (one) {
      var weight = one.words.reduce(function (sum, word) { return sum + (text.indexOf(word) >= 0 ? word.length : 0); }, 0);
      return [weight, one];
    }).filter(function (pair) { return pair[0] > 2; })
      .sort(function (a, b) { return b[0] - a[0]; })
      .slice(0, 3).map(function (pair) { return [pair[1].code, pair[1].name]; });
  }

  async function likely() {
    var text = field("problem").value.trim();
    var found = text.length < 3 ? [] : guessed(text);
    chips(found);
    if (text.length < 3) return;
    var known = await json("/hand-in/likely?" + new URLSearchParams({ text: text.slice(0, 300), place: field("place").value }));
    if (known && known.length && text === field("problem").value.trim()) chips(known);
  }

  function chips(found) {
    var row = find("likely");
    row.textContent = "";
    found.forEach(function (one) {
      row.appendChild(chip(one[1], field("category").value === one[1], function () { pick(one[1]); }));
    });
  }

  function pick(name) {
    field("category").value = field("category").value === name ? "" : name;
    list([]);
    said();
    ours.keep();
  }

  function said() {
    var name = field("category").value;
    var known = categories.filter(function (one) { return one.name === name; })[0];
    find("category-said").textContent = known ? known.limit : "";
    Array.prototype.forEach.call(find("likely").children, function (one) {
      one.setAttribute("aria-pressed", String(one.textContent === name));
    });
  }

  function list(found) {
    var box = document.getElementById("category-found");
    var input = field("category");
    at = -1;
    box.textContent = "";
    found.forEach(function (one, index) {
      var option = make("li", "", one.name);
      option.id = "category-" + index;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      if (one.limit) option.appendChild(make("small", "", one.limit));
      /* Before the field loses the focus. */
      option.addEventListener("mousedown", function (event) {
        event.preventDefault();
        input.value = "";
        pick(one.name);
      });
      box.appendChild(option);
    });
    box.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!!found.length));
    input.removeAttribute("aria-activedescendant");
  }

  function typed() {
    var text = field("category").value.trim();
    var found = matching(text);
    list(found);
    find("category-said").textContent = text && !found.length && categories.length ? say("nothing") : "";
  }

  function step(event) {
    var box = document.getElementById("category-found");
    var options = box.children;
    if (box.hidden) return;
    if (event.key === "Escape") { list([]); return; }
    if (event.key === "Enter") {
      event.preventDefault();
      var chosen = options[Math.max(at, 0)];
      field("category").value = "";
      pick(chosen.firstChild.textContent);
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (at >= 0) options[at].setAttribute("aria-selected", "false");
    at = (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
    options[at].setAttribute("aria-selected", "true");
    options[at].scrollIntoView({ block: "nearest" });
    field("category").setAttribute("aria-activedescendant", options[at].id);
  }

  ours.category = {
    show: function () {
      said();
      likely();
    },
    load: async function () {
      categories = (await json("/hand-in/catalogue.json")) || [];
      said();
      likely();
    },
    listen: function () {
      var input = field("category");
      input.setAttribute("role", "combobox");
      input.setAttribute("aria-expanded", "false");
      input.setAttribute("aria-controls", "category-found");
      input.setAttribute("aria-autocomplete", "list");
      input.addEventListener("input", typed);
      input.addEventListener("keydown", step);
      input.addEventListener("blur", function () { list([]); said(); });
      field("problem").addEventListener("input", ours.later(likely, 350));
    },
  };
})();
