"""A reader of idx files, the format of MNIST, that believes nothing: sizes are checked before it allocates.

An idx file is two zero bytes, a byte for the type, one for the number of dimensions, the dimensions as
unsigned 32-bit integers, then the values, everything with the highest byte first. It may be compressed with
gzip.

Reference:
    LeCun, Cortes & Burges, "The MNIST database of handwritten digits", 1998: "file formats".
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gdrun.data.csv_text import check_file
from gdrun.data.npz_reader import HARMLESS, STEEPEST, fill, physical_memory
from gdrun.errors import DataError, SystemRefusedError

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_DIMENSIONS = 4  # images in color
_GZIP = b"\x1f\x8b"


def is_idx(path: Path) -> bool:
    """Whether a file begins as an idx file does, or as a compressed file of that name would."""
    try:
        with path.open("rb") as handle:
            start = handle.read(4)
    except OSError:
        return False
    return _begins_as_idx(start) or (start.startswith(_GZIP) and "idx" in path.name)


def read_idx(path: Path) -> NDArray[Any]:
    """The array in an idx file, compressed with gzip or not.

    Raises:
        DataError: no such file, no idx file, a size that contradicts the file, or one that inflates too much
            (the limits are those of `npz_reader`).
        SystemRefusedError: it may not be read.
    """
    size = check_file(path)
    try:
        with path.open("rb") as handle:
            compressed = handle.read(2) == _GZIP
            handle.seek(0)
            if not compressed:
                return _read(path, handle, size, inflating=False)
            with gzip.GzipFile(fileobj=handle) as stream:
                return _read(path, stream, size, inflating=True)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: damaged: {error}; copy or download it again") from error
    except OSError as error:
        raise SystemRefusedError(f"{path}: cannot be read: {error.strerror or error}") from error


def _begins_as_idx(start: bytes) -> bool:
    return (
        len(start) >= 4 and start[:2] == b"\0\0" and start[2] in _TYPES and 1 <= start[3] <= _MOST_DIMENSIONS
    )


def _read(path: Path, stream: IO[bytes] | gzip.GzipFile, size: int, *, inflating: bool) -> NDArray[Any]:
    start = stream.read(4)
    if not _begins_as_idx(start):
        raise DataError(
            f"{path}: no idx file: it begins with {start.hex(' ') or 'nothing'} and not with 00 00, a type "
            f"(08, 09, 0b to 0e) and 1 to {_MOST_DIMENSIONS} dimensions; for CSV and NPZ take csv and npz"
        )
    sizes = stream.read(4 * start[3])
    if len(sizes) < 4 * start[3]:
        raise DataError(f"{path}: ends within its dimensions; copy or download it again")
    shape, dtype = struct.unpack(f">{start[3]}I", sizes), np.dtype(_TYPES[start[2]])
    needed = math.prod(shape) * dtype.itemsize
    words = f"{' × '.join(f'{count:,}' for count in shape)} values of {dtype.itemsize} bytes"
    if not inflating and needed != size - 4 - len(sizes):
        raise DataError(
            f"{path}: {words} need {needed:,} bytes, but the file has {size - 4 - len(sizes):,}; copy or "
            "download it again"
        )
    if inflating and needed > HARMLESS and needed > STEEPEST * size:
        raise DataError(
            f"{path}: {words} would inflate from {size:,} to {needed:,} bytes; if that is right, unpack it"
        )
    if needed > physical_memory():
        raise DataError(f"{path}: {words} need {needed:,} bytes, more than this machine's memory")
    array = np.empty(math.prod(shape), dtype)
    fill(stream, array)
    if stream.read(1):  # at the end, gzip compares length and checksum
        raise DataError(f"{path}: has more than the {needed:,} bytes of {words}; copy or download it again")
    return array.reshape(shape).astype(dtype.newbyteorder("="), copy=False)
