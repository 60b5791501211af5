// Pictures of learning: what a slider of epochs shows. All pictures of a page are of the same epochs and move together.
"use strict";
(() => {
  const followers = []; // of the slider: each a function of the number of the picture

  // A slider that moves every picture of the page, and says which epoch is shown.
  gdrun.slider = (controls, words, start, show) => {
    if (words.length < 2) return;
    const element = document.createElement("input");
    element.type = "range";
    [element.min, element.max, element.step] = [0, words.length - 1, 1];
    element.value = start;
    element.setAttribute("aria-label", "Epoch that is shown");
    element.setAttribute("aria-valuetext", words[start]);
    followers.push((place) => {
      element.value = place;
      element.setAttribute("aria-valuetext", words[place]);
      show(place);
    });
    element.addEventListener("input", () => followers.forEach((follow) => follow(Number(element.value))));
    controls.append(element);
  };

  // A drawing that is in the page already, a group of its SVG an epoch.
  document.querySelectorAll("figure.framed").forEach((figure) => {
    const frames = [...figure.querySelectorAll(".frame")];
    const words = frames.map((frame) => frame.dataset.words);
    const said = figure.querySelector(".frame-words");
    gdrun.slider(figure.querySelector(".controls"), words, Number(figure.dataset.start), (place) => {
      frames.forEach((frame, other) => (other === place ? frame.removeAttribute("display") : frame.setAttribute("display", "none")));
      said.textContent = words[place];
    });
  });

  // A histogram a layer, the first layer at the top; dashed that of the first picture.
  gdrun.drawings.ridges = (chart, width, state) => {
    const place = state.frame ?? chart.start;
    const tall = Math.max(58, Math.min(96, 200 / chart.layers.length));  // room for the label between two rows
    const height = 44 + chart.layers.length * tall;
    const bins = chart.frames[0][0].length;
    const edge = (bin) => chart.low + ((chart.high - chart.low) * bin) / bins;
    const outline = (heights) => [...heights.flatMap((share, bin) => [[edge(bin), share], [edge(bin + 1), share]])];
    const base = (layer) => chart.layers.length - 1 - layer;
    const rows = d3.range(chart.layers.length).map((layer) => ({
      layer, now: outline(chart.frames[place][layer]), first: outline(chart.frames[0][layer]),
    }));
    const up = (layer, share) => base(layer) + (0.62 * share) / 99;
    const said = ({layer}) => {
      const [mean, std, zeros] = chart.values[place][layer];
      return gdrun.columns([["layer", chart.layers[layer]], ["mean", gdrun.exact(mean)], ["standard deviation", gdrun.exact(std)], ["zeros", gdrun.percent(zeros)]]);
    };
    const middle = (chart.low + chart.high) / 2;
    return Plot.plot({
      width, height, marginLeft: 14, marginRight: 14, marginTop: 8, marginBottom: 36, style: {fontSize: "12px"},
      x: {label: null, domain: [chart.low, chart.high], tickFormat: gdrun.short, ticks: Math.max(3, Math.floor(width / 90))},
      y: {axis: null, domain: [0, chart.layers.length]},
      marks: [
        gdrun.axisLabels(chart.label, "")[0],
        Plot.ruleY(rows, {y: ({layer}) => base(layer), stroke: "var(--line)"}),
        rows.map(({layer, now}) => Plot.areaY(now, {x: (d) => d[0], y1: base(layer), y2: (d) => up(layer, d[1]), fill: `var(--c${layer % 8})`, fillOpacity: 0.55})),
        place === 0 ? null : rows.map(({layer, first}) => Plot.line(first, {x: (d) => d[0], y: (d) => up(layer, d[1]), stroke: "var(--soft)", strokeDasharray: "2 3"})),
        Plot.text(rows, {x: chart.low, y: ({layer}) => base(layer) + 0.78, text: ({layer}) => gdrun.clip(chart.layers[layer], 40), textAnchor: "start", fill: "var(--soft)"}),
        Plot.tip(rows, Plot.pointer({x: () => middle, y: ({layer}) => base(layer) + 0.4, title: said, maxRadius: width, ...gdrun.tip})),
      ],
    });
  };
})();
