"""A picture of learning: what a network computes, and what goes on in it, at a few epochs of each run.

Pictures are taken at evaluations, with the weights that are evaluated: at epoch 0, at epochs that lie
closer together where learning is fastest, and at the last one; when a run ends, also of the weights it keeps.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array
from gdrun.training.histograms import Histograms
from gdrun.training.surface import Surface
from gdrun.training.work import StackWork

MOST_PICTURES = 8  # of a run, beside the one of the weights it keeps
_FREE = 5e8  # floating-point operations for pictures that no run notices
_SHARE = 0.05  # of those of training, for the pictures of a network that is slow to evaluate


class Picture(Protocol):
    """Something that is looked at from time to time."""

    @property
    def cost(self) -> float:
        """Floating-point operations that looking at one run takes, about."""

    def fixed(self, run: int) -> dict[str, Array]:
        """Name → array of what is the same at every epoch, as axes are."""

    def take(self, variables: Array, runs: Sequence[int]) -> tuple[dict[str, Array], NDArray[np.bool_]]:
        """Look at variables (runs, variables) of the runs at these places of the plan.

        Returns:
            Name → array (runs, …), of the same shapes every time; and whether all that was seen of a run was
            finite, (runs,).
        """


class Learning:
    """The pictures of all runs of a stack.

    Attributes:
        epochs: at which pictures are taken, of the runs that come to them.
        seconds: that it took so far.
    """

    def __init__(self, work: StackWork) -> None:
        found = (Surface.of(work), Histograms.of(work))
        self.pictures: list[Picture] = [picture for picture in found if picture is not None]
        self.epochs = picture_epochs(work.epochs, work.evaluate_every, self._affordable(work))
        self.seconds = 0.0
        self.frames: dict[str, Array] = {}  # name → (runs of the plan, epochs, …)
        self.taken = np.zeros((len(work.runs), len(self.epochs)), bool)

    def _affordable(self, work: StackWork) -> int:
        """How many pictures of a run may be taken so that training isn't slowed much."""
        if not self.pictures or work.diagnostics:  # what is asked for is given
            return MOST_PICTURES
        training = 6 * work.network.multiplications * work.epochs * work.train_rows
        each = sum(picture.cost for picture in self.pictures)
        return int(min(MOST_PICTURES, max(2, max(_FREE, _SHARE * training) // each)))

    def observe(self, epoch: int, runs: Sequence[int], variables: Array) -> None:
        """Take pictures of runs that are evaluated, if it is time.

        Args:
            epoch: epochs done.
            runs: their places in the plan.
            variables: (runs, variables).
        """
        if not self.pictures or epoch not in self.epochs:
            return
        place = self.epochs.index(epoch)
        values, finite = self._take(variables, runs)
        self.taken[runs, place] = finite
        for name, array in values.items():
            if name not in self.frames:
                shape = (*self.taken.shape, *array.shape[1:])
                self.frames[name] = np.zeros(shape, array.dtype)
            self.frames[name][runs, place] = array

    def _take(self, variables: Array, runs: Sequence[int]) -> tuple[dict[str, Array], NDArray[np.bool_]]:
        began = time.perf_counter()
        values: dict[str, Array] = {}
        finite: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(variables), axis=1)
        for picture in self.pictures:
            seen, whole = picture.take(variables, runs)
            values |= seen
            finite &= whole
        self.seconds += time.perf_counter() - began
        return values, finite

    def of(self, run: int, kept: Array, epoch: int | None) -> dict[str, Array]:
        """What learning.npz holds of a run that has ended: `epochs` and name → (epochs, …).

        Args:
            run: its place in the plan.
            kept: (variables,), the weights that are its result.
            epoch: to which they belong; None if nothing finite was seen of it.
        """
        places = np.flatnonzero(self.taken[run]).tolist()
        epochs = [self.epochs[place] for place in places]
        arrays = {name: array[run, places] for name, array in self.frames.items()}
        if self.pictures and epoch is not None and epoch not in epochs:
            values, finite = self._take(kept[None], [run])
            if finite[0]:
                at = int(np.searchsorted(epochs, epoch))
                epochs.insert(at, epoch)
                arrays = {
                    name: np.concatenate([arrays[name][:at], value, arrays[name][at:]])
                    for name, value in values.items()
                }
        if not epochs:
            return {}
        fixed = {name: array for picture in self.pictures for name, array in picture.fixed(run).items()}
        return {"epochs": np.array(epochs), **fixed, **arrays}

    def snapshot(self, runs: Sequence[int]) -> dict[str, Array]:
        """What a checkpoint keeps of these runs."""
        if not self.pictures:
            return {}
        return {"taken": self.taken[runs]} | {name: array[runs] for name, array in self.frames.items()}

    def restore(self, runs: Sequence[int], arrays: dict[str, Array]) -> None:
        """Take up what `snapshot` gave for these runs."""
        for name, array in arrays.items():
            if name == "taken":
                self.taken[runs] = array
            else:
                self.frames[name] = np.zeros((len(self.taken), *array.shape[1:]), array.dtype)
                self.frames[name][runs] = array


def picture_epochs(epochs: int, every: int, most: int) -> list[int]:
    """At most so many epochs, each with an evaluation: 0, the last one, and between them more of early ones.

    Args:
        epochs: of the run.
        every: epochs between evaluations.
        most: epochs to choose, at least 2.
    """
    if epochs == 0:
        return [0]
    steps = np.geomspace(1, epochs, most - 1) if most > 2 else np.array([epochs])
    evaluated = np.minimum(np.ceil(np.round(steps, 9) / every).astype(int) * every, epochs)
    return sorted({0, epochs, *evaluated.tolist()})
