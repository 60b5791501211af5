"""BCa intervals against the book, SciPy and simulation."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gdrun.statistics import bca_interval, describe, mean_interval

# The law school data, Efron & Tibshirani 1993, table 3.1.
LSAT = np.array([576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594.0])
GPA = np.array([3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96])
# The spatial test data A, table 14.1 there.
SPATIAL = np.array(
    [
        *(48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6),
        *(0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41.0),
    ]
)


def correlation(rows: NDArray[np.integer]) -> NDArray[np.float64]:
    x, y = LSAT[rows], GPA[rows]
    x, y = x - x.mean(-1, keepdims=True), y - y.mean(-1, keepdims=True)
    return (x * y).sum(-1) / np.sqrt((x**2).sum(-1) * (y**2).sum(-1))


def without_each(n: int) -> NDArray[np.integer]:
    return np.array([np.delete(np.arange(n), i) for i in range(n)])


def test_law_school() -> None:
    rows = np.random.default_rng(1).integers(0, 15, (40_000, 15))
    estimate = float(correlation(np.arange(15)))
    assert estimate == pytest.approx(0.776, abs=5e-4)  # as in the book
    interval = bca_interval(
        correlation(rows), estimate, correlation(without_each(15)), probabilities=(0.05, 0.95)
    )
    # scipy.stats.bootstrap 1.17.1 with 40,000 resamples: 0.4246 … 0.9253
    assert interval == pytest.approx((0.425, 0.925), abs=0.01)


def test_the_variance_of_the_spatial_data() -> None:
    estimate = float(SPATIAL.var())
    assert estimate == pytest.approx(171.5, abs=0.05)
    replicates = SPATIAL[np.random.default_rng(2).integers(0, 26, (40_000, 26))].var(axis=1)
    jackknife = SPATIAL[without_each(26)].var(axis=1)
    interval = bca_interval(replicates, estimate, jackknife, probabilities=(0.05, 0.95))
    # Efron & Tibshirani 1993, table 14.2, with 2,000 resamples: 115.8 … 259.6
    assert interval == pytest.approx((115.8, 259.6), rel=0.02)
    # Negative control: neither the percentiles nor an acceleration of the wrong sign come near.
    assert np.quantile(replicates, 0.95) < 0.93 * 259.6
    mirrored = bca_interval(replicates, estimate, -jackknife, probabilities=(0.05, 0.95))
    assert mirrored[1] < 0.95 * 259.6


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_scipy_finds_the_same_ends_of_the_same_replicates(confidence: float) -> None:
    from scipy.stats import bootstrap

    values = np.random.default_rng(3).exponential(size=12)
    theirs = bootstrap(
        (values,), np.mean, n_resamples=5000, confidence_level=confidence, rng=np.random.default_rng(4)
    )
    tail = (1 - confidence) / 2
    ours = bca_interval(
        theirs.bootstrap_distribution,
        float(values.mean()),
        values[without_each(12)].mean(axis=1),
        probabilities=(tail, 1 - tail),
    )
    assert ours == pytest.approx(tuple(theirs.confidence_interval), rel=1e-9)


def test_a_jackknife_without_spread_and_an_estimate_outside_the_replicates() -> None:
    replicates = np.linspace(0, 1, 1001)
    assert bca_interval(replicates, 0.5, np.ones(5)) == pytest.approx((0.025, 0.975), abs=1e-6)
    low, high = bca_interval(replicates, 2.0, np.ones(5))
    assert 0 <= low <= high <= 1
    low, high = bca_interval(replicates, -1.0, np.array([0.0, 0, 0, 0, 1e-200]))
    assert 0 <= low <= high <= 1


def test_a_correction_that_goes_through_infinity_ends_at_the_last_replicate() -> None:
    lopsided = np.array([1.0] * 400 + [0.0])  # acceleration 0.158
    low, high = bca_interval(np.linspace(0, 1, 1001), 0.01, lopsided, probabilities=(1e-12, 1 - 1e-12))
    assert (low, high) == pytest.approx((0, 1), abs=0.2)
    mirrored = bca_interval(np.linspace(0, 1, 1001), 0.99, -lopsided, probabilities=(1e-12, 1 - 1e-12))
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)
    assert bca_interval(np.linspace(0, 1, 1001), 0.5, lopsided, probabilities=(0.5, 1 - 1e-12))[1] == 1


def test_few_and_equal_values() -> None:
    source = np.random.default_rng(5)
    assert mean_interval([], source) is None
    assert mean_interval([3.0], source) is None
    assert mean_interval([0.1] * 7, source) == (0.1, 0.1)
    for n in (2, 3, 5):
        values = [1.0, 2.0, 4.0, 3.0, 7.0][:n]
        assert mean_interval(values, source) == describe(values).interval
    six = mean_interval([1.0, 2.0, 4.0, 3.0, 7.0, 5.0], source)
    assert six is not None
    assert six != describe([1.0, 2.0, 4.0, 3.0, 7.0, 5.0]).interval
    assert six[0] >= 1
    assert six[1] <= 7


def test_the_ends_for_many_values_are_those_of_scipys_plain_bca() -> None:
    from scipy.stats import bootstrap

    values = np.random.default_rng(6).exponential(size=400)
    theirs = bootstrap((values,), np.mean, n_resamples=40_000, rng=np.random.default_rng(7))
    ours = mean_interval(values, np.random.default_rng(8), resamples=40_000)
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=0.004)


def test_the_same_generator_gives_the_same_interval() -> None:
    values = np.random.default_rng(9).normal(size=10)
    first, again, other = (mean_interval(values, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first == pytest.approx(other, abs=0.1)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1.7e308])
def test_extreme_scales(scale: float) -> None:
    values = np.array([-1, -0.5, 0.1, 0.2, 0.4, 0.6, 0.9, 1])
    unit, scaled = (mean_interval(values * s, np.random.default_rng(1)) for s in (1, scale))
    assert unit is not None
    assert scaled == pytest.approx((unit[0] * scale, unit[1] * scale), rel=1e-9)


def test_a_large_offset_costs_no_accuracy() -> None:
    values = np.array([1, 2, 3, 4, 5, 6, 7, 9.0])
    plain, moved = (mean_interval(values + offset, np.random.default_rng(1)) for offset in (0, 2.0**40))
    assert plain is not None
    assert moved == pytest.approx((plain[0] + 2.0**40, plain[1] + 2.0**40), abs=1e-3)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_not_finite(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        mean_interval([1.0, value], np.random.default_rng(0))


def test_a_confidence_that_is_none() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_interval([1.0] * 9, np.random.default_rng(0), confidence=95)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=15), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_negated_values_mirror(values: list[float], random) -> None:
    ends = mean_interval(values, np.random.default_rng(1), resamples=500)
    assert ends is not None
    shuffled = random.sample(values, len(values))
    assert mean_interval(shuffled, np.random.default_rng(1), resamples=500) == ends
    slack = 1e-12 * max(map(abs, values))
    assert min(values) - slack <= ends[0] <= ends[1] <= max(values) + slack
    assume(sorted(values) != sorted(-value for value in values))
    negated = mean_interval([-value for value in values], np.random.default_rng(1), resamples=500)
    assert negated == (-ends[1], -ends[0])


def coverage(n: int, repetitions: int, resamples: int, *, plain: bool = False) -> float:
    source, hits = np.random.default_rng(20260103), 0
    for sample in source.normal(1.0, 2.0, (repetitions, n)):
        ends = mean_interval(sample, source, resamples=resamples)
        if plain:
            replicates = sample[source.integers(0, n, (resamples, n))].mean(axis=1)
            ends = bca_interval(replicates, float(sample.mean()), (n * sample.mean() - sample) / (n - 1))
        assert ends is not None
        hits += ends[0] <= 1 <= ends[1]
    return hits / repetitions


def test_the_interval_covers_the_true_mean_as_often_as_it_says() -> None:
    assert 0.93 < coverage(10, 3000, 2000) < 0.97
    # Negative control: without the expanded percentiles it covers in 90 %.
    assert coverage(10, 1000, 1000, plain=True) < 0.93


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5, 10, 20, 30])
def test_the_interval_covers_the_true_mean_for_any_number_of_seeds(n: int) -> None:
    assert 0.93 < coverage(n, 5000, 10_000) < 0.97


def test_scipy_stats_is_not_imported() -> None:
    program = (
        "import sys, numpy; from gdrun.statistics import compare; assert 'scipy' not in sys.modules; "
        "compare({'a': range(8), 'b': [1, 5, 2, 8, 3, 9, 1, 1]}, numpy.random.default_rng(0), "
        "higher_is_better=True); assert 'scipy.special' in sys.modules; "
        "assert 'scipy.stats' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
