/* Where this phone is, asked only when somebody presses a button. */
(function () {
  "use strict";

  /** A promise of {lat, lon, accuracy}; refused with "insecure" or "denied". */
  function locate() {
    return new Promise(function (done, failed) {
      if (!window.isSecureContext) { failed("insecure"); return; }
      if (!navigator.geolocation) { failed("denied"); return; }
      navigator.geolocation.getCurrentPosition(function (found) {
        done({
          /* Five places are about a metre. */
          lat: found.coords.latitude.toFixed(5), lon: found.coords.longitude.toFixed(5),
          accuracy: Math.round(found.coords.accuracy),
        });
      }, function () { failed("denied"); }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
    });
  }

  var button = document.querySelector("[data-locate-to]");
  var said = document.querySelector("[data-locate-said]");

  if (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      button.disabled = true;
      said.textContent = said.getAttribute("data-say-locating");
      locate().then(function (here) {
        window.location.href = button.getAttribute("data-locate-to") + "?lat=" + here.lat + "&lon=" + here.lon;
      }, function (why) {
        button.disabled = false;
        said.textContent = said.getAttribute("data-say-" + why);
      });
    });
  }

  window.locate = locate;
})();
