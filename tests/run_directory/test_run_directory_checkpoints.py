from __future__ import annotations

import hashlib
import json
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from gdrun.errors import WeightsError
from gdrun.run_directory import checkpoints
from gdrun.run_directory.checkpoints import Checkpoints, pack, unpack

ARRAYS = {
    "parameters": np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "big-endian": np.arange(3, dtype=">i8"),
    "half": np.ones(2, np.float16),
    "complex": np.array([1j, np.nan]),
    "mask": np.array([True, False]),
    "one": np.float64(3) * np.ones(()),
    "none": np.empty((0, 5)),
}
STATE = np.random.PCG64(1).state
DOCUMENT = {
    "generator": STATE,
    "best": float("inf"),
    "text": "Größe ∂L",
    "nothing": None,
    "numpy": np.int64(4),
    "deep": [1, {"a": [True, 2.5]}],
}


@pytest.fixture
def store(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints")


def test_everything_comes_back_as_it_was(store):
    store.write(3, 120, ARRAYS, DOCUMENT)
    found = store.newest()
    assert found is not None
    assert (found.epoch, found.step, found.notices) == (3, 120, ())
    assert found.document == DOCUMENT
    assert list(found.arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        read = found.arrays[name]
        assert (read.dtype, read.shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(read, array)
        assert read.flags.writeable
    generator = np.random.Generator(np.random.PCG64(0))
    generator.bit_generator.state = found.document["generator"]
    assert generator.random() == np.random.Generator(np.random.PCG64(1)).random()


def test_equal_content_gives_equal_bytes():
    assert b"".join(pack(1, 2, ARRAYS, DOCUMENT)) == b"".join(pack(1, 2, ARRAYS, DOCUMENT))


def test_without_checkpoints_there_is_none(store):
    assert store.newest() is None
    assert store.paths() == []
    store.clear()


def test_two_generations_are_kept_at_least(tmp_path):
    store = Checkpoints(tmp_path, keep=1)
    for epoch in range(5):
        store.write(epoch, epoch * 10, {}, {})
    assert [path.name for path in store.paths()] == [
        "epoch-000000004-step-000000000040.checkpoint",
        "epoch-000000003-step-000000000030.checkpoint",
    ]
    many = Checkpoints(tmp_path, keep=4)
    for epoch in range(5, 9):
        many.write(epoch, epoch * 10, {}, {})
    assert len(many.paths()) == 4
    many.clear()
    assert list(tmp_path.iterdir()) == []


def test_the_older_generation_goes_only_after_the_newer_is_durable(store, monkeypatch):
    for epoch in (1, 2):
        store.write(epoch, epoch, {}, {})

    def fail(path, content):
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "write_atomically", fail)
    with pytest.raises(KeyboardInterrupt):
        store.write(3, 3, {}, {})
    assert len(store.paths()) == 2


def test_a_damaged_one_is_passed_over_with_a_notice(store):
    for epoch in (1, 2):
        path = store.write(epoch, epoch * 10, ARRAYS, DOCUMENT)
    path.write_bytes(path.read_bytes()[:-1])
    found = store.newest()
    assert found is not None
    assert found.epoch == 1
    (notice,) = found.notices
    assert str(path) in notice
    assert "damaged" in notice


def test_a_checkpoint_of_an_undone_past_goes(store):
    """After damage the run resumed from the older one: the next may come before the damaged one's place."""
    for step in (400, 500):
        path = store.write(step // 100, step, {}, {})
    path.write_bytes(b"damaged")
    assert store.newest().step == 400
    store.write(4, 450, {}, {})
    assert [path.name[-15:-11] for path in store.paths()] == ["0450", "0400"]
    assert store.newest().step == 450


def test_all_damaged_is_an_error(store):
    for epoch in (1, 2):
        store.write(epoch, epoch, ARRAYS, DOCUMENT).write_bytes(b"")
    with pytest.raises(WeightsError, match="every checkpoint is damaged"):
        store.newest()


def refused(path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    try:
        unpack(path)
    except WeightsError as error:
        return str(path) in str(error)
    return False


def damage(content: bytes, other: bytes, chance: random.Random) -> list[bytes]:
    """Every byte with one bit flipped, truncations, splices with another file, bytes added and taken."""
    flipped = []
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        flipped.append(bytes(changed))
    cut = [content[:place] for place in range(0, len(content), 7)]
    spliced = [content[:place] + other[place:] for place in range(1, min(len(content), len(other)), 11)]
    moved = [content[:place] + content[place + 1 :] + b"\0" for place in range(0, len(content) - 1, 13)]
    return [one for one in [*flipped, *cut, *spliced, *moved, content + b"\0"] if one not in (content, other)]


def test_any_damage_is_refused(tmp_path):
    content = b"".join(pack(3, 120, ARRAYS, DOCUMENT))
    changed = {name: array + (array.dtype.kind == "f") for name, array in ARRAYS.items()}
    other = b"".join(pack(3, 121, changed, DOCUMENT))
    assert len(content) == len(other)
    path = tmp_path / "epoch-1-step-1.checkpoint"
    damaged = damage(content, other, random.Random(0))
    assert len(damaged) > 1000
    assert [place for place, one in enumerate(damaged) if not refused(path, one)] == []
    assert not refused(path, content)


def test_without_the_digest_damage_would_pass(tmp_path, monkeypatch):
    """Negative control: with the comparison taken out, flipped weights are taken for good ones."""

    class AnyDigest(bytes):
        __slots__ = ()

        def __ne__(self, other):
            return False

        __hash__ = bytes.__hash__

    class Digest:
        def __init__(self, data=b""):
            pass

        def update(self, data):
            pass

        def hexdigest(self):
            class Text(str):
                __slots__ = ()

                def encode(self):
                    return AnyDigest()

            return Text()

    content = b"".join(pack(3, 120, ARRAYS, DOCUMENT))
    monkeypatch.setattr(checkpoints.hashlib, "sha256", Digest)
    damaged = damage(content, content, random.Random(0))
    assert any(not refused(tmp_path / "one", one) for one in damaged)


def forged(index: object, payload: bytes = b"") -> bytes:
    """A file with a right digest, made by someone who knows the format."""
    text = index if isinstance(index, bytes) else json.dumps(index).encode()
    start = f"gdrun checkpoint 0001 {129 + len(text) + len(payload) - 1:020d} {len(text):020d} ".encode()
    size = len(start) + 65 + len(text) + len(payload)
    start = f"gdrun checkpoint 0001 {size:020d} {len(text):020d} ".encode()
    digest = hashlib.sha256(start + b"\n" + text + payload).hexdigest().encode()
    return start + digest + b"\n" + text + payload


GOOD = {"epoch": 1, "step": 2, "document": {}, "arrays": [["a", "<f8", [1], 0]]}


def test_the_forgery_works(tmp_path):
    (tmp_path / "one").write_bytes(forged(GOOD, b"\0" * 8))
    assert unpack(tmp_path / "one")[2]["a"] == [0.0]


@pytest.mark.parametrize(
    "array",
    [
        ["a", "<f8", [2], 0],
        ["a", "<f8", [1], 8],
        ["a", "<f8", [1], -8],
        ["a", "<f8", [-1], 0],
        ["a", "<f8", [-1, -1], 0],
        ["a", "<f8", [10**15], 0],
        ["a", "<f8", [10**400], 0],
        ["a", "|O", [1], 0],
        ["a", "f8,f8", [1], 0],
        ["a", "no type", [1], 0],
        ["a", "<f8", ["x"], 0],
        ["a", "<f8", None, 0],
        ["a", "<f8", [1.0], 0],
        ["a"],
        "a",
    ],
)
def test_hostile_arrays_are_refused_before_anything_is_allocated(tmp_path, array):
    tracemalloc.start()
    try:
        assert refused(tmp_path / "one", forged(GOOD | {"arrays": [array]}, b"\0" * 8))
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("index", [[], {}, 3, b"{", b"[" * 100_000, b"\xff"])
def test_a_hostile_index_is_refused(tmp_path, index):
    assert refused(tmp_path / "one", forged(index))


def test_another_version_is_refused_in_its_own_words(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "VERSION", 2)
    (tmp_path / "one").write_bytes(b"".join(pack(1, 1, {}, {})))
    monkeypatch.undo()
    with pytest.raises(WeightsError, match="has format 2, this gdrun reads 1"):
        unpack(tmp_path / "one")


def test_what_a_checkpoint_cannot_hold(store):
    with pytest.raises(TypeError, match="'names'"):
        store.write(1, 1, {"names": np.array(["a"])}, {})
    with pytest.raises(TypeError, match="ndarray"):
        store.write(1, 1, {}, {"array": np.ones(3)})
    assert store.paths() == []
