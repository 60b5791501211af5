// The charts of a comparison of optimizers. Every contestant has its colour in all of them; more than eight also differ in
// their dashes.
"use strict";
(() => {
  const {colour, short, whole, wholeTicks, exact, percent, clip, columns, frame, axisLabels, tip, vertical, usable} = gdrun;
  const DASHES = [undefined, "7 4", "2 3"];
  const stroke = (set) => ({stroke: colour(set.role), strokeDasharray: DASHES[set.dash]});
  const briefly = (value) => (value === null ? "–" : short(+value.toPrecision(4)));

  // The horizontal axis of rates and factors, by powers of ten.
  function logarithmic([low, high], width) {
    const room = 10 ** (0.04 * Math.max(0.5, Math.log10(high / low)));
    const domain = low === high ? [low / 2, high * 2] : [low / room, high * room];
    const decades = Math.log10(domain[1] / domain[0]);
    const factors = decades > 2 || width < 300 ? [1] : decades > 1 ? [1, 3] : [1, 1.5, 2, 3, 5, 7];
    const powers = d3.range(Math.floor(Math.log10(domain[0])), Math.ceil(Math.log10(domain[1])) + 1, Math.max(1, Math.ceil((decades * 55) / width)));
    const ticks = powers.flatMap((power) => factors.map((factor) => +`${factor}e${power}`));
    return {type: "log", domain, ticks: ticks.filter((tick) => tick >= domain[0] && tick <= domain[1])};
  }

  // One line a contestant, with a band where there are quartiles; stairs where the value holds until the next place.
  function overlay(chart, width, state) {
    const view = chart.views[state.view];
    const ok = usable(state);
    const sets = view.sets.filter((set) => !state.hidden.has(set.label));
    const options = frame(width, chart.height ?? 360);
    const places = d3.sort(new Set(view.sets.flatMap((set) => set.x)));
    const xs = view.x_log ? logarithmic(d3.extent(places), width) : {ticks: wholeTicks(places.length ? places : [0, 1], options.x.ticks), tickFormat: whole};
    if (view.fractions) Object.assign(xs, {ticks: options.x.ticks, tickFormat: short});
    const at = (set, x) => {
      const i = view.step ? d3.bisectRight(set.x, x) - 1 : set.x.indexOf(x);
      return i < 0 || !ok(set.median[i] ?? null) ? null : i;
    };
    const said = (value) => (view.percent ? percent(value) : briefly(value));
    const line = (set, i) => said(set.median[i]) + (set.low ? ` (${said(set.low[i])} to ${said(set.high[i])})` : "") + (set.runs && set.runs[i] < set.runs[0] ? `, ${set.runs[i]} of ${set.runs[0]} seeds` : "");
    const shown = (x) => d3.sort(sets.filter((set) => at(set, x) !== null), (set) => (view.lower ? 1 : -1) * set.median[at(set, x)]);
    const rows = places.filter((x) => shown(x).length);
    const title = (x) => columns([[view.axis, briefly(x)], ...shown(x).map((set) => [set.label, line(set, at(set, x))])]);
    const values = sets.flatMap((set) => [...set.median, ...(set.low ?? []), ...(set.high ?? [])]).filter(ok);
    const near = Boolean(state.near && view.near);
    const ys = near ? {domain: view.near, nice: false} : view.percent ? {domain: [0, 1], nice: false} : vertical(values, state);
    const value = (column, i) => (ok(column[i]) ? column[i] : NaN);
    const mark = {clip: near || undefined};
    return Plot.plot({
      ...options,
      x: {...options.x, ...xs},
      y: {...options.y, ...ys, ...(view.percent ? {tickFormat: (share) => `${Math.round(100 * share)} %`} : {})},
      marks: [
        ...axisLabels(view.axis, view.quantity),
        !view.rule || (near && (view.rule.at < view.near[0] || view.rule.at > view.near[1])) ? null : [
          Plot.ruleY([view.rule.at], {stroke: "var(--soft)", strokeDasharray: "3 4", ...mark}),
          Plot.text([view.rule.label], {y: [view.rule.at], frameAnchor: "left", textAnchor: "start", dx: 4, dy: view.lower ? -8 : 10, fill: "var(--soft)", stroke: "var(--paper)", strokeWidth: 4, ...mark}),
        ],
        sets.filter((set) => set.low).map((set) => Plot.areaY(set.x, {x: set.x, y1: (_, i) => value(set.low, i), y2: (_, i) => value(set.high, i), fill: colour(set.role), fillOpacity: 0.13, ...mark})),
        sets.map((set) => Plot.line(set.x, {x: set.x, y: (_, i) => value(set.median, i), ...stroke(set), strokeWidth: 2, strokeLinejoin: "round", curve: view.step ? "step-after" : "linear", ...mark})),
        places.length <= 16 && !view.step ? sets.map((set) => Plot.dot(d3.range(set.x.length).filter((i) => ok(set.median[i])), {x: (i) => set.x[i], y: (i) => set.median[i], fill: colour(set.role), r: 2.5, ...mark})) : null,
        sets.filter((set) => (set.chosen ?? null) !== null && ok(set.median[set.chosen])).map((set) => Plot.dot([set.chosen], {x: (i) => set.x[i], y: (i) => set.median[i], symbol: "diamond", r: 6.5, fill: colour(set.role), stroke: "var(--paper)", ...mark})),
        Plot.ruleX(rows, Plot.pointerX({x: (x) => x, stroke: "var(--soft)"})),
        sets.map((set) => Plot.dot(rows.filter((x) => at(set, x) !== null), Plot.pointerX({x: (x) => x, y: (x) => set.median[at(set, x)], fill: colour(set.role), stroke: "var(--paper)", r: 4, ...mark}))),
        Plot.tip(rows, Plot.pointerX({x: (x) => x, y: (x) => shown(x)[0].median[at(shown(x)[0], x)], title, ...tip, lineWidth: 60, clip: false})),
      ],
    });
  }

  // A panel a contestant: a dot a seed, the median a line (where the trials are a grid), the chosen one a diamond. Runs
  // that diverged have no value; their crosses lie at the edge where bad values are.
  function trials(chart, width, state) {
    const panels = chart.panels.filter((panel) => panel.trials.some((trial) => trial.at[state.view] !== null));
    const across = Math.max(1, Math.min(panels.length, 4, Math.floor((width + 28) / 308)));
    const grid = document.createElement("div");
    grid.className = `panels panels-${across}`;
    for (const panel of panels) {
      const cell = document.createElement("div");
      const [name, said] = [document.createElement("p"), document.createElement("p")];
      name.className = "panel-name";
      name.append(gdrun.swatch(panel), panel.label);
      said.className = "panel-words";
      said.append(panel.said);
      cell.append(name, trialsOf(chart, panel, Math.floor((width - 28 * (across - 1)) / across), state), said);
      grid.append(cell);
    }
    return grid;
  }

  function trialsOf(chart, panel, width, state) {
    const view = chart.views[state.view];
    const ok = usable(state);
    const options = frame(width, 230);
    const place = (trial) => trial.at[state.view];
    const known = panel.trials.filter((trial) => place(trial) !== null);
    const dots = known.flatMap((trial) => trial.scores.filter(ok).map((y) => ({trial, x: place(trial), y})));
    const lost = known.filter((trial) => trial.scores.some((score) => score === null));
    const medians = d3.sort(known, place).map((trial) => ({trial, x: place(trial), y: ok(trial.score) ? trial.score : NaN}));
    const chosen = medians.filter(({trial, y}) => trial.chosen && !Number.isNaN(y));
    const fill = {fill: colour(panel.role)};
    const title = (trial) => columns([
      ["trial", exact(trial.trial)], ...chart.views.map((other, n) => [other.label, briefly(trial.at[n])]), ["median", briefly(trial.score)],
      ["seeds", trial.scores.map((score) => (score === null ? "diverged" : briefly(score))).join(", ")],
      ...[trial.chosen ? ["chosen", ""] : null, trial.added ? ["beyond the planned range", ""] : null].filter(Boolean),
    ]);
    const edge = chart.lower ? {frameAnchor: "top", dy: 7} : {frameAnchor: "bottom", dy: -7};
    const near = Boolean(state.near && view.near);
    const domain = near ? view.near : chart.domain;
    const mark = {clip: near || undefined};
    const range = panel.ranges[state.view];
    return Plot.plot({
      ...options, marginLeft: 48, marginRight: 10, marginTop: 30,
      x: {...options.x, ...(view.x_log ? logarithmic(view.domain, width) : {domain: view.domain, nice: true, ticks: Math.max(3, Math.floor(width / 70))})},
      y: {...options.y, ...vertical(domain, state), domain, nice: false},
      marks: [
        axisLabels(view.label, "")[0],
        Plot.text([chart.label], {frameAnchor: "top-left", lineAnchor: "bottom", dx: -46, dy: -12, textAnchor: "start", fill: "var(--soft)", text: (d) => `↑ ${d}`}),
        range ? Plot.rectX([range], {x1: "0", x2: "1", ...fill, fillOpacity: 0.16}) : null,
        panel.connected ? Plot.line(medians, {x: "x", y: "y", stroke: colour(panel.role), strokeWidth: 2, ...mark}) : Plot.dot(medians, {x: "x", y: "y", r: 5, stroke: colour(panel.role), ...mark}),
        Plot.dot(dots.filter(({trial}) => !trial.added), {x: "x", y: "y", r: 3, ...fill, fillOpacity: 0.45, ...mark}),
        Plot.dot(dots.filter(({trial}) => trial.added), {x: "x", y: "y", r: 3, stroke: colour(panel.role), fill: "var(--paper)", ...mark}),
        Plot.dot(lost, {x: place, ...edge, symbol: "times", r: 4.5, stroke: "var(--bad)", strokeWidth: 1.8}),
        Plot.dot(chosen, {x: "x", y: "y", symbol: "diamond", r: 7, ...fill, stroke: "var(--paper)", strokeWidth: 1.5, ...mark}),
        Plot.tip(known, Plot.pointerX({x: place, y: (trial) => Math.max(domain[0], Math.min(domain[1], ok(trial.score) ? trial.score : domain[chart.lower ? 1 : 0])), title, ...tip})),
      ],
    });
  }

  // A row a pair: the mean of the paired differences with its interval, filled where the two can be told apart.
  function forest(chart, width, state) {
    const rows = chart.views[state.view].rows.map((place) => chart.pairs[place]);
    const longest = width < 500 ? 20 : 36;
    const label = (place) => clip(`${rows[place].first} − ${rows[place].second}`, longest);
    const left = Math.min(width / 2, 24 + 7.3 * d3.max(rows, (_, place) => label(place).length));
    const places = d3.range(rows.length);
    const known = places.filter((place) => rows[place].mean !== null);
    const shade = (place) => (rows[place].told ? "var(--train)" : "var(--soft)");
    const title = (place) => columns([
      [`${rows[place].first} − ${rows[place].second}`, ""], ["mean difference", briefly(rows[place].mean)],
      ["95 % interval", `${briefly(rows[place].low)} to ${briefly(rows[place].high)}`], ["adjusted p", rows[place].p], [rows[place].told ? "told apart" : "not told apart", ""],
    ]);
    return Plot.plot({
      width, height: 24 * rows.length + 54, marginLeft: left, marginRight: 16, marginTop: 8, marginBottom: 44, style: {fontSize: "12px"},
      x: {label: null, grid: true, nice: true, inset: 6, tickFormat: short, ticks: Math.max(3, Math.floor((width - left) / 80))},
      y: {type: "band", domain: places, label: null, tickFormat: label, tickSize: 0},
      marks: [
        axisLabels(chart.label, "")[0],
        Plot.ruleX([0], {stroke: "var(--ink)"}),
        Plot.ruleY(known.filter((place) => rows[place].low !== null), {y: (place) => place, x1: (place) => rows[place].low, x2: (place) => rows[place].high, stroke: shade, strokeWidth: 2.5, strokeLinecap: "round"}),
        Plot.dot(known, {y: (place) => place, x: (place) => rows[place].mean, r: 4.5, stroke: shade, strokeWidth: 2, fill: (place) => (rows[place].told ? "var(--train)" : "var(--paper)")}),
        Plot.tip(known, Plot.pointerY({y: (place) => place, x: (place) => rows[place].mean, title, ...tip})),
      ],
    });
  }

  // A row a contestant: a dot a seed (a larger one for several with the same value), the diamond the mean, the bar its interval.
  function strips(chart, width, state) {
    const view = chart.views[state.view];
    const rows = view.rows;
    const longest = width < 500 ? 14 : 26;
    const left = Math.min(width / 2, 24 + 7.4 * d3.max(rows, (row) => Math.min(longest, row.label.length)));
    const places = d3.range(rows.length);
    const dots = places.flatMap((place) => d3.groups(d3.range(rows[place].values.length), (i) => rows[place].values[i])
      .filter(([value]) => value !== null)
      .map(([value, same]) => ({place, value, seeds: same.map((i) => rows[place].seeds[i])})));
    const below = {y: (place) => place, dy: 9};
    const shade = (place) => colour(rows[place].role);
    const title = (dot) => columns([[rows[dot.place].label, ""], [dot.seeds.length === 1 ? "seed" : "seeds", dot.seeds.join(", ")], [view.label, briefly(dot.value)], ["mean", briefly(rows[dot.place].mean)]]);
    return Plot.plot({
      width, height: 38 * rows.length + 54, marginLeft: left, marginRight: 16, marginTop: 8, marginBottom: 44, style: {fontSize: "12px"},
      x: {label: null, grid: true, nice: true, inset: 8, tickFormat: short, ticks: Math.max(3, Math.floor((width - left) / 80))},
      r: {type: "identity"},
      y: {type: "band", domain: places, label: null, tickFormat: (place) => clip(rows[place].label, longest), tickSize: 0},
      marks: [
        axisLabels(view.label, "")[0],
        Plot.dot(dots, {x: "value", y: "place", dy: -5, r: (dot) => 3.6 * Math.sqrt(dot.seeds.length), fill: (dot) => shade(dot.place), fillOpacity: 0.5}),
        Plot.ruleY(places.filter((place) => rows[place].low !== null), {...below, x1: (place) => rows[place].low, x2: (place) => rows[place].high, stroke: shade, strokeWidth: 3, strokeLinecap: "round"}),
        Plot.dot(places.filter((place) => rows[place].mean !== null), {...below, x: (place) => rows[place].mean, symbol: "diamond", r: 5.5, fill: shade, stroke: "var(--paper)"}),
        Plot.tip(dots, Plot.pointer({x: "value", y: "place", title, ...tip})),
      ],
    });
  }

  Object.assign(gdrun.drawings, {overlay, trials, forest, strips});
})();
