"""`gdrun evaluate`: the numbers of a run again, with other metrics, and on other data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_commands import gdrun, record, train, write_table


def parts(path: Path) -> dict[str, dict[str, float]]:
    return {part: values for part, values in record(path)["result"].items() if isinstance(values, dict)}


@pytest.mark.parametrize("which", ["classifier", "pets"])
def test_on_its_own_data_the_result_is_that_of_the_run(which: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(which)
    answer = gdrun("evaluate", path, "--json")
    assert answer.code == 0, answer
    assert answer.document == {"run": str(path), "values": parts(path)}


def test_regression_in_the_unit_of_the_target(tmp_path: Path) -> None:
    path = train(tmp_path, "diabetes", "dataset=diabetes", "metrics=[rmse, mae, r2]", "penalty.l2=1e-3")
    assert gdrun("evaluate", path, "--json").document["values"] == parts(path)
    assert 30 < parts(path)["test"]["rmse"] < 300


def test_without_parts_that_are_empty(tmp_path: Path) -> None:
    path = train(tmp_path, "whole", "split={validation: 0, test: 0}")
    assert list(gdrun("evaluate", path, "--json").document["values"]) == ["train"]


def test_other_metrics_and_another_loss(classifier: Path) -> None:
    answer = gdrun("evaluate", classifier, "metrics=[f1, accuracy]", "loss=multiclass_svm", "--json")
    values = answer.document["values"]
    assert {tuple(found) for found in values.values()} == {("loss", "f1", "accuracy")}
    assert values["test"]["accuracy"] == parts(classifier)["test"]["accuracy"]
    assert values["test"]["loss"] != parts(classifier)["test"]["loss"]


def test_counts_are_judged_by_their_rate(tmp_path: Path) -> None:
    words = ("dataset=diabetes", "loss=poisson", "preprocessing.target=none", "metrics=[rmse, r2]")
    path = train(tmp_path, "counts", *words, "epochs=30", "optimizer={name: adam, learning_rate: 0.03}")
    assert parts(path)["train"]["rmse"] < 80  # log rates would be 150 off
    assert parts(path)["train"]["r2"] > 0
    assert gdrun("evaluate", path, "--json").document["values"] == parts(path)


def test_a_loss_that_does_not_take_the_targets(tmp_path: Path) -> None:
    path = train(tmp_path, "values", "dataset=diabetes", "metrics=[r2]", "preprocessing.target=none")
    answer = gdrun("evaluate", path, "loss=mape", "--json")
    assert answer.code == 0, answer
    answer = gdrun("evaluate", path, "loss=cosine")
    assert answer.code == 2, answer
    assert answer.last_line.startswith("gdrun: loss: cosine compares directions")


def test_a_loss_that_needs_another_number_of_outputs(tmp_path: Path) -> None:
    path = train(tmp_path, "two", "dataset=breast-cancer")
    answer = gdrun("evaluate", path, "loss=binary_cross_entropy")
    assert answer.code == 2, answer
    assert "the network has 2 outputs, and binary_cross_entropy takes 1" in answer.last_line


def test_new_targets_that_the_loss_has_no_value_for(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("x,y\n" + "".join(f"{k},{k % 5 - 1}\n" for k in range(20)))
    (tmp_path / "counts.csv").write_text("x,y\n" + "".join(f"{k},{k % 5}\n" for k in range(40)))
    dataset = f"dataset={{name: csv, path: {tmp_path / 'counts.csv'}, target: y, task: regression}}"
    words = ("loss=poisson", "metrics=[rmse]", "preprocessing.target=none")
    path = train(tmp_path, "counts", dataset, *words)
    answer = gdrun("evaluate", path, f"dataset.path={tmp_path / 'new.csv'}")
    assert answer.code == 2, answer
    assert answer.last_line == "gdrun: loss: poisson is for counts, which are never negative, not for -1"


def test_a_table_on_the_screen(classifier: Path) -> None:
    answer = gdrun("evaluate", classifier)
    assert answer.code == 0
    assert [line.split()[0] for line in answer.out.split("\n")[-5:-2]] == ["train", "validation", "test"]


def test_on_other_data(pets: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "new.csv", rows=30, seed=5)
    answer = gdrun("evaluate", pets, f"dataset.path={tmp_path / 'new.csv'}", "--json")
    assert answer.code == 0, answer
    assert list(answer.document["values"]) == ["data"]
    assert answer.document["values"]["data"]["accuracy"] > 0.8


def test_on_data_with_fewer_classes(pets: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "new.csv", rows=30)
    text = (tmp_path / "new.csv").read_text()
    lines = [line for line in text.splitlines() if not line.endswith("cat")]
    (tmp_path / "new.csv").write_text("\n".join(lines) + "\n")
    answer = gdrun("evaluate", pets, f"dataset.path={tmp_path / 'new.csv'}", "--json")
    assert answer.code == 0, answer
    assert answer.document["values"]["data"]["accuracy"] > 0.8  # "dog" is still the second class


def test_an_unknown_category_is_told(pets: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "new.csv", rows=30)
    (tmp_path / "new.csv").write_text((tmp_path / "new.csv").read_text().replace("red", "blue"))
    answer = gdrun("evaluate", pets, f"dataset.path={tmp_path / 'new.csv'}")
    assert answer.code == 0, answer
    assert "blue" in answer.err


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (("fox", "wolf"), 3, "class 'wolf' is unknown to the run, which was trained on 'cat', 'dog', 'fox'"),
        (("weight", "mass"), 3, "weight"),
        (("kind", "species"), 3, "kind"),
    ],
)
def test_data_that_do_not_fit(
    pets: Path, tmp_path: Path, change: tuple[str, str], code: int, message: str
) -> None:
    write_table(tmp_path / "new.csv", rows=30)
    (tmp_path / "new.csv").write_text((tmp_path / "new.csv").read_text().replace(*change))
    answer = gdrun("evaluate", pets, f"dataset.path={tmp_path / 'new.csv'}")
    assert answer.code == code, answer
    assert message in answer.err
    assert answer.out == ""


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["seed=3"], 2, "seed cannot be changed for trained weights"),
        (["model.hidden=[3]"], 2, "model cannot be changed"),
        (["dataset=diabetes"], 2, "regression"),
        (["dataset=iris"], 3, "iris"),
        (["metrics=[accuraccy]"], 2, "accuracy"),
        (["loss=mse"], 2, "mse"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_changes_that_do_not_fit(classifier: Path, words: list[str], code: int, message: str) -> None:
    answer = gdrun("evaluate", classifier, *words)
    assert answer.code == code, answer
    assert message in answer.err


def test_a_group_is_refused_with_what_to_name_instead(members: Path) -> None:
    answer = gdrun("evaluate", members)
    assert answer.code == 2
    assert f"{members}/members/seed-0" in answer.last_line
    assert gdrun("evaluate", members / "members" / "seed-0").code == 0
    assert gdrun("evaluate", f"{members.name}/seed-1", "--runs-dir", members.parent).code == 0


@pytest.mark.parametrize(
    ("file", "content", "code"),
    [
        ("weights.npz", None, 4),
        ("weights.npz", b"PK nonsense", 4),
        ("run.json", b"{", 4),
        ("run.json", b"{}", 2),
        ("config.yaml", b"a: [", 2),
    ],
)
def test_damaged_runs(classifier: Path, tmp_path: Path, file: str, content: bytes | None, code: int) -> None:
    path = tmp_path / "copy"
    shutil.copytree(classifier, path)
    (path / file).unlink()
    if content is not None:
        (path / file).write_bytes(content)
    answer = gdrun("evaluate", path)
    assert answer.code == code, answer
    assert "Traceback" not in answer.err
    assert "this is a bug" not in answer.err


def test_weights_of_another_run_are_noticed(classifier: Path, pets: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy"
    shutil.copytree(classifier, path)
    shutil.copy(pets / "weights.npz", path / "weights.npz")
    answer = gdrun("evaluate", path)
    assert answer.code == 4
    assert "weights.npz doesn't fit config.yaml" in answer.last_line
