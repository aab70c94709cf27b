// On a phone the tabs of the administration are wider than the screen: show the chosen one.
(function () {
  "use strict";
  var tab = document.querySelector(".tabs [aria-current]");
  if (!tab) return;
  var row = tab.closest(".tabs");
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
})();
