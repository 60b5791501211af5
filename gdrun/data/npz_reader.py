"""A reader of NPZ archives that believes nothing: no pickles, sizes checked before anything is allocated."""

from __future__ import annotations

import errno
import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from gdrun.data.csv_text import check_file
from gdrun.errors import DataError, SystemRefusedError

HARMLESS = 64 << 20  # bytes that may inflate from anything
STEEPEST = 100  # a larger array may be at most so many times as large as its compressed form
KINDS = {"b": "true/false", "i": "integer", "u": "integer", "f": "float", "U": "text", "S": "bytes"}


def read_arrays(path: Path, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Some arrays of an NPZ archive.

    Args:
        path: of the file.
        names: keys that must be there.
        optional: keys that are read if they are there.

    Raises:
        DataError: no such file, no NPZ archive, a key that isn't there, an array of objects, a size that
            contradicts the file, or one that inflates too much (the limits are at the top of this module).
    """
    size = check_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            if len(members) < len(archive.infolist()):
                raise DataError(f"{path}: the archive holds one name twice; write it again")
            present = [name.removesuffix(".npy") for name in members if name.endswith(".npy")]
            for name in names:
                if name not in present:
                    there = ", ".join(map(repr, present[:10])) or "none"
                    raise DataError(
                        f"{path}: no array {name!r}; there are {there}; "
                        "name them in dataset.features and dataset.target"
                    )
            wanted = [*names, *(name for name in optional if name in present)]
            return {name: _read_member(path, archive, members[f"{name}.npy"], name, size) for name in wanted}
    except OSError as error:
        if error.errno == errno.EINVAL:  # a place before the start of the file
            raise DataError(f"{path}: damaged, or no NPZ archive: {error.strerror}") from error
        raise SystemRefusedError(f"{path}: cannot be read: {error.strerror or error}") from error
    except _DAMAGE as error:
        raise DataError(f"{path}: damaged, or no NPZ archive: {error or type(error).__name__}") from error


_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression or version that zipfile doesn't know
    RuntimeError,  # an encrypted member
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    SyntaxError,
    tokenize.TokenError,
    MemoryError,
    RecursionError,
)


def _read_member(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, file_size: int
) -> NDArray[Any]:
    where = f"{path}: array {name!r}"
    if info.compress_size > file_size:
        raise DataError(f"{where} claims more bytes than the file has; the archive is damaged")
    if info.file_size > HARMLESS and info.file_size > STEEPEST * info.compress_size:
        raise DataError(
            f"{where} would inflate from {info.compress_size:,} to {info.file_size:,} bytes; if that is "
            "right, save it with numpy.savez, uncompressed"
        )
    with archive.open(info) as stream:
        shape, fortran_order, dtype = _read_header(where, stream)
        if dtype.kind not in KINDS or dtype.hasobject or dtype.itemsize == 0:
            raise DataError(
                f"{where} is of type {dtype}; save numbers or text (without pickles: no objects, no records)"
            )
        needed, there = math.prod(shape) * dtype.itemsize, info.file_size - stream.tell()
        if needed != there:
            raise DataError(
                f"{where} of shape {shape} needs {needed:,} bytes, but the file has {there:,}; it is damaged"
            )
        if needed > physical_memory():
            raise DataError(f"{where} needs {needed:,} bytes, more than this machine's memory")
        array = np.empty(math.prod(shape), dtype)
        fill(stream, array)
    array = array.reshape(shape, order="F" if fortran_order else "C")
    return array.astype(dtype.newbyteorder("="), copy=False)


def _read_header(where: str, stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(stream)
    if version == (1, 0):
        return npy.read_array_header_1_0(stream)
    if version == (2, 0):
        return npy.read_array_header_2_0(stream)
    raise DataError(f"{where} has NPY version {version[0]}.{version[1]}; save it as plain numbers or text")


def fill(stream: IO[bytes] | BufferedIOBase, array: NDArray[Any]) -> None:
    """Read exactly the array's bytes; at the last of them zipfile compares the member's checksum."""
    if array.nbytes:
        view = array.view(np.uint8).data
        while view:
            piece = stream.read(min(len(view), 1 << 20))
            if not piece:
                raise EOFError("the file ends too early")
            view[: len(piece)] = piece
            view = view[len(piece) :]


def physical_memory() -> int:
    """Physical memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
