"""The reports in a real browser: every chart is drawn, nothing is complained about, nothing is loaded."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from compare_samples import RATE, USUAL, Design, write_comparison
from learning_samples import histogram_arrays, region_arrays, write_learned
from report_samples import labels, values, write_folds, write_group, write_run
from sweep_samples import RATES, write_sweep

from gdrun.report.html import write_report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    *(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-extensions",
    ),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--virtual-time-budget=3000", "--window-size=1280,2400", "--enable-logging=stderr", "--v=0"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed on this machine"),
]

REPORTS: dict[str, Callable[[Path], Path]] = {
    "classification": lambda path: write_run(
        path, predictions=labels(["</script>", "<b>x", *"01234567"], 270)
    ),
    "regression": lambda path: write_run(
        path, metric="rmse", predictions=values(300), data={"classes": None}
    ),
    "layers": lambda path: write_learned(
        path, histogram_arrays(3), ["a"] * 9, layers=["<b>", "</script>", "dense 3"]
    ),
    "folds": write_folds,
    "seeds": lambda path: write_group(path, 5, 20, diverged=[3]),
    "comparison": lambda path: write_comparison(
        path, Design(contestants=USUAL | {"<b>": "broken"}, trials=6)
    ),
    "errors": lambda path: write_comparison(path, Design(lower=True, tested=False, seeds=4, trials=4)),
    "two keys": lambda path: write_comparison(path, Design(keys=(RATE, "optimizer.beta1"), trials=6)),
    "problems": lambda path: write_comparison(path, Design(problems=("a", "b"), seeds=4, trials=4)),
    "sweep of a key": lambda path: write_sweep(path, {"rate": RATES}, seeds=3, broken=[2]),
    "sweep of two keys": lambda path: write_sweep(
        path, {"rate": RATES, "schedule": ["<b>", "cosine"]}, broken=[3]
    ),
    "sweep of dots": lambda path: write_sweep(
        path, {"rate": [10 ** (n / 20) for n in range(60)], "b": [n / 60 for n in range(60)]}, points=60
    ),
    "sweep of three keys": lambda path: write_sweep(
        path, {"rate": RATES, "</script>": ["<b>", [1, 2]], "size": [16, 32, 64]}
    ),
}


def opened(page: Path, folder: Path) -> tuple[str, list[str], list[str]]:
    """The page after its scripts have run, what the console said, and every address asked for."""
    assert BROWSER is not None
    log = folder / "net.json"
    done = subprocess.run(
        [
            *(BROWSER, *FLAGS),
            *(f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if ":CONSOLE" in line]
    addresses = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if '"initiator":"null"' in line:  # asked for by a page of a file, not by the browser for itself
            addresses.append(json.loads(line.rstrip(","))["params"]["url"])
    return done.stdout.decode("utf-8"), said, addresses


def figures_of(dom: str) -> list[str]:
    return re.findall(r'<figure class="chart.*?</figure>', dom, re.DOTALL)


@pytest.mark.parametrize("report", REPORTS)
def test_every_chart_is_drawn(report: str, tmp_path: Path) -> None:
    path = write_report(REPORTS[report](tmp_path / "run"))
    dom, said, addresses = opened(path, tmp_path)
    assert said == []
    figures = figures_of(dom)
    assert len(figures) >= (2 if report.startswith("sweep") else 5)
    for figure in figures:
        assert "<svg" in figure
        assert re.search(r"<(path|rect|circle)[ >]", figure)
        assert "could not be drawn" not in figure
        assert "NaN" not in re.sub(r"<[^>]*>", "", re.sub(r"<figcaption.*?</figcaption>", "", figure))
        assert not re.search(r'\b(d|x|y|cx|cy|width|height|transform)="[^"]*(NaN|undefined)', figure)
    assert addresses == []


def test_the_policy_stops_and_reports_what_is_foreign(tmp_path: Path) -> None:
    """The negative control: a script it doesn't name and an image from elsewhere, with it and without it."""
    path = write_report(REPORTS["regression"](tmp_path / "run"))
    foreign = "<script>document.title='taken'</script><img src='https://example.org/x.png'>"
    text = path.read_text(encoding="utf-8").replace("</main>", f"{foreign}</main>")
    path.write_text(text, encoding="utf-8")
    dom, said, addresses = opened(path, tmp_path)
    assert "<title>taken" not in dom
    assert len([line for line in said if "Content Security Policy" in line]) == 2
    assert addresses == []

    path.write_text(re.sub("<meta http-equiv[^>]*>", "", text), encoding="utf-8")
    dom, _, addresses = opened(path, tmp_path)
    assert "<title>taken" in dom
    assert addresses == ["https://example.org/x.png"]


PLAY = """<script>
for (const button of document.querySelectorAll(".controls button")) button.click();
const heads = [...document.querySelectorAll("table.sortable th button")];
const head = heads.find((button) => button.textContent === "test loss");
head.click(); head.click();
for (const svg of document.querySelectorAll(".plot svg")) {
  const box = svg.getBoundingClientRect();
  const middle = {clientX: box.left + box.width / 2, clientY: box.top + box.height / 2};
  for (const kind of ["pointerenter", "pointermove"])
    svg.dispatchEvent(new PointerEvent(kind, {...middle, pointerType: "mouse", bubbles: true}));
}
</script></body>"""


def test_switches_sorting_and_tooltips_work(tmp_path: Path) -> None:
    path = write_report(REPORTS["seeds"](tmp_path / "run"))
    text = re.sub("<meta http-equiv[^>]*>", "", path.read_text(encoding="utf-8"))
    path.write_text(text.replace("</body>", PLAY), encoding="utf-8")
    dom, said, _ = opened(path, tmp_path)
    assert said == []
    assert all("<svg" in figure for figure in figures_of(dom))
    assert dom.count('aria-pressed="false"') >= 4  # lines that were shown are hidden now
    table = dom[dom.index('aria-sort="descending"') :]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    values_of_rows = [re.findall(r'data-value="([^"]*)"', row) for row in rows]
    losses = [row[-3] for row in values_of_rows if row]
    known = [float(loss) for loss in losses if loss]
    assert len(known) == 4
    assert known == sorted(known, reverse=True)
    assert re.search(r">\W?learning rate, median  0\.000", dom)  # a tooltip


SLIDE = """<script>
const sliders = [...document.querySelectorAll('input[type="range"]')];
const frames = [...document.querySelectorAll(".frame")];
const shown = () => frames.map((frame) => frame.getAttribute("display") ?? "shown").join();
const ridges = () => document.querySelector("figure:not(.framed) [aria-label=area]").innerHTML;
document.body.setAttribute("data-sliders", sliders.length);
document.body.setAttribute("data-before", shown());
const before = ridges();
sliders[0].value = 1;
sliders[0].dispatchEvent(new Event("input"));
document.body.setAttribute("data-after", shown());
document.body.setAttribute("data-others", sliders.map((slider) => slider.value).join());
const said = sliders.map((slider) => slider.getAttribute("aria-valuetext"));
document.body.setAttribute("data-said", said.join());
document.body.setAttribute("data-moved", before !== ridges());
</script></body>"""


def test_a_slider_moves_every_picture_of_the_page(tmp_path: Path) -> None:
    arrays = region_arrays() | histogram_arrays(2)
    run = write_learned(tmp_path / "run", arrays, ["a", "b"], classes=["k", "l"])
    path = write_report(run)
    text = re.sub("<meta http-equiv[^>]*>", "", path.read_text(encoding="utf-8"))
    path.write_text(text.replace("</body>", SLIDE), encoding="utf-8")
    dom, said, _ = opened(path, tmp_path)
    assert said == []
    found = dict(re.findall(r'data-([a-z]+)="([^"]*)"', dom))
    assert found["sliders"] == "4"
    assert found["before"] == "none,none,none,shown,none"
    assert found["after"] == "none,shown,none,none,none"
    assert found["others"] == "1,1,1,1"
    assert found["said"] == ",".join(["epoch 1"] * 4)
    assert found["moved"] == "true"
    assert dom.count('<p class="frame-words">epoch 1</p>') == 3


COMPARE = """<script>
const press = (words) => {
  const button = [...document.querySelectorAll("button")].find((one) => one.textContent === words);
  button.click();
  return button;
};
const titled = (title) => (figure) => figure.querySelector("h3").textContent === title;
const chart = (title) => [...document.querySelectorAll("figure")].find(titled(title));
const curves = "Curves over the epochs";
chart(curves).setAttribute("data-first", chart(curves).querySelector("svg").textContent);
press("close-up");
chart(curves).setAttribute("data-whole", chart(curves).querySelector("svg").textContent);
press("training loss");
chart(curves).setAttribute("data-second", chart(curves).querySelector("svg").textContent);
const lines = () => chart(curves).querySelectorAll('svg g[aria-label="line"] path').length;
chart(curves).setAttribute("data-lines", lines());
chart(curves).querySelector(".legend button").click();
chart(curves).setAttribute("data-fewer", lines());
press("all pairs");
const circles = chart("Paired differences").querySelectorAll("svg circle");
document.body.setAttribute("data-pairs", circles.length);
const table = document.querySelector("table.sortable");
const heads = [...table.tHead.rows[0].cells];
const column = (words) => heads.findIndex((head) => head.textContent.startsWith(words));
const sorted = (words) => {
  heads[column(words)].querySelector("button").click();
  return [...table.tBodies[0].rows].map((row) => row.cells[column(words)].firstChild.data);
};
document.body.setAttribute("data-worst", sorted("worst").join());
document.body.setAttribute("data-worst-down", sorted("worst").join());
document.body.setAttribute("data-time", sorted("seconds to target").join());
document.body.setAttribute("data-rate", sorted("learning rate").join());
for (const svg of document.querySelectorAll(".plot svg")) {
  const box = svg.getBoundingClientRect();
  const middle = {clientX: box.left + box.width / 2, clientY: box.top + box.height / 2};
  for (const kind of ["pointerenter", "pointermove"])
    svg.dispatchEvent(new PointerEvent(kind, {...middle, pointerType: "mouse", bubbles: true}));
}
</script></body>"""


def test_a_comparison_can_be_switched_and_sorted(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", Design(contestants=USUAL | {"broken": "broken"}))
    path = write_report(run)
    text = re.sub("<meta http-equiv[^>]*>", "", path.read_text(encoding="utf-8"))
    path.write_text(text.replace("</body>", COMPARE), encoding="utf-8")
    dom, said, _ = opened(path, tmp_path)
    assert said == []
    found = dict(re.findall(r'data-([a-z-]+)="([^"]*)"', dom))
    assert "validation accuracy" in found["first"]
    assert "0.2" not in found["first"]  # a close-up
    assert "0.2" in found["whole"]
    assert "training loss" in found["second"]
    assert int(found["lines"]) == 7
    assert int(found["fewer"]) == 6
    assert int(found["pairs"]) == 21
    problem = json.loads((run / "summary.json").read_text())["problems"][0]
    worst = [problem["contestants"][name]["validation"]["worst"] for name in problem["ranking"]]
    worst = [value for value in worst if value is not None]
    assert found["worst"].split(",") == [*(f"{value:.4f}" for value in sorted(worst)), "–"]
    assert found["worst-down"].split(",") == [*(f"{value:.4f}" for value in sorted(worst)[::-1]), "–"]
    times = found["time"].split(",")
    seconds = [float(time.removesuffix(" s")) for time in times if time.endswith(" s")]
    assert len(seconds) >= 2
    assert seconds == sorted(seconds)
    assert set(times[len(seconds) : -1]) == {"∞"}
    assert times[-1] == "–"
    for tip in (
        r"epoch  15",
        r"trial  \d",
        r"adjusted p  ",
        r"trials  \d",
        r"seeds?  \d",
        r"adam  100 %|adam  \d",
    ):
        assert re.search(f">\\W?{tip}", dom), tip
    rates = [float(rate) for rate in found["rate"].split(",")[:-1]]
    assert rates == sorted(rates)


SWEEP = """<script>
const titled = (title) => (figure) => figure.querySelector("h3").textContent === title;
const chart = (title) => [...document.querySelectorAll("figure")].find(titled(title));
const over = (svg, kind, x, y) => {
  const box = svg.getBoundingClientRect();
  const place = {clientX: box.left + x, clientY: box.top + y, view: window, bubbles: true};
  const Kind = kind.startsWith("pointer") ? PointerEvent : MouseEvent;
  return new Kind(kind, {...place, pointerType: "mouse"});
};
const all = chart("All keys together");
const svg = all.querySelector("svg");
const shown = (path) => Number(path.getAttribute("stroke-opacity") ?? 1) > 0.5;
const kept = () => [...svg.querySelectorAll("g.lines path")].filter(shown).length;
all.setAttribute("data-before", kept());
const axis = svg.querySelector("g.brush .overlay");
axis.dispatchEvent(over(svg, "mousedown", 70, 30));
window.dispatchEvent(over(svg, "mousemove", 70, 190));
window.dispatchEvent(over(svg, "mouseup", 70, 190));
all.setAttribute("data-kept", kept());
const single = chart("Validation accuracy by each key");
single.querySelectorAll(".controls button")[1].click();
const drawn = single.querySelector("svg");
const dot = drawn.querySelector("circle");
for (const kind of ["pointerenter", "pointermove"]) drawn.dispatchEvent(over(dot, kind, 2, 2));
</script></body>"""


def test_an_axis_of_a_sweep_keeps_the_lines_that_pass(tmp_path: Path) -> None:
    keys = {"rate": RATES, "batch_size": [16, 32, 64], "schedule": ["constant", "cosine"]}
    path = write_report(write_sweep(tmp_path / "run", keys))
    text = re.sub("<meta http-equiv[^>]*>", "", path.read_text(encoding="utf-8"))
    path.write_text(text.replace("</body>", SWEEP), encoding="utf-8")
    dom, said, _ = opened(path, tmp_path)
    assert said == []
    assert 'data-before="30"' in dom
    kept = re.search(r'data-kept="(\d+)"', dom)
    assert kept
    assert kept[1] == "12", "the upper two of five rates, six points each"
    assert re.search(r">\W?batch_size  \d+<", dom)  # a tooltip
