"""Directories as `gdrun compare-optimizers` leaves them: invented runs, summed up by the real statistics."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from report_samples import DIGITS, ENVIRONMENT

from gdrun.run_directory.json_files import to_json
from gdrun.run_directory.tables import pack_table, union_of_columns
from gdrun.statistics import (
    algoperf_score,
    compare,
    describe,
    expected_best,
    interquartile_mean,
    learning_rate_range,
    performance_profile,
    performance_ratios,
    summarize_times,
    verdict,
)

RATE = "optimizer.learning_rate"
UPDATES = 40  # an epoch


@dataclass(frozen=True)
class Behaviour:
    """How an invented optimizer behaves.

    Args:
        default: the published learning rate, at the middle of the first grid.
        best: the learning rate that suits it.
        peak: the accuracy that it reaches with it.
        speed: epochs in which it covers two thirds of the way.
        width: decades by which the learning rate may be off for a loss of one unit.
        breaks: the learning rate from which on it diverges.
    """

    default: float
    best: float
    peak: float
    speed: float
    width: float = 1.5
    breaks: float = 1e9


OPTIMIZERS = {
    "sgd": Behaviour(1e-2, 0.4, 0.948, 4.5, breaks=2),
    "momentum": Behaviour(1e-2, 5e-2, 0.966, 2.2, breaks=0.5),
    "nesterov": Behaviour(1e-2, 5e-2, 0.967, 2.0, breaks=0.5),
    "adagrad": Behaviour(1e-2, 3e-2, 0.957, 3.5),
    "rmsprop": Behaviour(1e-3, 1e-3, 0.962, 2.4, width=0.9),
    "adam": Behaviour(1e-3, 3e-3, 0.967, 2.0, width=1.0),
    "adamw": Behaviour(1e-3, 3e-3, 0.9672, 2.0, width=1.0),
    "broken": Behaviour(1e-3, 1e-3, 0.5, 2, breaks=0),
    "far": Behaviour(1e-3, 10, 0.96, 2),
}
USUAL = {name: name for name in OPTIMIZERS if name not in ("broken", "far")}


@dataclass(frozen=True)
class Design:
    """What is compared, with how many trials and seeds.

    Args:
        problems: their names.
        contestants: name shown → name in OPTIMIZERS.
        lower: whether the monitor is an error, in the unit of the target.
        tested: whether there are test rows.
        target: the value to reach, in place of the one that follows from the runs.
        keys: what is searched.
        text: a text to be put wherever a text of the user can stand.
    """

    problems: Sequence[str] = ("digits-mlp",)
    contestants: Mapping[str, str] | None = None
    seeds: int = 10
    tuning_seeds: int = 3
    trials: int = 12
    epochs: int = 30
    lower: bool = False
    tested: bool = True
    target: float | None = None
    keys: Sequence[str] = (RATE,)
    text: str = ""

    @property
    def names(self) -> Mapping[str, str]:
        return self.contestants or USUAL

    @property
    def metric(self) -> str:
        return "rmse" if self.lower else "accuracy"

    @property
    def monitor(self) -> str:
        return f"val_{self.metric}"

    @property
    def evaluation_seeds(self) -> list[int]:
        return list(range(self.tuning_seeds, self.tuning_seeds + self.seeds))


@dataclass(frozen=True)
class Trained:
    """One invented run: its curves by column, and its row of results.csv."""

    curves: Mapping[str, np.ndarray[Any, Any]]
    row: dict[str, Any]

    @property
    def score(self) -> float | None:
        best = self.row["best_monitor"]
        return best if self.row["status"] != "diverged" else None


def train(
    design: Design, how: Behaviour, rate: float, seed: int, difficulty: float, key: int, off: float = 0
) -> Trained:
    """A run; the part of its noise that comes from the seed is the same for all optimizers."""
    shared = np.random.default_rng([seed, key])
    own = np.random.default_rng([seed, key, round(1e6 * how.peak), round(1e6 * (9 + math.log10(rate)))])
    epochs = design.epochs - int(shared.integers(0, 5)) if design.epochs > 6 else design.epochs
    time = np.arange(epochs + 1)
    distance = (math.log10(rate / how.best) / how.width) ** 2 + off
    way = (1 - np.exp(-time / (how.speed * (1 + 2 * distance)))) * math.exp(-0.7 * distance)
    noise = shared.normal(0, 0.006) + own.normal(0, 0.0035) + own.normal(0, 0.002, epochs + 1)
    accuracy = np.clip(0.1 + (how.peak - difficulty - 0.1) * way + noise * way, 0, 1)
    loss = 2.3 * (1.02 - way) * np.exp(10 * noise)
    lost = rate * (1 + 0.1 * own.random()) >= how.breaks
    if lost:
        accuracy, loss, time = accuracy[:3] * 0 + 0.1, np.array([2.3, 40, 1e9]), time[:3]
    monitor = 78 - 25 * accuracy if design.lower else accuracy
    curves = {
        "train_loss": loss * 0.6,
        f"train_{design.metric}": monitor * 0.98 if design.lower else np.minimum(1, monitor * 1.02),
        "val_loss": loss,
        design.monitor: monitor,
        "learning_rate": rate * 0.5 * (1 + np.cos(math.pi * time / design.epochs)),
    }
    best = int(np.argmin(monitor) if design.lower else np.argmax(monitor))
    row: dict[str, Any] = {
        "status": "diverged" if lost else "completed" if epochs == design.epochs else "stopped",
        "best_epoch": best,
        "epochs": len(time) - 1,
        "steps": (len(time) - 1) * UPDATES,
    }
    row |= {name: None if lost else float(column[best]) for name, column in list(curves.items())[:4]}
    row |= {"seconds": 0.02 * len(time), "initial_monitor": float(monitor[0])}
    row |= {"best_monitor": float(monitor[best])}
    return Trained(curves, row)


def write_comparison(directory: Path, design: Design = Design()) -> Path:
    """A group directory without members: the report is made from what stands above them."""
    directory.mkdir(parents=True)
    rows: list[dict[str, Any]] = []
    problems = [one_problem(design, place, name, rows) for place, name in enumerate(design.problems)]
    summary = {
        "runs": len(rows),
        "statuses": count(row["status"] for row in rows),
        "metrics": {},
        "protocol": {
            "trials": design.trials,
            "tuning_seeds": list(range(design.tuning_seeds)),
            "seeds": design.evaluation_seeds,
            "alpha": 0.05,
            "resamples": 10_000,
            "resample_split": False,
        },
        "contestants": list(design.names),
        "problems": problems,
        "profiles": profiles(problems) if len(problems) > 1 else None,
    }
    group = {
        "schema_version": 1,
        "id": directory.name,
        "name": design.text or design.problems[0],
        "command": "compare-optimizers",
        "status": "completed",
        "reason": None,
        "created": "2026-11-24T16:15:43Z",
        "finished": "2026-11-24T16:16:24Z",
        "environment": ENVIRONMENT,
        "timing": {"total": 41.3},
        "plan": [{"run": row["run"], "optimizer": row["optimizer"], "phase": row["phase"]} for row in rows],
    }
    config = {
        "dataset": {"name": "digits"},
        "model": {"name": "mlp", "hidden": [64]},
        "batch_size": 32,
        "epochs": design.epochs,
    }
    if len(design.problems) > 1:
        group["problems"] = {name: config | {"name": name} for name in design.problems}
    columns = union_of_columns(rows)
    (directory / "results.csv").write_bytes(
        pack_table(columns, [[row.get(column) for column in columns] for row in rows])
    )
    (directory / "summary.json").write_bytes(to_json(summary)[0])
    (directory / "group.json").write_text(json.dumps(group))
    (directory / "config.yaml").write_text(DIGITS.format(seed=0, epochs=design.epochs))
    return directory


def one_problem(design: Design, place: int, problem: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The summary of a problem; its runs are added to `rows`."""
    higher = not design.lower
    contestants: dict[str, dict[str, Any]] = {}
    scores: dict[str, list[float | None]] = {}
    evaluated: dict[str, list[Trained]] = {}
    for name, kind in design.names.items():
        shift = (
            0
            if place == 0
            else float(np.random.default_rng([place, len(kind), ord(kind[0])]).normal(0, 0.01))
        )
        how = OPTIMIZERS[kind]
        how = Behaviour(
            how.default, how.best, how.peak + shift, how.speed * (1 - 20 * shift), how.width, how.breaks
        )
        first = {"optimizer": name} if len(design.problems) == 1 else {"problem": problem, "optimizer": name}
        contestant, best, tuned = tune(design, how, first, 0.03 * place, place)
        rows += tuned
        runs = [
            train(design, how, best[RATE], seed, 0.03 * place, place) if best else None
            for seed in design.evaluation_seeds
        ]
        contestant["optimizer"] = {"name": name, "learning_rate": best[RATE], "eps": 1e-8} if best else None
        contestant["chosen"] = best
        for seed, run in zip(design.evaluation_seeds, runs, strict=True):
            if run:
                names = {"run": f"{problem}-{len(rows)}", **first, "trial": None, **best}
                tested = {f"test_{design.metric}": run.row[design.monitor], "test_loss": run.row["val_loss"]}
                tested = (
                    {key: value and value * 0.997 for key, value in tested.items()} if design.tested else {}
                )
                rows.append(names | {"seed": seed, "fold": None, "phase": "evaluation"} | run.row | tested)
        contestants[name] = contestant
        evaluated[name] = [run for run in runs if run]
        scores[name] = [run.score if run else None for run in runs]
    found = compare(scores, np.random.default_rng(0), higher_is_better=higher)
    unit, scale = ("", 1.0) if design.lower else ("points", 100.0)
    start = 75.5 if design.lower else 0.1
    reached = describe(scores[found.ranking[0]]).median
    value = design.target if design.target is not None else reached and reached - 0.01 * (reached - start)
    for name, contestant in contestants.items():
        own = [row for row in rows if row["optimizer"] == name and row.get("problem", problem) == problem]
        add_results(design, contestant, own, evaluated[name], value)
    return {
        "name": problem,
        "dataset": design.text or "digits",
        "monitor": design.monitor,
        "better": "lower" if design.lower else "higher",
        "unit": unit,
        "scale": scale,
        "start": start,
        "target": {
            "metric": design.monitor,
            "value": value,
            "given": design.target is not None,
            "from": found.ranking[0] if value is not None and design.target is None else None,
        },
        "ranking": list(found.ranking),
        "fewest_seeds": found.fewest_seeds,
        "notices": notices(design, contestants),
        "pairs": [
            asdict(pair) | {"verdict": verdict(pair, unit=unit, scale=scale).text} for pair in found.pairs
        ],
        "contestants": {
            name: {
                "letters": found.letters[name] if contestant["validation"]["n"] else "",
                **contestant,
            }
            for name, contestant in contestants.items()
        },
    }


def tune(
    design: Design, how: Behaviour, first: Mapping[str, Any], difficulty: float, place: int
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """The tuning of a contestant: its part of the summary, the best setting, the rows of its runs."""
    searched = np.random.default_rng(len(str(first)))
    grid = [how.default * 10 ** ((step - design.trials // 2) / 2) for step in range(design.trials)]
    rows: list[dict[str, Any]] = []
    trials: list[dict[str, Any]] = []
    more = [key for key in design.keys if key != RATE]
    while True:
        for rate in grid[len(trials) :]:
            settings = {RATE: rate if not more else rate * 10 ** searched.uniform(-0.2, 0.2)}
            settings |= {key: round(float(searched.uniform(0.5, 0.99)), 4) for key in more}
            runs = [
                train(design, how, settings[RATE], seed, difficulty, place)
                for seed in range(design.tuning_seeds)
            ]
            for seed, run in enumerate(runs):
                names = {"run": f"tuning-{place}-{len(rows)}", **first, "trial": len(trials), **settings}
                rows.append(names | {"seed": seed, "fold": None, "phase": "tuning"} | run.row)
            values = [run.score for run in runs]
            worst = math.inf if design.lower else -math.inf
            middle = float(np.median([worst if value is None else value for value in values]))
            trials.append(
                {
                    "trial": len(trials),
                    "settings": settings,
                    "scores": values,
                    "score": middle if math.isfinite(middle) else None,
                    "added": len(trials) >= design.trials,
                }
            )
        known = [trial for trial in trials if trial["score"] is not None]
        pick = min if design.lower else max
        best = pick(known, key=lambda trial: trial["score"])["trial"] if known else None
        if more or best is None or best != len(grid) - 1 or len(grid) >= 2 * design.trials:
            break
        grid.append(grid[-1] * 10**0.5)
    rates, medians = [t["settings"][RATE] for t in trials], [t["score"] for t in trials]
    found = learning_rate_range(rates, medians, higher_is_better=not design.lower)
    tuning = {
        "keys": list(design.keys),
        "design": "sobol" if more else "grid",
        "trials": trials,
        "chosen": best,
        "edge": "high" if best == len(grid) - 1 and not more else None,
        "edge_option": "learning_rate" if best == len(grid) - 1 and not more else None,
        "added": len(trials) - design.trials,
        "learning_rate_range": asdict(found) if found else None,
        "expected_best": expected_best(medians, higher_is_better=not design.lower),
    }
    return {"tuning": tuning}, {} if best is None else trials[best]["settings"], rows


def add_results(
    design: Design,
    contestant: dict[str, Any],
    rows: list[dict[str, Any]],
    runs: list[Trained],
    value: float | None,
) -> None:
    """What the evaluation brought: descriptions, times to the target, costs, curves."""
    parts = {phase: [row for row in rows if row["phase"] == phase] for phase in ("tuning", "evaluation")}
    final = parts["evaluation"]

    def summed(column: str) -> dict[str, Any]:
        values = [None if row["status"] == "diverged" else row.get(column) for row in final]
        known = [value for value in values if value is not None]
        worst = (max if design.lower else min)(known, default=None)
        return asdict(describe(values)) | {"interquartile_mean": interquartile_mean(values), "worst": worst}

    for run, row in zip(runs, final, strict=True):
        reached = (
            []
            if value is None
            else np.flatnonzero(
                run.curves[design.monitor] <= value if design.lower else run.curves[design.monitor] >= value
            )
        )
        row["epochs_to_target"] = int(reached[0]) if len(reached) else None
        row["seconds_to_target"] = 0.02 * int(reached[0]) if len(reached) else None
    names = [name for name in (final[0] if final else {}) if name.startswith(("train_", "val_", "test_"))]
    times = {
        unit: asdict(summarize_times([row[f"{unit}_to_target"] for row in final]))
        for unit in ("epochs", "seconds")
    }
    contestant |= {
        "validation": summed("best_monitor"),
        "test": summed(f"test_{design.metric}") if design.tested else None,
        "metrics": {name: asdict(describe([row.get(name) for row in final])) for name in names},
        "target": times if value is not None else None,
        "ended": {phase: count(row["status"] for row in own) for phase, own in parts.items()},
        "cost": {
            "trials": len(contestant["tuning"]["trials"]),
            **{
                f"{phase}_{key}": value
                for phase, own in parts.items()
                for key, value in (
                    ("runs", len(own)),
                    ("updates", sum(row["steps"] for row in own)),
                    ("seconds", sum(row["seconds"] for row in own)),
                )
            },
        },
        "curves": curves(design, runs),
    }


def curves(design: Design, runs: list[Trained]) -> dict[str, Any]:
    """Quartiles over the runs that are still there at an epoch."""
    columns: dict[str, Any] = {}
    longest = max((len(run.curves["val_loss"]) for run in runs), default=0)
    for name in runs[0].curves if runs else ():
        matrix = np.full((len(runs), longest), np.nan)
        for row, run in enumerate(runs):
            matrix[row, : len(run.curves[name])] = run.curves[name]
        low, median, high = np.nanquantile(matrix, [0.25, 0.5, 0.75], axis=0)
        columns[name] = {
            "low": low.tolist(),
            "median": median.tolist(),
            "high": high.tolist(),
            "runs": np.isfinite(matrix).sum(axis=0).tolist(),
        }
    return {"epoch": list(range(longest)), "columns": columns}


def notices(design: Design, contestants: Mapping[str, Mapping[str, Any]]) -> list[str]:
    said = [design.text] if design.text else []
    for name, contestant in contestants.items():
        ended = contestant["ended"]
        if not sum(ended["evaluation"].values()):
            said.append(f"{name} diverged in every trial: there is no setting to evaluate.")
        elif contestant["tuning"]["edge"]:
            said.append(
                f"The best learning rate of {name} is the largest that was tried, after "
                f"{contestant['tuning']['added']} more trials: a larger one may be better."
            )
    return said


def profiles(problems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = list(problems[0]["contestants"])
    times = [
        [
            (problem["contestants"][name]["target"] or {"epochs": {"median": None}})["epochs"]["median"]
            for name in names
        ]
        for problem in problems
    ]
    ratios = performance_ratios(times)
    factors = np.unique(ratios[np.isfinite(ratios)])
    shares = performance_profile(ratios, factors)
    return {
        "factors": factors.tolist(),
        "shares": {name: share.tolist() for name, share in zip(names, shares, strict=True)},
        "scores": dict(zip(names, algoperf_score(ratios).tolist(), strict=True)),
        "largest_ratio": 4.0,
    }


def count(words: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return found
