"""Interquartile means, tuning budgets, times to a target, profiles and learning-rate ranges."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdrun.statistics import (
    LearningRateRange,
    TimeToTarget,
    algoperf_score,
    expected_best,
    interquartile_mean,
    learning_rate_range,
    performance_profile,
    performance_ratios,
    summarize_times,
)

INF = math.inf


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ([], None),
        ([math.nan, None], None),
        ([3.0], 3.0),
        ([1.0, 2.0, 6.0], 3.0),
        ([100.0, 2.0, 4.0, -50.0], 3.0),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 100], 5.5),  # 3 … 8
        ([1.0, 2.0, 6.0, None, INF, math.nan], 3.0),
        ([1.7e308] * 8, 1.7e308),
    ],
)
def test_interquartile_mean(values: list[float | None], mean: float | None) -> None:
    assert interquartile_mean(values) == mean


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_interquartile_mean_is_scipys_trimmed_mean(values: list[float], random) -> None:
    from scipy.stats import trim_mean

    assert interquartile_mean(values) == pytest.approx(trim_mean(values, 0.25), abs=1e-6)
    assert interquartile_mean(random.sample(values, len(values))) == interquartile_mean(values)


def test_expected_best_by_hand() -> None:
    assert expected_best([2, 3, 1], higher_is_better=True) == pytest.approx((2, 8 / 3, 3))
    assert expected_best([2, 3, 1], higher_is_better=False) == pytest.approx((2, 4 / 3, 1))
    assert expected_best([], higher_is_better=True) == ()
    # One failed trial: alone it says nothing; of two trials at least one is good.
    assert expected_best([5, math.nan, 1], higher_is_better=True)[0] is None
    assert expected_best([5, None, 1], higher_is_better=True)[1:] == pytest.approx((11 / 3, 5))
    assert expected_best([INF, None], higher_is_better=False) == (None, None)
    with pytest.raises(ValueError, match="one number a trial"):
        expected_best(np.ones((2, 2)), higher_is_better=True)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=8), st.integers(0, 2), st.booleans())
def test_expected_best_is_the_mean_over_all_choices(scores: list[int], failed: int, higher: bool) -> None:
    trials = [*scores, *[math.nan] * failed]
    found = expected_best(trials, higher_is_better=higher)
    best = max if higher else min
    for k in range(1, len(trials) + 1):
        if k <= failed:
            assert found[k - 1] is None
            continue
        choices = [[s for s in choice if s == s] for choice in combinations(trials, k)]
        assert found[k - 1] == pytest.approx(np.mean([best(choice) for choice in choices]), abs=1e-9)


def test_expected_best_of_many_trials_ends_at_the_best() -> None:
    scores = np.random.default_rng(0).normal(size=2000)
    found = np.array(expected_best(scores, higher_is_better=True))
    assert found[-1] == scores.max()
    assert found[0] == pytest.approx(scores.mean())
    assert np.all(np.diff(found) >= -1e-12)
    # Drawn with replacement (Dodge et al. 2019) the best of 2,000 is not the best that was found.
    share = np.arange(2001) / 2000
    replaced = float(np.sum(np.sort(scores) * np.diff(share**2000)))
    assert replaced < found[-1] - 0.01


def test_times_to_a_target() -> None:
    assert summarize_times([3, 1, None, 2, 5]) == TimeToTarget(5, 4, 0.8, 3.0, 1.0, 5.0)
    assert summarize_times([3, 1, math.nan, INF]) == TimeToTarget(4, 2, 0.5, None, 1.0, 3.0)
    assert summarize_times([3, 1, 2, INF]) == TimeToTarget(4, 3, 0.75, 2.5, 1.0, 3.0)
    assert summarize_times([None, INF]) == TimeToTarget(2, 0, 0.0, None, None, None)
    assert summarize_times([]) == TimeToTarget(0, 0)
    assert summarize_times([0]) == TimeToTarget(1, 1, 1.0, 0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="negative"):
        summarize_times([1, -2])


# By hand, four problems and three contestants; nobody solves the last one.
TIMES = [[10, 20, None], [30, 15, 60], [7, 7, 70], [None, INF, math.nan]]
RATIOS = [[1, 2, INF], [2, 1, 4], [1, 1, 10], [INF, INF, INF]]


def test_performance_profiles_by_hand() -> None:
    ratios = performance_ratios(TIMES)
    assert ratios.tolist() == RATIOS
    profile = performance_profile(ratios, [0.99, 1, 1.99, 2, 4, 10, 1e9])
    assert profile.tolist() == [
        [0, 0.5, 0.5, 0.75, 0.75, 0.75, 0.75],
        [0, 0.5, 0.5, 0.75, 0.75, 0.75, 0.75],
        [0, 0, 0, 0, 0.25, 0.5, 0.5],
    ]


def test_algoperf_by_hand() -> None:
    # (3 + 2 + 3 + 0)/(4·3); the third has r = 4 and 10 at best: nothing
    assert algoperf_score(np.array(RATIOS)).tolist() == pytest.approx([8 / 12, 8 / 12, 0])
    assert algoperf_score(np.ones((5, 2))).tolist() == [1, 1]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.floats(0.5, 20) | st.none(), min_size=3, max_size=3), min_size=1, max_size=6))
def test_algoperf_is_the_area_under_the_profile(times: list[list[float | None]]) -> None:
    ratios = performance_ratios(times)
    steps = np.unique(np.clip(np.append(ratios[np.isfinite(ratios)], [1, 4]), 1, 4))
    profile = performance_profile(ratios, steps)
    area = np.sum(profile[:, :-1] * np.diff(steps), axis=1) / 3
    assert algoperf_score(ratios) == pytest.approx(area, abs=1e-12)
    assert np.all(np.diff(profile, axis=1) >= 0)
    assert np.all(ratios >= 1)


def test_targets_reached_at_the_start() -> None:
    assert performance_ratios([[0, 3, 0, None]]).tolist() == [[1, INF, 1, INF]]


def test_times_that_are_none() -> None:
    with pytest.raises(ValueError, match="negative"):
        performance_ratios([[1, -1]])
    with pytest.raises(ValueError, match="problems, contestants"):
        performance_ratios([1, 2])
    assert performance_ratios(np.empty((0, 2))).shape == (0, 2)
    for call in (lambda r: performance_profile(r, [1.0]), algoperf_score):
        with pytest.raises(ValueError, match="one problem"):
            call(np.empty((0, 2)))
    with pytest.raises(ValueError, match="finite factors"):
        performance_profile(np.ones((1, 1)), [INF])
    with pytest.raises(ValueError, match="r_max > 1"):
        algoperf_score(np.ones((1, 1)), largest_ratio=1)


RATES = [1e-4, 1e-3, 1e-2, 1e-1, 1]


def test_learning_rate_range_by_hand() -> None:
    # Limit 1.01. Below: from 1 to 2 over a decade, 0.01 of it. Above: from 1.005 to 1.03, 0.2 of it.
    found = learning_rate_range(RATES, [2, 1, 1.005, 1.03, INF], higher_is_better=False)
    assert found is not None
    assert (found.best, found.open_below, found.open_above) == (1e-3, False, False)
    assert (math.log10(found.low), math.log10(found.high)) == pytest.approx((-3.01, -1.8))
    assert found.decades == pytest.approx(1.21)
    mirrored = learning_rate_range(RATES[::-1], [math.nan, -1.03, -1.005, -1, -2], higher_is_better=True)
    assert mirrored == found


@pytest.mark.parametrize(
    ("scores", "best", "low", "high", "ends"),
    [
        ([1, 1, 1, 1, 1], 1e-4, -4, 0, (True, True)),
        ([None, 0.99, 0.99, math.nan, None], 1e-3, -3, -2, (False, False)),
        ([0.5, None, 0.9, None, 0.899], 1e-2, -2, -2, (False, False)),  # another stretch doesn't count
        ([0.9, None, 0.9, 0.9, 0.5], 1e-2, -2, -1 + 0.009 / 0.4, (False, False)),  # the wider of two
        ([0, -0.5, -1, -2, -3], 1e-4, -4, -4, (True, False)),  # 1 % of nothing
    ],
)
def test_learning_rate_ranges(
    scores: list[float | None], best: float, low: float, high: float, ends: tuple[bool, bool]
) -> None:
    found = learning_rate_range(RATES, scores, higher_is_better=True)
    assert isinstance(found, LearningRateRange)
    assert found.best == best
    assert (math.log10(found.low), math.log10(found.high)) == pytest.approx((low, high))
    assert found.decades == pytest.approx(high - low)
    assert (found.open_below, found.open_above) == ends


def test_a_rate_tried_twice_counts_with_its_best_score() -> None:
    found = learning_rate_range([0.1, 0.1, 1.0], [5.0, 1.0, None], higher_is_better=False)
    assert found == LearningRateRange(0.1, 0.1, 0.1, 0.0, True, False)
    found = learning_rate_range([0.1, 0.1, 1.0], [5.0, 1.0, 1.02], higher_is_better=False)
    assert found is not None
    assert found.best == 0.1
    assert learning_rate_range([0.1, 1.0], [None, INF], higher_is_better=True) is None
    assert learning_rate_range([], [], higher_is_better=True) is None


@pytest.mark.parametrize(
    ("rates", "scores", "tolerance"),
    [([0.0], [1], 0.01), ([-1.0], [1], 0.01), ([INF], [1], 0.01), ([1.0], [1, 2], 0.01), ([1.0], [1], -1)],
)
def test_learning_rates_that_are_none(rates: list[float], scores: list[float], tolerance: float) -> None:
    with pytest.raises(ValueError, match="learning rates"):
        learning_rate_range(rates, scores, higher_is_better=True, tolerance=tolerance)
