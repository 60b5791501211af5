"""What is about to be done, in a few lines or as a JSON document."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from gdrun.experiments.plan import Plan
from gdrun.report.console.numbers import duration, number, size
from gdrun.text import printable


def plan_document(plan: Plan) -> dict[str, Any]:
    """What `--dry-run --json` prints."""
    work = plan.work
    return {
        "command": plan.command.name,
        "name": plan.config.name,
        "runs": plan.runs,
        "what": plan.words,
        "plan": list(plan.entries),
        "workers": plan.layout.workers,
        "stacks": len(plan.layout.stacks),
        "epochs": work.epochs,
        "updates_per_run": work.length.steps,
        "parameters": work.network.parameter_count,
        "layers": work.network.describe(),
        "updates": plan.updates,
        "memory_bytes": plan.layout.memory,
        "estimated_seconds": round(plan.seconds, 2),
    }


def plan_table(plan: Plan, *, with_cost: bool = False) -> Table:
    """What is about to be trained, on what, how.

    Args:
        plan: of the runs.
        with_cost: also how much time and memory it will take, about.
    """
    config, work, data = plan.config, plan.work, plan.work.data[0]
    parts = [(name, part) for name in ("train", "validation", "test") if (part := getattr(data, name))]
    rows = sum(len(part.rows) for _, part in parts)
    split = " · ".join(f"{len(part.rows):,} {name}" for name, part in parts)
    kind = (
        f"{len(data.classes)} classes"
        if data.classes
        else f"predicts {printable(', '.join(data.target_names), one_line=True)}"
    )
    features = work.network.input_shape[0] if len(work.network.input_shape) == 1 else work.network.input_shape
    batch = "full" if work.batch_size is None else f"{work.batch_size}"
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="faint", justify="right")
    grid.add_column(overflow="fold")
    grid.add_row("run", Text(config.name, style="name"))
    grid.add_row(
        "data", f"{printable(data.name, one_line=True)}, {rows:,} rows ({split}), {features} features, {kind}"
    )
    grid.add_row(
        "model", f"{layers_in_words(plan)}, {work.network.parameter_count:,} parameters, {config.dtype}"
    )
    grid.add_row("loss", ", ".join([work.loss.name, *(metric.name for metric in work.metrics)]))
    rate = config.optimizer.learning_rate * work.learning_rate_factor
    grid.add_row(
        "optimizer", f"{config.optimizer.name}, learning rate {number(rate)}, {config.schedule.name}"
    )
    updates = f"{work.length.steps:,} updates"
    each = "" if plan.runs == 1 else " each"
    grid.add_row("training", f"{work.epochs:,} epochs of batches of {batch}, {updates}{each}, {plan.words}")
    if with_cost:
        stacks, workers = len(plan.layout.stacks), plan.layout.workers
        grid.add_row(
            "cost",
            f"{plan.runs:,} run{'s' * (plan.runs > 1)} in {stacks:,} stack{'s' * (stacks > 1)}, "
            f"{plan.updates:,} updates in all, {workers} worker{'s' * (workers > 1)}, "
            f"{size(plan.layout.memory)} of memory, roughly {duration(plan.seconds)}",
        )
    return grid


def layers_in_words(plan: Plan) -> str:
    """ "mlp 64 → 64 relu → dropout 0.3 → 10"."""
    network = plan.work.network
    words = [str(_flat(network.input_shape))]
    for layer, shape in zip(network.layers, network.shapes[1:], strict=True):
        activation = getattr(getattr(layer, "activation", None), "name", "")
        parts = {
            "dense": [_flat(shape)],
            "activation": [],
            "dropout": ["dropout", getattr(layer, "rate", "")],
        }
        said = [*parts.get(layer.name, [layer.name, _flat(shape)]), activation]
        words.append(" ".join(str(part) for part in said if part not in ("", "identity")) or "identity")
    return f"{plan.config.model.name} {' → '.join(words)}"


def _flat(shape: tuple[int, ...]) -> str:
    return str(shape[0]) if len(shape) == 1 else "×".join(map(str, shape))
