"""Damaged files of runs and groups: refused, or read as what they were; never other numbers.

The short form does some damage to each kind of file, the long form 10,000 times.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_commands import Answer, gdrun, the_run, train

from gdrun.errors import GdrunError
from gdrun.run_directory import json_files, store, weights
from gdrun.run_directory.checkpoints import Checkpoints, unpack
from gdrun.run_directory.store import Group, Run
from gdrun.run_directory.tables import read_table

REFUSED = (2, 3, 4)
MANY, FEW = 10_000, 120
READERS: dict[str, Callable[[Path], Any]] = {  # file → what is read of it
    "run/run.json": lambda path: Run(path / "run").record,
    "run/config.yaml": lambda path: Run(path / "run").config_text,
    "run/metrics.csv": lambda path: Run(path / "run").metrics,
    "run/predictions.csv": lambda path: Run(path / "run").predictions(),
    "run/weights.npz": lambda path: Run(path / "run").weights(),
    "run/learning.npz": lambda path: Run(path / "run").learning(),
    "run/split.npz": lambda path: Run(path / "run").split(),
    "run/kept.checkpoint": lambda path: unpack(path / "run" / "kept.checkpoint"),
    "group/group.json": lambda path: Group(path / "group").record,
    "group/config.yaml": lambda path: Group(path / "group").config_text,
    "group/results.csv": lambda path: Group(path / "group").results,
    "group/summary.json": lambda path: Group(path / "group").summary,
    "group/predictions.csv": lambda path: read_table(
        path / "group" / "predictions.csv", Group(path / "group").digest_of("predictions.csv")
    ),
}
SURE_ANYWAY = {
    "run/split.npz",
    "run/learning.npz",
    "run/kept.checkpoint",
}  # as the weights, or tested elsewhere
COMMANDS: dict[str, tuple[str, ...]] = {  # by the beginning of what is damaged
    "run": ("evaluate", "runs show", "report", "resume"),
    "group": ("runs show", "report", "resume"),
}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders, each with a run and a group, which differ by their seeds."""
    folders = [tmp_path_factory.mktemp(f"seed-{seed}") for seed in (0, 1)]
    for seed, folder in enumerate(folders):
        run = train(folder, "run", f"seed={seed}", "epochs=5")
        run.rename(folder / "run")
        config = folder / "run.yaml"
        words = ("--folds", "2", "--workers", "1", f"seed={seed}", "--name", "group", "--runs-dir", folder)
        assert gdrun("kfold", config, *words, "-q").code == 0
        the_run(folder, "group").rename(folder / "group")
        checkpoints = Checkpoints(folder / "checkpoints")
        kept = checkpoints.write(5, 45, {"parameters": np.arange(40.0) + seed}, {"seed": seed})
        kept.rename(folder / "run" / "kept.checkpoint")
    return folders


@pytest.fixture
def copy(two: list[Path], tmp_path: Path) -> Path:
    """A copy of the first of them, for damage."""
    shutil.copytree(two[0], tmp_path / "copy")
    return tmp_path / "copy"


def damage(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """The content with something wrong: a bit, a byte, a hole, a cut, a piece of another file."""
    while True:
        place = chance.randrange(len(content))
        match chance.randrange(6):
            case 0 | 1:
                found = flipped(content, place, 1 << chance.randrange(8))
            case 2:
                found = flipped(content, place, chance.randrange(1, 256))
            case 3:
                length = chance.randrange(1, 600)
                found = content[:place] + b"\0" * length + content[place + length :]
            case 4:
                found = content[:place]
            case _:
                found = content[:place] + other[chance.choice((place, chance.randrange(len(other)))) :]
        if found not in (content, other):
            return found


def flipped(content: bytes, place: int, bits: int) -> bytes:
    return content[:place] + bytes([content[place] ^ bits]) + content[place + 1 :]


def plain(value: Any) -> Any:
    """Something that can be compared."""
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.tolist() if value.dtype == object else value.tobytes()
    return value


def same(found: Any, expected: Any) -> bool:
    """Whether everything is there that was, with the same values: a new key is nothing that is used."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(name in found and same(found[name], entry) for name, entry in expected.items())
    return bool(found == expected)


def believed(file: str, two: list[Path], copy: Path, times: int) -> Iterator[str]:
    """What was read of damaged files as if it were right, or ended in something that is no refusal."""
    read = READERS[file]
    expected = plain(read(two[0]))
    content, other = ((folder / file).read_bytes() for folder in two)
    chance = random.Random(times)
    harmless = 0
    for turn in range(times):
        damaged = damage(content, other, chance)
        (copy / file).write_bytes(damaged)
        try:
            if same(plain(read(copy)), expected):
                harmless += 1
            else:
                yield f"turn {turn}: other values"
        except GdrunError as error:
            if error.exit_code not in REFUSED or str(copy / file) not in str(error):
                yield f"turn {turn}: {type(error).__name__}: {error}"
        except Exception as error:
            yield f"turn {turn}: {type(error).__name__}: {error}"
    print(f"{file}: {times} damaged, {times - harmless} refused, {harmless} harmless")


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("times", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("file", READERS)
def test_damage_is_refused_or_harmless(two: list[Path], copy: Path, file: str, times: int) -> None:
    assert list(believed(file, two, copy, times)) == []


@pytest.mark.parametrize(
    "file", [name for name in READERS if not name.endswith(("split.npz", "learning.npz", "checkpoint"))]
)
def test_without_the_digests_it_would_be_believed(
    two: list[Path], copy: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control; that of checkpoints stands beside their own tests."""
    monkeypatch.setattr(store.Saved, "digest_of", lambda self, name: None)
    monkeypatch.setattr(json_files, "_is_intact", lambda content: True)
    monkeypatch.setattr(weights, "_check", lambda path, file, size: None)
    assert next(believed(file, two, copy, MANY), None)


def evaluated(answer: Answer) -> Any:
    """What `gdrun evaluate` found, wherever the run lies."""
    return {name: value for name, value in answer.document.items() if name != "run"}


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("times", [2, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("file", READERS)
def test_commands_refuse_it_in_words(two: list[Path], copy: Path, file: str, times: int) -> None:
    """Exit code 0 only with the same answer, or with a note that something could not be read."""
    which = file.split("/")[0]
    content, other = ((folder / file).read_bytes() for folder in two)
    chance = random.Random(times)
    expected = evaluated(gdrun("evaluate", two[0] / "run", "--json"))
    for _ in range(times):
        for command in COMMANDS[which]:
            (copy / file).write_bytes(damage(content, other, chance))
            answer = gdrun(*command.split(), copy / which, "--json")
            said = f"{command} after damage of {file}: {answer}"
            assert answer.code in (0, *REFUSED), said
            assert "Traceback" not in answer.err, said
            if answer.code:
                assert answer.last_line.startswith("gdrun: "), said
                assert str(copy / which) in answer.err, said
            elif command == "evaluate":
                assert evaluated(answer) == expected, said
    (copy / file).write_bytes(content)
    assert gdrun("runs", "list", "--runs-dir", copy).code == 0
