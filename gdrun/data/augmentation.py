"""Training images that look a little different whenever they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component, WholeNumber

Array = NDArray[Any]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Augmentation(Component):
    """Moves and mirrors training images at random, anew whenever they are shown; never in evaluation.

    Formula:
        y[p, q] = x[p + d, q + a], d and a whole numbers from −shift to shift, equally likely; beyond
        the edge its pixels are repeated. With horizontal_flip, x[p + d, width − 1 − q + a] with
        probability ½.

    Options:
        shift: pixels by which an image is moved at most, up or down and to either side.
        horizontal_flip: whether images are mirrored, left to right: not for digits or letters.

    Variant:
        Every run draws for its own images, from a generator that serves nothing else.

    Reference:
        Simard, Steinkraus & Platt, "Best practices for convolutional neural networks applied to visual
        document analysis", ICDAR 2003.
    """

    shift: WholeNumber = 0
    horizontal_flip: bool = False

    def check(self, row_shape: tuple[int, ...]) -> None:
        """See to it that rows are images, and larger than the shift.

        Raises:
            ValueError: they aren't.
        """
        if len(row_shape) != 3:
            raise ValueError(
                f"only images (height, width, channels) can be moved, not rows of shape {row_shape}; some "
                "datasets give them with images: true"
            )
        if self.shift >= min(row_shape[:2]):
            raise ValueError(
                f"a shift by {self.shift} leaves nothing of images of {row_shape[0]}×{row_shape[1]} pixels"
            )

    def bind(
        self, images: Array, out: Array, generators: Sequence[np.random.Generator]
    ) -> Callable[[Rows], None]:
        """A function that copies rows (runs, batch) of images into a buffer, moved and mirrored.

        Args:
            images: (rows, height, width, channels).
            out: (runs, batch, height, width, channels).
            generators: one a run.
        """
        runs, batch, height, width, channels = out.shape
        pixels = images.reshape(-1, channels)
        moves = np.zeros((2, runs, batch, 1), np.intp)  # down and across
        flips = np.zeros((runs, batch, 1), bool)
        lines, columns = (np.empty((runs, batch, size), np.intp) for size in (height, width))
        places = np.empty((runs, batch, height, width), np.intp)
        down, across = np.arange(height), np.arange(width)
        mirrored = np.broadcast_to(across[::-1], columns.shape)

        def gather(rows: Rows) -> None:
            for run, source in enumerate(generators):
                if self.shift:
                    moves[:, run, :, 0] = source.integers(-self.shift, self.shift + 1, (2, batch))
                if self.horizontal_flip:
                    flips[run, :, 0] = source.integers(0, 2, batch)
            np.add(down, moves[0], out=lines)
            np.clip(lines, 0, height - 1, out=lines)
            np.add(lines, rows[..., None] * height, out=lines)
            np.multiply(lines, width, out=lines)
            columns[...] = across
            np.copyto(columns, mirrored, where=flips)
            np.add(columns, moves[1], out=columns)
            np.clip(columns, 0, width - 1, out=columns)
            np.add(lines[..., None], columns[..., None, :], out=places)
            pixels.take(places, 0, out, "clip")

        return gather
