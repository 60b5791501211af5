"""Which settings a comparison tries, which it takes for the best, and when it tries more."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdrun.config import from_plain
from gdrun.config.comparison import Compare, Contestant, SearchRange
from gdrun.config.load import plain_source
from gdrun.errors import ConfigError
from gdrun.experiments.comparison.contestants import USUAL, resolved_contestants
from gdrun.experiments.comparison.design import beyond, settings_of
from gdrun.experiments.comparison.tuning import (
    Trial,
    best_trial,
    edge_of,
    further_settings,
    median_score,
)
from gdrun.optim import OPTIMIZERS

ADAM = Contestant(OPTIMIZERS["adam"]())
SEVERAL = Contestant(
    OPTIMIZERS["adam"](),
    search={
        "learning_rate": SearchRange(1e-4, 1e-1),
        "beta1": SearchRange(0.5, 0.95, "linear"),
        "amsgrad": (True, False),
    },
)


def trials(settings: list[dict[str, Any]], scores: list[float | None]) -> list[Trial]:
    return [
        Trial(number, own, (score,), score)
        for number, (own, score) in enumerate(zip(settings, scores, strict=True))
    ]


class TestGrid:
    @pytest.mark.parametrize("name", list(OPTIMIZERS))
    def test_the_learning_rate_half_a_decade_apart_around_the_default(self, name: str) -> None:
        optimizer = OPTIMIZERS[name]()
        rates = [s[optimizer.rate_option] for s in settings_of(Contestant(optimizer), 12, seed=0)]
        assert len(rates) == 12
        assert rates[6] == pytest.approx(optimizer.base_rate, rel=1e-5)
        for low, high in pairwise(rates):
            assert high / low == pytest.approx(math.sqrt(10), rel=1e-5)

    def test_odd_numbers_lie_on_both_sides_of_it(self) -> None:
        assert [s["learning_rate"] for s in settings_of(ADAM, 3, seed=0)] == [0.000316228, 0.001, 0.00316228]
        assert settings_of(ADAM, 1, seed=0) == [{"learning_rate": 0.001}]

    def test_one_range_is_divided_evenly_ends_included(self) -> None:
        linear = Contestant(OPTIMIZERS["momentum"](), search={"momentum": SearchRange(0.5, 0.9, "linear")})
        assert [s["momentum"] for s in settings_of(linear, 5, seed=0)] == [0.5, 0.6, 0.7, 0.8, 0.9]

    def test_a_list_is_tried_whole_and_an_empty_search_once(self) -> None:
        listed = Contestant(OPTIMIZERS["adam"](), search={"beta1": (0.0, 0.9)})
        assert settings_of(listed, 12, seed=0) == [{"beta1": 0.0}, {"beta1": 0.9}]
        assert settings_of(Contestant(OPTIMIZERS["adam"](), search={}), 12, seed=0) == [{}]


class TestSobol:
    def test_fills_the_ranges(self) -> None:
        found = settings_of(SEVERAL, 12, seed=3)
        assert len(found) == 12
        assert {s["amsgrad"] for s in found} == {True, False}
        shares = sorted(math.log10(s["learning_rate"] / 1e-4) / 3 for s in found)
        assert all(0 <= share <= 1 for share in shares)
        # 8 of the first 8 points lie one in each eighth: that is what a Sobol sequence is for.
        first = [math.log10(s["learning_rate"] / 1e-4) / 3 for s in found[:8]]
        assert sorted(int(share * 8) for share in first) == list(range(8))
        assert all(0.5 <= s["beta1"] <= 0.95 for s in found)

    def test_depends_on_the_seed_alone(self) -> None:
        assert settings_of(SEVERAL, 12, seed=3) == settings_of(SEVERAL, 12, seed=3)
        assert settings_of(SEVERAL, 12, seed=3) != settings_of(SEVERAL, 12, seed=4)


class TestBest:
    def test_a_diverged_run_is_the_worst(self) -> None:
        assert median_score([0.9, None, 0.8], higher=True) == 0.8
        assert median_score([0.9, None, 0.8], higher=False) == 0.9
        assert median_score([0.9, None, None], higher=True) is None
        assert median_score([0.9, None], higher=True) is None

    def test_of_equal_ones_the_middle(self) -> None:
        grid = settings_of(ADAM, 5, seed=0)
        best = best_trial(trials(grid, [0.1, 0.9, 0.9, 0.9, 0.2]), higher=True)
        assert best is not None
        assert best.number == 2
        assert best_trial(trials(grid, [None] * 5), higher=True) is None

    @given(st.permutations(range(6)), st.booleans())
    def test_is_the_best(self, order: list[int], higher: bool) -> None:
        grid = settings_of(ADAM, 6, seed=0)
        best = best_trial(trials(grid, [float(score) for score in order]), higher=higher)
        assert best is not None
        assert best.score == (5 if higher else 0)


class TestEdges:
    COMPARE = Compare(trials=4)

    def grid(self) -> list[dict[str, Any]]:
        return settings_of(ADAM, 4, seed=0)

    @pytest.mark.parametrize(
        ("scores", "side", "rate"),
        [([4.0, 3, 2, 1], "low", 3.16228e-5), ([1.0, 2, 3, 4], "high", 0.01), ([1.0, 4, 3, 2], None, None)],
    )
    def test_the_grid_goes_on_by_a_step(
        self, scores: list[float], side: str | None, rate: float | None
    ) -> None:
        tried = trials(self.grid(), list(scores))
        best = best_trial(tried, higher=True)
        assert best is not None
        edge = edge_of(ADAM, self.COMPARE, tried, best)
        assert edge == (None if side is None else ("learning_rate", side))
        further = further_settings(ADAM, self.COMPARE, tried, higher=True, seed=0)
        assert further == ([] if rate is None else [{"learning_rate": pytest.approx(rate, rel=1e-4)}])

    def test_it_ends_at_twice_the_budget(self) -> None:
        settings = self.grid()
        for _ in range(20):
            tried = trials(settings, [float(number) for number in range(len(settings))])
            further = further_settings(ADAM, self.COMPARE, tried, higher=True, seed=0)
            if not further:
                break
            settings = settings + further
        assert len(settings) == 8
        assert [s["learning_rate"] for s in settings] == sorted(s["learning_rate"] for s in settings)

    def test_it_ends_at_a_bound_of_the_option(self) -> None:
        contestant = Contestant(
            OPTIMIZERS["momentum"](), search={"momentum": SearchRange(0.5, 0.95, "linear")}
        )
        tried = trials(settings_of(contestant, 4, seed=0), [1.0, 2, 3, 4])
        assert beyond(contestant, [t.settings for t in tried], "momentum", "high", 4, 0) == []
        assert further_settings(contestant, self.COMPARE, tried, higher=True, seed=0) == []

    def test_nothing_is_tried_where_all_failed(self) -> None:
        tried = trials(self.grid(), [None] * 4)
        assert further_settings(ADAM, self.COMPARE, tried, higher=True, seed=0) == []

    def test_sobol_points_go_on_in_a_strip_past_the_edge(self) -> None:
        compare = Compare(trials=8)
        settings = settings_of(SEVERAL, 8, seed=0)
        order = sorted(settings, key=lambda s: s["learning_rate"])
        scores = [float(order.index(s)) for s in settings]
        further = further_settings(SEVERAL, compare, trials(settings, scores), higher=True, seed=0)
        assert len(further) == 2
        for one in further:
            assert 0.1 <= one["learning_rate"] <= 0.1 * 10**0.75 * (1 + 1e-5)
            assert 0.5 <= one["beta1"] <= 0.95


class TestContestants:
    def test_the_usual_ones(self) -> None:
        found = resolved_contestants(Compare(), None)
        assert tuple(contestant.name for contestant in found) == USUAL
        assert all(contestant.optimizer == OPTIMIZERS[contestant.name]() for contestant in found)

    def test_all_that_fit_the_problem(self) -> None:
        batches = from_plain({"dataset": "iris"}).config
        assert {c.name for c in resolved_contestants(Compare(), "all", [batches])} == (
            set(OPTIMIZERS) - {"lbfgs", "annealing"}
        )
        objective = plain_source({"objective": "rosenbrock", "start": [0, 0]}).load_objective().config
        assert {c.name for c in resolved_contestants(Compare(), "all", [objective])} == (
            set(OPTIMIZERS) - {"sophia"}
        )
        with pytest.raises(ConfigError, match="batch_size: lbfgs compares losses"):
            resolved_contestants(Compare(), "adam,lbfgs", [objective, batches])

    def test_all(self) -> None:
        found = resolved_contestants(Compare(), "all")
        assert [contestant.name for contestant in found] == list(OPTIMIZERS)

    def test_those_of_the_config_by_their_labels(self) -> None:
        own = Contestant(OPTIMIZERS["adam"](beta1=0.5), label="slow")
        compare = Compare(optimizers=(own, Contestant(OPTIMIZERS["sgd"]())))
        assert resolved_contestants(compare, None) == compare.optimizers
        assert resolved_contestants(compare, "slow, adam") == (own, Contestant(OPTIMIZERS["adam"]()))

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ("sgd,adm", "'adm' is no optimizer; did you mean adam?"),
            ("sgd", "nothing to compare sgd with"),
            ("sgd,sgd", "'sgd' occurs twice"),
            ("", "'' is no optimizer"),
        ],
    )
    def test_what_is_refused(self, asked: str, words: str) -> None:
        with pytest.raises(ConfigError, match=words):
            resolved_contestants(Compare(), asked)

    def test_two_of_one_name(self) -> None:
        twice = Compare(optimizers=(ADAM, ADAM))
        with pytest.raises(ConfigError, match="give one of them a label"):
            resolved_contestants(twice, None)
