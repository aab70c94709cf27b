/* Draws the chart of the page of samples. */
window.portal.chart(document.querySelector("[data-gallery-chart]"), {
  grid: { left: 40, right: 16, top: 36, bottom: 28 },
  legend: { top: 0 },
  tooltip: { trigger: "axis" },
  xAxis: { type: "category", data: ["34", "35", "36", "37", "38"] },
  yAxis: { type: "value" },
  series: [
    { name: "东澄区", type: "bar", data: [12, 9, 14, 6, 4] },
    { name: "西岚区", type: "bar", data: [7, 11, 8, 9, 5] },
  ],
});
