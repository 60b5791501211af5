"""A report as a browser's parser sees it: tags, attributes, text, data, and what would be loaded."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

LOADING = {"src", "srcset", "href", "data", "action", "formaction", "poster", "background", "ping"}


class Page(HTMLParser):
    """Feed it HTML; scripts, styles and data are kept apart from the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.tree: list[tuple[str, str, tuple[str, ...]]] = []  # (start or end, tag, names of attributes)
        self.attributes: list[tuple[str, str, str]] = []
        self.pieces: list[str] = []
        self.data: list[str] = []
        self.scripts: list[str] = []
        self.style = ""
        self.within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.tree.append(("start", tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self.within = "data" if ("type", "application/json") in attrs else tag

    def handle_endtag(self, tag: str) -> None:
        self.tree.append(("end", tag, ()))
        self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within == "data":
            self.data.append(data)
        elif self.within == "script":
            self.scripts.append(data)
        elif self.within == "style":
            self.style += data
        else:
            self.pieces.append(data)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def loads(self) -> list[str]:
        """Addresses that aren't inside the page or beside it."""
        return [
            value
            for tag, name, value in self.attributes
            if name in LOADING and not value.startswith(("data:,", "data:image/png;base64,", "members/", "#"))
        ]


def parsed(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page
