"""The three networks, their data, and the clock."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Problem:
    """A classifier with relu, softmax cross entropy and Adam in float32.

    Attributes:
        sizes: features, hidden units, classes.
        batch: rows of a batch.
        rows: training rows, a multiple of `batch`, so that nobody gains or loses by a smaller last batch.
        stacked: how many runs are trained together.
    """

    name: str
    sizes: tuple[int, ...]
    batch: int
    rows: int
    stacked: int

    @property
    def batches(self) -> int:
        """Updates an epoch."""
        return self.rows // self.batch

    def data(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Features (rows, features) and classes (rows,): random, since only time is measured."""
        source = np.random.default_rng(0)
        features = source.standard_normal((self.rows, self.sizes[0]), np.float32)
        # Every class is there, and noise keeps anyone from reaching a gradient of zero.
        teacher = source.standard_normal((self.sizes[0], self.sizes[-1]))
        noise = source.standard_normal((self.rows, self.sizes[-1])) * np.sqrt(self.sizes[0])
        return features, np.argmax(features @ teacher + noise, axis=1)

    def weights(self, runs: int) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """He-normal weights (runs, in, out) and zero biases (runs, out) of every layer."""
        source = np.random.default_rng(1)
        return [
            (
                source.standard_normal((runs, fan_in, fan_out), np.float32) * np.float32((2 / fan_in) ** 0.5),
                np.zeros((runs, fan_out), np.float32),
            )
            for fan_in, fan_out in zip(self.sizes, self.sizes[1:], strict=False)
        ]


PROBLEMS = {
    "tiny": Problem("tiny", (64, 64, 10), batch=32, rows=1280, stacked=64),
    "middle": Problem("middle", (64, 128, 64, 10), batch=128, rows=1280, stacked=32),
    "large": Problem("large", (784, 512, 256, 10), batch=128, rows=5120, stacked=16),
}

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def clock() -> float:
    """Seconds by the clock that BENCHMARK_CLOCK names; "cpu" is for a machine that others use too."""
    return CLOCKS[os.environ.get("BENCHMARK_CLOCK", "wall")]()
