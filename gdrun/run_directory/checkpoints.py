"""Checkpoints: one file with everything that resuming needs, refused when a single bit of it is wrong.

    gdrun checkpoint <version> <bytes in all> <bytes of the index> <SHA-256 of all the rest>\\n
    index: JSON with the document and the name, type, shape and offset of every array
    arrays: raw, in the order of the index

The digest covers every byte but its own 64 and is checked before anything is allocated.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.errors import WeightsError
from gdrun.run_directory.files import (
    make_directories,
    remove_file,
    remove_leftovers,
    write_atomically,
)
from gdrun.run_directory.metrics_csv import MetricsFile, sync_metrics
from gdrun.run_directory.refusal import refusal

VERSION = 1
FEWEST = 2  # generations kept: the older one is the way back when the newer is damaged
_HEADER = re.compile(rb"gdrun checkpoint (\d{4}) (\d{20}) (\d{20}) ([0-9a-f]{64})\n")
_HEADER_SIZE = 4 + 20 + 20 + 64 + len(b"gdrun checkpoint    \n")
_KINDS = "biufc"  # bool, integers, floats, complex: nothing that could hold an object
_CHUNK = 1 << 20
_FILE_NAME = re.compile(r"epoch-(\d{9})-step-(\d{12})\.checkpoint")


@dataclass(frozen=True)
class Checkpoint:
    """What was read from a checkpoint.

    Attributes:
        epoch, step: where the run or stack was.
        arrays: by name, writable, of the types and shapes that were written.
        document: plain data; whole numbers of any size and non-finite floats come back as they were.
        path: of the file.
        notices: a line for every newer checkpoint that is damaged.
    """

    epoch: int
    step: int
    arrays: dict[str, NDArray[Any]]
    document: dict[str, Any]
    path: Path
    notices: tuple[str, ...] = field(default=())


class Checkpoints:
    """The generations of checkpoints in one directory, of one run or of a stack of them.

    Args:
        directory: made when the first checkpoint is written.
        keep: generations to keep, at least two.
    """

    def __init__(self, directory: Path, keep: int = FEWEST) -> None:
        self.directory = directory
        self.keep = max(keep, FEWEST)

    def write(
        self,
        epoch: int,
        step: int,
        arrays: Mapping[str, NDArray[Any]],
        document: Mapping[str, Any],
        metrics: Mapping[str, MetricsFile] | None = None,
    ) -> Path:
        """Write a checkpoint, durable when this returns, and only then remove what is too old.

        Args:
            epoch, step: the position of the run; a checkpoint further on is of a past that was undone (it was
                damaged, and the run resumed before it), so it goes too.
            arrays: of numbers.
            document: plain data with string keys.
            metrics: by any name, the growing files whose rows belong to this moment. They are made durable
                first, and `metrics_lengths` and `metrics_digests` in the document tell what is in them.

        Raises:
            SystemRefusedError: the system said no; the earlier checkpoints are as they were.
            TypeError: the document or an array can't be written.
        """
        document = dict(document)
        sync_metrics((metrics or {}).values())
        if metrics is not None:
            document["metrics_lengths"] = {name: file.length for name, file in metrics.items()}
            document["metrics_digests"] = {name: file.digest for name, file in metrics.items()}
        make_directories(self.directory)
        path = self.directory / f"epoch-{epoch:09d}-step-{step:012d}.checkpoint"
        write_atomically(path, pack(epoch, step, arrays, document))
        generations = self.paths()
        place = generations.index(path)
        for other in generations[:place] + generations[place + self.keep :]:
            remove_file(other)
        return path

    def paths(self) -> list[Path]:
        """The checkpoint files, newest first."""
        if not self.directory.is_dir():
            return []
        found = [path for path in self.directory.iterdir() if _FILE_NAME.fullmatch(path.name)]
        return sorted(found, key=lambda path: path.name, reverse=True)

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole, with a notice for each damaged one; None if there is none.

        Raises:
            WeightsError: there are checkpoints, and all are damaged.
            SystemRefusedError: the system said no.
        """
        notices: list[str] = []
        for path in self.paths():
            try:
                epoch, step, arrays, document = unpack(path)
            except WeightsError as error:
                notices.append(f"{error}; trying the one before it")
                continue
            return Checkpoint(epoch, step, arrays, document, path, tuple(notices))
        if notices:
            raise WeightsError(
                f"{self.directory}: every checkpoint is damaged ({len(notices)} of them); start the run again"
            )
        return None

    def clear(self) -> None:
        """Remove all checkpoints, the oldest first, and what a killed process left."""
        for path in reversed(self.paths()):
            remove_file(path)
        if self.directory.is_dir():
            remove_leftovers(self.directory)


def pack(
    epoch: int, step: int, arrays: Mapping[str, NDArray[Any]], document: Mapping[str, Any]
) -> list[bytes | memoryview]:
    """The pieces of a checkpoint file, in order."""
    pieces: list[bytes | memoryview] = []
    described: list[tuple[str, str, tuple[int, ...], int]] = []
    offset = 0
    for name, array in arrays.items():
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"array {name!r}: a checkpoint holds numbers, not {array.dtype}")
        described.append((name, array.dtype.str, array.shape, offset))
        pieces.append(_bytes(np.ascontiguousarray(array)))
        offset += array.nbytes
    index = json.dumps(
        {"epoch": epoch, "step": step, "document": document, "arrays": described}, default=_number
    ).encode()
    size = _HEADER_SIZE + len(index) + offset
    start = f"gdrun checkpoint {VERSION:04d} {size:020d} {len(index):020d} ".encode()
    digest = hashlib.sha256(start + b"\n")
    for piece in (index, *pieces):
        digest.update(piece)
    return [start + digest.hexdigest().encode() + b"\n", index, *pieces]


def _bytes(array: NDArray[Any]) -> memoryview:
    """The memory of an array that lies in one piece."""
    return array.reshape(-1).view(np.uint8).data


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a checkpoint's document holds plain data, not {type(value).__name__}")


def unpack(path: Path) -> tuple[int, int, dict[str, NDArray[Any]], dict[str, Any]]:
    """Epoch, step, arrays and document of a checkpoint file.

    Raises:
        WeightsError: it is damaged, no checkpoint, or of another version of gdrun.
        SystemRefusedError: it can't be read.
    """
    with refusal("read", path), path.open("rb") as file:
        index_size = _check(path, file)
        try:
            index = json.loads(file.read(index_size))
            room = os.fstat(file.fileno()).st_size - file.tell()
            arrays = {
                name: _read_array(file, _HEADER_SIZE + index_size, room, *description)
                for name, *description in index["arrays"]
            }
            return index["epoch"], index["step"], arrays, index["document"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise WeightsError(f"{path} is damaged ({error})") from error


def _check(path: Path, file: BufferedReader) -> int:
    """Check header, size and digest; leaves the file after the header and returns the size of the index."""
    header = file.read(_HEADER_SIZE)
    found = _HEADER.fullmatch(header)
    if not found:
        raise WeightsError(f"{path} is damaged (not the beginning of a checkpoint)")
    size = os.fstat(file.fileno()).st_size
    if size != int(found[2]) or int(found[3]) > size:
        raise WeightsError(f"{path} is damaged ({size} bytes instead of {int(found[2])})")
    digest = hashlib.sha256(header[: found.start(4)] + b"\n")
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    if digest.hexdigest().encode() != found[4]:
        raise WeightsError(f"{path} is damaged (its SHA-256 digest differs)")
    if int(found[1]) != VERSION:
        raise WeightsError(
            f"{path} has format {int(found[1])}, this gdrun reads {VERSION}; use the gdrun that wrote it"
        )
    file.seek(_HEADER_SIZE)
    return int(found[3])


def _read_array(
    file: BufferedReader, start: int, room: int, kind: str, shape: list[int], offset: int
) -> NDArray[Any]:
    dtype = np.dtype(kind)
    size = prod(shape) * dtype.itemsize
    if dtype.kind not in _KINDS or min(shape, default=0) < 0 or offset < 0 or offset + size > room:
        raise ValueError("an array that is larger than the file")
    array = np.empty(shape, dtype)
    file.seek(start + offset)
    if file.readinto(_bytes(array)) != size:
        raise ValueError("an array is cut short")
    return array
