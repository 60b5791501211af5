"""Methods that evaluate the objective themselves: their bits, their line search, and where they arrive."""

from __future__ import annotations

import math

import numpy as np
import pytest
from optim_samples import (
    QUADRATIC_MINIMUM,
    SEARCHERS,
    VALUES,
    evaluation,
    kinds,
    quadratic,
    random_options,
    rosenbrock,
    rosenbrock_gradient,
    trajectory,
)
from scipy.optimize import minimize

from gdrun.errors import ConfigError
from gdrun.optim import Annealing, Lbfgs
from gdrun.optim.clipping import GradientClipping
from gdrun.optim.line_search import CURVATURE, DECREASE, strong_wolfe
from gdrun.optim.search_stepper import SearchStepper
from gdrun.optim.searcher import Point, dot

STEPS = 23
DTYPES = [np.float32, np.float64]
CASES = [
    pytest.param(name, kind, id=f"{name} {kind or ''}")
    for name, cls in SEARCHERS.items()
    for kind in kinds(cls)
]
COOLINGS = ["geometric", "linear", "logarithmic"]


def same_bits(a, b):
    return a.tobytes() == b.tobytes()


class Searching:
    """A stack of searchers on an objective, ready to go on from any step."""

    def __init__(self, searchers, theta, objective="rosenbrock", steps=STEPS, seeds=None, **options):
        self.theta = theta.copy()
        self.evaluations = 0
        inner = evaluation(objective) if isinstance(objective, str) else objective

        def evaluate(theta, with_gradient):
            self.evaluations += 1
            value, gradient = inner(theta, with_gradient)
            self.theta[...] = np.nan  # as a network whose own buffer it is
            return value, gradient

        seeds = range(len(theta)) if seeds is None else seeds
        self.stepper = SearchStepper(searchers, self.theta, evaluate, seeds=seeds, steps=steps, **options)
        self.rates = np.array([[s.base_rate for s in searchers]])

    def go(self, first, last):
        with np.errstate(all="ignore"):
            for step in range(first, last):
                self.stepper.prepare(self.rates * (1 - step / self.stepper.steps / 2), step)
                self.stepper.step(0)
        return self


def some_runs(name, kind, dtype, runs=6):
    rng = np.random.default_rng(len(name))
    cls = SEARCHERS[name]
    searchers = [cls(**(vars(random_options(cls, rng)) | kind)) for _ in range(runs)]
    if name == "annealing":
        searchers = [cls(step_size=0.05 * (i + 1), temperature=0.1 * 10**i, **kind) for i in range(runs)]
    return searchers, rng.normal(size=(runs, 2)).astype(dtype)


def test_there_are_searchers():
    assert {"lbfgs", "annealing"} <= set(SEARCHERS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_stacked_is_alone_to_the_bit(name, kind, dtype):
    searchers, theta = some_runs(name, kind, dtype)
    stacked = Searching(searchers, theta).go(0, STEPS)
    assert stacked.theta.dtype == dtype
    assert np.isfinite(stacked.theta).all()
    assert not np.equal(stacked.theta, theta).all(axis=1).any()
    for run, searcher in enumerate(searchers):
        alone = Searching([searcher], theta[[run]], seeds=[run]).go(0, STEPS)
        assert same_bits(alone.theta[0], stacked.theta[run])
        for key, values in alone.stepper.state.items():
            assert same_bits(values[0], stacked.stepper.state[key][run]), key


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_restored_state_goes_on_to_the_same_bits(name, kind, dtype):
    searchers, theta = some_runs(name, kind, dtype)
    straight = Searching(searchers, theta).go(0, STEPS)
    half = Searching(searchers, theta).go(0, 9)
    kept = [4, 1]
    resumed = Searching([searchers[run] for run in kept], half.theta[kept], seeds=kept)
    for key, values in half.stepper.state.items():
        resumed.stepper.state[key][...] = values[kept]
    resumed.go(9, STEPS)
    assert same_bits(resumed.theta, straight.theta[kept])
    forgetful = Searching([searchers[run] for run in kept], half.theta[kept], seeds=kept)
    for key, values in half.stepper.state.items():
        if key != "loss":
            forgetful.stepper.state[key][...] = values[kept]
    assert not same_bits(forgetful.go(9, STEPS).theta, straight.theta[kept])


def test_a_run_that_cannot_go_on_leaves_the_others_alone():
    def broken(theta, with_gradient):
        value, gradient = evaluation("rosenbrock")(theta, with_gradient)
        value[1] = np.nan
        return value, gradient

    theta = np.array([[-1.2, 1.0], [0.0, 0.0], [0.5, 2.0]])
    for searcher in (Lbfgs(), Annealing()):
        sick = Searching([searcher] * 3, theta, broken).go(0, STEPS)
        healthy = Searching([searcher] * 3, theta).go(0, STEPS)
        assert same_bits(sick.theta[[0, 2]], healthy.theta[[0, 2]])
        assert sick.theta[1].tolist() == [0, 0]
        assert math.isnan(sick.stepper.loss[1])


@pytest.mark.parametrize("start", [[-1.2, 1.0], [3.0, -4.0], [0.0, 50.0]])
def test_lbfgs_arrives_where_scipys_does(start):
    found = minimize(rosenbrock, start, jac=rosenbrock_gradient, method="L-BFGS-B", options={"ftol": 1e-15})
    points = trajectory(Lbfgs(), "rosenbrock", start, 100)
    assert rosenbrock(points[-1]) <= found.fun + 1e-15
    assert points[-1] == pytest.approx([1, 1], abs=1e-9)
    assert (np.diff(rosenbrock(points)) <= 0).all()


def test_lbfgs_of_a_quadratic_is_newtons_method_in_the_end():
    points = trajectory(Lbfgs(), "quadratic", [1.0, -2.0], 12)
    assert points[-1] == pytest.approx(QUADRATIC_MINIMUM, rel=1e-12)


def test_at_the_minimum_it_stays():
    start = np.array([[1.0, 1.0], [-1.2, 1.0]])
    found = Searching([Lbfgs(), Lbfgs()], start, steps=60).go(0, 60)
    assert found.theta[0].tolist() == [1, 1]
    assert np.isfinite(found.stepper.state["s"]).all()


@pytest.mark.parametrize("first", [1e-4, 0.3, 1.0, 50.0, 1e6])
@pytest.mark.parametrize("seed", range(5))
def test_the_point_found_satisfies_the_strong_wolfe_conditions(seed, first):
    theta = np.random.default_rng(seed).normal(size=2)
    here = Point(theta, float(rosenbrock(theta)), rosenbrock_gradient(theta), math.nan)
    direction = -here.gradient
    search = strong_wolfe(here, direction, first, 60)
    asked = next(search)
    try:
        while True:
            asked = search.send(Point(asked, float(rosenbrock(asked)), rosenbrock_gradient(asked), math.nan))
    except StopIteration as end:
        trial = end.value
    slope = dot(here.gradient, direction)
    assert trial.length > 0
    assert trial.loss <= here.loss + DECREASE * trial.length * slope
    assert abs(trial.slope) <= -CURVATURE * slope


def test_a_loss_that_is_no_number_is_a_step_too_long():
    def root(theta, with_gradient):  # √x·(x − 1)², a number only for x ≥ 0
        x = theta[:, 0]
        value = np.sqrt(x) * (x - 1) ** 2 + x / 10
        gradient = (x - 1) ** 2 / (2 * np.sqrt(x)) + 2 * np.sqrt(x) * (x - 1) + 0.1
        return value, gradient[:, None]

    found = Searching([Lbfgs(learning_rate=50.0)], np.array([[3.0]]), root).go(0, 30)
    assert np.isfinite(found.theta).all()
    assert found.stepper.norm[0] < 1e-6


def test_most_line_searches_take_one_evaluation():
    found = Searching([Lbfgs()], np.array([[-1.2, 1.0]])).go(0, 36)
    assert found.evaluations < 1.5 * 36


def test_the_first_trial_is_the_learning_rate():
    # the first step tries α·min(1, 1/‖g‖₁) along −g; with a tiny rate and a slope that is steep enough,
    # the search has to make it longer by ten times at a time
    asked = []

    def watched(theta, with_gradient):
        asked.append(theta[0].copy())
        return evaluation("quadratic")(theta, with_gradient)

    start = np.array([[1.0, -2.0]])
    Searching([Lbfgs(learning_rate=1e-3)], start, watched).go(0, 1)
    g = np.array([1 - 1.6 - 1, -50 + 0.8 + 2])
    assert asked[1] == pytest.approx(start[0] - 1e-3 * g / np.abs(g).sum(), rel=1e-14)


def test_clipped_gradients_are_what_lbfgs_sees_and_the_norm_is_that_before():
    clipping = GradientClipping(norm=0.5)
    found = Searching([Lbfgs()], np.array([[1.0, -2.0]]), "quadratic", clipping=clipping).go(0, 1)
    assert np.linalg.norm(found.stepper.gradient[0]) <= 0.5
    assert found.stepper.norm[0] > 0.5


def test_temperatures_fall_as_they_should():
    def at(cooling, step, steps=10):
        return Annealing(temperature=8.0, final_temperature=0.5, cooling=cooling).temperature_at(step, steps)

    for cooling in COOLINGS:
        assert at(cooling, 0) == pytest.approx(8)
    assert at("geometric", 5) == pytest.approx(2)  # √(8·0.5)
    assert at("geometric", 10) == pytest.approx(0.5)
    assert at("linear", 5) == pytest.approx(4.25)
    assert at("logarithmic", 2) == pytest.approx(4)  # ln 2/ln 4


@pytest.mark.parametrize("cooling", COOLINGS)
def test_worse_proposals_are_accepted_as_often_as_the_temperature_says(cooling):
    # On a loss that is worse by 1 everywhere but at the start, a run leaves it with probability exp(−1/T).
    def cliff(theta, with_gradient):
        return (theta != 0).any(axis=1).astype(np.float64), None

    runs = 2000
    searcher = Annealing(temperature=0.8, cooling=cooling)
    found = Searching([searcher] * runs, np.zeros((runs, 1)), cliff).go(0, 1)
    left = (found.theta != 0).mean()
    assert left == pytest.approx(math.exp(-1 / 0.8), abs=4 * math.sqrt(0.25 / runs))


def test_annealing_gets_out_of_a_valley_that_descent_stays_in():
    def two_valleys(p):  # minima near x = −1 (value 0.3) and x = 1 (value −0.3)
        x = p[..., 0]
        return (x * x - 1) ** 2 - 0.3 * x

    def evaluate(theta, with_gradient):
        x = theta[:, 0]
        return two_valleys(theta), (4 * x * (x * x - 1) - 0.3)[:, None] if with_gradient else None

    start = np.full((20, 1), -1.0)
    descent = Searching([Lbfgs()], start[:1], evaluate).go(0, 30)
    assert descent.theta[0, 0] < -0.9
    searcher = Annealing(step_size=0.5, temperature=1.0, final_temperature=0.01)
    annealed = Searching([searcher] * 20, start, evaluate, steps=400).go(0, 400)
    assert (annealed.theta[:, 0] > 0.5).sum() >= 15


def test_annealing_never_asks_for_a_gradient():
    def evaluate(theta, with_gradient):
        assert not with_gradient
        return quadratic(theta), None

    found = Searching([Annealing(proposals=7)], np.array([[1.0, 1.0]]), evaluate).go(0, 3)
    assert found.evaluations == 1 + 3 * 7
    assert found.stepper.gradient is None
    assert math.isnan(found.stepper.norm[0])


def test_a_learning_rate_of_zero_is_no_step():
    start = np.array([[-1.2, 1.0]])
    found = Searching([Lbfgs()], start)
    found.rates *= 0
    assert same_bits(found.go(0, 2).theta, start)


def test_what_they_keep():
    assert Lbfgs(history=7).array_count == 2 * 7 + 5  # pairs, and points with their gradients
    assert Annealing().array_count == 3


def test_momentum_cannot_be_cycled():
    stepper = Searching([Lbfgs()], np.zeros((1, 2))).stepper
    with pytest.raises(ConfigError, match="lbfgs has no momentum that a schedule could cycle"):
        stepper.prepare(np.ones((1, 1)), 0, {0: np.ones(1)})


def test_a_searcher_and_a_seed_for_every_run():
    with pytest.raises(ValueError, match="2 runs need as many searchers and seeds, not 1 and 2"):
        SearchStepper([Lbfgs()], np.zeros((2, 2)), evaluation("quadratic"), seeds=[0, 1], steps=1)


def test_the_objectives_are_there():
    assert set(VALUES) == {"quadratic", "rosenbrock"}
