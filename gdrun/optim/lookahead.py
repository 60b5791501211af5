"""Lookahead: slow weights that follow the optimizer's fast ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from gdrun.component import Component, Count, Gt, Le
from gdrun.optim.optimizer import Array
from gdrun.optim.slices import slices


@dataclass(frozen=True)
class Lookahead(Component):
    """Lookahead: k steps of the optimizer forward, then a part of the way back.

    Formula:
        after every k-th update: φ ← φ + α(θ − φ), θ ← φ; φ = θ at the start

    Options:
        steps: k, updates of the optimizer before the slow weights follow.
        alpha: α, how far of the way they follow; at 1 nothing is changed.

    Variant:
        Algorithm 1 of the paper; the optimizer's own state goes on as it is. Evaluated are the weights θ as
        they are: at the end of an epoch whose updates are a multiple of k, the slow ones. Not for lbfgs and
        annealing, which know the loss where they are.

    Reference:
        Zhang, Lucas, Hinton & Ba, "Lookahead optimizer: k steps forward, 1 step back", NeurIPS 2019.
    """

    steps: Count = 5
    alpha: Annotated[float, Gt(0), Le(1)] = 0.5

    def bind(self, theta: Array, slow: Array) -> Callable[[int], None]:
        """A function to be called after every update with the number of updates done.

        Args:
            theta: the parameters (runs, parameters), changed in place.
            slow: φ likewise; equal to the parameters at the start.
        """
        alpha = np.broadcast_to(np.asarray(self.alpha, theta.dtype), (len(theta), 1))
        pieces = [
            (theta[rows, columns], slow[rows, columns], alpha[rows]) for rows, columns in slices(*theta.shape)
        ]

        def after(updates: int) -> None:
            if updates % self.steps == 0:
                for fast, behind, share in pieces:
                    np.subtract(fast, behind, out=fast)
                    np.multiply(fast, share, out=fast)
                    np.add(behind, fast, out=behind)
                    np.copyto(fast, behind)

        return after
