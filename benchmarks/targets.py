"""What gdrun aims at, and whether it got there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.lockstep import ratio


@dataclass(frozen=True)
class Target:
    """The time of `dividend` by that of `divisor` is to be at least (or at most) `limit`."""

    problem: str
    dividend: str
    divisor: str
    limit: float
    at_least: bool = True

    def judge(self, figures: Mapping[str, Mapping[str, list[float]]]) -> Finding:
        found = ratio(figures[self.problem], self.dividend, self.divisor)
        reached = found >= self.limit if self.at_least else found <= self.limit
        sign = "≥" if self.at_least else "≤"
        aim = f"{self.problem}: {self.dividend} / {self.divisor}"
        return Finding(aim, f"{sign} {self.limit:g}", f"{found:.2f}", reached)


@dataclass(frozen=True)
class Finding:
    """A line of the table of targets."""

    aim: str
    target: str
    found: str
    reached: bool


def _faster(problem: str, own: str, than: str, times: float) -> Target:
    return Target(problem, than, own, times)


def _near(problem: str, own: str, floor: str, times: float) -> Target:
    return Target(problem, own, floor, times, at_least=False)


ONE, STACKED = "gdrun, one run", "gdrun, stacked"

TARGETS = [
    _faster("tiny", ONE, "PyTorch eager", 5),
    _faster("tiny", ONE, "scikit-learn", 3),
    _faster("tiny", STACKED, "PyTorch eager", 15),
    _faster("tiny", STACKED, "scikit-learn", 10),
    _faster("tiny", STACKED, "JAX scan + vmap", 1),
    _near("tiny", STACKED, "products, one run", 1.5),
    _near("tiny", STACKED, "products, stacked", 1.5),
    _faster("middle", STACKED, "JAX scan + vmap", 1),
    _near("middle", STACKED, "products, stacked", 1.4),
    _faster("large", ONE, "PyTorch eager", 1),
    _near("large", ONE, "products, one run", 1.4),
    _faster("large", STACKED, "PyTorch eager", 1),
    _near("large", STACKED, "products, stacked", 1.4),
]
