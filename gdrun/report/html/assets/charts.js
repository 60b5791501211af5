// What draws the charts of a report: each takes the chart's data, a width and the state of its switches, and returns SVG.
// Names and texts from a run only ever become text nodes.
"use strict";
const gdrun = (() => {
  const colour = (role) => `var(--${role})`;

  // Numbers. On the axes short, in the tooltips to the last bit.
  const short = (value) => {
    if (value === 0) return "0";
    const size = Math.abs(value);
    const text = size >= 1e5 || size < 1e-3 ? d3.format(".2~e")(value) : d3.format(",.6~r")(value).replace(/,/g, "\u2009");
    return text.replace("e+", "e").replaceAll("-", "−");
  };
  const whole = (value) => (Math.abs(value) < 1e7 ? d3.format(",.0f")(value).replace(/,/g, "\u2009") : short(value));
  const wholeTicks = (values, count) => d3.ticks(...d3.extent(values), count).filter(Number.isInteger);
  const exact = (value) => (value === null ? "–" : String(value).replaceAll("-", "−"));
  const percent = (share) => `${(100 * share).toFixed(share === 1 ? 0 : 1)} %`;
  const clip = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

  // One line a label, the numbers under each other.
  const columns = (pairs) => pairs.map(([label, text]) => `${label}  ${text}`).join("\n");

  const frame = (width, height) => ({
    width, height, marginLeft: 58, marginRight: 20, marginTop: 42, marginBottom: 38,
    style: {fontSize: "12px"},
    x: {label: null, tickFormat: short, ticks: Math.max(3, Math.floor(width / 80))},
    y: {label: null, grid: true, nice: true, tickFormat: short, ticks: 5},
  });
  const axisLabels = (x, y) => [
    Plot.text([x], {frameAnchor: "bottom-right", dy: 34, textAnchor: "end", fill: "var(--soft)", text: (d) => `${d} →`}),
    Plot.text([y], {frameAnchor: "top-left", lineAnchor: "bottom", dx: -56, dy: -22, textAnchor: "start", fill: "var(--soft)", text: (d) => `↑ ${d}`}),
  ];
  const tip = {fontSize: 12, lineHeight: 1.35, lineWidth: 40, textPadding: 10, pathFilter: "drop-shadow(0 2px 4px rgb(0 0 0 / .25))"};

  // The vertical axis of some values. On a logarithmic one: a few round ticks, and no more room than needed.
  function vertical(values, state) {
    if (!state.log) return {};
    const [low, high] = d3.extent(values);
    if (low === undefined) return {};
    const decades = Math.log10(high / low);
    const first = Math.floor(Math.log10(low));
    const powers = d3.range(first, Math.ceil(Math.log10(high)) + 1, Math.max(1, Math.ceil(decades / 6)));
    const factors = decades > 3 ? [1] : decades > 1 ? [1, 3] : [1, 1.5, 2, 3, 4, 5, 7];
    const domain = [low / (high / low) ** 0.04, high * (high / low) ** 0.04];
    if (low === high) domain.splice(0, 2, low / 2, high * 2);
    const ticks = powers.flatMap((power) => factors.map((factor) => factor * 10 ** power));
    return {type: "log", domain, nice: false, ticks: ticks.filter((tick) => tick >= domain[0] && tick <= domain[1])};
  }
  const usable = (state) => (value) => value !== null && (!state.log || value > 0);

  // Lines over epochs or steps; `best` marks the epoch whose weights were kept.
  function curves(chart, width, state) {
    const ok = usable(state);
    const lines = chart.lines.filter((line) => !state.hidden.has(line.label));
    const rows = d3.range(chart.x.length).filter((i) => chart.x[i] !== null && lines.some((line) => ok(line.values[i])));
    const at = (i) => chart.x[i];
    const few = chart.x.length <= 40;
    const said = (i) => columns([
      [chart.axis, exact(chart.x[i])],
      ...chart.beside.map((other) => [other.label, exact(other.values[i])]),
      ...lines.map((line) => [line.label, exact(line.values[i])]),
    ]);
    const middle = (chart.x[0] + chart.x[chart.x.length - 1]) / 2;
    const options = frame(width, 280);
    return Plot.plot({
      ...options,
      x: {...options.x, ticks: wholeTicks(chart.x, options.x.ticks), tickFormat: whole},
      y: {...options.y, ...vertical(lines.flatMap((line) => line.values.filter(ok)), state)},
      marks: [
        ...axisLabels(chart.axis, chart.label),
        chart.best === null ? null : [
          Plot.ruleX([chart.best], {stroke: "var(--soft)", strokeDasharray: "3 4"}),
          Plot.text([chart.best], {
            x: (d) => d, frameAnchor: "top", lineAnchor: "bottom", dy: -6, dx: chart.best > middle ? 2 : -2, fill: "var(--soft)",
            textAnchor: chart.best > middle ? "end" : "start", text: (d) => `best epoch ${whole(d)}`,
          }),
        ],
        lines.map((line) => [
          Plot.line(chart.x, {x: (_, i) => at(i), y: (_, i) => (ok(line.values[i]) ? line.values[i] : NaN), stroke: colour(line.role), strokeWidth: 2, strokeLinejoin: "round"}),
          few ? Plot.dot(d3.range(chart.x.length).filter((i) => ok(line.values[i])), {x: at, y: (i) => line.values[i], fill: colour(line.role), r: 2.5}) : null,
        ]),
        Plot.ruleX(rows, Plot.pointerX({x: at, stroke: "var(--soft)"})),
        lines.map((line) => Plot.dot(rows.filter((i) => ok(line.values[i])), Plot.pointerX({x: at, y: (i) => line.values[i], fill: colour(line.role), stroke: "var(--paper)", r: 4}))),
        Plot.tip(rows, Plot.pointerX({x: at, y: (i) => lines.map((line) => line.values[i]).find(ok), title: said, ...tip})),
      ],
    });
  }

  // Every seed or fold thin, the median thick, the band between the quartiles.
  function seeds(chart, width, state) {
    const ok = usable(state);
    const sets = chart.sets.filter((set) => !state.hidden.has(set.label));
    const options = frame(width, 300);
    const rows = sets.flatMap((set) => d3.range(set.x.length).filter((i) => ok(set.median[i])).map((i) => ({set, i})));
    const said = ({set, i}) => columns([
      [chart.axis, exact(set.x[i])],
      [`${set.label}, median`, exact(set.median[i])],
      ["quartiles", `${exact(set.low[i])} to ${exact(set.high[i])}`],
      [`${chart.noun}s`, exact(set.seeds[i])],
    ]);
    const thin = sets.flatMap((set) => set.curves.flatMap((curve, n) => curve.x.map((x, i) => ({x, y: ok(curve.y[i]) ? curve.y[i] : NaN, z: `${set.label} ${n}`, role: set.role}))));
    return Plot.plot({
      ...options,
      x: {...options.x, ticks: wholeTicks(sets.flatMap((set) => set.x), options.x.ticks), tickFormat: whole},
      y: {...options.y, ...vertical([...thin.map((d) => d.y), ...sets.flatMap((set) => [...set.low, ...set.high])].filter((y) => ok(y) && !Number.isNaN(y)), state)},
      marks: [
        ...axisLabels(chart.axis, chart.label),
        Plot.line(thin, {x: "x", y: "y", z: "z", stroke: (d) => colour(d.role), strokeWidth: 1, strokeOpacity: 0.3}),
        sets.map((set) => Plot.areaY(set.x, {x: set.x, y1: (_, i) => (ok(set.low[i]) ? set.low[i] : NaN), y2: (_, i) => (ok(set.high[i]) ? set.high[i] : NaN), fill: colour(set.role), fillOpacity: 0.22})),
        sets.map((set) => Plot.line(set.x, {x: set.x, y: (_, i) => (ok(set.median[i]) ? set.median[i] : NaN), stroke: colour(set.role), strokeWidth: 2.5})),
        Plot.ruleX(rows, Plot.pointerX({x: ({set, i}) => set.x[i], stroke: "var(--soft)"})),
        Plot.tip(rows, Plot.pointerX({x: ({set, i}) => set.x[i], y: ({set, i}) => set.median[i], title: said, ...tip})),
      ],
    });
  }

  // A dot a seed or fold, or a bar for all in a bin where they are many; the diamond is the mean, the line its interval.
  function spread(chart, width) {
    const bins = chart.bins.map(([from, to, runs]) => ({from, to, runs}));
    const most = d3.max(bins, (d) => d.runs);
    const place = {x1: "from", x2: "to", y: (d) => d.runs / most, dy: -24};
    const counted = (d) => columns([[`${chart.noun}s`, exact(d.runs)], [chart.label, `${exact(d.from)} to ${exact(d.to)}`]]);
    const rows = d3.range(chart.values.length).filter((i) => chart.values[i] !== null);
    const r = rows.length > 30 ? 3 : 4.5;
    const said = (i) => columns([[chart.noun, chart.seeds[i] ?? ""], [chart.label, exact(chart.values[i])]]);
    const dots = (options) => Plot.dodgeY({anchor: "bottom", x: (i) => chart.values[i], r, padding: 1, dy: -24, ...options});
    const below = {y: 0, dy: -9, stroke: "var(--val)", strokeLinecap: "round"};
    return Plot.plot({
      width, height: rows.length > 30 || bins.length ? 150 : 120, marginLeft: 14, marginRight: 14, marginTop: bins.length ? 30 : 6, marginBottom: 38, style: {fontSize: "12px"},
      x: {label: null, nice: true, inset: 8, grid: true, tickFormat: short, ticks: Math.max(3, Math.floor(width / 90))},
      y: {axis: null, domain: [0, 1]},
      marks: [
        axisLabels(chart.label, "")[0],
        chart.low === null ? null : Plot.ruleY([0], {...below, x1: chart.low, x2: chart.high, strokeWidth: 3}),
        chart.mean === null ? null : Plot.dot([0], {...below, x: [chart.mean], symbol: "diamond", r: 5.5, fill: "var(--val)", stroke: "var(--paper)"}),
        Plot.rectY(bins, {...place, fill: "var(--train)", fillOpacity: 0.8, insetLeft: 0.5, insetRight: 0.5}),
        Plot.tip(bins, Plot.pointerX({...place, title: counted, ...tip})),
        Plot.dot(rows, dots({fill: "var(--train)", fillOpacity: 0.8})),
        Plot.tip(rows, Plot.pointerX(dots({title: said, ...tip}))),
      ],
    });
  }

  // Blue is right, orange is wrong; the stronger, the larger the share of the true class.
  function confusion(chart, width) {
    const size = chart.classes.length;
    const longest = Math.min(16, d3.max(chart.classes, (label) => label.length));
    const left = Math.max(48, 7.2 * longest + 32);
    const room = (width - left - 16) / size;
    const cell = Math.max(18, Math.min(Math.max(64, 7.2 * longest + 16), room));
    const tall = Math.min(cell, 52);
    const upright = longest * 7 > cell - 4;
    const below = upright ? 7 * longest + 34 : 44;
    const label = (i) => clip(chart.classes[i], longest);
    const share = ([i, , count]) => count / chart.totals[i];
    const cells = chart.cells.map((entry) => ({i: entry[0], j: entry[1], count: entry[2], share: share(entry)}));
    const empty = d3.cross(d3.range(size), d3.range(size));
    const said = (d) => columns([
      ["true", chart.classes[d.i]], ["predicted", chart.classes[d.j]], ["rows", exact(d.count)],
      ["share", `${percent(d.share)} of ${exact(chart.totals[d.i])}`],
    ]);
    const strength = (d) => 0.12 + 0.88 * Math.sqrt(d.share);
    const strong = (d) => (strength(d) > 0.62 ? "#ffffff" : "var(--ink)");
    const roomy = cell >= 44;
    return Plot.plot({
      width: left + size * cell + 16, height: 26 + size * tall + below,
      marginLeft: left, marginRight: 16, marginTop: 26, marginBottom: below, style: {fontSize: "12px"},
      x: {type: "band", domain: d3.range(size), padding: 0.04, tickFormat: label, tickRotate: upright ? -90 : 0, tickSize: 0, label: null},
      y: {type: "band", domain: d3.range(size), padding: 0.04, tickFormat: label, tickSize: 0, label: null},
      marks: [
        Plot.text(["predicted →"], {frameAnchor: "bottom-right", dy: below - 8, textAnchor: "end", fill: "var(--soft)"}),
        Plot.text(["↓ true"], {frameAnchor: "top-left", dx: 8 - left, dy: -14, textAnchor: "start", fill: "var(--soft)"}),
        Plot.cell(empty, {x: "1", y: "0", fill: "var(--panel)"}),
        Plot.cell(cells, {x: "j", y: "i", fill: (d) => (d.i === d.j ? "var(--right)" : "var(--wrong)"), fillOpacity: strength}),
        Plot.text(cells, {x: "j", y: "i", text: (d) => String(d.count), dy: roomy ? -7 : 0, fill: strong, fontWeight: 600, fontSize: cell < 26 ? 9.5 : 13}),
        roomy ? Plot.text(cells, {x: "j", y: "i", text: (d) => percent(d.share), dy: 9, fill: strong, fontSize: 11}) : null,
        Plot.tip(cells, Plot.pointer({x: "j", y: "i", title: said, maxRadius: Math.max(cell, tall), ...tip})),
      ],
    });
  }

  function scatter(chart, width) {
    const rows = d3.range(chart.true.length);
    const extent = d3.nice(...d3.extent([...chart.true, ...chart.predicted]), 6);
    const domain = extent[0] === extent[1] ? [extent[0] - 1, extent[1] + 1] : extent;
    const options = frame(width, Math.min(width, 420));
    const title = (i) => columns([
      ["row", chart.row[i]], ["true", exact(chart.true[i])], ["predicted", exact(chart.predicted[i])],
      ["residual", exact(+(chart.predicted[i] - chart.true[i]).toPrecision(9))],
    ]);
    const place = {x: (i) => chart.true[i], y: (i) => chart.predicted[i]};
    return Plot.plot({
      ...options,
      x: {...options.x, domain, grid: true}, y: {...options.y, domain},
      marks: [
        ...axisLabels("true", "predicted"),
        Plot.line([domain[0], domain[1]], {x: (d) => d, y: (d) => d, stroke: "var(--soft)", strokeDasharray: "5 4"}),
        Plot.dot(rows, {...place, fill: "var(--train)", fillOpacity: rows.length > 400 ? 0.35 : 0.6, r: 3}),
        Plot.tip(rows, Plot.pointer({...place, title, ...tip})),
      ],
    });
  }

  function histogram(chart, width) {
    const bins = chart.bins.map(([from, to, rows]) => ({from, to, rows}));
    const options = frame(width, Math.min(width, 420));
    return Plot.plot({
      ...options,
      y: {...options.y, ticks: wholeTicks([0, d3.max(bins, (d) => d.rows)], 6), tickFormat: whole},
      marks: [
        ...axisLabels(chart.label, "rows"),
        Plot.rectY(bins, {x1: "from", x2: "to", y: "rows", fill: "var(--other)", fillOpacity: 0.8, insetLeft: 0.5, insetRight: 0.5}),
        Plot.ruleX([0], {stroke: "var(--ink)", strokeDasharray: "5 4"}),
        Plot.ruleY([0]),
        Plot.tip(bins, Plot.pointerX({x1: "from", x2: "to", y: "rows", title: (d) => columns([["residual", `${exact(d.from)} to ${exact(d.to)}`], ["rows", exact(d.rows)]]), ...tip})),
      ],
    });
  }

  const drawings = {curves, seeds, spread, confusion, scatter, histogram};
  return {drawings, colour, short, whole, wholeTicks, exact, percent, clip, columns, frame, axisLabels, tip, vertical, usable};
})();
