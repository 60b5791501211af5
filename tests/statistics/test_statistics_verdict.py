"""Verdicts, word by word."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from gdrun.statistics import PairedDifference, verdict


def pair(**fields: object) -> PairedDifference:
    plain = PairedDifference(
        *("adam", "sgd", 10, 0, 0),
        mean=0.0081,
        std=0.004,
        interval=(0.0052, 0.0108),
        p_value=0.002,
        adjusted_p_value=0.006,
        better="adam",
        improvement=1.0,
        target_difference=None,
        seeds_needed=None,
    )
    return replace(plain, **fields)


def undecided(**fields: object) -> PairedDifference:
    plain = {"better": None, "target_difference": 0.001, "seeds_needed": 12, "second": "nesterov"}
    fields = {**plain, "mean": 0.001, "interval": (-0.0004, 0.002), **fields}
    return pair(**fields)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (pair(), "0.8 ± 0.3 points"),
        (pair(mean=-0.0081, interval=(-0.0108, -0.0052)), "0.8 ± 0.3 points"),  # lower is better
        (pair(interval=(0.0067, 0.0094)), "0.81 ± 0.14 points"),
        (pair(interval=(0.0015, 0.0175)), "0.81 points (between 0.15 and 1.75)"),
        (pair(mean=0.0084, interval=(0.0005, 0.016)), "0.84 points (between 0.05 and 1.60)"),  # not 0.8 ± 0.8
        (pair(mean=0.01, std=1e-18, interval=(0.01, 0.01)), "1 points, the same with every seed"),
        (pair(mean=12.345, interval=(11.0, 13.0)), "1,234 ± 134 points"),
        (pair(mean=1e-11, interval=(0.7e-11, 1.2e-11)), "1.0e-09 ± 3.0e-10 points"),
        (pair(second_missing=1), "0.8 ± 0.3 points; sgd has no result with 1 seed"),
        (
            pair(first_missing=2, second_missing=3),
            "0.8 ± 0.3 points; adam has no result with 2 seeds and sgd has no result with 3 seeds",
        ),
    ],
)
def test_one_is_better(given: PairedDifference, words: str) -> None:
    assert verdict(given, unit="points", scale=100).text == f"adam is better than sgd by {words}"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (undecided(), " (12 would be needed for 0.1 points)"),
        (undecided(seeds_needed=9), " (9 are enough for 0.1 points)"),
        (undecided(seeds_needed=123456), " (123,456 would be needed for 0.1 points)"),
        (undecided(seeds_needed=None), ""),
        (undecided(target_difference=12345.67), " (12 would be needed for 1,234,567 points)"),
        (undecided(mean=0.0, std=0.0, interval=(0.0, 0.0)), " (their results are the same)"),
    ],
)
def test_none_is_better(given: PairedDifference, words: str) -> None:
    text = verdict(given, unit="points", scale=100).text
    assert text == f"adam and nesterov cannot be told apart with 10 seeds{words}"


def test_the_other_is_better_and_there_is_no_unit() -> None:
    assert verdict(pair(better="sgd")).text == "sgd is better than adam by 0.008 ± 0.003"


def test_the_data_of_a_verdict() -> None:
    found = verdict(pair(), unit="points", scale=100)
    assert (found.better, found.worse, found.unit, found.seeds) == ("adam", "sgd", "points", 10)
    assert (found.difference, found.margin) == pytest.approx((0.81, 0.29))
    assert (found.seeds_needed, found.for_difference) == (None, None)
    found = verdict(undecided(), unit="points", scale=100)
    assert (found.better, found.worse, found.seeds_needed) == (None, None, 12)
    assert (found.difference, found.margin, found.for_difference) == pytest.approx((0.1, 0.14, 0.1))


@pytest.mark.parametrize("scale", [0, -1, math.nan, math.inf])
def test_a_scale_that_is_none(scale: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        verdict(pair(), scale=scale)
