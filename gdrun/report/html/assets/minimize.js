// An objective with the ways of descents: contours of two variables, or the curve of one.
"use strict";
(() => {
  const {colour, exact, columns, frame, axisLabels, tip} = gdrun;
  const DASHES = [undefined, "7 4", "2 3"];

  // The marks of the ways: lines, rings where they start, dots where they end.
  function ways(chart, state, x, y, domain) {
    const shown = chart.ways.filter((way) => !state.hidden.has(way.label));
    const many = shown.length > 6;
    const points = shown.flatMap((way) => d3.range(way.step.length).map((i) => ({way, i})));
    const inside = points.filter((d) => x(d) >= domain[0] && x(d) <= domain[1]);
    const said = ({way, i}) => columns([
      ...(chart.ways.length > 1 ? [["", way.label]] : []),
      ["step", exact(way.step[i])],
      ...chart.variables.map((name, place) => [name, exact((place ? way.y : way.x)[i])]),
      ["value", exact(way.value[i])],
    ]);
    const first = shown.map((way) => ({way, i: 0}));
    const last = shown.map((way) => ({way, i: way.step.length - 1}));
    const few = shown.length <= 3 && d3.max(shown, (way) => way.step.length) <= (chart.curve ? 200 : 60);
    return [
      shown.map((way) => Plot.line(way.step, {
        x: (_, i) => x({way, i}), y: (_, i) => y({way, i}), stroke: colour(way.role), strokeDasharray: DASHES[way.dash],
        strokeWidth: many ? 1.2 : 2, strokeOpacity: many ? 0.75 : 1, strokeLinejoin: "round", clip: true,
      })),
      few ? Plot.dot(points, {x, y, r: 2.5, fill: (d) => colour(d.way.role), clip: true}) : null,
      Plot.dot(first, {x, y, r: many ? 3 : 5, stroke: (d) => colour(d.way.role), strokeWidth: 2, fill: "var(--paper)", clip: true}),
      Plot.dot(last, {x, y, r: many ? 3 : 5, fill: (d) => colour(d.way.role), stroke: "var(--paper)", clip: true}),
      Plot.tip(inside, Plot.pointer({x, y, title: said, ...tip})),
    ];
  }

  // The map: the darker, the lower (or, of an ascent, the higher).
  function landscape(chart, width, state) {
    const [[x1, x2], [y1, y2]] = chart.box;
    const options = frame(width, Math.min(Math.round(width * 0.72), 620));
    const levels = chart.levels;
    const shade = (share) => `color-mix(in srgb, var(--train) ${Math.round(6 + 58 * share)}%, var(--paper))`;
    const range = d3.range(levels.length + 1).map((i) => shade(chart.uphill ? i / levels.length : 1 - i / levels.length));
    const [[left, right], [bottom, top]] = chart.map;
    const place = {width: chart.side, height: chart.side, x1: left, y1: bottom, x2: right, y2: top, clip: true};
    const values = chart.values.map((value) => value ?? NaN);
    return Plot.plot({
      ...options,
      x: {...options.x, domain: [x1, x2]},
      y: {...options.y, domain: [y1, y2], nice: false, grid: false},
      color: {type: "threshold", domain: levels, range},
      marks: [
        Plot.rect([0], {x1, x2, y1, y2, fill: range[0]}),
        Plot.contour(values, {...place, thresholds: levels, fill: Plot.identity, stroke: "var(--paper)", strokeWidth: 0.7}),
        ...axisLabels(chart.variables[0], chart.variables[1]),
        ways(chart, state, (d) => d.way.x[d.i], (d) => d.way.y[d.i], [x1, x2]),
        Plot.dot(chart.minima, {x: (d) => d[0], y: (d) => d[1], symbol: "star", r: 6, fill: "var(--ink)", stroke: "var(--paper)"}),
      ],
    });
  }

  // The curve of a function of one variable.
  function profile(chart, width, state) {
    const [[x1, x2]] = chart.box;
    const options = frame(width, 380);
    const ok = d3.range(chart.curve.x.length).filter((i) => chart.curve.y[i] !== null);
    return Plot.plot({
      ...options,
      x: {...options.x, domain: [x1, x2]},
      marks: [
        ...axisLabels(chart.variables[0], "value"),
        Plot.line(ok, {x: (i) => chart.curve.x[i], y: (i) => chart.curve.y[i], stroke: "var(--soft)", strokeWidth: 1.5}),
        Plot.ruleX(chart.minima.map((d) => d[0]), {stroke: "var(--soft)", strokeDasharray: "3 4"}),
        ways(chart, state, (d) => d.way.x[d.i], (d) => d.way.value[d.i], [x1, x2]),
      ],
    });
  }

  Object.assign(gdrun.drawings, {landscape, profile});
})();
