"""Negative controls of the tests of bits: with a safeguard taken out they fail. Inputs in mapped files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import test_training_bits as samples

from gdrun.data import Part
from gdrun.training import batches
from gdrun.training.stack import Stack


def test_a_run_that_spoils_its_company_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of the test of a run that diverges: something of every run reaches all others."""
    update = Stack.update

    def spoiling(self: Stack, *arguments: Any, **options: Any) -> None:
        update(self, *arguments, **options)
        self.parameters += 0 * self.parameters.sum()

    monkeypatch.setattr(Stack, "update", spoiling)
    with pytest.raises(AssertionError):
        samples.test_a_run_that_diverges_leaves_the_others_alone()


def test_numbers_that_depend_on_the_company_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of the tests of bits: one generator for everybody, in the order in which they ask."""
    shared = np.random.default_rng(0)
    monkeypatch.setattr(batches, "generator", lambda seed, purpose, *identifiers: shared)
    with pytest.raises(AssertionError):
        samples.test_a_run_in_a_stack_has_the_bits_it_has_alone("float32", 3)


def mapped(part: Part, folder: Path) -> Part:
    """The same rows in read-only files that are mapped into memory."""
    arrays = {}
    for name in ("features", "target", "raw_target"):
        np.save(folder / f"{name}.npy", getattr(part, name))
        arrays[name] = np.load(folder / f"{name}.npy", mmap_mode="r")
    return replace(part, **arrays)


def test_training_twice_from_mapped_files_gives_the_same_bits_and_leaves_them_alone(tmp_path: Path) -> None:
    work = samples.make_work([samples.make_run(0)])
    expected = samples.bits(samples.train(work), 0)
    data = replace(work.data[0], train=mapped(work.data[0].train, tmp_path))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for _ in range(2):
        assert samples.bits(samples.train(replace(work, data=[data])), 0) == expected
    assert {path: path.read_bytes() for path in before} == before


def test_a_step_that_writes_into_its_input_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of the tests of read-only inputs."""
    update = Stack.update

    def careless(self: Stack, *arguments: Any, **options: Any) -> None:
        self.work.data[0].train.features[0] += 1
        update(self, *arguments, **options)

    monkeypatch.setattr(Stack, "update", careless)
    with pytest.raises(ValueError, match="read-only"):
        samples.test_training_leaves_its_inputs_alone_and_takes_read_only_ones()
