"""The models of NIST's nonlinear regression problems: predictions, and their derivatives by each parameter.

Every function takes the parameters one by one, each (runs, 1), and the predictors (rows,), and returns the
predictions (runs, rows) and a list of derivatives that broadcast with them, in the order of the parameters.
The formulas are those of the problems' files; `files/README.md` says where these come from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Prediction = tuple[Array, list[Array]]
Model = Callable[..., Prediction]


def saturation(b: Array, x: Array) -> Prediction:
    """b₁(1 − exp(−b₂x))"""
    b1, b2 = b
    decayed = np.exp(-b2 * x)
    return b1 * (1 - decayed), [1 - decayed, b1 * x * decayed]


def misra1b(b: Array, x: Array) -> Prediction:
    """b₁(1 − (1 + b₂x/2)⁻²)"""
    b1, b2 = b
    base = 1 + b2 * x / 2
    return b1 * (1 - base**-2.0), [1 - base**-2.0, b1 * x * base**-3.0]


def misra1c(b: Array, x: Array) -> Prediction:
    """b₁(1 − (1 + 2b₂x)^−½)"""
    b1, b2 = b
    base = 1 + 2 * b2 * x
    return b1 * (1 - base**-0.5), [1 - base**-0.5, b1 * x * base**-1.5]


def misra1d(b: Array, x: Array) -> Prediction:
    """b₁b₂x/(1 + b₂x)"""
    b1, b2 = b
    base = 1 + b2 * x
    return b1 * b2 * x / base, [b2 * x / base, b1 * x / base**2]


def chwirut(b: Array, x: Array) -> Prediction:
    """exp(−b₁x)/(b₂ + b₃x)"""
    b1, b2, b3 = b
    decayed, below = np.exp(-b1 * x), b2 + b3 * x
    y = decayed / below
    return y, [-x * y, -y / below, -x * y / below]


def sums_of_decays(b: Array, x: Array) -> Prediction:
    """b₁exp(−b₂x) + b₃exp(−b₄x) + b₅exp(−b₆x)"""
    y = np.zeros(np.broadcast_shapes(b[0].shape, x.shape))
    slopes = []
    for height, rate in zip(b[::2], b[1::2], strict=True):
        decayed = np.exp(-rate * x)
        y = y + height * decayed
        slopes += [decayed, -height * x * decayed]
    return y, slopes


def peaks(b: Array, x: Array) -> Prediction:
    """b₁exp(−b₂x) + b₃exp(−(x − b₄)²/b₅²) + b₆exp(−(x − b₇)²/b₈²)"""
    decayed = np.exp(-b[1] * x)
    y = b[0] * decayed
    slopes = [decayed, -b[0] * x * decayed]
    for height, centre, width in (b[2:5], b[5:8]):
        away = (x - centre) / width
        bell = np.exp(-away * away)
        y = y + height * bell
        slopes += [bell, 2 * height * bell * away / width, 2 * height * bell * away * away / width]
    return y, slopes


def danwood(b: Array, x: Array) -> Prediction:
    """b₁x^b₂"""
    b1, b2 = b
    power = x**b2
    return b1 * power, [power, b1 * power * np.log(x)]


def enso(b: Array, x: Array) -> Prediction:
    """b₁ + b₂cos(2πx/12) + b₃sin(2πx/12) + b₅cos(2πx/b₄) + b₆sin(2πx/b₄) + b₈cos(2πx/b₇) + b₉sin(2πx/b₇)"""
    year = 2 * math.pi * x / 12
    y = b[0] + b[1] * np.cos(year) + b[2] * np.sin(year)
    slopes: list[Array] = [np.ones_like(x), np.cos(year), np.sin(year)]
    for period, cosine, sine in (b[3:6], b[6:9]):
        turned = 2 * math.pi * x / period
        y = y + cosine * np.cos(turned) + sine * np.sin(turned)
        by_turn = sine * np.cos(turned) - cosine * np.sin(turned)
        slopes += [-turned / period * by_turn, np.cos(turned), np.sin(turned)]
    return y, slopes


def eckerle4(b: Array, x: Array) -> Prediction:
    """b₁/b₂ · exp(−½((x − b₃)/b₂)²)"""
    b1, b2, b3 = b
    away = (x - b3) / b2
    bell = np.exp(-0.5 * away * away)
    y = b1 / b2 * bell
    return y, [bell / b2, y * (away * away - 1) / b2, y * away / b2]


def rational(above: int) -> Model:
    """(b₁ + b₂x + …)/(1 + bₖx + …), with so many parameters above the line."""

    def model(b: Array, x: Array) -> Prediction:
        over, under = b[0] * np.ones_like(x), np.ones(np.broadcast_shapes(b[0].shape, x.shape))
        for power, value in enumerate(b[1:above], 1):
            over = over + value * x**power
        for power, value in enumerate(b[above:], 1):
            under = under + value * x**power
        y = over / under
        slopes = [x**power / under for power in range(above)]
        return y, slopes + [-y * x**power / under for power in range(1, len(b) - above + 1)]

    return model


def mgh09(b: Array, x: Array) -> Prediction:
    """b₁(x² + b₂x)/(x² + b₃x + b₄)"""
    b1, b2, b3, b4 = b
    over, under = x * x + x * b2, x * x + x * b3 + b4
    y = b1 * over / under
    return y, [over / under, b1 * x / under, -y * x / under, -y / under]


def mgh10(b: Array, x: Array) -> Prediction:
    """b₁exp(b₂/(x + b₃))"""
    b1, b2, b3 = b
    grown = np.exp(b2 / (x + b3))
    y = b1 * grown
    return y, [grown, y / (x + b3), -y * b2 / (x + b3) ** 2]


def mgh17(b: Array, x: Array) -> Prediction:
    """b₁ + b₂exp(−b₄x) + b₃exp(−b₅x)"""
    b1, b2, b3, b4, b5 = b
    first, second = np.exp(-x * b4), np.exp(-x * b5)
    return b1 + b2 * first + b3 * second, [
        np.ones_like(x),
        first,
        second,
        -x * b2 * first,
        -x * b3 * second,
    ]


def rat42(b: Array, x: Array) -> Prediction:
    """b₁/(1 + exp(b₂ − b₃x))"""
    b1, b2, b3 = b
    grown = np.exp(b2 - b3 * x)
    y = b1 / (1 + grown)
    return y, [1 / (1 + grown), -y * grown / (1 + grown), y * grown / (1 + grown) * x]


def rat43(b: Array, x: Array) -> Prediction:
    """b₁/(1 + exp(b₂ − b₃x))^(1/b₄)"""
    b1, b2, b3, b4 = b
    grown = np.exp(b2 - b3 * x)
    power = (1 + grown) ** (-1 / b4)
    y = b1 * power
    by_exponent = -y * grown / ((1 + grown) * b4)
    return y, [power, by_exponent, -x * by_exponent, y * np.log(1 + grown) / b4**2]


def roszman1(b: Array, x: Array) -> Prediction:
    """b₁ − b₂x − arctan(b₃/(x − b₄))/π"""
    b1, b2, b3, b4 = b
    away = x - b4
    round_ = math.pi * (away * away + b3 * b3)
    y = b1 - b2 * x - np.arctan(b3 / away) / math.pi
    return y, [np.ones_like(x), -x, -away / round_, -b3 / round_]


def bennett5(b: Array, x: Array) -> Prediction:
    """b₁(b₂ + x)^(−1/b₃)"""
    b1, b2, b3 = b
    power = (b2 + x) ** (-1 / b3)
    y = b1 * power
    return y, [power, -y / (b3 * (b2 + x)), y * np.log(b2 + x) / b3**2]


def nelson(b: Array, x1: Array, x2: Array) -> Prediction:
    """log y = b₁ − b₂x₁exp(−b₃x₂)"""
    b1, b2, b3 = b
    decayed = x1 * np.exp(-b3 * x2)
    return b1 - b2 * decayed, [np.ones_like(x1), -decayed, b2 * x2 * decayed]


MODELS: Mapping[str, Model] = {
    "bennett5": bennett5,
    "boxbod": saturation,
    "chwirut1": chwirut,
    "chwirut2": chwirut,
    "danwood": danwood,
    "eckerle4": eckerle4,
    "enso": enso,
    "gauss1": peaks,
    "gauss2": peaks,
    "gauss3": peaks,
    "hahn1": rational(4),
    "kirby2": rational(3),
    "lanczos1": sums_of_decays,
    "lanczos2": sums_of_decays,
    "lanczos3": sums_of_decays,
    "mgh09": mgh09,
    "mgh10": mgh10,
    "mgh17": mgh17,
    "misra1a": saturation,
    "misra1b": misra1b,
    "misra1c": misra1c,
    "misra1d": misra1d,
    "nelson": nelson,
    "rat42": rat42,
    "rat43": rat43,
    "roszman1": roszman1,
    "thurber": rational(4),
}
