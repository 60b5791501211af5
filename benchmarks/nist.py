"""`python -m benchmarks.nist`: how many certified digits the optimizers find on NIST's regressions.

Every optimizer begins at NIST's second starting point, in variables that are scaled to be 1 there, and has
2,000 steps (lbfgs, whose steps take several evaluations, 500) with the best of eleven constant learning rates
from 1e-5 to 1, half a decade apart. The digits are those of the worst parameter at the best value on the way.
"""

from __future__ import annotations

import math
import sys

import numpy as np

from gdrun.config import ObjectiveConfig
from gdrun.experiments.minimize.work import descent_work
from gdrun.objectives import Nist
from gdrun.objectives.nist_models import MODELS
from gdrun.optim import OPTIMIZERS
from gdrun.training.descent import Trajectory, descend

CONTESTANTS = ("sgd", "momentum", "adagrad", "rmsprop", "adam", "rprop", "lbfgs")
SHOWN = (
    "misra1a",
    "danwood",
    "chwirut2",
    "mgh09",
    "rat43",
    "eckerle4",
    "thurber",
    "hahn1",
    "mgh10",
    "lanczos3",
)
RATES = [10 ** (power / 2) for power in range(-10, 1)]
STEPS, LBFGS_STEPS = 2000, 500
CERTIFIED = 11  # digits
ENOUGH = 4  # digits, for the last column


def digits(problem: str, optimizer: str) -> float:
    """Of the worst parameter, by the best rate; 0 for none."""
    objective = Nist(problem=problem, scaled=True)
    rates = [1.0] if optimizer == "lbfgs" else RATES
    configs = [
        ObjectiveConfig(
            objective=objective,
            start=(1.0,) * objective.dimension,
            optimizer=OPTIMIZERS[optimizer](learning_rate=rate),
            steps=LBFGS_STEPS if optimizer == "lbfgs" else STEPS,
        )
        for rate in rates
    ]
    ways = descend(descent_work(configs), lambda *_: None)
    return max(_right(objective, trajectory) for trajectory in ways)


def _right(objective: Nist, trajectory: Trajectory) -> float:
    best = trajectory.best(1)
    if best is None:
        return 0.0
    certified = np.array(objective.certified)
    off = np.abs(trajectory.points[best] * objective.unit - certified) / np.abs(certified)
    return float(np.clip(-np.log10(np.maximum(off, 10.0**-CERTIFIED)), 0, CERTIFIED).min())


def main() -> None:
    heads = ["", *SHOWN, f"of {len(MODELS)}, {ENOUGH} or more"]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for optimizer in CONTESTANTS:
        found = {problem: digits(problem, optimizer) for problem in MODELS}
        enough = sum(number >= ENOUGH for number in found.values())
        lines.append([optimizer, *(str(math.floor(found[name])) for name in SHOWN), str(enough)])
    sys.stdout.writelines(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    main()
