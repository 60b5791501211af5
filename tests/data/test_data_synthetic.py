"""The synthetic datasets: their formulas hold, their options matter, a seed repeats them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gdrun.data import DATASETS
from gdrun.data.datasets.synthetic import Synthetic

SYNTHETIC = [name for name, cls in DATASETS.items() if issubclass(cls, Synthetic)]


def make(name, **options):
    return DATASETS[name](**options).load(Path())


def test_there_are_nine():
    assert len(SYNTHETIC) == 9


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_seed_repeats_and_another_one_differs(name):
    first, again, other = make(name, seed=3), make(name, seed=3), make(name, seed=4)
    np.testing.assert_array_equal(first.numbers, again.numbers)
    assert first.sha256 == again.sha256 != other.sha256
    assert first.numbers.dtype == np.float64


@pytest.mark.parametrize("name", SYNTHETIC)
def test_rows_are_as_asked_and_classes_balanced(name):
    table = make(name, rows=101)
    assert table.rows == 101
    if table.task == "classification":
        counts = np.bincount(table.target, minlength=len(table.classes))
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", SYNTHETIC)
def test_bounds_hold(name):
    with pytest.raises(ValueError, match="rows must be at least 2"):
        DATASETS[name](rows=1)
    with pytest.raises(ValueError, match="rows must be at most"):
        DATASETS[name](rows=10**12)
    if name != "adding":  # whose answer is exact
        with pytest.raises(ValueError, match="noise must be"):
            DATASETS[name](noise=-1.0)


def test_too_many_values_are_refused_before_they_are_made():
    for name in ("blobs", "gaussians"):
        with pytest.raises(ValueError, match="at most 100,000,000"):
            DATASETS[name](rows=1_000_000, features=1_000)


def test_linear_without_noise_is_the_plane():
    table = make("linear", noise=0, weights=(1.0, -2.0, 4.0), intercept=0.5)
    np.testing.assert_allclose(table.target[:, 0], table.numbers @ [1, -2, 4] + 0.5, rtol=1e-13, atol=1e-13)


def test_linear_noise_has_its_standard_deviation():
    table = make("linear", rows=100_000, noise=0.7)
    rest = table.target[:, 0] - (table.numbers @ [2, -3] + 1)
    assert rest.std() == pytest.approx(0.7, rel=0.01)


def test_linear_needs_a_weight():
    with pytest.raises(ValueError, match="at least one"):
        DATASETS["linear"](weights=())


def test_sine_without_noise_is_the_wave():
    table = make("sine", noise=0, frequency=2.0)
    np.testing.assert_allclose(table.target, np.sin(4 * np.pi * table.numbers), atol=1e-12)
    assert 0 <= table.numbers.min() < 0.05 < 0.95 < table.numbers.max() < 1


def test_moons_without_noise_lie_on_unit_circles():
    table = make("moons", noise=0)
    x, y = table.numbers.T
    upper = table.target == table.classes.index("upper")
    np.testing.assert_allclose(np.hypot(x[upper], y[upper]), 1, rtol=1e-12)
    np.testing.assert_allclose(np.hypot(x[~upper] - 1, y[~upper] - 0.5), 1, rtol=1e-12)
    assert y[upper].min() >= 0
    assert y[~upper].max() <= 0.5


def test_circles_without_noise_have_their_radii():
    table = make("circles", noise=0, factor=0.3)
    radius = np.hypot(*table.numbers.T)
    np.testing.assert_allclose(radius, np.where(table.target == 1, 1, 0.3), rtol=1e-12)
    assert table.classes == ("inner", "outer")


def test_xor_without_noise_is_the_sign_of_the_product():
    table = make("xor", noise=0)
    same = table.numbers.prod(axis=1) > 0
    np.testing.assert_array_equal(table.target == table.classes.index("same"), same)
    assert len({tuple(row) for row in np.sign(table.numbers)}) == 4


@pytest.mark.parametrize("arms", [2, 3])
def test_spirals_without_noise_lie_on_their_arm(arms):
    table = make("spirals", noise=0, arms=arms, turns_of_arm=1.25)
    x, y = table.numbers.T
    radius = np.hypot(x, y)
    turn = np.arctan2(y, x) / (2 * np.pi) - 1.25 * radius - table.target / arms
    np.testing.assert_allclose(turn, np.round(turn), atol=1e-9)


def test_blobs_scatter_around_as_many_centres():
    table = make("blobs", rows=4_000, centers=12, features=3, noise=0.5)
    assert table.classes == tuple(f"{index:02}" for index in range(12))
    for cloud in range(12):
        np.testing.assert_allclose(table.numbers[table.target == cloud].std(axis=0), 0.5, rtol=0.2)


def test_gaussians_best_accuracy_is_the_stated_one():
    table = make("gaussians", rows=200_000, features=5)
    guess = table.numbers.sum(axis=1) > 0
    # the normal distribution function at 1 (Abramowitz & Stegun, table 26.1): 0.84134
    assert (guess == table.target).mean() == pytest.approx(0.84134, abs=0.003)
