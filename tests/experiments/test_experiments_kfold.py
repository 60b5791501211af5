"""Cross-validation from the directories that it leaves: nothing leaks, nothing is lost, numbers add up."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_commands import bits, gdrun, group_bits, record, strict_json, the_run

import gdrun as package
from gdrun.data import Preprocessor
from gdrun.errors import ConfigError
from gdrun.run_directory.tables import read_table
from gdrun.run_directory.weights import read_weights

COLOURS = ("red", "grey", "blue")
SETTINGS = """
name: {name}
dataset: {{name: csv, path: table.csv, target: {target}, {more}}}
model: {{name: mlp, hidden: [6], dropout: 0.1}}
optimizer: {{name: adam, learning_rate: 2e-2}}
batch_size: 16
epochs: 4
"""

Lines = list[dict[str, str]]


def table(rows: int = 97, kinds: tuple[str, ...] = ("cat", "dog", "fox")) -> Lines:
    """Rows from which kind, height and weight can be told, in sessions of different lengths."""
    random = np.random.default_rng(3)
    lines = []
    for row in range(rows):
        number = int(random.integers(len(kinds)))
        a, b = random.normal(3 * number, 1), random.normal()
        lines.append(
            {
                "a": f"{a:.4f}",
                "b": f"{b:.4f}",
                "colour": COLOURS[(number + row) % 3],
                "kind": kinds[number],
                "height": f"{a + b + random.normal():.4f}",
                "weight": f"{a - b + random.normal():.4f}",
                "session": f"s{math.isqrt(row)}",
            }
        )
    return lines


def prepared(folder: Path, lines: Lines, target: str = "kind", name: str = "folds", more: str = "") -> Path:
    """A config in a folder, with its table beside it."""
    folder.mkdir(exist_ok=True, parents=True)
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    known = {"kind": "drop: [height, weight, session]", "height": "drop: [kind, weight, session]"}
    path = folder / f"{name}.yaml"
    more = more or known.get(target, "drop: [kind, session]")
    path.write_text(SETTINGS.format(name=name, target=target, more=more))
    return path


def cross_validate(config: Path, *words: object, workers: int = 1) -> Path:
    """The group directory."""
    runs = config.parent / "runs"
    answer = gdrun("kfold", config, *words, "--runs-dir", runs, "--workers", workers, "-q")
    assert answer.code == 0, answer
    return the_run(runs, config.stem)


def members(group: Path) -> list[Path]:
    return [group / "members" / entry["run"] for entry in record(group)["plan"]]


def rows_of(member: Path) -> dict[str, list[int]]:
    return {name: rows.tolist() for name, rows in np.load(member / "split.npz").items()}


def cells_of(path: Path) -> Lines:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def summary_of(group: Path) -> dict[str, Any]:
    found: dict[str, Any] = strict_json((group / "summary.json").read_text())
    return found


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five folds, twice, of three classes in rows that five does not divide."""
    config = prepared(tmp_path_factory.mktemp("classes"), table())
    return cross_validate(config, "--repeats", 2)


@pytest.fixture(scope="module")
def heights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four folds of a regression of two targets."""
    config = prepared(tmp_path_factory.mktemp("heights"), table(), "[height, weight]")
    return cross_validate(config, "--folds", 4)


def test_folds_are_disjoint_and_together_all_rows(classes: Path) -> None:
    folds = [rows_of(member) for member in members(classes)]
    assert len(folds) == 10
    for repetition in (folds[:5], folds[5:]):
        assert sorted(row for fold in repetition for row in fold["test"]) == list(range(97))
    assert [fold["test"] for fold in folds[:5]] != [fold["test"] for fold in folds[5:]]
    for fold in folds:
        assert fold["validation"], "the best epoch is chosen on rows of its own"
        assert sorted(row for part in fold.values() for row in part) == list(range(97))


def test_auto_stratifies(classes: Path) -> None:
    assert summary_of(classes)["strategy"] == "stratified"
    kinds = [line["kind"] for line in cells_of(classes.parents[1] / "table.csv")]
    counts = [[kinds[row] for row in rows_of(m)["test"]] for m in members(classes)[:5]]
    for kind in set(kinds):
        found = [fold.count(kind) for fold in counts]
        assert max(found) - min(found) <= 1


def test_every_row_is_predicted_once_a_repetition(classes: Path) -> None:
    lines = cells_of(classes / "predictions.csv")
    seen = [(int(line["repeat"]), int(line["row"])) for line in lines]
    assert seen == [(repeat, row) for repeat in range(2) for row in range(97)]
    of_members = {}
    for place, member in enumerate(members(classes)):
        for line in cells_of(member / "predictions.csv"):
            of_members[str(place // 5), str(place % 5), line["row"]] = line
    for line in lines:
        expected = of_members[line["repeat"], line["fold"], line["row"]]
        assert {**expected, "repeat": line["repeat"], "fold": line["fold"]} == line


def test_the_pooled_metric_and_the_confusion_are_those_of_the_file(classes: Path) -> None:
    lines, summary = cells_of(classes / "predictions.csv"), summary_of(classes)
    by_repeat = [[ln["target"] == ln["prediction"] for ln in lines if ln["repeat"] == r] for r in "01"]
    assert summary["pooled"] == {"accuracy": pytest.approx(np.mean([np.mean(r) for r in by_repeat]))}
    names = summary["confusion"]["classes"]
    assert names == ["cat", "dog", "fox"]
    for true, counts in zip(names, summary["confusion"]["counts"], strict=True):
        for predicted, count in zip(names, counts, strict=True):
            assert count == sum(ln["target"] == true and ln["prediction"] == predicted for ln in lines)


def test_pooled_metrics_of_several_targets(heights: Path) -> None:
    lines, pooled = cells_of(heights / "predictions.csv"), summary_of(heights)["pooled"]
    assert [int(line["row"]) for line in lines] == list(range(97))
    truth = cells_of(heights.parents[1] / "table.csv")
    assert [line["target_weight"] for line in lines] == [repr(float(line["weight"])) for line in truth]
    true, predicted = (
        np.array([[float(line[f"{kind}_{name}"]) for name in ("height", "weight")] for line in lines])
        for kind in ("target", "prediction")
    )
    assert pooled["rmse"] == pytest.approx(np.sqrt(((predicted - true) ** 2).mean(axis=0)).mean())
    unexplained = ((predicted - true) ** 2).sum(axis=0) / ((true - true.mean(axis=0)) ** 2).sum(axis=0)
    assert pooled["r2"] == pytest.approx(1 - unexplained.mean())
    assert "confusion" not in summary_of(heights)


def test_intervals_are_the_corrected_ones(classes: Path, heights: Path) -> None:
    for group, folds, runs in ((classes, 5, 10), (heights, 4, 4)):
        results = read_table(group / "results.csv")
        for name, found in summary_of(group)["metrics"].items():
            values = results[name]
            assert len(values) == found["n"] == runs
            margin = t.ppf(0.975, runs - 1) * values.std(ddof=1) * math.sqrt(1 / runs + 1 / (folds - 1))
            assert found["mean"] == pytest.approx(values.mean())
            assert found["std"] == pytest.approx(values.std(ddof=1))
            assert found["interval"] == pytest.approx([values.mean() - margin, values.mean() + margin])


def test_repetitions_have_seeds_of_their_own(classes: Path) -> None:
    results = read_table(classes / "results.csv")
    assert results["seed"].tolist() == [0] * 5 + [1] * 5
    assert results["fold"].tolist() == [*range(5), *range(5)]
    assert results["split.fold.repeat"].tolist() == [0] * 5 + [1] * 5


@pytest.mark.parametrize("fold", ["repeat-0-fold-2", "repeat-1-fold-4"])
def test_a_fold_has_the_bits_that_it_has_alone(classes: Path, tmp_path: Path, fold: str) -> None:
    member = classes / "members" / fold
    assert gdrun("train", member / "config.yaml", "--runs-dir", tmp_path, "-q").code == 0
    assert bits(the_run(tmp_path, "folds")) == bits(member)


def test_any_number_of_workers(classes: Path, tmp_path: Path) -> None:
    config = prepared(tmp_path, table())
    group = cross_validate(config, "--repeats", 2, workers=2)
    assert record(group)["timing"]["workers"] == 2
    assert group_bits(group) == group_bits(classes)
    assert (group / "predictions.csv").read_bytes() == (classes / "predictions.csv").read_bytes()


def test_uneven_folds_make_stacks_of_their_own(classes: Path) -> None:
    stacks = record(classes)["stacks"]
    trained = [{len(rows_of(classes / "members" / name)["train"]) for name in names} for names in stacks]
    assert sorted(map(len, trained)) == [1] * len(stacks)
    assert len(stacks) == 2
    assert set().union(*trained) == {65, 66}


def test_validation_rows_of_a_stack_may_differ_in_number(tmp_path: Path) -> None:
    group = cross_validate(prepared(tmp_path, table(104), "height"), "metrics=[r2]")
    assert len(record(group)["stacks"]) == 1
    assert {len(rows_of(member)["validation"]) for member in members(group)} == {12, 13}
    for member in members(group)[::4]:
        assert gdrun("train", member / "config.yaml", "--runs-dir", tmp_path / member.name, "-q").code == 0
        assert bits(the_run(tmp_path / member.name, "folds")) == bits(member)


def test_a_level_that_only_some_folds_train_on(tmp_path: Path) -> None:
    lines = table(60)
    lines[7]["colour"] = "violet"
    group = cross_validate(prepared(tmp_path, lines, "height"), "--folds", 3, "split.validation=0")
    features = [record(member)["data"]["features"] for member in members(group)]
    assert sorted(features) == [5, 6, 6]
    assert len(record(group)["stacks"]) == 2


class TestStrategies:
    def test_groups_stay_whole(self, tmp_path: Path) -> None:
        lines = table()
        config = prepared(tmp_path, lines, more="drop: [height, weight], group: session")
        group = cross_validate(config, "--folds", 4)
        assert summary_of(group)["strategy"] == "group"
        folds = [rows_of(member) for member in members(group)]
        assert sorted(row for fold in folds for row in fold["test"]) == list(range(97))
        for fold in folds:
            sessions = [{lines[row]["session"] for row in part} for part in fold.values()]
            assert sum(map(len, sessions)) == len(set().union(*sessions))

    def test_time_series_train_on_the_past(self, tmp_path: Path) -> None:
        config = prepared(tmp_path, table(), "height")
        group = cross_validate(config, "--folds", 3, "--strategy", "time-series")
        folds = [rows_of(member) for member in members(group)]
        assert [fold["test"] for fold in folds] == [list(range(s, s + 24)) for s in (25, 49, 73)]
        for fold in folds:
            assert max(fold["train"]) < min(fold["validation"])
            assert max(fold["validation"]) < min(fold["test"])
            assert min(fold["train"]) == 0
        assert [int(line["row"]) for line in cells_of(group / "predictions.csv")] == list(range(25, 97))

    def test_rows_in_the_order_of_time_are_time_series(self, tmp_path: Path) -> None:
        group = cross_validate(prepared(tmp_path, table(), "height"), "split.time_ordered=true")
        assert summary_of(group)["strategy"] == "time-series"

    def test_plain_where_asked_for(self, tmp_path: Path) -> None:
        group = cross_validate(prepared(tmp_path, table()), "--strategy", "plain", "--folds", 2)
        assert summary_of(group)["strategy"] == "plain"

    def test_leave_one_out(self, tmp_path: Path) -> None:
        group = cross_validate(prepared(tmp_path, table(20), "height"), "--folds", 20, "epochs=1")
        assert [len(rows_of(member)["test"]) for member in members(group)] == [1] * 20
        assert math.isfinite(summary_of(group)["pooled"]["r2"])  # of a single row there is none


def test_rows_of_early_stopping_are_training_rows(tmp_path: Path) -> None:
    config = prepared(tmp_path, table())
    stopping = "early_stopping={monitor: val_loss, patience: 1}"
    group = cross_validate(config, stopping, "optimizer.learning_rate=0.3", "epochs=40")
    assert "stopped" in summary_of(group)["statuses"]
    for member in members(group):
        rows = rows_of(member)
        assert not set(rows["validation"]) & set(rows["test"])
        metrics = read_table(member / "metrics.csv")
        best = int(np.argmin(metrics["val_loss"]))
        assert record(member)["result"]["best_epoch"] == metrics["epoch"][best]


def poisoned(lines: Lines, rows: list[int], target: str, *, targets_too: bool) -> Lines:
    """The table with some rows spoilt: features a million times as large, an unknown level, targets moved."""
    spoilt = [dict(line) for line in lines]
    for place, row in enumerate(rows):
        for name in ("a", "b"):
            spoilt[row][name] = f"{float(lines[row][name]) * 1e6:.1f}"
        spoilt[row]["colour"] = "violet"
        if targets_too:
            spoilt[row][target] = lines[rows[place - 1]][target]
    assert spoilt != lines
    return spoilt


def learned(member: Path) -> dict[str, Any]:
    """What a fold has learned before it is tested."""
    weights = {name: array.tobytes() for name, array in read_weights(member / "weights.npz").items()}
    metrics = {name: column.tobytes() for name, column in read_table(member / "metrics.csv").items()}
    del metrics["seconds"]
    kept = record(member)
    return {
        "rows": rows_of(member),
        "preprocessing": kept["data"]["preprocessing"],
        "weights": weights,
        "metrics": metrics,
        "result": {**kept["result"], "test": None},
    }


class TestNothingLeaks:
    """Whatever the rows of a fold hold that it is tested on, it learns the same."""

    @pytest.mark.parametrize(
        ("target", "strategy", "targets_too"),
        [
            ("kind", "plain", True),
            ("kind", "stratified", False),  # whose folds depend on the classes, as they have to
            ("height", "plain", True),
            ("height", "time-series", True),
        ],
    )
    def test_from_the_test_rows(self, tmp_path: Path, target: str, strategy: str, targets_too: bool) -> None:
        before, after = self.two_groups(tmp_path, target, strategy, targets_too)
        assert learned(before) == learned(after)
        assert record(before)["result"]["test"] != record(after)["result"]["test"]

    def test_a_leak_would_be_seen(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        fit = Preprocessor.fit

        def leaking(table: Any, rows: Any, *options: Any) -> Preprocessor:
            return fit(table, np.arange(table.rows), *options)

        monkeypatch.setattr(Preprocessor, "fit", leaking)
        before, after = self.two_groups(tmp_path, "height", "plain", True)
        found, expected = learned(after), learned(before)
        assert found["rows"] == expected["rows"]
        assert found["preprocessing"] != expected["preprocessing"]
        assert found["weights"] != expected["weights"]

    def test_but_from_the_training_rows_it_learns(self, tmp_path: Path) -> None:
        before, after = self.two_groups(tmp_path, "height", "plain", True, part="train")
        assert learned(before)["weights"] != learned(after)["weights"]

    def two_groups(
        self, folder: Path, target: str, strategy: str, targets_too: bool, part: str = "test"
    ) -> tuple[Path, Path]:
        """Fold 2 of a table, and of the same with rows of it spoilt (of a series, also what comes later)."""
        lines = table()
        words = ("--strategy", strategy, "--folds", 4)
        before = cross_validate(prepared(folder / "before", lines, target), *words) / "members" / "fold-2"
        rows = rows_of(before)[part]
        if strategy == "time-series":
            rows += list(range(max(rows) + 1, len(lines)))
        spoilt = poisoned(lines, rows, target, targets_too=targets_too)
        after = cross_validate(prepared(folder / "after", spoilt, target), *words)
        return before, after / "members" / "fold-2"


@pytest.mark.parametrize(
    "labels",
    [("01", "02"), ("1", "01"), ("1.0", "1.50"), ("1", "1.0"), ("1", "yes"), ("-1", "=1"), ("nan", "inf")],
)
def test_labels_that_look_like_numbers_stay_what_they_are(tmp_path: Path, labels: tuple[str, ...]) -> None:
    missing = "drop: [height, weight, session], missing: [''], columns: {kind: category}"
    config = prepared(tmp_path, table(40, labels), more=missing)
    group = cross_validate(config, "--folds", 3, "epochs=1")
    confusion = summary_of(group)["confusion"]
    assert sorted(confusion["classes"]) == sorted(labels)
    truth = [line["kind"] for line in cells_of(tmp_path / "table.csv")]
    counts = dict(zip(confusion["classes"], map(sum, confusion["counts"]), strict=True))
    assert counts == {label: truth.count(label) for label in labels}
    written = [line["target"].removeprefix("'") for line in cells_of(group / "predictions.csv")]
    assert written == truth


def test_a_fold_that_diverges_is_counted_and_nothing_is_pooled(tmp_path: Path) -> None:
    config = prepared(tmp_path, table(), "height")
    group = cross_validate(config, "optimizer={name: sgd, learning_rate: 1e6}")
    summary = summary_of(group)
    assert summary["statuses"] == {"diverged": 5}
    assert not {"pooled", "confusion"} & set(summary)
    assert not (group / "predictions.csv").exists()


def test_from_python(classes: Path, tmp_path: Path) -> None:
    config = prepared(tmp_path, table())
    group = package.kfold(config, repeats=2, runs_dir=tmp_path / "runs")
    assert isinstance(group, package.Group)
    assert group.summary == summary_of(classes)
    assert list(group.members) == [member.name for member in members(classes)]
    assert package.load(group.path).status == "completed"
    assert group.results["test_accuracy"].mean() == pytest.approx(
        group.summary["pooled"]["accuracy"], abs=0.01
    )
    with pytest.raises(ConfigError, match="at least 2"):
        package.kfold(config, folds=1, runs_dir=tmp_path / "none")
    assert not (tmp_path / "none").exists()
