"""Weights and splits: NPZ files that any NumPy reads, and in which gdrun notices every wrong bit.

The file is what `np.savez` writes, but with fixed time stamps, so that the same arrays give the same bytes,
and with a comment at its end: `gdrun sha256 <SHA-256 of all bytes before these 64 digits>`. A file without
any comment, such as one made by `np.savez`, is read too, with the 32-bit checksums that the ZIP format has.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from gdrun.errors import WeightsError
from gdrun.run_directory.files import write_atomically
from gdrun.run_directory.refusal import refusal

if TYPE_CHECKING:
    from zipfile import ZipFile

_MARK = b"gdrun sha256 "
_DIGITS = 64
_END = 22  # bytes of the ZIP format's last record when there is no comment
_KINDS = "biufc"
_CHUNK = 1 << 20
_TIME = (1980, 1, 1, 0, 0, 0)
_LARGEST_RATIO, _ALLOWANCE = 20, 1 << 24  # compressed numbers don't get much smaller; a bomb does


def pack_arrays(arrays: Mapping[str, NDArray[Any]], *, compressed: bool = False) -> bytes:
    """The bytes of an NPZ file with these arrays: equal arrays in the same order, equal bytes.

    Compressed, for arrays that repeat themselves, that holds with the same version of zlib.
    """
    import zipfile

    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            if array.dtype.kind not in _KINDS:
                raise TypeError(f"array {name!r}: only numbers can be stored, not {array.dtype}")
            member = zipfile.ZipInfo(f"{name}.npy", _TIME)
            member.create_system = 3
            content = io.BytesIO()
            npy.write_array(content, np.asanyarray(array), allow_pickle=False)
            archive.writestr(member, content.getbuffer(), method, compresslevel=1)
        archive.comment = _MARK + b"0" * _DIGITS
    content_before = buffer.getbuffer()[:-_DIGITS]
    return bytes(content_before) + hashlib.sha256(content_before).hexdigest().encode()


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write an NPZ file, whole or not at all.

    Raises:
        SystemRefusedError: the system said no.
        TypeError: an array is not of numbers.
    """
    write_atomically(path, pack_arrays(arrays))


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an NPZ file, in the order of the file.

    Raises:
        WeightsError: there is no such file, or it is damaged, or no NPZ file of numbers. Nothing larger than
            the file warrants is allocated before that is known.
        SystemRefusedError: it can't be read.
    """
    import zipfile

    with refusal("read", path):
        try:
            file = path.open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise WeightsError(f"{path}: there is no such file; check the path") from None
        with file:
            size = os.fstat(file.fileno()).st_size
            _check(path, file, size)
            try:
                with zipfile.ZipFile(file) as archive:
                    return _read_members(archive, size)
            except Exception as error:  # whatever zipfile and NumPy make of hostile bytes
                reason = str(error) or type(error).__name__
                raise WeightsError(f"{path} is no NPZ file of numbers, or damaged ({reason})") from error


read_weights = read_arrays
"""`layers.<i>.weight`, `layers.<i>.bias` … of a `weights.npz`; see `read_arrays`."""


def _check(path: Path, file: BinaryIO, size: int) -> None:
    file.seek(max(0, size - _END))
    if file.read(4) == b"PK\x05\x06" and file.read()[-2:] == b"\0\0":
        return  # another program's file: it ends without a comment
    digest = hashlib.sha256()
    file.seek(0)
    left = size - _DIGITS
    last = b""
    while left > 0 and (chunk := file.read(min(_CHUNK, left))):
        digest.update(chunk)
        left -= len(chunk)
        last = (last + chunk)[-len(_MARK) :]
    if last != _MARK or file.read() != digest.hexdigest().encode():
        raise WeightsError(f"{path} is damaged: its SHA-256 digest differs; take another copy of it")


def _read_members(archive: ZipFile, size: int) -> dict[str, NDArray[Any]]:
    from zipfile import ZIP_DEFLATED, ZIP_STORED

    members = archive.infolist()
    names = [member.filename.removesuffix(".npy") for member in members]
    if len(set(names)) != len(names):
        raise ValueError("two arrays of one name")
    if sum(member.file_size for member in members) > _LARGEST_RATIO * size + _ALLOWANCE:
        raise ValueError("arrays far larger than the file")
    if any(member.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for member in members):
        raise ValueError("an unusual compression")
    return {name: _parse_npy(archive.read(member)) for name, member in zip(names, members, strict=True)}


def _parse_npy(content: bytes) -> NDArray[Any]:
    """One array in NumPy's format; a view of `content` is never returned, so it can be written to."""
    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the NPY format")
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran_order, dtype = read_header(stream)
    if dtype.kind not in _KINDS:
        raise ValueError(f"an array of {dtype} instead of numbers")
    if prod(shape) * dtype.itemsize != len(content) - stream.tell() or min(shape, default=0) < 0:
        raise ValueError(f"an array {shape} that doesn't fit its file")
    flat = np.frombuffer(content, dtype, offset=stream.tell()) if prod(shape) else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if fortran_order else "C").copy(order="C")
