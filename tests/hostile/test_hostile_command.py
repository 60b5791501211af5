"""Damaged files through the command, in a process of its own with little memory: it ends, and says why."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import samples
from mutations import mutated

import gdrun

PACKAGE = str(Path(gdrun.__file__).parents[1])  # the same gdrun, whatever folder the command runs in
GUARD = Path(__file__).parent / "guard.py"
KNOWN = samples.configs() | samples.data_files()
LIMIT = 1 << 30  # bytes of address space, of which Python, NumPy and SciPy take the half
SAID = {
    0: "",
    2: ".",
    3: ".",
    6: "diverged: ",
    7: r"this needs about [\d,.]+ GB of memory, and [\d,.]+ GB are free",
}


def command(folder: Path, *words: str, patch: str = "", limit: int = LIMIT) -> tuple[int, str]:
    """What `gdrun WORDS …` in a folder ends with, and what it says on stderr."""
    done = subprocess.run(
        [sys.executable, GUARD, str(limit), folder / "runs", patch, *words],
        cwd=folder,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": PACKAGE},
    )
    return done.returncode, done.stderr.decode()


def check(folder: Path, *words: str, patch: str = "", limit: int = LIMIT) -> int:
    """Run it; returns its exit code after a look at whether it is one that a user should get."""
    before = set(folder.rglob("*"))
    code, said = command(folder, *words, patch=patch, limit=limit)
    assert code in SAID, (words, code, said)
    assert re.search(SAID[code], said), (words, code, said)
    assert "Traceback" not in said
    assert "out of memory" not in said
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", said)
    new = {path.relative_to(folder).parts[0] for path in set(folder.rglob("*")) - before}
    assert new <= {"runs"}
    return code


def damage(folder: Path, count: int, seed: int) -> Counter[int]:
    """The exit codes of so many damaged copies: trained, or only checked with their data."""
    source = random.Random(seed)
    codes: Counter[int] = Counter()
    names = list(KNOWN)
    source.shuffle(names)
    for number in range(count):
        sample = KNOWN[names[number % len(names)]]
        own = folder / str(number)
        path = sample.write(own)
        (own / sample.damaged).write_bytes(mutated(sample.content, source, sample.pieces))
        train = ("train", "--smoke", "--quiet", "--runs-dir", str(own / "runs"))
        codes[check(own, *(train if number % 3 else ("validate", "--data")), str(path))] += 1
    return codes


def test_damaged_files(tmp_path: Path) -> None:
    codes = damage(tmp_path, 5, seed=5)
    assert len(codes) > 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_five_hundred_damaged_files(tmp_path: Path) -> None:
    codes = damage(tmp_path, 500, seed=4)
    assert codes[2] > 50
    assert codes[3] > 50
    print(f"500 commands, exit codes {dict(sorted(codes.items()))}")


PATCHES = {
    "a traceback": "import gdrun.cli.main as m; m.run = lambda words: 1 / 0",
    "a bug": "import gdrun.experiments.validation as m; m.check = lambda *_, **__: 1 / 0",
    "too much memory": "bytes(1 << 31)",
    "out of memory": "import gdrun.experiments.validation as m; m.check = lambda *_, **__: bytes(1 << 31)",
    "a file elsewhere": "open('elsewhere', 'w')",
    "a folder elsewhere": "import os; os.mkdir('../elsewhere')",
    "a file moved": "import os; os.rename('config.yaml', '../c'); os.rename('../c', 'config.yaml')",
    "a link's target": "import os; os.mkdir('runs'); os.symlink('../c', 'runs/x'); open('runs/x', 'a')",
    "a control character": "import gdrun.text as m; m.printable = lambda text, **_: '\\x1b[2J'",
}


@pytest.mark.parametrize("name", PATCHES)
def test_a_command_that_misbehaves_is_noticed(name: str, tmp_path: Path) -> None:
    sample = samples.Sample("dataset: iris\nepoch: 1\n")
    path = sample.write(tmp_path / "own")
    with pytest.raises(AssertionError):
        check(tmp_path / "own", "validate", str(path), patch=PATCHES[name])


def test_the_same_command_that_does_not(tmp_path: Path) -> None:
    path = samples.Sample("dataset: iris\nepoch: 1\n").write(tmp_path / "own")
    assert check(tmp_path / "own", "validate", str(path)) == 2
