"""Which rows train, which validate, which test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.data.table import Table
from gdrun.errors import ConfigError, DataError
from gdrun.randomness import Purpose, generator

Rows = NDArray[np.int64]
Stratify = bool | Literal["auto"]


@dataclass(frozen=True, eq=False)
class SplitRows:
    """Row numbers of the three parts, each in ascending order; disjoint, together all rows of the table."""

    train: Rows
    validation: Rows
    test: Rows


def split(
    table: Table,
    validation: float | int = 0.15,
    test: float | int = 0.15,
    stratify: Stratify = "auto",
    seed: int = 0,
    time_ordered: bool = False,
) -> SplitRows:
    """Assign every row of a table to one part.

    Rows that the table itself fixes as validation or test stay there, and the size given for that part is
    not used; they are not counted in what follows. A fraction f of n rows is f·n rounded to the nearest
    whole number (halves upwards), at least 1. The test rows are drawn first, then the validation rows, so
    the test rows don't change with the size of the validation part unless the split is stratified.

    Args:
        table: the dataset.
        validation: a fraction in (0, 1), a number of rows from 1 on, or 0 for no such part.
        test: likewise.
        stratify: give every part each class in proportion: each count differs by less than one from the
            proportional one. "auto": for classification without groups, when every class has a row for
            each part.
        seed: of the split alone; the run's seed has no influence.
        time_ordered: rows are in the order of time: the first ones train, the last ones test; nothing is
            shuffled or stratified.

    With groups in the table, whole groups are assigned, in random order, each to the part that lacks the
    most rows; the sizes are then met as nearly as the groups allow.

    Raises:
        ConfigError: a size that is no fraction and no count, or options that contradict each other.
        DataError: the table doesn't have enough rows, groups or rows of a class for such a split.
    """
    _check_options(table, validation, test, stratify, time_ordered)
    free = np.ones(table.rows, bool)
    for rows in table.fixed.values():
        if not free[rows].all():
            raise DataError(f"dataset {table.name}: a row is fixed for two parts")
        free[rows] = False
    candidates = np.flatnonzero(free).astype(np.int64)
    sizes = {
        "test": 0 if "test" in table.fixed else _count(test, len(candidates)),
        "validation": 0 if "validation" in table.fixed else _count(validation, len(candidates)),
    }
    held = sum(sizes.values())
    if held >= len(candidates):
        raise DataError(
            f"dataset {table.name}: nothing is left to train on: {held} of {len(candidates)} rows validate "
            "and test; make split.validation or split.test smaller"
        )
    counts = [len(candidates) - held, sizes["validation"], sizes["test"]]
    if time_ordered:
        part = np.repeat([0, 1, 2], counts)
    elif table.groups is not None:
        part = _by_groups(table, table.groups, candidates, counts, seed)
    else:
        part = _by_rows(table, candidates, counts, stratify, seed)
    none = np.empty(0, np.int64)
    return SplitRows(
        candidates[part == 0],
        np.sort(np.concatenate([candidates[part == 1], table.fixed.get("validation", none)])),
        np.sort(np.concatenate([candidates[part == 2], table.fixed.get("test", none)])),
    )


def _check_options(
    table: Table, validation: float | int, test: float | int, stratify: Stratify, time_ordered: bool
) -> None:
    for name, size in (("validation", validation), ("test", test)):
        whole = isinstance(size, int | np.integer) and not isinstance(size, bool) and size >= 0
        if not whole and not (isinstance(size, float) and 0 <= size < 1):
            raise ConfigError(
                f"split.{name} is {size!r}: give a fraction between 0 and 1, a number of rows, or 0 for none"
            )
    fractions = isinstance(validation, float) and isinstance(test, float)
    if fractions and not table.fixed and validation + test >= 1:
        raise ConfigError(
            f"split.validation {validation} and split.test {test} leave no rows to train on: "
            "together they must be below 1"
        )
    if stratify is True:
        contradiction = (
            "a regression target has no classes"
            if table.task == "regression"
            else "time_ordered keeps the order of the rows"
            if time_ordered
            else "groups are assigned as a whole"
            if table.groups is not None
            else None
        )
        if contradiction:
            raise ConfigError(f"split.stratify: true is not possible: {contradiction}; use auto or false")
    if table.overlapping and not time_ordered:
        raise ConfigError(
            f"rows of {table.name} share values with their neighbours in time, so a random split would test "
            "on what it trained on; set split.time_ordered: true"
        )
    if time_ordered and table.groups is not None:
        raise ConfigError("split.time_ordered is not possible with a group column: leave one of them out")


def _count(size: float | int, rows: int) -> int:
    if not isinstance(size, float):
        return int(size)
    return max(1, int(np.floor(size * rows + 0.5))) if size else 0


def _by_rows(table: Table, candidates: Rows, counts: list[int], stratify: Stratify, seed: int) -> Rows:
    """The part (0 train, 1 validation, 2 test) of each candidate."""
    random = generator(seed, Purpose.SPLIT)
    if stratify is not False and table.task == "classification":
        classes = table.target[candidates]
        rows_of_class = np.bincount(classes, minlength=len(table.classes))
        parts = sum(count > 0 for count in counts)
        if rows_of_class[rows_of_class > 0].min() >= parts:
            part = np.empty(len(candidates), np.int64)
            for index, shares in enumerate(proportional_counts(rows_of_class, counts)):
                members = random.permutation(np.flatnonzero(classes == index))
                part[members] = np.repeat([2, 1, 0], shares[::-1])
            return part
        if stratify is True:
            rarest = int(np.argmin(np.where(rows_of_class > 0, rows_of_class, rows_of_class.max() + 1)))
            raise DataError(
                f"dataset {table.name}: class {table.classes[rarest]!r} has {rows_of_class[rarest]} rows, "
                f"too few to be in all {parts} parts; drop it, or use split.stratify: false"
            )
    part = np.empty(len(candidates), np.int64)
    part[random.permutation(len(candidates))] = np.repeat([2, 1, 0], counts[::-1])
    return part


def _by_groups(table: Table, groups: Rows, candidates: Rows, counts: list[int], seed: int) -> Rows:
    """The part of each candidate, the same for all rows of a group."""
    fixed_rows = [rows for rows in table.fixed.values() if len(rows)]
    if fixed_rows and np.isin(groups[candidates], groups[np.concatenate(fixed_rows)]).any():
        raise DataError(
            f"dataset {table.name}: a group has rows both in a validation or test file and in the other "
            "rows; put each group in one file, or leave the group column out"
        )
    _, group_of_row, sizes = np.unique(groups[candidates], return_inverse=True, return_counts=True)
    lacking = np.array(counts)
    part_of_group = np.empty(len(sizes), np.int64)
    for group in generator(seed, Purpose.SPLIT).permutation(len(sizes)):
        part_of_group[group] = int(np.argmax(lacking))
        lacking[part_of_group[group]] -= sizes[group]
    for index, name in enumerate(("train", "validation", "test")):
        if counts[index] and not (part_of_group == index).any():
            raise DataError(
                f"dataset {table.name}: no group is left for the {name} part: {len(sizes)} groups, the "
                f"largest of {sizes.max()} rows, for parts of {counts[0]}, {counts[1]} and {counts[2]} rows"
            )
    return part_of_group[group_of_row.reshape(-1)]


def proportional_counts(class_rows: Rows, part_rows: list[int]) -> Rows:
    """Rows of each class in each part, (classes, parts): whole numbers with exactly the given sums.

    Every entry is n_c·m_p/n rounded down or up, so it differs by less than one from the proportional
    number. Such a rounding always exists; it is found by giving each class's left-over rows to the parts
    with the largest remainders, and moving earlier ones where a part is full (augmenting paths).

    Args:
        class_rows: n_c, (classes,).
        part_rows: m_p, a number a part; they add up to n = Σ n_c.

    Reference:
        Bacharach, "Matrix rounding problems", Management Science 12(9), 1966.
    """
    products = class_rows[:, None] * np.array(part_rows, np.int64)
    total = int(class_rows.sum())
    counts, remainders = products // total, products % total
    raised = np.zeros(counts.shape, bool)
    free = np.array(part_rows) - counts.sum(axis=0)

    def raise_one(row: int, seen: set[int]) -> bool:
        for part in np.argsort(-remainders[row], kind="stable").tolist():
            if remainders[row, part] == 0 or raised[row, part] or part in seen:
                continue
            seen.add(part)
            if free[part] > 0:
                free[part] -= 1
                raised[row, part] = True
                return True
            for other in np.flatnonzero(raised[:, part]).tolist():
                if raise_one(other, seen):
                    raised[other, part] = False
                    raised[row, part] = True
                    return True
        return False

    for row, left_over in enumerate(class_rows - counts.sum(axis=1)):
        for _ in range(int(left_over)):
            raise_one(row, set())
    return counts + raised
