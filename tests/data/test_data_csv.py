"""CSV files: what is read, how columns are understood, and every error with its line and column."""

from __future__ import annotations

import codecs
import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdrun.data import Table, split
from gdrun.data import csv_reader as reader_module
from gdrun.data.csv_values import NumberReader
from gdrun.data.datasets.csv_file import Csv
from gdrun.errors import ConfigError, DataError, GdrunError, SystemRefusedError


@pytest.fixture
def load(tmp_path):
    def load(content, **options) -> Table:
        path = tmp_path / "data.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Csv(path=Path("data.csv"), **options).load(tmp_path)

    return load


SMALL = "a,b,kind\n1,2,x\n3,4,y\n5,6,x\n"


def test_numbers_texts_and_the_last_column_as_target(load):
    table = load(SMALL)
    assert table.task == "classification"
    assert table.number_names == ("a", "b")
    assert table.numbers.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert table.numbers.dtype == np.float64
    assert (table.target_names, table.classes, table.target.tolist()) == (("kind",), ("x", "y"), [0, 1, 0])
    assert table.notices == ()


@pytest.mark.parametrize(
    "content",
    [
        SMALL.replace("\n", "\r\n"),
        SMALL.replace("\n", "\r"),
        SMALL.rstrip(),
        SMALL.replace("\n", "\n\n"),
        codecs.BOM_UTF8 + SMALL.encode(),
        SMALL.encode("utf-16"),
        codecs.BOM_UTF16_BE + SMALL.encode("utf-16-be"),
        SMALL.encode("utf-32"),
        SMALL.replace(",", ";"),
        SMALL.replace(",", "\t"),
        SMALL.replace(",", "|"),
        SMALL.replace("1,2,x", '"1","2","x"'),
        SMALL.replace("1,2", " 1 ,2.0e0"),
    ],
)
def test_ways_to_write_the_same_table(load, content):
    assert load(content).sha256 == load(SMALL).sha256


def test_a_quoted_field_may_hold_delimiter_quote_and_line_end(load):
    table = load('"the, name",kind\r\n1,"a ""b""\nc"\r\n2,"d, e"\r\n')
    assert table.number_names == ("the, name",)
    assert table.classes == ('a "b"\nc', "d, e")


def test_texts_keep_their_blanks(load):
    assert load("a,kind\n1,x\n2, x\n3,x \n").classes == (" x", "x", "x ")


def test_names_keep_their_blanks_and_the_near_one_is_suggested(load):
    with pytest.raises(DataError, match=r"no column 'kind' for dataset.target; did you mean ' kind'\?"):
        load("a, kind\n1,x\n2,y\n", target="kind")


def test_without_header(load):
    table = load("1,2,x\n3,4,y\n", header=False)
    assert table.number_names == ("column1", "column2")
    assert table.rows == 2


def test_roles_of_columns(load):
    content = "id,a,b,who,y\n7,1,2,ann,1.5\n8,3,4,bob,2.5\n9,5,6,ann,3.5\n"
    table = load(content, target="y", drop=("id",), group="who")
    assert table.number_names == ("a", "b")
    assert table.groups.tolist() == [0, 1, 0]
    assert table.task == "regression"
    assert load(content, target="y", features=("b", "id")).number_names == ("b", "id")
    assert load(content, drop=("y",)).target_names == ("who",)
    both = load(content, target=("a", "y"), features=("b",))
    assert both.target.tolist() == [[1, 1.5], [3, 2.5], [5, 3.5]]
    assert both.target_names == ("a", "y")


def test_missing_values(load):
    table = load("a,c,y\n1,,0.5\nNA,u,1.5\n nan ,?,2.5\n,v,3.5\n")
    assert table.numbers[0] == 1
    assert np.isnan(table.numbers[1:]).all()
    (category,) = table.categories
    assert (category.levels, category.codes.tolist()) == (("u", "v"), [-1, 0, -1, 1])


def test_missing_values_may_be_numbers(load):
    table = load("a,y\n1,0.5\n-999,1.5\n3,2.5\n", missing=("", "-999"))
    np.testing.assert_array_equal(table.numbers[:, 0], [1, np.nan, 3])


def test_columns_says_what_is_a_category(load):
    table = load("zip,y\n10,0.5\n9,1.5\n10,2.5\n", columns={"zip": "category"})
    assert table.categories[0].levels == ("10", "9")
    assert table.numbers.shape == (3, 0)


@pytest.mark.parametrize(
    ("values", "task", "expected", "classes"),
    [
        ("0 1 1 0", None, "classification", ("0", "1")),
        ("0 1 1 0", "auto", "classification", ("0", "1")),
        ("0 1 1 0", "regression", "regression", ()),
        ("0.5 1 1 0.5", None, "regression", ()),
        ("0.5 1 1 0.5", "classification", "classification", ("0.5", "1")),
        ("10 9 10 -1", None, "classification", ("-1", "9", "10")),
        ("1.0 2 1 2.0", None, "classification", ("1", "2")),
        ("b a b a", None, "classification", ("a", "b")),
        (" ".join(map(str, range(20))), None, "classification", tuple(map(str, range(20)))),
        (" ".join(map(str, range(21))), None, "regression", ()),
    ],
)
def test_the_task_follows_from_the_target(load, values, task, expected, classes):
    table = load(
        "a,y\n" + "".join(f"{index},{value}\n" for index, value in enumerate(values.split())), task=task
    )
    assert (table.task, table.classes) == (expected, classes)
    guessed = task in (None, "auto") and expected == "classification" and "a" not in values
    assert bool(table.notices) == guessed


def test_the_task_option_is_known_before_loading():
    assert Csv(path=Path("x")).task is None
    assert Csv(path=Path("x"), task="auto").task is None
    assert Csv(path=Path("x"), task="regression").task == "regression"


def test_a_target_declared_a_category_is_text(load):
    assert load("a,y\n1,10\n2,9\n", columns={"y": "category"}).classes == ("10", "9")


def test_own_validation_and_test_files(load, tmp_path):
    (tmp_path / "v.csv").write_text("kind,b,a\ny,10,20\n")
    (tmp_path / "t.csv").write_text("a,b,kind\n7,8,z\n9,,x\n")
    table = load(SMALL, validation_path=Path("v.csv"), test_path=Path("t.csv"))
    assert table.numbers[3].tolist() == [20, 10]
    assert table.classes == ("x", "y", "z")
    assert {part: rows.tolist() for part, rows in table.fixed.items()} == {"validation": [3], "test": [4, 5]}
    parts = split(table)
    assert (parts.train.tolist(), parts.test.tolist()) == ([0, 1, 2], [4, 5])


def test_errors_in_the_other_files_name_those(load, tmp_path):
    (tmp_path / "t.csv").write_text("a,b,kind\n7,8,z\n9,oops,x\n")
    with pytest.raises(DataError, match=r"t\.csv:3: column 'b': 'oops' is not a number"):
        load(SMALL, test_path=Path("t.csv"))
    (tmp_path / "t.csv").write_text("a,kind\n7,z\n")
    with pytest.raises(DataError, match=r"t\.csv: no column 'b' for the columns of data\.csv"):
        load(SMALL, test_path=Path("t.csv"))


MANY = "".join(f"{index},{index * 2}\n" for index in range(5000))


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, "the file is empty"),
        ("\n\n\n", {}, "the file has no rows"),
        ("a,b\n", {}, "there are no rows below the header"),
        ("a,b\n1,2\n3\n", {}, r":3: 1 field instead of 2"),
        ("a,b\n1,2\n\n3,4,5\n", {}, r":4: 3 fields instead of 2"),
        ('a,b\n"1\n\n",2\n3\n', {}, r":5: 1 field instead of 2"),
        ("a,b\n" + MANY + "1\n", {}, r":5002: 1 field instead of 2"),
        ("a,b\n" + MANY + "1,x\n", {}, r":5002: column 'b': 'x' is not a number; .*columns: \{b: category\}"),
        ("a,b\n1,2\n1,2\n1,2\n1,1_000\n", {}, r":5: column 'b': '1_000' is not a number"),
        ("a,b\n1,2\n1,2\n1,2\n1,1_000\nx,2\n", {}, r":6: column 'a': 'x' is not a number"),
        ("a,b\n1,2.5\ninf,1\n1,1\n", {}, r":3: column 'a': 'inf' is not finite"),
        ("a,b\n1,2.5\n1e999,1\n1,1\n", {}, r":3: column 'a': '1e999' is not finite"),
        ("a,b\n1,2.5\nnan,1\n", {"missing": ("",)}, r":3: column 'a': 'nan' is not finite"),
        ("a,b\n1,2\n" + "y" * 100 + ",2\n1,2\n", {}, r"'y{40}…' is not a number"),
        ("a,b\n,1.5\n,2.5\n", {}, r"column 'a' is empty in all 2 rows; drop it"),
        ("a,b\nNA,1\nNA,2\n", {"columns": {"a": "category"}}, r"column 'a' is empty in all 2 rows"),
        ("a,a\n1,2\n", {}, r":1: two columns are named 'a'"),
        ("a,,b\n1,2,3\n", {}, r":1: column 2 has no name"),
        ("a,b\n1,2\n", {"target": "c"}, r"no column 'c' for dataset.target; there are 'a', 'b'"),
        ("width,y\n1,2\n", {"features": ("widht",)}, r"'widht' for dataset.features; did you mean 'width'"),
        ("width,y\n1,2\n", {"drop": ("widht",)}, r"'widht' for dataset.drop; did you mean 'width'"),
        ("width,y\n1,2\n", {"columns": {"widht": "number"}}, r"'widht' for dataset.columns; did you mean"),
        ("width,y\n1,2\n", {"group": "widht"}, r"'widht' for dataset.group; did you mean 'width'"),
        (
            "a,b,y\n1,2,3\n",
            {"target": "y", "drop": ("y",)},
            r"'y' is named in dataset.target and in dataset.drop",
        ),
        ("a,b,y\n1,2,3\n", {"target": "y", "features": ("y", "a")}, r"'y' is named in dataset.target and in"),
        ("y\n1\n2\n", {}, "there is no feature column besides the target"),
        ("a,y\n1,u\n2,u\n", {}, "there is only one class, 'u'"),
        ("a,y\n1,7\n2,7\n", {}, "there is only one class, '7'"),
        ("a,y\n1,u\n2,\n3,v\n4,\n", {}, r":3: column 'y': the target is missing \(and in 1 more rows\)"),
        ("a,y\n1,1.5\n2,\n3,2\n", {}, r":3: column 'y': the target is missing; complete"),
        ("a,g,y\n1,u,1.5\n2,,2.5\n", {"group": "g"}, r":3: column 'g': the group is missing"),
        ("a,y\n1,u\n2,v\n", {"task": "regression"}, r":2: column 'y': 'u' is not a number"),
        (
            "a,y\n1,1\n2,2\n",
            {"task": "regression", "columns": {"y": "category"}},
            "'y' is the target of a regression, not a category",
        ),
        ("a,y,z\n1,u,1\n2,v,2\n", {"target": ("y", "z")}, "'y' is text, but several target columns"),
        (
            "a,y,z\n1,1,1\n2,2,2\n",
            {"target": ("y", "z"), "task": "classification"},
            "has one target column, not 2",
        ),
        ("a,b\n1,\0\n", {}, r":2: a NUL character"),
        ("a,b\n1,2\n".encode("utf-16-le"), {}, r":1: a NUL character: no CSV text, or UTF-16 without"),
        (b"a,b\n1,caf\xe9\n2,x\n", {}, r":2: not valid UTF-8; save the file as UTF-8"),
        (b"a,b\n" + b"1,x\n" * 9000 + b"1,\xff\n", {}, r":9002: not valid UTF-8"),
        (SMALL.encode("utf-16")[:-1], {}, "not valid UTF-16"),
        ('a,b\n1,"x\n2,y\n', {}, "the file ends inside a quoted field"),
        ('a,b\n1,"x"y\n2,y\n', {}, r":2: text after a closing quote"),
        ("a,b\n1," + "x" * 200_000 + "\n", {}, r":2: a field longer than 131,072 characters"),
        ('a,b\n1,"' + "x\n" * 100_000, {}, "a field longer than 131,072 characters; is a quote never closed"),
        ("x" * ((1 << 24) + 5), {}, r":1: a line longer than 16,777,216 characters"),
        (
            "a,y\n" + "".join(f"name{index},{index}.5\n" for index in range(1001)),
            {},
            "'a' has more than 1,000",
        ),
        (
            "a,y\n" + "".join(f"{index},name{index}\n" for index in range(10_001)),
            {},
            "'y' has more than 10,000 different texts",
        ),
        (
            "a,y\n" + "".join(f"{index},{index}\n" for index in range(10_001)),
            {"task": "classification"},
            "the target 'y' has 10,001 classes; is this a regression",
        ),
    ],
)
def test_each_error_says_where(load, content, options, message):
    with pytest.raises(DataError, match=message) as caught:
        load(content, **options)
    assert "data.csv" in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.csv: there is no such file"):
        Csv(path=Path("nothing.csv")).load(tmp_path)
    with pytest.raises(DataError, match="this is a folder"):
        Csv(path=Path()).load(tmp_path)
    with pytest.raises(DataError, match="not a possible path"):
        Csv(path=Path("a\0b")).load(tmp_path)
    with pytest.raises(DataError, match="not a possible path"):
        Csv(path=Path("x" * 300)).load(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="not a regular file"):
        Csv(path=Path("pipe.csv")).load(tmp_path)


def test_a_read_error_is_the_systems(load, monkeypatch):
    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(reader_module.csv_text, "lines", fail)
    with pytest.raises(SystemRefusedError, match=r"data\.csv: cannot be read: Input/output error"):
        load(SMALL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": ",,"}, "delimiter must be auto or one character"),
        ({"delimiter": '"'}, "delimiter must be auto or one character"),
        ({"features": ("a",), "drop": ("b",)}, "not both"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        Csv(path=Path("x"), **options)


@pytest.mark.parametrize("numbers", [49, 50, 51])
def test_half_numbers_or_more_is_a_number_column_and_its_texts_are_errors(load, numbers):
    lines = [f"{index},0.5" for index in range(numbers)] + [f"t{index},1.5" for index in range(100 - numbers)]
    content = "a,y\n" + "\n".join(lines)
    if numbers < 50:
        assert load(content).categories[0].name == "a"
    else:
        with pytest.raises(DataError, match=rf":{numbers + 2}: column 'a': 't0' is not a number"):
            load(content)


def test_a_column_without_values_at_the_start_is_a_number_column(load):
    content = "a,y\n" + ",0.5\n" * 1500 + "7,1.5\n"
    assert load(content).numbers[1500, 0] == 7


@pytest.mark.parametrize("fields", [7, 128, 8192])
def test_the_size_of_the_chunks_changes_nothing(load, monkeypatch, fields):
    random = np.random.default_rng(1)
    lines = [
        f"{a!r},{'NA' if a < -1 else a},k{int(b * 3)},{b!r}" for a, b in random.normal(size=(700, 2)).tolist()
    ]
    content = "a,m,k,y\n" + "\n".join(lines)
    expected = load(content)
    monkeypatch.setattr(reader_module, "CHUNK_FIELDS", fields)
    assert load(content).sha256 == expected.sha256
    with pytest.raises(DataError, match=r":703: column 'y': 'oops'"):
        load(content + "\n1,2,k,0\n1,2,k,oops\n")


@settings(deadline=None, max_examples=150)
@given(st.lists(st.text(alphabet="0123456789eE+-._ infaNx", max_size=8), min_size=1, max_size=8))
def test_the_fast_way_to_numbers_agrees_with_the_slow_one(fields):
    fast, slow = NumberReader(("", "NA")), NumberReader(("", "NA"))
    slow._fast = False
    left, right = np.zeros(len(fields)), np.zeros(len(fields))
    first = fast.read(fields, left)
    assert first == slow.read(fields, right)
    if first is None:
        np.testing.assert_array_equal(left, right)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.floats(allow_nan=False, allow_infinity=False),
            st.text(st.characters(codec="utf-8"), max_size=5),
        ),
        min_size=2,
        max_size=20,
    )
)
def test_what_the_csv_module_writes_is_read_back_exactly(tmp_path, rows):
    rows = [(number, "c" + text.replace("\0", "")) for number, text in rows]
    path = tmp_path / "round.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["number", "text", "y"])
        writer.writerows([*row, index + 0.5] for index, row in enumerate(rows))
    table = Csv(path=path, delimiter=",", columns={"text": "category"}).load(tmp_path)
    assert table.numbers[:, 0].tolist() == [number for number, _ in rows]
    (category,) = table.categories
    assert [category.levels[code] for code in category.codes] == [text for _, text in rows]


HOSTILE = (SMALL * 3).encode() + b'a,"b\n",,1e5,NA,-inf\r\n'


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(HOSTILE)), st.integers(0, 4), st.binary(max_size=4) | st.just(b'"')),
        max_size=5,
    ),
    mark=st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF32_BE]),
    header=st.booleans(),
)
def test_mutated_files_are_read_or_refused(tmp_path, cuts, mark, header):
    content = HOSTILE
    for position, length, insertion in cuts:
        content = content[:position] + insertion + content[position + length :]
    (tmp_path / "m.csv").write_bytes(mark + content)
    try:
        table = Csv(path=Path("m.csv"), header=header).load(tmp_path)
    except DataError as error:
        assert "m.csv" in str(error)  # noqa: PT017 (either way is fine)
        return
    assert table.rows
    try:
        split(table)
    except GdrunError as error:
        assert isinstance(error, DataError | ConfigError)  # noqa: PT017


MEASURE = """
import resource, sys
from pathlib import Path
from gdrun.data.datasets.csv_file import Csv
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
table = Csv(path=Path(sys.argv[1])).load(Path())
array = table.numbers.nbytes + table.target.nbytes
print((peak() - before) / array, table.rows, table.numbers.shape[1])
"""


def measured(path: Path, rows: int) -> float:
    """Peak memory of reading rows of 20 numbers, as a multiple of the float64 array."""
    line = ",".join(f"{index}.{index + 1:06}" for index in range(20)) + "\n"
    with path.open("w") as handle:
        handle.write(",".join(f"c{index}" for index in range(20)) + "\n")
        for _ in range(rows // 1000):
            handle.write(line * 1000)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    ratio, read, columns = done.stdout.split()
    assert (int(read), int(columns)) == (rows, 19)
    return float(ratio)


def test_memory_stays_below_four_times_the_array(tmp_path):
    assert measured(tmp_path / "large.csv", 100_000) < 4


@pytest.mark.slow
def test_memory_of_a_million_rows_stays_below_twice_the_array(tmp_path):
    assert measured(tmp_path / "large.csv", 1_000_000) < 2
