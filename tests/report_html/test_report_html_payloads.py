"""A hundred hostile texts in every name, column, label and error of every kind of page: they stay text."""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from page_kinds import KINDS
from payloads import PAYLOADS, TAKEN, legal, spoiled
from report_html_page import Page, parsed
from test_report_html_browser import BROWSER, figures_of, opened

from gdrun.report.html import page as page_module
from gdrun.report.html import write_report
from gdrun.run_directory.store import Group, Run, load

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


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


def test_there_are_a_hundred_different_payloads_and_all_kinds_of_page(
    samples: Callable[[str], Path],
) -> None:
    assert len(set(PAYLOADS)) >= 100
    saved = [load(samples(kind)) for kind in KINDS]
    runs = {one.record["command"] for one in saved if isinstance(one, Run)}
    groups = {one.record["command"] for one in saved if isinstance(one, Group)}
    assert runs == {"train", "minimize"}
    assert groups == {"train", "kfold", "compare-optimizers", "sweep", "minimize"}
    assert {one.record["status"] for one in saved} >= {"completed", "failed", "diverged", "interrupted"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "drawn" in kind or "objective" in kind])
def test_a_payload_does_not_take_the_picture_away(
    kind: str, samples: Callable[[str], Path], harmless: Callable[[str, bool], Page], tmp_path: Path
) -> None:
    untouched = parsed(write_report(spoiled(samples(kind), tmp_path / "run", "")))
    assert len(json.loads(harmless(kind, False).data[0])) == len(json.loads(untouched.data[0]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_share_of_the_payloads_stays_text(
    kind: str, samples: Callable[[str], Path], harmless: Callable[[str, bool], Page], tmp_path: Path
) -> None:
    for number, payload in list(enumerate(PAYLOADS))[list(KINDS).index(kind) :: len(KINDS)]:
        check_payload(
            samples(kind), harmless(kind, legal(payload) != payload), payload, tmp_path / str(number)
        )


def test_a_metric_with_underscores_at_its_end_is_drawn(
    samples: Callable[[str], Path], harmless: Callable[[str, bool], Page], tmp_path: Path
) -> None:
    check_payload(samples("group"), harmless("group", False), "__proto__", tmp_path / "run")


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
        shutil.rmtree(tmp_path / str(number))
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


def check_in_browser(source: Path, payloads: Sequence[str], folder: Path) -> None:
    """Open a report for each payload: its own scripts draw the charts, no other runs, nothing is loaded."""
    reports = [
        write_report(spoiled(source, folder / str(number), payload))
        for number, payload in enumerate(payloads)
    ]
    dom, said, addresses = opened(reports[0], folder)
    for figure in figures_of(dom):
        assert "<svg" in figure or "<img" in figure
    if len(reports) > 1:
        _, more, others = opened(in_one_page(reports[1:], folder), folder)
        said, addresses = said + more, addresses + others
    assert [line for line in said if "taken" in line] == []
    assert {address for address in addresses if not address.startswith("file:")} == set()


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed on this machine")
@pytest.mark.parametrize("kind", ["regions", "comparison on an objective"])
def test_no_script_of_a_text_runs_in_a_browser(
    kind: str, samples: Callable[[str], Path], tmp_path: Path
) -> None:
    check_in_browser(samples(kind), [ACTIVE], tmp_path)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed on this machine")
@pytest.mark.parametrize("kind", KINDS)
def test_no_script_runs_on_any_kind_of_page(
    kind: str, samples: Callable[[str], Path], tmp_path: Path
) -> None:
    share = PAYLOADS[list(KINDS).index(kind) :: len(KINDS)]
    check_in_browser(samples(kind), [ACTIVE, *share], tmp_path)


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
