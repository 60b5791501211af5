"""Losses, one a file: the mean over a batch and its gradient."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.losses.mse import Mse
from gdrun.nn.losses.softmax_cross_entropy import SoftmaxCrossEntropy

LOSSES = registry(softmax_cross_entropy=SoftmaxCrossEntropy, mse=Mse)
