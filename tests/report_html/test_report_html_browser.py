"""The reports in a real browser: every chart is drawn, nothing is complained about, nothing is loaded."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from report_samples import labels, values, write_group, write_run

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
    "seeds": lambda path: write_group(path, 5, 20, diverged=[3]),
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


@pytest.mark.parametrize("report", REPORTS)
def test_every_chart_is_drawn(report: str, tmp_path: Path) -> None:
    path = write_report(REPORTS[report](tmp_path / "run"))
    dom, said, addresses = opened(path, tmp_path)
    assert said == []
    figures = re.findall(r'<figure class="chart.*?</figure>', dom, re.DOTALL)
    assert len(figures) >= 5
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
