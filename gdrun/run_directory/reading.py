"""Reading files that gdrun wrote: never more than a limit, and never anything else than what was written."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from gdrun.run_directory import files
from gdrun.run_directory.refusal import refusal


def digest_of(content: files.Content) -> str:
    """The SHA-256 digest of a file's content, in hexadecimal digits."""
    digest = hashlib.sha256()
    for chunk in [content] if isinstance(content, files.Bytes) else content:
        digest.update(chunk)
    return digest.hexdigest()


def read_bytes(path: Path, limit: int, digest: str | None = None) -> bytes:
    """The bytes of a real file of at most `limit` bytes.

    Args:
        path: of the file.
        limit: that many bytes and no more are ever allocated.
        digest: what `digest_of` said of the content when it was written, if that is known.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is longer than `limit`, no file, or not what was written.
        SystemRefusedError: the system said no.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size  # `read` allocates what it is asked for, whatever is there
            data = file.read(min(size, limit) + 1)
    except FileNotFoundError:
        raise
    except IsADirectoryError:
        raise ValueError("it is a folder") from None
    except OSError as error:
        with refusal("read", path):
            raise error
    if len(data) > limit:
        raise ValueError(f"it has more than {limit} bytes")
    if digest is not None and digest_of(data) != digest:
        raise ValueError("it is not what was written: its SHA-256 digest differs")
    return data
