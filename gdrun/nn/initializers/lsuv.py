"""An initializer that looks at data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Count, Positive
from gdrun.nn.initializer import Initializer
from gdrun.nn.initializers.matrices import Orthogonal


@dataclass(frozen=True)
class Lsuv(Initializer):
    """Layer-sequential unit variance: orthogonal weights, scaled until every layer's outputs vary by 1.

    Formula:
        W orthogonal; then layer by layer, from the first one on, up to `iterations` times:
        W ← W/√var(x·W + b), until |var − 1| < tolerance
        with x what the layers before make of a first batch

    Options:
        rows: of the first batch, at most: drawn from the run's own training rows by its seed.
        tolerance: how far from 1 the variance may be.
        iterations: scalings of a layer at most.

    Variant:
        The variance is that of all outputs of a layer together, before its activation. Dropout is off, and
        `batch_norm` passes its input on. For layers that are linear in their weights (dense ones,
        convolutions, embeddings) and for rnn; the weights of lstm, gru and attention need an initializer of
        their own, or the config is refused. A layer whose outputs don't vary at all is left as it is.
        Biases start as without it.

    Reference:
        Mishkin & Matas, "All you need is a good init", ICLR 2016.
    """

    looks_at_rows: ClassVar[bool] = True
    rows: Count = 256
    tolerance: Positive = 0.01
    iterations: Count = 10

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        """The orthogonal start; `gdrun.nn.unit_variance` scales it."""
        if len(shape) < 2:
            raise ValueError(f"lsuv needs a matrix, not shape {shape}; for a bias take zeros")
        return Orthogonal().sample(shape, fan_in, fan_out, generator)
