"""What is about to be done, in a few lines or as a JSON document."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from gdrun.config import ObjectiveConfig
from gdrun.experiments.plan import Plan
from gdrun.experiments.planning import DescentKind, Kind
from gdrun.report.console.descents import (
    around_in_words,
    descent_in_words,
    method_in_words,
    objective_in_words,
)
from gdrun.report.console.numbers import duration, number, size
from gdrun.text import printable
from gdrun.training.work import StackWork

MOST_LINES = 6  # of data sets or models


def plan_document(plan: Plan) -> dict[str, Any]:
    """What `--dry-run --json` prints."""
    kinds = plan.layout.kinds
    document = {
        "command": plan.command.name,
        "name": plan.config.name,
        "runs": plan.runs,
        "what": plan.words,
        "plan": list(plan.entries),
        "workers": plan.layout.workers,
        "stacks": len(plan.layout.stacks),
        "updates_per_run": max(kind.updates for kind in kinds),
        "updates": plan.updates,
        "memory_bytes": plan.layout.memory,
        "estimated_seconds": round(plan.seconds, 2),
    }
    if any(isinstance(kind, Kind) for kind in kinds):
        work = plan.work
        document |= {
            "epochs": work.epochs,
            "updates_per_run": work.length.steps,
            "parameters": work.network.parameter_count,
            "layers": work.network.describe(),
        }
    return document


def plan_table(plan: Plan, *, with_cost: bool = False) -> Table:
    """What is about to be trained, on what, how.

    Args:
        plan: of the runs.
        with_cost: also how much time and memory it will take, about.
    """
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="faint", justify="right")
    grid.add_column(overflow="fold")
    grid.add_row("run", Text(plan.config.name, style="name"))
    trained = [kind for kind in plan.layout.kinds if isinstance(kind, Kind)]
    descents = [kind for kind in plan.layout.kinds if isinstance(kind, DescentKind)]
    lines = {
        "varied": [printable(f"{key}: {values}", one_line=True) for key, values in plan.varied.items()],
        "data": [data_in_words(kind.work) for kind in trained],
        "model": [model_in_words(kind) for kind in trained],
        "loss": [loss_in_words(kind.work) for kind in trained],
        "objective": [_objective(plan, kind) for kind in descents],
        "optimizer": [] if _optimizer_varies(plan) else [optimizer_in_words(plan)],
        "training": [length_in_words(kind.work, plan) for kind in trained],
        "length": [descent_in_words(kind.config) for kind in descents],
        "runs": [plan.words] * (plan.runs > 1),
    }
    for label, words in lines.items():
        distinct = list(dict.fromkeys(words))
        for place, one in enumerate(distinct[:MOST_LINES]):
            grid.add_row("" if place else label, one)
        if len(distinct) > MOST_LINES:
            grid.add_row("", f"… and {len(distinct) - MOST_LINES} more")
    if with_cost:
        stacks, workers = len(plan.layout.stacks), plan.layout.workers
        grid.add_row(
            "cost",
            f"{plan.runs:,} run{'s' * (plan.runs > 1)} in {stacks:,} stack{'s' * (stacks > 1)}"
            f"{' and more' * (plan.later > 0)}, {plan.updates:,} updates in all, "
            f"{workers} worker{'s' * (workers > 1)}, "
            f"{size(plan.layout.memory)} of memory, roughly {duration(plan.seconds)}",
        )
    return grid


def _objective(plan: Plan, kind: DescentKind) -> str:
    """The objective of some descents in words, with all starts where a plan is of one config."""
    if plan.command.name == "compare-optimizers":
        return objective_in_words(kind.config, "each seed with a start of its own")
    if plan.command.name == "sweep":
        starts = {str(entry.get("start")) for entry in plan.entries}
        varies = any(key.partition(".")[0] in ("start", "interval") for key in plan.varied)
        several = f"{len(starts):,} starts" if len(starts) > 1 else ""
        return objective_in_words(kind.config, "different starts" if varies else several)
    whole = plan.config if isinstance(plan.config, ObjectiveConfig) and plan.runs > 1 else kind.config
    return objective_in_words(whole)


def data_in_words(work: StackWork) -> str:
    """ "digits, 1,797 rows (1,257 train · 270 validation · 270 test), 64 features, 10 classes"."""
    data = work.data[0]
    parts = [(name, part) for name in ("train", "validation", "test") if (part := getattr(data, name))]
    rows = sum(len(part.rows) for _, part in parts)
    split = " · ".join(f"{len(part.rows):,} {name}" for name, part in parts)
    kind = (
        f"{len(data.classes)} classes"
        if data.classes
        else f"predicts {printable(', '.join(data.target_names), one_line=True)}"
    )
    features = _flat(work.network.input_shape)
    return f"{printable(data.name, one_line=True)}, {rows:,} rows ({split}), {features} features, {kind}"


def loss_in_words(work: StackWork) -> str:
    """ "softmax_cross_entropy, accuracy"."""
    return ", ".join([work.loss.name, *(metric.name for metric in work.metrics)])


def _optimizer_varies(plan: Plan) -> bool:
    parts = {key.partition(".")[0] for key in plan.varied}
    return bool(parts & {"optimizer", "schedule", "learning_rate_scaling"})


def optimizer_in_words(plan: Plan) -> str:
    """The optimizer with its learning rate and schedule, or those that are compared."""
    config = plan.config
    if plan.command.name == "compare-optimizers" and config.compare is not None:
        names = ", ".join(contestant.name for contestant in config.compare.optimizers or ())
        return "; ".join([names, f"{config.schedule.name} schedule", *around_in_words(config)])
    if isinstance(config, ObjectiveConfig):
        return method_in_words(config)
    rate = config.optimizer.base_rate * plan.work.learning_rate_factor
    what = config.optimizer.rate_option.replace("_", " ")
    words = [config.optimizer.name, f"{what} {number(rate)}", config.schedule.name]
    return ", ".join([*words, *around_in_words(config)])


def length_in_words(work: StackWork, plan: Plan) -> str:
    """ "30 epochs of batches of 32, 1,200 updates, seed 0"."""
    batches = "full batches" if work.batch_size is None else f"batches of {work.batch_size}"
    each = " each" if plan.runs > 1 else f", {plan.words}"
    return f"{work.epochs:,} epochs of {batches}, {work.length.steps:,} updates{each}"


def model_in_words(kind: Kind) -> str:
    """ "mlp 64 → 64 relu → 10, 4,810 parameters, float32"."""
    layers, count = layers_in_words(kind.work), kind.work.network.parameter_count
    return f"{kind.config.model.name} {layers}, {count:,} parameters, {kind.config.dtype}"


def layers_in_words(work: StackWork) -> str:
    """ "64 → 64 relu → dropout 0.3 → 10"."""
    network = work.network
    words = [str(_flat(network.input_shape))]
    for layer, shape in zip(network.layers, network.shapes[1:], strict=True):
        activation = getattr(getattr(layer, "activation", None), "name", "")
        parts = {
            "dense": [_flat(shape)],
            "activation": [],
            "dropout": ["dropout", getattr(layer, "rate", "")],
            "gaussian_noise": ["noise", getattr(layer, "std", "")],
        }
        said = [*parts.get(layer.name, [layer.name, _flat(shape)]), activation]
        words.append(" ".join(str(part) for part in said if part not in ("", "identity")) or "identity")
    return " → ".join(words)


def _flat(shape: tuple[int, ...]) -> str:
    return str(shape[0]) if len(shape) == 1 else "×".join(map(str, shape))
