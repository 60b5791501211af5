"""From a validated config to the objects that training works on."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gdrun.config import Config, to_plain, with_task
from gdrun.data import Part, Prepared, SplitRows, Table, prepare, split
from gdrun.data.folds import fold_split
from gdrun.errors import ConfigError, WeightsError
from gdrun.nn.layer import Shape
from gdrun.nn.loss import Loss
from gdrun.nn.metric import Metric
from gdrun.nn.network import Network
from gdrun.optim.schedules.plateau import Plateau
from gdrun.optim.searcher import Searcher
from gdrun.run_directory.weights import read_weights
from gdrun.training.work import RunWork, StackWork

SMOKE_EPOCHS = 2
SMOKE_ROWS = 512


def smoke(config: Config) -> Config:
    """The same run, cut short: for checking in CI that it runs at all."""
    rows = min(SMOKE_ROWS, config.split.train or SMOKE_ROWS)
    return replace(config, epochs=min(config.epochs, SMOKE_EPOCHS), split=replace(config.split, train=rows))


def load_data(config: Config) -> tuple[Config, Prepared]:
    """Read, split and preprocess the data of a config, and fill in what depends on its task.

    Raises:
        DataError: the data cannot be used.
        ConfigError: the config doesn't fit the data.
    """
    (config,), (data,), _ = load_all_data([config])
    return config, data


def load_table(config: Config) -> Table:
    """The rows of a config's dataset as they were read."""
    return config.dataset.load(Path())


def load_all_data(
    configs: Sequence[Config], table: Table | None = None
) -> tuple[list[Config], list[Prepared], list[int]]:
    """The same for several configs, each distinct data set once.

    The last ones are kept, since planning and training ask for the same.

    Args:
        configs: of runs.
        table: of all of them, where it has been read already.

    Returns:
        The configs with what depends on the task; the distinct data sets; which of these each config has.
    """
    keys = _data_keys(configs)
    distinct = dict(zip(keys, configs, strict=True))
    kept = {key: _kept[key] for key in distinct if key in _kept}
    _kept.clear()
    tables = dict(_last_table) if table is None else {_table_key(configs[0]): table}
    for key in dict.fromkeys(keys):
        if key not in kept:
            config, source = distinct[key], _table_key(distinct[key])
            if source not in tables:
                tables = {source: load_table(config)}
            kept[key] = _prepared(with_task(config, tables[source].task), tables[source])
    _kept.update(kept)
    _last_table.clear()
    if any(config.split.fold is not None or config.split.resample for config in configs):
        _last_table.update(tables)
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    complete = [with_task(config, kept[key].task) for config, key in zip(configs, keys, strict=True)]
    return complete, [kept[key] for key in places], [places[key] for key in keys]


_kept: dict[str, Prepared] = {}  # what was asked for last
_last_table: dict[str, Table] = {}  # one at most, where other splits of the same rows are to be expected


def _table_key(config: Config) -> str:
    """What a table is a function of: the dataset's options, and the files that they name as they are now."""
    paths = [path for path in config.dataset.files() if os.path.exists(path)]  # noqa: PTH110 - whatever the name
    files = [(path.stat().st_mtime_ns, path.stat().st_size) for path in paths]
    return json.dumps([to_plain(config.dataset), files])


def _data_keys(configs: Sequence[Config]) -> list[str]:
    """What prepared data are a function of; for parts that several configs share it is made once."""
    known: dict[tuple[Any, ...], str] = {}
    keys = []
    for config in configs:
        same = (
            *(id(part) for part in (config.dataset, config.split, config.preprocessing)),
            *(config.dtype, split_seed(config)),
        )
        if same not in known:
            parts = [to_plain(part) for part in (config.split, config.preprocessing, config.dtype)]
            known[same] = json.dumps([_table_key(config), parts, split_seed(config)])
        keys.append(known[same])
    return keys


def split_seed(config: Config) -> int:
    """By which the rows are split, or dealt out to folds."""
    return config.split.seed + config.seed if config.split.resample else config.split.seed


def _prepared(config: Config, table: Table) -> Prepared:
    rows = split_rows(config, table)
    options = config.split
    if options.train is not None and options.train < len(rows.train):
        chosen = np.linspace(0, len(rows.train) - 1, options.train).round().astype(np.int64)
        rows = SplitRows(rows.train[chosen], rows.validation, rows.test)
    to = config.preprocessing
    return prepare(table, rows, to.features, to.missing, to.target, config.dtype)


def split_rows(config: Config, table: Table) -> SplitRows:
    """Which rows of the table are for what, before `split.train` leaves any out."""
    options = config.split
    if options.fold is None:
        return split(
            table,
            options.validation,
            options.test,
            options.stratify,
            split_seed(config),
            options.time_ordered,
        )
    fold = options.fold
    return fold_split(
        table,
        fold.number,
        fold.of,
        fold.repeat,
        fold.strategy,
        validation=options.validation,
        stratify=options.stratify,
        seed=split_seed(config),
        time_ordered=options.time_ordered,
    )


def loss_of(config: Config) -> Loss:
    """The loss of a config whose task is known."""
    if config.loss is None:
        raise ConfigError("the loss isn't known before the data")
    return config.loss


def metrics_of(config: Config) -> Sequence[Metric]:
    """The metrics of a config whose task is known."""
    return config.metrics or ()


def build_network(config: Config, input_shape: Shape, targets: int) -> Network:
    """The network of a config whose task is known.

    Args:
        config: names model and loss.
        input_shape: of one row of features.
        targets: classes, or target columns.

    Raises:
        ConfigError: a layer doesn't fit, with the shapes up to it.
    """
    loss = loss_of(config)
    outputs = outputs_for(loss, targets)
    try:
        network = Network(config.model.resolve(input_shape, outputs), input_shape)
    except ValueError as error:
        raise ConfigError(f"model: {error}") from error
    if network.output_shape != (outputs,):
        raise ConfigError(
            f"model: the last layer gives {network.output_shape}, but {loss.name} needs ({outputs},) here: "
            f"end with a dense layer of {outputs} units\n{network.describe()}"
        )
    return network


def outputs_for(loss: Loss, targets: int) -> int:
    """How many outputs a network needs for a loss.

    Raises:
        ConfigError: the loss isn't for so many classes or target columns.
    """
    try:
        return loss.outputs(targets)
    except ValueError as error:
        raise ConfigError(f"loss: {error}") from error


def check_target(loss: Loss, part: Part, outputs: int, dtype: DTypeLike) -> None:
    """See to it that a loss takes the targets of some rows.

    Raises:
        ConfigError: it has no value for them, or its options don't fit so many classes.
    """
    try:
        loss.encode(part.target, outputs, np.dtype(dtype))
    except ValueError as error:
        raise ConfigError(f"loss: {error}") from error


def stack_work(configs: Sequence[Config], data: Sequence[Prepared], which: Sequence[int]) -> StackWork:
    """The work of one stack.

    Args:
        configs: of its runs; they share everything but numbers.
        data: the distinct data sets.
        which: the data set of each run.

    Raises:
        ConfigError: network, loss and data don't fit each other, or nobody measures what is monitored.
        WeightsError: initial weights that don't fit.
    """
    first = configs[0]
    network = build_network(first, data[0].train.features.shape[1:], data[0].targets)
    for part in (part for own in data for part in (own.train, own.validation, own.test) if part is not None):
        check_target(loss_of(first), part, network.output_shape[0], first.dtype)
    _check_determinism(first, network)
    start = None
    if first.initial_weights is not None:
        start = initial_variables(network, first.initial_weights)
    scaling = first.learning_rate_scaling
    batch_size = None if first.batch_size == "full" else first.batch_size
    rows = len(data[0].train.rows)
    work = StackWork(
        network=network,
        loss=loss_of(first),
        metrics=metrics_of(first),
        dtype=np.dtype(first.dtype),
        data=data,
        runs=[
            RunWork(
                *(c.seed, c.optimizer, c.schedule, c.initializer, c.penalty, number, start),
                *(c.lookahead, c.averaging, c.gradient_noise),
            )
            for c, number in zip(configs, which, strict=True)
        ],
        epochs=first.epochs,
        batch_size=batch_size,
        shuffle=first.shuffle,
        drop_last=first.drop_last,
        evaluate_every=first.evaluation.every_epochs,
        evaluated_rows=None if first.evaluation.train_rows == "all" else first.evaluation.train_rows,
        augmentation=first.augmentation,
        gradient_clipping=first.gradient_clipping,
        learning_rate_factor=1.0 if scaling is None else scaling.factor(min(batch_size or rows, rows)),
        early_stopping=first.early_stopping,
        monitor=_monitor(first, data[0]),
        keep_best=first.early_stopping is None or first.early_stopping.restore_best,
        tolerance=first.tolerance or 0.0,
        diagnostics=first.diagnostics,
    )
    _check_batches(work)
    if work.augmentation is not None:
        try:
            work.augmentation.check(network.input_shape)
        except ValueError as error:
            raise ConfigError(f"augmentation: {error}") from error
    return work


def _check_batches(work: StackWork) -> None:
    """See to it that every batch has as many rows as the network needs.

    Raises:
        ConfigError: one has too few.
    """
    needed, smallest = work.network.least_rows, min(stop - start for start, stop in work.batches)
    if work.epochs and smallest < needed:
        last = "the last batch of an epoch" if len(work.batches) > 1 else "a batch"
        raise ConfigError(
            f"batch_size: {last} has {smallest} row, and {_needy(work)} needs at least {needed} in training; "
            "change batch_size, or set drop_last: true"
        )


def _needy(work: StackWork) -> str:
    """The layer that needs more than one row."""
    network = work.network
    needs = [layer.least_rows(shape) for layer, shape in zip(network.layers, network.shapes, strict=False)]
    index = needs.index(max(needs))
    return f"layers.{index} ({network.layers[index].name})"


def _check_determinism(config: Config, network: Network) -> None:
    """A method that compares losses needs ones that depend on the weights alone.

    Raises:
        ConfigError: a layer draws random numbers.
    """
    for index, layer in enumerate(network.layers):
        if layer.stochastic and isinstance(config.optimizer, Searcher):
            raise ConfigError(
                f"model: {config.optimizer.name} compares losses, and layers.{index} ({layer.name}) "
                "changes them at random; leave that layer out, or take another optimizer"
            )


def _monitor(config: Config, data: Prepared) -> str | None:
    """The column that tells how good an epoch is.

    Raises:
        ConfigError: early stopping or the schedule looks at something that isn't measured.
    """
    parts = ["train"] if data.validation is None else ["train", "val"]
    columns = [f"{part}_{name}" for part in parts for name in ("loss", *(m.name for m in metrics_of(config)))]
    usual = "val_loss" if data.validation is not None else None
    stopping = config.early_stopping
    asked = {"early_stopping.monitor": stopping.monitor if stopping else usual}
    if isinstance(config.schedule, Plateau):
        asked["schedule.monitor"] = config.schedule.monitor
    for key, column in asked.items():
        if column is not None and column not in columns:
            raise ConfigError(
                f"{key}: {column!r} isn't measured in this run; choose one of {', '.join(columns)}"
            )
    return asked["early_stopping.monitor"]


def initial_variables(network: Network, path: Path) -> NDArray[np.float64]:
    """The variables (variables,) in a weights.npz, checked against the network.

    Raises:
        WeightsError: the file is damaged or belongs to another network.
    """
    arrays = read_weights(path)
    flat = network.flat(arrays)
    if flat is None:
        expected = network.variable_shapes()
        found = {name: array.shape for name, array in arrays.items()}
        name = next(n for n in expected | found if expected.get(n) != found.get(n))
        raise WeightsError(
            f"{path}: {name} is {found.get(name, 'missing')}, the network has {expected.get(name, 'none')}; "
            "use weights of the same model and data"
        )
    return flat
