"""Augmented images in training: a run has its bits alone, stacked and resumed; evaluation has none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_training_bits import Recorder, bits, make_run, make_work, resumed_bits, train

from gdrun.data import Table, prepare, split
from gdrun.data.augmentation import Augmentation
from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.layers import LAYERS
from gdrun.nn.network import Network
from gdrun.randomness import Purpose, generator
from gdrun.training.stack import Stack
from gdrun.training.work import StackWork

SHAPE = (6, 5, 2)


def image_work(seeds: list[int], dtype: str = "float32", **changes: Any) -> StackWork:
    random = np.random.default_rng(3)
    target = np.arange(90) % 3
    numbers = random.standard_normal((90, *SHAPE)) + target[:, None, None, None] * 0.5
    names = tuple(f"p{index}" for index in range(np.prod(SHAPE)))
    table = Table(
        "images",
        "classification",
        numbers.reshape(90, -1),
        names,
        target,
        classes=("a", "b", "c"),
        row_shape=SHAPE,
    )
    data = prepare(table, split(table, 0.2, 0.1), "standardize_channels", dtype=dtype)
    relu = ACTIVATIONS["relu"]()
    layers = [
        LAYERS["conv2d"](4, 3, padding="same", activation=relu),
        LAYERS["max_pool2d"](),
        LAYERS["conv2d"](3, 2, activation=relu),
        LAYERS["flatten"](),
        LAYERS["dropout"](0.1),
        LAYERS["dense"](3),
    ]
    values = {"network": Network(layers, SHAPE), "data": [data], "augmentation": Augmentation(1, True)}
    runs = [make_run(seed) for seed in seeds]
    return make_work(runs, dtype, **(values | {"epochs": 3, "batch_size": 16} | changes))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [16, None])
def test_alone_and_in_company(dtype: str, batch_size: int | None) -> None:
    together = train(image_work([0, 1, 2, 3], dtype, batch_size=batch_size))
    for place, seed in enumerate([0, 1, 2, 3]):
        assert bits(train(image_work([seed], dtype, batch_size=batch_size)), 0) == bits(together, place)
    plain = train(image_work([0], dtype, batch_size=batch_size, augmentation=None))
    assert bits(plain, 0) != bits(together, 0)


@pytest.mark.parametrize("interrupt_after", [1, 2, 5])
def test_resumed_at_any_batch(interrupt_after: int) -> None:
    work = image_work([4, 5])
    whole = train(work)
    for run in range(2):
        assert resumed_bits(work, interrupt_after, run) == bits(whole, run)


def test_a_run_that_stays_goes_on_with_its_own_draws() -> None:
    """When others stop early, those that remain are bound anew."""
    from gdrun.config.sections import EarlyStopping

    stopping = {"early_stopping": EarlyStopping(patience=1), "epochs": 12}
    together = train(image_work([0, 1, 2, 3], **stopping))
    lengths = [outcome.epochs for _, outcome in sorted(together.outcomes.items())]
    assert len(set(lengths)) > 1
    for place, seed in enumerate([0, 1, 2, 3]):
        assert bits(train(image_work([seed], **stopping)), 0) == bits(together, place)


def test_losses_are_of_the_images_as_they_are() -> None:
    records = {}
    for augmentation in (None, Augmentation(2, True)):
        recorder = train(image_work([0], augmentation=augmentation), Recorder())
        records[augmentation] = recorder.records[0][0]
    first, second = records.values()
    assert first.train == second.train
    assert first.validation == second.validation


@pytest.mark.parametrize("batch_size", [16, None])
def test_every_image_is_drawn_anew_whenever_it_is_shown(
    batch_size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of full batches, too, whose rows are otherwise gathered once for all."""
    shown: list[bytes] = []
    bind = Augmentation.bind

    def recording(self: Augmentation, images: Any, out: Any, generators: Any) -> Any:
        gather = bind(self, images, out, generators)

        def gather_and_record(rows: Any) -> None:
            gather(rows)
            shown.append(out.tobytes())

        return gather_and_record

    monkeypatch.setattr(Augmentation, "bind", recording)
    work = image_work([0], batch_size=batch_size)
    train(work)
    assert len(shown) == work.length.steps
    assert len(set(shown)) == len(shown)


def test_every_run_draws_by_its_own_seed() -> None:
    stack = Stack(image_work([4, 5]))
    for source, seed in zip(stack.augmenting, [4, 5], strict=True):
        own = generator(seed, Purpose.AUGMENTATION)
        assert source.bit_generator.state == own.bit_generator.state
