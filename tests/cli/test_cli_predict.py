"""`gdrun predict`: rows of a file through a finished run, with its preprocessing and in the target's unit."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_commands import CONFIGS, gdrun, record, the_run, write_table

from gdrun.run_directory.tables import read_table


@pytest.fixture(scope="session")
def harvest(shared_runs: Path) -> Path:
    """A regression on the example table, with a category and missing values."""
    runs = shared_runs / "harvest"
    assert gdrun("train", CONFIGS / "csv-file.yaml", "--runs-dir", runs, "-q").code == 0
    return the_run(runs, "csv-file")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_its_own_file_agrees_with_predictions_csv(harvest: Path) -> None:
    answer = gdrun("predict", harvest, CONFIGS / "data" / "harvest.csv")
    assert answer.code == 0, answer
    found = rows_of(answer.out)
    kept = read_table(harvest / "predictions.csv")
    for row, target, prediction in zip(kept["row"], kept["target"], kept["prediction"], strict=True):
        assert float(found[row]["prediction"]) == pytest.approx(prediction, rel=1e-5)
        assert float(found[row]["target"]) == target
    error = np.array([float(row["prediction"]) - float(row["target"]) for row in found])
    assert np.sqrt((error**2).mean()) == pytest.approx(record(harvest)["result"]["train"]["rmse"], rel=0.2)


def test_classes_with_probabilities(pets: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "new.csv", rows=30, seed=9)
    answer = gdrun("predict", pets, tmp_path / "new.csv")
    found = rows_of(answer.out)
    assert list(found[0]) == [
        "row",
        "target",
        "prediction",
        "probability_cat",
        "probability_dog",
        "probability_fox",
    ]
    assert [row["row"] for row in found] == [str(number) for number in range(30)]
    assert sum(row["target"] == row["prediction"] for row in found) > 24
    for row in found:
        probabilities = {name: float(row[f"probability_{name}"]) for name in ("cat", "dog", "fox")}
        assert max(probabilities, key=probabilities.get) == row["prediction"]
        assert sum(probabilities.values()) == pytest.approx(1, rel=1e-6)


def test_without_the_target_and_with_other_columns(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("note,colour,weight\nfirst,grey,10.5\nsecond,,20\nthird,red,\n")
    found = rows_of(gdrun("predict", pets, tmp_path / "new.csv").out)
    assert "target" not in found[0]
    assert [row["prediction"] for row in found[:2]] == ["dog", "fox"]


def test_unknown_categories_are_told(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("colour,weight\nblue,10.5\n")
    answer = gdrun("predict", pets, tmp_path / "new.csv")
    assert answer.code == 0
    assert "note: " in answer.err
    assert "blue" in answer.err
    assert gdrun("predict", pets, tmp_path / "new.csv", "-q").err == ""


def test_to_a_file(pets: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "new.csv", rows=30)
    shown = gdrun("predict", pets, tmp_path / "new.csv").out
    answer = gdrun("predict", pets, tmp_path / "new.csv", "-o", tmp_path / "out.csv")
    assert answer.code == 0
    assert answer.out == ""
    assert (tmp_path / "out.csv").read_text() == shown
    assert "30 predictions in " in answer.err


def test_as_json(harvest: Path, pets: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "new.csv", rows=6)
    document = gdrun("predict", pets, tmp_path / "new.csv", "--json").document
    assert document["classes"] == ["cat", "dog", "fox"]
    assert len(document["predictions"]) == len(document["probabilities"]) == 6
    document = gdrun("predict", harvest, CONFIGS / "data" / "harvest.csv", "--json").document
    assert document["probabilities"] is None
    assert all(isinstance(value, float) for value in document["predictions"])


def test_to_a_file_and_as_json(pets: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "new.csv", rows=6)
    answer = gdrun("predict", pets, tmp_path / "new.csv", "--json", "-o", tmp_path / "out.csv")
    assert len(answer.document["predictions"]) == 6
    assert (tmp_path / "out.csv").exists()


def test_an_archive(classifier: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "new.npz", X=np.random.default_rng(0).normal(size=(7, 2)) * 5)
    assert len(rows_of(gdrun("predict", classifier, tmp_path / "new.npz").out)) == 7
    np.savez(tmp_path / "new.npz", X=np.zeros((7, 3)))
    assert gdrun("predict", classifier, tmp_path / "new.npz").code == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour\nred\n", "weight"),
        ("colour,weight\nred,heavy\n", "heavy"),
        ("colour,weight\nred\n", "2"),
        ("", "new.csv"),
        ("colour,weight,weight\nred,1,2\n", "weight"),
        ("colour,weight,kind\nred,1,wolf\n", "wolf"),
    ],
)
def test_data_that_do_not_fit(pets: Path, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "new.csv").write_text(text)
    answer = gdrun("predict", pets, tmp_path / "new.csv", "-o", tmp_path / "out.csv")
    assert answer.code == 3, answer
    assert message in answer.err
    assert not (tmp_path / "out.csv").exists()


def test_no_rows_are_no_predictions(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("colour,weight\n")
    answer = gdrun("predict", pets, tmp_path / "new.csv")
    assert answer.code in (0, 3)
    assert "this is a bug" not in answer.err


def test_files_that_are_not_there(pets: Path, tmp_path: Path) -> None:
    answer = gdrun("predict", pets, tmp_path / "none.csv")
    assert answer.code == 3
    assert "none.csv" in answer.last_line


def test_an_output_that_cannot_be_written(pets: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "new.csv", rows=6)
    answer = gdrun("predict", pets, tmp_path / "new.csv", "-o", tmp_path / "no" / "out.csv")
    assert answer.code == 7
    assert str(tmp_path / "no" / "out.csv") in answer.last_line


def test_groups_and_runs_without_weights(pets: Path, members: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "new.csv", rows=6)
    answer = gdrun("predict", members, tmp_path / "new.csv")
    assert answer.code == 2
    assert "is a group" in answer.last_line
    path = tmp_path / "copy"
    shutil.copytree(pets, path)
    (path / "weights.npz").unlink()
    answer = gdrun("predict", path, tmp_path / "new.csv")
    assert answer.code == 4
    assert "weights.npz" in answer.last_line
