"""Preprocessing: fitted on training rows alone, hand-computed numbers, categories, gaps, targets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gdrun.data import DATASETS, Category, Preprocessor, SplitRows, Table, prepare, split
from gdrun.errors import DataError

NAN = float("nan")


def table(numbers, target=None, **more):
    numbers = np.array(numbers, np.float64)
    target = np.arange(len(numbers), dtype=np.float64)[:, None] if target is None else target
    names = tuple(f"x{index}" for index in range(numbers.shape[1]))
    return Table("test", more.pop("task", "regression"), numbers, names, target, ("y",), **more)


def rows(*numbers):
    return np.array(numbers, np.int64)


def test_standardize_by_hand():
    """Training values 1, 3, 5: mean 3, standard deviation √((4 + 0 + 4)/3) = √(8/3)."""
    data = table([[1], [3], [5], [100]])
    fitted = Preprocessor.fit(data, rows(0, 1, 2))
    assert fitted.center.tolist() == [3]
    assert fitted.scale[0] == pytest.approx((8 / 3) ** 0.5, rel=1e-15)
    np.testing.assert_allclose(
        fitted.transform(data, rows(3, 1), np.float64), [[97 / (8 / 3) ** 0.5], [0]], rtol=1e-14
    )


def test_min_max_by_hand():
    data = table([[2], [4], [10], [18]])
    fitted = Preprocessor.fit(data, rows(0, 1, 2), "min_max")
    np.testing.assert_array_equal(
        fitted.transform(data, rows(0, 1, 2, 3), np.float64), [[0], [0.25], [1], [2]]
    )


def test_none_leaves_the_numbers_alone():
    data = table([[2.5, -1e300], [4, 7], [0.1, 1e-300]])
    fitted = Preprocessor.fit(data, rows(0, 1), "none")
    np.testing.assert_array_equal(fitted.transform(data, rows(0, 1, 2), np.float64), data.numbers)


@pytest.mark.parametrize(("missing", "filled"), [("mean", 4.0), ("median", 2.0)])
def test_gaps_are_filled_with_the_mean_or_median_of_the_training_rows(missing, filled):
    data = table([[1], [NAN], [2], [9], [NAN]])
    fitted = Preprocessor.fit(data, rows(0, 1, 2, 3), "none", missing)
    assert fitted.transform(data, rows(1, 4), np.float64).tolist() == [[filled], [filled]]
    assert fitted.notices(data, rows(0, 1, 4)) == [
        f"missing values filled with the {missing} of the training rows: x0 (2)"
    ]


def test_gaps_are_an_error_where_asked():
    data = table([[1], [2], [NAN]])
    with pytest.raises(DataError, match=r"'x0' has a missing value in row 2 \(counted from 0\)"):
        Preprocessor.fit(data, rows(0, 1, 2), missing="error")
    fitted = Preprocessor.fit(data, rows(0, 1), missing="error")
    with pytest.raises(DataError, match="missing value in row 2"):
        fitted.transform(data, rows(1, 2))
    kinds = Category("kind", np.array([0, 1, -1], np.int32), ("a", "b"))
    data = table([[1], [2], [3]], categories=(kinds,))
    with pytest.raises(DataError, match="'kind' has a missing value in row 2"):
        Preprocessor.fit(data, rows(0, 1, 2), missing="error")
    with pytest.raises(DataError, match="'kind' has a missing value in row 2"):
        Preprocessor.fit(data, rows(0, 1), missing="error").transform(data, rows(2))


@pytest.mark.parametrize("features", ["standardize", "min_max"])
@pytest.mark.parametrize("value", [0.0, 0.1, -1e300, 7e-310])
def test_a_constant_column_becomes_zero(features, value):
    data = table([[value]] * 7)
    fitted = Preprocessor.fit(data, np.arange(7), features)
    np.testing.assert_allclose(fitted.transform(data, np.arange(7), np.float64), 0, atol=1e-12)
    assert fitted.scale.tolist() == [1]


def test_a_column_that_differs_by_rounding_alone_counts_as_constant():
    data = table([[0.1 + 0.2], [0.3], [0.3]])
    assert Preprocessor.fit(data, rows(0, 1, 2)).scale.tolist() == [1]


def test_a_column_of_gaps_is_an_error():
    with pytest.raises(DataError, match="'x0' has no value in the training rows"):
        Preprocessor.fit(table([[NAN], [NAN], [1]]), rows(0, 1))
    kinds = Category("kind", np.array([-1, -1, 0], np.int32), ("a",))
    with pytest.raises(DataError, match="'kind' has no value in the training rows"):
        Preprocessor.fit(table([[1], [2], [3]], categories=(kinds,)), rows(0, 1))


def test_categories_are_one_hot_in_the_levels_of_the_training_rows():
    kinds = Category("kind", np.array([2, 0, 2, 1, -1], np.int32), ("a", "b", "c"))
    data = table([[1], [2], [3], [4], [5]], categories=(kinds,))
    fitted = Preprocessor.fit(data, rows(0, 1, 2), "none")
    assert fitted.feature_names == ("x0", "kind=a", "kind=c")
    assert fitted.transform(data, np.arange(5)).tolist() == [
        [1, 0, 1],
        [2, 1, 0],
        [3, 0, 1],
        [4, 0, 0],  # b was never trained on
        [5, 0, 0],  # missing
    ]
    assert fitted.notices(data, np.arange(5)) == [
        "missing categories encoded as none of the levels: kind (1)",
        "levels of kind that the training rows don't have, encoded as none of the levels: b (1)",
    ]


def test_a_long_list_of_gaps_is_cut():
    data = table([[1.0] * 8, [2.0] * 8, [NAN] * 8])
    (notice,) = Preprocessor.fit(data, rows(0, 1)).notices(data, np.arange(3))
    assert notice.endswith("x0 (1), x1 (1), x2 (1), x3 (1), x4 (1) and 3 more")


def test_a_target_is_standardized_and_comes_back():
    data = table([[1], [2], [3], [4]], np.array([[10.0], [20], [30], [1000]]))
    fitted = Preprocessor.fit(data, rows(0, 1, 2))
    network = fitted.transform_target(data.target)
    np.testing.assert_allclose(network[:3, 0], [-(1.5**0.5), 0, 1.5**0.5], rtol=1e-14)
    np.testing.assert_allclose(fitted.to_target_units(network), data.target, rtol=1e-14)
    stacked = fitted.to_target_units(network.astype(np.float32)[None])
    assert stacked.shape == (1, 4, 1)
    assert stacked.dtype == np.float64
    plain = Preprocessor.fit(data, rows(0, 1, 2), target="none")
    np.testing.assert_array_equal(plain.transform_target(data.target), data.target)


def test_a_constant_target_becomes_zero_and_comes_back():
    data = table([[1], [2]], np.array([[7.0], [7.0]]))
    fitted = Preprocessor.fit(data, rows(0, 1))
    assert fitted.transform_target(data.target).tolist() == [[0], [0]]
    assert fitted.to_target_units(np.zeros((2, 1))).tolist() == [[7], [7]]


@pytest.mark.parametrize("name", ["penguins", "auto-mpg", "iris"])
@pytest.mark.parametrize("features", ["standardize", "min_max", "none"])
@pytest.mark.parametrize("missing", ["mean", "median"])
def test_nothing_leaks_from_validation_and_test_rows(name, features, missing):
    data = DATASETS[name]().load(Path())
    parts = split(data)
    held = np.concatenate([parts.validation, parts.test])
    fitted = prepare(data, parts, features, missing)

    def changed(where):
        numbers, target = data.numbers.copy(), data.target.copy()
        numbers[where] *= 1e6
        if data.task == "regression":
            target[where] *= 1e6
        categories = tuple(
            replace(category, codes=np.where(np.isin(np.arange(data.rows), where), -1, category.codes))
            for category in data.categories
        )
        return prepare(
            replace(data, numbers=numbers, target=target, categories=categories), parts, features, missing
        )

    elsewhere = changed(held)
    assert json.dumps(elsewhere.preprocessor.to_plain()) == json.dumps(fitted.preprocessor.to_plain())
    assert elsewhere.train.features.tobytes() == fitted.train.features.tobytes()
    assert elsewhere.train.target.tobytes() == fitted.train.target.tobytes()
    # the negative control: a single training row does make a difference
    within = changed(parts.train[:1])
    assert within.preprocessor.to_plain() != fitted.preprocessor.to_plain() or features == "none"
    assert within.train.features.tobytes() != fitted.train.features.tobytes()


@settings(deadline=None, max_examples=100)
@given(
    numbers=arrays(
        np.float64, (12, 2), elements=st.floats(-1e100, 1e100, allow_subnormal=False) | st.just(NAN)
    ),
    features=st.sampled_from(["standardize", "min_max", "none"]),
    missing=st.sampled_from(["mean", "median"]),
)
def test_the_result_is_finite_and_scaled_whatever_the_numbers(numbers, features, missing):
    numbers[0] = 0.0  # no column without a value
    data = table(numbers)
    fitted = Preprocessor.fit(data, np.arange(12), features, missing)
    result = fitted.transform(data, np.arange(12), np.float64)
    assert np.isfinite(result).all()
    again = Preprocessor.from_plain(json.loads(json.dumps(fitted.to_plain())))
    assert again.transform(data, np.arange(12), np.float64).tobytes() == result.tobytes()
    if features == "min_max":
        assert result.min() >= 0
        assert result.max() <= 1
    if features == "standardize":
        assert np.abs(result.mean(axis=0)).max() < 1e-7
        assert result.std(axis=0).max() < 1 + 1e-7


def test_plain_keeps_everything_exactly():
    data = DATASETS["penguins"]().load(Path())
    fitted = prepare(data, split(data)).preprocessor
    again = Preprocessor.from_plain(json.loads(json.dumps(fitted.to_plain())))
    assert again.to_plain() == fitted.to_plain()
    assert again.feature_names == fitted.feature_names
    everything = np.arange(data.rows)
    assert again.transform(data, everything).tobytes() == fitted.transform(data, everything).tobytes()


@pytest.mark.parametrize(
    "damage", [{"numbers": 3}, {"categories": [{}]}, {"target_scale": "x"}, {"task": None}]
)
def test_a_damaged_description_is_refused(damage):
    data = table([[1], [2]])
    plain = Preprocessor.fit(data, rows(0, 1)).to_plain()
    with pytest.raises(DataError, match="the description of the preprocessing is damaged"):
        Preprocessor.from_plain({**plain, **damage})


def test_values_that_do_not_fit_are_refused():
    data = table([[1], [1e300], [2]])
    fitted = Preprocessor.fit(data, rows(0, 2))
    with pytest.raises(DataError, match="'x0' is too large for float32 in row 1"):
        fitted.transform(data, rows(0, 1, 2), np.float32)
    for features in ("standardize", "min_max"):
        with pytest.raises(DataError, match="'x0' has values too large"):
            Preprocessor.fit(table([[1.7e308], [-1.7e308], [1]]), rows(0, 1, 2), features)
    with pytest.raises(DataError, match="'x0' has values too large for a mean"):
        Preprocessor.fit(table([[1.7e308], [1.7e308], [1e308]]), rows(0, 1, 2), "none")


def test_other_columns_than_those_fitted_on_are_refused():
    fitted = Preprocessor.fit(table([[1], [2]]), rows(0, 1))
    with pytest.raises(DataError, match="its columns x0, x1 are not those of the training data: x0"):
        fitted.transform(table([[1, 2], [3, 4]]), rows(0, 1))


def test_one_class_in_the_training_rows_is_an_error():
    target = np.array([0, 0, 0, 1], np.int64)
    data = table([[1], [2], [3], [4]], target, task="classification", classes=("no", "yes"))
    with pytest.raises(DataError, match="all training rows are of class 'no'"):
        prepare(data, SplitRows(rows(0, 1, 2), rows(), rows(3)))


def test_prepared_parts_of_a_classification():
    data = DATASETS["iris"]().load(Path())
    parts = split(data, 0.2, 0)
    prepared = prepare(data, parts, dtype=np.float64)
    assert prepared.test is None
    assert prepared.targets == 3
    assert prepared.train.features.dtype == np.float64
    assert prepared.train.target.dtype == np.int64
    assert prepared.train.target is prepared.train.raw_target
    np.testing.assert_array_equal(prepared.validation.rows, parts.validation)
    np.testing.assert_allclose(prepared.train.features.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(prepared.train.features.std(axis=0), 1, rtol=1e-14)


def test_prepared_parts_of_a_regression():
    data = DATASETS["auto-mpg"]().load(Path())
    prepared = prepare(data, split(data))
    assert prepared.targets == 1
    assert prepared.classes == ()
    np.testing.assert_allclose(prepared.train.target.std(), 1, rtol=1e-12)
    np.testing.assert_array_equal(prepared.train.raw_target, data.target[prepared.train.rows])
    assert any("horsepower (6)" in notice for notice in prepared.notices)
    assert prepared.preprocessor.feature_names[-3:] == ("origin=europe", "origin=japan", "origin=usa")


def test_a_class_that_is_not_trained_on_is_noticed():
    target = np.array([0, 1, 0, 2], np.int64)
    data = table([[1], [2], [3], [4]], target, task="classification", classes=("a", "b", "c"))
    prepared = prepare(data, SplitRows(rows(0, 1, 2), rows(3), rows()))
    assert prepared.notices == ["no training row is of class 'c'"]
    assert prepared.sha256


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"numbers": np.zeros((3, 1), np.int64)}, "numbers must be floats"),
        ({"numbers": np.zeros((2, 1))}, r"numbers have shape \(2, 1\), but there are 3 targets"),
        ({"numbers": np.zeros((0, 1)), "target": np.zeros((0, 1))}, "there are no rows"),
        ({"numbers": np.zeros((3, 0)), "number_names": ()}, "no feature column"),
        ({"number_names": ("y",)}, "the name 'y' stands for more than one column"),
        ({"numbers": np.array([[0], [np.inf], [0]])}, "column 'x0' is infinite in row 1"),
        ({"target": np.array([[0], [1], [NAN]])}, "the target is missing or infinite in row 2"),
        ({"target": np.zeros(3)}, "a regression target must be float64"),
        ({"task": "classification"}, "a classification target must be int64"),
        ({"categories": (Category("c", np.array([0, 1, 2], np.int32), ("a", "b")),)}, "needs 3 codes"),
        ({"groups": np.zeros(2, np.int64)}, "groups have shape"),
        ({"fixed": {"tset": np.array([0])}}, "fixed rows 'tset'"),
        ({"fixed": {"test": np.array([3])}}, "row numbers below 3"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(change, message):
    good = table([[1], [2], [3]])
    with pytest.raises(DataError, match=message):
        replace(good, **change)


def test_a_table_of_one_class_or_of_unknown_classes_is_refused():
    target = np.zeros(3, np.int64)
    with pytest.raises(DataError, match="there is only one class, 'a'"):
        table([[1], [2], [3]], target, task="classification", classes=("a",))
    with pytest.raises(DataError, match="a class index is outside of 0 to 1"):
        table([[1], [2], [3]], target + 2, task="classification", classes=("a", "b"))


def test_the_digest_sees_every_part_of_the_content():
    data = DATASETS["penguins"]().load(Path())
    from gdrun.data import sealed

    numbers, codes = data.numbers.copy(), data.categories[0].codes.copy()
    numbers[7, 1] += 1e-9
    codes[9] = 0 if codes[9] else 1
    changes = [
        {"numbers": numbers},
        {"target": np.roll(data.target, 1)},
        {"number_names": ("other", *data.number_names[1:])},
        {"classes": ("A", "B", "C")},
        {"categories": (replace(data.categories[0], codes=codes), data.categories[1])},
        {"groups": np.arange(data.rows)},
        {"fixed": {"test": np.arange(5)}},
    ]
    digests = {sealed(replace(data, **change)).sha256 for change in changes}
    assert len(digests | {data.sha256}) == len(changes) + 1
    assert sealed(replace(data, name="other", notices=("seen",))).sha256 == data.sha256


def shaped(shape, **more):
    return table(np.arange(48.0).reshape(4, 12), row_shape=shape, **more)


@pytest.mark.parametrize("shape", [(2, 3, 2), (4, 3), (12,)])
def test_rows_keep_their_shape(shape):
    data = shaped(shape)
    prepared = prepare(data, SplitRows(rows(0, 1, 2), rows(3), rows()), features="none")
    assert prepared.train.features.shape == (3, *shape)
    np.testing.assert_array_equal(prepared.validation.features[0], np.arange(36.0, 48).reshape(shape))
    fitted = Preprocessor.from_plain(json.loads(json.dumps(prepared.preprocessor.to_plain())))
    assert fitted.features_shape == shape
    np.testing.assert_array_equal(fitted.transform(data, rows(0, 1, 2)), prepared.train.features)
    flat = table(data.numbers)  # as from a CSV file
    np.testing.assert_array_equal(fitted.transform(flat, rows(0, 1, 2)), prepared.train.features)


def test_rows_of_another_shape_are_refused():
    fitted = Preprocessor.fit(shaped((2, 3, 2)), rows(0, 1, 2))
    with pytest.raises(DataError, match=r"have the shape \(4, 3\), those of the training data \(2, 3, 2\)"):
        fitted.transform(shaped((4, 3)), rows(0))


def test_the_digest_sees_the_shape_of_a_row():
    from gdrun.data import sealed

    digests = {sealed(shaped(shape)).sha256 for shape in (None, (2, 3, 2), (4, 3), (12,))}
    assert len(digests) == 4


@pytest.mark.parametrize("shape", [(2, 3), (12, 0), (-4, -3), ()])
def test_a_shape_that_the_columns_do_not_fill_is_refused(shape):
    with pytest.raises(DataError, match="a row of 12 columns cannot have the shape"):
        shaped(shape)


def test_categories_have_no_shape():
    with pytest.raises(DataError, match="cannot have the shape"):
        shaped((4, 3), categories=(Category("c", np.zeros(4, np.int32), ("u",)),))


def test_scale_divides_by_what_a_pixel_can_be_and_not_by_what_it_is():
    data = table([[0, 51], [10, 102], [20, 0]], largest=255)
    fitted = Preprocessor.fit(data, rows(0, 1), features="scale")
    np.testing.assert_array_equal(
        fitted.transform(data, rows(1, 2), np.float64), [[10 / 255, 0.4], [20 / 255, 0]]
    )
    with pytest.raises(
        DataError, match=r"what its largest value can be isn't known.*take min_max or standardize"
    ):
        Preprocessor.fit(table([[0], [1]]), rows(0, 1), features="scale")
    for name in ("digits", "mnist-5k"):
        embedded = DATASETS[name](images=True).load(Path())
        assert prepare(embedded, split(embedded), features="scale").train.features.max() == 1


@pytest.mark.parametrize("missing", ["mean", "median"])
def test_channels_are_standardized_as_numpy_does_it_over_the_training_rows_alone(missing):
    random = np.random.default_rng(0)
    images = random.normal([1, -20, 300], [0.1, 5, 40], (6, 2, 4, 3))
    images[1, 0, 2, 1] = NAN
    data = table(images.reshape(6, -1), row_shape=(2, 4, 3))
    prepared = prepare(data, SplitRows(rows(0, 1, 2, 3), rows(4, 5), rows()), "standardize_channels", missing)
    filled = images[:4].copy()
    fill = np.nanmean if missing == "mean" else np.nanmedian
    filled[1, 0, 2, 1] = fill(images[:4, 0, 2, 1])
    mean, deviation = filled.mean(axis=(0, 1, 2)), filled.std(axis=(0, 1, 2))
    np.testing.assert_allclose(prepared.train.features, (filled - mean) / deviation, rtol=1e-5, atol=1e-6)
    expected = (images[4:] - mean) / deviation
    np.testing.assert_allclose(prepared.validation.features, expected, rtol=1e-5, atol=1e-6)


def test_a_channel_that_never_changes_keeps_its_scale():
    data = table(np.full((3, 4), 7.1), row_shape=(2, 2, 1))
    fitted = Preprocessor.fit(data, rows(0, 1, 2), features="standardize_channels")
    assert fitted.scale.tolist() == [1] * 4
    assert np.abs(fitted.transform(data, rows(0), np.float64)).max() < 1e-12


def test_flat_columns_are_channels_of_their_own():
    data = table(np.random.default_rng(0).standard_normal((5, 3)))
    plain, channels = (
        Preprocessor.fit(data, rows(0, 1, 2), features=name)
        for name in ("standardize", "standardize_channels")
    )
    np.testing.assert_allclose(channels.scale, plain.scale, rtol=1e-14)
    np.testing.assert_allclose(channels.center, plain.center, rtol=1e-14)


def test_channels_with_huge_values_are_refused():
    data = table(np.full((3, 4), [1e200, -1e200, 1, 2]), row_shape=(2, 2, 1))
    with pytest.raises(DataError, match="channel 0 has values too large"):
        Preprocessor.fit(data, rows(0, 1, 2), features="standardize_channels")
