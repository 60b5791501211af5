"""Activations: PyTorch's values, the left derivative at kinks, large arguments, buffers, options by run."""

from __future__ import annotations

import numpy as np
import pytest
from nn_samples import ACTIVATION_CASES, activation, golden, label

from gdrun.component import stack
from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.layer import Workspace

GOLDEN = [case for case in golden("layers.json") if case["layers"][0]["name"] == "activation"]


def forward_backward(function, x, dy, *, overwritable=False):
    """y and ∂L/∂x of arrays (runs, batch, features)."""
    workspace = Workspace(len(x), x.shape[1], x.dtype, training=True)
    workspace.overwritable = overwritable
    bound = function.bind(x, workspace)
    bound.forward()
    y = bound.output.copy()
    return y, bound.backward(dy.copy())


def test_every_activation_has_a_golden_case():
    names = {activation(case["layers"][0]["activation"]).name for case in GOLDEN}
    assert names == {cls.name for cls in ACTIVATIONS.values()}
    assert len(names) >= 19


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: str(case["layers"][0]["activation"]))
def test_values_and_gradients_are_those_of_torch(case):
    function = activation(case["layers"][0]["activation"])
    x, dy = np.array([case["input"]]), np.array([case["output_gradient"]])
    y, dx = forward_backward(function, x, dy)
    np.testing.assert_allclose(y[0], case["output"], rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(dx[0], case["input_gradient"], rtol=1e-10, atol=1e-15)


KINKS = [
    ("relu", {}, 0.0, 0.0),
    ("leaky_relu", {"slope": 0.25}, 0.0, 0.25),
    ("elu", {"alpha": 0.5}, 0.0, 0.5),
    ("selu", {}, 0.0, 1.0507009873554805 * 1.6732632423543772),
    ("relu6", {}, 0.0, 0.0),
    ("relu6", {}, 6.0, 1.0),
    ("hard_tanh", {}, -1.0, 0.0),
    ("hard_tanh", {}, 1.0, 1.0),
    ("hard_sigmoid", {}, -3.0, 0.0),
    ("hard_sigmoid", {}, 3.0, 1 / 6),
    ("hard_swish", {}, -3.0, 0.0),
    ("hard_swish", {}, 3.0, 1.5),
]


@pytest.mark.parametrize(("name", "options", "at", "slope"), KINKS)
def test_derivative_at_a_kink_is_the_left_one(name, options, at, slope):
    x = np.full((1, 1, 1), at)
    _, dx = forward_backward(ACTIVATIONS[name](**options), x, np.ones_like(x))
    assert dx.item() == pytest.approx(slope, abs=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", ACTIVATION_CASES, ids=label)
def test_large_arguments_neither_warn_nor_overflow(function, dtype):
    size = np.array([0, 1e-30, 1e-3, 1, 15, 80, 90, 700, 1e4, 1e19, 1e30], dtype)
    x = np.concatenate([-size, size]).reshape(1, 1, -1)
    y, dx = forward_backward(function, x, np.ones_like(x))
    if function.name == "exponential":
        assert y[..., : len(size)].max() == 1
        assert y[0, 0, -1] == np.inf
    else:
        assert np.isfinite(y).all()
        assert np.isfinite(dx).all()
        assert np.abs(dx).max() < 2


@pytest.mark.parametrize("overwritable", [True, False])
@pytest.mark.parametrize("function", ACTIVATION_CASES, ids=label)
def test_writes_over_its_input_only_where_allowed(function, overwritable):
    rng = np.random.default_rng(0)
    original, dy = rng.standard_normal((2, 5, 4)), rng.standard_normal((2, 5, 4))
    expected = forward_backward(function, original.copy(), dy)
    x = original.copy()
    y, dx = forward_backward(function, x, dy, overwritable=overwritable)
    np.testing.assert_array_equal(y, expected[0])
    np.testing.assert_array_equal(dx, expected[1])
    if not overwritable:
        np.testing.assert_array_equal(x, original)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", ACTIVATION_CASES, ids=label)
def test_keeps_dtype_and_memory_layout(function, dtype):
    x = Workspace(2, 7, dtype, training=True).activations(3)
    x[...] = np.random.default_rng(1).standard_normal(x.shape)
    bound = function.bind(x, Workspace(2, 7, dtype, training=True))
    bound.forward()
    assert bound.output.dtype == np.dtype(dtype)
    assert bound.output.strides == x.strides
    assert bound.backward(np.ones_like(x)).dtype == np.dtype(dtype)


@pytest.mark.parametrize(
    ("name", "option", "values"),
    [
        ("leaky_relu", "slope", [0.0, 0.01, 1.0]),
        ("elu", "alpha", [0.3, 1.0, 2.0]),
        ("celu", "alpha", [0.3, 1.0, 2.0]),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_stacked_options_give_each_run_its_own(name, option, values, dtype):
    rng = np.random.default_rng(2)
    x, dy = rng.standard_normal((2, len(values), 6, 4)).astype(dtype)
    alone = [ACTIVATIONS[name](**{option: value}) for value in values]
    y, dx = forward_backward(stack(alone), x, dy)
    for run, function in enumerate(alone):
        own = forward_backward(function, x[run : run + 1], dy[run : run + 1])
        np.testing.assert_array_equal(y[run], own[0][0])
        np.testing.assert_array_equal(dx[run], own[1][0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_gives_shares_of_the_last_axis_whatever_is_added(dtype):
    x = np.random.default_rng(3).standard_normal((2, 5, 3, 4)).astype(dtype)
    y, dx = forward_backward(ACTIVATIONS["softmax"](), x, np.ones_like(x))
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-6)
    np.testing.assert_allclose(dx, 0, atol=1e-6)  # the sum of the shares never changes
    shifted, _ = forward_backward(ACTIVATIONS["softmax"](), x + np.asarray(1000, dtype), np.ones_like(x))
    np.testing.assert_allclose(shifted, y, rtol=1e-3 if dtype == "float32" else 1e-11)


def test_swish_is_a_second_name_of_silu():
    assert ACTIVATIONS["swish"] is ACTIVATIONS["silu"]
    assert ACTIVATIONS["swish"].name == "silu"


def test_options_out_of_range_are_refused():
    with pytest.raises(ValueError, match="slope must be at most 1"):
        ACTIVATIONS["leaky_relu"](slope=1.5)
    with pytest.raises(ValueError, match="alpha must be greater than 0"):
        ACTIVATIONS["elu"](alpha=0)
    with pytest.raises(ValueError, match="approximate must be none or tanh, not 'exact'"):
        ACTIVATIONS["gelu"](approximate="exact")
