"""What the system refuses, as one error that names the file and says what to do."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from gdrun.errors import SystemRefusedError

_FREE_SPACE = "free some space, then go on with `gdrun resume`"
_PERMISSION = "change its permissions or choose another folder with --runs-dir"
_ADVICE = {
    errno.EEXIST: "choose another folder with --runs-dir",
    errno.ENOTDIR: "choose another folder with --runs-dir",
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
    errno.EFBIG: _FREE_SPACE,
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EROFS: _PERMISSION,
    errno.ELOOP: "it is a link, and gdrun writes only to real files; remove it",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENOENT: "its folder is gone; was it removed while the run was going on?",
}


@contextlib.contextmanager
def refusal(doing: str, path: Path) -> Iterator[None]:
    """Turn an `OSError` into a `SystemRefusedError`: "cannot <doing> <path>: <why>; <what to do>"."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        advice = _ADVICE.get(error.errno or 0, "check the disk, then go on with `gdrun resume`")
        raise SystemRefusedError(f"cannot {doing} {path}: {why}; {advice}") from error
