"""The report on a comparison: what it says, that its charts hold the summary's numbers, that it is safe."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from compare_samples import RATE, USUAL, Design, write_comparison
from report_html_page import Page, parsed
from test_report_html_safety import CONTROL, PAYLOADS, all_strings

from gdrun.report.html import page as page_module
from gdrun.report.html import write_report
from gdrun.report.html.words import figure, printable
from gdrun.report.html.write import get_ready

FEW = {"sgd": "sgd", "momentum": "momentum", "adam": "adam"}
EVERYONE = {**USUAL, "broken": "broken"}
THREE = ("digits-mlp", "wine", "a-name-of-64-characters-is-as-long-as-the-name-of-a-config-can-be")

SECTIONS = [
    "What was found",
    "What was done",
    "Results",
    "Who is better than whom",
    "How they got there",
    "Tuning",
    "Chosen settings and costs",
    "What cannot be concluded",
    "Config",
    "What the words mean",
    "Where and when",
]

SAMPLES: dict[str, tuple[Design, list[str]]] = {
    "seven": (
        Design(),
        [
            "adam has the best mean validation accuracy",
            "It cannot be told apart from adamw and rmsprop.",
            "It is better than nesterov, adagrad, momentum and sgd, by",
            "adam is better than sgd by 2.4 ± 0.6 points.",
            "And 13 more, in the table of all pairs.",
            "12 settings of learning_rate each, every one run with 3 seeds (0 to 2)",
            "10 fresh seeds (3 to 12)",
            "The test rows were looked at once",
            "For each of the 21 pairs",
            "what adam, the strongest, reaches with at least half of its seeds",
            "gdrun compare-optimizers config.yaml",
        ],
    ),
    "one diverges, nobody reaches the target": (
        Design(contestants=EVERYONE, target=0.999),
        [
            "broken came to no result",
            "broken diverged in every trial",
            "Every trial failed. 36 runs diverged.",
            "No optimizer reached the target of 0.9990 with more than half of its seeds.",
            "With 10 seeds no difference between so many optimizers can be declared, however large",
            "as the config says",
        ],
    ),
    "added trials and an edge": (
        Design(contestants={"adam": "adam", "momentum": "momentum", "far": "far"}, trials=2),
        [
            "Where the best value lay at the edge of its range, trials were added:",
            "far by 2",
            "The best learning rate of far is the largest that was tried",
            "It is the highest learning rate that was tried.",
        ],
    ),
    "an error, lower is better, no test rows": (
        Design(problems=("diabetes",), contestants=FEW, lower=True, tested=False, seeds=12),
        ["validation rmse", "lower is better", "There were none", "Left of 0 the first is better"],
    ),
    "several keys": (
        Design(contestants={"adam": "adam", "adam, slow": "adam"}, keys=(RATE, "optimizer.beta1")),
        ["12 settings of learning_rate and beta1 each", "Chosen: learning_rate"],
    ),
    "two contestants": (Design(contestants={"sgd": "sgd", "adam": "adam"}), ["For the 1 pair:"]),
    "alone": (Design(contestants={"adam": "adam"}), ["No other optimizer has a result to compare it with."]),
    "one seed": (Design(contestants=FEW, seeds=1), ["over 1 seed", "however large"]),
    "three problems": (
        Design(problems=THREE),
        [
            "7 optimizers compared on 3 problems by",
            "All problems together",
            "AlgoPerf score",
            "Performance profiles",
            "trains mlp [64] on the dataset digits for 30 epochs in batches of 32",
            f"gdrun compare-optimizers {' '.join(f'{name}.yaml' for name in THREE)}",
            "3 problems are a small sample",
        ],
    ),
    "three problems with fourteen contestants": (
        Design(problems=THREE, contestants={f"{name}-{i}": name for i in (1, 2) for name in USUAL}),
        ["14 optimizers compared on 3 problems by"],
    ),
    "twenty contestants": (
        Design(contestants={f"contestant {i:02}": name for i, name in enumerate([*FEW.values()] * 7)}),
        ["contestant 20"],
    ),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_says_what_was_done_and_found(sample: str, tmp_path: Path) -> None:
    design, sentences = SAMPLES[sample]
    path = write_report(write_comparison(tmp_path / "run", design))
    assert path.stat().st_size < 1_000_000
    page = parsed(path)
    for sentence in sentences:
        assert sentence in page.text
    assert not re.search(r"\bNone\b|\bnan\b|\binf\b", page.text)
    assert page.loads == []
    assert len(page.data) == 1


def test_has_all_sections_in_their_order(tmp_path: Path) -> None:
    path = write_report(write_comparison(tmp_path / "run", Design(contestants=FEW)))
    found = re.findall(r"<h2>(.*?)</h2>", path.read_text(encoding="utf-8"))
    assert found == SECTIONS


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = write_comparison(tmp_path_factory.mktemp("seven") / "run")
    write_report(run)
    return run


def summary_of(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    return found


def charts_of(run: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(parsed(run / "report.html").data[0])
    return found


def overlay(charts: list[dict[str, Any]], quantity: str) -> dict[str, Any]:
    views = [view for chart in charts for view in chart.get("views", ()) if "sets" in view]
    return next(view for view in views if view["quantity"] == quantity)


def test_the_best_of_a_column_are_marked(seven: Path) -> None:
    text = (seven / "report.html").read_text(encoding="utf-8")
    table = re.findall(r"<table.*?</table>", text, re.DOTALL)[0]
    rows = re.findall(r'<tr><th scope="row".*?</tr>', table, re.DOTALL)
    problem = summary_of(seven)["problems"][0]
    assert len(rows) == 7
    cells = [re.findall(r'<td(?: data-value="[^"]*")?( class="top")?>([^<]*)<', row) for row in rows]
    for column, key in ((1, "mean"), (2, "median"), (3, "interquartile_mean"), (4, "worst")):
        values = [problem["contestants"][name]["validation"][key] for name in problem["ranking"]]
        assert [row[column][1] for row in cells] == [figure(value) for value in values]
        assert [bool(row[column][0]) for row in cells] == [value == max(values) for value in values]
    letters = [row[0][1] for row in cells]
    assert letters == [problem["contestants"][name]["letters"] for name in problem["ranking"]]
    assert len(set(letters)) > 1
    assert len(set("".join(letters))) < len("".join(letters))


def test_curves_are_those_of_the_summary(seven: Path) -> None:
    problem = summary_of(seven)["problems"][0]
    view = overlay(charts_of(seven), "validation accuracy")
    assert [one["label"] for one in view["sets"]] == problem["ranking"]
    for one in view["sets"]:
        expected = problem["contestants"][one["label"]]["curves"]["columns"]["val_accuracy"]
        places = problem["contestants"][one["label"]]["curves"]["epoch"]
        assert one["x"] == places
        for key in ("low", "median", "high"):
            assert one[key] == pytest.approx(expected[key], rel=1e-4)
        assert one.get("runs", expected["runs"]) == expected["runs"]


def test_the_time_to_target_ends_at_the_share_that_reached_it(seven: Path) -> None:
    problem = summary_of(seven)["problems"][0]
    view = overlay(charts_of(seven), "share of seeds at the target")
    for one in view["sets"]:
        epochs = problem["contestants"][one["label"]]["target"]["epochs"]
        assert one["median"][-1] == pytest.approx(epochs["share"])
        assert one["median"] == sorted(one["median"])
        if epochs["fastest"] is not None:
            first = next(x for x, share in zip(one["x"], one["median"], strict=True) if share > 0)
            assert first == epochs["fastest"]


def test_pairs_are_shown_in_their_unit(seven: Path) -> None:
    problem = summary_of(seven)["problems"][0]
    chart = next(chart for chart in charts_of(seven) if chart["kind"] == "forest")
    means = [100 * pair["mean"] for pair in problem["pairs"]]
    assert [pair["mean"] for pair in chart["pairs"]] == pytest.approx(means, rel=1e-5)
    assert [pair["told"] for pair in chart["pairs"]] == [bool(pair["better"]) for pair in problem["pairs"]]
    text = parsed(seven / "report.html").text
    assert all(pair["verdict"] in text for pair in problem["pairs"])


def test_every_trial_is_drawn(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", Design(contestants=EVERYONE, trials=5))
    write_report(run)
    problem = summary_of(run)["problems"][0]
    chart = next(chart for chart in charts_of(run) if chart["kind"] == "trials")
    for panel in chart["panels"]:
        tuning = problem["contestants"][panel["label"]]["tuning"]
        for drawn, trial in zip(panel["trials"], tuning["trials"], strict=True):
            pairs = zip(drawn["scores"], trial["scores"], strict=True)
            assert all(a == b if b is None else a == pytest.approx(b, rel=1e-4) for a, b in pairs)
        assert [trial.get("added", False) for trial in panel["trials"]] == [
            trial["added"] for trial in tuning["trials"]
        ]
        chosen = [trial["trial"] for trial in panel["trials"] if "chosen" in trial]
        assert chosen == ([] if tuning["chosen"] is None else [tuning["chosen"]])
    assert any("added" in trial for panel in chart["panels"] for trial in panel["trials"])
    assert any(None in trial["scores"] for panel in chart["panels"] for trial in panel["trials"])


def test_every_contestant_looks_the_same_in_all_charts(seven: Path) -> None:
    looks: dict[str, set[tuple[str, int]]] = {}
    for one in every_line(charts_of(seven)):
        looks.setdefault(one["label"], set()).add((one["role"], one["dash"]))
    assert all(len(found) == 1 for found in looks.values())
    assert len({next(iter(found)) for found in looks.values()}) == 7


def every_line(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        if "role" in data and "dash" in data:
            yield data
        for value in data.values():
            yield from every_line(value)
    elif isinstance(data, list):
        for value in data:
            yield from every_line(value)


def test_twenty_contestants_differ_in_colour_or_dashes(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", SAMPLES["twenty contestants"][0])
    write_report(run)
    chart = next(chart for chart in charts_of(run) if chart["kind"] == "overlay")
    looks = {(one["role"], one["dash"]) for one in chart["legend"]}
    assert len(looks) == len(chart["legend"]) == 21


def test_the_configs_of_all_problems_can_be_saved_under_their_names(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", Design(problems=THREE))
    text = html.unescape(write_report(run).read_text(encoding="utf-8"))
    (shown,) = re.findall(r'<pre class="config"><code>(.*?)</code></pre>', text, re.DOTALL)
    for name in THREE:
        own = shown.split(f"# {name}.yaml\n")[1].split("\n# ")[0]
        whole = json.loads((run / "group.json").read_text())["problems"][name]
        assert yaml.safe_load(own) == whole | {"dataset": "digits"}  # a component without options is its name


@pytest.mark.parametrize("ready", [True, False])
def test_once_all_is_ready_nothing_is_compiled_any_more(
    ready: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = write_comparison(tmp_path / "run")
    page_module.environment.cache_clear()
    if ready:
        get_ready("compare-optimizers")
    compiled: list[Any] = []
    compile_source = page_module.environment().compile
    monkeypatch.setattr(
        page_module.environment(),
        "compile",
        lambda *given, **options: compiled.append(given) or compile_source(*given, **options),
    )
    write_report(run)
    assert bool(compiled) == (not ready)


def test_members_are_neither_read_nor_given_reports(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", Design(contestants=FEW))
    plain = write_report(run).read_bytes()
    name = json.loads((run / "group.json").read_text())["plan"][0]["run"]
    member = run / "members" / name
    member.mkdir(parents=True)
    (member / "run.json").write_text("{")  # reading it would be an error
    assert write_report(run).read_bytes() == plain
    assert [path.name for path in member.iterdir()] == ["run.json"]


def test_an_unfinished_comparison_says_so(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", Design(contestants=FEW))
    (run / "summary.json").unlink()
    (run / "results.csv").unlink()
    record = json.loads((run / "group.json").read_text()) | {"status": "interrupted"}
    (run / "group.json").write_text(json.dumps(record))
    page = parsed(write_report(run))
    assert "There is no summary" in page.text
    assert "interrupted" in page.text
    assert "learning_rate: 0.001" in page.text


def test_a_damaged_summary_is_a_note(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", Design(contestants=FEW))
    (run / "summary.json").write_text('{"runs": 1')
    page = parsed(write_report(run))
    assert "summary.json" in page.text
    assert "There is no summary" in page.text


def test_writing_again_gives_the_same_bytes(seven: Path) -> None:
    first = (seven / "report.html").read_bytes()
    assert write_report(seven).read_bytes() == first


def report_named(directory: Path, text: str) -> Page:
    """A comparison that holds a text everywhere a text can be."""
    design = Design(
        problems=(text, "b"),
        contestants={text: "adam", "b": "sgd", f"{text}2": "broken"},
        seeds=3,
        trials=4,
        epochs=5,
        text=text,
        keys=(RATE, f"optimizer.{text}"),
    )
    return parsed(write_report(write_comparison(directory, design)))


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return report_named(tmp_path_factory.mktemp("harmless") / "run", "harmless")


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_text_never_changes_the_elements(payload: str, harmless: Page, tmp_path: Path) -> None:
    page = report_named(tmp_path / "run", payload)
    assert page.tree == harmless.tree
    assert page.loads == []
    assert page.scripts == harmless.scripts
    assert not CONTROL.search(page.text)
    assert printable(payload) in page.text
    assert len(page.data) == 1
    assert not re.search("[<>&\u2028\u2029]", page.data[0])
    strings = " ".join(all_strings(json.loads(page.data[0])))
    assert printable(payload) in strings
    assert not CONTROL.search(strings)


def test_without_escaping_a_payload_is_caught(
    harmless: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module.environment(), "autoescape", False)
    page_module.environment().cache.clear()  # type: ignore[union-attr]  # an environment has a cache here
    try:
        assert report_named(tmp_path / "run", PAYLOADS[2]).tree != harmless.tree
    finally:
        page_module.environment().cache.clear()  # type: ignore[union-attr]  # as above


def test_figures_keep_their_thousands_together() -> None:
    assert figure(1234567) == "1\u202f234\u202f567"
