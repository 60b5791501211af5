"""A template, its data and the code that draws: one HTML text that needs nothing else.

Three things keep the page safe to open, whatever names and texts a run holds. The template engine escapes
every value. Data for the charts is JSON with `<`, `>` and `&` written as escapes, so that it cannot end its
own element. And a content policy lets only the scripts and the style whose digests it names take effect,
and nothing be loaded.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from gdrun.report.html.words import printable
from gdrun.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

ASSETS = resources.files("gdrun.report.html") / "assets"
SCRIPTS = (  # in the order they must run in
    "d3.min.js",
    "plot.umd.min.js",
    "charts.js",
    "compare.js",
    "sweep.js",
    "learning.js",
    "minimize.js",
    "report.js",
)
ONLY_FOR = {  # script → the pages that need it
    "compare.js": ("compare", "sweep"),
    "sweep.js": ("sweep",),
    "learning.js": ("run",),
    "minimize.js": ("minimize", "compare", "sweep"),
}
STYLE = "report.css"


@functools.cache
def asset(name: str) -> str:
    """The text of a file in assets/."""
    return (ASSETS / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """The source expression by which a content policy allows one inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def scripts_of(template: str) -> list[str]:
    """The scripts of a page, by the template that it is made from."""
    page = template.partition(".")[0]
    return [name for name in SCRIPTS if name not in ONLY_FOR or page in ONLY_FOR[name]]


@functools.cache
def content_policy(template: str) -> str:
    """Nothing is loaded from anywhere; only our own scripts run, and only our own style counts."""
    scripts = " ".join(digest(asset(name)) for name in scripts_of(template))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {digest(asset(STYLE))}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@functools.cache
def environment() -> Environment:
    """The template engine: every value escaped, control characters made visible, no undefined names."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def visible(value: Any) -> Any:
        return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    return Environment(
        loader=PackageLoader("gdrun.report.html", "templates"),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def compile_template(template: str) -> None:
    """Do ahead of time what the first page of a kind takes half of its time for."""
    for name in ("base.html.jinja", "pieces.html.jinja", template):
        environment().get_template(name)


def data_block(data: Any) -> str:
    """Strict JSON that is safe inside a script element.

    Raises:
        ValueError: for a number that is not finite; charts hold None there.
    """
    text = json.dumps(_printable(data), allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _printable(data: Any) -> Any:
    if isinstance(data, str):
        return printable(data)
    if isinstance(data, Mapping):
        return {key: _printable(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_printable(value) for value in data]
    return data


def render(template: str, page: Mapping[str, Any]) -> str:
    """The whole page.

    Args:
        template: a file in templates/.
        page: the sections; every value of type `Chart` in the lists `charts`, `spreads`, `predictions` and
            `layers` is drawn, in that order.
    """
    from markupsafe import Markup

    lists = ("spreads", "charts", "predictions", "layers")
    charts = [chart for name in lists for chart in page.get(name, ())]
    numbers = {id(chart): number for number, chart in enumerate(charts)}
    return (
        environment()
        .get_template(template)
        .render(
            page,
            number_of=lambda chart: numbers[id(chart)],
            policy=content_policy(template),
            style=Markup(asset(STYLE)),  # noqa: S704 (our own file)
            scripts=[Markup(asset(name)) for name in scripts_of(template)],  # noqa: S704 (our own files)
            data=Markup(data_block([chart.drawing for chart in charts])),  # noqa: S704 (escaped for its place)
            licences=asset("LICENSES.txt"),
            version=__version__,
        )
    )
