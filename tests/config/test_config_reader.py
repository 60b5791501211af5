"""The strict reader: positions, and every trap of YAML that must be an error and not a surprise."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from gdrun.config import reader
from gdrun.config.problems import Problems
from gdrun.config.reader import BROKEN, Node, read_file, read_text
from gdrun.errors import ConfigError, SystemRefusedError


@pytest.fixture(params=["libyaml", "Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both of PyYAML's parsers: the one in C isn't there on every machine."""
    if request.param == "Python":
        monkeypatch.setattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return str(request.param)


def read(text: str) -> tuple[Node | None, list[str]]:
    problems = Problems()
    node = read_text(text, "c.yaml", problems)
    return node, [str(problem) for problem in problems.found]


def plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


TEXT = """\
# a comment
optimizer: {name: adam, learning_rate: 1e-3}
model:
  hidden: [64,
           "32"]
  é: no
"""


@pytest.mark.usefixtures("parser")
def test_values_and_their_exact_positions() -> None:
    node, problems = read(TEXT)
    assert not problems
    assert node is not None
    assert plain(node) == {
        "optimizer": {"name": "adam", "learning_rate": 0.001},
        "model": {"hidden": [64, "32"], "é": "no"},
    }
    places = {}

    def walk(node: Node, key: str) -> None:
        places[key] = (str(node.key_position), str(node.position))
        if isinstance(node.value, dict):
            for name, child in node.value.items():
                walk(child, f"{key}.{name}")
        elif isinstance(node.value, list):
            for index, child in enumerate(node.value):
                walk(child, f"{key}.{index}")

    walk(node, "")
    assert places == {
        "": ("None", "c.yaml:2:1"),
        ".optimizer": ("c.yaml:2:1", "c.yaml:2:12"),
        ".optimizer.name": ("c.yaml:2:13", "c.yaml:2:19"),
        ".optimizer.learning_rate": ("c.yaml:2:25", "c.yaml:2:40"),
        ".model": ("c.yaml:3:1", "c.yaml:4:3"),
        ".model.hidden": ("c.yaml:4:3", "c.yaml:4:11"),
        ".model.hidden.0": ("None", "c.yaml:4:12"),
        ".model.hidden.1": ("None", "c.yaml:5:12"),
        ".model.é": ("c.yaml:6:3", "c.yaml:6:6"),
    }


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", "c.yaml:3:1: the key 'a' is here for the second time (first in line 1)"),
        ("a: {x: 1, x: 2}", "c.yaml:1:11: the key 'x' is here for the second time (first in line 1)"),
        ("'a': 1\na: 3\n", "c.yaml:2:1: the key 'a' is here for the second time (first in line 1)"),
        ("a: !!int 3", "c.yaml:1:4: the tag 'tag:yaml.org,2002:int' is not allowed"),
        ("a: !!python/object/apply:os.system [x]", "c.yaml:1:4: the tag 'tag:yaml.org,2002:python/object"),
        ("a: !b c", "c.yaml:1:4: the tag '!b' is not allowed"),
        ("a: ! c", "c.yaml:1:4: the tag '!' is not allowed"),
        ("a: 1\n---\na: 2\n", "c.yaml:2:1: a second document begins here"),
        ("a: 1\n...\nb: 1\n", "c.yaml:3:1: "),
        ("%YAML 1.1\n---\na: 1\n", "c.yaml:1:1: directives (%) are not allowed"),
        ("%TAG ! tag:example.com,2000:\n---\na: 1\n", "c.yaml:1:1: directives (%) are not allowed"),
        ("a: &x [*x]", "c.yaml:1:8: *x contains itself"),
        ("&x a: *x\n? &y {b: *y}\n: 1", "c.yaml:2:10: *y contains itself"),
        ("a: *x", "c.yaml:1:4: *x stands for nothing"),
        ("a: &x 1\nb: &x 2", "c.yaml:2:4: the anchor &x is here for the second time"),
        ("a: &x {b: 1}\nc: {<<: *x}", "c.yaml:2:5: merge keys (<<) are not part of YAML 1.2"),
        ("a: 1\n2: b", "c.yaml:2:1: a key must be text, not 2; put it in quotes"),
        ("null: b", "c.yaml:1:1: a key must be text, not null"),
        ("true: b", "c.yaml:1:1: a key must be text, not true"),
        ("? [a]\n: b", "c.yaml:1:3: a key must be text, not a list"),
        ("? {a: b}\n: b", "c.yaml:1:3: a key must be text, not a mapping"),
        ("a: 1e999", "c.yaml:1:4: '1e999': is too large for a number"),
        ("a: [1,", "c.yaml:"),
        ("a: b: c", "c.yaml:1:5: not YAML: mapping values are not allowed"),
        ("\ta: b", "c.yaml:1:1: not YAML: found character"),
        ("a:\n  - b\n - c", "c.yaml:3:2: not YAML: "),
        ("a: 'b", "c.yaml:"),
        ("a: @b", "c.yaml:1:4: not YAML: found character"),
        ("a: b\n\x00c", "c.yaml:2:1: character U+0000 is not allowed in YAML"),
        ("a: \x1b[31m", "c.yaml:1:4: character U+001B is not allowed in YAML"),
        ("a: \ud800", "c.yaml:1:4: character U+D800 is not allowed in YAML"),
        ('a: "\\0"', "c.yaml:1:4: character U+0000 is not allowed in text"),
        ('"a\\e": 1', "c.yaml:1:1: character U+001B is not allowed in text"),
        ('a: "\\ud800"', "c.yaml:1:"),
        ("[" * 60 + "]" * 60, "c.yaml:1:51: is nested more than 50 deep"),
        ("a: " + "{b: " * 60 + "1" + "}" * 60, "is nested more than 50 deep"),
    ],
)
def test_each_trap_is_an_error_with_its_place(text: str, problem: str) -> None:
    _, problems = read(text)
    assert len(problems) == 1, problems
    assert problem in problems[0]
    assert "\n" not in problems[0]


@pytest.mark.usefixtures("parser")
def test_all_problems_that_can_be_told_apart_come_together() -> None:
    node, problems = read("a: 1\na: 2\nb: !!str x\n3: y\nc: 1e999\nd: *q\n")
    assert [problem.split(": ")[0] for problem in problems] == [
        f"c.yaml:{line}" for line in ("2:1", "3:4", "4:1", "5:4", "6:4")
    ]
    assert node is not None
    assert isinstance(node.value, dict)
    assert node.value["c"].value is BROKEN


@pytest.mark.usefixtures("parser")
def test_aliases_mean_the_value_again() -> None:
    node, problems = read("a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]")
    assert not problems
    assert node is not None
    assert plain(node) == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": [{"b": [1, 2]}] * 2}


def bomb(width: int, levels: int) -> str:
    lines = ["a0: &a0 [" + ", ".join(["x"] * width) + "]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * width) + "]")
    return "\n".join(lines)


@pytest.mark.usefixtures("parser")
def test_aliases_cannot_blow_up() -> None:
    _, problems = read(bomb(width=10, levels=40))
    assert problems == ["c.yaml:5:45: more than 100,000 values, aliases written out; is it a config?"]


@pytest.mark.usefixtures("parser")
def test_aliases_cannot_nest_deeper_than_text() -> None:
    lines = ["a0: &a0 [x]", *(f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 60))]
    _, problems = read("\n".join(lines))
    assert problems == ["c.yaml:49:12: is nested more than 50 deep; is it a config?"]


def test_the_limits_are_what_stops_the_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_NODES", 10**12)
    _, problems = read(bomb(width=10, levels=9))
    assert not problems


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "---\n...\n"])
def test_an_empty_document_is_null(text: str) -> None:
    node, problems = read(text)
    assert not problems
    assert node is not None
    assert node.value is None


def read_bytes(content: bytes, folder: Path) -> tuple[Node | None, list[str]]:
    path = folder / "c.yaml"
    path.write_bytes(content)
    problems = Problems()
    node = read_file(path, problems)
    return node, [str(problem).removeprefix(f"{folder}{os.sep}") for problem in problems.found]


def test_a_byte_order_mark_is_fine(tmp_path: Path) -> None:
    node, problems = read_bytes(b"\xef\xbb\xbfa: b\r\n", tmp_path)
    assert not problems
    assert node is not None
    assert plain(node) == {"a": "b"}
    assert node.position.column == 1


def test_other_encodings_are_refused_at_the_first_bad_byte(tmp_path: Path) -> None:
    assert read_bytes("a: 1\nb: é".encode("latin-1"), tmp_path)[1] == [
        "c.yaml:2:4: byte 0xe9 is not UTF-8; save the file with that encoding"
    ]
    assert read_bytes("a: 1".encode("utf-16"), tmp_path)[1][0].startswith(
        "c.yaml:1:1: byte 0xff is not UTF-8"
    )


def test_a_huge_file_is_refused_without_reading_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse
    problems = Problems()
    assert read_file(path, problems) is None
    assert "is larger than 1,000,000 bytes" in str(problems.found[0])


def test_a_missing_file_is_a_usage_error_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "digits.yaml").touch()
    with pytest.raises(ConfigError, match=r"there is no file .*digit\.yaml'; did you mean digits\.yaml\?"):
        read_file(tmp_path / "digit.yaml", Problems())
    with pytest.raises(ConfigError, match="doesn't exist either"):
        read_file(tmp_path / "nowhere" / "digit.yaml", Problems())
    with pytest.raises(ConfigError, match="there is no file"):
        read_file(tmp_path / "digits.yaml" / "x.yaml", Problems())


def test_what_is_no_file_is_a_usage_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConfigError, match="is not a file"):
            read_file(path, Problems())
    with pytest.raises(ConfigError, match="cannot be the name of a file"):
        read_file(tmp_path / "a\0b", Problems())


def test_a_file_that_the_system_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.yaml"
    path.touch()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SystemRefusedError, match="Permission denied"):
        read_file(path, Problems())
