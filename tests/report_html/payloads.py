"""A hundred texts that would like to be more than text, and directories with one of them in every place."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from gdrun.run_directory.json_files import read_json

TAKEN = "console.log(`taken`)"
EVENTS = ("onload", "onerror", "onclick", "onmouseover", "onfocus", "ontoggle", "onanimationstart", "onbegin")
ELEMENTS = (
    *("img src=x", "svg", "body", "video src=x", "audio src=x", "input autofocus", "details open", "marquee"),
    *("select autofocus", "iframe", "object data=x", "embed src=x", "style", "link rel=stylesheet href=x"),
)
PAYLOADS: list[str] = [
    f"<script>{TAKEN}</script>",
    f"</script><script>{TAKEN}</script>",
    f"</ScRiPt ><sCrIpT>{TAKEN}</sCrIpT>",
    f"</style><script>{TAKEN}</script>",
    f"</title><script>{TAKEN}</script>",
    f"</textarea><script>{TAKEN}</script>",
    f"</pre></code></td></table></main><script>{TAKEN}</script>",
    f"<scr<script>ipt>{TAKEN}</scr</script>ipt>",
    f"<script src=data:text/javascript,{TAKEN}></script>",
    f"<script\x0bsrc=x>{TAKEN}</script>",
    f"--><script>{TAKEN}</script>",
    f"<!--<script>{TAKEN}</script>",
    f"]]><script>{TAKEN}</script>",
    f"<![CDATA[<script>{TAKEN}</script>]]>",
    f"<?xml version='1.0'?><script>{TAKEN}</script>",
    f'"><script>{TAKEN}</script>',
    f"'><script>{TAKEN}</script>",
    f'" onmouseover="{TAKEN}',
    f"' autofocus onfocus='{TAKEN}",
    f"` onload=`{TAKEN}",
    f"x onerror={TAKEN}",
    f"javascript:{TAKEN}",
    f"JaVaScRiPt\x3a{TAKEN}",
    f"java\tscript:{TAKEN}",
    f"data:text/html,<script>{TAKEN}</script>",
    "vbscript:msgbox(1)",
    "https://example.org/",
    "//example.org/x.js",
    "<a href=https://example.org>",
    "<base href=https://example.org>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<form action=https://example.org><input name=x>",
    "<link rel=prefetch href=https://example.org>",
    "<template><b>",
    "<noscript><p title='</noscript><img src=x>'>",
    "<math><mtext></form><form><mglyph><style></math><img src=x>",
    f"<svg><script>{TAKEN}</script></svg>",
    f"<svg><a xlink:href=javascript:{TAKEN}><text>x</text></a></svg>",
    f"<svg><animate onbegin={TAKEN} attributeName=x dur=1s>",
    f"<svg><foreignObject><iframe srcdoc='<script>{TAKEN}</script>'>",
    "{{ 7*7 }}",
    "{% for x in y %}",
    "{# comment #}{{ config }}",
    "{{ ''.__class__.__mro__ }}",
    "${7*7}`${" + TAKEN + "}`",
    "#{7*7}",
    "<%= 7*7 %>",
    "&lt;script&gt;",
    "&#60;script&#62;&amp;amp;",
    "&NewLine;&Tab;&colon;",
    "\\u003cscript\\u003e",
    "\\x3cscript\\x3e",
    "%3Cscript%3E",
    '\\";' + TAKEN + ";//",
    "';" + TAKEN + ";//",
    "\\',});" + TAKEN + ";({a:'",
    "*/" + TAKEN + "/*",
    "}*{background:url(https://example.org)}",
    "</style><style>*{display:none}",
    "expression(alert(1))",
    "__proto__",
    "constructor.prototype",
    "\u2028" + TAKEN + "\u2029",
    "\x1b[2J\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\",
    "\x9b31m",
    "\x00\x08\x7f\x9b",
    "\r\nHTTP/1.1 200 OK",
    "\u202etxt.exe\u2066",
    "\u200b\ufeff\u2060",
    "=HYPERLINK(0)",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\uff1d1+1",
    "ﬁ 数字 🙂 e\u0301",
    "ﷺ" * 8,
    "Z" + "\u0300" * 200,
    "\ufffe\uffff",
    "x" * 5000,
    "\n" * 50,
    *(
        f"<{element} {event}={TAKEN}>"
        for element, event in itertools.islice(
            zip(itertools.cycle(ELEMENTS), itertools.cycle(EVENTS), strict=False), 17
        )
    ),
]

WORDS = (  # texts in the samples that are a user's, or could be a damaged file's
    *("digits-mlp", "digits", "accuracy", "rmse", "adam", "momentum", "relu", "he_normal", "cosine"),
    *("softmax_cross_entropy", "OpenBLAS", "AMD EPYC", "Linux", "is not finite", "did not improve", "zeta"),
    *("omega", "species", "cat", "dog", "petal", "sepal", "rosenbrock", "x0", "x1", "broken", "standardize"),
    *("sgd", "nesterov", "mlp", "openblas", "3f2a9c1d", "0.1.0", "2.4.1", "3.11.13", "T06:15:43Z"),
)
_WORD = re.compile("|".join(sorted(map(re.escape, WORDS), key=len, reverse=True)))
_STRUCTURE = {"command", "status", "phase", "kind", "run", "task"}  # keys whose values are no free text


def legal(text: str) -> str:
    """What of a text a config may hold: gdrun refuses control characters there."""
    return re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)


def spoiled(source: Path, target: Path, text: str, in_config: str | None = None) -> Path:
    """A copy of a run or group directory with a text at the end of every name, column, label and error.

    Args:
        source, target: directories.
        text: to be put in.
        in_config: likewise in config.yaml; by default what of the text is legal there.
    """
    shutil.copytree(source, target)
    within_config = functools.partial(with_text, text=in_config or legal(text) or "none")
    within = functools.partial(with_text, text=text)

    for path in target.rglob("*"):
        match path.suffix:
            case ".json":
                document = read_json(
                    path
                )  # without its seal, and without the digests of what is about to change
                document.pop("files", None)
                path.write_text(json.dumps(_everywhere(document, within)))
            case ".csv":
                rows = [map(within, row) for row in csv.reader(io.StringIO(path.read_text(), newline=""))]
                with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
                    csv.writer(file, lineterminator="\n").writerows(rows)
            case ".yaml":
                plain = _everywhere(yaml.safe_load(path.read_text()), within_config)
                path.write_text(yaml.safe_dump(plain, sort_keys=False))
    return target


def with_text(words: str, text: str) -> str:
    """Words of a sample, each that is a user's followed by the text."""
    return _WORD.sub(lambda match: match[0] + text, words)


def _everywhere(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {
            change(key): entry if key in _STRUCTURE else _everywhere(entry, change)
            for key, entry in value.items()
        }
    if isinstance(value, list):
        return [_everywhere(entry, change) for entry in value]
    return change(value) if isinstance(value, str) else value
