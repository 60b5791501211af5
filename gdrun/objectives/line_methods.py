"""Searches on a line: how one variable is minimized without a learning rate.

Each is the textbook's algorithm as a generator of points. They know the function that is minimized by its
value and derivatives alone, for as many runs as start.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdrun.component import Component
from gdrun.objectives.objective import Array

Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Line:
    """A function of one variable that is to be minimized, each (runs,) → (runs,).

    Attributes:
        value: of the function.
        slope: its derivative.
        curvature: its second derivative.
    """

    value: Function
    slope: Function
    curvature: Function


class LineMethod(Component):
    """The base of every search on a line. A subclass is a frozen dataclass whose fields are its options.

    Attributes:
        on_interval: whether it begins with an interval, else with a point.
    """

    on_interval: ClassVar[bool] = True

    def points(self, line: Line, first: Array, last: Array) -> Iterator[Array]:
        """Where it begins, and the point after every step, each (runs,); ends when no step is left to make.

        Args:
            line: what is minimized.
            first, last: (runs,), the ends of the interval, or both the point to begin at.

        Raises:
            ValueError: there is nothing to be found on this interval.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Bisection(LineMethod):
    """Halves an interval, always keeping the half in which the derivative changes its sign.

    Formula:
        m = (a + b)/2; a ← m where f′(m) ≤ 0, b ← m where f′(m) ≥ 0

    Variant:
        On the derivative: it must fall at the low end of `interval` and rise at the high end. A point is the
        middle of the interval; every step gives a further binary digit, neither more nor less.

    Reference:
        Burden & Faires, "Numerical Analysis", section 2.1.
    """

    def points(self, line: Line, first: Array, last: Array) -> Iterator[Array]:
        low, high = line.slope(first), line.slope(last)
        if not ((low <= 0) & (high >= 0)).all():
            raise ValueError(
                "the slope must be downhill at the low end and uphill at the high end, and it is "
                f"{float(low[0]):.4g} at {float(first[0]):g} and {float(high[0]):.4g} at {float(last[0]):g}"
            )
        a, b = first, last
        while True:
            middle = a + (b - a) / 2
            yield middle
            if ((middle == a) | (middle == b)).all():
                return
            slope = line.slope(middle)
            a, b = np.where(slope <= 0, middle, a), np.where(slope >= 0, middle, b)


@dataclass(frozen=True)
class GoldenSection(LineMethod):
    """Narrows an interval by the golden ratio, from values alone: one new value a step.

    Formula:
        c = b − φ(b − a), d = a + φ(b − a), φ = (√5 − 1)/2; b ← d where f(c) < f(d), else a ← c

    Variant:
        A point is the better one of c and d. With one minimum on the interval it is found; values can tell it
        to about half of the digits, since near it they hardly change.

    Reference:
        Kiefer, "Sequential minimax search for a maximum", Proceedings of the American Mathematical Society 4,
        1953.
    """

    def points(self, line: Line, first: Array, last: Array) -> Iterator[Array]:
        ratio = (math.sqrt(5) - 1) / 2
        a, b = first, last
        c, d = b - ratio * (b - a), a + ratio * (b - a)
        at_c, at_d = line.value(c), line.value(d)
        while True:
            left = at_c < at_d
            yield np.where(left, c, d)
            if not ((a < c) & (c < d) & (d < b)).any():
                return
            a, b = np.where(left, a, c), np.where(left, d, b)
            new = np.where(left, b - ratio * (b - a), a + ratio * (b - a))
            value = line.value(new)
            c, d = np.where(left, new, d), np.where(left, c, new)
            at_c, at_d = np.where(left, value, at_d), np.where(left, at_c, value)


@dataclass(frozen=True)
class Newton(LineMethod):
    """Jumps to where the derivative would vanish if it were a straight line.

    Formula:
        x ← x − f′(x)/f″(x)

    Variant:
        Undamped: near a minimum the number of right digits doubles with every step, far from one it may run
        away, and where f″ < 0 it goes to a maximum.

    Reference:
        Nocedal & Wright, "Numerical Optimization", Springer, 2006, chapter 3.
    """

    on_interval: ClassVar[bool] = False

    def points(self, line: Line, first: Array, last: Array) -> Iterator[Array]:
        x = first
        while True:
            yield x
            x = x - line.slope(x) / line.curvature(x)
