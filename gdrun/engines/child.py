"""Processes of ours: out of the terminal's reach, with one BLAS thread, and a line to each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from multiprocessing.connection import Pipe
from typing import Any

from gdrun.errors import SystemRefusedError

_PARTING = 3.0  # seconds that a process has to end by itself
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
_START = "import sys; sys.path[:] = {path!r}; from gdrun.engines.{module} import main; main{arguments!r}"


class Child:
    """A process of ours, out of the terminal's reach, and the line to it.

    Args:
        module: of this room; its `main` gets the descriptor of the other end of the line, then the arguments.

    Attributes:
        line: to it; it ends by itself when that breaks.

    Raises:
        SystemRefusedError: the system starts no further process.
    """

    def __init__(self, module: str, *arguments: Any) -> None:
        self.line, there = Pipe()
        words = _START.format(path=sys.path, module=module, arguments=(there.fileno(), *arguments))
        try:
            self.process = subprocess.Popen(  # noqa: S603 - this very Python, and our own words
                [sys.executable, "-c", words],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
                env=os.environ | dict.fromkeys(_THREADS, "1"),
                start_new_session=True,
            )
        except OSError as error:
            self.line.close()
            raise SystemRefusedError(f"cannot start a worker: {error}; take fewer --workers") from error
        finally:
            there.close()

    def death(self) -> str:
        """How the process died, in words; call it once the line is broken."""
        code = self.process.wait()
        if code >= 0:
            return f"exit code {code}"
        hint = ", perhaps for want of memory" if code == -signal.SIGKILL else ""
        return f"{signal.Signals(-code).name}{hint}"

    def end(self) -> None:
        """Break the line, and see to it that nothing of the process and its own is left."""
        self.line.close()
        try:
            self.process.wait(_PARTING)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def kill(self) -> None:
        """End the process at once; somebody else may be at the line."""
        self.process.kill()
        self.process.wait()
