"""Tables at the edge of what can be trained on: finite numbers or a message, never a warning or a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_commands import bits, gdrun, record, the_run

from gdrun.run_directory.weights import read_weights

ROWS = 12
AT = np.linspace(0, 1, ROWS)


def table(*columns: list[Any], names: str) -> str:
    return "\n".join([names, *(",".join(map(str, row)) for row in zip(*columns, strict=True))]) + "\n"


def spread(low: float, high: float) -> list[Any]:
    return [repr(float(value)) for value in low * (1 - AT) + high * AT]


def constant(value: Any) -> list[Any]:
    return [value] * ROWS


def kinds(*names: str) -> list[Any]:
    return [names[row % len(names)] for row in range(ROWS)]


ODD = {
    "no row": "a,b,y\n",
    "one row": "a,b,y\n1,2,3\n",
    "two rows": "a,b,y\n1,2,3\n2,1,5\n",
    "no feature": table(spread(0, 1), names="y"),
    "one feature": table(spread(0, 1), spread(1, 3), names="a,y"),
    "a constant feature": table(constant(3), spread(0, 1), spread(0, 1), names="a,b,y"),
    "nothing but constants": table(constant(3), constant(0.1), constant(7), names="a,b,y"),
    "a constant kind": table(constant("x"), spread(0, 1), spread(0, 1), names="a,b,y"),
    "a constant class": table(spread(0, 1), constant("cat"), names="a,y"),
    "a class of one row": table(spread(0, 1), ["dog", *["cat"] * (ROWS - 1)], names="a,y"),
    "a class a row": table(spread(0, 1), [f"k{row}" for row in range(ROWS)], names="a,y"),
    "huge features": table(spread(-1e30, 1e30), spread(0, 1), names="a,y"),
    "huge and small features": table(spread(-1e30, 1e30), spread(-1e-30, 1e-30), spread(0, 1), names="a,b,y"),
    "a huge target": table(spread(0, 1), spread(-1e30, 1e30), names="a,y"),
    "nearly constant": table(spread(1e30, 1e30 * (1 + 1e-15)), spread(0, 1), names="a,y"),
    "the largest numbers": table(spread(-1e308, 1e308), spread(0, 1), names="a,y"),
    "the smallest numbers": table(spread(-5e-324, 5e-324), spread(0, 1), names="a,y"),
    "the largest targets": table(spread(0, 1), spread(-1e308, 1e308), names="a,y"),
    "nothing but gaps": table(constant(""), spread(0, 1), spread(0, 1), names="a,b,y"),
    "gaps in the target": table(spread(0, 1), ["", *spread(0, 1)[1:]], names="a,y"),
    "huge features of classes": table(spread(-1e30, 1e30), kinds("cat", "dog", "fox"), names="a,y"),
}
SETTINGS = (
    ("preprocessing.features=standardize",),
    ("preprocessing.features=none",),
    ("preprocessing.features=min_max", "dtype=float64"),
    ("preprocessing.features=none", "dtype=float64", "optimizer=sgd"),
)


@pytest.mark.parametrize("settings", SETTINGS, ids=" ".join)
@pytest.mark.parametrize("kind", ODD)
def test_a_result_in_finite_numbers_or_a_message(
    tmp_path: Path, kind: str, settings: tuple[str, ...]
) -> None:
    (tmp_path / "odd.csv").write_text(ODD[kind])
    (tmp_path / "c.yaml").write_text(
        "name: odd\ndataset: {name: csv, path: odd.csv, target: y}\n"
        "model: {name: mlp, hidden: [3]}\nbatch_size: 4\nepochs: 3\n"
    )
    words = ("train", tmp_path / "c.yaml", *settings)
    answer = gdrun(*words, "--runs-dir", tmp_path / "runs", "--json")
    assert answer.code in (0, 2, 3, 6), answer
    assert "Traceback" not in answer.err
    if answer.code in (2, 3):
        assert "odd.csv" in answer.err or "c.yaml" in answer.err, answer
        assert not (tmp_path / "runs").exists()
        return
    path = the_run(tmp_path / "runs", "odd")
    status = record(path)["status"]
    assert status == ("diverged" if answer.code == 6 else "completed")
    assert all(np.isfinite(array).all() for array in read_weights(path / "weights.npz").values())
    again = gdrun(*words, "--runs-dir", tmp_path / "again", "-q")
    assert again.code == answer.code
    assert bits(the_run(tmp_path / "again", "odd")) == bits(path)


def test_what_they_come_to_is_of_every_kind(tmp_path: Path) -> None:
    """That the tables above are odd enough: some are refused, some diverge, some can be trained on."""
    found = set()
    for kind in ("no feature", "one feature", "huge features"):
        (tmp_path / "odd.csv").write_text(ODD[kind])
        (tmp_path / "c.yaml").write_text("dataset: {name: csv, path: odd.csv, target: y}\nepochs: 3\n")
        more = ("preprocessing.features=none", "optimizer=sgd", "--runs-dir", tmp_path / kind, "-q")
        found.add(gdrun("train", tmp_path / "c.yaml", *more).code)
    assert 0 in found
    assert 6 in found
    assert found & {2, 3}
