"""Each optimizer against the trajectories of PyTorch or optax, a step worked by hand, and a known minimum."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from optim_samples import QUADRATIC_MINIMUM, RULES, case_name, golden, trajectory

from gdrun.component import option_types
from gdrun.optim import AVERAGINGS, OPTIMIZERS, RmsProp
from gdrun.optim.gradient_noise import GradientNoise
from gdrun.optim.lookahead import Lookahead
from gdrun.optim.muon import orthogonalized
from gdrun.optim.schedule import RunLength
from gdrun.optim.schedules import SCHEDULES
from gdrun.optim.stepper import Stepper

CASES = golden("optimizers")
CYCLES = golden("momentum_cycles")


def close(actual, expected):
    """To a relative 1e-10 of the point's size; NaN where NaN or infinity is expected."""
    expected = np.array(expected, np.float64)  # None, for a number that is not finite, becomes NaN
    finite = np.isfinite(expected)
    assert (np.isfinite(actual) == finite).all()
    difference = np.abs(actual - expected)[finite]
    assert (difference <= 1e-10 * np.abs(expected[finite])).all(), (
        difference / np.abs(expected[finite])
    ).max()


def test_every_optimizer_has_golden_trajectories_on_both_objectives():
    assert OPTIMIZERS
    covered = {(case["optimizer"], case["objective"]) for case in CASES}
    assert covered == {(name, kind) for name in OPTIMIZERS for kind in ("quadratic", "rosenbrock")}


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_trajectory_is_that_of_its_source(case):
    optimizer = OPTIMIZERS[case["optimizer"]](**case["options"])
    points = trajectory(optimizer, case["objective"], case["start"], max(case["steps"]))
    close(points[case["steps"]], case["points"])


@pytest.mark.parametrize("case", CYCLES, ids=case_name)
def test_cycled_momentum_is_pytorchs_one_cycle(case):
    options = dict(case["schedule"])
    schedule = SCHEDULES[options.pop("name")](**options)
    run = RunLength(case["epochs"], case["steps_per_epoch"])
    optimizer = OPTIMIZERS[case["optimizer"]](**case["options"])
    points = trajectory(
        optimizer, case["objective"], case["start"], run.steps,
        schedule.learning_rate_factors(run), schedule.momentum(run),
    )  # fmt: skip
    close(points[case["steps"]], case["points"])


# One step from θ = 2 with gradient 3 (so that g² = 9) and rate 0.1, then one more with gradient 1.
# Numbers are written out so that each line can be checked with a pocket calculator.
BY_HAND = {
    # 2 − 0.1·3 = 1.7; 1.7 − 0.1·1 = 1.6
    "sgd": ({}, 1.7, 1.6),
    # v = 3, θ = 1.7; v = 0.9·3 + 1 = 3.7, θ = 1.7 − 0.37
    "momentum": ({}, 1.7, 1.33),
    # v = 3, θ = 2 − 0.1·(3 + 2.7) = 1.43; v = 3.7, θ = 1.43 − 0.1·(1 + 3.33) = 0.997
    "nesterov": ({}, 1.43, 0.997),
    # s = 9, θ = 2 − 0.1·3/(3 + 1); s = 10, θ = 1.925 − 0.1/(√10 + 1) = 1.925 − 0.1/4.16227766
    "adagrad": ({"eps": 1.0}, 1.925, 1.925 - 0.1 / 4.16227766016838),
    # s = 4.5, Δ = √0.5/√5·3 = √0.9 = 0.948683…, u = 0.45, θ = 2 − 0.0948683…
    # s = 2.25 + 0.5 = 2.75, Δ = √0.95/√3.25 = √(0.95/3.25), θ ← θ − 0.1·0.540654…
    "adadelta": (
        {"rho": 0.5, "eps": 0.5},
        2 - 0.0948683298050514,
        2 - 0.0948683298050514 - 0.05406548735632486,
    ),
    # s = 0.5·9 = 4.5, θ = 2 − 0.3/(2.12132034 + 1); s = 2.25 + 0.5 = 2.75, θ ← θ − 0.1/(1.65831240 + 1)
    "rmsprop": (
        {"rho": 0.5, "eps": 1.0},
        2 - 0.3 / 3.12132034355964,
        2 - 0.3 / 3.12132034355964 - 0.1 / 2.6583123951777,
    ),
    # m̂ = 3, v̂ = 9: θ = 2 − 0.1·3/(3 + 1) = 1.925
    # m = 0.5·1.5 + 0.5 = 1.25, m̂ = 1.25/0.75 = 5/3; v = 0.5·4.5 + 0.5 = 2.75, v̂ = 2.75/0.75 = 11/3
    "adam": (
        {"beta1": 0.5, "beta2": 0.5, "eps": 1.0},
        1.925,
        1.925 - 0.1 * (5 / 3) / (1.91485421551268 + 1),
    ),
    # a number is no matrix: adam's steps, with the learning rate for these
    "muon": (
        {"adam_learning_rate": 0.1, "beta1": 0.5, "beta2": 0.5, "eps": 1.0},
        1.925,
        1.925 - 0.1 * (5 / 3) / (1.91485421551268 + 1),
    ),
    # the weights shrink by 0.1·0.5 first: 1.9 − 0.075 = 1.825; 1.825·0.95 = 1.73375, then adam's second step
    "adamw": (
        {"beta1": 0.5, "beta2": 0.5, "eps": 1.0, "weight_decay": 0.5},
        1.825,
        1.73375 - 0.1 * (5 / 3) / (1.91485421551268 + 1),
    ),
    # u = 3 + 1 = 4, m = 1.5, θ = 2 − 0.1/0.5·1.5/4 = 1.925
    # u = max(2, 1 + 1) = 2, m = 1.25, θ = 1.925 − 0.1/0.75·1.25/2 = 1.925 − 1/12
    "adamax": ({"beta1": 0.5, "beta2": 0.5, "eps": 1.0}, 1.925, 1.925 - 1 / 12),
    # ψ = 0: μ = 0.5·0.5 = 0.25 always, M = 0.25, 0.0625, 0.015625
    # m = 1.5, √v̂ + ε = 4: 0.75·3/0.75 + 0.25·1.5/0.9375 = 3.4, θ = 2 − 0.1·3.4/4 = 1.915
    # m = 1.25: 0.75·1/0.9375 + 0.25·1.25/0.984375 = 0.8 + 0.317460317…, over 1.91485421… + 1
    "nadam": (
        {"beta1": 0.5, "beta2": 0.5, "eps": 1.0, "momentum_decay": 0.0},
        1.915,
        1.915 - 0.1 * (0.8 + 20 / 63) / (1.91485421551268 + 1),
    ),
    # ρ_1 and ρ_2 are below 5, so the step is η·m̂: 2 − 0.3; then m̂ = 5/3
    "radam": ({"beta1": 0.5}, 1.7, 1.7 - 0.1 * 5 / 3),
    # m = 1.5, s = 0.5·(3 − 1.5)² + 1 = 2.125, ŝ = 4.25, m̂ = 3
    # m = 1.25, s = 0.5·2.125 + 0.5·(1 − 1.25)² + 1 = 2.09375, ŝ = s/0.75, m̂ = 5/3
    "adabelief": (
        {"beta1": 0.5, "beta2": 0.5, "eps": 1.0},
        2 - 0.3 / 3.06155281280883,
        2 - 0.3 / 3.06155281280883 - 0.1 * (5 / 3) / 2.670828137980285,
    ),
    # v = 1 + 0.5·9 = 5.5, v̂ = 11, m̂ = 3; v = 5.5 − 0.5·1 = 5, v̂ = 20/3, m̂ = 5/3
    "yogi": (
        {"beta1": 0.5, "beta2": 0.5, "eps": 1.0, "initial_accumulator": 1.0},
        2 - 0.3 / 4.3166247903554,
        2 - 0.3 / 4.3166247903554 - 0.1 * (5 / 3) / 3.581988897471611,
    ),
    # m̂ = 3, v = 0, n = 4.5, n̂ = 9: 2 − 0.1·3/(3 + 1); d = −2, m̂ = 5/3, v = −1, v̂ = −4/3,
    # n = 0.5·4.5 + 0.5·(1 − 0.5·2)² = 2.25, n̂ = 3: (5/3 − 0.5·4/3)/(√3 + 1) = 1/(√3 + 1)
    "adan": (
        {"beta1": 0.5, "beta2": 0.5, "beta3": 0.5, "eps": 1.0},
        1.925,
        1.925 - 0.1 / 2.73205080756888,
    ),
    # the weights shrink by 0.1·0.5 first: 1.9 − 0.1 = 1.8; 1.8·0.95 − 0.1
    "lion": ({"weight_decay": 0.5}, 1.8, 1.61),
    # shrunk to 1.9; a single number moves by a tenth of itself, whatever the gradient's size: 1.71
    # 1.71·0.95·0.9 = 1.46205
    "lars": ({"weight_decay": 0.5}, 1.71, 1.46205),
    "lamb": ({"weight_decay": 0.5}, 1.71, 1.46205),
    # m = 1.5, h = 0: 1.5/2 = 0.75, θ = 2 − 0.075; m = 1.25: 0.625, θ = 1.925 − 0.0625
    "sophia": ({"beta1": 0.5, "eps": 2.0}, 1.925, 1.8625),
    # the first step is 0.1, the second, with the same sign, 0.1·1.2
    "rprop": ({}, 1.9, 1.78),
}


@pytest.mark.parametrize("name", RULES)
def test_first_steps_by_hand(name):
    options, first, second = BY_HAND[name]
    theta, g = np.array([[2.0]]), np.array([[3.0]])
    stepper = Stepper(OPTIMIZERS[name](learning_rate=0.1, **options), theta, g)
    stepper.prepare(np.full((2, 1), 0.1), 0)
    stepper.step(0)
    assert theta[0, 0] == pytest.approx(first, rel=1e-13)
    g[0, 0] = 1.0
    stepper.step(1)
    assert theta[0, 0] == pytest.approx(second, rel=1e-13)


@pytest.mark.parametrize("name", RULES)
def test_reaches_the_minimum_of_a_quadratic(name):
    rate = {"sgd": 0.05, "momentum": 0.02, "nesterov": 0.02, "adagrad": 0.5, "adadelta": 5.0, "radam": 0.01}
    cls = OPTIMIZERS[name]
    undecayed = {"weight_decay": 0.0} if "weight_decay" in option_types(cls) else {}
    own = {"adam_learning_rate": 0.02} if name == "muon" else {}
    optimizer = cls(learning_rate=rate.get(name, 0.02), **undecayed, **own)
    falling = np.linspace(1, 0.001, 1500)
    points = trajectory(optimizer, "quadratic", [1.0, -2.0], 1500, falling)
    assert points[-1] == pytest.approx(QUADRATIC_MINIMUM, abs=2e-3)


def test_centered_rmsprop_survives_a_constant_gradient():
    # s − ḡ² goes to 0 and is rounded below it: without the guard the root is NaN.
    rng = np.random.default_rng(0)
    constant = rng.normal(size=(1, 4096)).astype(np.float32)
    theta, g = np.zeros_like(constant), constant.copy()
    stepper = Stepper(RmsProp(centered=True, rho=0.5), theta, g)
    stepper.prepare(np.full((100, 1), 1e-9), 0)
    for k in range(100):
        g[...] = constant
        stepper.step(k)
    assert np.isfinite(theta).all()


@pytest.mark.parametrize("case", golden("muon"), ids=["wide", "tall"])
def test_muon_orthogonalizes_matrices(case):
    start = np.array(case["start"])
    theta, g = start.reshape(1, -1).copy(), np.zeros((1, start.size))
    optimizer = OPTIMIZERS["muon"](**case["options"])
    stepper = Stepper(optimizer, theta, g, tensors=[start.shape])
    stepper.prepare(np.full((len(case["points"]), 1), optimizer.learning_rate), 0)
    for k, (gradient, point) in enumerate(zip(case["gradients"], case["points"], strict=True)):
        g[0] = np.ravel(gradient)
        stepper.step(k)
        close(theta[0], np.ravel(point))


@pytest.mark.parametrize("shape", [(3, 20, 30), (3, 30, 20), (2, 8, 8), (1, 1, 5), (1, 5, 1)])
def test_singular_values_of_an_orthogonalized_matrix_are_about_one(shape):
    matrices = np.random.default_rng(1).normal(size=shape)
    found = orthogonalized(matrices)
    # the directions stay: uᵀ·X·v is diagonal, with the new singular values
    u, _, vt = np.linalg.svd(matrices, full_matrices=False)
    turned = u.transpose(0, 2, 1) @ found @ vt.transpose(0, 2, 1)
    values = np.diagonal(turned, axis1=1, axis2=2)
    assert np.abs(turned - values[:, :, None] * np.eye(values.shape[1])).max() < 1e-9
    assert values.min() > 0.1
    assert values.max() < 1.3
    assert np.median(values) > 0.6


def test_nesterov_of_sgd_needs_momentum():
    with pytest.raises(ValueError, match="nesterov needs a momentum"):
        OPTIMIZERS["sgd"](nesterov=True)
    with pytest.raises(ValueError, match="dampening of 0"):
        OPTIMIZERS["sgd"](nesterov=True, momentum=0.9, dampening=0.1)


@pytest.mark.parametrize(("name", "options"), [
    ("sgd", {"momentum": 1.0}), ("adam", {"beta2": 1.0}), ("adam", {"eps": 0}),
    ("adam", {"learning_rate": 0}), ("rmsprop", {"weight_decay": -1e-3}),
    ("adagrad", {"initial_accumulator": -1}), ("rprop", {"increase_factor": 1.0}),
    ("rprop", {"decrease_factor": 1.0}), ("rprop", {"min_step": 51.0}),
])  # fmt: skip
def test_options_have_bounds(name, options):
    with pytest.raises(ValueError, match=f": {next(iter(options))} must be"):
        OPTIMIZERS[name](**options)


WRAPPERS = [*AVERAGINGS.values(), Lookahead, GradientNoise]
DOCUMENTED = [*OPTIMIZERS.values(), *SCHEDULES.values(), *WRAPPERS]


@pytest.mark.parametrize("cls", DOCUMENTED, ids=lambda cls: cls.name)
def test_docstring_has_formula_reference_and_every_option(cls):
    text = inspect.getdoc(cls)
    assert "Formula:" in text
    assert "Reference:" in text
    listed = text.partition("Options:")[2].partition("\n\n")[0]
    explained = {
        name.strip()
        for line in listed.splitlines()
        if line.startswith("    ") and ": " in line
        for name in line.partition(": ")[0].split(",")
    }
    assert set(option_types(cls)) <= explained
