"""Pictures of learning: that they show what the network computes, and that training doesn't notice them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_training_bits import Recorder, make_run, make_work, small_table, train

from gdrun.data import Table, prepare, split
from gdrun.errors import StoppedError
from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layers import LAYERS
from gdrun.nn.losses import LOSSES
from gdrun.nn.network import Network
from gdrun.optim import OPTIMIZERS
from gdrun.run_directory.weights import pack_arrays
from gdrun.training.histograms import BINS
from gdrun.training.learning import MOST_PICTURES, Learning, picture_epochs
from gdrun.training.surface import CURVE, GRID
from gdrun.training.work import RunWork, StackWork

Arrays = dict[str, np.ndarray]


def two_features(rows: int = 120, classes: int = 3) -> Table:
    random = np.random.default_rng(3)
    target = random.integers(0, classes, rows)
    numbers = 50 + 10 * target[:, None] + random.standard_normal((rows, 2))
    return Table("two", "classification", numbers, ("a", "b"), target, classes=tuple("klm"[:classes]))


def regression(features: int, rows: int = 90) -> Table:
    random = np.random.default_rng(4)
    numbers = random.uniform(-3, 7, (rows, features))
    target = 100 + numbers.sum(axis=1, keepdims=True)
    names = ("a", "b", "c")[:features]
    return Table("line", "regression", numbers, names, target)


def work_on(table: Table, runs: list[RunWork], **changes: Any) -> StackWork:
    data = prepare(table, split(table, 0.2, 0.1))
    outputs = len(table.classes) or 1
    layers = [
        LAYERS["dense"](8, activation=ACTIVATIONS["tanh"]()),
        LAYERS["dropout"](0.2),
        LAYERS["dense"](outputs),
    ]
    loss = LOSSES["softmax_cross_entropy"]() if table.classes else LOSSES["mse"]()
    network = Network(layers, (len(table.number_names),))
    return make_work(runs, network=network, data=[data], loss=loss, metrics=[], **changes)


def learned(work: StackWork, run: int = 0, **how: Any) -> Arrays:
    return train(work, **how).outcomes[run].learning


def same(one: Arrays, other: Arrays) -> None:
    assert list(one) == list(other)
    for name, array in one.items():
        assert array.tobytes() == other[name].tobytes(), name


class TestEpochs:
    @given(st.integers(0, 5000), st.integers(1, 70), st.integers(2, MOST_PICTURES))
    def test_are_few_evaluated_and_reach_from_end_to_end(self, epochs: int, every: int, most: int) -> None:
        chosen = picture_epochs(epochs, every, most)
        assert chosen == sorted(set(chosen))
        assert (chosen[0], chosen[-1]) == (0, epochs)
        assert len(chosen) <= most
        assert all(epoch % every == 0 or epoch == epochs for epoch in chosen)

    def test_lie_closer_together_where_learning_is_fastest(self) -> None:
        assert picture_epochs(100, 1, 6) == [0, 1, 4, 10, 32, 100]
        assert picture_epochs(3, 1, 10) == [0, 1, 2, 3]

    def test_are_fewer_for_a_network_that_is_slow_to_evaluate(self) -> None:
        table, run = two_features(), make_run(0)
        wide = Network([LAYERS["dense"](2000), LAYERS["dense"](2000), LAYERS["dense"](3)], (2,))
        assert len(Learning(work_on(table, [run], epochs=100)).epochs) == MOST_PICTURES
        slow = replace(work_on(table, [run], epochs=100), network=wide)
        assert Learning(slow).epochs == [0, 100]


class TestSurface:
    def test_regions_are_those_of_the_network(self) -> None:
        work = work_on(two_features(), [make_run(0)], epochs=4, keep_best=False)
        recorder = train(work)
        arrays = recorder.outcomes[0].learning
        assert arrays["epochs"].tolist() == [0, 1, 2, 3, 4]
        scaling = work.data[0].preprocessor
        x, y = np.meshgrid(arrays["surface.x"], arrays["surface.y"])
        points = (np.stack([x.ravel(), y.ravel()], axis=1) - scaling.center) / scaling.scale
        views = work.network.views(recorder.outcomes[0].variables[None])
        hidden = np.tanh(points @ views["layers.0.weight"][0] + views["layers.0.bias"][0])
        scores = hidden @ views["layers.2.weight"][0] + views["layers.2.bias"][0]
        odds = np.exp(scores)
        ordered = np.sort(odds / odds.sum(axis=1, keepdims=True), axis=1)
        np.testing.assert_array_equal(arrays["surface.class"][-1].ravel(), scores.argmax(axis=1))
        margin = 255 * (ordered[:, -1] - ordered[:, -2])
        np.testing.assert_allclose(arrays["surface.margin"][-1].ravel(), margin, atol=0.51)

    def test_axes_and_points_are_in_the_units_of_the_data(self) -> None:
        table = two_features()
        work = work_on(table, [make_run(0)], epochs=1)
        arrays = learned(work)
        rows = work.data[0].train.rows
        np.testing.assert_allclose(arrays["points.features"], table.numbers[rows], rtol=1e-5)
        np.testing.assert_array_equal(arrays["points.target"], table.target[rows])
        for name, column in (("surface.x", 0), ("surface.y", 1)):
            low, high = table.numbers[rows, column].min(), table.numbers[rows, column].max()
            assert arrays[name][0] == pytest.approx(low - 0.08 * (high - low), rel=1e-5)
            assert arrays[name][-1] == pytest.approx(high + 0.08 * (high - low), rel=1e-5)

    @pytest.mark.parametrize("features", [1, 2])
    def test_of_a_regression_are_its_values(self, features: int) -> None:
        run = make_run(0, optimizer=OPTIMIZERS["adam"](learning_rate=0.05))
        arrays = learned(work_on(regression(features), [run], epochs=150))
        if features == 1:
            values, truth = arrays["curve.value"][-1][:, 0], 100 + arrays["curve.x"]
            assert values.shape == (CURVE,)
        else:
            values = arrays["surface.value"][-1]
            truth = 100 + arrays["surface.x"] + arrays["surface.y"][:, None]
            assert values.shape == (GRID, GRID)
        assert np.abs(values - truth).mean() < 1.5  # without the target's own unit it would be a hundred

    def test_are_not_there_for_more_features(self) -> None:
        assert learned(make_work([make_run(0)], epochs=1)) == {}
        assert learned(work_on(regression(3), [make_run(0)], epochs=1)) == {}


class TestRuns:
    def test_have_the_pictures_they_have_alone(self) -> None:
        runs = [make_run(seed) for seed in range(4)]
        together = train(work_on(two_features(), runs, diagnostics=True))
        for place, run in enumerate(runs):
            same(together.outcomes[place].learning, learned(work_on(two_features(), [run], diagnostics=True)))

    def test_on_data_of_their_own_too(self) -> None:
        table = two_features()
        data = [prepare(table, split(table, 0.2, 0.1, seed=seed)) for seed in range(2)]
        runs = [make_run(seed, data=seed % 2) for seed in range(4)]
        together = train(replace(work_on(table, runs), data=data))
        for place, run in enumerate(runs):
            alone = replace(work_on(table, [replace(run, data=0)]), data=[data[run.data]])
            same(together.outcomes[place].learning, learned(alone))

    def test_resume_to_the_same_pictures(self) -> None:
        work = work_on(two_features(), [make_run(seed) for seed in range(3)], diagnostics=True)
        whole = train(work)
        observer = Recorder(interrupt_after=21)
        with pytest.raises(StoppedError):
            train(work, observer)
        assert "learning.surface.class" in observer.snapshots[-1].arrays
        after = train(work, Recorder(), observer.snapshots[-1])
        assert set(after.outcomes) == {0, 1, 2}
        for run, outcome in after.outcomes.items():
            same(outcome.learning, whole.outcomes[run].learning)

    def test_train_to_the_same_bits_with_diagnostics(self) -> None:
        runs = [make_run(seed) for seed in range(2)]
        layers = [LAYERS["dense"](12), LAYERS["batch_norm"](), LAYERS["dropout"](0.2), LAYERS["dense"](3)]
        network = Network(layers, (5,))  # with noise, and with statistics that a pass in training moves
        plain, watched = (
            train(make_work(runs, network=network, diagnostics=asked)) for asked in (False, True)
        )
        for run in range(2):
            assert plain.outcomes[run].variables.tobytes() == watched.outcomes[run].variables.tobytes()
        assert plain.outcomes[0].learning == {}

    def test_that_stop_early_have_one_of_the_weights_that_were_kept(self) -> None:
        from gdrun.config.sections import EarlyStopping

        fast = make_run(0, optimizer=OPTIMIZERS["sgd"](learning_rate=3.0))
        work = work_on(
            two_features(), [fast], epochs=400, early_stopping=EarlyStopping(patience=5), batch_size=8
        )
        recorder = train(work)
        outcome = recorder.outcomes[0]
        assert outcome.status == "stopped"
        assert outcome.best is not None
        epochs = outcome.learning["epochs"].tolist()
        assert outcome.best.epoch in epochs
        assert outcome.best.epoch not in picture_epochs(400, 1, MOST_PICTURES)
        assert epochs == sorted(epochs)
        assert epochs[-1] <= outcome.epochs

    def test_that_diverge_have_none_of_what_is_infinite(self) -> None:
        wild = make_run(0, optimizer=OPTIMIZERS["sgd"](learning_rate=3e38))
        calm = make_run(1, optimizer=OPTIMIZERS["sgd"]())
        both = train(work_on(two_features(), [wild, calm], diagnostics=True))
        assert both.outcomes[0].status == "diverged"
        arrays = both.outcomes[0].learning
        assert arrays["epochs"].tolist() == [0]
        assert all(np.isfinite(array).all() for array in arrays.values())
        same(both.outcomes[1].learning, learned(work_on(two_features(), [calm], diagnostics=True)))


class TestHistograms:
    def test_are_of_what_a_layer_gives_and_of_its_gradient(self) -> None:
        table = small_table()
        layers = [LAYERS["dense"](6, activation=ACTIVATIONS["tanh"]()), LAYERS["dense"](3)]
        work = make_work([make_run(0)], "float64", network=Network(layers, (5,)), epochs=0, diagnostics=True)
        recorder = train(work)
        arrays, part = recorder.outcomes[0].learning, work.data[0].train
        views = work.network.views(recorder.outcomes[0].variables[None])
        w0, b0 = views["layers.0.weight"][0], views["layers.0.bias"][0]
        w1, b1 = views["layers.1.weight"][0], views["layers.1.bias"][0]
        hidden = np.tanh(part.features @ w0 + b0)
        scores = hidden @ w1 + b1
        odds = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        slope = (odds - np.eye(3)[part.target]) / len(part.rows)
        first = part.features.T @ (slope @ w1.T * (1 - hidden**2))
        assert table.rows == 150
        for kind, expected in {
            "activations": [hidden, scores],
            "gradients": [first, hidden.T @ slope],
            "weights": [w0, w1],
        }.items():
            moments = [[values.mean(), values.std(), np.mean(values == 0)] for values in expected]
            np.testing.assert_allclose(arrays[f"{kind}.moments"][0], moments, rtol=1e-9, atol=1e-12)
            for layer, values in enumerate(expected):
                drawn = np.log10(np.abs(values)) if kind == "gradients" else values
                counts, _ = np.histogram(drawn, BINS)
                np.testing.assert_allclose(
                    arrays[f"{kind}.range"][0, layer], [drawn.min(), drawn.max()], rtol=1e-9
                )
                assert np.abs(counts - arrays[f"{kind}.counts"][0, layer]).sum() <= 2  # at an edge

    def test_tell_layers_that_compute_from_those_that_pass_on(self) -> None:
        layers = [
            *(LAYERS["dense"](40), LAYERS["reshape"]((40, 1)), LAYERS["flatten"](), LAYERS["dropout"](0.5)),
            *(LAYERS["activation"](ACTIVATIONS["relu"]()), LAYERS["maxout"](2), LAYERS["prelu"]()),
            LAYERS["dense"](3),
        ]
        work = make_work([make_run(0)], network=Network(layers, (5,)), epochs=1, diagnostics=True)
        arrays = learned(work)
        assert arrays["activations.layers"].tolist() == [0, 4, 5, 6, 7]
        assert set(arrays["weights.layers"].tolist()) >= {0, 7}
        dense, relu = arrays["activations.range"][0, :2]
        assert dense[0] < 0  # though the activation writes over what the layer before it gave
        assert relu[0] == 0

    def test_show_zeros_that_pass_no_gradient(self) -> None:
        run = make_run(0, initializer=INITIALIZERS["zeros"]())
        arrays = learned(make_work([run], epochs=0, diagnostics=True))
        assert (arrays["gradients.moments"][0, :2, 2] == 1).all()
        assert arrays["gradients.counts"][0, :2].sum() == 0

    def test_and_a_surface_fill_little_of_the_disk(self) -> None:
        random = np.random.default_rng(0)
        layers = [LAYERS["dense"](30, activation=ACTIVATIONS["tanh"]()) for _ in range(30)]
        network = Network([*layers, LAYERS["dense"](1)], (2,))
        work = work_on(regression(2, 700), [make_run(0)], epochs=200, diagnostics=True)
        arrays = learned(replace(work, network=network))
        assert len(arrays["epochs"]) >= MOST_PICTURES
        noise = {name: random.bytes(array.nbytes) for name, array in arrays.items()}
        full = {name: np.frombuffer(noise[name], np.uint8) for name in arrays}
        assert len(pack_arrays(full, compressed=True)) < 300_000  # as if nothing could be compressed

    def test_of_a_deep_network_are_of_some_layers(self) -> None:
        layers = [LAYERS["dense"](4) for _ in range(40)] + [LAYERS["dense"](3)]
        arrays = learned(make_work([make_run(0)], network=Network(layers, (5,)), epochs=1, diagnostics=True))
        assert len(arrays["weights.layers"]) == len(arrays["activations.layers"]) == 24
        assert arrays["weights.layers"][[0, -1]].tolist() == [0, 40]
