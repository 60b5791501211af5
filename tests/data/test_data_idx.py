"""Idx files: what they hold, and that nothing in them is believed."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdrun.data import DATASETS, idx_reader, npz_reader, prepare, read_features, split
from gdrun.data.idx_reader import is_idx, read_idx
from gdrun.errors import DataError, SystemRefusedError

Idx = DATASETS["idx"]
CODES = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}
IMAGES = np.arange(6 * 4 * 5).reshape(6, 4, 5).astype("u1")
LABELS = np.array([3, 7, 3, 7, 0, 3], "u1")


def packed(array, shape=None, code=None):
    shape = array.shape if shape is None else shape
    array = array.astype(array.dtype.newbyteorder(">"))
    code = CODES[array.dtype.str.lstrip("|")] if code is None else code
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape) + array.tobytes()


@pytest.fixture
def files(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(packed(IMAGES))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(packed(LABELS)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(packed(LABELS))
    return tmp_path


def load(folder, **options):
    options = {name: Path(value) if name != "task" else value for name, value in options.items()}
    return Idx(**{"path": Path("train-images-idx3-ubyte"), **options}).load(folder)


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("compress", [False, True])
def test_every_type_is_read(tmp_path, kind, compress):
    array = (np.arange(24).reshape(2, 3, 4) - 7).astype(kind)
    content = packed(array)
    (tmp_path / "x").write_bytes(gzip.compress(content) if compress else content)
    found = read_idx(tmp_path / "x")
    np.testing.assert_array_equal(found, array)
    assert found.dtype.isnative


def test_images_and_labels_become_rows_with_a_shape(files):
    table = load(files)
    assert table.row_shape == (4, 5, 1)
    np.testing.assert_array_equal(table.numbers.reshape(IMAGES.shape), IMAGES)
    assert table.numbers.dtype == np.float32
    assert table.classes == ("0", "3", "7")
    np.testing.assert_array_equal(np.array([0, 3, 7])[table.target], LABELS)
    assert (table.number_names[0], table.number_names[7]) == ("pixel_0_0", "pixel_1_2")
    assert table.largest == 255
    assert table.notices == ()
    assert load(files, labels="train-labels-idx1-ubyte.gz").sha256 == table.sha256


def test_mnist_is_the_same_from_idx_files(tmp_path):
    embedded = DATASETS["digits"](images=True).load(Path())
    images = embedded.numbers.reshape(-1, 8, 8).astype("u1")
    (tmp_path / "images-idx3-ubyte").write_bytes(packed(images))
    (tmp_path / "labels-idx1-ubyte").write_bytes(packed(embedded.target.astype("u1")))
    table = load(tmp_path, path="images-idx3-ubyte")
    np.testing.assert_array_equal(table.numbers, embedded.numbers)
    np.testing.assert_array_equal(table.target, embedded.target)
    assert (table.row_shape, table.number_names) == (embedded.row_shape, embedded.number_names)


def test_colors_and_flat_rows(tmp_path):
    colors = np.arange(2 * 3 * 4 * 3).reshape(2, 3, 4, 3).astype("u1")
    (tmp_path / "images").write_bytes(packed(colors))
    (tmp_path / "labels").write_bytes(packed(np.array([1, 2], "u1")))
    table = load(tmp_path, path="images")
    assert table.row_shape == (3, 4, 3)
    assert table.number_names[13] == "pixel_1_0_1"
    (tmp_path / "images").write_bytes(packed(colors.reshape(2, -1).astype(">f4")))
    table = load(tmp_path, path="images")
    assert table.row_shape is None
    assert (table.number_names[5], table.largest) == ("x5", None)


def test_own_validation_and_test_files(files):
    for name, rows in (("t10k", 2), ("held", 3)):
        (files / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(packed(IMAGES[:rows] + 100)))
        (files / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(packed(LABELS[:rows] + 1)))
    table = load(files, test_path="t10k-images-idx3-ubyte.gz", validation_path="held-images-idx3-ubyte.gz")
    assert {part: rows.tolist() for part, rows in table.fixed.items()} == {
        "validation": [6, 7, 8],
        "test": [9, 10],
    }
    assert split(table).test.tolist() == [9, 10]
    assert table.classes == ("0", "3", "4", "7", "8")
    assert prepare(table, split(table), features="scale").test.features.shape == (2, 4, 5, 1)


def test_labels_are_classes_however_many_and_values_where_asked(files):
    many = np.arange(47, dtype="u1")
    (files / "train-images-idx3-ubyte").write_bytes(packed(np.zeros((47, 2, 2), "u1")))
    (files / "train-labels-idx1-ubyte").write_bytes(packed(many))
    assert len(load(files).classes) == 47
    assert load(files, task="auto").task == "classification"
    table = load(files, task="regression")
    assert table.task == "regression"
    np.testing.assert_array_equal(table.target[:, 0], many)
    (files / "train-labels-idx1-ubyte").write_bytes(packed(many.astype(">f8") / 7))
    assert load(files).task == "regression"


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        (
            "a",
            None,
            {"path": "a"},
            "doesn't follow from the name; give them in dataset.labels",
        ),
        ("a", None, {"path": "none-images"}, "none-images: there is no such file"),
        ("a", None, {"labels": "a"}, "a: there is no such file"),
        ("a", packed(LABELS[:5]), {"labels": "a"}, "a: 5 labels for the 6 images in train-images-idx3-ubyte"),
        (
            "a",
            packed(IMAGES),
            {"labels": "a"},
            "a: labels must be .*; is it the file of the images",
        ),
        (
            "a",
            packed(LABELS),
            {"path": "a", "labels": "train-labels-idx1-ubyte"},
            "is it the file of the labels",
        ),
        (
            "a",
            packed(IMAGES[:0]),
            {"path": "a", "labels": "a"},
            r"rows and pixels, not shape \(0, 4",
        ),
        (
            "a",
            packed(np.array([1, np.nan, 2, 3, 4, 5], ">f4")),
            {"labels": "a"},
            r"a: label 1 \(from 0\) is missing or infinite",
        ),
        ("a", None, {"test_labels": "a"}, "a: dataset.test_labels needs a dataset.test_path; give both"),
        (
            "a",
            packed(IMAGES.astype(">f4")),
            {"test_path": "a", "test_labels": "train-labels-idx1-ubyte"},
            r"a: rows of shape \(4, 5\), float32, but train-images-idx3-ubyte has \(4, 5\), uint8",
        ),
        (
            "a",
            packed(IMAGES[:, :3]),
            {"test_path": "a", "test_labels": "train-labels-idx1-ubyte"},
            r"a: rows of shape \(3, 5\), uint8, but train-images-idx3-ubyte has \(4, 5\), uint8",
        ),
        ("a", packed(LABELS.astype(">f8")), {"labels": "a", "task": "classification"}, None),
        ("a", packed(np.full(6, 4, "u1")), {"labels": "a"}, "there is only one class, '4'"),
        (
            "a",
            b"1,2,3\n4,5,6\n",
            {"labels": "a"},
            "a: no idx file: it begins with 31 2c 32 2c .* CSV",
        ),
    ],
)
def test_each_error_says_where_and_what_to_do(files, name, content, options, message):
    if content is not None:
        (files / name).write_bytes(content)
    if message is None:
        assert load(files, **options).classes == ("0", "3", "7")
        return
    with pytest.raises(DataError, match=message):
        load(files, **options)


def peak_memory(action):
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


LIES = [
    (
        packed(LABELS, (1 << 31,)),
        "2,147,483,648 values of 1 bytes need 2,147,483,648 .* the file has 6",
    ),
    (packed(LABELS, (1 << 31, 1 << 31, 1 << 31, 1 << 31), 14), "but the file has 6"),
    (packed(LABELS, (5,)), "need 5 bytes, but the file has 6; copy or download it again"),
    (packed(LABELS, (7,)), "need 7 bytes, but the file has 6"),
    (packed(LABELS, code=10), "no idx file: it begins with 00 00 0a 01"),
    (b"\0\1" + packed(LABELS)[2:], "no idx file: it begins with 00 01 08 01"),
    (b"\2\0" + packed(LABELS)[2:], "no idx file: it begins with 02 00 08 01"),
    (b"\0\0\x08\0", "no idx file"),
    (b"\0\0\x08\x05" + bytes(100), "no idx file"),
    (b"\0\0\x08\x03\0\0\0\x05", "ends within its dimensions"),
    (b"\0\0", "no idx file: it begins with 00 00 and"),
]


@pytest.mark.parametrize(("content", "message"), LIES)
def test_a_header_that_lies_is_refused_before_anything_is_allocated(tmp_path, content, message):
    (tmp_path / "x").write_bytes(content)

    def read():
        with pytest.raises(DataError, match=f"x: .*{message}"):
            read_idx(tmp_path / "x")

    assert peak_memory(read) < 1 << 20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            packed(LABELS, (1 << 31,)),
            "from .* to 2,147,483,648 bytes; if that is right, unpack it",
        ),
        (packed(LABELS, (1 << 31, 1 << 31, 1 << 31)), "would inflate"),
        (packed(LABELS, (5,)), "has more than the 5 bytes"),
        (packed(LABELS, (7,)), "damaged: the file ends too early; copy or download it again"),
        (b"\0\0\x08\x03\0\0\0\x05", "ends within its dimensions"),
        (packed(np.zeros(npz_reader.HARMLESS + 1, "u1")), r"would inflate from .* to 67,108,865 bytes"),
    ],
)
def test_a_compressed_header_that_lies_is_refused_before_anything_is_allocated(tmp_path, content, message):
    (tmp_path / "x.gz").write_bytes(gzip.compress(content))

    def read():
        with pytest.raises(DataError, match=rf"x\.gz: .*{message}"):
            read_idx(tmp_path / "x.gz")

    assert peak_memory(read) < 4 << 20


def test_a_changed_or_missing_byte_of_a_compressed_file_is_noticed(tmp_path):
    content = gzip.compress(packed(IMAGES))
    for damaged in (content[:-6] + bytes([content[-6] ^ 1]) + content[-5:], content[:-9], content[:30]):
        (tmp_path / "x.gz").write_bytes(damaged)
        with pytest.raises(DataError, match=r"x\.gz: (damaged|ends)"):
            read_idx(tmp_path / "x.gz")


def test_an_array_larger_than_the_memory_is_refused(tmp_path, monkeypatch):
    (tmp_path / "x").write_bytes(packed(LABELS))
    monkeypatch.setattr(idx_reader, "physical_memory", lambda: 5)
    with pytest.raises(DataError, match="need 6 bytes, more than this machine's memory"):
        read_idx(tmp_path / "x")


def test_a_read_error_is_the_systems(tmp_path, monkeypatch):
    (tmp_path / "x").write_bytes(packed(LABELS))

    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(idx_reader, "fill", fail)
    with pytest.raises(SystemRefusedError, match="x: cannot be read: Input/output error"):
        read_idx(tmp_path / "x")


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    compress=st.booleans(),
    flips=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 255)), min_size=1, max_size=4),
    cut=st.integers(0, 60) | st.just(0),
)
def test_mutated_files_are_read_or_refused(tmp_path, compress, flips, cut):
    content = packed(IMAGES)
    content = bytearray(gzip.compress(content) if compress else content)
    for position, bits in flips:
        content[position % len(content)] ^= bits
    (tmp_path / "m").write_bytes(content[: len(content) - cut])
    (tmp_path / "labels").write_bytes(packed(LABELS))
    with suppress(DataError):
        split(load(tmp_path, path="m", labels="labels"), validation=1, test=1)


def test_new_images_are_predicted_from_idx_files(files):
    table = load(files)
    prepared = prepare(table, split(table, validation=0, test=0))
    for name, content in (("new-idx3.gz", gzip.compress(packed(IMAGES))), ("new", packed(IMAGES))):
        (files / name).write_bytes(content)
        assert is_idx(files / name)
        new = read_features(files / name, prepared.preprocessor)
        assert new.target is None
        features = prepared.preprocessor.transform(new, np.arange(6))
        np.testing.assert_array_equal(features, prepared.train.features)
    (files / "new").write_bytes(packed(IMAGES.reshape(6, 5, 4)))
    with pytest.raises(DataError, match=r"new has rows of shape \(5, 4, 1\), but the network was"):
        read_features(files / "new", prepared.preprocessor)
    (files / "new").write_bytes(packed(IMAGES[:, :2]))
    with pytest.raises(DataError, match="new has 10 columns, but the network was trained on 20"):
        read_features(files / "new", prepared.preprocessor)
    assert not is_idx(files / "nothing")
