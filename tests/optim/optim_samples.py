"""What the tests of this room share: golden cases, objectives, random options, a small training loop."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from gdrun.arrays import aligned_zeros
from gdrun.component import option_types, stack
from gdrun.optim import OPTIMIZERS, Method, Optimizer, Searcher
from gdrun.optim.search_stepper import SearchStepper
from gdrun.optim.stepper import Stepper

GOLDEN = Path(__file__).parent.parent / "golden"


def golden(name: str) -> list[dict[str, Any]]:
    cases = json.loads((GOLDEN / f"{name}.json").read_text())
    assert cases, "a test without cases shows nothing"
    assert all(case["source"] for case in cases)
    return cases


def case_name(case: dict[str, Any]) -> str:
    parts = [case.get("optimizer"), case.get("options"), case.get("schedule"), case.get("objective")]
    return " ".join(str(part) for part in parts if part).replace("'", "")


def quadratic_gradient(p):  # of ½(x² + 25y²) + 0.8xy − x + 2y
    x, y = p[..., 0], p[..., 1]
    return np.stack([x + 0.8 * y - 1, 25 * y + 0.8 * x + 2], axis=-1)


def rosenbrock_gradient(p):  # of (1 − x)² + 100(y − x²)²
    x, y = p[..., 0], p[..., 1]
    return np.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], axis=-1)


def quadratic(p):
    x, y = p[..., 0], p[..., 1]
    return (x * x + 25 * y * y) / 2 + 0.8 * x * y - x + 2 * y


def rosenbrock(p):
    x, y = p[..., 0], p[..., 1]
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


RULES = {name: cls for name, cls in OPTIMIZERS.items() if issubclass(cls, Optimizer)}
SEARCHERS = {name: cls for name, cls in OPTIMIZERS.items() if issubclass(cls, Searcher)}
VALUES = {"quadratic": quadratic, "rosenbrock": rosenbrock}
OBJECTIVES = {"quadratic": quadratic_gradient, "rosenbrock": rosenbrock_gradient}
QUADRATIC_MINIMUM = np.linalg.solve([[1, 0.8], [0.8, 25]], [1, -2])


def trajectory(optimizer, objective, start, steps, factors=None, momentum=None):
    """Positions (steps + 1, 2) of one float64 run."""
    theta, g = np.array([start], np.float64), np.zeros((1, len(start)))
    if isinstance(optimizer, Searcher):
        objective = evaluation(objective)
        stepper = SearchStepper([optimizer], theta, objective, seeds=[0], steps=steps)
    else:
        stepper = Stepper(stack([optimizer]), theta, g)
    factors = np.ones(steps) if factors is None else factors
    rates = optimizer.base_rate * np.asarray(factors)[:, None]
    stepper.prepare(rates, 0, {} if momentum is None else {0: momentum})
    points = [theta[0].copy()]
    with np.errstate(all="ignore"):
        for k in range(steps):
            if isinstance(optimizer, Optimizer):
                g[0] = OBJECTIVES[objective](theta[0])
            stepper.step(k)
            points.append(theta[0].copy())
    return np.array(points)


def evaluation(objective):
    """An objective as searchers take it; it keeps nothing and overwrites one buffer."""
    buffer = {}

    def evaluate(theta, with_gradient):
        value = VALUES[objective](theta.astype(np.float64))
        if not with_gradient:
            return value, None
        g = buffer.setdefault(theta.shape, np.empty_like(theta))
        g[...] = OBJECTIVES[objective](theta)
        return value, g

    return evaluate


def random_options(cls: type[Method], rng: np.random.Generator) -> Any:
    """An optimizer with random numbers, of which decay and momentum are often 0; never changes its kind."""
    options: dict[str, Any] = {}
    for name in option_types(cls):
        default = getattr(cls, name)
        if isinstance(default, bool | str | int):
            continue
        if name in ("weight_decay", "momentum", "dampening"):
            options[name] = float(rng.choice([0.0, rng.uniform(0.01, 0.9)]))
        elif name in ("beta1", "beta2", "beta3", "rho"):
            options[name] = float(rng.uniform(0.3, 0.999))
        elif name == "eps":
            options[name] = float(10 ** rng.uniform(-8, -2))
        elif name in ("increase_factor", "max_step"):
            options[name] = float(rng.uniform(1.1, 2.0))
        else:
            options[name] = float(rng.uniform(0.001, 0.1))
    return cls(**options)


def kinds(cls: type[Method]) -> list[dict[str, Any]]:
    """The settings of true-or-false options that change the kind of work."""
    flags = [field.name for field in dataclasses.fields(cls) if isinstance(field.default, bool)]
    return [{}] + [{flag: not getattr(cls, flag)} for flag in flags]


class Runs:
    """A stack in training on given gradients (steps, runs, parameters), with all there is to look at."""

    def __init__(self, optimizers, theta, gradients, rates, momentum=None, slice_values=16_384, tensors=None):
        self.theta = aligned_zeros(theta.shape, theta.dtype)
        self.theta[...] = theta
        self.g = aligned_zeros(theta.shape, theta.dtype)
        sizes = {"slice_values": slice_values, "tensors": tensors}
        self.stepper = Stepper(stack(optimizers), self.theta, self.g, **sizes)
        self.gradients, self.rates, self.momentum = gradients, rates, momentum or {}

    def go(self, first, last, piece=1000):
        """Take steps first … last − 1, prepared in pieces."""
        for begin in range(first, last, piece):
            end = min(begin + piece, last)
            momentum = {run: values[begin:end] for run, values in self.momentum.items()}
            self.stepper.prepare(self.rates[begin:end], begin, momentum)
            for k in range(end - begin):
                self.g[...] = self.gradients[begin + k]
                self.stepper.step(k)
        return self
