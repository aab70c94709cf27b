// The editor of a policy: numbered lines, the wrong one marked, and the way to it.
(function () {
  "use strict";
  var text = document.querySelector("[data-policy-text]");
  var lines = document.querySelector("[data-policy-lines]");
  if (!text || !lines) return;

  function wrong() {
    var answer = document.querySelector("[data-policy-answer]");
    return answer ? Number(answer.getAttribute("data-line")) : 0;
  }

  function number() {
    var count = text.value.split("\n").length, bad = wrong();
    lines.textContent = "";
    for (var n = 1; n <= count; n += 1) {
      var line = document.createElement("span");
      line.textContent = n + "\n";
      if (n === bad) line.className = "admin-wrong";
      lines.appendChild(line);
    }
    follow();
  }

  function follow() { lines.scrollTop = text.scrollTop; }

  function go(n) {
    var rows = text.value.split("\n"), start = 0;
    for (var i = 0; i < n - 1 && i < rows.length; i += 1) start += rows[i].length + 1;
    var height = parseFloat(getComputedStyle(text).lineHeight) || 21;
    text.focus();
    text.setSelectionRange(start, start + (rows[n - 1] || "").length);
    text.scrollTop = Math.max(0, (n - 5) * height);
    follow();
    text.scrollIntoView({ block: "center" });
  }

  function size() { lines.style.height = text.offsetHeight + "px"; }

  text.addEventListener("input", number);
  text.addEventListener("scroll", follow);
  document.addEventListener("htmx:afterSwap", number);
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-go-line]");
    if (button) go(Number(button.getAttribute("data-go-line")));
  });
  if (window.ResizeObserver) new ResizeObserver(size).observe(text);
  size();
  number();
})();
