"""Dropout: its share, its scale, its generators; learned activations; reshaping layers."""

from __future__ import annotations

import numpy as np
import pytest

from gdrun.component import stack
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layer import Workspace
from gdrun.nn.layers import LAYERS
from gdrun.nn.network import Network
from gdrun.randomness import Purpose, generator

Dense, Dropout, Flatten, Reshape = (LAYERS[name] for name in ("dense", "dropout", "flatten", "reshape"))
Noise = LAYERS["gaussian_noise"]


def bind_dropout(rate, x, seeds, *, overwritable=False, layer=None):
    workspace = Workspace(len(seeds), x.shape[1], x.dtype, training=True)
    workspace.generators = [generator(seed, Purpose.NOISE, 0) for seed in seeds]
    workspace.overwritable = overwritable
    return (layer or Dropout(rate)).bind(x, {}, {}, workspace)


def test_layers_are_listed():
    assert set(LAYERS) >= {"dense", "activation", "prelu", "maxout", "dropout", "flatten", "reshape"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(rate, dtype):
    x = np.ones((1, 400, 100), dtype)
    bound = bind_dropout(rate, x, [0])
    bound.forward()
    values = set(np.unique(bound.output).tolist())
    kept = np.asarray(1 / (1 - rate), dtype).item()
    assert values == ({kept} if rate == 0 else {0.0, kept})
    # 40,000 draws: the share of zeros is within 5 standard deviations
    assert abs((bound.output == 0).mean() - rate) <= 5 * np.sqrt(rate * (1 - rate) / 40_000)
    assert bound.output.dtype == np.dtype(dtype)


def test_dropout_passes_the_gradient_where_it_passed_the_value():
    x = np.random.default_rng(0).standard_normal((2, 7, 5))
    bound = bind_dropout(0.4, x, [0, 1])
    bound.forward()
    dy = np.random.default_rng(1).standard_normal(x.shape)
    np.testing.assert_allclose(bound.backward(dy.copy()), dy * bound.output / x)


def test_dropout_draws_anew_at_every_pass_and_each_run_its_own():
    x = np.ones((2, 20, 10))
    bound = bind_dropout(0.5, x, [0, 1])
    bound.forward()
    first = bound.output.copy()
    bound.forward()
    assert not np.array_equal(first, bound.output)
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize("narrow", [True, False])
def test_dropout_of_a_run_does_not_depend_on_its_company(narrow):
    features = 10 if narrow else 40
    x = Workspace(3, 6, "float32", training=True).activations(features)
    x[...] = 1
    together = bind_dropout(0.5, x, [5, 6, 7])
    alone = bind_dropout(0.5, x[1:2], [6])
    for _ in range(3):
        together.forward()
        alone.forward()
        np.testing.assert_array_equal(alone.output[0], together.output[1])


def test_dropout_does_not_depend_on_the_memory_layout():
    rows = np.ones((1, 6, 10))
    columns = np.ones((1, 10, 6)).transpose(0, 2, 1)
    first, second = (bind_dropout(0.5, x, [5]) for x in (rows, columns))
    first.forward()
    second.forward()
    np.testing.assert_array_equal(first.output, second.output)


def test_dropout_does_nothing_in_evaluation():
    network = Network([Dropout(0.9), Dense(3), Dropout(0.5)], (4,))
    x = np.ones((1, 5, 4))
    parameters = np.ones((2, network.parameter_count))
    bound = network.bind(x, parameters)
    bound.forward()
    np.testing.assert_array_equal(bound.output, np.full((2, 5, 3), 5.0))


def test_dropout_leaves_its_input_alone_unless_it_may_write_over_it():
    for overwritable in (False, True):
        x = np.ones((1, 5, 4))
        bound = bind_dropout(0.5, x, [0], overwritable=overwritable)
        bound.forward()
        assert (bound.output is x) == overwritable
        assert (x == 1).all() == (not overwritable)


def test_dropout_takes_a_rate_a_run():
    x = np.ones((2, 50, 10))
    rates = [0.2, 0.6]
    together = bind_dropout(None, x, [0, 1], layer=stack([Dropout(rate) for rate in rates]))
    together.forward()
    for run, rate in enumerate(rates):
        alone = bind_dropout(rate, x[:1], [run])
        alone.forward()
        np.testing.assert_array_equal(together.output[run], alone.output[0])


def test_dropout_without_generators_says_so():
    network = Network([Dense(3), Dropout(0.5)], (4,))
    parameters = np.ones((2, network.parameter_count))
    with pytest.raises(ValueError, match="dropout needs a generator for each of the 2 runs"):
        network.bind(np.ones((2, 5, 4)), parameters, np.empty_like(parameters))


@pytest.mark.parametrize("rate", [1, -0.1])
def test_dropout_refuses_rates_out_of_range(rate):
    with pytest.raises(ValueError, match="rate must be"):
        Dropout(rate)


def bind_noise(std, x, seeds, *, overwritable=False, layer=None):
    return bind_dropout(None, x, seeds, overwritable=overwritable, layer=layer or Noise(std))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("std", [0.0, 0.1, 2.0])
def test_noise_has_its_mean_and_standard_deviation(std, dtype):
    x = np.full((1, 400, 100), 3, dtype)
    bound = bind_noise(std, x, [0])
    bound.forward()
    assert bound.output.dtype == np.dtype(dtype)
    added = bound.output.astype(np.float64) - 3
    # 40,000 draws: both are within 5 of their own standard deviations
    assert abs(added.mean()) <= 5 * std / 200 + 1e-6
    assert abs(added.std() - std) <= 5 * std / np.sqrt(2 * 40_000) + 1e-6


def test_noise_is_added_and_the_gradient_passes_it():
    x = np.random.default_rng(0).standard_normal((2, 7, 5))
    bound = bind_noise(0.4, x, [0, 1])
    bound.forward()
    drawn = np.array([generator(seed, Purpose.NOISE, 0).standard_normal((7, 5)) for seed in (0, 1)])
    np.testing.assert_array_equal(bound.output, x + 0.4 * drawn)
    dy = np.random.default_rng(1).standard_normal(x.shape)
    np.testing.assert_array_equal(bound.backward(dy.copy()), dy)


@pytest.mark.parametrize("narrow", [True, False])
def test_noise_of_a_run_does_not_depend_on_its_company(narrow):
    x = Workspace(3, 6, "float32", training=True).activations(10 if narrow else 40)
    x[...] = 1
    stds = [0.1, 0.5, 2.0]
    together = bind_noise(None, x, [5, 6, 7], layer=stack([Noise(std) for std in stds]))
    alone = bind_noise(0.5, x[1:2], [6])
    seen = set()
    for _ in range(3):
        together.forward()
        alone.forward()
        np.testing.assert_array_equal(alone.output[0], together.output[1])
        seen.add(alone.output.tobytes())
    assert len(seen) == 3


def test_noise_leaves_its_input_alone_unless_it_may_write_over_it():
    for overwritable in (False, True):
        x = np.ones((1, 5, 4))
        bound = bind_noise(0.5, x, [0], overwritable=overwritable)
        bound.forward()
        assert (bound.output is x) == overwritable
        assert (x == 1).all() == (not overwritable)


def test_noise_does_nothing_in_evaluation_and_needs_generators_in_training():
    network = Network([Noise(9.0), Dense(3), Noise()], (4,))
    x, parameters = np.ones((1, 5, 4)), np.ones((2, network.parameter_count))
    bound = network.bind(x, parameters)
    bound.forward()
    np.testing.assert_array_equal(bound.output, np.full((2, 5, 3), 5.0))
    with pytest.raises(ValueError, match="gaussian_noise needs a generator for each of the 2 runs"):
        network.bind(np.ones((2, 5, 4)), parameters, np.empty_like(parameters))


def test_noise_refuses_a_negative_standard_deviation():
    with pytest.raises(ValueError, match="std must be"):
        Noise(-0.1)


def test_only_stochastic_layers_have_generators():
    network = Network([Dense(3), Dropout(0.5), Dense(3), Dropout(0.5)], (4,))
    generators = network.generators([7, 8])
    assert sorted(generators) == [1, 3]
    draws = {(layer, run): g.random() for layer, own in generators.items() for run, g in enumerate(own)}
    assert len(set(draws.values())) == 4
    assert draws[3, 1] == generator(8, Purpose.NOISE, 3).random()


def test_prelu_starts_as_a_leaky_relu_and_penalties_leave_its_slopes_alone():
    network = Network([LAYERS["prelu"](0.1), Dense(2), LAYERS["prelu"]()], (3,))
    start = network.initial_parameters(INITIALIZERS["he_normal"](), 0)
    views = network.views(start[None])
    assert views["layers.0.slope"].tolist() == [[0.1] * 3]
    assert views["layers.2.slope"].tolist() == [[0.25] * 2]
    assert network.weight_count == 3 * 2


def test_prelu_takes_the_left_derivative_at_zero():
    x = np.array([[[0.0, -2.0, 3.0]]])
    slopes = np.full((1, 3), np.nan)
    workspace = Workspace(1, 1, "float64", training=True)
    bound = LAYERS["prelu"]().bind(x, {"slope": np.array([[0.5, 0.5, 0.5]])}, {"slope": slopes}, workspace)
    bound.forward()
    assert bound.output.tolist() == [[[0, -1, 3]]]
    assert bound.backward(np.array([[[1.0, 10, 100]]])).tolist() == [[[0.5, 5, 100]]]
    assert slopes.tolist() == [[0, -20, 0]]


def test_maxout_passes_the_gradient_to_the_first_of_the_largest():
    x = np.array([[[1.0, 2, 2, 7, 6, 5]]])
    bound = LAYERS["maxout"](3).bind(x, {}, {}, Workspace(1, 1, "float64", training=True))
    bound.forward()
    assert bound.output.tolist() == [[[2, 7]]]
    assert bound.backward(np.array([[[10.0, 20]]])).tolist() == [[[0, 10, 0, 20, 0, 0]]]


def test_maxout_refuses_features_that_do_not_divide():
    with pytest.raises(ValueError, match="of every 2 features, and 5 is no multiple of 2: change"):
        Network([Dense(5), LAYERS["maxout"](), Dense(2)], (3,))


def test_flatten_runs_the_last_axis_fastest():
    x = np.arange(24.0).reshape(2, 1, 3, 4)
    bound = Flatten().bind(x, {}, {}, Workspace(2, 1, "float64", training=True))
    bound.forward()
    assert bound.output.tolist() == [[list(range(12))], [list(range(12, 24))]]
    assert np.shares_memory(bound.output, x)
    assert Flatten().output_shape((3, 4)) == (12,)


def test_reshape_copies_where_the_memory_layout_asks_for_it():
    x = np.arange(12.0).reshape(1, 6, 2).transpose(0, 2, 1)  # (runs, batch, features), batch axis last
    bound = Reshape((2, 3)).bind(x, {}, {}, Workspace(1, 2, "float64", training=True))
    bound.forward()
    assert bound.output[0, 0].tolist() == [[0, 2, 4], [6, 8, 10]]
    dx = bound.backward(np.arange(12.0).reshape(1, 2, 2, 3))
    assert dx.tolist() == [[[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]]


@pytest.mark.parametrize("shape", [(5,), (2, 7), (-2, -6), (0,)])
def test_reshape_refuses_what_does_not_fill(shape):
    with pytest.raises(ValueError, match="must multiply to 12"):
        Reshape(shape).output_shape((3, 4))
