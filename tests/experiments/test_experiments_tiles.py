"""How many runs train together: a matter of speed, settled from the sizes of a run and of the cache."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gdrun.data import Table, prepare
from gdrun.data.split import SplitRows
from gdrun.experiments import tiles
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.losses import LOSSES
from gdrun.nn.models import MODELS
from gdrun.nn.network import Network
from gdrun.optim import OPTIMIZERS
from gdrun.optim.schedules import SCHEDULES
from gdrun.training.work import RunWork, StackWork


def make_work(sizes: tuple[int, ...], batch: int, rows: int = 256) -> StackWork:
    """A classifier with these features, hidden units and classes."""
    classes = np.arange(rows) % sizes[-1]
    columns = tuple(f"x{i}" for i in range(sizes[0]))
    names = tuple(f"c{i}" for i in range(sizes[-1]))
    table = Table("t", "classification", np.zeros((rows, sizes[0])), columns, classes, classes=names)
    nothing = np.empty(0, np.int64)
    layers = MODELS["mlp"](hidden=sizes[1:-1]).resolve(sizes[:1], sizes[-1])
    return StackWork(
        network=Network(layers, sizes[:1]),
        loss=LOSSES["softmax_cross_entropy"](),
        metrics=(),
        dtype=np.dtype(np.float32),
        data=[prepare(table, SplitRows(np.arange(rows), nothing, nothing), features="none")],
        runs=[RunWork(0, OPTIMIZERS["adam"](), SCHEDULES["constant"](), INITIALIZERS["he_normal"]())],
        epochs=1,
        batch_size=batch,
    )


TINY = make_work((64, 64, 10), 32)
MIDDLE = make_work((64, 128, 64, 10), 128)
LARGE = make_work((784, 512, 256, 10), 128)


@pytest.mark.parametrize(
    ("work", "kilobytes", "expected"),
    [
        (TINY, 512, 64),  # four would fit, and every call serve only four
        (TINY, 2048, 18),  # all that fit: a few more would save less than they cost
        (TINY, 1 << 20, 64),
        (MIDDLE, 512, 8),  # a run doesn't fit, and eight make the calls cheap enough
        (LARGE, 512, 1),  # calls are nothing beside the products
        (LARGE, 1 << 20, 1),
    ],
)
def test_a_tile_weighs_the_calls_against_the_cache(
    work: StackWork, kilobytes: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "second_level_cache", lambda: kilobytes << 10)
    assert tiles.fastest_size(work) == expected


@pytest.mark.parametrize("runs", [1, 2, 3, 10, 33, 64, 65, 1000])
@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_workers_get_as_few_tiles_as_there_must_be_and_those_as_small_as_can_be(
    runs: int, workers: int
) -> None:
    (count,) = tiles.tile_counts([TINY], [runs], workers)
    assert count == runs or count % workers == 0
    assert math.ceil(runs / 64) <= count < math.ceil(runs / 64) + workers


def test_64_runs_on_two_workers_are_two_halves() -> None:
    assert tiles.tile_counts([TINY], [64], 2) == [2]
    assert tiles.tile_counts([TINY], [60], 2) == [2]


def test_of_several_kinds_only_so_much_is_split_that_the_workers_end_together() -> None:
    assert tiles.tile_counts([TINY] * 7, [10] * 7, 2) == [2, 1, 1, 1, 1, 1, 1]
    assert tiles.tile_counts([TINY] * 2, [10, 30], 4) == [1, 3]
    assert tiles.tile_counts([TINY] * 2, [1, 1], 5) == [1, 1]


def test_a_network_without_parameters_is_no_trouble() -> None:
    network = Network([], (10,))
    work = StackWork(**{**vars(make_work((10, 10), 32)), "network": network})
    assert network.parameter_count == 0
    assert 1 <= tiles.fastest_size(work) <= 64
    assert tiles.estimated_seconds(work, 100) > 0
