"""New rows to predict: columns found by name, targets where there are some, errors where something lacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gdrun.data import DATASETS, Preprocessor, read_features
from gdrun.data.datasets.csv_file import Csv
from gdrun.data.datasets.npz_file import Npz
from gdrun.errors import DataError

TRAINING = "size,colour,weight,y\n1,red,10,a\n2,blue,20,b\n3,red,,a\n4,,40,b\n"


@pytest.fixture
def fitted(tmp_path):
    (tmp_path / "train.csv").write_text(TRAINING)
    table = Csv(path=Path("train.csv")).load(tmp_path)
    return Preprocessor.fit(table, np.arange(4))


@pytest.fixture
def read(tmp_path, fitted):
    def read(content, preprocessor=fitted, **options):
        (tmp_path / "new.csv").write_text(content)
        return read_features(tmp_path / "new.csv", preprocessor, **options)

    return read


def test_the_training_file_itself_gives_the_training_features(tmp_path, fitted, read):
    table = Csv(path=Path("train.csv")).load(tmp_path)
    new = read(TRAINING)
    expected = fitted.transform(table, np.arange(4))
    np.testing.assert_array_equal(fitted.transform(new, np.arange(4)), expected)
    np.testing.assert_array_equal(new.target, table.target)
    assert new.rows == 4


def test_columns_in_another_order_with_others_and_without_target(fitted, read):
    new = read("note,weight,colour,size\nhello,20,green,2\n,,red,\n")
    assert new.target is None
    assert new.feature_names == ("size", "weight", "colour")
    features = fitted.transform(new, np.arange(2), np.float64)
    assert fitted.feature_names == ("size", "weight", "colour=blue", "colour=red")
    assert features[0, 2:].tolist() == [0, 0]  # green was never trained on
    assert features[1, 2:].tolist() == [0, 1]
    np.testing.assert_allclose(features[1, :2], 0, atol=1e-15)  # both filled with the training mean
    assert len(fitted.notices(new, np.arange(2))) == 2


@pytest.mark.parametrize("gap", ["1,red,10,\n", "1,red,10,a\n2,red,10,\n"])
def test_a_target_with_gaps_is_no_target(read, gap):
    assert read("size,colour,weight,y\n" + gap).target is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("sise,colour,weight\n1,red,10\n", r"no column 'size' for a feature .*; did you mean 'sise'"),
        ("colour\nred\n", r"2 columns are missing that the network was trained on: 'size', 'weight'"),
        ("size,colour,weight\n1,red,10\nbig,red,10\n", r"new\.csv:3: column 'size': 'big' is not a number"),
        ("size,colour,weight\n", "there are no rows below the header"),
        (
            "size,colour,weight,y\n1,red,10,a\n1,red,10,c\n",
            r"new\.csv:3: column 'y': the network doesn't know the class 'c', only 'a', 'b'",
        ),
    ],
)
def test_each_error_says_where(read, content, message):
    with pytest.raises(DataError, match=message):
        read(content)


def test_missing_values_are_an_error_where_training_had_it_so(tmp_path, read):
    (tmp_path / "whole.csv").write_text("a,y\n1,u\n2,v\n")
    strict = Preprocessor.fit(Csv(path=Path("whole.csv")).load(tmp_path), np.arange(2), missing="error")
    new = read('a\n1\n""\n', strict)
    with pytest.raises(DataError, match="'a' has a missing value in row 1"):
        strict.transform(new, np.arange(2))


def test_a_regression_target_stays_in_its_own_unit(tmp_path, read):
    (tmp_path / "line.csv").write_text("a,y\n1,100.5\n2,200\n3,300\n")
    line = Preprocessor.fit(Csv(path=Path("line.csv")).load(tmp_path), np.arange(3))
    assert read("y,a\n7.5,1\n8.5,2\n", line).target.tolist() == [[7.5], [8.5]]
    assert read("y,a\n7.5,1\n,2\n", line).target is None


def test_classes_that_are_numbers_may_be_written_in_other_ways(tmp_path, read):
    (tmp_path / "n.csv").write_text("a,y\n1,0\n2,1\n3,10\n")
    numbers = Preprocessor.fit(Csv(path=Path("n.csv")).load(tmp_path), np.arange(3))
    assert read("a,y\n1,10.0\n1,1\n1,0e0\n", numbers).target.tolist() == [2, 1, 0]


def test_the_format_options_of_the_training_file_hold(tmp_path, read):
    (tmp_path / "f.csv").write_text("1;x;u\n2;y;v\n")
    table = Csv(path=Path("f.csv"), header=False).load(tmp_path)
    headless = Preprocessor.fit(table, np.arange(2))
    new = read("-;x\n5;y\n", headless, header=False, delimiter=";", missing=("-",))
    assert np.isnan(new.numbers[0, 0])
    assert new.numbers[1, 0] == 5


def test_an_archive_needs_the_same_number_of_columns(tmp_path, fitted):
    table = DATASETS["iris"]().load(Path())
    iris = Preprocessor.fit(table, np.arange(150))
    path = tmp_path / "new.npz"
    labels = np.array(table.classes)[table.target]
    np.savez(path, X=table.numbers, y=labels)
    new = read_features(path, iris)
    np.testing.assert_array_equal(new.target, table.target)
    np.testing.assert_array_equal(iris.transform(new, np.arange(150)), iris.transform(table, np.arange(150)))
    np.savez(path, images=table.numbers)
    assert read_features(path, iris, features="images").target is None
    np.savez(path, X=table.numbers[:, :3])
    with pytest.raises(DataError, match="'X' has 3 columns, but the network was trained on 4"):
        read_features(path, iris)
    np.savez(path, X=table.numbers, y=np.arange(3))
    with pytest.raises(DataError, match=r"'y' has shape \(3,\) for 150 rows"):
        read_features(path, iris)
    np.savez(path, X=table.numbers, y=np.char.upper(labels))
    with pytest.raises(DataError, match="doesn't know the class 'SETOSA'"):
        read_features(path, iris)
    with pytest.raises(
        DataError, match=r"trained on categories \(colour\), which an NPZ archive doesn't have"
    ):
        read_features(path, fitted)


def test_an_archive_with_a_regression_target(tmp_path):
    path = tmp_path / "r.npz"
    np.savez(path, X=np.eye(3), y=np.array([0.5, 1.5, 2.5]))
    fitted = Preprocessor.fit(Npz(path=path).load(tmp_path), np.arange(3))
    assert read_features(path, fitted).target.tolist() == [[0.5], [1.5], [2.5]]
    np.savez(path, X=np.eye(3), y=np.array([0.5, np.nan, 2.5]))
    assert read_features(path, fitted).target is None
    np.savez(path, X=np.eye(3), y=np.array(["a", "b", "c"]))
    with pytest.raises(DataError, match="must be 1 numbers a row"):
        read_features(path, fitted)


def test_an_archive_with_classes_that_are_numbers(tmp_path):
    path = tmp_path / "c.npz"
    np.savez(path, X=np.eye(3), y=np.array([0, 10, 9]))
    fitted = Preprocessor.fit(Npz(path=path).load(tmp_path), np.arange(3))
    assert read_features(path, fitted).target.tolist() == [0, 2, 1]
    np.savez(path, X=np.eye(3), y=np.zeros((3, 2)))
    with pytest.raises(DataError, match=r"must be one class a row, not \(3, 2\)"):
        read_features(path, fitted)
