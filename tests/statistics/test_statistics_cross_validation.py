"""The interval over folds: by hand, by the published t table, and against a true error that is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from gdrun.statistics import Description, describe, describe_folds

FOLDS = [0.90, 0.92, 0.94, 0.96, 0.98]  # mean 0.94; std = √(0.004/4)


def test_one_repetition_by_hand() -> None:
    # t(0.975, 4 degrees) = 2.776445; factor 1/5 + 1/4
    margin = 2.776445 * math.sqrt(0.001) * math.sqrt(0.45)
    found = describe_folds(FOLDS)
    assert found.mean == pytest.approx(0.94)
    assert found.std == pytest.approx(math.sqrt(0.001))
    assert found.interval == pytest.approx((0.94 - margin, 0.94 + margin), abs=1e-7)


def test_repetitions_by_hand() -> None:
    # The same five numbers three times: Σ(x − x̄)² = 0.012 over 14; t(0.975, 14) = 2.144787; 1/15 + 1/4
    margin = 2.144787 * math.sqrt(0.012 / 14) * math.sqrt(1 / 15 + 1 / 4)
    found = describe_folds([FOLDS] * 3)
    assert found.n == 15
    assert found.interval == pytest.approx((0.94 - margin, 0.94 + margin), abs=1e-7)


def test_all_but_the_interval_is_that_of_the_numbers() -> None:
    found, plain = describe_folds([FOLDS, FOLDS[::-1]]), describe(FOLDS * 2)
    assert (found.mean, found.std, found.median, found.n) == (plain.mean, plain.std, plain.median, plain.n)
    assert found.interval is not None
    assert plain.interval is not None
    assert np.ptp(found.interval) > 1.5 * np.ptp(plain.interval)


def test_a_diverged_fold_is_counted_and_left_out() -> None:
    found = describe_folds([0.90, None, 0.94, math.nan, 0.98])
    margin = 4.302653 * 0.04 * math.sqrt(1 / 3 + 1 / 4)  # t(0.975, 2)
    assert (found.n, found.excluded) == (3, 2)
    assert found.interval == pytest.approx((0.94 - margin, 0.94 + margin), abs=1e-7)


def test_too_little_for_an_interval() -> None:
    assert describe_folds([None, 0.5]) == Description(1, 1, 0.5, None, None, 0.5, 0.5, 0.5)
    assert describe_folds([None, None]).mean is None


@pytest.mark.parametrize("values", [[0.5], [[0.5], [0.6]], [[[0.5, 0.6]]], 0.5])
def test_no_folds(values: list[float]) -> None:
    with pytest.raises(ValueError, match="at least two folds"):
        describe_folds(values)


def errors_of_folds(
    source: np.random.Generator, rows: int, folds: int, repetitions: int
) -> NDArray[np.float64]:
    """Squared errors of predicting normal targets by the mean of the training rows."""
    targets, found = source.normal(size=rows), np.empty((repetitions, folds))
    for repetition in range(repetitions):
        for k, test in enumerate(source.permutation(rows).reshape(folds, -1)):
            prediction = (targets.sum() - targets[test].sum()) / (rows - test.size)
            found[repetition, k] = np.mean((targets[test] - prediction) ** 2)
    return found


@pytest.mark.parametrize(("folds", "repetitions", "naive"), [(5, 1, 0.96), (5, 4, 0.75)])
def test_the_interval_covers_the_true_error(folds: int, repetitions: int, naive: float) -> None:
    truth = 1 + 1 / (100 * (1 - 1 / folds))  # the variance of the target and of the training mean
    source = np.random.default_rng(20260102)
    samples = [errors_of_folds(source, 100, folds, repetitions) for _ in range(400)]
    corrected = [describe_folds(sample).interval for sample in samples]
    assert np.mean([low <= truth <= high for low, high in filter(None, corrected)]) > 0.93
    # Negative control: as if the folds were independent.
    plain = [describe(sample.ravel()).interval for sample in samples]
    assert np.mean([low <= truth <= high for low, high in filter(None, plain)]) < naive
