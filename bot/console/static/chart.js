// Thin dressing for the chart library: colours from the style sheet, sizes from the page.
/* global uPlot */
const charts = new Map();

export const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Draw `data` in the element `id`; `key` changes when series or scales must be made anew.
export function draw(id, key, data, options) {
  const place = document.getElementById(id);
  const theme = `${key}|${colour("paper")}`;
  let entry = charts.get(id);
  if (!data[0].length) {
    entry?.chart.destroy();
    charts.delete(id);
    place.classList.add("blank");
    return;
  }
  place.classList.remove("blank");
  if (entry && entry.theme === theme) {
    entry.lines = options.lines;
    entry.chart.setData(data);
    return;
  }
  entry?.chart.destroy();
  entry = { theme, lines: options.lines };
  charts.set(id, entry);
  entry.chart = new uPlot({
    width: place.clientWidth || 300,
    height: place.clientHeight || 200,
    legend: { show: false },
    cursor: { points: { size: 5 }, drag: { x: false, y: false } },
    scales: { x: { time: Boolean(options.time) }, ...options.scales },
    axes: [axis(options.xLabel, options.xValues), { ...axis(null, options.yValues), size: options.ySize ?? 60 }],
    series: [{}, ...options.series],
    hooks: { draw: [(chart) => rule(chart, entry.lines)] },
  }, data, place);
}

export function redraw() {
  for (const entry of charts.values()) entry.theme = "";
}

function axis(label, values) {
  return {
    stroke: colour("faint"), font: "11px system-ui, sans-serif", labelFont: "11px system-ui, sans-serif",
    label: label ?? undefined, labelSize: label ? 18 : 0, size: 34,
    grid: { stroke: colour("line"), width: 1 }, ticks: { show: false },
    ...(values ? { values: (_, splits) => splits.map(values) } : {}),
  };
}

// Straight lines across the plot, each { x | y, colour, label, dash }.
function rule(chart, lines) {
  const { ctx, bbox } = chart;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  for (const line of lines ?? []) {
    const upright = line.x !== undefined;
    const at = Math.round(chart.valToPos(upright ? line.x : line.y, upright ? "x" : "y", true)) + 0.5;
    ctx.strokeStyle = line.colour;
    ctx.fillStyle = line.colour;
    ctx.lineWidth = ratio;
    ctx.setLineDash((line.dash ?? []).map((length) => length * ratio));
    ctx.beginPath();
    ctx.moveTo(upright ? at : bbox.left, upright ? bbox.top : at);
    ctx.lineTo(upright ? at : bbox.left + bbox.width, upright ? bbox.top + bbox.height : at);
    ctx.stroke();
    if (line.label) {
      ctx.textAlign = upright && line.left ? "right" : "left";
      const x = upright ? at + (line.left ? -5 : 5) * ratio : bbox.left + 5 * ratio;
      ctx.fillText(line.label, x, upright ? bbox.top + (line.row ?? 1) * 13 * ratio : at - 4 * ratio);
    }
  }
  ctx.restore();
}

const observer = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const chart = charts.get(target.id)?.chart;
    if (chart && target.clientWidth) chart.setSize({ width: target.clientWidth, height: target.clientHeight });
  }
});
for (const place of document.querySelectorAll(".chart")) observer.observe(place);
