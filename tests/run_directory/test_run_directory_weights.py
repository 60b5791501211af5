from __future__ import annotations

import hashlib
import io
import random
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from test_run_directory_checkpoints import damage

from gdrun.errors import WeightsError
from gdrun.run_directory import weights
from gdrun.run_directory.weights import pack_arrays, read_arrays, read_weights, write_arrays

ARRAYS = {
    "layers.0.weight": np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4),
    "layers.0.bias": np.zeros(4, np.float32),
    "layers.10.weight": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "scale": np.ones(()),
    "empty": np.empty((0, 2)),
}


def npz(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def refused(path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    try:
        read_arrays(path)
    except WeightsError as error:
        return str(path) in str(error)
    return False


def check(found: dict[str, np.ndarray], expected: dict[str, np.ndarray] = ARRAYS) -> None:
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(found[name], array)


def test_gdrun_and_numpy_read_what_was_written(tmp_path):
    write_arrays(tmp_path / "weights.npz", ARRAYS)
    found = read_weights(tmp_path / "weights.npz")
    check(found)
    assert all(array.flags.writeable and array.flags.c_contiguous for array in found.values())
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as loaded:
        check(dict(loaded))


def test_equal_arrays_give_equal_bytes(tmp_path):
    assert pack_arrays(ARRAYS) == pack_arrays({name: array.copy("K") for name, array in ARRAYS.items()})


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_file_of_numpy_is_read(tmp_path, save):
    save(tmp_path / "weights.npz", **ARRAYS)
    check(read_weights(tmp_path / "weights.npz"))


def test_any_damage_is_refused(tmp_path):
    content = pack_arrays(ARRAYS)
    other = pack_arrays({name: array + 1 for name, array in ARRAYS.items()})
    damaged = damage(content, other, random.Random(0))
    assert len(damaged) > 1500
    assert [place for place, one in enumerate(damaged) if not refused(tmp_path / "one.npz", one)] == []
    assert not refused(tmp_path / "one.npz", content)


def test_without_the_digest_damage_would_pass(tmp_path, monkeypatch):
    """Negative control: ZIP's own checksums don't cover its directory."""
    content = pack_arrays(ARRAYS)
    monkeypatch.setattr(weights, "_check", lambda path, file, size: None)
    damaged = damage(content, content, random.Random(0))
    assert any(not refused(tmp_path / "one.npz", one) for one in damaged)


def signed(content: bytes) -> bytes:
    """Someone else's archive with a right digest."""
    body = content[:-2] + (77).to_bytes(2, "little") + b"gdrun sha256 "
    return body + hashlib.sha256(body).hexdigest().encode()


def member(content: bytes, name: str = "a.npy", compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def npy(shape: str, kind: str = "<f8", payload: bytes = b"\0" * 8) -> bytes:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + payload


def doubled() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", npy("(1,)"))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", npy("(1,)"))
    return buffer.getvalue()


HOSTILE = {
    "larger than its file": lambda: member(npy("(1000000000000,)")),
    "larger than any memory": lambda: member(npy("(1" + "0" * 400 + ",)")),
    "smaller than its file": lambda: member(npy("(0,)")),
    "negative": lambda: member(npy("(-1, -1)")),
    "a pickle": lambda: npz(a=np.array([{}], dtype=object)),
    "text": lambda: npz(a=np.array(["x"])),
    "no array": lambda: member(b"nothing"),
    "a header of code": lambda: member(npy("__import__('os')")),
    "a deep header": lambda: member(npy("(" * 5000)),
    "another version": lambda: member(b"\x93NUMPY\x09\x00" + npy("(1,)")[8:]),
    "a bomb": lambda: member(
        npy("(12500000,)", payload=b"\0" * 100_000_000), compression=zipfile.ZIP_DEFLATED
    ),
    "an unusual compression": lambda: member(npy("(1,)"), compression=zipfile.ZIP_LZMA),
    "two of one name": doubled,
    "nothing": lambda: b"",
    "no archive": lambda: b"PK\x05\x06" + b"\xff" * 16 + b"\0\0",
    "a wrong checksum": lambda: npz(a=np.ones(3)).replace(np.ones(3).tobytes(), np.zeros(3).tobytes()),
}


@pytest.mark.parametrize("sign", [bytes, signed], ids=["unsigned", "signed"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_before_anything_large_is_allocated(tmp_path, kind, sign):
    content = HOSTILE[kind]()
    if len(content) > 22:
        content = sign(content)
    tracemalloc.start()
    try:
        assert refused(tmp_path / "one.npz", content)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_the_signature_of_the_test_works(tmp_path):
    assert not refused(tmp_path / "one.npz", signed(npz(a=np.ones(3))))
    assert not refused(tmp_path / "one.npz", member(npy("(1,)")))


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(WeightsError, match="there is no such file"):
        read_weights(tmp_path / "weights.npz")
    with pytest.raises(WeightsError, match="there is no such file"):
        read_weights(tmp_path)


def test_only_numbers_are_written(tmp_path):
    with pytest.raises(TypeError, match="'a'"):
        write_arrays(tmp_path / "one.npz", {"a": np.array(["x"])})
