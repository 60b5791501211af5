"""Writes what the runs of a tile leave, while they train and when they end."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from gdrun.config import Config
from gdrun.data import Part, Prepared
from gdrun.errors import GdrunError, StoppedError
from gdrun.experiments.events import EpochTold, Event, RunTold
from gdrun.experiments.spec import Tile
from gdrun.nn.layer import Array
from gdrun.run_directory.checkpoints import Checkpoints
from gdrun.run_directory.directory import Ending, Status
from gdrun.run_directory.json_files import Shared
from gdrun.run_directory.metrics_csv import metrics_columns
from gdrun.run_directory.run import RunDirectory, begin_runs, end_runs, pack_predictions, pack_split
from gdrun.run_directory.tables import pack_columns
from gdrun.training.evaluation import Evaluator, penalties
from gdrun.training.record import Outcome, Record
from gdrun.training.snapshot import Snapshot
from gdrun.training.trainer import Trainer
from gdrun.training.work import StackWork
from gdrun.version import __version__

_TELL_SECONDS = 0.1  # at least, between two events


class TileWriter:
    """The observer of a tile's training: metrics, checkpoints, and every file of a run that has ended.

    Args:
        tile: its runs are those of `work.runs`.
        directories: of its runs, which are released in the end.
        work: what is trained.
        config: what the runs share of their configs.
        checkpoints: of the stack.
        tell: receives events.
        stop_asked: whether to stop.
    """

    def __init__(
        self,
        tile: Tile,
        directories: Sequence[RunDirectory],
        work: StackWork,
        config: Config,
        checkpoints: Checkpoints,
        tell: Callable[[Event], None],
        stop_asked: Callable[[], bool],
    ) -> None:
        self.number = tile.number
        self.work = work
        self.config = config
        self.checkpoints = checkpoints
        self.tell = tell
        self.interrupted = stop_asked
        self.tested = [spec.tested for spec in tile.runs]
        self.directories = directories
        self.columns = metrics_columns([metric.name for metric in work.metrics])
        self.log = logging.getLogger(f"gdrun.tile.{tile.number}")
        self.log.propagate = False
        self.log.setLevel(logging.INFO)
        self.handlers = [directory.log_handler() for directory in self.directories]
        for handler in self.handlers:
            self.log.addHandler(handler)
        self.last_records: dict[int, Record] = {}
        self.ended_updates = 0  # of the runs that have ended
        self.endings: dict[int, Ending] = {}  # of runs, still to be written
        self.last_save = self.last_tell = time.monotonic()
        self.identity = {
            "gdrun": __version__,  # another one may train otherwise
            "config": [dict(spec.config) for spec in tile.runs],
            "data": [data.sha256 for data in work.data],
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handler in self.handlers:
            self.log.removeHandler(handler)
            handler.close()
        with contextlib.ExitStack() as release:  # each of them, even where the system refuses one
            for directory in self.directories:
                release.callback(directory.release)

    def begin(self, trainer: Trainer, setup_seconds: float, snapshot: Snapshot | None) -> None:
        """Open the files and say in run.json and run.log what is about to happen."""
        self.trainer = trainer
        self.running = len(trainer.stack.runs)
        self.setup_seconds = setup_seconds
        lengths = snapshot.document["metrics_lengths"] if snapshot else {}
        digests = snapshot.document.get("metrics_digests", {}) if snapshot else {}
        self.metrics = {}
        described = [Shared(_described(data, self.work)) for data in self.work.data]
        splits = None if snapshot else [_packed_split(data) for data in self.work.data]
        beginnings = []
        for run in trainer.stack.runs:
            directory, place = self.directories[run], self.work.runs[run].data
            self.metrics[run] = directory.metrics(self.columns, lengths.get(str(run)), digests.get(str(run)))
            values: dict[str, Any] = {
                "status": "running",
                "reason": None,
                "finished": None,
                "parameters": self.work.network.parameter_count,
                "data": described[place],
            }
            if self.work.diagnostics:
                values["layers"] = self.work.network.described_layers()
            beginnings.append((directory, values, None if splits is None else splits[place]))
        begin_runs(beginnings)
        count = len(trainer.stack.runs)
        self.log.info(
            "training %s on %s, %s, %s",
            self.work.network.describe(),
            self.work.data[0].name,
            "1 run" if count == 1 else f"{count} runs together",
            f"from epoch {trainer.epoch}" if snapshot else "from the start",
        )

    # --- what training calls

    def evaluated(self, run: int, record: Record) -> None:
        self.last_records[run] = record
        validation = record.validation or dict.fromkeys(record.train)
        self.metrics[run].append(
            [
                *(record.epoch, record.step, record.learning_rate if record.epoch else None),
                *record.train.values(),
                *validation.values(),
                *(record.gradient_norm, round(record.seconds, 6)),
            ]
        )

    def epoch_ended(self, epoch: int) -> None:
        self._write_endings()
        now = time.monotonic()
        if now - self.last_tell < _TELL_SECONDS:
            return
        self.last_tell = now
        trainer = self.trainer
        runs = trainer.stack.runs
        records = [self.last_records[run] for run in runs if run in self.last_records]
        values = {}
        for part, name in (("train", "train"), ("val", "validation")):
            for quantity in getattr(records[0], name) if records else ():
                values[f"{part}_{quantity}"] = float(
                    np.median([getattr(record, name)[quantity] for record in records])
                )
        updates = epoch * len(trainer.work.batches) * len(runs) + self.ended_updates
        self.tell(EpochTold(self.number, len(runs), epoch, values, updates))

    def checkpoint_due(self) -> bool:
        options = self.config.checkpoint
        return (
            self.trainer.epoch > 0
            and self.trainer.epoch % options.every_epochs == 0
            and time.monotonic() - self.last_save >= options.min_seconds
        )

    def save(self, snapshot: Snapshot) -> None:
        self._write_endings()  # the checkpoint doesn't have these runs any more
        document = snapshot.document | {"identity": self.identity}
        step = document["epoch"] * len(self.work.batches) + document["batch"]
        files = {str(run): self.metrics[run] for run in document["runs"]}
        self.checkpoints.write(document["epoch"], step, snapshot.arrays, document, files)
        self.last_save = time.monotonic()

    def finished(self, run: int, outcome: Outcome) -> None:
        directory = self.directories[run]
        data = self.work.data[self.work.runs[run].data]
        network = self.work.network
        variables = outcome.variables[None]
        best = outcome.best
        result: dict[str, Any] = {
            "best_epoch": best.epoch if best else None,
            "train": best.train if best else None,
            "validation": (best.validation or None) if best else None,
            "test": None,
        }
        predictions = None
        if data.test is not None and self.tested[run]:
            evaluator = Evaluator(
                network, self.work.loss, self.work.metrics, data.test, data.preprocessor, self.work.dtype
            )
            scores = evaluator.scores(variables)
            values = evaluator.values(scores, penalties(self.work, variables, [run]))
            result["test"] = {name: float(column[0]) for name, column in values.items()}
            predictions = _packed(evaluator.predictions(scores)[0], data.test, data)
        weights = {name: view[0] for name, view in network.variables(variables).items()}
        why = f": {outcome.reason}" if outcome.reason else ""
        self.handlers[run].tell(f"run {directory.record['id']} {outcome.status}{why}")
        self.endings[run] = directory.ending(
            outcome.status,
            outcome.reason,
            weights=weights,
            predictions=predictions,
            learning=outcome.learning,
            timing=self._timing(outcome.epochs, outcome.seconds),
            result=result,
        )
        self.running -= 1
        self.ended_updates += outcome.steps
        if not self.running:
            self._write_endings()

    def _write_endings(self) -> None:
        """Write what the runs have left that ended since the last time: those of one epoch together."""
        end_runs(list(self.endings.values()))
        for run, ending in self.endings.items():
            self.tell(RunTold(self.number, self.directories[run].path.name, ending.status))
        self.endings.clear()

    def interrupted_by(self, error: BaseException) -> None:
        """Say in run.json of every unfinished run why it ended; the system may refuse that too."""
        stopped = isinstance(error, StoppedError | KeyboardInterrupt)
        status: Status = "interrupted" if stopped else "failed"
        for run in self.trainer.stack.runs:
            try:
                timing = self._timing(self.trainer.epoch, self.trainer.seconds)
                self.directories[run].finish(status, str(error), timing=timing)
            except GdrunError as second:
                self.log.error("could not note the end of the run: %s", second)

    def _timing(self, epochs: int, seconds: float) -> dict[str, Any]:
        steps = epochs * len(self.work.batches)
        evaluation = self.trainer.evaluator.seconds + self.trainer.learning.seconds
        training = max(seconds - evaluation, 0.0)
        return {
            "setup": round(self.setup_seconds, 6),
            "training": round(training, 6),
            "evaluation": round(evaluation, 6),
            "total": round(self.setup_seconds + seconds, 6),
            "steps": steps,
            "steps_per_second": round(steps / training, 3) if steps and training else None,
            "epochs": epochs,
            "stacked_runs": len(self.work.runs),
            "share": round(seconds / len(self.work.runs), 6),
        }


def _rows(part: Part | None) -> Array:
    return np.empty(0, np.int64) if part is None else part.rows


def _packed_split(data: Prepared) -> bytes:
    return pack_split(*(_rows(part) for part in (data.train, data.validation, data.test)))


def _described(data: Any, work: StackWork) -> dict[str, Any]:
    """The `data` of run.json."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    counts = {name: len(_rows(part)) for name, part in parts.items()}
    sampled = work.evaluated_rows is not None and counts["train"] > work.evaluated_rows
    return {
        "dataset": data.name,
        "rows": sum(counts.values()),
        "features": int(np.prod(data.train.features.shape[1:])),
        "classes": len(data.classes) or None,
        "sha256": data.sha256,
        "task": data.task,
        "rows_by_part": counts,
        "evaluated_train_rows": work.evaluated_rows if sampled else counts["train"],
        "labels": list(data.classes),
        "targets": list(data.target_names),
        "notices": list(data.notices),
        "preprocessing": data.preprocessor.to_plain(),
    }


def _packed(predictions: Array, part: Part, data: Prepared) -> bytes:
    """The content of predictions.csv; with several targets `target_<name>` …, `prediction_<name>` …"""
    if classes := data.classes:
        chosen = predictions.argmax(axis=-1)
        names = np.array(classes, object)
        return pack_predictions(
            part.rows,
            names[part.target],
            names[chosen],
            predictions.astype(np.float64),
            classes,
        )
    target, prediction = part.raw_target, predictions.astype(np.float64)
    if target.shape[1] == 1:
        return pack_predictions(part.rows, target[:, 0], prediction[:, 0])
    titles = [f"{kind}_{name}" for kind in ("target", "prediction") for name in data.target_names]
    return pack_columns(["row", *titles], [part.rows, *target.T, *prediction.T])
