"""Damaged configs and data files through the library: an answer, a short one, and nothing else happens."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
import samples
from guard import memory_limit, outside, watching
from mutations import mutated

from gdrun.errors import ConfigError, DataError, GdrunError, SystemRefusedError
from gdrun.experiments import validation

CONFIGS = samples.configs()
DATA_FILES = samples.data_files()
MORE_MEMORY = 512 << 20
FIGURE = re.compile(r"needs? about [\d,.]+ GB of memory, and [\d,.]+ GB are free")
NO_MEMORY = re.compile("MemoryError|Unable to allocate|out of memory")


def checked(error: GdrunError) -> str:
    """The message, after a look at whether it is one that a user should get."""
    message = str(error)
    assert isinstance(error, ConfigError | DataError) or (
        isinstance(error, SystemRefusedError) and FIGURE.search(message)
    ), repr(error)
    assert message.strip()
    assert len(message) < 20_000
    assert not NO_MEMORY.search(message)
    assert "Traceback" not in message
    return message


def answer(path: Path) -> str:
    """What gdrun says of a config and its data: "fine", or what is wrong."""
    with watching() as written, memory_limit(MORE_MEMORY):
        found = validation.check(path, with_data=True)
    assert outside(written, path.parent / "runs") == []
    if found.error is None:
        assert found.plan is not None
        return "fine"
    return checked(found.error)


def damage(folder: Path, known: dict[str, samples.Sample], count: int, seed: int) -> Counter[str]:
    """The answers to so many damaged copies, taking turns."""
    source = random.Random(seed)
    folders = {}
    for name, sample in known.items():
        folders[name] = folder / str(len(folders))
        folders[name].mkdir()
        path = sample.write(folders[name])
        assert answer(path) == "fine"
    answers: Counter[str] = Counter()
    for number in range(count):
        name = list(known)[number % len(known)]
        sample = known[name]
        (folders[name] / sample.damaged).write_bytes(mutated(sample.content, source, sample.pieces))
        answers[answer(folders[name] / "config.yaml")] += 1
    return answers


def test_every_data_format_has_a_sample() -> None:
    assert {name.partition(",")[0] for name in DATA_FILES} == samples.file_formats()


@pytest.mark.parametrize("kind", ["configs", "data files"])
def test_damaged_files(kind: str, tmp_path: Path) -> None:
    answers = damage(tmp_path, CONFIGS if kind == "configs" else DATA_FILES, 240, seed=1)
    assert answers["fine"] > 5
    assert len(answers) > 240 / 8


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["configs", *DATA_FILES])
def test_very_many_damaged_files(kind: str, tmp_path: Path, record_property) -> None:
    known = CONFIGS if kind == "configs" else {kind: DATA_FILES[kind]}
    answers = damage(tmp_path, known, 10_000, seed=2)
    assert answers["fine"] > 100
    print(f"{kind}: 10,000 damaged, {answers['fine']:,} still valid, {len(answers) - 1:,} different refusals")
