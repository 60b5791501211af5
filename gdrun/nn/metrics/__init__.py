"""Metrics, one a file, each in its textbook definition. What some of them count is in `counts.py`."""

from __future__ import annotations

from gdrun.component import Registry, class_lookup
from gdrun.nn.metric import Metric

METRICS: Registry[Metric] = Registry(
    "gdrun.nn.metrics",
    accuracy="accuracy.Accuracy",
    top_k="top_k.TopK",
    balanced_accuracy="balanced_accuracy.BalancedAccuracy",
    precision="precision.Precision",
    recall="recall.Recall",
    f1="f1.F1",
    log_loss="log_loss.LogLoss",
    roc_auc="roc_auc.RocAuc",
    matthews="matthews.Matthews",
    confusion="confusion.Confusion",
    mse="mse.Mse",
    rmse="rmse.Rmse",
    mae="mae.Mae",
    r2="r2.R2",
    max_error="max_error.MaxError",
    mape="mape.Mape",
)

__getattr__ = class_lookup(__name__, METRICS)  # every one by its class's name
