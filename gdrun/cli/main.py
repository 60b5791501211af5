"""Runs a command and turns whatever happens into one message and an exit code."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from gdrun.engines import reserve
from gdrun.engines.interruption import SIGNALS, SignalReceived
from gdrun.errors import GdrunError, StoppedError, SystemRefusedError, TerminatedError

_BUG = (
    "this is a bug in gdrun, not a fault of yours; `--debug` shows where it happened, and a report with that "
    "would help"
)

_UsageError: type[Exception] = typer.BadParameter.__mro__[
    2
]  # the base of all complaints about a command line


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns its exit code.

    Args:
        arguments: without the program's name; None for `sys.argv`.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without Greek letters gets question marks
            stream.reconfigure(errors="replace")
    received: list[int] = []
    try:
        with _stoppable(received):
            from gdrun.cli.app import make_app

            result = make_app(words)(words, prog_name="gdrun", standalone_mode=False)
            sys.stdout.flush()
        if received:  # Typer makes a bare exit code of it
            return _stopped(received)
        return result if isinstance(result, int) else 0
    except typer.Exit as error:
        return error.exit_code
    except _UsageError as error:
        if debug:
            raise
        return _usage(error)
    except (typer.Abort, KeyboardInterrupt):
        return _stopped(received)
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except GdrunError as error:
        if debug:
            raise
        return _say(str(error), error.exit_code)
    except MemoryError:
        if debug:
            raise
        return _say(
            "out of memory; take a smaller model, batch_size or --workers", SystemRefusedError.exit_code
        )
    except OSError as error:
        if debug:
            raise
        return _say(f"the system refused: {error}", SystemRefusedError.exit_code)
    except Exception as error:
        if debug:
            raise
        return _say(f"{type(error).__name__}: {error}\n{_BUG}", GdrunError.exit_code)
    finally:
        reserve.dismiss()
        try:
            sys.stderr.flush()
        except OSError:  # its reader has gone; the interpreter would make an exit code of that
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


@contextlib.contextmanager
def _stoppable(received: list[int]) -> Iterator[None]:
    """While this lasts, Ctrl-C, SIGTERM and SIGUSR1 end the command in order; `received` gets their numbers.

    They come as a `SignalReceived`, which nothing takes for a fault of a config or a file.
    """

    def end(number: int, frame: object) -> None:
        received.append(number)
        raise SignalReceived

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stopped(received: Sequence[int]) -> int:
    if any(number != signal.SIGINT for number in received):
        return _say("terminated", TerminatedError.exit_code)
    return _say("interrupted", StoppedError.exit_code)


def _usage(error: Any) -> int:
    if not error.format_message():  # nothing was asked, and the help is on the screen
        return int(error.exit_code)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "gdrun"
    return _say(f"{error.format_message()}\n`{command} --help` shows what can be said", error.exit_code)


def _say(message: str, code: int) -> int:
    from gdrun.text import printable

    for line in message.splitlines() or [""]:
        sys.stderr.write(f"gdrun: {printable(line)}\n")
    return code
