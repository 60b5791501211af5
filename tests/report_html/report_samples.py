"""Run and group directories shaped like real ones, made of smooth curves and a seeded generator."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gdrun.run_directory.tables import write_table

DIGITS = """\
name: digits-mlp
seed: {seed}
dtype: float32
dataset:
  name: digits
split:
  validation: 0.15
  test: 0.15
  stratify: auto
  seed: 0
preprocessing:
  features: standardize
model:
  name: mlp
  hidden: [64]
  activation:
    name: relu
initializer:
  name: he_normal
loss:
  name: softmax_cross_entropy
  label_smoothing: 0.0
metrics:
- name: accuracy
optimizer:
  name: adam
  learning_rate: 0.001
  beta1: 0.9
  beta2: 0.999
  eps: 1.0e-08
schedule:
  name: cosine
  warmup_epochs: 1
batch_size: 32
epochs: {epochs}
early_stopping:
  monitor: val_loss
  patience: 10
"""

ENVIRONMENT = {
    "gdrun": "0.1.0",
    "python": "3.11.13",
    "numpy": "2.4.1",
    "blas": {"name": "OpenBLAS", "version": "0.3.30", "threads": 1},
    "cpu": "AMD EPYC 9R14, 2 cores",
    "platform": "Linux-6.1-x86_64",
    "git": {"commit": "3f2a9c1d7be04c55a0d1c6a40e6a13f0a2f9d1e7", "dirty": False},
}


def write_csv(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """A CSV file as runs write it; None is an empty cell."""
    write_table(path, list(columns), zip(*columns.values(), strict=True))


def curves(epochs: int, seed: int = 0, metric: str = "accuracy", scale: float = 2.4) -> dict[str, list[Any]]:
    """The columns of metrics.csv of a run that learns, overfits a little and is noisy."""
    generator = np.random.default_rng(seed)
    time = np.arange(epochs + 1)
    noise = generator.normal(size=(4, epochs + 1)).cumsum(axis=1) / (10 + 3 * time)
    speed = 3 * (1 + 0.2 * generator.normal())
    train = scale * (np.exp(-time / speed) + 0.004) * np.exp(0.25 * noise[0])
    val = scale * (np.exp(-time / speed) + 0.03 + 0.0008 * time) * np.exp(0.25 * noise[1])
    share = 1 / (1 + np.exp(-time / 2)) * 2 - 1
    warm = np.minimum(1, time)
    rate = [None, *(1e-3 * 0.5 * (1 + np.cos(math.pi * time[:-1] / max(1, epochs))) * warm[1:]).tolist()]
    good = {"train": 0.1 + 0.895 * share, "val": 0.1 + 0.865 * share + 0.01 * noise[2]}
    if metric != "accuracy":
        good = {"train": np.sqrt(train), "val": np.sqrt(val)}
    return {
        "epoch": time.tolist(),
        "step": (time * 40).tolist(),
        "learning_rate": rate,
        "train_loss": train.tolist(),
        f"train_{metric}": good["train"].tolist(),
        "val_loss": val.tolist(),
        f"val_{metric}": good["val"].tolist(),
        "gradient_norm": (1.5 * np.exp(-time / 9) * np.exp(noise[3]) + 0.02).tolist(),
        "seconds": (0.031 * time).tolist(),
    }


def result_at(metrics: Mapping[str, Sequence[Any]], epoch: int, metric: str) -> dict[str, Any]:
    parts = {
        part: {"loss": metrics[f"{column}_loss"][epoch], metric: metrics[f"{column}_{metric}"][epoch]}
        for part, column in (("train", "train"), ("validation", "val"))
        if f"{column}_loss" in metrics
    }
    last = list(parts.values())[-1]
    return {"best_epoch": epoch, **parts, "test": {key: value * 0.998 for key, value in last.items()}}


def labels(classes: Sequence[str], rows: int, right: float = 0.95, seed: int = 0) -> dict[str, list[Any]]:
    """The columns of predictions.csv of a classifier that takes neighbours for each other."""
    generator = np.random.default_rng(seed)
    target = generator.integers(len(classes), size=rows)
    wrong = generator.random(rows) > right
    predicted = np.where(wrong, (target + generator.integers(1, 3, rows) * 5 - 4) % len(classes), target)
    columns: dict[str, list[Any]] = {
        "row": np.arange(rows).tolist(),
        "target": [classes[i] for i in target],
        "prediction": [classes[i] for i in predicted],
    }
    return columns | {f"probability_{name}": [0.5] * rows for name in classes}


def values(rows: int, seed: int = 0) -> dict[str, list[Any]]:
    """The columns of predictions.csv of a regression."""
    generator = np.random.default_rng(seed)
    target = 150 + 75 * generator.normal(size=rows)
    predicted = 30 + 0.8 * target + 25 * generator.normal(size=rows)
    return {"row": list(range(rows)), "target": target.tolist(), "prediction": predicted.tolist()}


def write_run(
    directory: Path,
    *,
    epochs: int = 30,
    seed: int = 0,
    metric: str = "accuracy",
    config: str | None = None,
    metrics: Mapping[str, Sequence[Any]] | None = None,
    predictions: Mapping[str, Sequence[Any]] | None = None,
    **record: Any,
) -> Path:
    """A run directory; keywords replace fields of run.json."""
    directory.mkdir(parents=True)
    columns = curves(epochs, seed, metric) if metrics is None else metrics
    best = max(0, round(0.8 * (len(columns["epoch"]) - 1))) if columns else 0
    document = {
        "schema_version": 1,
        "id": directory.name,
        "name": "digits-mlp",
        "command": "train",
        "status": "completed",
        "reason": None,
        "created": "2026-11-22T06:15:43Z",
        "finished": "2026-11-22T06:15:45Z",
        "seed": seed,
        "fold": None,
        "parameters": 4810,
        "data": {
            "rows": {"train": 1257, "validation": 270, "test": 270},
            "features": 64,
            "classes": 10,
            "sha256": "5f0b" * 16,
        },
        "environment": ENVIRONMENT,
        "timing": {
            "setup": 0.041,
            "training": 0.93,
            "evaluation": 0.12,
            "total": 1.13,
            "steps": 1200,
            "steps_per_second": 1290.3,
        },
        "result": result_at(columns, best, metric) if columns and "train_loss" in columns else {},
    }
    (directory / "run.json").write_text(json.dumps(document | record))
    (directory / "config.yaml").write_text(config or DIGITS.format(seed=seed, epochs=epochs))
    if columns:
        write_csv(directory / "metrics.csv", columns)
    if predictions is not None:
        write_csv(directory / "predictions.csv", predictions)
    return directory


def write_group(directory: Path, seeds: int = 10, epochs: int = 30, diverged: Sequence[int] = ()) -> Path:
    """A group directory with a member a seed; the seeds in `diverged` break down at epoch 4."""
    (directory / "members").mkdir(parents=True)
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        ended = 3 if seed in diverged else max(0, epochs - seed % 3)
        columns = {name: column[: ended + 1] for name, column in curves(epochs, seed).items()}
        record: dict[str, Any] = {"status": "stopped", "reason": "val_loss did not improve for 10 epochs"}
        if seed in diverged:
            columns = {
                name: [*column, 4 if name == "epoch" else math.nan] for name, column in columns.items()
            }
            record = {"status": "diverged", "reason": "train_loss is not finite at epoch 4", "result": {}}
        write_run(directory / "members" / f"seed-{seed}", seed=seed, metrics=columns, **record)
        best = min(ended, round(0.8 * ended))
        row: dict[str, Any] = {
            "run": f"seed-{seed}",
            "seed": seed,
            "fold": None,
            "phase": None,
            "status": record["status"],
            "best_epoch": best,
            "epochs": ended,
            "steps": ended * 40,
        }
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
            row[name] = None if seed in diverged else columns[name][best]
        row["test_loss"] = None if seed in diverged else row["val_loss"] * 0.98
        row["test_accuracy"] = None if seed in diverged else row["val_accuracy"] * 1.003
        rows.append(row | {"seconds": 0.31 + 0.01 * seed})
    table = {name: [row[name] for row in rows] for name in rows[0]}
    write_csv(directory / "results.csv", table)
    summary: dict[str, Any] = {}
    for name in ("test_accuracy", "test_loss", "val_accuracy", "val_loss", "train_accuracy", "train_loss"):
        found = np.array([value for value in table[name] if value is not None])
        mean, std = found.mean(), found.std(ddof=1) if len(found) > 1 else None
        half = None if std is None else 2.262 * std / math.sqrt(len(found))
        summary[name] = {
            "n": len(found),
            "excluded": seeds - len(found),
            "mean": mean,
            "std": std,
            "interval": None if half is None else [mean - half, mean + half],
            "min": found.min(),
            "median": float(np.median(found)),
            "max": found.max(),
        }
    statuses = {name: table["status"].count(name) for name in dict.fromkeys(table["status"])}
    (directory / "summary.json").write_text(
        json.dumps({"runs": seeds, "statuses": statuses, "metrics": summary})
    )
    group = {
        "schema_version": 1,
        "id": directory.name,
        "name": "digits-mlp",
        "command": "train",
        "status": "completed",
        "created": "2026-11-22T06:15:43Z",
        "finished": "2026-11-22T06:15:46Z",
        "timing": {"total": 2.9},
        "plan": [{"run": f"seed-{seed}", "seed": seed} for seed in range(seeds)],
    }
    (directory / "group.json").write_text(json.dumps(group))
    (directory / "config.yaml").write_text(DIGITS.format(seed=0, epochs=epochs))
    return directory


def write_folds(directory: Path, folds: int = 5, *, regression: bool = False) -> Path:
    """The same as a cross-validation, with out-of-fold predictions."""
    write_group(directory, folds, 20)
    group = json.loads((directory / "group.json").read_text())
    (directory / "group.json").write_text(json.dumps(group | {"command": "kfold"}))
    for number in range(folds):
        path = directory / "members" / f"seed-{number}" / "run.json"
        record = json.loads(path.read_text())
        parts = {"train": 100, "validation": 20, "test": 30 + number % 2}
        record |= {"fold": number, "data": record["data"] | {"rows_by_part": parts}}
        path.write_text(json.dumps(record))
    summary = json.loads((directory / "summary.json").read_text())
    summary |= {"folds": folds, "repeats": 1, "strategy": "plain" if regression else "stratified"}
    summary["pooled"] = {"rmse": 3.25} if regression else {"accuracy": 0.75}
    if regression:
        write_csv(directory / "predictions.csv", values(300))
    else:
        summary["confusion"] = {"classes": ["</script>", "<b>x"], "counts": [[70, 30], [20, 80]]}
    (directory / "summary.json").write_text(json.dumps(summary))
    return directory
