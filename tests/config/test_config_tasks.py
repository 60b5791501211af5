"""What follows from the task, and what a valid config will probably not do as meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gdrun.config import ConfigProblemsError, from_plain, load, task_of, with_task
from gdrun.config.checks import run_length, warnings
from gdrun.config.families import FAMILIES
from gdrun.config.tasks import USUAL_LOSS, USUAL_METRICS


def names(config: Any) -> tuple[str, list[str]]:
    return config.loss.name, [metric.name for metric in config.metrics]


def test_the_usual_loss_and_metrics_exist_and_fit_their_task() -> None:
    for task, loss in USUAL_LOSS.items():
        assert FAMILIES["loss"].components[loss].task == task
        for metric in USUAL_METRICS[task]:
            assert FAMILIES["metric"].components[metric].task == task


def test_a_dataset_that_says_its_task_settles_loss_and_metrics() -> None:
    assert names(from_plain({"dataset": "digits"}).config) == ("softmax_cross_entropy", ["accuracy"])
    assert names(from_plain({"dataset": "diabetes"}).config) == ("mse", ["rmse", "r2"])
    assert from_plain({"dataset": "digits", "metrics": []}).config.metrics == ()


def test_a_file_settles_them_when_it_is_read() -> None:
    config = from_plain({"dataset": {"name": "csv", "path": "x.csv"}}).config
    assert task_of(config) is None
    assert config.loss is None
    assert config.metrics is None
    assert names(with_task(config, "regression")) == ("mse", ["rmse", "r2"])
    assert names(with_task(config, "classification")) == ("softmax_cross_entropy", ["accuracy"])
    said = from_plain({"dataset": {"name": "csv", "path": "x.csv", "task": "regression"}}).config
    assert names(said) == ("mse", ["rmse", "r2"])


def test_a_loss_or_metric_of_the_other_task_is_an_error_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("dataset: digits\nloss: mse\nmetrics: [accuracy, rmse]\n")
    with pytest.raises(ConfigProblemsError) as raised:
        load(path)
    first, second, _ = str(raised.value).splitlines()
    assert first.startswith(f"{path}:2:1: loss: mse is for regression, but the data is classification: take ")
    assert "softmax_cross_entropy" in first
    assert second.startswith(
        f"{path}:3:21: metrics.1: rmse is for regression, but the data is classification"
    )
    config = from_plain({"dataset": {"name": "csv", "path": "x.csv"}, "loss": "mse"}).config
    with pytest.raises(ConfigProblemsError, match=r"^loss: mse is for regression"):
        with_task(config, "classification")


def test_a_loss_for_targets_in_their_own_unit_refuses_standardized_ones() -> None:
    base = {"dataset": "diabetes", "loss": "poisson"}
    with pytest.raises(ConfigProblemsError, match=r"^preprocessing\.target: poisson .* set this to none"):
        from_plain(base)
    assert from_plain({**base, "preprocessing": {"target": "none"}}).config.loss.name == "poisson"
    own_unit = {name for name, cls in FAMILIES["loss"].components.items() if cls.own_unit}
    assert own_unit == {"poisson", "mape", "cosine"}


def test_what_is_monitored_must_be_computed() -> None:
    base = {"dataset": "digits", "metrics": ["accuracy"]}
    for monitor in ("val_loss", "train_loss", "val_accuracy", "train_accuracy"):
        from_plain({**base, "early_stopping": {"monitor": monitor}})
    with pytest.raises(
        ConfigProblemsError, match=r"'val_acuracy' is not computed; did you mean val_accuracy\?"
    ):
        from_plain({**base, "early_stopping": {"monitor": "val_acuracy"}})
    with pytest.raises(ConfigProblemsError, match=r"^schedule\.monitor: 'val_rmse' is not computed"):
        from_plain({**base, "schedule": {"name": "plateau", "monitor": "val_rmse"}})


def test_how_long_a_run_is() -> None:
    def steps(rows: int, **keys: object) -> int:
        return run_length(from_plain({"dataset": "digits", "epochs": 3, **keys}).config, rows).steps

    assert steps(64, batch_size=32) == 6
    assert steps(65, batch_size=32) == 9
    assert steps(65, batch_size=32, drop_last=True) == 6
    assert steps(65, batch_size="full") == 3
    assert steps(20, batch_size=32) == 3
    assert steps(20, batch_size=32, drop_last=True) == 0


@pytest.mark.parametrize(
    ("keys", "rows", "said"),
    [
        ({"early_stopping": {"patience": 30}, "epochs": 30}, None, "it can never stop early"),
        (
            {"early_stopping": {"patience": 5}, "epochs": 10, "evaluation": {"every_epochs": 2}},
            None,
            "never stop early",
        ),
        ({"early_stopping": {"monitor": "train_loss", "patience": 2}}, None, "validation rows to watch"),
        (
            {"early_stopping": {"patience": 2}, "split": {"validation": 0}},
            None,
            "there are no validation rows",
        ),
        ({"batch_size": 200}, 100, "there are 100 training rows: one update an epoch"),
        ({"batch_size": 200, "drop_last": True}, 100, "no update at all"),
        ({"schedule": {"name": "cosine", "warmup_epochs": 50}}, 100, "schedule: the warm-up of 200 updates"),
        ({"optimizer": "rprop", "batch_size": 32}, 100, "rprop is made for full batches: with 32 of 100"),
    ],
)
def test_what_will_not_do_as_meant_is_said(keys: dict[str, Any], rows: int | None, said: str) -> None:
    found = warnings(from_plain({"dataset": "digits", **keys}).config, rows)
    assert len(found) == 1
    assert said in found[0]


def test_nothing_is_said_of_a_sensible_config() -> None:
    config = from_plain({"dataset": "digits", "early_stopping": {}, "schedule": {"name": "cosine"}}).config
    assert warnings(config) == []
    assert warnings(config, 1000) == []
    for size in ("full", 100):
        full = from_plain({"dataset": "digits", "optimizer": "rprop", "batch_size": size}).config
        assert warnings(full, 100) == []
