"""Folds: disjoint, exhaustive, balanced, and blind to what must not be known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdrun.data.folds import fold_split, rows_to_test
from gdrun.data.table import Table
from gdrun.errors import ConfigError, DataError


def table(rows: int, classes: int = 0, groups: int = 0, seed: int = 0) -> Table:
    random = np.random.default_rng(seed)
    numbers = random.standard_normal((rows, 2))
    owners = random.integers(0, groups, rows) if groups else None
    if not classes:
        return Table("t", "regression", numbers, ("a", "b"), random.standard_normal((rows, 1)), groups=owners)
    target = np.concatenate([np.arange(classes), random.integers(0, classes, rows - classes)])
    names = tuple(f"class {i}" for i in range(classes))
    return Table(
        "t", "classification", numbers, ("a", "b"), target.astype(np.int64), classes=names, groups=owners
    )


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(2, 80), of=st.integers(2, 12), seed=st.integers(0, 50), repeat=st.integers(0, 3))
def test_plain_folds_are_a_partition_into_equal_parts(rows: int, of: int, seed: int, repeat: int) -> None:
    if of > rows:
        with pytest.raises(DataError, match=f"{of} folds of {rows} rows"):
            rows_to_test(table(rows), of, "plain", seed, repeat)
        return
    folds = rows_to_test(table(rows), of, "plain", seed, repeat)
    assert sorted(np.concatenate(folds).tolist()) == list(range(rows))
    sizes = [len(fold) for fold in folds]
    assert max(sizes) - min(sizes) <= 1


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(40, 120), classes=st.integers(2, 4), of=st.integers(2, 6), seed=st.integers(0, 50))
def test_stratified_folds_have_class_counts_within_one(rows: int, classes: int, of: int, seed: int) -> None:
    data = table(rows, classes, seed=seed)
    counts = np.bincount(data.target)
    if counts.min() < of:
        with pytest.raises(DataError, match="too few for"):
            rows_to_test(data, of, "stratified", seed)
        return
    folds = rows_to_test(data, of, "stratified", seed)
    assert sorted(np.concatenate(folds).tolist()) == list(range(rows))
    by_fold = np.array([np.bincount(data.target[fold], minlength=classes) for fold in folds])
    assert (by_fold.max(axis=0) - by_fold.min(axis=0)).max() <= 1
    assert np.ptp(by_fold.sum(axis=1)) <= 1


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(30, 90), groups=st.integers(6, 20), of=st.integers(2, 5), seed=st.integers(0, 50))
def test_groups_never_straddle(rows: int, groups: int, of: int, seed: int) -> None:
    data = table(rows, groups=groups, seed=seed)
    assert data.groups is not None
    folds = rows_to_test(data, of, "group", seed)
    assert sorted(np.concatenate(folds).tolist()) == list(range(rows))
    owners = [set(data.groups[fold].tolist()) for fold in folds]
    assert sum(map(len, owners)) == len(set.union(*owners))


def test_the_largest_groups_come_first_so_that_folds_are_balanced() -> None:
    data = table(100)
    sizes = [40, 10, 10, 10, 10, 10, 10]
    data = Table(
        "t", "regression", data.numbers, ("a", "b"), data.target, groups=np.repeat(np.arange(7), sizes)
    )
    assert sorted(len(fold) for fold in rows_to_test(data, 2, "group", 0)) == [50, 50]


def test_time_series_folds_know_nothing_of_what_comes_later() -> None:
    data = table(23)
    for number in range(4):
        rows = fold_split(data, number, 4, strategy="time-series", validation=0.25)
        assert rows.train[-1] < rows.validation[0] <= rows.validation[-1] < rows.test[0]
        assert len(rows.test) == 4
        assert rows.test[-1] == 7 + 4 * number + 3
        assert len(rows.train) + len(rows.validation) == 7 + 4 * number


def test_validation_rows_are_taken_from_the_training_rows_alone() -> None:
    data = table(60, 3)
    for number in range(5):
        rows = fold_split(data, number, 5, validation=0.2, seed=3)
        parts = np.concatenate([rows.train, rows.validation, rows.test])
        assert sorted(parts.tolist()) == list(range(60))
        assert (rows.test == rows_to_test(data, 5, "stratified", 3)[number]).all()
        assert len(rows.validation) == round(0.2 * (60 - len(rows.test)))


def test_repeats_draw_folds_of_their_own_and_the_same_ones_again() -> None:
    data = table(40)
    first, second = (rows_to_test(data, 4, "plain", 0, repeat)[0].tolist() for repeat in (0, 1))
    assert first != second
    assert first == rows_to_test(data, 4, "plain", 0, 0)[0].tolist()


def test_auto_follows_the_data() -> None:
    assert len(fold_split(table(40, 2), 0, 4).test) == 10
    grouped = table(40, 2, groups=8)
    tested = fold_split(grouped, 0, 4).test
    assert grouped.groups is not None
    assert not set(grouped.groups[tested]) & set(np.delete(grouped.groups, tested))
    assert fold_split(table(40), 3, 4, time_ordered=True).test.tolist() == list(range(32, 40))


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (table(40), {"strategy": "stratified"}, "no classes"),
        (table(40), {"strategy": "group"}, "no group column"),
        (Table("t", "regression", np.ones((4, 1)), ("a",), np.ones((4, 1)), fixed={"test": np.array([1])}),
         {}, "brings its own"),
    ],
)  # fmt: skip
def test_folds_that_make_no_sense_are_refused(data: Table, options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fold_split(data, 0, 3, **options)  # type: ignore[arg-type]  # one of the literals
