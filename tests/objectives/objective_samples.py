"""What the tests of this room share: an instance of every objective, points, central differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdrun.objectives import OBJECTIVES, Objective
from gdrun.objectives.nist_models import MODELS

POINTS = ((0.0, 0.0), (4.0, 0.0), (1.0, 3.0), (2.0, 2.0), (-1.0, 1.5))
ROWS = ((1.0, 0.5, 2.0), (2.0, -1.0, 3.5), (3.0, 0.25, 3.0), (4.0, 2.0, 7.0))
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "quadratic": [
        {},
        {"condition": 25, "angle": 30, "linear": (-1, 2)},
        {"matrix": ((1, 0.8), (0.8, 25)), "linear": (-1, 2)},
        {"dimension": 4, "condition": 100},
    ],
    "smallest_circle": [{"points": POINTS}],
    "least_squares": [{"data": ROWS}, {"data": ROWS, "intercept": False}],
    "nist": [{"problem": name} for name in MODELS] + [{"problem": "misra1a", "scaled": True, "first": 1}],
    "expression": [
        {"expression": "x**2 + 2*x + 3"},
        {"expression": "sin(x)*exp(-y**2) + sqrt(1 + x**2) - log(2 + cos(y))/(1 + abs(x*y))"},
    ],
}
FREE = ("sphere", "rosenbrock", "styblinski_tang", "rastrigin", "ackley", "griewank")


def samples() -> list[Objective]:
    """Instances of every objective, those of free dimension with two and with five variables."""
    found = []
    for name, cls in OBJECTIVES.items():
        usual = [{"dimension": 2}, {"dimension": 5}] if name in FREE else [{}]
        found += [cls(**options) for options in OPTIONS.get(name, usual)]
    return found


def called(objective: Objective) -> str:
    problem = getattr(objective, "problem", "")
    return f"{objective.name} {problem}{len(objective.variables)}"


def points_of(objective: Objective, count: int, seed: int = 0) -> np.ndarray:
    """Points of its domain, (count, dimension); of a regression such that are near the answer."""
    rng = np.random.default_rng(seed)
    if objective.name == "nist":
        answer = np.array(objective.minima[0])
        return answer * (1 + 1e-3 * rng.standard_normal((count, len(answer))))
    low, high = objective.domain.T
    return rng.uniform(low, high, (count, len(low)))


def differences(objective: Objective, points: np.ndarray) -> np.ndarray:
    """The gradient by central differences, (points, dimension)."""
    found = np.empty_like(points)
    for place in range(points.shape[1]):
        size = np.abs(points[:, place])
        step = np.zeros_like(points)
        step[:, place] = 6e-6 * (size if objective.name == "nist" else np.maximum(1, size))
        rise = objective.values(points + step) - objective.values(points - step)
        found[:, place] = rise / (2 * step[:, place])
    return found
