"""Damaged files of new rows for a trained network: predictions, or one message."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import samples
from guard import memory_limit, outside, watching
from mutations import mutated
from test_hostile_files import MORE_MEMORY, checked

import gdrun
from gdrun.data.new_data import read_features
from gdrun.errors import GdrunError
from gdrun.experiments.trained import TrainedRun

KNOWN = {name: sample for name, sample in samples.data_files().items() if "labels" not in name}


def answer(trained: TrainedRun, path: Path) -> str:
    """What a network says of a file: "fine", or what is wrong with it."""
    with watching() as written, memory_limit(MORE_MEMORY):
        try:
            rows = read_features(path, trained.preprocessor)
            found = trained.predict(rows)
        except GdrunError as error:
            return checked(error)
    assert outside(written, trained.run.path) == []
    assert len(found.values) == rows.rows
    if found.probabilities is not None:
        np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, rtol=1e-5)
    return "fine"


def file_name(sample: samples.Sample) -> str:
    """What new rows are called, where the name tells the format."""
    return "new-idx3-ubyte" if sample.damaged == "i" else sample.damaged


def damage(folder: Path, known: dict[str, samples.Sample], count: int, seed: int) -> Counter[str]:
    """The answers to so many damaged copies, taking turns."""
    source = random.Random(seed)
    trained = {}
    for name, sample in known.items():
        own = folder / str(len(trained))
        trained[name] = TrainedRun(gdrun.train(sample.write(own), runs_dir=own / "runs", workers=1).path)
        (own / file_name(sample)).write_bytes(sample.content)
        assert answer(trained[name], own / file_name(sample)) == "fine"
    answers: Counter[str] = Counter()
    for number in range(count):
        place = number % len(known)
        name, sample = list(known.items())[place]
        path = folder / str(place) / file_name(sample)
        path.write_bytes(mutated(sample.content, source, sample.pieces))
        answers[answer(trained[name], path)] += 1
    return answers


def test_damaged_new_data(tmp_path: Path) -> None:
    answers = damage(tmp_path, KNOWN, 140, seed=1)
    assert answers["fine"] > 5
    assert len(answers) > 140 / 8


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", KNOWN)
def test_very_much_damaged_new_data(name: str, tmp_path: Path) -> None:
    answers = damage(tmp_path, {name: KNOWN[name]}, 10_000, seed=2)
    assert answers["fine"] > 100
    print(f"{name}: 10,000 damaged, {answers['fine']:,} still valid, {len(answers) - 1:,} different refusals")
