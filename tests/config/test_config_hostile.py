"""Whatever is in a config, the answer is a config or a list of problems: no traceback, no hang."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from config_strategies import section
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import YAML_PIECES, mutated

from gdrun.config import ConfigProblemsError, dump_yaml, from_plain, load, to_plain
from gdrun.config.config import Config
from gdrun.config.templates import template

SAMPLE = (
    template("classification")
    + """
model: &m {name: sequential, layers: [{name: dense, units: 0x20, activation: {name: leaky_relu, slope: .1}}]}
compute: {blas_threads: 1, workers: auto}
tolerance: 1e-6
"""
).encode()
NOISE = st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode(errors="surrogatepass"))
SHORT = st.text(max_size=12)
KEYS = SHORT | st.sampled_from(["model", "model.layers.0", "optimizer.name", "schedule", "split.test"])
VALUES = SHORT | st.sampled_from(["[", "{a: }", "null", "adam", "{name: mlp}", "*a", "&a [*a]", "3"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | SHORT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SHORT, inner, max_size=3),
    max_leaves=6,
)


def checked(error: ConfigProblemsError, source: str | None = None) -> str:
    """The message, after a look at whether it is fit to be shown and says where."""
    message = str(error)
    assert all(line.isprintable() for line in message.splitlines())
    assert len(message) < 20_000
    for problem in error.problems if source is not None else ():
        assert problem.position.source == source
        assert problem.position.line > 0
        assert problem.position.column > 0
    return message


def outcome(path: Path, content: bytes) -> str:
    """What became of a file with this content: "config", or the message."""
    path.write_bytes(content)
    try:
        config = load(path).config
    except ConfigProblemsError as error:
        return checked(error, str(path))
    assert from_plain(to_plain(config)).config == config
    return "config"


def check_mutations(path: Path, count: int, seed: int) -> None:
    source = random.Random(seed)
    outcomes = [outcome(path, mutated(SAMPLE, source, YAML_PIECES)) for _ in range(count)]
    assert "config" in outcomes
    assert len(set(outcomes)) > count / 4


def test_mutated_files(tmp_path: Path) -> None:
    check_mutations(tmp_path / "c.yaml", 500, seed=1)


@pytest.mark.slow
def test_very_many_mutated_files(tmp_path: Path) -> None:
    check_mutations(tmp_path / "c.yaml", 10_000, seed=2)


def test_truncated_files(tmp_path: Path) -> None:
    for end in range(0, len(SAMPLE), 7):
        outcome(tmp_path / "c.yaml", SAMPLE[:end])


@settings(deadline=None, max_examples=150)
@given(content=NOISE)
def test_noise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    outcome(tmp_path_factory.getbasetemp() / "noise.yaml", content)


@settings(deadline=None, max_examples=100)
@given(drawn=section(Config), data=st.data())
def test_valid_configs_with_anything_in_one_place(drawn: dict[str, Any], data: st.DataObject) -> None:
    place: Any = drawn
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(ANYTHING)
    try:
        config = from_plain(drawn).config
    except ConfigProblemsError as error:
        checked(error)
        return
    assert from_plain(to_plain(config)).config == config
    assert dump_yaml(config).startswith("name: ")


@settings(deadline=None, max_examples=150)
@given(key=KEYS, value=VALUES)
def test_any_override(key: str, value: str) -> None:
    base = {"dataset": "digits", "model": {"name": "sequential", "layers": [{"name": "dense", "units": 3}]}}
    for overrides in ([f"{key}={value}"], {key: value}):
        try:
            from_plain(base, overrides)
        except ConfigProblemsError as error:
            checked(error)


def test_very_many_unknown_keys_are_no_reason_to_hang(tmp_path: Path) -> None:
    lines = [f"key{index}: {{name: {'x' * 50}}}" for index in range(10_000)]
    message = outcome(tmp_path / "c.yaml", "\n".join(["dataset: digits", *lines]).encode())
    assert message.endswith("10000 problems; correct them and start again")
    with pytest.raises(ConfigProblemsError) as raised:
        load(tmp_path / "c.yaml")
    assert "a config takes" in raised.value.problems[0].message
    assert raised.value.problems[-1].message == "is unknown"  # no search for near names any more
