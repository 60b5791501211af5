"""Every dataset loads and says its task; the embedded ones have the published figures."""

from __future__ import annotations

import hashlib
import re
from math import prod
from pathlib import Path

import numpy as np
import pytest

from gdrun.data import DATASETS, Table, prepare, split
from gdrun.data.datasets.embedded import FILES, Embedded

EMBEDDED = [name for name, cls in DATASETS.items() if issubclass(cls, Embedded)]
WITHOUT_OPTIONS = [name for name in DATASETS if name not in ("csv", "npz", "idx", "parquet")]


def load(name: str) -> Table:
    return DATASETS[name]().load(Path())


def test_the_dictionary_is_the_catalogue():
    embedded = ["digits", "iris", "wine", "breast-cancer", "diabetes", "penguins", "auto-mpg", "mnist-5k"]
    embedded.append("sunspots")
    synthetic = ["linear", "sine", "moons", "circles", "blobs", "xor", "spirals", "gaussians", "adding"]
    assert list(DATASETS) == [*embedded, *synthetic, "csv", "npz", "idx", "parquet"]
    assert embedded == EMBEDDED
    assert all(cls.name == name for name, cls in DATASETS.items())


def test_every_dataset_can_be_imported_by_its_class_name():
    from gdrun import data

    assert all(getattr(data, cls.__name__) is cls for cls in DATASETS.values())


@pytest.mark.parametrize("name", WITHOUT_OPTIONS)
def test_each_loads_and_can_be_prepared_for_training(name):
    table = load(name)
    assert table.task == DATASETS[name].task
    assert re.fullmatch("[0-9a-f]{64}", table.sha256)
    assert load(name).sha256 == table.sha256
    prepared = prepare(table, split(table, time_ordered=table.overlapping))
    assert prepared.train.features.dtype == np.float32
    assert prod(prepared.train.features.shape[1:]) == len(prepared.preprocessor.feature_names)
    assert prepared.validation is not None
    assert prepared.test is not None
    assert len(prepared.train.rows) + len(prepared.validation.rows) + len(prepared.test.rows) == table.rows
    assert list(table.classes) == sorted(table.classes)
    assert prepared.sha256 == table.sha256


@pytest.mark.parametrize("name", EMBEDDED)
def test_each_file_has_the_digest_in_the_readme(name):
    readme = (FILES / "README.md").read_text(encoding="utf-8")
    stated = re.search(rf"\| {name}\.npz \| `([0-9a-f]{{64}})` \|", readme)
    assert stated is not None
    assert hashlib.sha256((FILES / f"{name}.npz").read_bytes()).hexdigest() == stated[1]


def test_no_file_is_without_a_dataset():
    assert sorted(path.stem for path in FILES.glob("*.npz")) == sorted(EMBEDDED)


CLASS_COUNTS = {
    # scikit-learn's user guide, "Toy datasets"; for the penguins palmerpenguins' R documentation
    "digits": [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
    "iris": [50, 50, 50],
    "wine": [59, 71, 48],
    "breast-cancer": [357, 212],
    "penguins": [152, 68, 124],
    "mnist-5k": [500] * 10,
}


@pytest.mark.parametrize("name", CLASS_COUNTS)
def test_class_counts(name):
    assert np.bincount(load(name).target).tolist() == CLASS_COUNTS[name]


def test_every_classification_has_its_counts_checked():
    assert set(CLASS_COUNTS) == {name for name in EMBEDDED if DATASETS[name].task == "classification"}


@pytest.mark.parametrize(
    ("name", "shape", "low", "high"),
    [
        ("digits", (1797, 64), 0, 16),
        ("iris", (150, 4), 0.1, 7.9),
        ("wine", (178, 13), 0.13, 1680),
        ("breast-cancer", (569, 30), 0, 4254),
        ("diabetes", (442, 10), -0.137767, 0.198788),
        ("auto-mpg", (398, 6), 3, 5140),
        ("penguins", (344, 5), 13.1, 6300),
        ("mnist-5k", (5000, 784), 0, 255),
        ("sunspots", (285, 24), 0, 190.2),
    ],
)
def test_shape_and_range(name, shape, low, high):
    table = load(name)
    assert table.numbers.shape == shape
    assert np.nanmin(table.numbers) == pytest.approx(low, rel=1e-5)
    assert np.nanmax(table.numbers) == pytest.approx(high, rel=1e-5)


def test_iris_is_fishers_with_the_means_that_r_prints():
    table = load("iris")
    assert table.number_names == ("sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm")
    assert table.classes == ("setosa", "versicolor", "virginica")
    np.testing.assert_allclose(table.numbers.mean(axis=0), [5.843333, 3.057333, 3.758, 1.199333], atol=1e-6)
    assert table.numbers[0].tolist() == [5.1, 3.5, 1.4, 0.2]
    assert table.numbers[34].tolist() == [4.9, 3.1, 1.5, 0.2]  # UCI's file has 0.1 here
    assert table.numbers[37].tolist() == [4.9, 3.6, 1.4, 0.1]  # and 3.1, 1.5 here


def test_digits_first_image_is_a_zero_and_the_mean_pixel_is_that_of_scikit_learn():
    table = load("digits")
    assert table.numbers[0, :8].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert table.classes[table.target[0]] == "0"
    assert table.numbers.mean(dtype=np.float64) == pytest.approx(4.884164579855314, rel=1e-12)


def test_wine_has_the_ranges_of_the_documentation():
    table = load("wine")
    alcohol, proline = table.numbers[:, 0], table.numbers[:, -1]
    assert (alcohol.min(), alcohol.max()) == (11.03, 14.83)
    assert (proline.min(), proline.max(), round(proline.mean())) == (278, 1680, 747)


def test_breast_cancer_first_row_is_malignant_with_radius_17_99():
    table = load("breast-cancer")
    assert table.classes == ("benign", "malignant")
    assert table.numbers[0, 0] == 17.99
    assert table.number_names[0] == "mean_radius"
    assert table.classes[table.target[0]] == "malignant"
    assert (table.numbers[:, 3].min(), table.numbers[:, 3].max()) == (143.5, 2501.0)  # area (mean)


def test_diabetes_is_the_scaled_version_of_scikit_learn():
    table = load("diabetes")
    np.testing.assert_allclose(
        table.numbers[0, :5], [0.03807591, 0.05068012, 0.06169621, 0.02187239, -0.0442235], atol=1e-8
    )
    np.testing.assert_allclose(np.square(table.numbers).sum(axis=0), 1, rtol=1e-12)
    assert table.target[:3, 0].tolist() == [151, 75, 141]
    assert table.target.mean() == pytest.approx(152.13348416289594, rel=1e-12)


def test_penguins_have_the_categories_and_gaps_of_palmerpenguins():
    table = load("penguins")
    assert table.classes == ("Adelie", "Chinstrap", "Gentoo")
    means = [43.92193, 17.15117, 200.9152, 4201.754]  # as R's summary(penguins) has them
    np.testing.assert_allclose(np.nanmean(table.numbers[:, :4], axis=0), means, rtol=1e-6)
    assert np.isnan(table.numbers).sum(axis=0).tolist() == [2, 2, 2, 2, 0]
    island, sex = table.categories
    assert (island.name, island.levels) == ("island", ("Biscoe", "Dream", "Torgersen"))
    assert np.bincount(island.codes).tolist() == [168, 124, 52]
    assert (sex.name, sex.levels) == ("sex", ("female", "male"))
    assert np.bincount(sex.codes + 1).tolist() == [11, 165, 168]


def test_auto_mpg_has_the_398_cars_of_uci():
    table = load("auto-mpg")
    assert table.target[:, 0].mean() == pytest.approx(23.514573, rel=1e-6)
    horsepower = table.numbers[:, 2]
    assert np.isnan(horsepower).sum() == 6
    assert np.nanmean(horsepower) == pytest.approx(104.469388, rel=1e-6)
    assert table.numbers[32].tolist()[:2] == [4, 98]  # the ford pinto, whose horsepower is unknown
    assert np.isnan(horsepower[32])
    (origin,) = table.categories
    assert dict(zip(origin.levels, np.bincount(origin.codes), strict=True)) == {
        "europe": 70,
        "japan": 79,
        "usa": 249,
    }


def test_mnist_is_whole_numbers_and_exact_in_float32():
    table = load("mnist-5k")
    assert table.numbers.dtype == np.float32
    np.testing.assert_array_equal(table.numbers, np.floor(table.numbers))
    assert table.numbers[:, 0].max() == 0  # the corner is always background


@pytest.mark.parametrize(("name", "shape"), [("digits", (8, 8, 1)), ("mnist-5k", (28, 28, 1))])
def test_images_are_the_same_pixels_in_rows_and_columns(name, shape):
    flat, images = load(name), DATASETS[name](images=True).load(Path())
    assert flat.row_shape is None
    assert images.row_shape == shape
    assert images.sha256 != flat.sha256
    rows = split(flat)
    expected = prepare(flat, rows).test.features
    features = prepare(images, rows).test.features
    assert features.shape == (len(rows.test), *shape)
    assert features.flags.c_contiguous
    np.testing.assert_array_equal(features.reshape(len(features), -1), expected)
    assert images.number_names[shape[1] + 2] == "pixel_1_2"
