"""What follows from the task: the usual loss and metrics, and which don't fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gdrun.config.config import Config
from gdrun.config.problems import Position, Problems, did_you_mean, shown
from gdrun.data.table import Task
from gdrun.nn.loss import Loss
from gdrun.nn.losses import LOSSES
from gdrun.nn.metric import Metric
from gdrun.nn.metrics import METRICS

USUAL_LOSS: dict[Task, str] = {"classification": "softmax_cross_entropy", "regression": "mse"}
USUAL_METRICS: dict[Task, tuple[str, ...]] = {"classification": ("accuracy",), "regression": ("rmse", "r2")}


def task_of(config: Config) -> Task | None:
    """The task, where the dataset's name says it; None where only the data can tell."""
    task = config.dataset.task
    return task if task in USUAL_LOSS else None


def with_task(config: Config, task: Task) -> Config:
    """The config with the loss and the metrics that it leaves to the task.

    Raises:
        ConfigError: a loss, a metric or a monitored column that doesn't fit the task.
    """
    problems = Problems()
    for key, message in task_problems(config, task):
        problems.add(Position(""), key, message)
    problems.raise_any()
    return fill_task(config, task)


def fill_task(config: Config, task: Task) -> Config:
    """The config with the usual loss and metrics where it names none."""
    if config.loss is not None and config.metrics is not None:
        return config
    loss: Loss = config.loss or LOSSES[USUAL_LOSS[task]]()
    metrics: tuple[Metric, ...] | None = config.metrics
    if metrics is None:
        metrics = tuple(METRICS[name]() for name in USUAL_METRICS[task] if name in METRICS)
    return replace(config, loss=loss, metrics=metrics)


def task_problems(config: Config, task: Task) -> Iterator[tuple[str, str]]:
    """What doesn't fit the task: dotted key and message of each."""
    if config.loss is not None and config.loss.task != task:
        fitting = [name for name, cls in LOSSES.items() if cls.task == task]
        yield (
            "loss",
            f"{config.loss.name} is for {config.loss.task}, but the data is {task}: {_one_of(fitting)}",
        )
    elif config.loss is not None and config.loss.own_unit and config.preprocessing.target != "none":
        yield (
            "preprocessing.target",
            f"{config.loss.name} takes the target in its own unit, not standardized: set this to none",
        )
    for index, metric in enumerate(config.metrics or ()):
        if metric.task != task:
            fitting = [name for name, cls in METRICS.items() if cls.task == task]
            yield (
                f"metrics.{index}",
                f"{metric.name} is for {metric.task}, but the data is {task}: {_one_of(fitting)}",
            )
    parts = {"early_stopping": config.early_stopping, "schedule": config.schedule}
    monitors = {key: getattr(part, "monitor", None) for key, part in parts.items()}
    monitors = {key: monitor for key, monitor in monitors.items() if monitor is not None}
    if not monitors:
        return
    names = ["loss", *(metric.name for metric in fill_task(config, task).metrics or ())]
    columns = [f"{part}_{name}" for part in ("val", "train") for name in names]
    for key, monitor in monitors.items():
        if monitor not in columns:
            near = did_you_mean(monitor, columns)
            yield f"{key}.monitor", f"{shown(monitor)} is not computed{near} ({_one_of(columns)})"


def _one_of(names: list[str]) -> str:
    return f"take {', '.join(names[:-1])} or {names[-1]}" if names[1:] else f"take {''.join(names)}"
