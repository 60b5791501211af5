"""The batches of a stack: which rows, in what order, gathered for all runs at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_empty
from gdrun.nn.layer import Array
from gdrun.randomness import Purpose, generator
from gdrun.training.work import StackWork

Rows = NDArray[np.intp]


class TrainingRows:
    """The training rows of all data sets of a stack, one below the other, ready to be gathered.

    Attributes:
        features: (rows of all data sets, *features).
        encoded: (rows of all data sets, width), targets as the loss takes them.
    """

    def __init__(self, work: StackWork) -> None:
        parts = [prepared.train for prepared in work.data]
        outputs = work.network.output_shape[0]
        targets = [work.loss.encode(part.target, outputs, work.dtype) for part in parts]
        self.rows = len(parts[0].rows)
        self.augmentation = work.augmentation
        self.features: Array = (
            parts[0].features if len(parts) == 1 else np.concatenate([p.features for p in parts])
        )
        self.encoded: Array = targets[0] if len(parts) == 1 else np.concatenate(targets)

    def buffers(self, runs: int, batch: int) -> tuple[Array, Array]:
        """Empty buffers for the features and targets of one batch of every run."""
        features, targets = ((runs, batch, *rows.shape[1:]) for rows in (self.features, self.encoded))
        return aligned_empty(features, self.features.dtype), aligned_empty(targets, self.encoded.dtype)

    def bind_gather(
        self, x: Array, y: Array, augmenting: Sequence[np.random.Generator]
    ) -> Callable[[Rows], None]:
        """A function that copies rows (runs, batch) into the buffers, augmented where the work asks for it.

        Args:
            x, y: buffers, as `buffers` makes them.
            augmenting: a generator a run, if there is an augmentation.
        """
        if self.augmentation is None:
            return partial(self.gather, x=x, y=y)
        gather_images = self.augmentation.bind(self.features, x, augmenting)

        def gather(rows: Rows) -> None:
            gather_images(rows)
            self.encoded.take(rows, 0, y, "clip")

        return gather

    def gather(self, rows: Rows, x: Array, y: Array) -> None:
        """Copy rows (runs, batch) into the buffers. The order is trusted: "clip" only skips a check."""
        self.features.take(rows, 0, x, "clip")
        self.encoded.take(rows, 0, y, "clip")


class BatchOrder:
    """The order in which every run visits its rows: a permutation an epoch, from the run's own generator.

    Attributes:
        order: (runs, rows), positions in `TrainingRows`.
        generators: one a run; with `order` all that is needed to go on from the middle of an epoch.
    """

    def __init__(self, work: StackWork, runs: Sequence[int]) -> None:
        self.shuffled = work.shuffle and not work.full_batch
        self.generators = [generator(work.runs[run].seed, Purpose.BATCH_ORDER) for run in runs]
        first = np.array([work.runs[run].data for run in runs], np.intp)[:, None] * work.train_rows
        self.order: Rows = first + np.arange(work.train_rows, dtype=np.intp)

    def next_epoch(self) -> None:
        """Draw the next permutation of every run, of the present order: sampling without replacement."""
        if self.shuffled:
            for source, order in zip(self.generators, self.order, strict=True):
                source.shuffle(order)

    def keep(self, places: Sequence[int]) -> None:
        """Keep only the runs at these places of the stack."""
        self.order = self.order[places]
        self.generators = [self.generators[place] for place in places]

    def states(self) -> list[dict[str, Any]]:
        """The generators' states, as plain data."""
        return generator_states(self.generators)


def generator_states(generators: Sequence[np.random.Generator]) -> list[dict[str, Any]]:
    """Plain data from which `restore_generators` sets the same generators again."""
    return [dict(source.bit_generator.state) for source in generators]


def restore_generators(generators: Sequence[np.random.Generator], states: Sequence[dict[str, Any]]) -> None:
    """Set generators to the states that `generator_states` gave."""
    for source, state in zip(generators, states, strict=True):
        source.bit_generator.state = state
