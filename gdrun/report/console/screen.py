"""The two streams of a command: results on stdout, everything else on stderr."""

from __future__ import annotations

import io
import sys
from typing import Any

from rich.console import Console
from rich.theme import Theme

from gdrun.text import printable

_THEME = Theme(
    {
        "good": "green",
        "bad": "bold red",
        "warn": "yellow",
        "faint": "dim",
        "name": "bold",
        "number": "cyan",
        "command": "bold cyan",
    }
)
_PAPER = 100  # columns of a file or a pipe, which have no width of their own


class _Console(Console):
    def on_broken_pipe(self) -> None:
        if not self.stderr:
            raise BrokenPipeError  # for `main.run`: a reader who has left, as `head` does, is no failure
        self.quiet = True  # nobody listens any more, but the work goes on


class Screen:
    """Where a command writes.

    Args:
        quiet: no progress and no notices.
        json: one JSON document on stdout, and nothing else there.
    """

    def __init__(self, *, quiet: bool = False, json: bool = False) -> None:
        self.quiet = quiet
        self.json = json
        self.results = _console(sys.stdout.isatty())
        self.notices = _console(sys.stderr.isatty(), stderr=True)

    def show(self, *parts: Any) -> None:
        """Print a result, unless a JSON document is to be the only one."""
        if not self.json:
            _print(self.results, *parts)

    def show_line(self, text: Any) -> None:
        """Print a result that is never broken into lines: a path or a command, to be copied."""
        if not self.json:
            _print(self.results, text, soft_wrap=True)

    def tell(self, *parts: Any) -> None:
        """Print what is going on, unless quiet."""
        if not self.quiet:
            _print(self.notices, *parts, soft_wrap=True)

    def notice(self, text: str) -> None:
        """Print something the user should know; `text` is no markup."""
        from rich.text import Text

        self.tell(Text.assemble(("note: ", "warn"), printable(text)))

    def document(self, value: Any) -> None:
        """Print the JSON document of a `--json` command."""
        import json

        utf8 = (sys.stdout.encoding or "utf-8").lower().replace("-", "") == "utf8"
        sys.stdout.write(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=not utf8) + "\n")
        sys.stdout.flush()

    def print_text(self, text: str) -> None:
        """Print a file's content just as it is, in UTF-8; on a terminal without what would steer it."""
        text = text if text.endswith("\n") else text + "\n"
        if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode())
        else:
            sys.stdout.write(printable(text) if sys.stdout.isatty() else text)


def _console(is_terminal: bool, *, stderr: bool = False) -> Console:
    width = None if is_terminal else _PAPER
    return _Console(theme=_THEME, highlight=False, markup=False, emoji=False, width=width, stderr=stderr)


def _print(console: Console, *parts: Any, soft_wrap: bool = False) -> None:
    """Print; in a file without the blanks that tables leave at the ends of lines."""
    if console.is_terminal:
        console.print(*parts, soft_wrap=soft_wrap)
        return
    with console.capture() as captured:
        console.print(*parts, soft_wrap=soft_wrap)
    for line in captured.get().splitlines():
        console.out(line.rstrip(), highlight=False)
