"""From the bytes of a CSV file to its lines: encoding, limits, delimiter."""

from __future__ import annotations

import codecs
import csv
import errno
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from gdrun.errors import DataError, SystemRefusedError

DELIMITERS = ",;\t|"
LONGEST_LINE = 1 << 24  # characters; a longer line is not a table of numbers
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it starts with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def check_file(path: Path) -> int:
    """The size of a regular file in bytes; a pipe or device, which might never end, is refused.

    Raises:
        DataError: there is no such file, it is not a regular file, or it is empty.
        SystemRefusedError: it may not be read.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            f"{path}: there is no such file; paths are relative to the config file's folder"
        ) from error
    except ValueError as error:
        raise DataError(f"{str(path)!r}: not a possible path: {error}") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise DataError(f"{path}: not a possible path: {error.strerror}") from error
        raise SystemRefusedError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise DataError(f"{path}: this is {kind}; give the path of a file")
    if status.st_size == 0:
        raise DataError(f"{path}: the file is empty")
    return status.st_size


def text_encoding(path: Path) -> str:
    """UTF-8, unless a byte order mark says otherwise."""
    with path.open("rb") as handle:
        start = handle.read(4)
    return next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), "utf-8")


def lines(handle: TextIO, path: Path) -> Iterator[str]:
    """The lines with their ends.

    Raises:
        DataError: a line has a NUL character, or no end within 16 Mi characters.
    """
    number = 0
    while line := handle.readline(LONGEST_LINE):
        number += 1
        if "\0" in line:
            raise DataError(
                f"{path}:{number}: a NUL character: no CSV text, or UTF-16 without a byte order mark; "
                "save the file as UTF-8"
            )
        if len(line) == LONGEST_LINE:
            raise DataError(
                f"{path}:{number}: a line longer than {LONGEST_LINE:,} characters: this is no CSV file"
            )
        yield line


def guess_delimiter(line: str) -> str:
    """The one of , ; tab | that is most frequent outside of quotes; a comma if there is none."""
    unquoted = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=unquoted.count)


def undecodable_line(path: Path, encoding: str) -> int:
    """The number of the first line that isn't valid UTF-8; 1 for the wider encodings."""
    if not encoding.startswith("utf-8"):
        return 1
    number = 1
    with path.open("rb") as handle:
        while piece := handle.readline(LONGEST_LINE):
            try:
                piece.decode("utf-8")
            except UnicodeDecodeError:
                return number
            number += 1
    return number


def explained(error: csv.Error) -> str:
    """What the csv module's message means to someone who wrote the file."""
    words = str(error)
    if "field larger" in words:
        limit = csv.field_size_limit()
        return f"a field longer than {limit:,} characters; is a quote never closed?"
    if "unexpected end" in words:
        return "the file ends inside a quoted field; close the quote"
    if "expected after" in words:
        return "text after a closing quote; double the quotes that belong to the text"
    return words
