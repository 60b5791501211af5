"""`gdrun sweep`: what it prints, what it leaves, what it refuses, and how it goes on."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import pytest
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
)

EPOCHS = 200
SHAPES = ("model.hidden=[8],[9],[10],[11],[12]", "optimizer.learning_rate=0.01,0.1")


def sweep(folder: Path, *words: object, name: str = "blobs", more: str = "") -> tuple[Path, str]:
    """Sweep over keys of the small config; returns the group and what was printed."""
    folder.mkdir(exist_ok=True)
    answer = gdrun("sweep", config_file(folder, name, more), *words, "--runs-dir", folder, "-q")
    assert answer.code == 0, answer
    return the_run(folder, name), answer.out


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Two keys, two seeds."""
    keys = ("optimizer.learning_rate=log(1e-3,1e-1,3)", "batch_size=16,40")
    return sweep(tmp_path_factory.mktemp("sweep"), *keys, "--seeds", 2, "--workers", 1)


def summary_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = strict_json((path / "summary.json").read_text())
    return found


class TestScreen:
    def test_a_line_a_point_the_best_first(self, grid: tuple[Path, str]) -> None:
        path, out = grid
        summary = summary_of(path)
        lines = [line.split() for line in out.splitlines() if re.match(r" \d", line)][:6]
        assert [int(line[0]) for line in lines] == summary["ranking"]
        assert lines[0][1] == "best"
        best = summary["points"][summary["best"]]
        mean, std = (best["metrics"]["val_accuracy"][name] for name in ("mean", "std"))
        assert lines[0][2:4] == [
            f"{best['settings']['optimizer.learning_rate']:g}",
            str(best["settings"]["batch_size"]),
        ]
        assert lines[0][4] == (f"{mean:.4f}" if mean < 1 else f"{mean:.3f}")
        assert lines[0][5] == "±"
        assert float(lines[0][6]) == pytest.approx(std, abs=6e-4)
        assert "val_accuracy, mean ± std" in out
        assert "diverged" not in out

    def test_the_two_keys_as_a_map(self, grid: tuple[Path, str]) -> None:
        path, out = grid
        drawn = out[out.index("val_accuracy, mean\n") :]
        rows = re.findall(r"^ (0\.\d+) +(\* )?([\d.]+) +(\* )?([\d.]+)$", drawn, re.MULTILINE)
        assert [row[0] for row in rows] == ["0.001", "0.01", "0.1"]
        means = [point["metrics"]["val_accuracy"]["mean"] for point in summary_of(path)["points"]]
        assert [float(cell) for row in rows for cell in (row[2], row[4])] == pytest.approx(means, abs=6e-3)
        stars = [bool(star) for row in rows for star in (row[1], row[3])]
        assert stars.index(True) == summary_of(path)["best"]
        assert sum(stars) == 1

    def test_path_report_and_the_next_command(self, grid: tuple[Path, str], tmp_path: Path) -> None:
        path, out = grid
        run, report, following = (line.split(maxsplit=1)[1] for line in out.splitlines()[-3:])
        assert (run, report) == (str(path), str(path / "report.html"))
        best = summary_of(path)["best"]
        member = path / "members" / f"point-{best:04d}-seed-0"
        assert following == f"gdrun train {member / 'config.yaml'} --seeds 10"
        assert (path / "report.html").is_file()
        assert not (member / "report.html").exists()
        answer = gdrun(*following.split()[1:-1], "2", "--runs-dir", tmp_path, "-q")
        assert answer.code == 0, answer
        assert bits(the_run(tmp_path, "blobs") / "members" / "seed-0") == bits(member)

    def test_many_points_are_cut(self, tmp_path: Path) -> None:
        path, out = sweep(tmp_path, "optimizer.learning_rate=log(1e-4,1)", "--random", 27, "epochs=1")
        assert "… and 7 more in report.html and results.csv" in out
        assert sum(bool(re.match(r" \d", line)) for line in out.splitlines()) == 20
        assert len(summary_of(path)["points"]) == 27

    def test_fits_the_screen(self, grid: tuple[Path, str]) -> None:
        assert all(len(line) <= 100 for line in grid[1].splitlines()[:-3])

    def test_diverged_runs_are_counted(self, tmp_path: Path) -> None:
        optimizers = "optimizer={name: sgd, learning_rate: 1e38},adam"
        _, out = sweep(tmp_path, optimizers, "epochs=30", "--seeds", 3)
        assert "3 of 3 diverged" in out
        assert re.search(r"^ 1 best +adam", out, re.MULTILINE)

    def test_without_any_good_run_nothing_is_best(self, tmp_path: Path) -> None:
        path, out = sweep(tmp_path, "optimizer.name=sgd", "optimizer.learning_rate=1e37,1e38", "epochs=3")
        assert "nothing to compare" in out
        assert f"next    gdrun runs show {path}" in out

    def test_json_is_one_complete_document(self, tmp_path: Path) -> None:
        words = ("--runs-dir", tmp_path, "batch_size=16,40", "--json")
        answer = gdrun("sweep", config_file(tmp_path), *words)
        assert answer.code == 0, answer
        document = answer.document
        assert document["command"] == "sweep"
        assert document["results"]["batch_size"] == [16, 40]
        assert document["summary"]["best"] in (0, 1)
        assert document["summary"]["metrics"] == {}

    def test_runs_list_and_show(self, grid: tuple[Path, str]) -> None:
        path, _ = grid
        assert re.search(r"sweep ×12 +completed", gdrun("runs", "list", "--runs-dir", path.parent).out)
        shown = gdrun("runs", "show", path)
        assert shown.code == 0, shown
        assert "over 12 runs" in shown.out
        assert "val_accuracy, mean ± std" in shown.out

    def test_report_again(self, grid: tuple[Path, str]) -> None:
        path, _ = grid
        before = (path / "report.html").read_bytes()
        (path / "report.html").unlink()
        assert gdrun("report", path).code == 0
        assert (path / "report.html").read_bytes() == before


class TestDryRun:
    def test_table(self, tmp_path: Path) -> None:
        runs = tmp_path / "runs"
        keys = ("optimizer.learning_rate=log(1e-4,1,9)", "model.hidden=[8],[4,4]", "--seeds", 3)
        answer = gdrun("sweep", config_file(tmp_path), *keys, "--dry-run", "--runs-dir", runs)
        assert answer.code == 0, answer
        said = " ".join(answer.out.split())
        assert "18 points: optimizer.learning_rate × model.hidden, 3 seeds each" in said
        assert re.search(r"54 runs in \d+ stacks, [\d,]+ updates in all, .* memory, roughly", said)
        assert "model.hidden: [8], [4, 4]" in said
        assert not runs.exists()

    def test_document(self, tmp_path: Path) -> None:
        words = ("batch_size=16,32", "optimizer.learning_rate=log(1e-3,1)", "--random", 5)
        runs = ("--runs-dir", tmp_path / "runs")
        answer = gdrun("sweep", config_file(tmp_path), *words, "--dry-run", "--json", *runs)
        document = answer.document
        assert document["runs"] == 5
        assert len(document["plan"]) == 5
        assert set(document["plan"][0]) == {"run", "point", "batch_size", "optimizer.learning_rate", "seed"}
        assert document["updates"] > 0
        assert document["memory_bytes"] > 0
        assert not (tmp_path / "runs").exists()

    def test_print_config(self, tmp_path: Path) -> None:
        answer = gdrun("sweep", config_file(tmp_path), "batch_size=16,32", "epochs=2", "--print-config")
        assert "batch_size: 16\n" in answer.out
        assert "epochs: 2\n" in answer.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("epochs=5",), "nothing varies; give a key several values"),
        (("seed=1,2",), "gdrun train --seeds N"),
        (("batch_size=16,32", "seed=1,2", "--seeds", 3), "give one of both"),
        (("epoch=1,2",), "override 1 'epoch=…': epoch: is unknown; did you mean epochs?"),
        (("batch_size=16,0",), "override 1 'batch_size=…': batch_size: found 0"),
        (("batch_size=16,32", "seed=1,x"), "expected whole numbers from 0 on"),
        (("batch_size=16,32", "seed=log(1,3)", "--random", 3), "seeds are not drawn"),
        (("optimizer.learning_rate=log(1e-4,1)",), "as log(a,b,9), or draw points: --random N"),
        (("optimizer.learning_rate=log(1e-4,1)", "--random", 0), "--random: 0 is not between 1"),
        (("batch_size=16,32", "--seeds", 0), "--seeds: 0 is not between 1"),
        (("batch_size=range(1,400)", "epochs=range(1,400)"), "399 × 399 = 159,201 points"),
        (("compute.workers=1,2",), "compute changes no result"),
        (("name=a,b",), "name changes no result"),
        (("batch_size",), "has no '='"),
        (("batch_size=16,32", "batch_size=8"), "second time"),
        (("model.hidden=[8],[4,x]",), "model.hidden.1: found 'x'"),
        (("batch_size=lgo(1,2,3)",), "did you mean log?"),
        (("dataset=blobs,diabetes", "loss=softmax_cross_entropy"), "the data is regression"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, words: tuple[object, ...], message: str) -> None:
    runs = tmp_path / "runs"
    answer = gdrun("sweep", config_file(tmp_path), *words, "--runs-dir", runs)
    assert (answer.code, "Traceback" in answer.err) == (2, False), answer
    assert message in " ".join(answer.err.split())
    assert not runs.exists()


def test_what_does_not_fit_into_memory_is_refused_with_the_figure(tmp_path: Path) -> None:
    words = ("model.hidden=[8],[2000000,200000]", "--runs-dir", tmp_path / "runs")
    answer = gdrun("sweep", config_file(tmp_path), *words)
    assert answer.code == 7, answer
    assert re.search(r"needs about [\d,.]+ GB of memory", answer.err)
    assert not (tmp_path / "runs").exists()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Points that nobody disturbs."""
    return sweep(tmp_path_factory.mktemp("undisturbed"), f"epochs={EPOCHS}", *SHAPES)[0]


@pytest.mark.parametrize("how", ["interrupted", "killed"])
def test_goes_on_to_the_same_results_and_repeats_nothing(tmp_path: Path, undisturbed: Path, how: str) -> None:
    runs = tmp_path / "runs"
    config = config_file(tmp_path, "blobs")
    words = ("checkpoint.min_seconds=0", f"epochs={EPOCHS}", *SHAPES, "--workers", 1)
    process = start("sweep", config, *words, "--runs-dir", runs)
    wait_for(lambda: _done(runs, "point-0003"), process)
    if how == "killed":
        kill(process)
    else:
        process.send_signal(signal.SIGINT)
        answer = finish(process)
        assert answer.code == 130
        assert answer.last_line.endswith(f"go on with: gdrun resume {the_run(runs, 'blobs')}")
    path = the_run(runs, "blobs")
    assert record(path)["status"] in ("interrupted", "running")
    complete = {
        member.name: (member / "run.json").stat().st_ino
        for member in (path / "members").iterdir()
        if (member / "run.json").exists() and record(member)["status"] == "completed"
    }
    assert 4 <= len(complete) < 10
    config.unlink()  # all that is needed is in the group
    answer = gdrun("resume", path, "-q")
    assert answer.code == 0, answer
    assert record(path)["status"] == "completed"
    assert {name: (path / "members" / name / "run.json").stat().st_ino for name in complete} == complete
    assert group_bits(path) == group_bits(undisturbed)
    assert gdrun("resume", path).code == 0


def _done(runs: Path, name: str) -> bool:
    paths = list(runs.glob(f"*/members/{name}/run.json"))
    return any(record(path.parent)["status"] == "completed" for path in paths)
