"""Words laid out in lines and columns, without the blanks that tables leave at the ends of lines."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.text import Text

from gdrun.report.console.screen import Screen

WIDEST = 110  # columns; longer lines are hard to read


def width_of(screen: Screen) -> int:
    """How many columns there are to write in."""
    return min(screen.results.width, WIDEST)


def lines_of(screen: Screen, text: Text, width: int, hang: int = 0) -> list[Text]:
    """The text broken into lines of at most `width` columns; what follows a break is indented by `hang`."""
    lines: list[Text] = []
    for paragraph in text.split("\n", allow_blank=True):
        margin = len(paragraph.plain) - len(paragraph.plain.lstrip(" "))
        inner = max(width - margin - hang, 20)
        whole = paragraph[margin:]
        broken = list(whole.wrap(screen.results, inner + hang))
        if len(broken) > 1 and hang:  # what is left after the first line has less room
            rest = whole[len(broken[0].plain) :]
            rest = rest[len(rest.plain) - len(rest.plain.lstrip(" ")) :]
            broken = [broken[0], *rest.wrap(screen.results, inner)]
        for number, line in enumerate(broken):
            line.rstrip()
            lines.append(Text(" " * (margin + (hang if number else 0))) + line)
    return lines


def show_paragraph(screen: Screen, text: Text, indent: int = 0, hang: int = 0) -> None:
    """Show a text between a margin and the last column."""
    for line in lines_of(screen, text, width_of(screen) - indent, hang):
        screen.show(Text(" " * indent) + line if line.plain else Text())


def show_definitions(
    screen: Screen, rows: Iterable[tuple[Text, Text]], indent: int = 2, least: int = 0
) -> None:
    """Show names, and beside each what there is to say of it, in two columns that fit.

    Args:
        screen: where to.
        rows: name and text; a line end in the text begins a new line there.
        indent: of the names.
        least: columns of the names.
    """
    rows = list(rows)
    column = max([least, *(cell_len(name.plain) for name, _ in rows)])
    for name, said in rows:
        lines = lines_of(screen, said, width_of(screen) - indent - column - 2) or [Text()]
        head = Text(" " * indent) + name + Text(" " * (column - cell_len(name.plain) + 2))
        for line in lines:
            whole = head + line
            whole.rstrip()
            screen.show(whole)
            head = Text(" " * (indent + column + 2))
