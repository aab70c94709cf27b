/* Units one by one instead of one a line, with suggestions. Without this the text area serves. */
(function () {
  "use strict";

  function make(tag, className, text) {
    var element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  function button(text) {
    var made = make("button", "button button-plain small", text);
    made.type = "button";
    return made;
  }

  function rows(area) {
    var box = make("div", "units");
    var add = button(area.getAttribute("data-say-add"));
    var label = document.querySelector('label[for="' + area.id + '"]');
    var was = area.id;

    function inputs() {
      return Array.prototype.slice.call(box.querySelectorAll("input"));
    }

    /** The text area stays what is sent. */
    function keep() {
      area.value = inputs().map(function (input) { return input.value.trim(); }).filter(Boolean).join("\n");
      Array.prototype.slice.call(box.children).forEach(function (row, at) {
        row.querySelector(".tag").hidden = at > 0;
      });
      inputs().forEach(function (input, at) { input.required = at === 0 && area.hasAttribute("data-must"); });
    }

    function row(value) {
      var line = make("div", "units-row");
      var input = make("input");
      var remove = button("×");
      input.type = "text";
      input.value = value;
      input.autocomplete = "off";
      input.setAttribute("list", "list-" + area.getAttribute("data-units"));
      input.setAttribute("aria-label", label ? label.textContent : "");
      remove.setAttribute("aria-label", area.getAttribute("data-say-remove"));
      remove.addEventListener("click", function () {
        if (box.children.length > 1) box.removeChild(line); else input.value = "";
        keep();
      });
      input.addEventListener("input", keep);
      [input, make("span", "tag tone-blue", area.getAttribute("data-say-lead")), remove].forEach(function (part) {
        line.appendChild(part);
      });
      box.appendChild(line);
      return input;
    }

    if (area.required) area.setAttribute("data-must", "");
    area.required = false;
    area.hidden = true;
    area.id = was + "-lines";
    area.parentNode.insertBefore(box, area);
    area.parentNode.insertBefore(add, area);
    (area.value.trim() ? area.value.trim().split(/\n+/) : [""]).forEach(function (value) { row(value); });
    inputs()[0].id = was;
    add.addEventListener("click", function () { row("").focus(); keep(); });
    keep();
  }

  Array.prototype.slice.call(document.querySelectorAll("textarea[data-units]")).forEach(rows);
})();
