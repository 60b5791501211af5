"""Contenders in processes of their own, on one core, that take turns."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median

from benchmarks.problem import PROBLEMS, Problem


@dataclass(frozen=True)
class Contender:
    """One entry: a module with `prepare(problem, runs)`, and whether it trains many runs at once."""

    module: str
    stacked: bool = False


CONTENDERS = {
    "products, one run": Contender("benchmarks.products"),
    "products, stacked": Contender("benchmarks.products", stacked=True),
    "gdrun, one run": Contender("benchmarks.own"),
    "gdrun, stacked": Contender("benchmarks.own", stacked=True),
    "PyTorch eager": Contender("benchmarks.pytorch"),
    "scikit-learn": Contender("benchmarks.scikit_learn"),
    "JAX scan": Contender("benchmarks.jax_scan"),
    "JAX scan + vmap": Contender("benchmarks.jax_scan", stacked=True),
}


def _serve(connection: Connection, module: str, problem: str, runs: int) -> None:
    train = importlib.import_module(module).prepare(PROBLEMS[problem], runs)
    while epochs := connection.recv():
        connection.send(train(epochs))


class Turn:
    """A contender that waits for its turns."""

    def __init__(self, contender: Contender, problem: Problem, seconds: float) -> None:
        runs = problem.stacked if contender.stacked else 1
        context = get_context("spawn")
        self.connection, other = context.Pipe()
        arguments = (other, contender.module, problem.name, runs)
        self.process = context.Process(target=_serve, args=arguments, daemon=True)
        self.process.start()
        other.close()
        self.updates_an_epoch = problem.batches * runs
        self.epochs = 1
        self._train()
        self.epochs = max(1, math.ceil(seconds / self._train()))
        self._train()  # JAX compiles once for every number of epochs

    def _train(self) -> float:
        self.connection.send(self.epochs)
        return float(self.connection.recv())

    def microseconds(self) -> float:
        """Time of one update of one run, measured now."""
        return self._train() / (self.epochs * self.updates_an_epoch) * 1e6

    def end(self) -> None:
        self.connection.send(0)
        self.process.join()


def measure(problem: Problem, repetitions: int, seconds: float) -> dict[str, list[float]]:
    """Contender → microseconds per update per run, one figure a round.

    In every round each contender has its turn, so that what the machine does otherwise meets all alike and
    ratios within a round hold even where the figures drift.

    Args:
        problem: the network.
        repetitions: rounds.
        seconds: about how long a turn lasts.
    """
    turns = {name: Turn(contender, problem, seconds) for name, contender in CONTENDERS.items()}
    figures: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(repetitions):
        for name, turn in turns.items():
            figures[name].append(turn.microseconds())
    for turn in turns.values():
        turn.end()
    return figures


def ratio(figures: Mapping[str, list[float]], dividend: str, divisor: str) -> float:
    """The median over the rounds of the ratio within a round."""
    pairs = zip(figures[dividend], figures[divisor], strict=True)
    return median(above / below for above, below in pairs)
