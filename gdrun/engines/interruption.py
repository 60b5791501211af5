"""Ctrl-C, SIGTERM and SIGUSR1: noticed at once, acted on where it is safe."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from gdrun.errors import StoppedError, TerminatedError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
"""What asks for an end: SIGUSR1 is how SLURM warns of a time limit, and counts like SIGTERM."""


class SignalReceived(KeyboardInterrupt):
    """One of `SIGNALS`, at the place where it arrived.

    A class of its own, since Python ends a process by SIGINT if a plain `KeyboardInterrupt` has passed
    through `eval`, whatever becomes of it later.
    """


class Interruption:
    """Whether somebody asked for an end.

    Outside `deferred` blocks a signal raises at once; inside them it only sets `requested`, so that the work
    can take a snapshot first. A second signal always raises.

    What is raised where the signal arrives is a `SignalReceived`, no `Exception`: nothing that handles
    faults takes it for one. At the end of the block it becomes the error that it is.
    """

    def __init__(self) -> None:
        self.requested = False
        self.terminated = False
        self._deferring = 0

    def error(self, advice: str = "") -> StoppedError:
        """The exception for the signal that arrived, with what to do next."""
        if self.terminated:
            return TerminatedError(f"terminated{advice}")
        return StoppedError(f"interrupted{advice}")

    def check(self) -> None:
        """Raise if an end was asked for."""
        if self.requested:
            raise self.error()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        again = self.requested
        self.requested = True
        self.terminated = self.terminated or number != signal.SIGINT
        if again or not self._deferring:
            raise SignalReceived(str(self.error()))

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """While this lasts, the first signal is only noted. Blocks may lie in each other."""
        self._deferring += 1
        try:
            yield
        except SignalReceived:
            raise self.error() from None
        finally:
            self._deferring -= 1

    @contextlib.contextmanager
    def listening(self) -> Iterator[Interruption]:
        """Receive the process's signals while this lasts; outside the main thread none arrive.

        Raises:
            StoppedError: one arrived where it wasn't deferred.
        """
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        try:
            yield self
        except SignalReceived:
            raise self.error() from None
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
