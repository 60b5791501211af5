"""A finished run put to use: its network, weights and preprocessing, read from its directory alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.config import Config, from_plain, to_plain, with_task
from gdrun.config.overrides import Overrides
from gdrun.config.plugins import load_plugin, recorded_plugins
from gdrun.data import NewData, Part, Preprocessor, Table, make_part
from gdrun.errors import ConfigError, DataError, WeightsError
from gdrun.experiments.build import build_network, check_target, loss_of, metrics_of, outputs_for
from gdrun.experiments.threads import blas_threads
from gdrun.nn.layer import Array
from gdrun.nn.network import Network
from gdrun.run_directory.store import Group, Run, load
from gdrun.run_directory.tables import pack_table
from gdrun.training.evaluation import Evaluator


@dataclass(frozen=True)
class Predictions:
    """What a network says of some rows.

    Attributes:
        classes: names of the classes; empty for regression.
        target_names: names of the predicted columns.
        values: class names (rows,), or values (rows, outputs) in the target's own unit.
        probabilities: (rows, classes), or None for regression.
        target: the truth in the same form as `values`, where the data has it; else None.
    """

    classes: Sequence[str]
    target_names: Sequence[str]
    values: NDArray[Any]
    probabilities: NDArray[np.float64] | None
    target: NDArray[Any] | None


class TrainedRun:
    """The network of a run, ready to be used on data.

    Args:
        path: of a run directory whose run has ended.
        plugins: files to load in place of those that it was trained with.

    Raises:
        ConfigError: it is a group, or a run without weights yet.
        WeightsError: its files are damaged or don't fit each other.
    """

    def __init__(self, path: Path, plugins: Sequence[Path] = ()) -> None:
        saved = load(path)
        if isinstance(saved, Group):
            member = next(iter(saved.members), "…")
            raise ConfigError(f"{path} is a group; name one of its runs, such as {path}/members/{member}")
        self.run: Run = saved
        if saved.record.get("command") == "minimize":
            raise ConfigError(
                f"{path} is a descent on an objective and has no network; gdrun runs show {path}"
            )
        data = saved.record.get("data") or {}
        if "preprocessing" not in data:
            raise ConfigError(
                f"{path}: the run is {saved.status} and has no weights yet; gdrun resume {path}"
            )
        self.data: Mapping[str, Any] = data
        for plugin in plugins or recorded_plugins(saved.record, path):
            load_plugin(plugin)
        self.config: Config = from_plain(saved.config, source=str(path / "config.yaml")).config
        self.preprocessor = Preprocessor.from_plain(data["preprocessing"])

    @cached_property
    def network(self) -> Network:
        """The network for the run's data."""
        return build_network(self.config, self.preprocessor.features_shape, self._targets)

    @property
    def _targets(self) -> int:
        return len(self.preprocessor.classes) or len(self.preprocessor.target_names)

    @cached_property
    def variables(self) -> Array:
        """(1, variables) from weights.npz."""
        arrays = self.run.weights()
        flat = self.network.flat(arrays)
        if flat is None:
            raise WeightsError(f"{self.run.path}: weights.npz doesn't fit config.yaml; restore both")
        return flat.astype(self.config.dtype)[None]

    def predict(self, rows: NewData | Table) -> Predictions:
        """Predict rows that were read with this run's preprocessor."""
        everything = np.arange(rows.rows)
        features = self.preprocessor.transform(rows, everything, self.config.dtype)
        return self._predictions(features, rows.target)

    def predict_array(self, features: NDArray[Any]) -> NDArray[Any]:
        """Class names (rows,) or values (rows, outputs) for raw features, all numbers.

        Args:
            features: (rows, columns), or (rows, *row_shape) of images or sequences; also a single row.
        """
        preprocessor = self.preprocessor
        numbers = np.asarray(features, np.float64)
        if preprocessor.row_shape is not None and numbers.shape[-len(preprocessor.row_shape) :] == (
            preprocessor.row_shape
        ):
            numbers = numbers.reshape(-1, len(preprocessor.number_names))
        numbers = np.atleast_2d(numbers)
        if preprocessor.levels:
            raise DataError("the run was trained on categories too: predict a CSV file instead of an array")
        if numbers.ndim != 2 or numbers.shape[1] != len(preprocessor.number_names):
            columns, shape = len(preprocessor.number_names), preprocessor.row_shape
            found = f"{numbers.shape[1]} columns" if numbers.ndim == 2 else f"shape {numbers.shape[1:]}"
            raise DataError(
                f"{found} instead of the {columns} trained on{f', in rows of shape {shape}' if shape else ''}"
            )
        return self.predict(NewData("array", numbers, preprocessor.number_names, (), None)).values

    def evaluate(self, overrides: Overrides = ()) -> tuple[dict[str, dict[str, float]], list[str]]:
        """Loss and metrics of the weights, and what the user should know.

        On the run's own data: of its training, validation and test rows. On other data that `overrides` name:
        of all its rows, as "data".

        Args:
            overrides: of the config: `dataset`, `metrics` or `loss`.

        Raises:
            ConfigError: an override of something that is fixed once a run is trained.
            DataError: data that the network doesn't fit.
        """
        loaded = from_plain(to_plain(self.config), overrides)
        config = loaded.config
        self._check_overrides(config)
        table = config.dataset.load(Path())
        if table.task != self.preprocessor.task:
            raise DataError(
                f"{table.name} is for {table.task}, the run was trained for {self.preprocessor.task}"
            )
        config = with_task(config, table.task)
        notices = list(loaded.notices)
        if table.sha256 == self.data["sha256"]:
            rows = {name: numbers for name, numbers in self.run.split().items() if len(numbers)}
        else:
            rows = {"data": np.arange(table.rows)}
            table = self._with_known_classes(table)
            notices += self.preprocessor.notices(table, rows["data"])
        values = {}
        with blas_threads(config.compute.blas_threads):
            for name, numbers in rows.items():
                part = make_part(table, numbers, self.preprocessor, config.dtype)
                evaluator = self._evaluator(config, part)
                found = evaluator.evaluate(self.variables, self._penalty(config))
                values[name] = {quantity: float(column[0]) for quantity, column in found.items()}
        return values, notices

    def _check_overrides(self, config: Config) -> None:
        free = {"dataset", "metrics", "loss", "compute", "name"}
        before, after = to_plain(self.config), to_plain(config)
        for key in before:
            if key not in free and before[key] != after[key]:
                raise ConfigError(
                    f"{key} cannot be changed for trained weights; change {', '.join(sorted(free))}"
                )

    def _with_known_classes(self, table: Table) -> Table:
        """The same table with the class indices of the training data."""
        known = {name: index for index, name in enumerate(self.preprocessor.classes)}
        unknown = [name for name in table.classes if name not in known]
        if unknown:
            raise DataError(
                f"{table.name}: class {unknown[0]!r} is unknown to the run, which was trained on "
                f"{', '.join(map(repr, self.preprocessor.classes[:10]))}"
            )
        if not table.classes:
            return table
        indices = np.array([known[name] for name in table.classes], np.int64)
        return replace(table, target=indices[table.target], classes=self.preprocessor.classes)

    def _evaluator(self, config: Config, part: Part) -> Evaluator:
        loss, dtype = loss_of(config), np.dtype(config.dtype)
        outputs = self.network.output_shape[0]
        if (needed := outputs_for(loss, self._targets)) != outputs:
            raise ConfigError(f"loss: the network has {outputs} outputs, and {loss.name} takes {needed}")
        check_target(loss, part, outputs, dtype)
        return Evaluator(self.network, loss, metrics_of(config), part, self.preprocessor, dtype)

    def _penalty(self, config: Config) -> NDArray[np.float64]:
        return config.penalty.value(self.variables, self.network.weight_count)

    def _predictions(self, features: NDArray[Any], target: NDArray[Any] | None) -> Predictions:
        rows = len(features)
        classes = np.array(self.preprocessor.classes, object)
        outputs = len(self.preprocessor.target_names)
        empty = np.zeros(rows, np.int64) if len(classes) else np.zeros((rows, outputs))
        part = Part(features, empty, empty, np.arange(rows))
        with blas_threads(self.config.compute.blas_threads):
            evaluator = self._evaluator(self.config, part)
            found = evaluator.predictions(evaluator.scores(self.variables))[0].astype(np.float64)
        names = self.preprocessor.target_names
        if not len(classes):
            return Predictions((), names, found, None, target)
        truth = None if target is None else classes[target]
        return Predictions(self.preprocessor.classes, names, classes[found.argmax(axis=-1)], found, truth)


def predictions_table(found: Predictions) -> bytes:
    """Predictions as a CSV file: row, target where it is known, prediction, probabilities."""
    columns: list[tuple[str, NDArray[Any]]] = [("row", np.arange(len(found.values)))]
    several = not found.classes and len(found.target_names) > 1
    if found.target is not None and several:
        columns += [
            (f"target_{name}", column)
            for name, column in zip(found.target_names, found.target.T, strict=True)
        ]
    elif found.target is not None:
        columns.append(("target", found.target.reshape(-1)))
    if found.probabilities is not None:
        columns.append(("prediction", found.values))
        columns += [
            (f"probability_{name}", column)
            for name, column in zip(found.classes, found.probabilities.T, strict=True)
        ]
    elif not several:
        columns.append(("prediction", found.values[:, 0]))
    else:
        columns += [
            (f"prediction_{name}", column)
            for name, column in zip(found.target_names, found.values.T, strict=True)
        ]
    names = [name for name, _ in columns]
    return pack_table(names, zip(*(column.tolist() for _, column in columns), strict=True))


def predictions_document(found: Predictions) -> dict[str, Any]:
    """Predictions as plain data."""
    values = found.values
    if not found.classes and len(found.target_names) == 1:
        values = values[:, 0]
    return {
        "classes": list(found.classes),
        "predictions": values.tolist(),
        "probabilities": None if found.probabilities is None else found.probabilities.tolist(),
    }
