"""Splits: every row in exactly one part, exact counts, proportional classes, whole groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gdrun.data import SplitRows, Table, split
from gdrun.data.split import proportional_counts
from gdrun.errors import ConfigError, DataError


def classification(target, **more):
    target = np.asarray(target, np.int64)
    classes = tuple(f"{index:03}" for index in range(max(2, int(target.max()) + 1)))
    numbers = np.arange(len(target), dtype=np.float64)[:, None]
    return Table("test", "classification", numbers, ("x",), target, classes=classes, **more)


def regression(rows, **more):
    values = np.arange(rows, dtype=np.float64)[:, None]
    return Table("test", "regression", values, ("x",), values, ("y",), **more)


def counts(parts: SplitRows):
    return [len(parts.train), len(parts.validation), len(parts.test)]


def assert_partition(parts: SplitRows, rows: int):
    everything = np.concatenate([parts.train, parts.validation, parts.test])
    np.testing.assert_array_equal(np.sort(everything), np.arange(rows))
    for part in (parts.train, parts.validation, parts.test):
        assert part.dtype == np.int64
        np.testing.assert_array_equal(part, np.sort(part))


sizes = st.one_of(st.integers(0, 40), st.floats(0, 0.45))


@settings(deadline=None, max_examples=200)
@given(
    target=st.lists(st.integers(0, 5), min_size=10, max_size=150),
    validation=sizes,
    test=sizes,
    seed=st.integers(0, 2**40),
    stratify=st.sampled_from(["auto", False]),
)
def test_every_row_is_in_exactly_one_part_and_the_counts_are_exact(target, validation, test, seed, stratify):
    table = classification(target)
    wanted = [
        size if isinstance(size, int) else int(size > 0) and max(1, int(np.floor(size * len(target) + 0.5)))
        for size in (validation, test)
    ]
    assume(sum(wanted) < len(target))
    parts = split(table, validation, test, stratify, seed)
    assert_partition(parts, len(target))
    assert counts(parts)[1:] == wanted


@settings(deadline=None, max_examples=200)
@given(
    class_rows=st.lists(st.integers(3, 60), min_size=2, max_size=12),
    validation=st.integers(0, 30),
    test=st.integers(0, 30),
    seed=st.integers(0, 1000),
)
def test_stratified_counts_differ_by_less_than_one_from_proportional(class_rows, validation, test, seed):
    target = np.repeat(np.arange(len(class_rows)), class_rows)
    assume(validation + test < len(target))
    parts = split(classification(target), validation, test, True, seed)
    assert_partition(parts, len(target))
    for rows in (parts.train, parts.validation, parts.test):
        ideal = np.array(class_rows) * len(rows) / len(target)
        assert (np.abs(np.bincount(target[rows], minlength=len(class_rows)) - ideal) < 1 - 1e-9).all()


@settings(deadline=None, max_examples=200)
@given(
    class_rows=st.lists(st.integers(0, 50), min_size=1, max_size=40),
    first=st.integers(0, 500),
    second=st.integers(0, 500),
)
def test_proportional_counts_keep_both_sums(class_rows, first, second):
    total = sum(class_rows)
    assume(total > 0)
    first = min(first, total)
    second = min(second, total - first)
    parts = [total - first - second, first, second]
    table = proportional_counts(np.array(class_rows), parts)
    assert table.sum(axis=0).tolist() == parts
    assert table.sum(axis=1).tolist() == class_rows
    ideal = np.outer(class_rows, parts) / total
    assert (np.abs(table - ideal) < 1).all()


def test_without_stratification_the_classes_are_not_proportional():
    """The negative control of the test above: plain shuffling doesn't pass it."""
    target = np.repeat([0, 1, 2], [300, 200, 100])
    parts = split(classification(target), 60, 60, stratify=False, seed=1)
    assert np.bincount(target[parts.test]).tolist() != [30, 20, 10]
    assert np.bincount(target[split(classification(target), 60, 60, seed=1).test]).tolist() == [30, 20, 10]


def test_a_seed_repeats_and_another_one_differs():
    table = regression(200)
    first, again, other = split(table, seed=5), split(table, seed=5), split(table, seed=6)
    np.testing.assert_array_equal(first.test, again.test)
    assert first.test.tolist() != other.test.tolist()


def test_test_rows_do_not_depend_on_the_size_of_the_validation_part():
    table = regression(100)
    assert split(table, 0.1, 0.2).test.tolist() == split(table, 0.4, 0.2).test.tolist()


def test_rounding_is_to_the_nearest_halves_upwards_and_at_least_one():
    assert counts(split(regression(10), 0.25, 0.0)) == [7, 3, 0]
    assert counts(split(regression(10), 0.24, 0)) == [8, 2, 0]
    assert counts(split(regression(10), 0.001, 0.001)) == [8, 1, 1]


def test_no_validation_and_no_test_is_all_training():
    assert counts(split(regression(7), 0, 0)) == [7, 0, 0]


def test_auto_does_without_stratification_where_a_class_is_too_rare():
    target = [0] * 50 + [1] * 50 + [2] * 2
    assert counts(split(classification(target), 20, 20)) == [62, 20, 20]
    with pytest.raises(DataError, match=r"class '002' has 2 rows, too few to be in all 3 parts"):
        split(classification(target), 20, 20, stratify=True)


def test_time_order_is_kept():
    parts = split(regression(10), 2, 3, time_ordered=True)
    assert parts.train.tolist() == [0, 1, 2, 3, 4]
    assert parts.validation.tolist() == [5, 6]
    assert parts.test.tolist() == [7, 8, 9]


@settings(deadline=None, max_examples=100)
@given(
    groups=st.lists(st.integers(0, 11), min_size=60, max_size=200),
    seed=st.integers(0, 1000),
)
def test_groups_never_straddle(groups, seed):
    assume(max(np.bincount(groups)) <= 30)
    table = regression(len(groups), groups=np.array(groups))
    try:
        parts = split(table, 0.2, 0.2, seed=seed)
    except DataError as error:
        assert "no group is left" in str(error)  # noqa: PT017 (most examples do split)
        return
    assert_partition(parts, len(groups))
    of_part = [set(np.array(groups)[rows]) for rows in (parts.train, parts.validation, parts.test)]
    assert not of_part[0] & of_part[1]
    assert not of_part[0] & of_part[2]
    assert not of_part[1] & of_part[2]


def test_equal_groups_meet_the_sizes():
    table = regression(100, groups=np.repeat(np.arange(20), 5))
    assert counts(split(table, 0.2, 0.2)) == [60, 20, 20]


def test_without_groups_such_rows_do_straddle():
    """The negative control: the same rows without the group column."""
    groups = np.repeat(np.arange(20), 5)
    parts = split(regression(100), 0.2, 0.2)
    assert set(groups[parts.train]) & set(groups[parts.test])


def test_too_few_groups_are_an_error():
    table = regression(100, groups=np.repeat([0, 1], 50))
    with pytest.raises(DataError, match="no group is left for the"):
        split(table, 0.1, 0.1)


def test_fixed_rows_stay_where_the_data_set_puts_them():
    table = regression(20, fixed={"test": np.array([0, 1, 2]), "validation": np.array([18, 19])})
    parts = split(table, 0.5, 0.5 - 1e-9)
    assert parts.test.tolist() == [0, 1, 2]
    assert parts.validation.tolist() == [18, 19]
    assert parts.train.tolist() == list(range(3, 18))


def test_with_a_fixed_test_part_the_validation_rows_come_from_the_others():
    table = regression(20, fixed={"test": np.arange(10, 20)})
    parts = split(table, 0.2, 0.9)
    assert_partition(parts, 20)
    assert counts(parts) == [8, 2, 10]


def test_a_row_cannot_be_fixed_twice():
    table = regression(9, fixed={"test": np.array([1]), "validation": np.array([1])})
    with pytest.raises(DataError, match="a row is fixed for two parts"):
        split(table)


def test_a_group_cannot_be_in_a_fixed_part_and_elsewhere():
    table = regression(9, groups=np.repeat([0, 1, 2], 3), fixed={"test": np.array([0])})
    with pytest.raises(DataError, match="a group has rows both in"):
        split(table)


@pytest.mark.parametrize("size", [1.0, 1.5, -0.1, -3, True, "0.2", float("nan"), None, 10.0])
@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_size_that_is_no_fraction_and_no_count_is_refused(part, size):
    with pytest.raises(ConfigError, match=f"split.{part} is .*: give a fraction between 0 and 1"):
        split(regression(10), **{part: size})


def test_fractions_that_leave_nothing_are_refused():
    with pytest.raises(ConfigError, match="leave no rows to train on"):
        split(regression(10), 0.5, 0.5)


@pytest.mark.parametrize(
    ("rows", "validation", "test"), [(10, 5, 5), (10, 20, 0), (2, 0.1, 0.1), (1, 0.2, 0)]
)
def test_nothing_left_to_train_on_is_an_error(rows, validation, test):
    with pytest.raises(DataError, match=f"nothing is left to train on: .* of {rows} rows"):
        split(regression(rows), validation, test)


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (regression(20), {"stratify": True}, "a regression target has no classes"),
        (classification([0, 1] * 9), {"stratify": True, "time_ordered": True}, "keeps the order"),
        (
            classification([0, 1] * 9, groups=np.arange(18)),
            {"stratify": True},
            "groups are assigned as a whole",
        ),
        (regression(20, groups=np.arange(20)), {"time_ordered": True}, "not possible with a group column"),
    ],
)
def test_contradicting_options_are_refused(table, options, message):
    with pytest.raises(ConfigError, match=message):
        split(table, **options)
