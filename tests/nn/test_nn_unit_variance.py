"""Layer-sequential unit variance: what it promises, on which rows, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from gdrun.component import option_types
from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layers import LAYERS
from gdrun.nn.network import Network
from gdrun.nn.unit_variance import scale_to_unit_variance

Dense, Dropout, Reshape, Residual = (LAYERS[name] for name in ("dense", "dropout", "reshape", "residual"))
Relu, Tanh = ACTIVATIONS["relu"], ACTIVATIONS["tanh"]
Lsuv = INITIALIZERS["lsuv"]
ROWS = 3 + 2 * np.random.default_rng(0).standard_normal((200, 6))


def start(layers, rows=ROWS, initializer=None, seed=1):
    network = Network(layers, rows.shape[1:])
    initializer = initializer or Lsuv()
    parameters = network.initial_parameters(initializer, seed)
    drawn = parameters.copy()
    scale_to_unit_variance(network, parameters, initializer, seed, rows)
    return network, drawn, parameters


def test_every_layer_has_unit_variance_before_its_activation():
    layers = [Dense(50, activation=Relu()), Dropout(0.5), Dense(30, activation=Tanh()), Dense(4)]
    network, drawn, parameters = start(layers)
    weights, before = (network.views(flat[None]) for flat in (parameters, drawn))
    x = ROWS  # fewer than 256: all of them
    for index, activation in ((0, lambda z: np.maximum(z, 0)), (2, np.tanh), (3, None)):
        name = f"layers.{index}.weight"
        z = x @ weights[name][0]
        assert z.var() == pytest.approx(1, rel=1e-12)
        np.testing.assert_allclose(
            weights[name][0], before[name][0] / (x @ before[name][0]).std(), rtol=1e-12
        )
        small = min(before[name].shape[1:])
        matrix = before[name][0] if before[name].shape[1] >= before[name].shape[2] else before[name][0].T
        np.testing.assert_allclose(matrix.T @ matrix, np.eye(small), atol=1e-12)
        x = z if activation is None else activation(z)


def outputs(layers, parameters, rows):
    network = Network(layers, rows.shape[1:])
    bound = network.bind(rows[None].astype(float), parameters[None, : network.parameter_count])
    bound.forward()
    return bound.output


def test_layers_inside_residual_ones_are_scaled_on_what_reaches_them():
    inside = (Dense(9, activation=Relu(), bias=False), LAYERS["batch_norm"](scale=False, shift=False))
    layers = [Dense(9, bias=False), Residual(inside), Dense(4, bias=False)]
    network, _, parameters = start(layers)
    weights = network.views(parameters[None])
    x = ROWS @ weights["layers.0.weight"][0]
    z = x @ weights["layers.1.layers.0.weight"][0]
    assert z.var() == pytest.approx(1, rel=1e-12)
    x = x + np.maximum(z, 0) / np.sqrt(1 + 1e-5)  # running statistics are 0 and 1 at the start
    assert (x @ weights["layers.2.weight"][0]).var() == pytest.approx(1, rel=1e-12)


def test_embeddings_and_plain_recurrent_layers_are_scaled_too():
    codes = np.random.default_rng(0).integers(0, 12, (100, 7)).astype(float)
    layers = [
        LAYERS["embedding"](12, 5, weight_initializer=Lsuv()),
        LAYERS["rnn"](8, activation=ACTIVATIONS["identity"]()),
    ]
    _, _, parameters = start(layers, codes)
    assert outputs(layers[:1], parameters, codes).var() == pytest.approx(1, rel=1e-12)
    assert outputs(layers, parameters, codes).var() == pytest.approx(1, rel=1e-12)


def test_only_weights_that_asked_for_it_are_scaled():
    he = INITIALIZERS["he_normal"]()
    layers = [Dense(9), Dense(4, weight_initializer=Lsuv())]
    network, drawn, parameters = start(layers, initializer=he)
    before, after = network.views(drawn[None]), network.views(parameters[None])
    np.testing.assert_array_equal(before["layers.0.weight"], after["layers.0.weight"])
    assert (before["layers.1.weight"] != after["layers.1.weight"]).all()
    assert network.looks_at_rows(he)
    assert not Network([Dense(9)], (6,)).looks_at_rows(he)


def test_a_bias_that_varies_takes_several_scalings():
    layers = [Dense(40, bias_initializer=INITIALIZERS["normal"](std=0.5))]
    network, _, parameters = start(layers)
    assert abs(outputs(layers, parameters, ROWS).var() - 1) < 0.01
    with pytest.raises(
        ValueError, match=r"layers.0 \(dense\): 2 scalings by lsuv leave its outputs with var"
    ):
        start(layers, initializer=Lsuv(tolerance=1e-9, iterations=2))
    assert network.weight_count == 6 * 40


def test_the_batch_is_drawn_by_the_seed_and_no_larger_than_asked():
    rows = np.random.default_rng(0).standard_normal((5000, 6))
    few = [start([Dense(4)], rows, Lsuv(rows=20), seed)[2] for seed in (1, 1)]
    np.testing.assert_array_equal(*few)
    network = Network([Dense(4)], (6,))
    variance = outputs([Dense(4)], few[0], rows).var()
    assert variance != pytest.approx(1, rel=1e-3)  # of 20 rows it is 1, of all not quite
    assert variance == pytest.approx(1, rel=0.5)
    assert network.parameter_count == 28


def test_outputs_that_do_not_vary_are_left_alone():
    _, drawn, parameters = start([Dense(4)], np.zeros((10, 6)))
    np.testing.assert_array_equal(drawn, parameters)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            LAYERS["attention"](),
            r"layers.0 \(attention\): lsuv scales one array of weights, and here are weight, out",
        ),
        (
            LAYERS["lstm"](3),
            r"layers.0 \(lstm\): 10 scalings by lsuv leave its outputs with variance 0\.\d+; give",
        ),
    ],
    ids=["attention", "lstm"],
)
def test_layers_that_do_not_follow_one_scale_are_refused(layer, message):
    with pytest.raises(ValueError, match=message):
        start([layer], np.random.default_rng(0).standard_normal((50, 5, 2)))


SHAPES = {
    "conv1d": (7, 3),
    "conv2d": (6, 6, 2),
    "rnn": (5, 2),
    "lstm": (5, 2),
    "gru": (5, 2),
    "attention": (5, 2),
}
OPTIONS = {
    "conv1d": {"filters": 3, "kernel_size": 2},
    "conv2d": {"filters": 3, "kernel_size": 2},
    "attention": {},
    "embedding": {"vocabulary": 9, "units": 4},
}


@pytest.mark.parametrize(
    "name", [name for name, cls in LAYERS.items() if "weight_initializer" in option_types(cls)]
)
def test_a_layer_that_is_called_scalable_is_scaled_and_any_other_refused(name):
    layer = LAYERS[name](**OPTIONS.get(name, {"units": 4}), weight_initializer=Lsuv())
    rng = np.random.default_rng(0)
    rows = 3 * rng.standard_normal((80, *SHAPES.get(name, (6,))))
    if name == "embedding":
        rows = rng.integers(0, 9, (80, 6)).astype(float)
    if layer.scalable:
        _, drawn, parameters = start([layer], rows)
        assert not np.array_equal(drawn, parameters)
    else:
        with pytest.raises(ValueError, match=f"layers.0 \\({name}\\): "):
            start([layer], rows)


def test_convolutions_are_scaled_as_dense_layers_are():
    images = np.random.default_rng(0).standard_normal((60, 6, 6, 2))
    layers = [
        LAYERS["conv2d"](5, 3, padding="same", activation=Relu()),
        Residual((LAYERS["conv2d"](5, 3, padding="same"),)),
        LAYERS["conv2d"](4, 3, stride=2),
    ]
    network, drawn, parameters = start(layers, images)
    bare = LAYERS["conv2d"](5, 3, padding="same", bias=False)
    assert outputs([bare], parameters[: 5 * 9 * 2], images).var() == pytest.approx(1, rel=1e-12)
    assert outputs(layers, parameters, images).var() == pytest.approx(1, rel=1e-12)
    ratios = {
        name: np.ptp(view[0] / network.views(drawn[None])[name][0])
        for name, view in network.views(parameters[None]).items()
        if name.endswith("weight")
    }
    assert max(ratios.values()) < 1e-12  # each array by one factor
    assert len(ratios) == 3
