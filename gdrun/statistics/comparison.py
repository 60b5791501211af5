"""The comparison of contestants on the same seeds: every pair, corrected for how many pairs there are."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gdrun.statistics.bootstrap import RESAMPLES, mean_interval
from gdrun.statistics.description import describe
from gdrun.statistics.letters import compact_letters
from gdrun.statistics.multiple_tests import holm
from gdrun.statistics.power import fewest_seeds, seeds_needed
from gdrun.statistics.sign_flip import DRAWS, sign_flip_test

Scores = Sequence[float | None] | NDArray[np.floating]


@dataclass(frozen=True)
class PairedDifference:
    """What can be said of two contestants from their results on the same seeds.

    Attributes:
        first, second: the contestants; every difference is first − second, in the unit of the scores.
        seeds: on which both have a finite result; the numbers below are from these.
        first_missing, second_missing: seeds on which this one has no finite result. They are not in the mean:
            look at them before the difference.
        mean, std: of the differences; std with n − 1. None where too few seeds allow none.
        interval: of the mean difference, (low, high), by `mean_interval`; for this pair alone, so without
            correction for the number of pairs.
        p_value: by `sign_flip_test`.
        adjusted_p_value: by `holm`, over all pairs of the comparison.
        better: the contestant that is better, if the adjusted p-value is at most alpha; else None: the two
            cannot be told apart.
        improvement: by `probability_of_improvement` of the first over the second, over all seeds.
        target_difference: the difference that `seeds_needed` is for, without its sign.
        seeds_needed: how many seeds would tell a true difference of that size apart with a probability of
            80 %. None if no number would, or nothing can be said.
    """

    first: str
    second: str
    seeds: int
    first_missing: int
    second_missing: int
    mean: float | None
    std: float | None
    interval: tuple[float, float] | None
    p_value: float
    adjusted_p_value: float
    better: str | None
    improvement: float | None
    target_difference: float | None
    seeds_needed: int | None


@dataclass(frozen=True)
class Comparison:
    """All contestants on one problem.

    Attributes:
        ranking: the contestants from best to worst by the mean of their finite results; those without any
            come last.
        letters: of each contestant, by `compact_letters`: two that cannot be told apart share one.
        pairs: every pair once, in the order of the ranking, the better mean first.
        fewest_seeds: with fewer, no difference between so many contestants could be declared; None if with
            any number.
    """

    ranking: tuple[str, ...]
    letters: dict[str, str]
    pairs: tuple[PairedDifference, ...]
    fewest_seeds: int | None


def compare(
    scores: Mapping[str, Scores],
    generator: np.random.Generator,
    *,
    higher_is_better: bool,
    alpha: float = 0.05,
    target_difference: float | None = None,
    resamples: int = RESAMPLES,
    draws: int = DRAWS,
) -> Comparison:
    """Compare contestants that ran on the same seeds, pair by pair.

    For every pair the paired differences, their mean with a bootstrap interval, a sign-flip test, and Holm's
    correction of its p-value over all pairs. If no two contestants differ, the probability that any
    difference is declared at all is at most alpha. Only the adjusted p-value decides; the interval says how
    large a difference is.

    Every pair draws the same random numbers, from a copy of the generator, which itself stays as it is: what
    is said of a pair doesn't depend on the order of the contestants, nor its interval and p-value on the
    others.

    Args:
        scores: of each contestant (seeds,), seed i at the same place in all. None, NaN and infinite stand for
            a run without a result; its seed is left out of the pairs of this contestant, and counted.
        generator: draws resamples and sign patterns.
        higher_is_better: the direction of the scores.
        alpha: the largest probability of a false declaration; the intervals are of 1 − alpha.
        target_difference: a difference that would matter, for `seeds_needed`. By default the observed one of
            each pair that can't be told apart.
        resamples: of the bootstrap.
        draws: of the sign-flip test, where it isn't exact.

    Raises:
        ValueError: there is no contestant, they have different numbers of seeds, or alpha is not between 0
            and 1.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, not {alpha}; 0.05 is usual")
    table = _table(scores)
    ranking = _ranking(table, higher_is_better)
    raw = [
        _pair(first, second, table, copy.deepcopy(generator), higher_is_better, alpha, resamples, draws)
        for first, second in combinations(ranking, 2)
    ]
    adjusted = holm([pair.p_value for pair in raw]).tolist()
    fewest = fewest_seeds(max(1, len(raw)), alpha=alpha, draws=draws)
    pairs = []
    for pair, p in zip(raw, adjusted, strict=True):
        better = None
        if p <= alpha and pair.mean:
            better = pair.first if (pair.mean > 0) == higher_is_better else pair.second
        pair = replace(pair, adjusted_p_value=p, better=better)
        pairs.append(_plan(pair, target_difference, alpha / len(raw), fewest))
    places = {name: place for place, name in enumerate(ranking)}
    different = np.zeros((len(ranking), len(ranking)), np.bool_)
    for pair in pairs:
        i, j = places[pair.first], places[pair.second]
        different[i, j] = different[j, i] = pair.better is not None
    letters = dict(zip(ranking, compact_letters(different, range(len(ranking))), strict=True))
    return Comparison(ranking, letters, tuple(pairs), fewest)


def probability_of_improvement(first: Scores, second: Scores, *, higher_is_better: bool) -> float | None:
    """The share of seeds on which the first contestant is better than the second; ties count half.

    Args:
        first, second: (seeds,), seed i at the same place in both. None, NaN and infinite stand for a run
            without a result: any result is better, and two such runs are a tie.
        higher_is_better: the direction of the scores.

    Returns:
        Between 0 and 1; None without seeds.

    Variant:
        Seed against the same seed, like everything here. Agarwal et al. compare every run of one with every
        run of the other (the Mann-Whitney statistic), which is the same on average only if the runs are not
        paired.

    Reference:
        Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS 2021.
    """
    sign = 1 if higher_is_better else -1
    a, b = (_with_failures_last(sign * np.asarray(values, np.float64)) for values in (first, second))
    if a.shape != b.shape:
        raise ValueError(f"paired results have shapes {a.shape} and {b.shape}; give both for the same seeds")
    return float(np.mean((a > b) + (a == b) / 2)) if a.size else None


def _with_failures_last(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values), values, -np.inf)


def _table(scores: Mapping[str, Scores]) -> dict[str, NDArray[np.float64]]:
    table = {name: np.asarray(values, np.float64) for name, values in scores.items()}
    shapes = {values.shape for values in table.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise ValueError(
            f"contestants have results of shapes {sorted(shapes)}; give one or more contestants, "
            "each with one number for every seed"
        )
    return table


def _ranking(table: Mapping[str, NDArray[np.float64]], higher_is_better: bool) -> tuple[str, ...]:
    def key(name: str) -> tuple[float, str]:
        mean = describe(table[name]).mean
        return (math.inf if mean is None else -mean if higher_is_better else mean, name)

    return tuple(sorted(table, key=key))


def _pair(
    first: str,
    second: str,
    table: Mapping[str, NDArray[np.float64]],
    generator: np.random.Generator,
    higher_is_better: bool,
    alpha: float,
    resamples: int,
    draws: int,
) -> PairedDifference:
    a, b = table[first], table[second]
    with np.errstate(over="ignore", invalid="ignore"):
        differences = a - b
    differences = differences[np.isfinite(differences)]
    found = describe(differences)
    return PairedDifference(
        first,
        second,
        seeds=found.n,
        first_missing=int(np.count_nonzero(~np.isfinite(a))),
        second_missing=int(np.count_nonzero(~np.isfinite(b))),
        mean=found.mean,
        std=found.std,
        interval=mean_interval(differences, generator, confidence=1 - alpha, resamples=resamples),
        p_value=sign_flip_test(differences, generator, draws=draws),
        adjusted_p_value=math.nan,  # when all pairs are there
        better=None,
        improvement=probability_of_improvement(a, b, higher_is_better=higher_is_better),
        target_difference=None,
        seeds_needed=None,
    )


def _plan(
    pair: PairedDifference, target_difference: float | None, alpha: float, fewest: int | None
) -> PairedDifference:
    """The pair with the seeds it would take, at its equal share of alpha (Holm's first step)."""
    target = target_difference
    if target is None and pair.better is None and pair.mean is not None:
        target = abs(pair.mean)
    if target is None or pair.std is None or fewest is None:
        return replace(pair, target_difference=target)
    needed = seeds_needed(target, pair.std, alpha=alpha)
    if needed is None:
        return replace(pair, target_difference=target)
    needed = max(needed, fewest)
    if target_difference is None:
        needed = max(needed, pair.seeds + 1)  # so many were not enough for this very difference
    return replace(pair, target_difference=target, seeds_needed=needed)
