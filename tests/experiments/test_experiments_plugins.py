"""A component of one's own in one file: used by name, stacked, in workers, resumed and put to use."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_commands import bits, config_file, finish, gdrun, group_bits, record, start, the_run

PLUGIN = '''
"""An optimizer, an activation and a schedule of my own."""

from dataclasses import dataclass
import numpy as np

from gdrun.component import NonNegative, Positive
from gdrun.nn.activations.relu import Relu
from gdrun.optim.optimizer import Optimizer


@dataclass(frozen=True)
class {name}(Optimizer):
    """The sign of the gradient.

    Options:
        learning_rate: of a step.
        weight_decay: none.
    """

    learning_rate: Positive = 0.01
    weight_decay: NonNegative = 0.0

    def coefficients(self, learning_rate, step, momentum=None):
        return {{"learning_rate": learning_rate}}

    def update(self, theta, g, state, c, scratch):
        np.sign(g, out=g)
        np.multiply(g, c["learning_rate"], out=g)
        np.subtract(theta, g, out=theta)


@dataclass(frozen=True)
class {name}Relu(Relu):
    """Relu by another name."""
'''


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an optimizer and an activation."""
    path = tmp_path_factory.mktemp("plugin") / "mine.py"
    path.write_text(PLUGIN.format(name="SignStep"))
    return path


def run(plugin: Path | None, *words: object) -> None:
    """Run a command in a process of its own, since a plugin stays in the one that it was loaded in."""
    more = () if plugin is None else ("--plugin", plugin)
    answer = finish(start(*words, *more))
    assert answer.code == 0, answer


def test_an_optimizer_of_ones_own(plugin: Path, tmp_path: Path) -> None:
    config = config_file(tmp_path)
    words = ("optimizer=sign_step", "model.activation=sign_step_relu", "-q", "--runs-dir")
    run(plugin, "train", config, *words, tmp_path / "one", "--seeds", "3", "--workers", "1")
    run(plugin, "train", config, *words, tmp_path / "two", "--seeds", "3", "--workers", "2")
    run(plugin, "train", config, *words, tmp_path / "alone", "seed=1")
    one, two = (the_run(tmp_path / name, "blobs") for name in ("one", "two"))
    alone = the_run(tmp_path / "alone", "blobs")
    assert group_bits(one) == group_bits(two)
    assert bits(alone) == bits(one / "members" / "seed-1")
    assert record(alone)["result"]["test"]["accuracy"] > 0.5
    for used in (alone, one / "members" / "seed-2"):
        run(None, "evaluate", used)  # a run remembers its plugins
    run(None, "resume", one)


def test_without_the_plugin_the_name_is_unknown(tmp_path: Path) -> None:
    answer = gdrun("train", config_file(tmp_path), "optimizer=my_missing_thing")
    assert answer.code == 2
    assert "my_missing_thing" in answer.err


def test_an_error_in_a_plugin_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text("import gdrun\n\nraise RuntimeError('no luck')\n")
    answer = gdrun("train", config_file(tmp_path), "--plugin", path)
    assert answer.code == 2
    assert "wrong.py:3: RuntimeError: no luck" in answer.err
    assert "Traceback" not in answer.err
