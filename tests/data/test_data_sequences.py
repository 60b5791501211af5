"""Datasets of sequences: what is marked is added, and no window knows what it is tested on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gdrun
from gdrun.data import DATASETS, prepare, split
from gdrun.data.folds import fold_split
from gdrun.errors import ConfigError

Adding, Sunspots = DATASETS["adding"], DATASETS["sunspots"]


@pytest.mark.parametrize("time", [2, 7, 30])
def test_the_sum_of_the_two_marked_values_is_asked_for(time):
    table = Adding(rows=400, time=time).load(Path())
    assert table.row_shape == (time, 2)
    sequences = table.numbers.reshape(400, time, 2)
    values, markers = sequences[..., 0], sequences[..., 1]
    np.testing.assert_allclose(table.target[:, 0], (values * markers).sum(axis=1))
    half = time // 2
    assert (markers[:, :half].sum(axis=1) == 1).all()
    assert (markers[:, half:].sum(axis=1) == 1).all()
    assert ((markers == 0) | (markers == 1)).all()
    assert ((values >= 0) & (values < 1)).all()
    assert (markers.sum(axis=0) > 0).all()  # every time is marked somewhere


def test_the_mean_is_wrong_by_a_sixth():
    target = Adding(rows=20_000).load(Path()).target
    # (y − 1)² has mean 1/6 and variance 7/180: five standard deviations of a mean of 20,000
    assert np.mean((target - 1) ** 2) == pytest.approx(1 / 6, abs=5 * np.sqrt(7 / 180 / 20_000))


def test_too_many_values_are_refused_before_they_are_made():
    with pytest.raises(ValueError, match="at most 100,000,000"):
        Adding(rows=1_000_000, time=1_000)


def test_sequences_reach_the_network_in_their_shape():
    table = Adding(rows=50, time=6).load(Path())
    prepared = prepare(table, split(table), "none", target="none")
    assert prepared.train.features.shape[1:] == (6, 2)
    row = prepared.train.rows[3]
    np.testing.assert_array_equal(
        prepared.train.features[3], table.numbers[row].reshape(6, 2).astype(np.float32)
    )


def test_sunspots_are_those_of_wolf_and_yule():
    table = Sunspots().load(Path())
    assert table.numbers[0, :3].tolist() == [5, 11, 16]  # 1700, 1701, 1702
    assert table.target[-1].item() == 2.9  # 2008
    years = 1700 + 24 + np.arange(table.rows)
    assert years[table.target[:, 0].argmax()] == 1957
    assert table.target.max() == 190.2


@pytest.mark.parametrize("years", [1, 24, 200])
def test_a_window_holds_the_years_before_its_target(years):
    table = Sunspots(years=years).load(Path())
    assert table.rows == 309 - years
    assert table.row_shape == (years, 1)
    for row in range(1, table.rows):
        assert table.numbers[row, -1] == table.target[row - 1, 0]
        np.testing.assert_array_equal(table.numbers[row, :-1], table.numbers[row - 1, 1:])


def test_windows_are_split_in_the_order_of_time_and_none_knows_what_is_tested_later():
    table = Sunspots().load(Path())
    rows = split(table, time_ordered=True)
    assert rows.train[-1] < rows.validation[0]
    assert rows.validation[-1] < rows.test[0]
    # Year 1700 + row + 24 is a row's target; years before are what it sees.
    last_seen = rows.train + 24  # targets of the training rows, in years after 1700
    assert last_seen.max() < (rows.validation + 24).min()


@pytest.mark.parametrize("strategy", ["plain", "group", "stratified"])
def test_folds_of_windows_are_in_the_order_of_time(strategy):
    table = Sunspots().load(Path())
    rows = fold_split(table, 2, 4)
    assert rows.train.max() < rows.test.min()
    with pytest.raises(ConfigError, match="take strategy time-series"):
        fold_split(table, 2, 4, strategy=strategy)


def test_a_random_split_of_windows_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"set split\.time_ordered: true"):
        split(Sunspots().load(Path()))
    config = {"dataset": "sunspots", "model": {"name": "mlp", "hidden": [4]}, "epochs": 1}
    with pytest.raises(ConfigError, match=r"set split\.time_ordered: true"):
        gdrun.train(config, runs_dir=tmp_path)
    run = gdrun.train(config | {"split": {"time_ordered": True}}, runs_dir=tmp_path)
    assert run.status == "completed"
