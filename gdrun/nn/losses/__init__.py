"""Losses, one a file: the mean over a batch and its gradient."""

from __future__ import annotations

from gdrun.component import Registry, class_lookup
from gdrun.nn.loss import Loss

LOSSES: Registry[Loss] = Registry(
    "gdrun.nn.losses",
    softmax_cross_entropy="softmax_cross_entropy.SoftmaxCrossEntropy",
    binary_cross_entropy="binary_cross_entropy.BinaryCrossEntropy",
    multiclass_svm="multiclass_svm.MulticlassSvm",
    crammer_singer="crammer_singer.CrammerSinger",
    hinge="hinge.Hinge",
    squared_hinge="squared_hinge.SquaredHinge",
    focal="focal.Focal",
    poly1="poly1.Poly1",
    kl_divergence="kl_divergence.KlDivergence",
    mse="mse.Mse",
    mae="mae.Mae",
    huber="huber.Huber",
    log_cosh="log_cosh.LogCosh",
    quantile="quantile.Quantile",
    poisson="poisson.Poisson",
    mape="mape.Mape",
    cosine="cosine.Cosine",
)

__getattr__ = class_lookup(__name__, LOSSES)  # every one by its class's name
