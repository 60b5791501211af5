"""scikit-learn's MLPClassifier."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.problem import LEARNING_RATE, Problem, clock


def prepare(problem: Problem, runs: int) -> Callable[[int], float]:
    """`fit` for a given number of epochs, without any stopping rule and without L2 penalty."""
    assert runs == 1, "MLPClassifier trains one model at a time"
    warnings.simplefilter("ignore", ConvergenceWarning)
    features, classes = problem.data()

    def train(epochs: int) -> float:
        model = MLPClassifier(
            hidden_layer_sizes=problem.sizes[1:-1],
            solver="adam",
            alpha=0.0,
            batch_size=problem.batch,
            learning_rate_init=LEARNING_RATE,
            max_iter=epochs,
            tol=0.0,
            n_iter_no_change=epochs + 1,
            random_state=0,
        )
        began = clock()
        model.fit(features, classes)
        seconds = clock() - began
        assert model.n_iter_ == epochs
        return seconds

    return train
