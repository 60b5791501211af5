"""The sign-flip test, Holm's correction and the planning of seeds: published figures and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdrun.statistics import fewest_seeds, holm, seeds_needed, sign_flip_test, smallest_p_value

# Darwin's cross- and self-fertilized maize, in eighths of an inch: Fisher, "The Design of Experiments", 1935,
# section 21: 1,726 of the 32,768 sign patterns have a sum at least as large, either way.
MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
# Student's sleep data; scipy.stats.permutation_test 1.17.1, all 1,024 patterns: 0.00390625.
SLEEP = [-1.2, -2.4, -1.3, -1.3, 0.0, -1.0, -1.8, -0.8, -4.6, -1.4]


def source(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_fishers_maize() -> None:
    assert sign_flip_test(MAIZE, source(), exact_up_to=15) == 1726 / 32768
    drawn = sign_flip_test(MAIZE, source())
    assert drawn == pytest.approx(1726 / 32768, abs=4 * math.sqrt(0.05 / 10_000))
    assert drawn * 10_001 == pytest.approx(round(drawn * 10_001))  # 10,000 draws and the observed pattern


def test_students_sleep() -> None:
    assert sign_flip_test(SLEEP, source()) == 0.00390625


def test_by_hand() -> None:
    # ±1 ±2 ±3 reaches 4 = 3 + 2 − 1 or 6, either way: 4 of 8 patterns
    assert sign_flip_test([-1.0, 2.0, 3.0], source()) == 0.5


@pytest.mark.parametrize("n", [0, 1, 2, 5, 10, 12])
def test_the_smallest_p_value_is_reached(n: int) -> None:
    assert (
        sign_flip_test([0.5 + i for i in range(n)], source()) == smallest_p_value(n) == min(1, 2 ** (1 - n))
    )


def test_twelve_are_exact_and_thirteen_are_drawn() -> None:
    differences = np.random.default_rng(1).normal(0.5, 1, 13)
    twelve = {sign_flip_test(differences[:12], source(seed)) for seed in range(4)}
    thirteen = {sign_flip_test(differences, source(seed)) for seed in range(4)}
    assert len(twelve) == 1
    assert len(thirteen) > 1
    assert sign_flip_test(np.ones(40), source()) == smallest_p_value(40) == 1 / 10_001  # never 0


def test_sums_that_only_rounding_tells_apart_are_equal() -> None:
    # 0.1 + 0.2 − 0.3 isn't 0 in binary. By hand: |±1 ±2 ±3| ≥ 0 always.
    assert sign_flip_test([0.1, 0.2, -0.3], source()) == 1
    assert sign_flip_test(np.array([0.1, 0.2, -0.3]) * 1e-310, source()) == 1
    assert sign_flip_test(np.array([1, 1, 1, 1, 1, 1]) * 1e308, source()) == 2 / 64


def test_zeros_and_nothing() -> None:
    assert sign_flip_test([], source()) == 1
    assert sign_flip_test([0.0] * 20, source()) == 1
    assert sign_flip_test([1.0] * 6 + [0.0] * 4, source()) == 2 / 64


def test_differences_that_are_not_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        sign_flip_test([1.0, math.nan], source())


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([1, 2, 5, 13, 14]).flatmap(
        lambda n: st.lists(st.integers(-1000, 1000), min_size=n, max_size=n)
    ),
    st.randoms(use_true_random=False),
)
def test_neither_order_nor_a_common_sign_matter(differences: list[int], random) -> None:
    p = sign_flip_test(differences, source(), draws=200)
    assert 0 < p <= 1
    assert sign_flip_test(random.sample(differences, len(differences)), source(), draws=200) == p
    assert sign_flip_test([-d for d in differences], source(), draws=200) == p


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=8))
def test_all_patterns_one_by_one(differences: list[int]) -> None:
    observed = abs(sum(differences))
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    assert sign_flip_test(differences, source()) == sum(total >= observed for total in sums) / len(sums)


@pytest.mark.parametrize("n", [10, 15])
def test_the_test_declares_no_more_often_than_it_says(n: int) -> None:
    samples = np.random.default_rng(20260104).standard_cauchy((600, n))
    p = [sign_flip_test(sample, source(i), draws=999) for i, sample in enumerate(samples)]
    assert np.mean(np.array(p) <= 0.05) < 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / 600)
    assert np.mean(np.array(p) <= 0.05) > 0.02  # and it isn't merely timid


# statsmodels 0.15.0, multipletests(method="holm")
@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        (
            [0.0001, 0.02, 0.02, 0.3, 0.9, 0.0451, 0.013, 0.2],
            [0.0008, 0.12, 0.12, 0.6, 0.9, 0.1804, 0.091, 0.6],
        ),
        ([0.03], [0.03]),
        ([], []),
        ([0.6, 0.7], [1.0, 1.0]),
    ],
)
def test_holm(p: list[float], adjusted: list[float]) -> None:
    assert holm(p) == pytest.approx(adjusted)


@settings(deadline=None)
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_holm_keeps_the_order_and_lies_between_none_and_bonferroni(p: list[float], random) -> None:
    adjusted = holm(p)
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(adjusted[order]) >= 0)
    assert np.all((adjusted >= p) & (adjusted <= np.minimum(1, np.array(p) * len(p) * (1 + 1e-12))))
    places = random.sample(range(len(p)), len(p))
    assert holm([p[i] for i in places]).tolist() == adjusted[places].tolist()


@pytest.mark.parametrize("p", [[0.5, 1.1], [-0.1], [math.nan], [[0.5]]])
def test_p_values_that_are_none(p: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm(p)


# statsmodels 0.15.0, TTestPower().solve_power(difference/std, power=0.8, alpha=…), from the noncentral t
@pytest.mark.parametrize(
    ("difference", "exact", "exact_of_21"),
    [
        *((0.2, 198.1508, 380.9175), (0.5, 33.3671, 64.8293), (0.8, 14.3028, 28.1365)),
        *((1.0, 9.9379, 19.6573), (1.5, 5.6861, 11.2231), (2.0, 4.2207, 8.1827), (3.0, 3.1440, 5.5885)),
    ],
)
def test_seeds_needed(difference: float, exact: float, exact_of_21: float) -> None:
    assert seeds_needed(difference, 1.0) == math.ceil(exact)
    assert seeds_needed(-difference, 1.0) == math.ceil(exact)
    assert abs((seeds_needed(difference, 1.0, alpha=0.05 / 21) or 0) - math.ceil(exact_of_21)) <= 1


def test_seeds_needed_at_its_edges() -> None:
    assert seeds_needed(0.0, 1.0) is None
    assert seeds_needed(1e-9, 1.0) is None
    assert seeds_needed(1e-320, 1e300) is None
    assert seeds_needed(0.1, 0.0) == 2
    # The normal approximation is enough for very many: ((1.959964 + 0.841621)/0.001)²
    assert seeds_needed(0.001, 1.0) == pytest.approx(7_848_880, abs=5)
    for arguments in ((math.nan, 1.0), (1.0, -1.0), (1.0, math.inf)):
        with pytest.raises(ValueError, match="cannot plan"):
            seeds_needed(*arguments)
    with pytest.raises(ValueError, match="cannot plan"):
        seeds_needed(1.0, 1.0, power=0.3)


def test_so_many_seeds_do_find_the_difference() -> None:
    n = seeds_needed(0.9, 1.0)
    assert n == 12
    samples = np.random.default_rng(20260105).normal(0.9, 1.0, (1000, n))
    found = np.mean([sign_flip_test(sample, source()) <= 0.05 for sample in samples])
    assert 0.77 < found < 0.86


def test_fewest_seeds() -> None:
    assert fewest_seeds() == 6  # 2/64 = 0.031
    assert fewest_seeds(21) == 10  # 21·2/1024 = 0.041: seven contestants
    assert fewest_seeds(28) == 11  # 28·2/1024 = 0.055: eight are too many for ten seeds
    assert fewest_seeds(300) == 14
    assert fewest_seeds(501) is None  # 10,000 draws are too few
    assert fewest_seeds(501, draws=100_000) == 15
