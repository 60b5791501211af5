"""The penalty and its gradient with every mistake planted in it: the check notices each one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from gradient_check import RIGHT, relative_error
from gradient_mutants import NOTICED, Change, changes, differs

from gdrun.component import stack
from gdrun.optim.optimizer import Array
from gdrun.optim.penalty import Penalty

WEIGHTS, PARAMETERS = 7, 9
PENALTIES = {
    "l1": [Penalty(l1=0.3), Penalty(l1=0.7)],
    "l2": [Penalty(l2=0.2), Penalty(l2=0.5)],
    "both": [Penalty(l1=0.3, l2=0.1), Penalty(l1=0.2, l2=0.4)],
    "one of two runs": [Penalty(), Penalty(l1=0.2, l2=0.4)],
}
THETA = np.random.default_rng(0).normal(size=(2, PARAMETERS))


def numeric(penalty: Penalty) -> Array:
    """Central differences of the penalty's value."""
    slopes = np.empty_like(THETA)
    for place, step in enumerate(np.eye(PARAMETERS) * 1e-6):
        above, below = (penalty.value(THETA + sign * step, WEIGHTS) for sign in (1, -1))
        slopes[:, place] = (above - below) / 2e-6
    return slopes


def exact(penalty: Penalty) -> Array:
    """What `add_gradient` adds."""
    gradient = np.zeros_like(THETA)
    penalty.add_gradient(THETA, gradient, WEIGHTS)
    return gradient


def from_wrong_weights(change: Change) -> Callable[[Penalty], Array]:
    """The gradient at weights that a mistake was made with; biases are taken along."""

    def gradient(penalty: Penalty) -> Array:
        wrong = np.zeros_like(THETA)
        penalty.add_gradient(np.array(change(THETA.copy())), wrong, WEIGHTS)
        return wrong

    return gradient


def mistakes() -> dict[str, Callable[[Penalty], Array]]:
    found: dict[str, Callable[[Penalty], Array]] = {}
    for name, change in changes(THETA):
        found[f"gradient: {name}"] = lambda penalty, change=change: np.array(change(exact(penalty)))
        found[f"weights: {name}"] = from_wrong_weights(change)
    for count in (0, WEIGHTS - 1, PARAMETERS):
        found[f"of {count} weights"] = lambda penalty, count=count: of_weights(penalty, count)
    return found


def of_weights(penalty: Penalty, count: int) -> Array:
    gradient = np.zeros_like(THETA)
    penalty.add_gradient(THETA, gradient, count)
    return gradient


@pytest.mark.parametrize("name", PENALTIES)
def test_every_mistake_in_a_penalty_is_noticed(name: str) -> None:
    penalty = stack(PENALTIES[name])
    expected = numeric(penalty)
    right = exact(penalty)
    assert relative_error([right], [expected]) < RIGHT
    wrong = {name: gradient for name, make in mistakes().items() if differs(gradient := make(penalty), right)}
    assert [
        name for name, gradient in wrong.items() if relative_error([gradient], [expected]) < NOTICED
    ] == []
    assert len(wrong) >= 30


def test_more_than_forty_mistakes_are_planted_in_the_penalty() -> None:
    penalty = stack(PENALTIES["both"])
    assert sum(differs(make(penalty), exact(penalty)) for make in mistakes().values()) >= 40
