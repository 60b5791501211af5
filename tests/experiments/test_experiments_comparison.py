"""A comparison keeps to the protocol: equal budgets, paired fresh seeds, test rows that choose nothing."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_commands import (
    bits,
    config_file,
    finish,
    gdrun,
    group_bits,
    kill,
    record,
    start,
    strict_json,
    the_run,
    wait_for,
    without_times,
)

import gdrun as library
from gdrun.run_directory.tables import read_table
from gdrun.statistics import holm

WORDS = ("--optimizers", "sgd,momentum,adam", "--trials", 4, "--seeds", 7, "-q")


def compare(runs: Path, *words: object, more: str = "", name: str = "blobs") -> Path:
    runs.mkdir(exist_ok=True)
    answer = gdrun("compare-optimizers", config_file(runs, name, more), *WORDS, *words, "--runs-dir", runs)
    assert answer.code == 0, answer
    return the_run(runs, name)


def rows_of(path: Path) -> list[dict[str, Any]]:
    table = read_table(path / "results.csv")
    return [
        dict(zip(table, row, strict=True)) for row in zip(*(c.tolist() for c in table.values()), strict=True)
    ]


def summary_of(path: Path) -> dict[str, Any]:
    return strict_json((path / "summary.json").read_text())


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison that nobody disturbs."""
    return compare(tmp_path_factory.mktemp("compared"), "--workers", 1)


class TestProtocol:
    def test_every_contestant_has_the_same_budget_before_edges(self, compared: Path) -> None:
        summary = summary_of(compared)
        for contestant in summary["problems"][0]["contestants"].values():
            tuning = contestant["tuning"]
            planned = [trial for trial in tuning["trials"] if not trial["added"]]
            assert len(planned) == 4
            assert len(tuning["trials"]) <= 8
            assert all(len(trial["scores"]) == 3 for trial in tuning["trials"])
            assert contestant["cost"]["tuning_runs"] == 3 * len(tuning["trials"])

    def test_an_edge_was_gone_beyond_or_is_told(self, compared: Path) -> None:
        added = 0
        problem = summary_of(compared)["problems"][0]
        for name, contestant in problem["contestants"].items():
            tuning = contestant["tuning"]
            rates = [trial["settings"]["optimizer.learning_rate"] for trial in tuning["trials"]]
            best = rates[tuning["chosen"]]
            at_edge = best in (min(rates), max(rates))
            assert at_edge == (tuning["edge"] is not None)
            assert not at_edge or len(rates) == 8
            told = [said for said in problem["notices"] if said.startswith("The best learning_rate is the")]
            assert at_edge == any(name in re.split(r"[ ,:]+", said) for said in told)
            added += tuning["added"]
        assert added > 0  # else this test has shown nothing

    def test_evaluation_is_on_fresh_seeds(self, compared: Path) -> None:
        rows = rows_of(compared)
        tuned = {row["seed"] for row in rows if row["phase"] == "tuning"}
        assert tuned == {0, 1, 2}
        for name in ("sgd", "momentum", "adam"):
            seeds = [r["seed"] for r in rows if (r["phase"], r["optimizer"]) == ("evaluation", name)]
            assert seeds == list(range(3, 10))

    def test_a_seed_gives_everyone_the_same_weights_and_batches(self, compared: Path) -> None:
        rows = [row for row in rows_of(compared) if row["phase"] == "evaluation"]
        for seed in range(3, 10):
            first = {
                read_table(compared / "members" / row["run"] / "metrics.csv")["train_loss"][0]
                for row in rows
                if row["seed"] == seed
            }
            assert len(first) == 1
        one, other = (next(r for r in rows if (r["optimizer"], r["seed"]) == (n, 3)) for n in ("sgd", "adam"))
        split = [(compared / "members" / row["run"] / "split.npz").read_bytes() for row in (one, other)]
        assert split[0] == split[1]

    def test_the_chosen_setting_has_the_best_median(self, compared: Path) -> None:
        rows = rows_of(compared)
        for name, contestant in summary_of(compared)["problems"][0]["contestants"].items():
            medians: dict[float, list[float]] = {}
            for row in rows:
                if (row["phase"], row["optimizer"]) == ("tuning", name):
                    score = row["best_monitor"] if row["status"] == "completed" else -np.inf
                    medians.setdefault(row["optimizer.learning_rate"], []).append(score)
            best = max(median(scores) for scores in medians.values())
            assert median(medians[contestant["chosen"]["optimizer.learning_rate"]]) == best

    def test_members_are_runs_like_any_other(self, compared: Path, tmp_path: Path) -> None:
        row = next(row for row in rows_of(compared) if row["phase"] == "evaluation")
        member = compared / "members" / row["run"]
        answer = gdrun("train", member / "config.yaml", "--runs-dir", tmp_path, "-q")
        assert answer.code == 0, answer
        (alone,) = tmp_path.iterdir()
        assert bits(alone) == bits(member)


class TestTestRows:
    def test_are_not_looked_at_while_tuning(self, compared: Path) -> None:
        for row in rows_of(compared):
            run = compared / "members" / row["run"]
            tuning = row["phase"] == "tuning"
            assert (run / "predictions.csv").exists() != tuning
            assert (record(run)["result"]["test"] is None) == tuning
            assert np.isnan(row["test_accuracy"]) == tuning

    def test_choose_nothing(self, tmp_path: Path) -> None:
        """With other targets on the test rows everything is the same but what is said of these rows."""
        source = np.random.default_rng(0)
        features = source.normal(size=(120, 3))
        target = (features @ [1.0, -2.0, 0.5] + source.normal(size=120) * 0.5 > 0).astype(int)
        found = []
        for name, flip in (("plain", 0), ("poisoned", 1)):
            folder = tmp_path / name
            folder.mkdir()
            spoilt = target.copy()
            spoilt[-20:] ^= flip
            lines = [
                ",".join(map(repr, [*row.tolist(), int(y)])) for row, y in zip(features, spoilt, strict=True)
            ]
            (folder / "data.csv").write_text("a,b,c,y\n" + "\n".join(lines) + "\n")
            (folder / "config.yaml").write_text(
                "name: file\ndataset: {name: csv, path: data.csv, target: y, columns: {y: category}}\n"
                "split: {time_ordered: true, test: 20, validation: 20}\nepochs: 3\n"
                "model: {name: mlp, hidden: [4]}\n"
            )
            answer = gdrun("compare-optimizers", folder / "config.yaml", *WORDS, "--runs-dir", folder)
            assert answer.code == 0, answer
            found.append(rows_of(the_run(folder, "file")))
        plain, poisoned = found
        assert [r["test_accuracy"] for r in plain[-21:]] != [r["test_accuracy"] for r in poisoned[-21:]]
        for one, other in zip(plain, poisoned, strict=True):
            for key in one:
                if not key.startswith("test_") and "seconds" not in key:
                    assert one[key] == other[key] or (one[key] != one[key] and other[key] != other[key]), key


class TestResults:
    def test_can_be_recomputed_from_results_csv(self, compared: Path) -> None:
        rows = [row for row in rows_of(compared) if row["phase"] == "evaluation"]
        problem = summary_of(compared)["problems"][0]
        scores = {
            name: np.array([r["best_monitor"] for r in rows if r["optimizer"] == name])
            for name in problem["contestants"]
        }
        for name, contestant in problem["contestants"].items():
            assert contestant["validation"]["mean"] == pytest.approx(scores[name].mean(), rel=1e-12)
            assert contestant["validation"]["worst"] == scores[name].min()
            test = np.array([r["test_accuracy"] for r in rows if r["optimizer"] == name])
            assert contestant["test"]["mean"] == pytest.approx(test.mean(), rel=1e-12)
            times = [r["epochs_to_target"] for r in rows if r["optimizer"] == name]
            assert contestant["target"]["epochs"]["reached"] == int(np.isfinite(times).sum())
        assert len(problem["pairs"]) == 3
        for pair in problem["pairs"]:
            difference = scores[pair["first"]] - scores[pair["second"]]
            assert pair["mean"] == pytest.approx(difference.mean(), abs=1e-15)
        adjusted = holm([pair["p_value"] for pair in problem["pairs"]]).tolist()
        assert [pair["adjusted_p_value"] for pair in problem["pairs"]] == adjusted

    def test_the_target_is_what_the_strongest_reaches_in_half_of_its_seeds(self, compared: Path) -> None:
        problem = summary_of(compared)["problems"][0]
        strongest = problem["ranking"][0]
        rows = [row for row in rows_of(compared) if row["phase"] == "evaluation"]
        best = sorted((r["best_monitor"] for r in rows if r["optimizer"] == strongest), reverse=True)[3]
        start = median(r["initial_monitor"] for r in rows)
        assert problem["target"]["value"] == pytest.approx(best - 0.01 * (best - start), rel=1e-12)
        assert problem["contestants"][strongest]["target"]["epochs"]["reached"] >= 4
        for row in rows:
            curve = read_table(compared / "members" / row["run"] / "metrics.csv")
            reached = np.flatnonzero(curve["val_accuracy"] >= problem["target"]["value"])
            expected = curve["epoch"][reached[0]] if len(reached) else np.nan
            np.testing.assert_equal(row["epochs_to_target"], float(expected))

    def test_a_target_of_ones_own(self, tmp_path: Path) -> None:
        words = ("compare.target={metric: train_loss, value: 0.9}", "--trials", 2, "--seeds", 6)
        problem = summary_of(compare(tmp_path, *words))["problems"][0]
        assert problem["target"] == {"metric": "train_loss", "value": 0.9, "given": True, "from": None}
        assert {c["target"]["epochs"]["n"] for c in problem["contestants"].values()} == {6}

    def test_a_contestant_that_always_diverges_is_a_finding(self, tmp_path: Path) -> None:
        more = (
            "compare:\n  optimizers:\n    - {name: sgd, label: wild, search: {learning_rate: [1e30, 1e32]}}\n"
            "    - adam\n    - momentum\n"
        )
        runs = tmp_path / "runs"
        runs.mkdir()
        config = config_file(runs, "blobs", more)
        answer = gdrun("compare-optimizers", config, "--trials", 3, "--seeds", 6, "-q", "--runs-dir", runs)
        assert answer.code == 0, answer
        problem = summary_of(the_run(runs, "blobs"))["problems"][0]
        wild = problem["contestants"]["wild"]
        assert wild["chosen"] is None
        assert wild["ended"] == {"tuning": {"diverged": 6}, "evaluation": {}}
        assert problem["ranking"][-1] == "wild"
        assert "wild has no result: every trial diverged." in problem["notices"]
        assert sum("cannot be compared" in pair["verdict"] for pair in problem["pairs"]) == 2

    def test_regression_has_the_lower_the_better(self, tmp_path: Path) -> None:
        config = tmp_path / "line.yaml"
        config.write_text(
            "name: line\ndataset: {name: linear, rows: 120}\nmodel: {name: linear}\nepochs: 3\n"
        )
        answer = gdrun("compare-optimizers", config, *WORDS, "--runs-dir", tmp_path)
        assert answer.code == 0, answer
        problem = summary_of(the_run(tmp_path, "line"))["problems"][0]
        assert (problem["monitor"], problem["better"], problem["unit"]) == ("val_rmse", "lower", "")
        means = [problem["contestants"][name]["validation"]["mean"] for name in problem["ranking"]]
        assert means == sorted(means)
        for contestant in problem["contestants"].values():
            assert contestant["validation"]["worst"] == contestant["validation"]["max"]


class TestSeveralProblems:
    def test_profiles_and_scores(self, tmp_path: Path) -> None:
        first = config_file(tmp_path, "blobs")
        second = tmp_path / "moons.yaml"
        second.write_text(
            "name: moons\ndataset: {name: moons, rows: 120}\nmodel: {name: mlp, hidden: [8]}\nepochs: 5\n"
        )
        answer = gdrun("compare-optimizers", first, second, *WORDS, "--runs-dir", tmp_path, "--json")
        assert answer.code == 0, answer
        summary = answer.document["summary"]
        assert [problem["name"] for problem in summary["problems"]] == ["blobs", "moons"]
        profiles = summary["profiles"]
        assert set(profiles["scores"]) == {"sgd", "momentum", "adam"}
        for name, score in profiles["scores"].items():
            ratios = []
            for problem in summary["problems"]:
                times = {n: c["target"]["epochs"]["median"] for n, c in problem["contestants"].items()}
                own, best = times[name], min(t for t in times.values() if t is not None)
                ratios.append(own / best if own is not None else np.inf)
            expected = np.mean([max(0, 4 - ratio) / 3 for ratio in ratios])
            assert score == pytest.approx(expected, abs=1e-12)
        results = answer.document["results"]
        assert set(results["problem"]) == {"blobs", "moons"}
        path = Path(answer.document["path"])
        assert {run["dataset"]["name"] for run in record(path)["problems"].values()} == {"blobs", "moons"}

    def test_of_one_name_are_refused(self, tmp_path: Path) -> None:
        config = config_file(tmp_path, "blobs")
        answer = gdrun("compare-optimizers", config, config, *WORDS, "--runs-dir", tmp_path)
        assert answer.code == 2
        assert "two of the configs are called 'blobs'" in answer.last_line

    def test_that_would_have_hidden_runs_are_refused(self, tmp_path: Path) -> None:
        configs = [config_file(tmp_path, name) for name in ("blobs", ".blobs")]
        answer = gdrun("compare-optimizers", *configs, *WORDS, "--runs-dir", tmp_path / "runs")
        assert answer.code == 2
        assert "don't begin with a dot" in answer.last_line
        assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("phase", ["tuning", "evaluation"])
@pytest.mark.parametrize("how", ["interrupted", "killed"])
def test_goes_on_to_the_same_results(tmp_path: Path, how: str, phase: str, workers: int) -> None:
    runs = tmp_path / "runs"
    config = config_file(tmp_path, "blobs")
    words = ("epochs=60", "--optimizers", "sgd,adam", "--trials", 3, "--seeds", 6)
    undisturbed = compare(tmp_path / "undisturbed", *words, "--workers", 1)
    process = start("compare-optimizers", config, *words, "--workers", workers, "--runs-dir", runs)

    def has_come_so_far() -> bool:
        for file in runs.glob("*/group.json"):
            entries = [e for e in json.loads(file.read_text())["plan"] if e["phase"] == phase]
            metrics = (file.parent / "members" / e["run"] / "metrics.csv" for e in entries)
            if any(one.exists() and one.read_bytes().count(b"\n") > 5 for one in metrics):
                return True
        return False

    wait_for(has_come_so_far, process)
    if how == "killed":
        kill(process)
    else:
        process.send_signal(signal.SIGINT)
        assert finish(process).code == 130
    path = the_run(runs, "blobs")
    ended = {
        run.name: (run / "run.json").read_bytes()
        for run in (path / "members").iterdir()
        if (run / "run.json").exists() and record(run)["status"] in ("completed", "diverged")
    }
    answer = gdrun("resume", path, "-q")
    assert answer.code == 0, answer
    assert group_bits(path) == group_bits(undisturbed)
    for name, content in ended.items():  # nothing complete was trained again
        assert (path / "members" / name / "run.json").read_bytes() == content


def test_from_python(tmp_path: Path, compared: Path) -> None:
    config = config_file(tmp_path, "blobs")
    names = ["sgd", "momentum", "adam"]
    group = library.compare_optimizers(
        config, optimizers=names, seeds=7, trials=4, runs_dir=tmp_path / "runs"
    )
    assert without_times(group.summary) == without_times(summary_of(compared))
    assert group.members["adam-trial-02-seed-0"].status == "completed"


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("split.validation=0",), "tuned on validation rows, and there are none"),
            (("compare.monitor=val_f2",), "compare.monitor: 'val_f2' isn't measured"),
            (("compare.target={value: 1, metric: x}",), "compare.target.metric: 'x' isn't measured"),
            (("--seeds", "1"), "seeds must be at least 2"),
            (("--trials", "0"), "trials must be at least 1"),
            (("--trials", "101"), "trials must be at most 100"),
            (("--seeds", "100000"), "200,072 runs are too many, the most is 100,000"),
        ],
    )
    def test_are_told(self, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
        config = config_file(tmp_path, "blobs")
        options = ("--optimizers", "sgd,adam", "--runs-dir", tmp_path)
        answer = gdrun("compare-optimizers", config, *words, *options)
        assert answer.code == 2, answer
        assert said in answer.last_line
        assert not list(tmp_path.glob("*/group.json"))


def test_dry_run_tells_the_whole_plan(tmp_path: Path) -> None:
    config = config_file(tmp_path, "blobs")
    words = (*WORDS, "--runs-dir", tmp_path / "runs", "--dry-run")
    answer = gdrun("compare-optimizers", config, *words)
    assert answer.code == 0, answer
    assert "57 runs" in answer.out
    document = gdrun("compare-optimizers", config, *words, "--json").document
    assert (document["runs"], document["updates"]) == (57, 57 * 4 * 7)
    assert document["stacks"] >= 2
    assert document["memory_bytes"] > 0
    assert len(document["plan"]) == 36
    assert not (tmp_path / "runs").exists()


def test_too_few_seeds_are_told_before_and_after(tmp_path: Path) -> None:
    config = config_file(tmp_path, "blobs")
    words = ("--optimizers", "sgd,adam,momentum", "--trials", 2, "--seeds", 3, "--runs-dir", tmp_path)
    answer = gdrun("compare-optimizers", config, *words)
    assert answer.code == 0, answer
    assert "with 3 seeds and 3 pairs no difference can be declared" in answer.err
    problem = summary_of(the_run(tmp_path, "blobs"))["problems"][0]
    assert problem["notices"][0].startswith("With 3 seeds and 3 pairs no difference could be declared")
    assert all(pair["better"] is None for pair in problem["pairs"])
