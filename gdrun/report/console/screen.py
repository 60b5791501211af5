"""The two streams of a command: results on stdout, everything else on stderr."""

from __future__ import annotations

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
_NARROW = 60  # columns below which tables would be cut


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
        width = None if sys.stdout.isatty() else 100  # a file or a pipe has no width of its own
        self.results = _Console(theme=_THEME, highlight=False, markup=False, emoji=False, width=width)
        self.notices = _Console(theme=_THEME, highlight=False, markup=False, emoji=False, stderr=True)

    def show(self, *parts: Any) -> None:
        """Print a result, unless a JSON document is to be the only one."""
        if not self.json:
            self.results.print(*parts)

    def tell(self, *parts: Any) -> None:
        """Print what is going on, unless quiet."""
        if not self.quiet:
            self.notices.print(*parts, soft_wrap=True)

    def notice(self, text: str) -> None:
        """Print something the user should know; `text` is no markup."""
        from rich.text import Text

        self.tell(Text.assemble(("note: ", "warn"), printable(text)))

    def document(self, value: Any) -> None:
        """Print the JSON document of a `--json` command."""
        import json

        sys.stdout.write(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def print_text(self, text: str) -> None:
        """Print text just as it is, a file's content; on a terminal without what would steer it."""
        text = printable(text) if sys.stdout.isatty() else text
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
