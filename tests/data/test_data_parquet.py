"""Parquet files: what each type is read as, the options of a dataset, and every error with row and column."""

from __future__ import annotations

import datetime
import math
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import gdrun
from gdrun.data import parquet_reader as reader_module
from gdrun.data.datasets.csv_file import Csv
from gdrun.data.datasets.parquet_file import Parquet
from gdrun.errors import ConfigError, DataError, GdrunError, SystemRefusedError

pa = pytest.importorskip("pyarrow", reason="needs pyarrow: pip install 'gdrun[parquet]'")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def load(tmp_path):
    def load(content, **options):
        table = content if isinstance(content, pa.Table) else pa.table(content)
        pq.write_table(table, tmp_path / "data.parquet")
        return Parquet(path=Path("data.parquet"), **options).load(tmp_path)

    return load


SMALL = {"a": [1, 3, 5], "b": [2.0, 4.0, 6.0], "kind": ["x", "y", "x"]}


def test_numbers_texts_and_the_last_column_as_target(load):
    table = load(SMALL)
    assert table.task == "classification"
    assert table.number_names == ("a", "b")
    assert table.numbers.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert table.numbers.dtype == np.float64
    assert (table.target_names, table.classes, table.target.tolist()) == (("kind",), ("x", "y"), [0, 1, 0])
    assert table.notices == ()


NUMBERS = {
    "int8": pa.array([1, None, 3], pa.int8()),
    "uint64": pa.array([1, None, 3], pa.uint64()),
    "float16": pa.array(np.array([1, math.nan, 3], np.float16)),
    "float32": pa.array([1, None, 3], pa.float32()),
    "float64": pa.array([1, math.nan, 3], pa.float64()),
    "decimal": pa.array([Decimal("1.00"), None, Decimal("3.00")], pa.decimal128(10, 2)),
    "dictionary of numbers": pa.array([1, None, 3], pa.int64()).dictionary_encode(),
}
CATEGORIES = {
    "text": pa.array(["no", None, "yes"]),
    "large text": pa.array(["no", None, "yes"], pa.large_string()),
    "dictionary": pa.array(["no", None, "yes"]).dictionary_encode(),
    "unused values": pa.DictionaryArray.from_arrays([1, None, 0], ["yes", "no", "perhaps"]),
    "boolean": pa.array([False, None, True]),
    "listed as missing": pa.array(["no", "NA", "yes"]),
}


@pytest.mark.parametrize("column", NUMBERS.values(), ids=NUMBERS)
def test_what_is_a_number(load, column):
    table = load({"x": column, "y": [0.5, 1.5, 2.5]})
    np.testing.assert_array_equal(table.numbers, [[1], [math.nan], [3]])
    assert table.categories == ()


@pytest.mark.parametrize("column", CATEGORIES.values(), ids=CATEGORIES)
def test_what_is_a_category(load, column):
    (category,) = load({"x": column, "y": [0.5, 1.5, 2.5]}).categories
    assert [None if code < 0 else category.levels[code] for code in category.codes] in (
        ["no", None, "yes"],
        ["false", None, "true"],
    )


def test_columns_are_what_the_user_says(load):
    columns = {
        "grade": [3, 1, None],
        "half": [0.5, 1.5, 1.5],
        "size": ["10", "NA", " 30"],
        "y": [0.5, 1.5, 2.5],
    }
    said = {"grade": "category", "half": "category", "size": "number"}
    table = load(columns, columns=said, target="y")
    grade, half = table.categories
    assert (grade.levels, grade.codes.tolist()) == (("1", "3"), [1, 0, -1])
    assert half.levels == ("0.5", "1.5")
    np.testing.assert_array_equal(table.numbers, [[10], [math.nan], [30]])
    flags = load({"x": [True, False, None], "y": [0.5, 1.5, 2.5]}, columns={"x": "number"})
    np.testing.assert_array_equal(flags.numbers, [[1], [0], [math.nan]])


def test_signs_of_missing_values_hold_for_numbers_and_texts(load):
    columns = {"a": [-999, 2, 3], "b": [1.0, -999.0, 3.0], "c": ["-", "x", ""], "y": [0.5, 1.5, 2.5]}
    table = load(columns, missing=("-999", "-"))
    np.testing.assert_array_equal(table.numbers, [[math.nan, 1], [2, math.nan], [3, 3]])
    assert table.categories[0].codes.tolist() == [-1, 1, 0]  # the empty text isn't listed here
    assert table.categories[0].levels == ("", "x")


def test_roles_of_columns(load):
    columns = SMALL | {"day": [datetime.date(2026, 1, 1)] * 3, "patient": [7, 7, 9]}
    table = load(columns, target="a", features=("b", "kind"), group="patient", task="regression")
    assert table.number_names == ("b",)
    assert [category.name for category in table.categories] == ["kind"]
    assert table.target.tolist() == [[1], [3], [5]]
    assert table.groups.tolist() == [0, 0, 1]
    assert load(columns, drop=("day", "patient", "a"), target="kind").number_names == ("b",)


def test_files_that_validate_and_test(load, tmp_path):
    pq.write_table(pa.table({"kind": ["z", "x"], "a": [9, 8], "b": [7.0, 6.0]}), tmp_path / "test.parquet")
    table = load(SMALL, target="kind", test_path=Path("test.parquet"))
    assert table.numbers.tolist()[3:] == [[9, 7], [8, 6]]
    assert table.fixed["test"].tolist() == [3, 4]
    assert table.classes == ("x", "y", "z")


def test_it_is_the_same_table_as_of_a_csv_file(load, tmp_path):
    rng = np.random.default_rng(0)
    rows = 3000  # several batches, with dictionaries of their own
    numbers = rng.normal(size=rows).round(3)
    texts = rng.choice(["red", "green", "blue"], rows)
    classes = rng.choice(["yes", "no"], rows)
    lines = [f"{a},{b},{c}" for a, b, c in zip(numbers.tolist(), texts, classes, strict=True)]
    (tmp_path / "data.csv").write_text("\n".join(["n,t,c", *lines]))
    expected = Csv(path=Path("data.csv")).load(tmp_path)
    table = pa.table({"n": numbers, "t": texts, "c": classes})
    pq.write_table(table, tmp_path / "data.parquet", row_group_size=700)
    found = Parquet(path=Path("data.parquet")).load(tmp_path)
    np.testing.assert_array_equal(found.numbers, expected.numbers)
    np.testing.assert_array_equal(found.target, expected.target)
    assert found.classes == expected.classes
    assert found.categories[0].levels == expected.categories[0].levels
    np.testing.assert_array_equal(found.categories[0].codes, expected.categories[0].codes)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pieces_of_any_size_give_the_same(load, monkeypatch, size):
    texts = [None if i % 5 == 0 else f"t{i % 7}" for i in range(50)]
    columns = {
        "t": pa.array(texts).dictionary_encode(),
        "n": list(range(50)),
        "y": [i / 2 for i in range(50)],
    }
    whole = load(columns)
    monkeypatch.setattr(reader_module, "BATCH_ROWS", size)
    again = load(columns)
    assert again.sha256 == whole.sha256


NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(("columns", "options", "message"), [
    ({"day": [datetime.date(2026, 1, 1)] * 3}, {}, "column 'day' holds dates or times of type date32"),
    ({"at": [NOON] * 3}, {}, "column 'at' holds dates or times of type timestamp"),
    ({"x": [[1, 2], [3], []]}, {}, "column 'x' holds values of type list<element: int64>, neither"),
    ({"x": [{"a": 1}] * 3}, {}, "column 'x' holds values of type struct<a: int64>, neither"),
    ({"x": [b"1"] * 3}, {}, "column 'x' holds values of type binary, neither"),
    ({"x": [1.0, math.inf, 2.0]}, {}, r"row 1 \(counted from 0\): column 'x': 'inf' is not finite"),
    ({"x": ["1", None, "b"]}, {"columns": {"x": "number"}}, r"row 2 .*column 'x': 'b' is not a number"),
    ({"x": [1, 2, 3]}, {"target": "kin"}, "no column 'kin' for dataset.target; did you mean 'kind'"),
    ({"x": pa.nulls(3)}, {}, "column 'x' is empty in all 3 rows; drop it"),
    ({"x": [1, 2, 3]}, {"target": "kind", "task": "regression"}, "column 'kind': 'x' is not a number"),
    ({"kind": ["x", None, "y"]}, {}, r"row 1 .*column 'kind': the target is missing"),
    ({"": [1, 2, 3]}, {}, "column 4 has no name"),
    ({"x": ["a", "b", "c"]}, {"columns": {"z": "number"}}, "no column 'z' for dataset.columns"),
])  # fmt: skip
def test_errors_name_what_is_wrong_and_where(load, columns, options, message):
    with pytest.raises(DataError, match=message):
        load(SMALL | columns, **({"target": "kind"} | options))


def test_two_columns_of_one_name(load):
    with pytest.raises(DataError, match="two columns are named 'a'"):
        load(pa.table([pa.array([1, 2]), pa.array([3, 4])], names=["a", "a"]))


def test_too_many_different_texts(load):
    with pytest.raises(DataError, match="column 'x' has more than 1,000 different texts; drop it"):
        load({"x": [f"t{i}" for i in range(1001)], "y": [i / 2 for i in range(1001)]})


def test_no_rows(load):
    with pytest.raises(DataError, match="the file has no rows"):
        load(pa.table({"a": pa.array([], pa.int64())}))


def test_what_is_no_parquet_file(tmp_path):
    (tmp_path / "data.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="not a Parquet file, or a damaged one"):
        Parquet(path=Path("data.parquet")).load(tmp_path)
    with pytest.raises(DataError, match="there is no such file"):
        Parquet(path=Path("other.parquet")).load(tmp_path)
    with pytest.raises(DataError, match="this is a folder"):
        Parquet(path=Path()).load(tmp_path)


def test_damaged_files_are_refused_or_read_and_never_a_traceback(tmp_path):
    rng = np.random.default_rng(1)
    texts = rng.choice(["red", "green", "blue"], 400)
    table = pa.table({"n": rng.normal(size=400), "t": texts, "y": rng.normal(size=400)})
    pq.write_table(table, tmp_path / "whole.parquet", write_page_checksum=True)
    whole = (tmp_path / "whole.parquet").read_bytes()
    expected = Parquet(path=Path("whole.parquet")).load(tmp_path)
    refused = 0
    for trial in range(300):
        content = bytearray(whole)
        if trial % 3 == 0:
            del content[rng.integers(0, len(content)) :]
        else:
            for place in rng.integers(0, len(content), 1 + trial % 4):
                content[place] ^= 1 << int(rng.integers(0, 8))
        (tmp_path / "damaged.parquet").write_bytes(content)
        try:
            found = Parquet(path=Path("damaged.parquet")).load(tmp_path)
        except GdrunError:
            refused += 1
        else:
            assert found.rows == expected.rows
    assert refused > 200


def test_what_does_not_fit_into_memory_is_refused_before_it_is_read(load, monkeypatch):
    monkeypatch.setattr(reader_module, "available_memory", lambda: 1000)

    def never(*arguments):
        raise AssertionError("read all the same")

    monkeypatch.setattr(reader_module.ParquetFile, "_batches", never)
    with pytest.raises(SystemRefusedError, match=r"1,000 rows of 2 columns need about .* take fewer"):
        load({"x": [1.0] * 1000, "y": [0.5] * 1000})


def test_without_pyarrow_it_says_what_to_install(load, monkeypatch):
    load(SMALL)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'gdrun\[parquet\]'"):
        Parquet(path=Path("data.parquet")).load(Path())


def test_features_or_drop():
    with pytest.raises(ValueError, match=r"give features .* or drop"):
        Parquet(path=Path("x"), features=("a",), drop=("b",))


def test_train_predict_and_evaluate_on_parquet_files(tmp_path):
    rng = np.random.default_rng(2)
    numbers = rng.normal(size=200)
    flags = rng.random(200) < 0.5
    species = np.where(numbers + flags > 0.5, "wide", "narrow")
    table = pa.table({"n": numbers, "flag": flags, "species": species})
    pq.write_table(table, tmp_path / "data.parquet")
    config = {
        "dataset": {"name": "parquet", "path": str(tmp_path / "data.parquet")},
        "model": "linear",
        "optimizer": {"name": "adam", "learning_rate": 0.1},
        "epochs": 20,
    }
    run = gdrun.train(config, runs_dir=tmp_path / "runs")
    assert run.result["validation"]["accuracy"] > 0.9
    rows = gdrun.data.read_features(tmp_path / "data.parquet", run.trained.preprocessor)
    found = run.trained.predict(rows)
    assert (found.values == species).mean() > 0.9
    assert (found.target == species).all()
    pq.write_table(table.drop_columns("flag"), tmp_path / "less.parquet")
    with pytest.raises(DataError, match="no column 'flag' for a feature that the network was trained on"):
        gdrun.data.read_features(tmp_path / "less.parquet", run.trained.preprocessor)
