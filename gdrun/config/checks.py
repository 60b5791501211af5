"""What a valid config will probably not do as meant: said by `gdrun validate` and before a run."""

from __future__ import annotations

from collections.abc import Iterator

from gdrun.config.config import Config
from gdrun.config.objective import ObjectiveConfig
from gdrun.optim.averaging import Averaging
from gdrun.optim.lookahead import Lookahead
from gdrun.optim.schedule import RunLength
from gdrun.optim.schedules.plateau import Plateau
from gdrun.optim.searcher import Searcher


def run_length(config: Config, training_rows: int) -> RunLength:
    """How long a run is with so many training rows."""
    if config.batch_size == "full":
        return RunLength(config.epochs, 1)
    whole, rest = divmod(training_rows, config.batch_size)
    return RunLength(config.epochs, whole if config.drop_last else whole + bool(rest))


def warnings(config: Config, training_rows: int | None = None) -> list[str]:
    """What to think about again, one sentence each.

    Args:
        config: a valid one.
        training_rows: how many there are; None before the data was read, and less is said.
    """
    return list(_warnings(config, training_rows))


def _warnings(config: Config, training_rows: int | None) -> Iterator[str]:
    stopping = config.early_stopping
    has_validation = config.split.validation or getattr(config.dataset, "validation_path", None) is not None
    if stopping is not None:
        evaluations = config.epochs // config.evaluation.every_epochs
        if stopping.patience >= evaluations > 0:
            yield (
                f"early_stopping.patience is {stopping.patience} evaluations and the run has {evaluations}: "
                "it can never stop early"
            )
        if stopping.monitor.startswith("train_") and has_validation:
            yield f"early_stopping.monitor is {stopping.monitor}, though there are validation rows to watch"
        if stopping.monitor.startswith("val_") and not has_validation:
            yield f"early_stopping.monitor is {stopping.monitor}, but there are no validation rows"
    yield from _of_averaging(config.averaging, RunLength(config.epochs, 1), "epochs")
    if config.tolerance and isinstance(config.optimizer, Searcher) and not config.optimizer.needs_gradient:
        yield f"tolerance has no effect: {config.optimizer.name} computes no gradients"
    yield from (f"schedule: {said}" for said in _of_schedule(config, training_rows))
    if training_rows is None:
        return
    length = run_length(config, training_rows)
    if config.batch_size != "full" and config.batch_size > training_rows:
        said = "no update at all, since drop_last is true" if config.drop_last else "one update an epoch"
        yield f"batch_size is {config.batch_size} and there are {training_rows} training rows: {said}"
    yield from _of_lookahead(config.lookahead, length)
    optimizer = config.optimizer
    if optimizer.full_batch and config.batch_size != "full" and config.batch_size < training_rows:
        yield (
            f"{optimizer.name} is made for full batches: with {config.batch_size} of {training_rows} "
            "training rows, what it learns from one batch misleads it on the next; set batch_size: full"
        )


def descent_warnings(config: ObjectiveConfig) -> list[str]:
    """The same of a config with an objective, whose epochs are its steps."""
    length = RunLength(config.steps, 1)
    return [
        *_of_averaging(config.averaging, length, "steps"),
        *_of_lookahead(config.lookahead, length),
        *(f"schedule: {said}" for said in config.schedule.warnings(length)),
    ]


def _of_averaging(averaging: Averaging | None, length: RunLength, unit: str) -> Iterator[str]:
    if averaging is not None and averaging.first_epoch(length) >= length.epochs > 0:
        yield (
            f"averaging.start_epoch is {averaging.start_epoch} and the run has {length.epochs} {unit}: "
            "nothing is averaged"
        )


def _of_lookahead(lookahead: Lookahead | None, length: RunLength) -> Iterator[str]:
    if lookahead is not None and lookahead.steps > length.steps > 0:
        yield f"lookahead.steps is {lookahead.steps} and the run has {length.steps} updates: no effect"


def _of_schedule(config: Config, training_rows: int | None) -> list[str]:
    """What is wrong with the schedule; before the data is read, only what needs no length of an epoch."""
    schedule, stopping = config.schedule, config.early_stopping
    patience = None if stopping is None else stopping.patience
    found = []
    if training_rows is not None:
        found = schedule.warnings(run_length(config, training_rows), patience)
    elif schedule.warmup_epochs is not None and schedule.warmup_epochs >= config.epochs > 0:
        found = [
            f"the warm-up of {schedule.warmup_epochs:g} epochs lasts as long as the run of {config.epochs}: "
            "the schedule itself never begins"
        ]
    if not found and isinstance(schedule, Plateau):
        return schedule.out_of_reach(config.epochs // config.evaluation.every_epochs, patience)
    return found
