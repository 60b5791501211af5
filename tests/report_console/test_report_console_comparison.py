"""What is shown of a comparison: figures, verdicts, limits; that it fits; that texts stay texts."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from compare_samples import RATE, USUAL, Design, write_comparison
from rich.console import Console

from gdrun.report.comparison import leaders, verdicts
from gdrun.report.console.outcome import show_outcome
from gdrun.report.console.screen import Screen

EVERYONE = USUAL | {"broken": "broken"}
LONG = {f"{name} with a label that is long": name for name in EVERYONE}


def shown(path: Path, width: int = 80) -> list[str]:
    """The lines on a screen of so many columns."""
    screen = Screen()
    screen.results = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    with screen.results.capture() as captured:
        show_outcome(screen, path)
    return captured.get().splitlines()


def summary_of(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    return found


def row_of(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.strip().startswith(f"{name} "))


def test_shows_results_verdicts_and_what_to_do_next(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run")
    lines = shown(run)
    text = "\n".join(lines)
    problem = summary_of(run)["problems"][0]
    adam = problem["contestants"]["adam"]
    low, high = adam["validation"]["interval"]
    row = row_of(lines, "adam")
    assert f"{adam['validation']['mean']:.4f} ± {(high - low) / 2:.4f}*" in row
    assert f"{adam['target']['epochs']['median']:g} ({adam['target']['epochs']['reached']}/10)" in row
    assert "0.003162" in row
    assert re.search(r"^ rmsprop +ab ", row_of(lines, "rmsprop"))
    assert "∞ (0/10)" in row_of(lines, "sgd")
    assert "adam is better than sgd by 2.4 ± 0.6 points" in text
    assert "… and 13 more pairs in report.html" in text
    assert "target 0.9594" in text
    assert "report.html" in lines[-2]
    first = next(
        row
        for row in (run / "results.csv").read_text().splitlines()
        if ",adam," in row and "evaluation" in row
    )
    assert lines[-1].endswith(f"members/{first.partition(',')[0]}/config.yaml --seeds 10")


@pytest.mark.parametrize("contestants", [EVERYONE, LONG], ids=["short", "long"])
@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_of_a_table_is_broken(contestants: dict[str, str], width: int, tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", Design(contestants=contestants))
    lines = shown(run, width)
    rule = next(place for place, line in enumerate(lines) if set(line.strip()) == {"─"})
    table = lines[rule + 1 : lines.index("", rule)]
    assert len(table) == len(contestants)
    assert all(len(line) <= width for line in lines[:-3])
    assert all(row.split()[0] in contestants or "…" in row for row in table)


def test_a_narrow_screen_leaves_margins_out(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", Design(contestants=EVERYONE))
    wide, narrow = (row_of(shown(run, width), "adam") for width in (100, 60))
    assert wide.count("±") == 2
    assert narrow.count("±") < 2
    assert len(narrow) <= 60


def test_says_who_has_no_result_and_why(tmp_path: Path) -> None:
    lines = shown(write_comparison(tmp_path / "run", Design(contestants=EVERYONE, target=0.999)))
    assert row_of(lines, "broken").split() == ["broken", "–", "–", "–", "all", "–"]
    assert any("note: broken diverged in every trial" in line for line in lines)


def test_several_keys_are_shown_below_the_table(tmp_path: Path) -> None:
    design = Design(contestants={"sgd": "sgd", "adam": "adam"}, keys=(RATE, "optimizer.beta1"), trials=4)
    run = write_comparison(tmp_path / "run", design)
    chosen = summary_of(run)["problems"][0]["contestants"]["adam"]["chosen"]
    expected = f"adam  learning_rate {chosen[RATE]:.4g}, beta1 {chosen['optimizer.beta1']:.4g}"
    assert f"  {expected}" in shown(run)


def test_several_problems_have_a_score(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", Design(problems=("one", "two", "three"), seeds=5))
    lines = shown(run)
    scores = summary_of(run)["profiles"]["scores"]
    place = next(place for place, line in enumerate(lines) if "AlgoPerf score" in line)
    found = [line.split() for line in lines[place + 2 : lines.index("", place)]]
    assert [row[0] for row in found] == sorted(scores, key=lambda name: -scores[name])
    for name, score, *_ in found:
        assert float(score.rstrip("*")) == pytest.approx(scores[name], abs=5e-4)
    assert found[0][1].endswith("*")
    assert sum(line.startswith(("one ·", "two ·", "three ·")) for line in lines) == 3


def test_one_document_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_comparison(tmp_path / "run", Design(contestants=EVERYONE, seeds=2, trials=2))
    show_outcome(Screen(json=True), run)
    document = json.loads(capsys.readouterr().out)
    assert document["summary"]["problems"][0]["ranking"]


def test_texts_do_not_steer_the_terminal(tmp_path: Path) -> None:
    hostile = "\x1b[31mred\x1b]0;title\x07\n\u202e[bold]"
    contestants = {hostile: "adam", "sgd": "sgd"}
    run = write_comparison(tmp_path / "run", Design((hostile,), contestants, text=hostile, seeds=3, trials=3))
    text = "\n".join(shown(run))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "\\x1b[31mred" in text


def test_leaders_are_the_best_and_who_cannot_be_told_from_it(tmp_path: Path) -> None:
    problem = summary_of(write_comparison(tmp_path / "run", Design(contestants=EVERYONE, seeds=12)))[
        "problems"
    ][0]
    assert leaders(problem)[0] == problem["ranking"][0]
    apart = {
        pair["second"]
        for pair in problem["pairs"]
        if pair["first"] == problem["ranking"][0] and pair["better"]
    }
    assert apart
    assert not apart & set(leaders(problem))
    assert "broken" not in leaders(problem)
    assert "cannot be compared" in verdicts(problem)[-1]
    assert "cannot be compared" not in verdicts(problem)[0]
