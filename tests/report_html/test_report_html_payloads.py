"""A hundred hostile texts in every name, column, label and error of every kind of page: they stay text."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from compare_samples import USUAL, Design, write_comparison
from learning_samples import histogram_arrays, write_learned
from payloads import PAYLOADS, TAKEN, legal, spoiled
from report_html_page import Page, parsed
from report_samples import labels, values, write_folds, write_group, write_run
from sweep_samples import RATES, write_sweep
from test_report_html_browser import BROWSER, opened

import gdrun
from gdrun.report.html import page as page_module
from gdrun.report.html import write_report

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
CLASSES = ["cat", "dog", *"12345678"]


def descent(path: Path, start: object) -> Path:
    """A run of `minimize`, which has no invented samples."""
    config = {"objective": "rosenbrock", "steps": 12, "start": start}
    return gdrun.minimize(config, runs_dir=path.parent / "runs").path


KINDS: dict[str, Callable[[Path], Path]] = {
    "run": lambda path: write_run(path, predictions=labels(CLASSES, 60), data={"classes": CLASSES}),
    "failed run": lambda path: write_run(path, status="failed", reason="train_loss is not finite", epochs=3),
    "regression": lambda path: write_run(path, metric="rmse", predictions=values(30), data={"classes": None}),
    "learning": lambda path: write_learned(
        path, histogram_arrays(), ["petal", "sepal"], classes=["cat", "dog"]
    ),
    "group": lambda path: write_group(path, 4, 8, diverged=[2]),
    "folds": write_folds,
    "comparison": lambda path: write_comparison(
        path, Design(contestants={**dict(list(USUAL.items())[:3]), "broken": "broken"}, trials=5, seeds=3)
    ),
    "sweep": lambda path: write_sweep(path, {"zeta": RATES, "omega": ["cat", "dog"]}, seeds=2, broken=[2]),
    "descent": lambda path: descent(path, [-1.2, 1.0]),
    "descents": lambda path: descent(path, [[-1.2, 1.0], [0.0, 1.0]]),
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The directory of a kind, made once."""
    return functools.cache(lambda kind: KINDS[kind](tmp_path_factory.mktemp("sample") / "run"))


@pytest.fixture(scope="module")
def harmless(
    tmp_path_factory: pytest.TempPathFactory, samples: Callable[[str], Path]
) -> Callable[[str, bool], Page]:
    """The page of a kind with harmless text in the same places; in the config another, where that differs."""

    @functools.cache
    def page(kind: str, differs: bool) -> Page:
        folder = tmp_path_factory.mktemp("harmless")
        in_config = "innocent" if differs else "harmless"
        return parsed(write_report(spoiled(samples(kind), folder / "run", "harmless", in_config)))

    return page


def check_payload(source: Path, harmless: Page, payload: str, folder: Path) -> None:
    path = write_report(spoiled(source, folder, payload))
    for report in folder.rglob("report.html"):
        page = parsed(report)
        assert page.loads == []
        assert not CONTROL.search(page.text)
    page = parsed(path)
    assert page.tree == harmless.tree
    assert page.scripts == harmless.scripts
    assert page.style == harmless.style
    assert not re.search("[<>&\u2028\u2029]", "".join(page.data))


def test_there_are_a_hundred_different_payloads_and_all_kinds_of_page() -> None:
    assert len(set(PAYLOADS)) >= 100
    assert len(KINDS) >= 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_share_of_the_payloads_stays_text(
    kind: str, samples: Callable[[str], Path], harmless: Callable[[str, bool], Page], tmp_path: Path
) -> None:
    for number, payload in list(enumerate(PAYLOADS))[list(KINDS).index(kind) :: len(KINDS)]:
        check_payload(
            samples(kind), harmless(kind, legal(payload) != payload), payload, tmp_path / str(number)
        )


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_every_payload_stays_text(
    kind: str, samples: Callable[[str], Path], harmless: Callable[[str, bool], Page], tmp_path: Path
) -> None:
    for number, payload in enumerate(PAYLOADS):
        check_payload(
            samples(kind), harmless(kind, legal(payload) != payload), payload, tmp_path / str(number)
        )
    print(f"{kind}: {len(PAYLOADS)} payloads in every place, the same elements each time")


@pytest.mark.parametrize("kind", KINDS)
def test_without_escaping_every_kind_of_page_is_caught(
    kind: str,
    samples: Callable[[str], Path],
    harmless: Callable[[str, bool], Page],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = harmless(kind, False)
    unescaped(monkeypatch)
    try:
        with pytest.raises(AssertionError):
            check_payload(samples(kind), expected, PAYLOADS[0], tmp_path / "run")
    finally:
        page_module.environment().cache.clear()  # type: ignore[union-attr]  # an environment has a cache here


def unescaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module.environment(), "autoescape", False)
    page_module.environment().cache.clear()  # type: ignore[union-attr]  # as above


def in_one_page(reports: list[Path], folder: Path) -> Path:
    """A page with all reports in frames, so that one browser opens them."""
    frames = "".join(f'<iframe src="{report.as_uri()}"></iframe>' for report in reports)
    (folder / "all.html").write_text(f"<!doctype html><title>all</title>{frames}")
    return folder / "all.html"


ACTIVE = "".join(payload for payload in PAYLOADS if TAKEN in payload and "<!--" not in payload)


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed on this machine")
def test_no_script_of_a_text_runs_in_a_browser(samples: Callable[[str], Path], tmp_path: Path) -> None:
    reports = [
        write_report(spoiled(samples(kind), tmp_path / kind.replace(" ", "-"), ACTIVE)) for kind in KINDS
    ]
    _, said, addresses = opened(in_one_page(reports, tmp_path), tmp_path)
    assert [line for line in said if "taken" in line] == []
    assert {address for address in addresses if not address.startswith("file:")} == set()


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed on this machine")
def test_without_escaping_and_policy_a_script_runs(
    samples: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unescaped(monkeypatch)
    try:
        report = write_report(spoiled(samples("run"), tmp_path / "run", ACTIVE))
    finally:
        page_module.environment().cache.clear()  # type: ignore[union-attr]  # as above
    report.write_text(
        re.sub("<meta http-equiv[^>]*>", "", report.read_text(encoding="utf-8")), encoding="utf-8"
    )
    _, said, _ = opened(in_one_page([report], tmp_path), tmp_path)
    assert [line for line in said if "taken" in line]
