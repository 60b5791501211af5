from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdrun.errors import DataError, WeightsError
from gdrun.run_directory.growing import Appender
from gdrun.run_directory.metrics_csv import MetricsFile, metrics_columns
from gdrun.run_directory.run import pack_predictions
from gdrun.run_directory.tables import (
    as_column,
    cell,
    guarded,
    pack_columns,
    pack_table,
    read_table,
    unguarded,
    write_table,
)

ROW = [1, 10, 1e-3, 0.1 + 0.2, 0.5, None, math.nan, math.inf, 0.25]


def test_columns_come_in_the_settled_order():
    assert metrics_columns(["accuracy", "f1"], ["noise"]) == [
        *("epoch", "step", "learning_rate", "train_loss", "train_accuracy", "train_f1"),
        *("val_loss", "val_accuracy", "val_f1", "gradient_norm", "seconds", "noise"),
    ]


def test_metrics_are_exact_and_read_back(tmp_path):
    path = tmp_path / "metrics.csv"
    metrics = MetricsFile(path, metrics_columns(["accuracy"]))
    metrics.append(ROW)
    metrics.append(
        [np.int64(2), np.int32(20), np.float32(0.1), np.float64(2.5), -math.inf, 1e-300, 1e22, None, 0.5]
    )
    metrics.close()
    assert path.read_text().splitlines() == [
        "epoch,step,learning_rate,train_loss,train_accuracy,val_loss,val_accuracy,gradient_norm,seconds",
        "1,10,0.001,0.30000000000000004,0.5,,nan,inf,0.25",
        "2,20,0.10000000149011612,2.5,-inf,1e-300,1e+22,,0.5",
    ]
    found = read_table(path)
    assert found["epoch"].dtype == found["step"].dtype == np.int64
    assert found["learning_rate"].astype(np.float32)[1] == np.float32(0.1)
    assert found["train_loss"].tolist() == [0.1 + 0.2, 2.5]
    assert found["gradient_norm"][0] == math.inf
    assert np.isnan(found["val_loss"][0])


def test_metrics_are_whole_rows_at_any_moment(tmp_path):
    path = tmp_path / "metrics.csv"
    metrics = MetricsFile(path, ["epoch", "loss"])
    assert metrics.length == path.stat().st_size == len("epoch,loss\n")
    metrics.append([0, 0.5])
    assert metrics.length == path.stat().st_size == len("epoch,loss\n0,0.5\n")
    with pytest.raises(ValueError, match="3 values for 2 columns"):
        metrics.append([0, 1, 2])
    metrics.close()


def test_on_resume_what_came_after_the_checkpoint_is_cut(tmp_path):
    path = tmp_path / "metrics.csv"
    metrics = MetricsFile(path, ["epoch", "loss"])
    metrics.append([0, 0.5])
    length = metrics.length
    metrics.append([1, 0.25])
    metrics.close()
    with path.open("a") as file:
        file.write("2,0.1")  # torn
    assert read_table(path)["epoch"].tolist() == [0, 1]
    resumed = MetricsFile(path, ["epoch", "loss"], keep=length)
    resumed.append([1, 0.75])
    resumed.close()
    assert path.read_text() == "epoch,loss\n0,0.5\n1,0.75\n"
    with pytest.raises(WeightsError, match="has 24 bytes instead of 99; it doesn't belong"):
        MetricsFile(path, ["epoch", "loss"], keep=99)
    with pytest.raises(WeightsError, match="other columns"):
        MetricsFile(path, ["epoch", "other"], keep=length)
    MetricsFile(path, ["epoch"]).close()
    assert path.read_text() == "epoch\n"


def test_more_files_than_may_be_open(tmp_path, monkeypatch):
    monkeypatch.setattr(Appender, "MOST_OPEN", 3)
    files = [MetricsFile(tmp_path / f"{number}.csv", ["epoch"]) for number in range(10)]
    for epoch in range(2):
        for file in files:
            file.append([epoch])
            assert len(Appender._open) <= 3
    for file in files:
        file.close()
    assert len(Appender._open) == 0
    assert {path.read_text() for path in tmp_path.iterdir()} == {"epoch\n0\n1\n"}


@given(st.floats())
def test_floats_come_back_to_the_bit(value):
    assert np.array(float(cell(value))).tobytes() == np.array(value).tobytes() or math.isnan(value)
    assert cell(np.float64(value)) == cell(value)


@given(st.text())
def test_no_text_starts_a_formula_and_all_come_back(text):
    written = guarded(text)
    assert unguarded(written) == text
    try:
        float(written)
    except ValueError:
        assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd", "-2+3", "@sum(a1)", "\tx", "\rx", "＝1", "'quoted", "- -1", "+1"]
)
def test_formulas_get_an_apostrophe(text):
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-1", "1e-3", "-0.5", "setosa", "", "a=b", "-inf"])
def test_numbers_and_words_stay(text):
    assert guarded(text) == text


def test_predictions_of_classes(tmp_path):
    path = tmp_path / "predictions.csv"
    probabilities = np.array([[0.25, 0.75], [1.0, 0.0]])
    classes = ['=HYPERLINK("x")', 'a,"b"\nc']
    path.write_bytes(
        pack_predictions(np.array([7, 3]), [classes[1], classes[0]], [classes[1]] * 2, probabilities, classes)
    )
    text = path.read_text()
    assert [line for line in text.splitlines() if line.startswith("=")] == []
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["row", "target", "prediction", 'probability_=HYPERLINK("x")', 'probability_a,"b"\nc']
    assert rows[2] == ["3", '\'=HYPERLINK("x")', 'a,"b"\nc', "1.0", "0.0"]
    found = read_table(path)
    assert found["row"].tolist() == [7, 3]
    assert found["target"].tolist() == [classes[1], classes[0]]
    assert found["probability_" + classes[0]].tolist() == [0.25, 1.0]


def test_predictions_of_numbers(tmp_path):
    path = tmp_path / "predictions.csv"
    path.write_bytes(pack_predictions(np.array([0]), np.array([-1.5]), np.array([np.float32(2)])))
    assert path.read_text() == "row,target,prediction\n0,-1.5,2.0\n"
    assert read_table(path)["target"].tolist() == [-1.5]
    path.write_bytes(pack_predictions(np.array([], int), [], []))
    assert read_table(path)["target"].size == 0


def test_a_table_of_all_kinds(tmp_path):
    path = tmp_path / "results.csv"
    columns = ["run", "model.hidden", "stratify", "best_epoch", "names", "codes", "large"]
    rows = [["a", [64, 32], True, None, "=x", "007", 2**70], ["b", [], False, 3, None, "1_0", 1]]
    write_table(path, columns, rows)
    found = read_table(path)
    assert found["model.hidden"].tolist() == ["[64, 32]", "[]"]
    assert found["stratify"].tolist() == ["true", "false"]
    np.testing.assert_array_equal(found["best_epoch"], [np.nan, 3])
    assert found["names"].tolist() == ["=x", ""]
    assert found["codes"].tolist() == ["007", "1_0"]  # text, though Python's int would take both
    assert found["large"].tolist() == [2.0**70, 1.0]
    with pytest.raises(ValueError, match="1 values for 2 columns"):
        pack_table(["a", "b"], [[1]])


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ((), []),
        (("",), [None]),
        (("3", "-4"), [3, -4]),
        (("3", "", "-4.5e-3"), [3.0, None, -0.0045]),
        (("nan", "inf", "-inf"), [None, np.inf, -np.inf]),
        (("1\n2", "3"), ["1\n2", "3"]),  # one cell of two lines is no two numbers
        (("1\n2",), ["1\n2"]),
        (("3\n",), ["3\n"]),
        (("3", "x"), ["3", "x"]),
        (("1234567890123456789",), [1234567890123456789.0]),
    ],
)
def test_a_column_is_of_numbers_if_all_of_its_cells_are(cells, values):
    column = as_column(cells)
    kind = {int: "i", str: "O"}.get(type(values[0]), "f") if values else "i"
    assert column.dtype.kind == kind
    assert [None if value != value else value for value in column.tolist()] == values


@pytest.mark.parametrize("content", [b"a,b\n1\n", b"a,b\n1,2,3\n", b"\xff\n", b'a\n"x\n'])
def test_a_damaged_table_is_a_data_error(tmp_path, content):
    path = tmp_path / "results.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"results\.csv"):
        read_table(path)


NUMBERS = st.floats() | st.floats(width=32).map(np.float32) | st.integers() | st.booleans()
VALUES = NUMBERS | st.none() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
COLUMNS = st.sampled_from([st.floats(), st.integers(), st.booleans(), st.text(max_size=5), NUMBERS, VALUES])


def cell_by_cell(names, rows):
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for row in [names, *rows]:
        writer.writerow([cell(value) for value in row])
    return text.getvalue().encode("utf-8", "backslashreplace")


@given(st.data())
def test_columns_give_the_bytes_that_cells_one_by_one_give(data):
    names = data.draw(st.lists(st.text(max_size=5), min_size=1, max_size=4))
    length = data.draw(st.integers(0, 4))
    kinds = [data.draw(COLUMNS) for _ in names]
    columns = [data.draw(st.lists(kind, min_size=length, max_size=length)) for kind in kinds]
    rows = list(zip(*columns, strict=True))
    assert pack_columns(names, columns) == pack_table(names, rows) == cell_by_cell(names, rows)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32, np.uint64, bool, object])
def test_so_do_columns_that_are_arrays(kind):
    column = np.array([0, -0.0, 1e-8, 3.25, 255], np.float64).astype(kind)
    assert pack_columns(["a", "b"], [column, column]) == cell_by_cell(
        ["a", "b"], np.array([column, column]).T
    )


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        pack_columns(["a", "b"], [[1, 2], [1]])
    with pytest.raises(ValueError, match="1 columns for 2 names"):
        pack_columns(["a", "b"], [[1, 2]])
