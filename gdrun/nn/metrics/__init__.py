"""Metrics, one a file, each in its textbook definition."""

from __future__ import annotations

from gdrun.component import Registry, class_lookup
from gdrun.nn.metric import Metric

METRICS: Registry[Metric] = Registry(
    "gdrun.nn.metrics",
    accuracy="accuracy.Accuracy",
    top_k="top_k.TopK",
    f1="f1.F1",
    log_loss="log_loss.LogLoss",
    mse="mse.Mse",
    rmse="rmse.Rmse",
    mae="mae.Mae",
    r2="r2.R2",
)

__getattr__ = class_lookup(__name__, METRICS)  # every one by its class's name
