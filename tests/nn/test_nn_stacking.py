"""A run's bits don't depend on its company; the inner loop allocates nothing that stays."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from nn_samples import ACTIVATION_CASES, LOSS_CASES, label, outputs, targets

from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layers import LAYERS
from gdrun.nn.losses import LOSSES
from gdrun.nn.network import Network
from gdrun.nn.product import bind_product

RUNS = 16
Dense, Dropout = LAYERS["dense"], LAYERS["dropout"]
Relu, Softmax = ACTIVATIONS["relu"], LOSSES["softmax_cross_entropy"]


class Sample:
    """Parameters, inputs and targets of 16 runs, of which any part can be trained for one step."""

    def __init__(self, network, loss, dtype, batch):
        rng = np.random.default_rng(0)
        self.network, self.loss = network, loss
        draw = [network.initial_parameters(INITIALIZERS["he_normal"](), seed) for seed in range(RUNS)]
        self.parameters = (np.array(draw) + 0.1 * rng.standard_normal((RUNS, 1))).astype(dtype)
        self.x = (0.3 * rng.standard_normal((RUNS, batch, *network.input_shape))).astype(dtype)
        width = network.output_shape[0]
        self.encoded = np.array(
            [loss.encode(targets(loss, batch, rng, width), width, np.dtype(dtype)) for _ in range(RUNS)]
        )

    def step(self, part):
        """Outputs, gradients, loss values and outputs without gradients of some runs."""
        parameters, x, encoded = (a[part].copy() for a in (self.parameters, self.x, self.encoded))
        gradients = np.empty_like(parameters)
        generators = self.network.generators(range(RUNS)[part])
        state = np.tile(self.network.initial_state().astype(x.dtype), (len(x), 1))
        bound = self.network.bind(x, parameters, gradients, state=state, generators=generators)
        derive = self.loss.bind(bound.output, encoded)
        bound.forward()
        bound.backward(derive())
        shared = self.network.bind(self.x[:1].copy(), parameters, state=state)
        shared.forward()
        results = [bound.output, gradients, state, self.loss.value(bound.output, encoded)]
        results += [shared.output, self.loss.value(shared.output, self.encoded[:1])]
        if self.loss.task == "classification":
            results.append(self.loss.probabilities(shared.output))
        return [np.array(result) for result in results]

    def check(self):
        whole = self.step(slice(0, RUNS))
        for part in (slice(0, 1), slice(7, 8), slice(3, 5), slice(4, 9)):
            for stacked, alone in zip(whole, self.step(part), strict=True):
                np.testing.assert_array_equal(alone, stacked[part])
        assert len(np.unique(whole[3])) > 8


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATION_CASES, ids=label)
def test_same_bits_with_every_activation(activation, dtype):
    layers = [Dense(40, activation=activation), Dense(9, activation=activation), Dense(5)]
    Sample(Network(layers, (11,)), Softmax(), dtype, 19).check()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [1, 2, 32, 77])
@pytest.mark.parametrize("loss", LOSS_CASES, ids=label)
def test_same_bits_with_every_loss(loss, batch, dtype):
    layers = [Dense(64, activation=Relu()), Dense(outputs(loss))]
    Sample(Network(layers, (20,)), loss, dtype, batch).check()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [2, 10, 33, 120])
def test_same_bits_with_many_classes(classes, dtype):
    Sample(Network([Dense(16, activation=Relu()), Dense(classes)], (8,)), Softmax(), dtype, 50).check()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_bits_with_one_unit_one_feature_and_dropout(dtype):
    layers = [
        Dense(1),
        Dense(30, activation=Relu()),
        Dropout(0.3),
        Dense(1, bias=False),
        Dense(4),
        Dropout(0.5),
    ]
    Sample(Network(layers, (1,)), Softmax(), dtype, 6).check()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_bits_with_learned_activations(dtype):
    prelu, maxout = LAYERS["prelu"](), LAYERS["maxout"](3)
    noise = LAYERS["gaussian_noise"](0.3)
    layers = [noise, prelu, Dense(66), prelu, maxout, Dense(9), noise, prelu, maxout, Dense(4)]
    Sample(Network(layers, (11,)), Softmax(), dtype, 19).check()
    layers = [LAYERS["reshape"]((2, 6)), maxout, prelu, LAYERS["flatten"](), Dense(4)]
    Sample(Network(layers, (12,)), Softmax(), dtype, 19).check()


NORMALIZING = [LAYERS["batch_norm"](), LAYERS["layer_norm"](), LAYERS["group_norm"](2), LAYERS["rms_norm"]()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layer", NORMALIZING, ids=label)
def test_same_bits_with_normalizing_layers(layer, dtype):
    layers = [layer, Dense(66), layer, Dense(10), layer, Dense(4)]
    Sample(Network(layers, (12,)), Softmax(), dtype, 19).check()
    layers = [LAYERS["reshape"]((2, 6)), layer, LAYERS["flatten"](), Dense(4)]
    Sample(Network(layers, (12,)), Softmax(), dtype, 19).check()


SEQUENCES = [
    *(LAYERS[name](8, return_sequences=True) for name in ("rnn", "lstm", "gru")),
    *(LAYERS[name](5) for name in ("rnn", "lstm", "gru")),
    *(LAYERS["attention"](heads, causal=heads == 1) for heads in (1, 4)),
    LAYERS["residual"]((LAYERS["layer_norm"](), Dropout(0.2), LAYERS["gru"](8, return_sequences=True))),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layer", SEQUENCES, ids=label)
def test_same_bits_with_layers_over_sequences(layer, dtype):
    for first in ([Dense(48)], []):
        layers = [*first, LAYERS["reshape"]((6, 8)), layer, LAYERS["flatten"](), Dense(4)]
        Sample(Network(layers, (48,)), Softmax(), dtype, 19).check()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_bits_with_layers_inside_a_residual_one(dtype):
    inside = (Dense(40, activation=Relu()), Dropout(0.2), LAYERS["batch_norm"](), Dense(11))
    Sample(Network([LAYERS["residual"](inside), Dense(5)], (11,)), Softmax(), dtype, 19).check()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_product_of_one_run_has_the_bits_of_a_stacked_one(dtype):
    rng = np.random.default_rng(1)

    def draw(runs, n, m):
        columns_first = rng.integers(2)
        array = rng.standard_normal((runs, m, n) if columns_first else (runs, n, m)).astype(dtype)
        return array.transpose(0, 2, 1) if columns_first else array

    for trial in range(400):
        n, k, m = rng.integers(1, [9, 9, 9] if trial % 2 else [140, 140, 140])
        a, b, out = draw(2, n, k), draw(2, k, m), draw(2, n, m)
        bind_product(a, b, out)()
        for run in range(2):
            alone = np.full_like(out[run : run + 1], np.nan)
            bind_product(a[run : run + 1], b[run : run + 1], alone)()
            np.testing.assert_array_equal(alone[0], out[run])


def test_a_product_of_strided_arrays_has_the_bits_of_a_stacked_one():
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((2, 40, 200))[:, ::2, ::2], rng.standard_normal((2, 100, 30))
    out, alone = np.empty((2, 20, 30)), np.empty((1, 20, 30))
    bind_product(a, b, out)()
    bind_product(a[1:], b[1:], alone)()
    bind_product(a[1:], b[1:], np.empty((1, 40, 60))[:, ::2, ::2])()  # nor is an output's layout an error
    np.testing.assert_array_equal(alone[0], out[1])
    np.testing.assert_allclose(out, a @ b)


def train(layers, loss, dtype, runs=4, batch=64):
    """A function that makes one step of a bound network."""
    network = Network(layers, (64,))
    rng = np.random.default_rng(2)
    parameters = (0.1 * rng.standard_normal((runs, network.parameter_count))).astype(dtype)
    x = rng.standard_normal((runs, batch, 64)).astype(dtype)
    width = network.output_shape[0]
    encoded = loss.encode(targets(loss, batch, rng, width), width, np.dtype(dtype))
    generators = network.generators(range(runs))
    bound = network.bind(x, parameters, np.empty_like(parameters), generators=generators)
    derive = loss.bind(bound.output, np.array([encoded] * runs))
    return bound, derive


@pytest.mark.parametrize("loss", LOSS_CASES, ids=label)
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_a_hundred_steps_allocate_nothing_that_stays(activation, loss):
    layers = [Dense(256, activation=ACTIVATIONS[activation]()), Dropout(0.1), Dense(outputs(loss))]
    bound, derive = train(layers, loss, "float64")  # an activation takes 512 KB

    def steps(count):
        for _ in range(count):
            bound.forward()
            bound.backward(derive())

    steps(5)
    tracemalloc.start()
    try:
        steps(5)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        steps(100)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4_000
    assert peak - before < 300_000  # what NumPy converts on the way, in pieces


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", LOSS_CASES, ids=label)
def test_everything_keeps_the_dtype(loss, dtype):
    layers = [Dense(33, activation=ACTIVATIONS["gelu"]()), Dropout(0.1), Dense(outputs(loss))]
    bound, derive = train(layers, loss, dtype, batch=3)
    bound.forward()
    gradient = derive()
    assert bound.output.dtype == gradient.dtype == np.dtype(dtype)
    if loss.task == "classification":
        assert loss.probabilities(bound.output).dtype == np.dtype(dtype)


@pytest.mark.parametrize("runs", [1, 3])
def test_a_backward_pass_follows_the_buffer_it_is_given(runs):
    rng = np.random.default_rng(3)
    network = Network([Dense(3)], (4,))
    parameters = rng.standard_normal((runs, network.parameter_count))
    gradients = np.empty_like(parameters)
    x = rng.standard_normal((runs, 6, 4))
    bound = network.bind(x, parameters, gradients)
    bound.forward()
    for dy in rng.standard_normal((3, runs, 6, 3)):
        bound.backward(dy)
        np.testing.assert_allclose(network.views(gradients)["layers.0.weight"], x.transpose(0, 2, 1) @ dy)
        np.testing.assert_allclose(network.views(gradients)["layers.0.bias"], dy.sum(axis=1))
