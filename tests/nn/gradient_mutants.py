"""Wrong versions of right gradients, made systematically: each kind of mistake in each array of a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from gdrun.nn.layer import Array, Bound

Change = Callable[[Array], Array]
NOTICED = 1e-3  # relative; the smallest mistake is 1 %

ANYWHERE: dict[str, Change] = {
    "sign": np.negative,
    "factor 2": lambda g: 2 * g,
    "factor 1/2": lambda g: g / 2,
    "off by 3 %": lambda g: 1.03 * g,
    "missing": np.zeros_like,
    "another run's": lambda g: g[::-1],
    "of the first run for all": lambda g: np.broadcast_to(g[:1], g.shape),
    "mean in place of a sum": lambda g: g / (g[0].size or 1),
    "absolute value": np.abs,
    "sign alone": lambda g: np.sign(g) * np.abs(g).max(initial=0),
    "squared": lambda g: g * np.abs(g),
    "clipped": lambda g: np.clip(g, -np.abs(g).max(initial=0) / 2, np.abs(g).max(initial=0) / 2),
    "a constant more": lambda g: g + np.abs(g).max(initial=0) / 4,
    "the largest left out": lambda g: np.where(np.abs(g) == np.abs(g).max(initial=0), 0, g),
}
ALONG: dict[str, Callable[[Array, int], Array]] = {
    "first left out": lambda g, axis: np.concatenate(
        [np.zeros_like(g.take([0], axis)), g.take(range(1, g.shape[axis]), axis)], axis
    ),
    "last left out": lambda g, axis: np.flip(ALONG["first left out"](np.flip(g, axis), axis), axis),
    "one off": lambda g, axis: np.roll(g, 1, axis),
    "reversed": np.flip,
    "mean over": lambda g, axis: np.broadcast_to(g.mean(axis=axis, keepdims=True), g.shape),
    "centered over": lambda g, axis: g - g.mean(axis=axis, keepdims=True),
    "running sum over": lambda g, axis: np.cumsum(g, axis=axis),
}


def changes(array: Array) -> Iterator[tuple[str, Change]]:
    """Every kind of mistake that an array (runs, …) of this shape can have."""
    yield from ANYWHERE.items()
    for axis in range(1, array.ndim):
        for name, along in ALONG.items():
            yield f"{name} axis {axis}", lambda g, along=along, axis=axis: along(g, axis)
    for a, b in combinations(range(1, array.ndim), 2):
        if array.shape[a] == array.shape[b]:
            yield f"axes {a} and {b} exchanged", lambda g, a=a, b=b: g.swapaxes(a, b)


def differs(wrong: Array, right: Array) -> bool:
    """Whether a mistake changed anything that counts: reversing a constant is no mistake."""
    return bool(np.abs(wrong - right).max(initial=0) > 10 * NOTICED * np.abs(right).max(initial=1e-3))


@dataclass(frozen=True)
class Mistake:
    """Where a backward pass goes wrong, and how.

    Attributes:
        place: "output gradient", "input gradient" or the name of a parameter.
        name: of the change.
        change: itself.
    """

    place: str
    name: str
    change: Change

    def __str__(self) -> str:
        return f"{self.place}: {self.name}"


def bound_with(mistake: Mistake | None, bound: Bound, gradients: Any, seen: dict[str, Array]) -> Bound:
    """A bound layer that makes a mistake; `seen` gets the arrays of its backward pass, as they leave it."""

    def backward(dy: Array) -> Array | None:
        if mistake is not None and mistake.place == "output gradient":
            dy[...] = np.array(mistake.change(dy.copy()))
        seen["output gradient"] = dy.copy()
        dx = bound.backward(dy)
        if mistake is not None and mistake.place in gradients:
            gradients[mistake.place][...] = mistake.change(gradients[mistake.place].copy())
        if mistake is not None and mistake.place == "input gradient":
            dx = np.array(mistake.change(dx.copy()))
        seen.update({name: gradient.copy() for name, gradient in gradients.items()})
        if dx is not None:
            seen["input gradient"] = dx.copy()
        return dx

    return Bound(bound.output, bound.forward, backward, bound.overwritable)


def mutant_of(cls: type[Any], mistake: Mistake | None, seen: dict[str, Array]) -> type[Any]:
    """A layer or activation like another, with a mistake in its backward pass; None for none."""

    @dataclass(frozen=True)
    class Mutant(cls):  # type: ignore[misc]  # a base that only the test knows
        name = "mutant"

        def bind(self, x: Array, *rest: Any) -> Bound:
            return bound_with(mistake, super().bind(x, *rest), rest[1] if len(rest) == 3 else {}, seen)

    return Mutant


def mistakes_in(seen: dict[str, Array]) -> list[Mistake]:
    """All that can be planted in a backward pass with these arrays."""
    return [Mistake(place, name, change) for place, array in seen.items() for name, change in changes(array)]
