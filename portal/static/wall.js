/* The bars of the wall. The tables above them say the same and are there without script; every
   minute htmx brings them anew, and the bars follow. */
(function () {
  "use strict";

  var TONES = ["#b3261e", "#c77400", "#9db9e0"];
  var drawn = {};

  function option(labels, data) {
    // The worst stands on top; ECharts counts from below.
    var names = data.names.slice().reverse();
    var values = data.values.slice().reverse();
    return {
      color: TONES,
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
      legend: { data: labels, top: 0 },
      grid: { left: 8, right: 24, top: 36, bottom: 8, containLabel: true },
      xAxis: { type: "value", minInterval: 1 },
      yAxis: { type: "category", data: names, axisLabel: { width: 150, overflow: "truncate" } },
      series: labels.map(function (label, index) {
        return {
          name: label, type: "bar", stack: "all", barMaxWidth: 26,
          data: values.map(function (row) { return row[index]; }),
        };
      }),
    };
  }

  function draw() {
    var live = document.getElementById("wall-live");
    if (!live || !window.echarts) return;
    var found = JSON.parse(live.getAttribute("data-wall"));
    document.querySelectorAll("[data-bars]").forEach(function (element) {
      var name = element.getAttribute("data-bars");
      if (!element.offsetWidth) return;
      var said = option(found.labels, found[name]);
      if (drawn[name]) drawn[name].setOption(said);
      else drawn[name] = window.portal.chart(element, said);
    });
  }

  document.body.addEventListener("htmx:afterSettle", draw);
  draw();
})();
