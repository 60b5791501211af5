"""`gdrun kfold`: what it prints, what it leaves, what it refuses, and how it goes on."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from cli_commands import (
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
    write_table,
)

EPOCHS = 250


def kfold(folder: Path, *words: object, name: str = "blobs", more: str = "") -> tuple[Path, str]:
    """Cross-validate the small config; returns the group and what was printed."""
    folder.mkdir(exist_ok=True)
    config = config_file(folder, name, more)
    answer = gdrun("kfold", config, *words, "--runs-dir", folder, "-q")
    assert answer.code == 0, answer
    return the_run(folder, name), answer.out


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Five folds of three clouds."""
    return kfold(tmp_path_factory.mktemp("kfold"), "--workers", "1")


class TestScreen:
    def test_a_line_a_fold_then_the_summary_and_the_confusion(self, blobs: tuple[Path, str]) -> None:
        path, out = blobs
        summary = strict_json((path / "summary.json").read_text())
        lines = [line.split() for line in out.splitlines()]
        assert [line[0] for line in lines if line and line[0].startswith("fold-")] == [
            f"fold-{number}" for number in range(5)
        ]
        accuracy = next(line for line in lines if line[:1] == ["test_accuracy"])
        assert accuracy[1] == f"{summary['metrics']['test_accuracy']['mean']:.4f}"
        assert accuracy[-1] == f"{summary['pooled']['accuracy']:.4f}"
        assert "corrected 95 % interval" in out
        shown = out[out.index("Out-of-fold predictions") :].splitlines()
        counts = [line.replace("·", "0").split()[1:] for line in shown[4:7]]
        assert [[int(count) for count in line] for line in counts] == summary["confusion"]["counts"]
        assert sum(map(sum, summary["confusion"]["counts"])) == 160
        assert f"next    gdrun runs show {path}" in out
        assert (path / "report.html").is_file()
        assert all(len(line) <= 100 for line in out.splitlines()[:-3])

    def test_many_runs_are_summed_up_by_repetition(self, tmp_path: Path) -> None:
        _, out = kfold(tmp_path, "--folds", 7, "--repeats", 3, "epochs=1")
        assert re.findall(r"^ repetition \d +7 ", out, re.MULTILINE)
        assert "fold-0" not in out

    def test_many_folds_of_one_repetition(self, tmp_path: Path) -> None:
        _, out = kfold(tmp_path, "--folds", 23, "epochs=1")
        assert "… and 3 more" in out

    def test_diverged_folds_say_so(self, tmp_path: Path) -> None:
        path, out = kfold(
            tmp_path, "optimizer={name: sgd, learning_rate: 1e38}", "epochs=30", "--folds", 3, "dtype=float32"
        )
        assert strict_json((path / "summary.json").read_text())["statuses"] == {"diverged": 3}
        assert out.count("diverged") >= 3
        assert "nothing pooled" in out

    def test_json_is_one_complete_document(self, tmp_path: Path) -> None:
        answer = gdrun("kfold", config_file(tmp_path), "--runs-dir", tmp_path, "--folds", 3, "--json")
        document = answer.document
        assert answer.code == 0
        assert document["command"] == "kfold"
        assert document["path"] == str(the_run(tmp_path, "blobs"))
        assert document["results"]["run"] == ["fold-0", "fold-1", "fold-2"]
        assert document["results"]["fold"] == [0, 1, 2]
        summary = document["summary"]
        assert (summary["folds"], summary["repeats"], summary["strategy"]) == (3, 1, "stratified")
        assert set(summary) >= {"metrics", "pooled", "confusion", "statuses", "runs"}

    def test_runs_list_and_show(self, blobs: tuple[Path, str]) -> None:
        path, _ = blobs
        listed = gdrun("runs", "list", "--runs-dir", path.parent).out
        assert re.search(r"kfold ×5 +completed +accuracy \d", listed)
        shown = gdrun("runs", "show", path)
        assert shown.code == 0
        assert "over 5 stratified folds" in shown.out
        assert "corrected 95 % interval" in shown.out
        assert "Out-of-fold predictions" in shown.out
        assert gdrun("runs", "show", path, "--json").document["summary"]["folds"] == 5

    def test_dry_run_writes_nothing(self, tmp_path: Path) -> None:
        runs = tmp_path / "runs"
        answer = gdrun("kfold", config_file(tmp_path), "--dry-run", "--repeats", 2, "--runs-dir", runs)
        assert answer.code == 0
        assert "5 stratified folds, 2 times" in " ".join(answer.out.split())
        assert "10 runs in" in answer.out
        document = gdrun("kfold", config_file(tmp_path), "--dry-run", "--json", "--runs-dir", runs).document
        assert [entry["run"] for entry in document["plan"]] == [f"fold-{number}" for number in range(5)]
        assert not runs.exists()

    def test_smoke(self, tmp_path: Path) -> None:
        path, _ = kfold(tmp_path, "dataset.rows=2000", "--smoke", "--folds", 3)
        for member in (path / "members").iterdir():
            kept = record(member)
            assert kept["timing"]["epochs"] == 2
            assert kept["data"]["rows_by_part"]["train"] == 512

    def test_the_groups_config_repeats_it(self, blobs: tuple[Path, str], tmp_path: Path) -> None:
        path, _ = blobs
        answer = gdrun("kfold", path / "config.yaml", "--folds", 5, "--runs-dir", tmp_path, "-q")
        assert answer.code == 0
        assert group_bits(the_run(tmp_path, "blobs")) == group_bits(path)

    def test_a_fold_is_a_run_to_evaluate(self, blobs: tuple[Path, str]) -> None:
        path, _ = blobs
        fold = path / "members" / "fold-1"
        answer = gdrun("evaluate", fold, "--json")
        assert answer.code == 0, answer
        assert answer.document["values"]["test"] == record(fold)["result"]["test"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "code", "message"),
        [
            (("--folds", 1), 2, "at least 2 folds"),
            (("--folds", 161, "dataset.centers=2", "--strategy", "plain"), 3, "161 folds of 160 rows"),
            (("--repeats", 0), 2, "1 repetition"),
            (("--folds", 100, "--repeats", 101), 2, "at most 10,000 runs"),
            (("--folds", 100), 3, "too few for 100 folds"),
            (("--strategy", "group"), 2, "no group column"),
            (("--strategy", "time-series", "--repeats", 2), 2, "the order of time has no repetitions"),
            (("--strategy", "stratified", "dataset=diabetes"), 2, "a regression target has no classes"),
            (("--strategy", "striped"), 2, "'striped' is not one of"),
            (("--workers", "many"), 2, "neither a number from 1 on nor auto"),
        ],
    )
    def test_what_makes_no_sense(
        self, tmp_path: Path, words: tuple[object, ...], code: int, message: str
    ) -> None:
        runs = tmp_path / "runs"
        answer = gdrun("kfold", config_file(tmp_path), *words, "--runs-dir", runs)
        assert (answer.code, "Traceback" in answer.err) == (code, False), answer
        assert message in " ".join(answer.err.split())
        assert not runs.exists()

    def test_rows_that_a_file_fixes(self, tmp_path: Path) -> None:
        for name in ("table", "test"):
            write_table(tmp_path / f"{name}.csv")
        config = tmp_path / "c.yaml"
        config.write_text("dataset: {name: csv, path: table.csv, target: kind, test_path: test.csv}\n")
        answer = gdrun("kfold", config, "--runs-dir", tmp_path / "runs")
        assert answer.code == 2
        assert "test_path" in answer.err

    def test_a_class_that_is_too_rare(self, tmp_path: Path) -> None:
        write_table(tmp_path / "table.csv", rows=60)
        with (tmp_path / "table.csv").open("a") as file:
            file.write("1,red,yak\n" * 4)
        config = tmp_path / "c.yaml"
        config.write_text("dataset: {name: csv, path: table.csv, target: kind}\nepochs: 1\n")
        answer = gdrun("kfold", config, "--runs-dir", tmp_path / "runs")
        assert answer.code == 3
        assert "'yak' has 4 rows" in answer.err
        assert gdrun("kfold", config, "--runs-dir", tmp_path / "runs", "--folds", 4, "-q").code == 0


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folds that nobody disturbs."""
    return kfold(tmp_path_factory.mktemp("undisturbed"), f"epochs={EPOCHS}", "--folds", 3)[0]


@pytest.mark.parametrize("how", ["interrupted", "killed"])
def test_goes_on_to_the_same_results(tmp_path: Path, undisturbed: Path, how: str) -> None:
    runs = tmp_path / "runs"
    config = config_file(tmp_path, "blobs")
    words = ("checkpoint.min_seconds=0", f"epochs={EPOCHS}", "--folds", 3, "--workers", 1)
    process = start("kfold", config, *words, "--runs-dir", runs)
    pattern = "*/members/fold-*/metrics.csv"
    wait_for(lambda: any(file.read_bytes().count(b"\n") > 5 for file in runs.glob(pattern)), process)
    if how == "killed":
        kill(process)
    else:
        process.send_signal(signal.SIGINT)
        answer = finish(process)
        assert answer.code == 130
        assert answer.last_line.endswith(f"go on with: gdrun resume {the_run(runs, 'blobs')}")
    path = the_run(runs, "blobs")
    assert record(path)["status"] in ("interrupted", "running")
    assert not (path / "predictions.csv").exists()
    answer = gdrun("resume", path, "-q")
    assert answer.code == 0, answer
    assert record(path)["status"] == "completed"
    assert group_bits(path) == group_bits(undisturbed)
    assert (path / "predictions.csv").read_bytes() == (undisturbed / "predictions.csv").read_bytes()
    first, second = ((p / "results.csv").read_text().splitlines() for p in (path, undisturbed))
    assert [line.rpartition(",")[0] for line in first] == [line.rpartition(",")[0] for line in second]
