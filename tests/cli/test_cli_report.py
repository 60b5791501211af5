"""`gdrun report`: the page again, from the run directory alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_commands import gdrun


@pytest.mark.parametrize("which", ["classifier", "members"])
def test_is_written_again_to_the_same_bytes(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = tmp_path / "copy"
    shutil.copytree(request.getfixturevalue(which), path)
    assert gdrun("report", path).code == 0
    first = (path / "report.html").read_bytes()
    (path / "report.html").unlink()
    answer = gdrun("report", path)
    assert answer.code == 0
    assert answer.out == f"{path / 'report.html'}\n"
    assert (path / "report.html").read_bytes() == first


def test_as_json(classifier: Path) -> None:
    assert gdrun("report", classifier, "--json").document == {"report": str(classifier / "report.html")}


def test_by_name(classifier: Path) -> None:
    assert gdrun("report", classifier.name, "--runs-dir", classifier.parent).code == 0


def test_of_nothing(tmp_path: Path) -> None:
    answer = gdrun("report", tmp_path / "none")
    assert answer.code == 2
    assert "names no run" in answer.last_line
