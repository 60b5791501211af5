"""Metrics, one a file, each in its textbook definition."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.metrics.accuracy import Accuracy

METRICS = registry(accuracy=Accuracy)
