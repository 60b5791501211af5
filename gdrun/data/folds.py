"""Cross-validation: which rows each fold trains on and which it is tested on."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from gdrun.data.split import Rows, SplitRows, Stratify, split
from gdrun.data.table import Category, Table
from gdrun.errors import ConfigError, DataError
from gdrun.randomness import Purpose, generator

Strategy = Literal["auto", "plain", "stratified", "group", "time-series"]


def fold_split(
    table: Table,
    number: int,
    of: int,
    repeat: int = 0,
    strategy: Strategy = "auto",
    *,
    validation: float | int = 0,
    stratify: Stratify = "auto",
    seed: int = 0,
    time_ordered: bool = False,
) -> SplitRows:
    """The rows of one fold: what it is tested on, and what is left to train and to choose the best epoch.

    Args:
        table: the dataset; rows that it fixes for validation or test itself are not allowed.
        number: of the fold, from 0.
        of: how many folds there are.
        repeat: which repetition; each draws folds of its own.
        strategy: see `rows_to_test`.
        validation: a share of the fold's training rows, or a number of them, as for `split`.
        stratify: the validation rows among the training rows, as for `split`.
        seed: of the folds and of the validation rows.
        time_ordered: whether the rows are in the order of time; "auto" is then "time-series", and the
            validation rows are the last of the training rows.

    Raises:
        ConfigError: options that contradict each other or the data.
        DataError: too few rows, groups or rows of a class for so many folds.
    """
    chosen = resolve_strategy(table, strategy, time_ordered)
    tested = rows_to_test(table, of, chosen, seed, repeat)[number]
    if chosen == "time-series":
        table = _first_rows(table, int(tested[-1]) + 1)  # what comes later isn't known yet
    inner = replace(table, fixed={"test": tested})
    return split(inner, validation, 0, stratify, seed, time_ordered or chosen == "time-series")


def resolve_strategy(table: Table, strategy: Strategy, time_ordered: bool) -> Strategy:
    """What "auto" stands for, and whether the others are possible.

    Raises:
        ConfigError: they aren't.
    """
    if table.fixed:
        raise ConfigError(
            f"dataset {table.name} brings its own validation or test rows: there are no folds to make; "
            "leave out test_path and validation_path"
        )
    if table.overlapping and strategy not in ("auto", "time-series"):
        raise ConfigError(
            f"rows of {table.name} share values with their neighbours in time; take strategy time-series"
        )
    if strategy == "auto":
        if time_ordered or table.overlapping:
            return "time-series"
        if table.groups is not None:
            return "group"
        return "stratified" if table.task == "classification" else "plain"
    if strategy == "group" and table.groups is None:
        raise ConfigError(f"dataset {table.name} has no group column: name one with dataset.group")
    if strategy == "stratified" and table.task != "classification":
        raise ConfigError("a regression target has no classes to stratify by; take strategy plain")
    return strategy


def rows_to_test(table: Table, of: int, strategy: Strategy, seed: int, repeat: int = 0) -> list[Rows]:
    """The test rows of every fold, ascending.

    plain: a random partition into folds whose sizes differ by at most one. stratified: the same, and the
    counts of each class in any two folds differ by at most one. group: whole groups, the largest first, each
    to the fold with the fewest rows. time-series: the last of·m rows in `of` blocks of m = n // (of + 1)
    rows, in their order; the rows before a block train for it.

    Args:
        table: the dataset.
        of: how many folds, at least 2.
        strategy: which of the above; not "auto".
        seed, repeat: of the random numbers.

    Raises:
        DataError: too few rows, groups or rows of a class.
    """
    rows = table.rows
    most = rows - 1 if strategy == "time-series" else rows
    if not 2 <= of <= most:
        raise DataError(f"dataset {table.name}: {of} folds of {rows} rows; take from 2 to {most}")
    if strategy == "time-series":
        size = rows // (of + 1)
        first = rows - of * size
        return [np.arange(first + i * size, first + (i + 1) * size) for i in range(of)]
    random = generator(seed, Purpose.FOLDS, repeat)
    if strategy == "group":
        fold = _folds_of_groups(table, of, random)
    else:
        order = random.permutation(rows)
        if strategy == "stratified":
            _check_classes(table, of)
            order = order[np.argsort(table.target[order], kind="stable")]
        fold = np.empty(rows, np.int64)
        fold[order] = np.arange(rows) % of  # dealt out like cards, class by class
    return [np.flatnonzero(fold == number) for number in range(of)]


def _check_classes(table: Table, of: int) -> None:
    counts = np.bincount(table.target, minlength=len(table.classes))
    rarest = int(counts.argmin())
    if counts[rarest] < of:
        raise DataError(
            f"dataset {table.name}: class {table.classes[rarest]!r} has {counts[rarest]} rows, too few for "
            f"{of} folds; take fewer, or strategy plain"
        )


def _folds_of_groups(table: Table, of: int, random: np.random.Generator) -> Rows:
    _, group_of_row, sizes = np.unique(np.asarray(table.groups), return_inverse=True, return_counts=True)
    if len(sizes) < of:
        raise DataError(f"dataset {table.name}: {len(sizes)} groups are too few for {of} folds; take fewer")
    order = random.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    filled = np.zeros(of, np.int64)
    fold_of_group = np.empty(len(sizes), np.int64)
    for group in order:
        fold_of_group[group] = int(filled.argmin())
        filled[fold_of_group[group]] += sizes[group]
    folds: Rows = fold_of_group[group_of_row.reshape(-1)]
    return folds


def _first_rows(table: Table, count: int) -> Table:
    """The table as it was before the later rows came."""
    return replace(
        table,
        numbers=table.numbers[:count],
        target=table.target[:count],
        categories=tuple(Category(c.name, c.codes[:count], c.levels) for c in table.categories),
        groups=None if table.groups is None else table.groups[:count],
    )
