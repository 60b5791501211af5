"""L-BFGS: the curvature of the loss, learned from the last steps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from gdrun.component import Count, Positive
from gdrun.optim.line_search import strong_wolfe
from gdrun.optim.optimizer import Array, State
from gdrun.optim.searcher import Moment, Point, Search, Searcher, dot

_LEAST_CURVATURE = 1e-10  # of a pair that is remembered, as in PyTorch


@dataclass(frozen=True)
class Lbfgs(Searcher):
    """Limited-memory BFGS: quasi-Newton steps, made of the last few gradients, with a line search.

    Formula:
        p = −H·g with H the inverse Hessian as the last pairs s = θₖ₊₁ − θₖ, y = gₖ₊₁ − gₖ tell it:
        q ← g; newest to oldest pair: a ← sᵀq/yᵀs, q ← q − a·y; r ← (yᵀs/yᵀy of the newest)·q;
        oldest to newest: r ← r + s·(a − yᵀr/yᵀs); p = −r
        θ ← θ + αp, α by a line search for the strong Wolfe conditions
        f(θ + αp) ≤ f(θ) + 1e-4·α·gᵀp and |g(θ + αp)ᵀp| ≤ 0.9·|gᵀp|

    Options:
        learning_rate: the α that a line search tries first, times the schedule's factor; 1 is Newton's step.
        history: pairs that are remembered: as many times two arrays of the size of the parameters.
        line_search: evaluations of one line search at most; most take one or two.

    Variant:
        As PyTorch's LBFGS with strong_wolfe, to the same trajectory: the first step of all tries
        α·min(1, 1/‖g‖₁), and a pair with yᵀs ≤ 1e-10 is not remembered. There a run ends when steps and
        gradients fall below fixed sizes; here it ends by its epochs or `tolerance`, a line search stops at a
        relative width, a loss that is no number counts as a step too long, and after a line search that
        found nothing lower the pairs are forgotten. Loss and gradient are those of all training rows with
        the penalty, the gradient clipped if gradients are; `step` counts updates, whatever they cost, and
        `gradient_norm` is that of the point reached. There is no weight decay.

    Reference:
        Liu & Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
        Programming 45, 1989; algorithms 7.4 and 7.5 of Nocedal & Wright, "Numerical optimization", 2006.
    """

    learning_rate: Positive = 1.0
    history: Count = 10
    line_search: Count = 25

    @property
    def gradient_count(self) -> float:
        return 1.5

    def state_arrays(self, parameters: int) -> Mapping[str, tuple[tuple[int, ...], DTypeLike | None]]:
        pairs = (self.history, parameters)  # the newest last, those not there yet zero
        return {"s": (pairs, None), "y": (pairs, None), "curvature": ((self.history,), np.float64)}

    def search(self, here: Point, state: State, moment: Moment) -> Search:
        if not math.isfinite(here.loss) or not moment.rate > 0:  # a schedule may go down to nothing
            return here
        known = int(np.count_nonzero(state["curvature"]))
        s, y, curvature = (state[name][self.history - known :] for name in ("s", "y", "curvature"))
        direction = _direction(here.gradient, s, y, curvature)
        if not dot(here.gradient, direction) < 0:  # nothing goes down: at a minimum, or no number
            state["curvature"][...] = 0
            return here
        length = moment.rate
        if moment.step == 0:
            length *= min(1.0, 1 / float(np.abs(here.gradient).sum(dtype=np.float64)))
        found = yield from strong_wolfe(here, direction, length, self.line_search)
        there = found.point
        if found.length == 0:
            state["curvature"][...] = 0
            return here
        _remember(state, direction * direction.dtype.type(found.length), there.gradient - here.gradient)
        return there


def _direction(gradient: Array, s: Array, y: Array, curvature: Any) -> Array:
    """−H·g by the two loops, from pairs (pairs, parameters) and their yᵀs."""
    r: Array = -gradient
    shares = [0.0] * len(s)
    for i in reversed(range(len(s))):
        shares[i] = dot(s[i], r) / curvature[i]
        r -= r.dtype.type(shares[i]) * y[i]
    if len(s):
        r *= r.dtype.type(curvature[-1] / dot(y[-1], y[-1]))
    for i in range(len(s)):
        r += r.dtype.type(shares[i] - dot(y[i], r) / curvature[i]) * s[i]
    return r


def _remember(state: State, s: Array, y: Array) -> None:
    curvature = dot(y, s)
    if curvature > _LEAST_CURVATURE:
        for name, newest in (("s", s), ("y", y), ("curvature", curvature)):
            state[name][:-1] = state[name][1:]
            state[name][-1] = newest
