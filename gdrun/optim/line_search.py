"""A line search for the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple

from gdrun.optim.optimizer import Array
from gdrun.optim.searcher import Point, dot

DECREASE = 1e-4  # c₁: the share of the promised decrease that is asked for
CURVATURE = 0.9  # c₂: the share of the slope that may be left, as is usual for quasi-Newton methods
_NARROWEST = 1e-9  # of a bracket, as a share of its longer end
_MARGIN = 0.1  # of a bracket: a trial closer to an end than this must not come twice


class Trial(NamedTuple):
    """A point on the line.

    Attributes:
        length: how far along the direction.
        loss, slope: there; the loss is infinite where it is no number.
        point: all that is known.
    """

    length: float
    loss: float
    slope: float
    point: Point


def strong_wolfe(
    here: Point, direction: Array, first_length: float, most: int
) -> Generator[Array, Point, Trial]:
    """Look for a length α of the step along a direction p that satisfies the strong Wolfe conditions.

    Formula:
        f(θ + αp) ≤ f(θ) + c₁·α·gᵀp and |g(θ + αp)ᵀp| ≤ c₂·|gᵀp|, c₁ = 1e-4, c₂ = 0.9

    The first length is made longer until an interval is known that has such points, by at most ten times
    at once; then the interval shrinks around the lowest one. Both go by the minimum of the cubic through the
    losses and slopes of two points, or by the middle of the interval where that is no number.

    Args:
        here: where the line begins.
        direction: p, downhill.
        first_length: the α that is tried first.
        most: evaluations; then the lowest point of the interval has to do.

    Returns:
        The point found; of length 0 if nothing on the line is lower.

    Reference:
        Algorithms 3.5 and 3.6 of Nocedal & Wright, "Numerical optimization", 2nd edition, 2006, in the form
        of Schmidt's minFunc, 2005, that PyTorch has too.
    """
    start = Trial(0.0, here.loss, dot(here.gradient, direction), here)

    def high(trial: Trial) -> bool:
        return trial.loss > start.loss + DECREASE * trial.length * start.slope

    def flat(trial: Trial) -> bool:
        return abs(trial.slope) <= -CURVATURE * start.slope

    last, length = start, first_length
    for count in range(1, most + 1):
        trial = yield from _at(here, direction, length)
        if high(trial) or (count > 2 and trial.loss >= last.loss):
            break
        if flat(trial):
            return trial
        if trial.slope >= 0:
            break
        longer = trial.length + 0.01 * (trial.length - last.length), 10 * trial.length
        length, last = _lowest_of_cubic(last, trial, *longer), trial
    else:  # downhill all the way
        return trial if trial.loss <= start.loss else start

    ends = last, trial
    close = False
    while count < most:
        low, far = sorted(end.length for end in ends)
        if far - low <= _NARROWEST * far:
            break
        length = _lowest_of_cubic(*ends, low, far)
        margin = _MARGIN * (far - low)
        if min(far - length, length - low) >= margin:
            close = False
        elif close or not low < length < far:
            length = far - margin if far - length < length - low else low + margin
            close = False
        else:
            close = True
        trial = yield from _at(here, direction, length)
        count += 1
        best = min(ends, key=lambda end: end.loss)
        other = ends[1] if best is ends[0] else ends[0]
        if high(trial) or trial.loss >= best.loss:
            ends = best, trial
        elif flat(trial):
            return trial
        else:
            ends = trial, best if trial.slope * (other.length - best.length) >= 0 else other
    return min(ends, key=lambda end: end.loss)


def _at(here: Point, direction: Array, length: float) -> Generator[Array, Point, Trial]:
    """Evaluate a point of the line. A loss that is no number counts as infinite: too far."""
    point = yield here.theta + here.theta.dtype.type(length) * direction
    slope = dot(point.gradient, direction)
    lost = not (math.isfinite(point.loss) and math.isfinite(slope))
    return Trial(length, math.inf if lost else point.loss, slope, point)


def _lowest_of_cubic(a: Trial, b: Trial, shortest: float, longest: float) -> float:
    """The length between two bounds where the cubic through two points is lowest."""
    if a.length > b.length:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.length - b.length)
    square = d1 * d1 - a.slope * b.slope
    if square >= 0 and (below := b.slope - a.slope + 2 * math.sqrt(square)):
        length = b.length - (b.length - a.length) * ((b.slope + math.sqrt(square) - d1) / below)
        if math.isfinite(length):
            return min(max(length, shortest), longest)
    return (shortest + longest) / 2
