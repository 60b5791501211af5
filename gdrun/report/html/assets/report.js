// Puts the charts of a report into their places, with their switches, and makes tables sortable.
"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("report-data").textContent);

  // The sample of a line's colour and dashes.
  gdrun.swatch = (line) => {
    const element = document.createElement("span");
    element.className = `swatch swatch-${line.role} swatch-dash-${line.dash ?? 0}`;
    return element;
  };

  // A round button with text, and a swatch where it stands for a line.
  function button(text, pressed, line, toggle) {
    const element = document.createElement("button");
    element.type = "button";
    element.setAttribute("aria-pressed", String(pressed));
    if (line) element.append(gdrun.swatch(line));
    else element.className = "toggle";
    element.append(text);
    element.addEventListener("click", () => element.setAttribute("aria-pressed", String(toggle())));
    return element;
  }

  // Buttons of which one is pressed.
  function choice(labels, choose) {
    const group = document.createElement("div");
    group.className = "choice";
    group.setAttribute("role", "group");
    const buttons = labels.map((label, place) => {
      const element = button(label, place === 0, null, () => {
        buttons.forEach((other) => other.setAttribute("aria-pressed", "false"));
        choose(place);
        return true;
      });
      return element;
    });
    group.append(...buttons);
    return group;
  }

  // A chart has one view or several (`views`), and lines that can be hidden, named beside the switches (`lines`,
  // `sets`) or, where they are many, in a row of their own (`legend`).
  function mount(figure) {
    const chart = charts[Number(figure.dataset.chart)];
    const plot = figure.querySelector(".plot");
    const words = plot.textContent;
    const views = chart.views ?? [chart];
    const state = {view: 0, log: Boolean(views[0].log), near: Boolean(views[0].close && !views[0].log), hidden: new Set()};
    let drawn = 0;
    const draw = (width) => {
      try {
        const svg = gdrun.drawings[chart.kind](chart, width, state);
        svg.querySelectorAll("style").forEach((style) => style.remove()); // the content policy allows ours alone
        svg.setAttribute("role", "img");
        svg.setAttribute("aria-label", words);
        plot.replaceChildren(svg);
      } catch (error) {
        plot.textContent = `This chart could not be drawn. ${words}`;
        console.error(error);
      }
    };
    const again = () => draw(drawn);
    const controls = figure.querySelector(".controls");
    const toggle = (label, name, other) => button(label, state[name], null, () => {
      state[name] = !state[name];
      if (state[name]) state[other] = false;
      fitSwitches();
      again();
      return state[name];
    });
    const [log, near] = [toggle("log", "log", "near"), toggle("close-up", "near", "log")];
    const fitSwitches = () => {
      const view = views[state.view];
      log.hidden = !view.log_possible;
      near.hidden = !view.near;
      log.setAttribute("aria-pressed", String(state.log));
      near.setAttribute("aria-pressed", String(state.near));
    };
    if (views.length > 1) {
      controls.append(choice(views.map((view) => view.label), (place) => {
        state.view = place;
        state.log = Boolean(views[place].log);
        state.near = Boolean(views[place].close && !views[place].log);
        fitSwitches();
        again();
      }));
    }
    const lines = chart.legend ?? chart.lines ?? chart.sets ?? [];
    let legend = controls;
    if (chart.legend) {
      legend = document.createElement("div");
      legend.className = "controls legend";
      figure.querySelector(".chart-head").after(legend);
    }
    for (const line of lines.length > 1 ? lines : []) {
      legend.append(button(line.label, true, line, () => {
        const show = state.hidden.delete(line.label);
        if (!show) state.hidden.add(line.label);
        again();
        return show;
      }));
    }
    if (chart.kind === "ridges") {
      const said = document.createElement("p");
      said.className = "frame-words";
      said.textContent = chart.words[chart.start];
      figure.querySelector(".chart-head").after(said);
      gdrun.slider(controls, chart.words, chart.start, (place) => {
        state.frame = place;
        said.textContent = chart.words[place];
        again();
      });
    }
    if (views.some((view) => view.near)) controls.append(near);
    if (views.some((view) => view.log_possible)) controls.append(log);
    fitSwitches();
    const fit = () => {
      const width = Math.round(plot.clientWidth);
      if (width > 0 && width !== drawn) draw((drawn = width));
    };
    fit();
    new ResizeObserver(() => requestAnimationFrame(fit)).observe(plot);
  }

  // What stands in a cell, without its second line, and as JavaScript reads numbers.
  const written = (cell) => {
    const text = [...cell.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data).join("").trim();
    return /^[−\d]/.test(text) ? text.replace("−", "-").replaceAll("\u202f", "") : text;
  };

  // A click on a column's head sorts by it, a second one the other way round; numbers before words, and what is
  // missing last.
  function sortable(table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const element = document.createElement("button");
      element.type = "button";
      element.append(...head.childNodes);
      head.append(element);
      element.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (row) => row.cells[column].dataset.value ?? written(row.cells[column]);
        const turn = down ? -1 : 1;
        const compare = (a, b) => {
          const [x, y] = [Number(key(a)), Number(key(b))];
          if (key(a) === "" || key(b) === "") return (key(a) === "") - (key(b) === "");
          if (Number.isNaN(x) && Number.isNaN(y)) return turn * key(a).localeCompare(key(b));
          return Number.isNaN(x) || Number.isNaN(y) ? Number.isNaN(x) - Number.isNaN(y) : turn * (x - y);
        };
        body.append(...[...body.rows].sort(compare));
      });
    });
  }

  document.querySelectorAll("figure[data-chart]").forEach(mount);
  document.querySelectorAll("table.sortable").forEach(sortable);
})();
