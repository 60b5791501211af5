"""A report is safe to open: names and texts from a run stay text, whatever they are."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from page_kinds import KINDS
from report_html_page import Page, parsed
from report_samples import DIGITS, curves, labels, write_group, write_run

from gdrun.errors import WeightsError
from gdrun.report.html import page as page_module
from gdrun.report.html import write_report
from gdrun.report.html.directory import read_run
from gdrun.report.html.words import printable
from gdrun.report.html.write import report_text
from gdrun.run_directory.reading import digest_of
from gdrun.run_directory.store import Group, Run

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "</title><svg onload=alert(1)>",
    "<!-- <script>",
    "]]><b>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "{{ 7*7 }}{% for x in y %}",
    "${7*7}`",
    "&lt;b&gt;&amp;",
    "<a href=https://example.org>",
    "\u2028alert(1)\u2029",
    "\x1b[31mred\x1b]0;title\x07",
    "\x00\x08\x7f\x9b",
    "\u202etxt.exe\u2066",
    "=HYPERLINK(0)",
    "ﬁ 数字 🙂 e\u0301",
]
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


def run_named(directory: Path, text: str) -> Path:
    """A run that holds a text everywhere a text can be."""
    metrics = dict(curves(3))
    metrics[f"train_{text}"] = metrics["train_accuracy"]
    metrics[text] = metrics["gradient_norm"]
    predictions = labels(["a", text], 20)
    result = {part: {"loss": 1.0, text: 0.5} for part in ("train", "validation", "test")}
    return write_run(
        directory,
        metrics=metrics,
        predictions=predictions,
        config=DIGITS.format(seed=0, epochs=3),
        name=text,
        status="failed",
        reason=text,
        command=text,
        seed=text,
        result={"best_epoch": 2, **result},
        data={"classes": [text, "b"], text: text},
        environment={text: {text: text}},
        timing={text: text},
    )


def report_on(directory: Path, text: str) -> Page:
    source = read_run(Run(run_named(directory, text)))
    config = dict(source.config) | {
        "dataset": text,
        "model": {"name": text, "hidden": [text]},
        "batch_size": text,
    }
    page = Page()
    page.feed(report_text(replace(source, config_text=text, config=config, notes=(text,))))
    page.close()
    return page


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return report_on(tmp_path_factory.mktemp("harmless") / "run", "harmless")


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_text_never_changes_the_elements(payload: str, harmless: Page, tmp_path: Path) -> None:
    page = report_on(tmp_path / "run", payload)
    assert page.tree == harmless.tree
    assert page.loads == []
    assert page.scripts == harmless.scripts
    assert page.style == harmless.style
    assert not CONTROL.search(page.text)
    assert printable(payload).replace("\n", "") in page.text.replace("\n", "")
    assert len(page.data) == 1
    assert not re.search("[<>&\u2028\u2029]", page.data[0])
    strings = " ".join(all_strings(json.loads(page.data[0])))
    assert printable(payload) in strings
    assert not CONTROL.search(strings)


def all_strings(data: Any) -> list[str]:
    if isinstance(data, str):
        return [data]
    entries = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [text for entry in entries for text in all_strings(entry)]


def test_without_escaping_a_payload_is_caught(
    harmless: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module.environment(), "autoescape", False)
    page_module.environment().cache.clear()  # type: ignore[union-attr]  # an environment has a cache here
    try:
        page = report_on(tmp_path / "run", PAYLOADS[2])
        assert page.tree != harmless.tree
        assert page.loads
    finally:
        page_module.environment().cache.clear()  # type: ignore[union-attr]  # as above


def test_without_its_escapes_the_data_would_end_its_element(
    harmless: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "data_block", json.dumps)
    assert report_on(tmp_path / "run", PAYLOADS[1]).tree != harmless.tree


def test_a_group_holds_its_texts_as_text(tmp_path: Path) -> None:
    pages = []
    for number, text in enumerate(("harmless", PAYLOADS[1])):
        group = write_group(tmp_path / str(number), 3, 4, diverged=[1])
        for name in ("group.json", "members/seed-1/run.json", "results.csv"):
            file = group / name
            plain = file.read_text()
            for word in ("digits-mlp", "train_loss is not finite at epoch 4", "stopped"):
                plain = plain.replace(word, text)
            file.write_text(plain)
        pages.append(parsed(write_report(group)))
    assert pages[0].tree == pages[1].tree
    assert PAYLOADS[1] in pages[1].text


def test_a_member_cannot_lead_elsewhere(tmp_path: Path) -> None:
    group = write_group(tmp_path / "group", 2, 3)
    results = group / "results.csv"
    results.write_text(
        results.read_text().replace("seed-1", "javascript:alert(1)").replace("seed-0", "../../x")
    )
    assert not [
        value for tag, name, value in parsed(write_report(group)).attributes if (tag, name) == ("a", "href")
    ]


def test_the_content_policy_allows_what_is_in_the_page_and_nothing_else(harmless: Page) -> None:
    (policy,) = [
        value for tag, name, value in harmless.attributes if name == "content" and "default-src" in value
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    digests = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (*harmless.scripts, harmless.style)
    ]
    assert len(harmless.scripts) == len(page_module.scripts_of("run.html.jinja")) < len(page_module.SCRIPTS)
    assert rules["script-src"].split() == digests[:-1]
    assert rules["style-src"] == digests[-1]
    assert rules["img-src"] == "data:"
    assert "unsafe" not in policy


def test_the_charting_library_is_the_published_one() -> None:
    listed = re.findall(r"^\| `(\S+)` \|.*`([0-9a-f]{64})` \|$", page_module.asset("README.md"), re.MULTILINE)
    assert len(listed) == 2
    for name, digest in listed:
        assert name in page_module.SCRIPTS
        assert hashlib.sha256((page_module.ASSETS / name).read_bytes()).hexdigest() == digest
        assert "</script" not in page_module.asset(name).lower()
        assert "<!--" not in page_module.asset(name)


def test_the_licences_go_with_every_report(harmless: Page) -> None:
    for words in ("ISC licence", "Mike Bostock", "Observable, Inc.", "Permission to use, copy, modify"):
        assert words in harmless.text


def test_half_a_character_can_be_written(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", name="half \ud800", reason="\udcff")
    assert "half \ufffd" in parsed(write_report(run)).text


@pytest.mark.parametrize("text", ["plain", "tab\tand\nline", "数字 é 🙂", "a-b_c.d"])
def test_harmless_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


IN_SUMMARY = ["problems", 0, "contestants", "sgd"]
NONSENSE: dict[str, tuple[str, str, list[Any], Any]] = {  # kind of page, file, place in it, value
    "an entry of the plan": ("sweep", "group.json", ["plan", 4], None),
    "a name of the plan": ("group", "group.json", ["plan", 1], ""),
    "a seed": ("comparison", "summary.json", ["protocol", "tuning_seeds", 2], "x"),
    "a curve": ("comparison", "summary.json", [*IN_SUMMARY, "curves", "columns", "val_accuracy", "high"], []),
    "a trial": ("comparison", "summary.json", [*IN_SUMMARY, "tuning", "trials", 3], ""),
    "a rank": ("comparison", "summary.json", ["problems", 0, "ranking", 3], 0),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_in_the_records_of_a_group_is_refused(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, name, (*above, last), value = NONSENSE[what]
    group = KINDS[kind](tmp_path / "group")
    document: Any = json.loads((group / name).read_text())
    place = document
    for key in above:
        place = place[key]
    place[last] = value
    (group / name).write_text(json.dumps(document))
    with pytest.raises(WeightsError, match=r"group.json or summary.json is damaged \(\w+ in what they hold"):
        write_report(group, members=False)
    summary = digest_of((group / "summary.json").read_bytes())
    monkeypatch.setattr(Group, "digest_of", {"summary.json": summary}.get)
    with pytest.raises((AttributeError, LookupError, TypeError)):  # as gdrun wrote it: a mistake of its own
        write_report(group, members=False)
