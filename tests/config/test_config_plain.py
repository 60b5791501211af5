"""There and back: every config equals itself after it was written and read."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from config_strategies import TEXTS, component, section
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gdrun.component import option_types
from gdrun.config import ConfigProblemsError, dump_yaml, from_plain, load, to_plain
from gdrun.config.build import Builder
from gdrun.config.config import Config
from gdrun.config.dump import flow
from gdrun.config.families import FAMILIES
from gdrun.config.plain import to_node
from gdrun.config.problems import Position, Problems
from gdrun.config.reader import Node, read_text


def plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    return [plain(child) for child in node.value] if isinstance(node.value, list) else node.value


def build(kind: str, values: object) -> Any:
    """A component of plain data, by an option of its family."""
    problems = Problems()
    builder = Builder(problems, Path("/"))
    built = builder.value(FAMILIES[kind].base, to_node(values, Position(""), problems), kind)
    problems.raise_any()
    return built


def test_there_are_components_to_go_through() -> None:
    assert len(FAMILIES) == 12
    assert all(family.components for family in FAMILIES.values())


@pytest.mark.parametrize("kind", FAMILIES)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_every_component_survives_the_way_there_and_back(kind: str, data: st.DataObject) -> None:
    drawn = data.draw(component(FAMILIES[kind]))
    try:
        built = build(kind, drawn)
    except ConfigProblemsError:  # options that exclude each other
        assume(False)
    written = to_plain(built)
    assert json.loads(json.dumps(written, allow_nan=False)) == written
    assert build(kind, written) == built
    problems = Problems()
    node = read_text(flow(written), "", problems)
    problems.raise_any()
    assert node is not None
    assert build(kind, plain(node)) == built


@settings(deadline=None, max_examples=40)
@given(drawn=section(Config))
def test_every_config_survives_the_way_through_a_file(
    tmp_path_factory: pytest.TempPathFactory, drawn: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.yaml"
    try:
        config = from_plain(drawn).config
    except ConfigProblemsError:
        assume(False)
    path.write_text(dump_yaml(config), encoding="utf-8")
    assert load(path).config == config
    assert from_plain(to_plain(config)).config == config
    assert max(map(len, path.read_text(encoding="utf-8").splitlines())) < 400


@settings(deadline=None, max_examples=200)
@given(
    value=TEXTS
    | st.sampled_from(["no", "On", "010", "1:30", "null", "~", "=", "<<", "1e-3", "-", "# x", "a: b"])
)
def test_text_reads_the_same_under_old_and_new_rules(value: str) -> None:
    written = flow({"key": value, value: [value]})
    problems = Problems()
    node = read_text(written, "", problems)
    assert not problems.found, written
    assert node is not None
    assert plain(node) == {"key": value, value: [value]}
    assert yaml.safe_load(written) == {"key": value, value: [value]}


@settings(deadline=None, max_examples=200)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_floats_read_the_same_bits_under_old_and_new_rules(value: float) -> None:
    node = read_text(flow(value), "", Problems())
    assert node is not None
    for found in (node.value, yaml.safe_load(flow(value))):
        assert isinstance(found, float)
        assert found == value
        assert math.copysign(1, found) == math.copysign(1, value)


def test_floats_are_short() -> None:
    assert [flow(x) for x in (1e-8, 0.001, 1.0, 1e22, 2.5e-7)] == [
        "1.0e-8",
        "0.001",
        "1.0",
        "1.0e+22",
        "2.5e-7",
    ]


GOLDEN = """\
name: digits-mlp
seed: 0
dtype: float32
dataset: {name: digits, images: false}
split:
  validation: 0.15
  test: 0.15
  train: null
  stratify: auto
  seed: 0
  validation_path: null
  test_path: null
  time_ordered: false
  fold: null
  resample: false
preprocessing: {features: standardize, missing: mean, target: standardize}
"""


def test_the_written_config_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "digits-mlp.yaml"
    path.write_text(
        "dataset: digits\nmodel: {name: mlp, hidden: [64], activation: relu}\nmetrics: [accuracy]\n"
    )
    text = dump_yaml(load(path).config)
    assert text.startswith(GOLDEN)
    assert "\nmodel: {name: mlp, hidden: [64], activation: relu" in text
    assert "\ninitializer: he_normal\n" in text
    assert "\nmetrics: [accuracy]\n" in text
    keys = [line.split(":")[0] for line in text.splitlines() if not line.startswith((" ", "-"))]
    assert keys == list(option_types(Config))


def test_long_parts_take_a_line_each() -> None:
    layers = [{"name": "dense", "units": units} for units in (1, 2, 3)]
    config = from_plain({"dataset": "digits", "model": {"name": "sequential", "layers": layers}}).config
    lines = dump_yaml(config).splitlines()
    start = lines.index("model:")
    assert lines[start + 1] == "  name: sequential"
    assert lines[start + 2] == "  layers:"
    assert lines[start + 3].startswith("    - {name: dense, units: 1, activation: identity")


def test_numpy_numbers_and_paths_become_plain() -> None:
    values = {"a": np.float64(0.5), "b": [np.int64(3)], "c": np.array([1.0, 2.0]), "d": Path("/x")}
    assert to_plain(values) == {"a": 0.5, "b": [3], "c": [1.0, 2.0], "d": "/x"}
    assert from_plain({"dataset": "digits", "seed": np.int64(4)}).config.seed == 4


def test_components_themselves_may_stand_in_plain_data() -> None:
    adam = FAMILIES["optimizer"].components["adam"](learning_rate=0.5)
    assert from_plain({"dataset": "digits", "optimizer": adam}).config.optimizer == adam


def test_what_is_not_in_a_dictionary_cannot_be_written() -> None:
    class Stray(FAMILIES["optimizer"].base):
        pass

    class Grown(FAMILIES["optimizer"].components["adam"]):  # type: ignore[misc]  # a class known at run time
        pass

    for cls in (Stray, Grown):
        with pytest.raises(ValueError, match=f"{cls.__name__} is not among the optimizers"):
            to_plain(cls())


EXAMPLE = """\
# configs/digits-mlp.yaml
name: digits-mlp            # default: the file's stem
seed: 0                     # initial weights, batch order, dropout; one seed = one run
dtype: float32              # or float64
dataset: digits             # a name, or {name: …, options}
split: {validation: 0.15, test: 0.15, stratify: auto, seed: 0}   # the split has its own seed
preprocessing: {features: standardize}      # fitted on training rows only
model: {name: mlp, hidden: [64], activation: relu}
initializer: he_normal
loss: softmax_cross_entropy                 # default follows from the task
metrics: [accuracy]
optimizer: {name: adam, learning_rate: 1e-3}
schedule: {name: cosine, warmup_epochs: 1}
batch_size: 32              # or full
epochs: 30
early_stopping: {monitor: val_loss, patience: 10}
"""


def test_the_example_of_the_documentation_is_what_the_defaults_are_but_for_two_keys(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    config = load(path).config
    assert config.name == "digits-mlp"
    assert config.optimizer.learning_rate == 1e-3
    shorter = {
        "name": "digits-mlp",
        "dataset": "digits",
        "schedule": {"name": "cosine", "warmup_epochs": 1},
        "early_stopping": {},
    }
    assert from_plain(shorter).config == config
