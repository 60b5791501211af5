"""Descriptions against published figures, and what is promised about values that are not finite."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdrun.statistics import Description, describe
from gdrun.statistics.description import t_quantile

# Extra hours of sleep, drug 1 minus drug 2, ten patients: Student, Biometrika 6, 1908.
# R's t.test(extra ~ group, data = sleep, paired = TRUE) prints the interval.
SLEEP = [-1.2, -2.4, -1.3, -1.3, 0.0, -1.0, -1.8, -0.8, -4.6, -1.4]

# Michelson's speed of light (thousands of km/s, less 299): R's `morley`, NIST StRD univariate "Michelso".
MICHELSON = [
    *(850, 740, 900, 1070, 930, 850, 950, 980, 980, 880, 1000, 980, 930, 650, 760, 810, 1000, 1000, 960, 960),
    *(960, 940, 960, 940, 880, 800, 850, 880, 900, 840, 830, 790, 810, 880, 880, 830, 800, 790, 760, 800),
    *(880, 880, 880, 860, 720, 720, 620, 860, 970, 950, 880, 910, 850, 870, 840, 840, 850, 840, 840, 840),
    *(890, 810, 810, 820, 800, 770, 760, 740, 750, 760, 910, 920, 890, 860, 880, 720, 840, 850, 850, 780),
    *(890, 840, 780, 810, 760, 810, 790, 810, 820, 850, 870, 870, 810, 740, 810, 940, 950, 800, 810, 870),
]


def test_students_sleep_data() -> None:
    found = describe(SLEEP)
    assert found.n == 10
    assert found.mean == pytest.approx(-1.58, rel=1e-12)
    assert found.std == pytest.approx(1.229995, abs=5e-7)
    assert found.interval == pytest.approx((-2.4598858, -0.7001142), abs=5e-8)
    assert (found.min, found.max) == (-4.6, 0.0)
    assert found.median == pytest.approx(-1.3)


# NIST Statistical Reference Datasets, univariate: certified mean and standard deviation.
@pytest.mark.parametrize(
    ("values", "mean", "std"),
    [
        ([299 + value / 1000 for value in MICHELSON], 299.852400000000, 0.0790105478190518),
        ([10000001, 10000003, 10000002], 10000002, 1.0),
        ([1.2] + [1.1, 1.3] * 500, 1.2, 0.1),
        ([1000000.2] + [1000000.1, 1000000.3] * 500, 1000000.2, 0.1),
        ([10000000.2] + [10000000.1, 10000000.3] * 500, 10000000.2, 0.1),
    ],
    ids=["Michelso", "NumAcc1", "NumAcc2", "NumAcc3", "NumAcc4"],
)
def test_nist_certified_values(values: list[float], mean: float, std: float) -> None:
    found = describe(values)
    assert found.mean == pytest.approx(mean, rel=1e-15)
    assert found.std == pytest.approx(std, rel=1e-8)  # 10000000.1 itself is off by 4e-10 in binary


# Any table of Student's t, for example NIST/SEMATECH e-Handbook 1.3.6.7.2.
@pytest.mark.parametrize(
    ("probability", "degrees_of_freedom", "t"),
    [
        *((0.975, 1, 12.706), (0.975, 4, 2.776), (0.975, 9, 2.262), (0.975, 29, 2.045), (0.975, 100, 1.984)),
        *((0.95, 2, 2.920), (0.995, 9, 3.250)),
    ],
)
def test_t_quantiles(probability: float, degrees_of_freedom: int, t: float) -> None:
    assert t_quantile(probability, degrees_of_freedom) == pytest.approx(t, abs=5e-4)


def test_by_hand() -> None:
    # mean 4; squared deviations 4 + 1 + 0 + 1 + 4 = 10; std = √(10/4); t(0.95, 4 degrees) = 2.131847
    margin = 2.131847 * math.sqrt(2.5 / 5)
    found = describe([2, 3, 4, 5, 6], confidence=0.9)
    assert found.interval == pytest.approx((4 - margin, 4 + margin), abs=1e-6)
    assert found.std == pytest.approx(math.sqrt(2.5))


def test_a_value_that_is_not_finite_is_counted_and_not_averaged_in() -> None:
    found = describe([0.9, math.nan, 0.7, math.inf, -math.inf, None])
    assert (found.n, found.excluded) == (2, 4)
    assert found.mean == pytest.approx(0.8)
    assert found.max == 0.9


@pytest.mark.parametrize("values", [[], [math.nan], [None, math.inf]])
def test_nothing_finite(values: list[float | None]) -> None:
    assert describe(values) == Description(n=0, excluded=len(values))


def test_one_value_has_no_spread() -> None:
    assert describe([0.5]) == Description(1, 0, mean=0.5, min=0.5, median=0.5, max=0.5)


def test_equal_values() -> None:
    found = describe([0.1] * 7)
    assert (found.mean, found.std, found.interval) == (0.1, 0.0, (0.1, 0.1))


def test_arrays_of_single_precision_are_described_in_double() -> None:
    assert describe(np.array([0.5, 1.5], np.float32)).mean == 1.0


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5, math.nan])
def test_a_confidence_that_is_none(confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        describe([1, 2], confidence=confidence)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e307])
def test_extreme_scales_neither_overflow_nor_vanish(scale: float) -> None:
    found = describe([1 * scale, 2 * scale, 3 * scale])
    assert found.mean == pytest.approx(2 * scale)
    assert found.std == pytest.approx(scale)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_order_does_not_matter_and_the_parts_agree(values: list[float]) -> None:
    found = describe(values)
    shuffled = sorted(values)
    assert describe(shuffled) == found
    assert found.interval is not None
    low, high = found.interval
    assert found.mean is not None
    assert low <= found.mean <= high
    slack = 1e-9 * max(map(abs, values))
    assert min(values) - slack <= found.mean <= max(values) + slack


def test_the_interval_covers_the_true_mean_as_often_as_it_says() -> None:
    source = np.random.default_rng(20260101)
    samples = source.normal(3.0, 2.0, (2000, 5))
    intervals = [describe(sample).interval for sample in samples]
    covered = np.mean([low <= 3.0 <= high for low, high in filter(None, intervals)])
    assert len(intervals) == 2000
    assert 0.94 < covered < 0.96  # two standard errors of 0.005
    # Negative control: the normal quantile in the place of t covers too rarely with five values.
    narrow = [(np.mean(s), 1.96 * np.std(s, ddof=1) / math.sqrt(5)) for s in samples]
    assert np.mean([abs(mean - 3.0) <= margin for mean, margin in narrow]) < 0.90


def test_scipy_is_imported_only_for_an_interval() -> None:
    program = (
        "import sys; from gdrun.statistics import describe; describe([1.0]); "
        "assert 'scipy' not in sys.modules; describe([1.0, 2.0]); assert 'scipy' in sys.modules; "
        "assert 'scipy.stats' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
