"""Metrics, one a file, each in its textbook definition."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.metrics.accuracy import Accuracy
from gdrun.nn.metrics.f1 import F1
from gdrun.nn.metrics.log_loss import LogLoss
from gdrun.nn.metrics.mae import Mae
from gdrun.nn.metrics.mse import Mse
from gdrun.nn.metrics.r2 import R2
from gdrun.nn.metrics.rmse import Rmse
from gdrun.nn.metrics.top_k import TopK

METRICS = registry(
    accuracy=Accuracy,
    top_k=TopK,
    f1=F1,
    log_loss=LogLoss,
    mse=Mse,
    rmse=Rmse,
    mae=Mae,
    r2=R2,
)
