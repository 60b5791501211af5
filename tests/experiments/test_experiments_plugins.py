"""A component of one's own in one file: used by name, stacked, in workers, resumed and put to use."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gdrun import minimize
from gdrun.config.plugins import recorded_plugins
from gdrun.errors import ConfigError
from gdrun.experiments import resume

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


STRANGE = """
from dataclasses import dataclass
from pathlib import Path

from gdrun.objectives.quadratic import Sphere

Path({trace!r}).write_text("run")


@dataclass(frozen=True)
class {name}(Sphere):
    pass
"""


def from_elsewhere(folder: Path, name: str, file: str | None = None) -> tuple[Path, Path]:
    """A directory that somebody else may send, whose record names a plugin in it; and what that leaves."""
    run = minimize({"objective": "sphere", "steps": 2}, runs_dir=folder).path
    trace = folder / "trace"
    (run / "plugin.py").write_text(STRANGE.format(trace=str(trace), name=name))
    unsealed = record(run) | {"plugins": [file or str(run / "plugin.py")], "status": "interrupted"}
    del unsealed["files"]
    (run / "run.json").write_text(json.dumps(unsealed))
    config = (run / "config.yaml").read_text().replace("name: sphere", f"name: {name.lower()}")
    (run / "config.yaml").write_text(config)
    return run, trace


@pytest.mark.parametrize("file", [None, "plugin.py", "../plugin.py"])
def test_a_plugin_that_came_with_a_directory_is_not_run(file: str | None, tmp_path: Path) -> None:
    run, trace = from_elsewhere(tmp_path, "Stranger", file)
    for command, code in (("report", 0), ("resume", 2)):
        answer = gdrun(command, run)
        assert answer.code == code, answer
        assert not trace.exists()
    assert "names a plugin that came with it" in answer.err
    assert "if you trust it, add --plugin" in answer.err
    assert "gdrun report RUN --plugin FILE" in (run / "report.html").read_text()
    with pytest.raises(ConfigError, match="came with it"):
        recorded_plugins(record(run), run)


def test_it_is_run_where_that_is_asked_for(tmp_path: Path) -> None:
    run, trace = from_elsewhere(tmp_path, "Guest")
    assert gdrun("report", run, "--plugin", run / "plugin.py").code == 0
    assert trace.exists()


def test_without_the_safeguard_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, trace = from_elsewhere(tmp_path, "Intruder")
    monkeypatch.setattr(resume, "recorded_plugins", lambda record, path: record["plugins"])
    gdrun("resume", run)
    assert trace.exists()


@pytest.mark.parametrize("plugins", ["/a.py", {"a": "/a.py"}, [3], [["/a.py"]]])
def test_a_damaged_list_of_plugins_is_refused(plugins: object, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="its list of plugins is damaged"):
        recorded_plugins({"plugins": plugins}, tmp_path)
