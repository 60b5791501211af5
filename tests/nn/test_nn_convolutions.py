"""Convolutions and pooling: sizes, errors, ties, chunks; a run's bits alone and stacked; bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.late_activation import with_late_activations
from gdrun.nn.layer import Workspace
from gdrun.nn.layers import LAYERS, convolution
from gdrun.nn.network import Network
from gdrun.nn.windows import axis

Conv2d, Conv1d, MaxPool2d, AveragePool2d = (
    LAYERS[name] for name in ("conv2d", "conv1d", "max_pool2d", "average_pool2d")
)
GlobalAveragePool, Flatten, Dense = (LAYERS[name] for name in ("global_average_pool", "flatten", "dense"))
Relu = ACTIVATIONS["relu"]


def test_the_layers_are_listed():
    assert set(LAYERS) >= {"conv2d", "conv1d", "max_pool2d", "average_pool2d", "global_average_pool"}


@pytest.mark.parametrize("size", [1, 2, 5, 8])
@pytest.mark.parametrize("window", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", ["same", "valid", 0, 1, 3])
def test_taps_are_where_windows_written_out_have_them(size, window, stride, dilation, padding):
    try:
        along = axis(size, window, stride, dilation, padding)
    except ValueError:
        assert padding != "same"
        assert dilation * (window - 1) + 1 > size + 2 * (0 if padding == "valid" else padding)
        return
    if padding == "same":
        assert along.count == np.ceil(size / stride)
    seen = {
        (output, tap, output * stride + tap * dilation - along.before)
        for output in range(along.count)
        for tap in range(window)
    }
    found = set()
    for number, tap in enumerate(along.taps()):
        outputs, inputs = (range(1000)[part] for part in tap)
        assert len(outputs) == len(inputs)
        found |= {(o, number, i) for o, i in zip(outputs, inputs, strict=True)}
    assert found == {(o, t, i) for o, t, i in seen if 0 <= i < size}
    assert along.padded == any(not 0 <= i < size for _, _, i in seen)
    if stride == window and dilation == 1:
        assert along.tiles == (sorted(i for _, _, i in seen) == list(range(size)))
    else:
        assert not along.tiles


@pytest.mark.parametrize(
    ("layers", "input_shape", "message"),
    [
        ([Conv2d(4, 5), Conv2d(4, 7)], (10, 10, 1), "a window of 7 doesn't fit into 6; take a smaller one"),
        (
            [Conv2d(4, 3, dilation=5)],
            (10, 10, 1),
            r"a window of 3 \(11 with dilation 5\) doesn't fit into 10",
        ),
        ([Conv2d(4, 9, padding=1)], (6, 6, 1), "a window of 9 doesn't fit into 6 with 1 added at both ends"),
        (
            [Conv2d(4, 3)],
            (64,),
            r"conv2d takes images \(height, width, channels\), not rows of shape \(64,\)",
        ),
        ([Conv2d(4, 3, groups=2)], (8, 8, 3), "3 channels and 4 filters can't both be split into 2 groups"),
        ([Conv1d(4, 3)], (8, 8, 1), r"conv1d takes sequences \(time, features\), not rows of shape"),
        ([Conv1d(4, 9)], (8, 1), "a window of 9 doesn't fit into 8"),
        ([MaxPool2d(9)], (8, 8, 1), "a window of 9 doesn't fit into 8"),
        ([MaxPool2d(2, padding=2)], (8, 8, 1), "padding 2 with size 2 leaves windows without any value"),
        ([AveragePool2d(2)], (8, 8), "average_pool2d takes images"),
        ([GlobalAveragePool()], (8,), "global_average_pool takes images"),
        ([Conv2d(4, (0, 3))], (8, 8, 1), "window 0, stride 1 and dilation 1 must be at least 1"),
    ],
)
def test_what_does_not_fit_is_said_with_the_shapes_up_to_it(layers, input_shape, message):
    with pytest.raises(ValueError, match=message) as caught:
        Network(layers, input_shape)
    assert str(caught.value).splitlines()[-1].startswith(str(input_shape))


def test_kernels_are_height_width_in_out():
    network = Network([Conv2d(8, (5, 3), groups=2), Flatten(), Dense(2)], (9, 9, 6))
    shapes = {
        name: view.shape[1:] for name, view in network.views(np.zeros((1, network.parameter_count))).items()
    }
    assert shapes["layers.0.weight"] == (5, 3, 3, 8)
    assert shapes["layers.0.bias"] == (8,)
    weight = network.slots[0].parameter
    assert (weight.fan_in, weight.fan_out) == (5 * 3 * 3, 5 * 3 * 4)
    sequence = Network([Conv1d(8, 3)], (9, 6))
    assert sequence.slots[0].parameter.shape == (3, 6, 8)


@pytest.mark.parametrize("initializer", [name for name in INITIALIZERS if name not in ("identity",)])
def test_kernels_can_be_drawn(initializer):
    options = {"constant": {"value": 0.5}, "uniform": {"limit": 0.1}}.get(initializer, {})
    network = Network([Conv2d(6, 3), Flatten(), Dense(2)], (5, 5, 2))
    assert np.isfinite(network.initial_parameters(INITIALIZERS[initializer](**options), 0)).all()


def test_the_first_of_equal_maxima_gets_the_gradient_line_by_line():
    x = np.array([[0.0, 5, 5, 5], [5, 0, 1, 5]]).reshape(1, 1, 2, 4, 1)
    bound = MaxPool2d(2).bind(x, {}, {}, Workspace(1, 1, "float64", training=True))
    bound.forward()
    assert bound.output.ravel().tolist() == [5, 5]
    dx = bound.backward(np.array([3.0, 7.0]).reshape(1, 1, 1, 2, 1))
    assert dx.reshape(2, 4).tolist() == [[0, 3, 7, 0], [0, 0, 0, 0]]


def test_means_at_the_border_are_of_the_values_inside():
    x = np.arange(1.0, 10).reshape(1, 1, 3, 3, 1)
    bound = AveragePool2d(2, padding="same").bind(x, {}, {}, Workspace(1, 1, "float64", training=False))
    bound.forward()
    assert bound.output.reshape(2, 2).tolist() == [[3, 4.5], [7.5, 9]]


IMAGES = {
    "lenet": [
        Conv2d(6, 5, padding="same", activation=Relu()),
        AveragePool2d(),
        Conv2d(9, 3, activation=Relu()),
        MaxPool2d(2),
        Flatten(),
        Dense(4),
    ],
    "strides and groups": [Conv2d(4, 3, stride=2), Conv2d(8, 3, groups=4, padding=1), GlobalAveragePool()],
    "depthwise": [
        Conv2d(2, 3),
        Conv2d(4, 3, groups=2, dilation=2),
        MaxPool2d(3, stride=2),
        Flatten(),
        Dense(4),
    ],
    "pool first": [MaxPool2d(), AveragePool2d((2, 1)), Conv2d(4, 2), Flatten(), Dense(4)],
}


@pytest.mark.parametrize("column_bytes", [1 << 19, 4000, 100_000, 400_000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", IMAGES)
def test_a_run_has_the_same_bits_in_any_company(name, dtype, column_bytes, monkeypatch):
    monkeypatch.setattr(convolution, "COLUMN_BYTES", column_bytes)
    network = Network(IMAGES[name], (12, 13, 1))
    rng = np.random.default_rng(1)
    draws = [network.initial_parameters(INITIALIZERS["he_normal"](), seed) for seed in range(5)]
    all_parameters, images = np.array(draws, dtype), rng.standard_normal((5, 7, 12, 13, 1)).astype(dtype)
    slopes = rng.standard_normal((5, 7, *network.output_shape)).astype(dtype)

    def step(runs):
        parameters = all_parameters[runs].copy()
        gradients = np.full_like(parameters, np.nan)
        bound = network.bind(images[runs].copy(), parameters, gradients, input_gradient=True)
        for _ in range(2):
            bound.forward()
            dx = bound.backward(slopes[runs].copy())
        shared = network.bind(images[:1].copy(), parameters)
        shared.forward()
        assert bound.output.dtype == dx.dtype == shared.output.dtype == np.dtype(dtype)
        shape = (len(parameters), *shared.output.shape[1:])
        return [np.array(bound.output), gradients, dx, np.broadcast_to(shared.output, shape)]

    together = step(slice(0, 5))
    for runs in (slice(0, 1), slice(3, 4), slice(1, 4)):
        for found, alone in zip(together, step(runs), strict=True):
            assert np.isfinite(alone).all()
            np.testing.assert_array_equal(alone, found[runs])


@pytest.mark.parametrize("runs", [1, 4])
def test_columns_take_bounded_memory_whatever_the_batch(runs):
    network = Network([Conv2d(8, 5, padding="same"), Conv2d(8, 5), Flatten(), Dense(2)], (28, 28, 1))
    parameters = np.zeros((runs, network.parameter_count), np.float32)

    def taken(batch):
        x = np.zeros((runs, batch, 28, 28, 1), np.float32)
        tracemalloc.start()
        bound = network.bind(x, parameters, np.empty_like(parameters))
        bound.forward()
        bound.backward(np.zeros(bound.output.shape, np.float32))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        activations = sum(np.prod(shape) for shape in network.shapes)
        return (
            peak - 3 * 4 * runs * batch * activations
        )  # outputs, their gradients, copies for the next layer

    scratch = 4 * network.scratch(64, 4)
    assert scratch < 4 * convolution.COLUMN_BYTES
    assert 4 * 64 * 24 * 24 * 200 // scratch > 10  # what the columns of the larger batch would take
    for batch in (16, 64):
        assert taken(batch) < scratch + 1_000_000


def test_a_line_of_windows_goes_through_however_long_it_is(monkeypatch):
    x = np.random.default_rng(0).standard_normal((1, 2, 6, 30, 3))
    layer = Conv2d(2, 3)
    parameters = np.random.default_rng(1).standard_normal((1, 3 * 3 * 3 * 2 + 2))
    outputs = []
    for column_bytes in (1, 1 << 19):
        monkeypatch.setattr(convolution, "COLUMN_BYTES", column_bytes)
        bound = Network([layer], (6, 30, 3)).bind(x, parameters)
        bound.forward()
        outputs.append(bound.output)
    np.testing.assert_allclose(*outputs, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pool", [MaxPool2d(), MaxPool2d(3, stride=2, padding=1), MaxPool2d(2, stride=1)])
def test_relu_behind_the_maxima_has_the_bits_of_relu_before_them(pool, dtype, monkeypatch):
    layers = [Conv2d(5, 3, activation=Relu()), pool, Flatten(), Dense(2)]
    assert [type(each).__name__ for each in with_late_activations(layers)][1] == "_Activated"
    network = Network(layers, (9, 8, 2))
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, (2, 6, 9, 8, 2)).astype(
        dtype
    )  # with equal values and windows without any above 0
    parameters = rng.integers(-2, 3, (2, network.parameter_count)).astype(dtype)
    results = []
    for late in (True, False):
        if not late:
            monkeypatch.setattr(Relu, "is_maximum", False)
        gradients = np.full_like(parameters, np.nan)
        bound = network.bind(x.copy(), parameters, gradients, input_gradient=True)
        bound.forward()
        dx = bound.backward(np.ones((2, 6, 2), dtype))
        results.append([np.array(bound.output), gradients, np.array(dx)])
    for late, early in zip(*results, strict=True):
        np.testing.assert_array_equal(late, early)


def test_only_relu_changes_places_and_only_before_maxima():
    tanh = ACTIVATIONS["tanh"]()
    for layers in (
        [Conv2d(5, 3, activation=tanh), MaxPool2d()],
        [Conv2d(5, 3, activation=Relu()), AveragePool2d()],
        [MaxPool2d(), Conv2d(5, 3, activation=Relu())],
    ):
        assert with_late_activations(layers) == layers


def test_each_output_can_be_looked_at_as_it_is_listed():
    network = Network([Conv2d(3, 2, activation=Relu()), MaxPool2d()], (5, 5, 1))
    x = np.random.default_rng(0).standard_normal((1, 2, 5, 5, 1))
    parameters = np.random.default_rng(1).standard_normal((1, network.parameter_count))
    outputs = {}
    for each_output in (True, False):
        bound = network.bind(x, parameters, each_output=each_output)
        bound.forward()
        outputs[each_output] = bound.outputs
    assert outputs[True][0].min() == 0
    assert outputs[False][0].min() < 0
    np.testing.assert_array_equal(outputs[True][1], outputs[False][1])
