// The charts of a sweep: the monitor by a key, two keys as a map, more keys as parallel axes. Bright is good.
"use strict";
(() => {
  const {short, exact, clip, columns, frame, axisLabels, tip, vertical, usable} = gdrun;
  const shade = (good) => d3.interpolateViridis(good);
  const titles = (chart) => (point) => columns(chart.labels.map((label, i) => [label, point.said[i]]).filter(([, text]) => text));
  const FRAME = {stroke: "var(--wrong)", strokeWidth: 2.5, fill: "none"};

  // The axis of a key: numbers by size or by power, other values side by side.
  function side(axis, values, room) {
    if (axis.kind === "names") return {type: "point", domain: d3.range(axis.labels.length), padding: 0.5, tickFormat: (place) => clip(axis.labels[place], Math.max(4, Math.floor(room / axis.labels.length / 7)))};
    const ticks = Math.max(3, Math.floor(room / 80));
    if (axis.kind !== "log") return {ticks, tickFormat: short};
    const [low, high] = d3.extent(values);
    const decades = Math.log10(high / low);
    const factors = decades > 3 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
    const powers = d3.range(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)) + 1, Math.max(1, Math.ceil(decades / ticks)));
    const margin = 10 ** (0.04 * Math.max(decades, 0.5));
    const domain = [low / margin, high * margin];
    const all = powers.flatMap((power) => factors.map((factor) => +`${factor}e${power}`));
    return {type: "log", domain, tickFormat: short, ticks: all.filter((tick) => tick >= domain[0] && tick <= domain[1])};
  }

  // A dot a point, and a smaller one a run; a line through the means where there is one key.
  function key(chart, width, state) {
    const view = chart.views[state.view];
    const ok = usable(state);
    const points = chart.points.map((point, i) => ({...point, x: view.at[i]})).filter((point) => ok(point.score));
    const runs = points.flatMap((point) => (point.seeds.length > 1 ? point.seeds.filter(ok).map((y) => ({point, y})) : []));
    const options = frame(width, 300);
    const values = [...points.map((point) => point.score), ...runs.map((run) => run.y)];
    const many = points.length > 300;
    return Plot.plot({
      ...options,
      x: {...options.x, ...side(view.x, view.at, width - 78)},
      y: {...options.y, ...vertical(values, state)},
      marks: [
        ...axisLabels(view.label, chart.quantity),
        view.line ? Plot.line(d3.sort(points, (point) => point.x), {x: "x", y: "score", stroke: "var(--train)", strokeWidth: 2}) : null,
        Plot.dot(runs, {x: (run) => run.point.x, y: "y", r: 2.5, fill: "var(--train)", fillOpacity: 0.4}),
        Plot.dot(points, {x: "x", y: "score", r: many ? 2.5 : 4, fill: "var(--train)", fillOpacity: many ? 0.4 : 0.85}),
        Plot.dot(points.filter((point) => point.best), {x: "x", y: "score", r: 6.5, symbol: "diamond", fill: "var(--val)", stroke: "var(--paper)", strokeWidth: 1.5}),
        Plot.tip(points, Plot.pointer({x: "x", y: "score", title: titles(chart), ...tip})),
      ],
    });
  }

  // Two keys: cells of a grid with their values, or dots where points lie anywhere.
  function map(chart, width) {
    const best = chart.points.filter((point) => point.best);
    const known = chart.points.filter((point) => point.good !== null);
    const fill = (point) => shade(point.good);
    if (!chart.cells) {
      const options = frame(width, 420);
      const at = (name) => chart.points.map((point) => point[name]);
      return Plot.plot({
        ...options,
        x: {...options.x, ...side(chart.x, at("x"), width - 78)},
        y: {...options.y, nice: false, ...side(chart.y, at("y"), 400)},
        marks: [
          ...axisLabels(chart.x.label, chart.y.label),
          Plot.dot(known, {x: "x", y: "y", r: 6, fill, stroke: "var(--paper)"}),
          Plot.dot(chart.points.filter((point) => point.good === null), {x: "x", y: "y", r: 4, symbol: "times", stroke: "var(--bad)"}),
          Plot.dot(best, {x: "x", y: "y", r: 9, ...FRAME}),
          Plot.tip(chart.points, Plot.pointer({x: "x", y: "y", title: titles(chart), ...tip})),
        ],
      });
    }
    const [wide, tall] = [chart.x.labels.length, chart.y.labels.length];
    const longest = Math.min(24, d3.max(chart.y.labels, (label) => label.length));
    const left = Math.max(60, 7.2 * longest + 24);
    const cell = Math.max(12, Math.min(120, (width - left - 16) / wide));
    const high = Math.max(16, Math.min(44, 560 / tall));
    const widest = Math.min(24, d3.max(chart.x.labels, (label) => label.length));
    const upright = 7.2 * widest > cell - 4;
    const below = upright ? 7 * widest + 40 : 48;
    const place = {x: "x", y: "y"};
    return Plot.plot({
      width: left + wide * cell + 16, height: 30 + tall * high + below,
      marginLeft: left, marginRight: 16, marginTop: 30, marginBottom: below, style: {fontSize: "12px"},
      x: {type: "band", domain: d3.range(wide), padding: 0.04, tickFormat: (i) => clip(chart.x.labels[i], widest), tickRotate: upright ? -90 : 0, tickSize: 0, label: null},
      y: {type: "band", domain: d3.range(tall), padding: 0.04, tickFormat: (i) => clip(chart.y.labels[i], longest), tickSize: 0, label: null, reverse: true},
      marks: [
        Plot.text([`${chart.x.label} →`], {frameAnchor: "bottom-right", dy: below - 8, textAnchor: "end", fill: "var(--soft)"}),
        Plot.text([`↑ ${chart.y.label}`], {frameAnchor: "top-left", dx: 8 - left, dy: -16, textAnchor: "start", fill: "var(--soft)"}),
        Plot.cell(known, {...place, fill}),
        Plot.cell(chart.points.filter((point) => point.good === null), {...place, fill: "var(--panel)"}),
        Plot.cell(best, {...place, ...FRAME, inset: -1}),
        cell < 44 ? null : Plot.text(chart.points, {...place, text: (point) => (point.score === null ? "–" : short(+point.score.toPrecision(3))), fill: (point) => (point.good === null ? "var(--soft)" : point.good > 0.6 ? "#111111" : "#ffffff")}),
        Plot.tip(chart.points, Plot.pointer({...place, title: titles(chart), maxRadius: Math.max(cell, high), ...tip})),
      ],
    });
  }

  // An axis a key; drawing along one keeps the lines that pass there.
  function parallel(chart, width) {
    const axes = chart.axes;
    const places = d3.range(axes.length);
    const points = chart.points.slice().reverse(); // the best is drawn last
    const stops = points.flatMap((point, line) => places.map((x) => ({point, line, x, y: point.at[x]})));
    const ticks = places.flatMap((x) => axes[x].ticks.map(([y, text]) => ({x, y, text: clip(text, 14)})));
    const height = 380;
    const options = {marginLeft: 70, marginRight: 60, marginTop: 44, marginBottom: 20};
    const thin = points.length > 100 ? 1 : 1.6;
    const room = Math.max(6, Math.floor((width - 130) / Math.max(1, axes.length - 1) / 7));
    const svg = Plot.plot({
      width, height, ...options, style: {fontSize: "12px"},
      x: {type: "linear", domain: [0, axes.length - 1], axis: null},
      y: {type: "linear", domain: [0, 1], axis: null},
      marks: [
        Plot.line(stops, {x: "x", y: "y", z: "line", stroke: (stop) => shade(stop.point.good), strokeWidth: thin, strokeOpacity: 0.75, className: "lines"}),
        Plot.line(stops.filter((stop) => stop.point.best), {x: "x", y: "y", z: "line", stroke: "var(--wrong)", strokeWidth: 3}),
        Plot.ruleX(places, {stroke: "var(--ink)"}),
        Plot.text(ticks, {x: "x", y: "y", text: "text", textAnchor: "end", dx: -5, fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 4}),
        Plot.text(places, {x: (x) => x, y: 1, lineAnchor: "bottom", text: (x) => clip(axes[x].label.length > room ? axes[x].label.split(".").pop() : axes[x].label, room), fontWeight: 600, fill: "var(--ink)", dy: -18}),
        Plot.tip(stops, Plot.pointer({x: "x", y: "y", title: (stop) => titles(chart)(stop.point), ...tip})),
      ],
    });
    const paths = d3.select(svg).selectAll("g.lines path");
    const kept = new Map();
    const step = (width - options.marginLeft - options.marginRight) / Math.max(1, axes.length - 1);
    const share = (y) => 1 - (y - options.marginTop) / (height - options.marginTop - options.marginBottom);
    const brush = d3.brushY().extent([[-14, options.marginTop], [14, height - options.marginBottom]]);
    d3.select(svg).selectAll("g.brush").data(places).join("g").attr("class", "brush")
      .attr("transform", (x) => `translate(${options.marginLeft + x * step},0)`)
      .call(brush.on("brush end", ({selection}, x) => {
        if (selection) kept.set(x, selection.map(share));
        else kept.delete(x);
        const passes = (line) => [...kept].every(([place, [high, low]]) => points[line].at[place] <= high && points[line].at[place] >= low);
        paths.attr("stroke-opacity", (_, line) => (passes(line) ? 0.85 : 0.04));
      }));
    return svg;
  }

  Object.assign(gdrun.drawings, {key, map, parallel});
})();
