"""The directory of a sweep, shaped like a real one, whose runs are invented."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from report_samples import DIGITS, curves, write_csv, write_run

from gdrun.config import from_plain
from gdrun.experiments.sweep.summary import sweep_summary

RATES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]


def write_sweep(
    directory: Path,
    keys: Mapping[str, Sequence[Any]],
    *,
    seeds: int = 1,
    points: int | None = None,
    broken: Collection[int] = (),
    members: int = 3,
) -> Path:
    """A group directory of a sweep.

    Args:
        directory: to be made.
        keys: key → values of a grid; of `points` points that were drawn, its values one a point.
        seeds: of every point.
        points: how many were drawn; None for a grid.
        broken: points whose last run diverged.
        members: points whose runs have directories.
    """
    (directory / "members").mkdir(parents=True)
    drawn = zip(*keys.values(), strict=True) if points else itertools.product(*keys.values())
    plan: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for number, values in enumerate(drawn):
        settings = dict(zip(keys, values, strict=True))
        for seed in range(seeds):
            name = f"point-{number:04d}" + (f"-seed-{seed}" if seeds > 1 else "")
            plan.append({"run": name, "point": number, **settings, "seed": seed})
            bad = number in broken and seed == seeds - 1
            score = _score(settings, seed)
            results = {"train_loss": 0.8 * score, "val_loss": score, "test_loss": 1.1 * score}
            results |= {f"{part}_accuracy": math.exp(-score) for part in ("train", "val", "test")}
            rows.append(
                {
                    **plan[-1],
                    "status": "diverged" if bad else "completed",
                    **(dict.fromkeys(results) if bad else results),
                }
            )
            if number < members:
                status = {"status": "diverged"} if bad else {}
                write_run(directory / "members" / name, seed=seed, metrics=curves(5, number), **status)
    sweep = {"keys": list(keys), "seeds": list(range(seeds)), "random": points}
    group = {
        "schema_version": 1,
        "id": directory.name,
        "name": "digits-mlp",
        "command": "sweep",
        "status": "completed",
        "created": "2026-11-22T06:15:43Z",
        "timing": {"total": 2.9},
        "plan": plan,
        "sweep": sweep,
    }
    (directory / "group.json").write_text(json.dumps(group))
    (directory / "config.yaml").write_text(DIGITS.format(seed=0, epochs=5))
    config = from_plain({"dataset": "digits"}).config
    (directory / "summary.json").write_text(json.dumps(sweep_summary(directory, config, rows)))
    write_csv(directory / "results.csv", {name: [row[name] for row in rows] for name in rows[0]})
    return directory


def _score(settings: Mapping[str, Any], seed: int) -> float:
    """A loss with a valley along the numbers."""
    way = 0.1 + 0.02 * seed
    for place, value in enumerate(settings.values()):
        if isinstance(value, int | float) and not isinstance(value, bool):
            way += (math.log10(abs(value) + 1e-9) + 1 + place) ** 2 / 4
        else:
            way += len(str(value)) / 50
    return way
