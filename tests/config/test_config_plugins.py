"""Components of the user's own: registered like any other, or refused with the place in their file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from gdrun.config import dump_yaml, from_plain, load, load_entry_points, load_plugin
from gdrun.config.describe import docstring, entries, options
from gdrun.config.families import FAMILIES
from gdrun.config.schema import json_schema
from gdrun.errors import ConfigError

PLUGIN = '''
"""A plugin."""

from __future__ import annotations

from dataclasses import dataclass

from gdrun.component import Positive
from gdrun.nn.activation import Activation
from gdrun.optim.optimizer import Optimizer
from gdrun.optim.adam import Adam  # not this file's own: left alone


class _Helper(Optimizer):
    pass


@dataclass(frozen=True)
class SignDescent2D(_Helper):
    """Steps of one length.

    Options:
        learning_rate: the length.
    """

    learning_rate: Positive = 0.5


@dataclass(frozen=True)
class Cube(Activation):
    """The third power."""

    name = "third-power"
    scale: Positive = 1.0
'''


@pytest.fixture(autouse=True)
def _dictionaries_as_before() -> Iterator[None]:
    before = {kind: dict(family.components) for kind, family in FAMILIES.items()}
    yield
    for kind, components in before.items():
        FAMILIES[kind].components.clear()
        FAMILIES[kind].components.update(components)


def plugin(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_plugin_is_a_name_like_any_other(tmp_path: Path) -> None:
    assert load_plugin(plugin(tmp_path, PLUGIN)) == ["sign_descent2d", "third-power"]
    config = from_plain(
        {
            "dataset": "digits",
            "optimizer": "sign_descent2d",
            "model": {"name": "mlp", "activation": "third-power"},
        }
    ).config
    assert config.optimizer.learning_rate == 0.5
    path = tmp_path / "c.yaml"
    path.write_text(dump_yaml(config))
    assert load(path, ["name=run"]).config == config
    assert "third-power" in json_schema()["$defs"]["activation"]["anyOf"][0]["enum"]
    entry = next(entry for entry in entries() if entry.name == "sign_descent2d")
    assert entry.summary == "Steps of one length."
    assert docstring(entry.cls)["Options"] == "learning_rate: the length."
    assert [(o.name, o.type, o.default, o.description) for o in options(entry.cls)] == [
        ("learning_rate", "a number greater than 0", "0.5", "the length.")
    ]
    with pytest.raises(ConfigError, match=r"found 0, expected a number greater than 0"):
        from_plain({"dataset": "digits", "optimizer": {"name": "sign_descent2d", "learning_rate": 0}})


def test_a_plugin_is_loaded_once(tmp_path: Path) -> None:
    path = plugin(tmp_path, PLUGIN)
    load_plugin(path)
    before = FAMILIES["optimizer"].components["sign_descent2d"]
    assert load_plugin(path) == []
    assert FAMILIES["optimizer"].components["sign_descent2d"] is before


def test_its_classes_can_be_sent_to_another_process(tmp_path: Path) -> None:
    path = plugin(tmp_path, PLUGIN)
    load_plugin(path)
    first = FAMILIES["optimizer"].components["sign_descent2d"].__module__
    code = (
        "from gdrun.config import FAMILIES, load_plugin; import sys; load_plugin(sys.argv[1]);"
        "print(FAMILIES['optimizer'].components['sign_descent2d'].__module__)"
    )
    second = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert second.stdout.strip() == first


HEAD = """
from __future__ import annotations
from dataclasses import dataclass
from gdrun.optim.optimizer import Optimizer
"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = 1\ny = (\n", r"mine\.py:2: SyntaxError: "),
        ("x = 1\ny = x / 0\n", r"mine\.py:2: ZeroDivisionError: division by zero"),
        ("import no_such_thing_anywhere\n", r"mine\.py:1: ModuleNotFoundError: "),
        ("def f():\n    raise SystemExit(3)\nf()\n", r"mine\.py:2: SystemExit: 3"),
        ("x = 1\n", r"mine\.py: defines no component; derive a class from one of gdrun's: dataset, model"),
        (
            HEAD + "@dataclass(frozen=True)\nclass Adam(Optimizer): pass\n",
            r"mine\.py: Adam: an optimizer adam exists \(gdrun",
        ),
        (
            HEAD + "class A(Optimizer): pass\nclass B(Optimizer): name = 'a'\n",
            r"B: an optimizer a exists .*; rename it",
        ),
        (HEAD + "class A(Optimizer): name = 'a b'\n", r"'a b' cannot be a name"),
        (HEAD + "class A(Optimizer): name = 'null'\n", r"'null' cannot be a name"),
        (
            HEAD + "class A(Optimizer):\n    rate: float = 1\n",
            r"A has options but is no dataclass; write @dataclass",
        ),
        (
            HEAD + "@dataclass(frozen=True)\nclass A(Optimizer):\n    a: Nothing = 1\n",
            r"an option's type cannot be read: name 'Nothing'",
        ),
        (
            HEAD + "@dataclass(frozen=True)\nclass A(Optimizer):\n    a: complex = 1\n",
            r"the type complex of a cannot be written",
        ),
        (
            HEAD + "@dataclass(frozen=True)\nclass A(Optimizer):\n    a: tuple[bytes, ...] = ()\n",
            r"the type bytes of a cannot",
        ),
        (
            HEAD + "@dataclass\nclass A(Optimizer):\n    a: int = 1\n",
            r"mine\.py:\d+: TypeError: cannot inherit non-frozen",
        ),
    ],
)
def test_a_mistake_in_a_plugin_is_said_with_its_place_and_nothing_is_registered(
    tmp_path: Path, text: str, problem: str
) -> None:
    before = {kind: list(family.components) for kind, family in FAMILIES.items()}
    path = plugin(tmp_path, text)
    for _ in range(2):  # a file that failed is run again, and fails again
        with pytest.raises(ConfigError, match=problem):
            load_plugin(path)
    assert {kind: list(family.components) for kind, family in FAMILIES.items()} == before


def test_a_plugin_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no plugin file"):
        load_plugin(tmp_path / "none.py")
    with pytest.raises(ConfigError, match=r"a plugin's name ends in \.py"):
        load_plugin(plugin(tmp_path, PLUGIN, "mine.txt"))


def test_options_of_a_component_that_checks_itself(tmp_path: Path) -> None:
    text = HEAD + (
        "@dataclass(frozen=True)\nclass Odd(Optimizer):\n    learning_rate: int = 1\n"
        "    def __post_init__(self):\n        [][self.learning_rate]\n"
    )
    load_plugin(plugin(tmp_path, text))
    with pytest.raises(ConfigError, match="optimizer: odd: IndexError: list index out of range"):
        from_plain({"dataset": "digits", "optimizer": "odd"})


def test_entry_points_of_installed_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    plugin(tmp_path, PLUGIN, "gdrun_entry_point_sample.py")
    found = [EntryPoint("sample", "gdrun_entry_point_sample", "gdrun.plugins")]
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda *, group: found if group == "gdrun.plugins" else []
    )
    assert load_entry_points() == ["sign_descent2d", "third-power"]
    found[:] = [EntryPoint("bad", "gdrun_no_such_module", "gdrun.plugins")]
    with pytest.raises(ConfigError, match=r"plugin bad \(gdrun_no_such_module\): ModuleNotFoundError"):
        load_entry_points()


def test_an_unknown_name_is_looked_for_among_installed_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    plugin(tmp_path, PLUGIN, "gdrun_entry_point_on_demand.py")
    found = [EntryPoint("on_demand", "gdrun_entry_point_on_demand", "gdrun.plugins")]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda *, group: found)
    config = from_plain({"dataset": "digits"}, {"optimizer": "sign_descent2d"}).config
    assert config.optimizer.name == "sign_descent2d"
    with pytest.raises(ConfigError, match="'sign_descent3d' is not an optimizer"):
        from_plain({"dataset": "digits", "optimizer": "sign_descent3d"})
