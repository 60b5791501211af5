"""The rule that lets the learning rate grow with the batch size."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

from gdrun.component import Component, Count


@dataclass(frozen=True)
class LearningRateScaling(Component):
    """A larger batch has a less noisy gradient and bears a larger step.

    Formula:
        η ← η·(b/b₀) with the linear rule, η·√(b/b₀) with sqrt; b the batch size, b₀ the base batch size

    Options:
        rule: linear (usual for sgd) or sqrt (usual for adam and its kind).
        base_batch_size: b₀, the batch size that the optimizer's learning rate is meant for.

    Reference:
        linear: Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017; sqrt:
        Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014, and Malladi et
        al., "On the SDEs and scaling rules for adaptive gradient algorithms", NeurIPS 2022.
    """

    rule: Literal["linear", "sqrt"] = "linear"
    base_batch_size: Count = 32

    def factor(self, batch_size: int) -> float:
        """What the learning rate is multiplied by at this batch size."""
        ratio = batch_size / self.base_batch_size
        return ratio if self.rule == "linear" else sqrt(ratio)
