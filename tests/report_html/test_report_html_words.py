"""Names as a report writes them."""

from __future__ import annotations

import pytest

from gdrun.nn.losses import LOSSES
from gdrun.nn.metrics import METRICS
from gdrun.report.html.words import heading, terms


@pytest.mark.parametrize(
    ("name", "written"),
    [("top_k", "Top k"), ("rmse", "RMSE"), ("mape", "MAPE"), ("roc_auc", "ROC AUC")],
)
def test_a_metric_as_a_heading(name: str, written: str) -> None:
    assert heading(name) == written


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_and_metric_of_a_run_is_explained(loss: str) -> None:
    metrics = [name for name, cls in METRICS.items() if cls.task == LOSSES[loss].task]
    found = terms({"loss": {"name": loss}}, metrics)
    assert {loss, *metrics} <= set(found)
    assert not any("`" in line for line in found.values())
