"""Losses, one a file: the mean over a batch and its gradient."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.losses.binary_cross_entropy import BinaryCrossEntropy
from gdrun.nn.losses.huber import Huber
from gdrun.nn.losses.mae import Mae
from gdrun.nn.losses.mse import Mse
from gdrun.nn.losses.multiclass_svm import MulticlassSvm
from gdrun.nn.losses.softmax_cross_entropy import SoftmaxCrossEntropy

LOSSES = registry(
    softmax_cross_entropy=SoftmaxCrossEntropy,
    binary_cross_entropy=BinaryCrossEntropy,
    multiclass_svm=MulticlassSvm,
    mse=Mse,
    mae=Mae,
    huber=Huber,
)
