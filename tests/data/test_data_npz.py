"""NPZ archives: what is read, and every way in which one can lie."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdrun.data import Table, npz_reader, split
from gdrun.data.datasets.npz_file import Npz
from gdrun.data.npz_reader import read_arrays
from gdrun.errors import ConfigError, DataError, GdrunError, SystemRefusedError

X = np.array([[1.5, np.nan], [2.5, 3.5], [-1, 0]])


@pytest.fixture
def load(tmp_path):
    def load(arrays, compress=False, **options) -> Table:
        (np.savez_compressed if compress else np.savez)(tmp_path / "data.npz", **arrays)
        return Npz(path=Path("data.npz"), **options).load(tmp_path)

    return load


@pytest.mark.parametrize("compress", [False, True])
def test_numbers_and_texts(load, compress):
    table = load({"X": X, "y": np.array(["u", "v", "u"])}, compress)
    np.testing.assert_array_equal(table.numbers, X)
    assert table.number_names == ("x0", "x1")
    assert (table.task, table.classes, table.target.tolist()) == ("classification", ("u", "v"), [0, 1, 0])


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("bool", "float32"),
        ("uint8", "float32"),
        ("int16", "float32"),
        ("float16", "float32"),
        ("float32", "float32"),
        (">f4", "float32"),
        ("int32", "float64"),
        ("uint64", "float64"),
        (">f8", "float64"),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_kind_of_number_is_exact(load, dtype, expected, order):
    values = np.array([[0, 1], [1, 0], [1, 1]]).astype(dtype, order=order)
    table = load({"X": values, "y": np.array([0.5, 1, 2])})
    assert table.numbers.dtype == expected
    np.testing.assert_array_equal(table.numbers, [[0, 1], [1, 0], [1, 1]])


def test_images_become_rows_in_c_order(load):
    images = np.arange(24.0).reshape(2, 3, 4)
    table = load({"X": images, "y": np.array([0.5, 1.5])})
    np.testing.assert_array_equal(table.numbers[1], np.arange(12, 24))


def test_images_keep_their_shape_where_asked(load, tmp_path):
    images = np.arange(48.0).reshape(2, 3, 4, 2)
    table = load({"X": images, "y": np.array([0.5, 1.5])}, keep_shape=True)
    assert table.row_shape == (3, 4, 2)
    np.testing.assert_array_equal(table.numbers.reshape(images.shape), images)
    np.savez(tmp_path / "t.npz", X=images.reshape(2, 4, 3, 2), y=np.array([0.5, 1.5]))
    with pytest.raises(DataError, match=r"t\.npz: rows of shape \(4, 3, 2\), but data\.npz has \(3, 4, 2\)"):
        load({"X": images, "y": np.array([0.5, 1.5])}, keep_shape=True, test_path=Path("t.npz"))


@pytest.mark.parametrize(
    ("y", "options", "task", "classes"),
    [
        (np.array([0, 1, 0]), {}, "classification", ("0", "1")),
        (np.array([False, True, True]), {}, "classification", ("false", "true")),
        (np.array([0.0, 1.0, 2.0]), {}, "classification", ("0", "1", "2")),
        (np.array([0, 1, 0]), {"task": "regression"}, "regression", ()),
        (np.array([0.5, 1.0, 2.0]), {}, "regression", ()),
        (np.array([0.5, 1.0, 2.0]), {"task": "classification"}, "classification", ("0.5", "1", "2")),
        (np.array([[0.5], [1.0], [2.0]]), {}, "regression", ()),
        (np.array([[1, 2], [3, 4], [5, 6]]), {}, "regression", ()),
        (np.array([b"b", b"a", b"b"]), {}, "classification", ("a", "b")),
    ],
)
def test_the_task_follows_from_the_target(load, y, options, task, classes):
    table = load({"X": X, "y": y}, **options)
    assert (table.task, table.classes) == (task, classes)
    assert len(table.target_names) == (y.shape[1] if task == "regression" and y.ndim == 2 else 1)


def test_other_names_and_groups(load):
    arrays = {"images": X, "labels": np.array(["u", "v", "u"]), "who": np.array(["b", "a", "b"])}
    table = load(arrays, features="images", target="labels", group="who")
    assert table.groups.tolist() == [1, 0, 1]
    with pytest.raises(DataError, match=r"no array 'X'; there are 'images', 'labels', 'who'"):
        load(arrays)


def test_own_validation_and_test_files(load, tmp_path):
    np.savez(tmp_path / "v.npz", X=X + 1, y=np.array(["w", "u", "u"]))
    np.savez(tmp_path / "t.npz", X=X[:2] + 2, y=np.array(["u", "v"]))
    arrays = {"X": X, "y": np.array(["u", "v", "u"])}
    table = load(arrays, validation_path=Path("v.npz"), test_path=Path("t.npz"))
    assert {part: rows.tolist() for part, rows in table.fixed.items()} == {
        "validation": [3, 4, 5],
        "test": [6, 7],
    }
    assert table.classes == ("u", "v", "w")
    assert split(table).test.tolist() == [6, 7]
    np.savez(tmp_path / "t.npz", X=X[:, :1], y=np.array(["u", "v", "u"]))
    with pytest.raises(DataError, match=r"t\.npz: 1 features a row, but data\.npz has 2"):
        load(arrays, test_path=Path("t.npz"))
    np.savez(tmp_path / "t.npz", X=X, y=np.array([1, 2, 3]))
    with pytest.raises(DataError, match="'y' differs in kind or shape"):
        load(arrays, test_path=Path("t.npz"))


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"X": X}, {}, "no array 'y'; there are 'X'; name them in dataset.features and dataset.target"),
        ({"X": X, "y": np.zeros(2)}, {}, r"'y' has shape \(2,\), but there are 3 rows"),
        ({"X": X[:, 0], "y": np.zeros(3)}, {}, "must have rows and columns"),
        ({"X": X[:, :0], "y": np.zeros(3)}, {}, "must have rows and columns"),
        ({"X": X[:0], "y": np.zeros(0)}, {}, "must have rows and columns"),
        ({"X": X.astype(str), "y": np.zeros(3)}, {}, "features are numbers"),
        ({"X": X.astype(complex), "y": np.zeros(3)}, {}, "save numbers or text"),
        ({"X": X, "y": np.array([1, np.nan, 2])}, {}, r"'y' is missing or infinite in row 1"),
        ({"X": X, "y": np.array([1, 2, np.inf])}, {}, r"'y' is missing or infinite in row 2"),
        (
            {"X": np.where(np.isnan(X), np.inf, X), "y": np.array([1, 2, 1])},
            {},
            "column 'x1' is infinite in row 0",
        ),
        ({"X": X, "y": np.array(["a"] * 3)}, {}, "there is only one class, 'a'"),
        ({"X": X, "y": np.array(["a", "b", "c"])}, {"task": "regression"}, "'y' is text"),
        ({"X": X, "y": np.zeros((3, 2, 2))}, {}, r"must be \(rows,\) or \(rows, outputs\)"),
        ({"X": X, "y": np.zeros((3, 2))}, {"task": "classification"}, "has one target column, not 2"),
        ({"X": X, "y": np.array([b"\xff", b"a", b"b"])}, {}, "bytes that are not UTF-8"),
        ({"X": X, "y": np.array([1, 2, 1]), "g": np.zeros((3, 2))}, {"group": "g"}, r"'g' must be \(rows,\)"),
        ({"X": X, "y": np.array(["2020"], "M8[Y]").repeat(3)}, {}, "save numbers or text"),
        ({"X": X, "y": np.zeros(3, [("a", "f4")])}, {}, "save numbers or text"),
    ],
)
def test_each_error_says_where(load, arrays, options, message):
    with pytest.raises(DataError, match=message) as caught:
        load(arrays, **options)
    assert "data.npz" in str(caught.value)


def test_objects_are_never_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "exploded",))

    objects = np.array([Bomb()], dtype=object)
    np.savez(tmp_path / "data.npz", X=objects, y=objects)
    with pytest.raises(DataError, match=r"'X' is of type object; .*without pickles"):
        Npz(path=Path("data.npz")).load(tmp_path)
    assert not (tmp_path / "exploded").exists()
    with np.load(tmp_path / "data.npz", allow_pickle=True) as arrays:
        assert arrays["X"].dtype == object  # the negative control: it does explode
    assert (tmp_path / "exploded").exists()


def header(shape, descr="<f8", version=1):
    words = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}}}\n".encode()
    return (
        b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(words)) + words
    )


def archive(path: Path, content: bytes, compression=zipfile.ZIP_STORED, name="X.npy"):
    with zipfile.ZipFile(path, "w", compression) as target:
        target.writestr(name, content)


def peak_memory(action):
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (header((1 << 34,)) + bytes(64), r"needs 137,438,953,472 bytes, but the file has 64; it is damaged"),
        (header((1 << 60, 1 << 60)), "it is damaged"),
        (header((4,)) + bytes(31), "needs 32 bytes, but the file has 31"),
        (header((4,)) + bytes(33), "needs 32 bytes, but the file has 33"),
        (header((-4,)) + bytes(32), "damaged"),
        (header((1 << 60,), "<U0"), "save numbers or text"),
        (header((1 << 60,), "V0"), "save numbers or text"),
        (header((2,), "|O") + bytes(16), "without pickles"),
        (header((2,), "x9") + bytes(16), "damaged"),
        (header((1,) * 70) + bytes(8), "damaged"),
        (header("no shape"), "damaged"),
        (b"\x93NUMPY\x03\x00" + bytes(20), "NPY version 3.0"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "damaged"),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr': (((((((", "damaged"),
        (b"", "damaged"),
        (b"not an array", "damaged"),
        (header((4,), version=2) + bytes(31), "needs 32 bytes, but the file has 31"),
    ],
)
def test_a_header_that_lies_is_refused_before_anything_is_allocated(tmp_path, content, message):
    archive(tmp_path / "x.npz", content)

    def read():
        with pytest.raises(DataError, match=message) as caught:
            read_arrays(tmp_path / "x.npz", ["X"])
        assert "x.npz" in str(caught.value)

    assert peak_memory(read) < 4 << 20


def test_an_archive_that_inflates_too_much_is_refused(tmp_path):
    zeros = header((npz_reader.HARMLESS // 8 + 1,)) + bytes(npz_reader.HARMLESS + 8)
    archive(tmp_path / "bomb.npz", zeros, zipfile.ZIP_DEFLATED)
    del zeros

    def read():
        with pytest.raises(DataError, match=r"would inflate from .* to 67,108,9.. bytes"):
            read_arrays(tmp_path / "bomb.npz", ["X"])

    assert peak_memory(read) < 4 << 20


def test_an_archive_that_claims_more_than_the_file_has_is_refused(tmp_path):
    start = header((1 << 30,), "|u1")
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as target:
        target.writestr("X.npy", start + bytes(64))
        member = target.getinfo("X.npy")
        member.file_size = member.compress_size = len(start) + (1 << 30)  # for the directory, written last

    def read():
        with pytest.raises(DataError, match="'X' claims more bytes than the file has"):
            read_arrays(tmp_path / "x.npz", ["X"])

    assert peak_memory(read) < 4 << 20


def test_an_array_larger_than_the_memory_is_refused(tmp_path, monkeypatch):
    archive(tmp_path / "x.npz", header((1000,)) + bytes(8000))
    assert read_arrays(tmp_path / "x.npz", ["X"])["X"].shape == (1000,)
    monkeypatch.setattr(npz_reader, "physical_memory", lambda: 7999)
    with pytest.raises(DataError, match="needs 8,000 bytes, more than this machine's memory"):
        read_arrays(tmp_path / "x.npz", ["X"])


def test_a_changed_byte_is_noticed_by_the_checksum(tmp_path):
    archive(tmp_path / "x.npz", header((1000,)) + bytes(8000))
    content = bytearray((tmp_path / "x.npz").read_bytes())
    content[4000] ^= 1
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npz: damaged, or no NPZ archive: Bad CRC-32"):
        read_arrays(tmp_path / "x.npz", ["X"])


def test_what_is_no_archive(tmp_path):
    for content in (b"", b"PK", b"\x93NUMPY" + bytes(100), bytes(1000)):
        (tmp_path / "x.npz").write_bytes(content)
        with pytest.raises(DataError, match=r"x\.npz: (damaged, or no NPZ archive|the file is empty)"):
            read_arrays(tmp_path / "x.npz", ["X"])
    with pytest.raises(DataError, match="there is no such file"):
        read_arrays(tmp_path / "nothing.npz", ["X"])
    with pytest.raises(DataError, match="this is a folder"):
        read_arrays(tmp_path, ["X"])


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_name_that_is_there_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as target:
        target.writestr("X.npy", header((0,)))
        target.writestr("X.npy", header((0,)))
    with pytest.raises(DataError, match="holds one name twice"):
        read_arrays(tmp_path / "x.npz", ["X"])


def test_a_member_that_is_not_an_npy_file_is_not_found(tmp_path):
    archive(tmp_path / "x.npz", b"hello", name="X")
    with pytest.raises(DataError, match="no array 'X'; there are none"):
        read_arrays(tmp_path / "x.npz", ["X"])


def test_a_read_error_is_the_systems(tmp_path, monkeypatch):
    archive(tmp_path / "x.npz", header((1,)) + bytes(8))

    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(npz_reader, "_read_member", fail)
    with pytest.raises(SystemRefusedError, match=r"x\.npz: cannot be read: Input/output error"):
        read_arrays(tmp_path / "x.npz", ["X"])


def good_archive(compress: bool) -> bytes:
    target = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(target, X=X, y=np.array([0, 1, 0]))
    return target.getvalue()


GOOD = {compress: good_archive(compress) for compress in (False, True)}


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    compress=st.booleans(),
    flips=st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 255)), min_size=1, max_size=4),
    cut=st.integers(0, 60) | st.just(0),
)
def test_mutated_archives_are_read_or_refused(tmp_path, compress, flips, cut):
    content = bytearray(GOOD[compress])
    for position, bits in flips:
        content[position % len(content)] ^= bits
    (tmp_path / "m.npz").write_bytes(content[: len(content) - cut])
    try:
        table = Npz(path=Path("m.npz")).load(tmp_path)
        split(table)
    except GdrunError as error:
        assert isinstance(error, DataError | ConfigError)  # noqa: PT017 (either way is fine)
