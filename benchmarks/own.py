"""gdrun: the training loop that every command uses, on arrays made here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.problem import LEARNING_RATE, Problem, clock
from gdrun.data import Table
from gdrun.data import prepare as prepare_data
from gdrun.data.split import SplitRows
from gdrun.experiments.tiles import tile_counts
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.losses.softmax_cross_entropy import SoftmaxCrossEntropy
from gdrun.nn.models.mlp import Mlp
from gdrun.nn.network import Network
from gdrun.optim import Adam
from gdrun.optim.schedules.constant import Constant
from gdrun.training.record import Outcome, Record
from gdrun.training.snapshot import Snapshot
from gdrun.training.trainer import Trainer
from gdrun.training.work import RunWork, StackWork


class Stopwatch:
    """An observer that notes when every epoch ended: the first time is that of the evaluation before any."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def evaluated(self, run: int, record: Record) -> None: ...

    def finished(self, run: int, outcome: Outcome) -> None:
        assert outcome.status == "completed", outcome.reason

    def epoch_ended(self, epoch: int) -> None:
        self.times.append(clock())

    def checkpoint_due(self) -> bool:
        return False

    def save(self, snapshot: Snapshot) -> None: ...

    def interrupted(self) -> bool:
        return False


def stack_work(problem: Problem, seeds: range, epochs: int) -> StackWork:
    """What the trainer is asked to do: as `gdrun train` would, without validation rows and metrics."""
    features, classes = problem.data()
    table = Table(
        problem.name,
        "classification",
        features,
        tuple(f"x{column}" for column in range(problem.sizes[0])),
        classes,
        classes=tuple(str(label) for label in range(problem.sizes[-1])),
    )
    nothing = np.empty(0, np.int64)
    rows = SplitRows(np.arange(problem.rows), nothing, nothing)
    layers = Mlp(hidden=problem.sizes[1:-1]).resolve((problem.sizes[0],), problem.sizes[-1])
    optimizer, initializer = Adam(learning_rate=LEARNING_RATE), INITIALIZERS["he_normal"]()
    return StackWork(
        network=Network(layers, (problem.sizes[0],)),
        loss=SoftmaxCrossEntropy(),
        metrics=(),
        dtype=np.dtype(np.float32),
        data=[prepare_data(table, rows, features="none")],
        runs=[RunWork(seed, optimizer, Constant(), initializer) for seed in seeds],
        epochs=epochs,
        batch_size=problem.batch,
        evaluate_every=epochs,
    )


def tiles(problem: Problem, runs: int) -> list[list[int]]:
    """The seeds of each tile, by the rule that `gdrun train` goes by with one worker."""
    (count,) = tile_counts([stack_work(problem, range(1), 1)], [runs], workers=1)
    return [part.tolist() for part in np.array_split(range(runs), count)]


def prepare(problem: Problem, runs: int) -> Callable[[int], float]:
    """Runs in tiles, one tile after the other."""

    def train(epochs: int) -> float:
        seconds = 0.0
        for tile in tiles(problem, runs):
            # One epoch more than is timed: the last one is followed by the closing evaluation.
            watch = Stopwatch()
            Trainer(stack_work(problem, tile, epochs + 1), watch).run()
            assert len(watch.times) == epochs + 1
            seconds += watch.times[-1] - watch.times[0]
        return seconds

    return train
