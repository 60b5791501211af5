"""Layers over sequences and residual ones: the numbers of PyTorch 2.13.0, their start, what they refuse."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from golden_networks import check_golden
from nn_samples import golden

from gdrun.errors import DataError
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layers import LAYERS
from gdrun.nn.network import Network

CASES = golden("sequences.json")
Dense, Reshape, Residual, Embedding = (LAYERS[name] for name in ("dense", "reshape", "residual", "embedding"))
RECURRENT = ["rnn", "lstm", "gru"]


def name_of(case):
    options = dict(case["layers"][0])
    return f"{options.pop('name')} {np.shape(case['input'])} {list(options.values())}"


def bind(network, x, *, training=True):
    parameters = network.initial_parameters(INITIALIZERS["xavier_normal"](), 0)[None]
    gradients = np.empty_like(parameters) if training else None
    return network.bind(x, parameters, gradients, input_gradient=True), network.views(parameters)


def test_there_are_cases_of_every_kind():
    kinds = [case["layers"][0]["name"] for case in CASES]
    assert set(kinds) == {*RECURRENT, "attention", "embedding", "residual"}
    assert all(kinds.count(kind) >= 3 for kind in (*RECURRENT, "attention"))


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_values_and_gradients_are_those_of_torch(case, runs):
    check_golden(case, runs)


@pytest.mark.parametrize("kind", RECURRENT)
def test_the_last_output_is_the_last_of_all(kind):
    x = np.random.default_rng(0).standard_normal((1, 4, 6, 2))
    last, whole = (
        bind(Network([LAYERS[kind](3, return_sequences=every)], (6, 2)), x)[0] for every in (False, True)
    )
    last.forward()
    whole.forward()
    np.testing.assert_array_equal(last.output, whole.output[:, :, -1])


@pytest.mark.parametrize("kind", RECURRENT)
def test_a_second_pass_starts_anew(kind):
    x = np.random.default_rng(0).standard_normal((1, 4, 6, 2))
    bound, _ = bind(Network([LAYERS[kind](3)], (6, 2)), x)
    results = []
    for _ in range(2):
        bound.forward()
        dx = bound.backward(np.ones((1, 4, 3)))
        results.append((bound.output.copy(), dx.copy()))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_recurrent_weights_start_orthogonal_and_an_lstm_remembers():
    network = Network([LAYERS["lstm"](3), Reshape((1, 3)), LAYERS["lstm"](2, forget_bias=-2)], (5, 4))
    _, views = bind(network, np.zeros((1, 1, 5, 4)))
    u = views["layers.0.recurrent_weight"][0]
    assert u.shape == (3, 12)
    np.testing.assert_allclose(u @ u.T, np.eye(3), atol=1e-14)
    assert views["layers.0.bias"][0].tolist() == [0] * 3 + [1] * 3 + [0] * 6
    assert views["layers.2.bias"][0].tolist() == [0, 0, -2, -2, 0, 0, 0, 0]
    assert (views["layers.0.weight"] != 0).all()


@pytest.mark.parametrize("kind", RECURRENT)
def test_extreme_inputs_stay_finite(kind):
    x = 1e6 * np.random.default_rng(0).standard_normal((1, 4, 6, 2)).astype(np.float32)
    network = Network([LAYERS[kind](3)], (6, 2))
    parameters = network.initial_parameters(INITIALIZERS["ones"](), 0)[None].astype(np.float32)
    gradients = np.empty_like(parameters)
    bound = network.bind(x, parameters, gradients)
    bound.forward()
    bound.backward(np.ones((1, 4, 3), np.float32))
    assert np.isfinite(bound.output).all()
    assert np.isfinite(gradients).all()


def test_attention_to_enormous_scores_stays_finite_and_is_sharp():
    x = 1e3 * np.eye(4)[None, None]
    network = Network([LAYERS["attention"](bias=False)], (4, 4))
    parameters = np.empty((1, network.parameter_count))
    views = network.views(parameters)
    views["layers.0.weight"][0] = np.hstack([np.eye(4)] * 3)
    views["layers.0.output_weight"][0] = np.eye(4)
    gradients = np.empty_like(parameters)
    bound = network.bind(x, parameters, gradients)
    bound.forward()
    np.testing.assert_array_equal(bound.output, x)  # each time looks at itself alone
    bound.backward(np.ones(x.shape))
    assert np.isfinite(gradients).all()


def test_causal_attention_sees_nothing_of_what_comes_later():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 2, 5, 4))
    bound, _ = bind(Network([LAYERS["attention"](2, causal=True)], (5, 4)), x)
    bound.forward()
    before = bound.output.copy()
    x[:, :, 3:] = rng.standard_normal((1, 2, 2, 4))
    bound.forward()
    np.testing.assert_array_equal(bound.output[:, :, :3], before[:, :, :3])
    assert (bound.output[:, :, 3:] != before[:, :, 3:]).all()


def test_attention_without_a_mask_does_not_know_the_order():
    x = np.random.default_rng(0).standard_normal((1, 2, 5, 4))
    bound, _ = bind(Network([LAYERS["attention"](2)], (5, 4)), x)
    bound.forward()
    before = bound.output.copy()
    x[...] = x[:, :, ::-1].copy()
    bound.forward()
    np.testing.assert_allclose(bound.output, before[:, :, ::-1], rtol=1e-12)


@pytest.mark.parametrize("kind", [*RECURRENT, "attention"])
def test_rows_that_are_no_sequences_are_refused(kind):
    layer = LAYERS[kind]() if kind == "attention" else LAYERS[kind](3)
    with pytest.raises(ValueError, match=rf"layers.0 \({kind}\): {kind} takes sequences, rows of shape"):
        Network([layer], (12,))


def test_heads_must_divide_the_features():
    with pytest.raises(ValueError, match="6 features cannot be cut into 4 heads"):
        Network([LAYERS["attention"](4)], (5, 6))


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("wrong", [-1.0, 5.0, 1.5, np.nan, np.inf])
def test_embedding_refuses_what_is_no_code(wrong, runs):
    x = np.ones((runs, 2, 3))
    network = Network([Embedding(5, 2)], (3,))
    parameters = np.ones((runs, network.parameter_count))
    bound = network.bind(x, parameters, np.empty_like(parameters))
    bound.forward()
    x[-1, 1, 2] = wrong
    with pytest.raises(DataError, match=f"whole numbers from 0 to 4, and there is {wrong:g}: raise"):
        bound.forward()


def test_embedding_adds_up_the_gradients_of_a_code():
    network = Network([Embedding(4, 2)], (3,))
    parameters = np.arange(16.0).reshape(2, 8)
    gradients = np.full_like(parameters, np.nan)
    x = np.array([[[0.0, 3, 3]], [[3, 2, 0]]])
    bound = network.bind(x, parameters, gradients, input_gradient=True)
    bound.forward()
    assert bound.output[1, 0].tolist() == [[14, 15], [12, 13], [8, 9]]
    dx = bound.backward(np.array([[[[1.0, 2], [10, 20], [100, 200]]]] * 2))
    assert gradients[0].reshape(4, 2).tolist() == [[1, 2], [0, 0], [0, 0], [110, 220]]
    assert gradients[1].reshape(4, 2).tolist() == [[100, 200], [0, 0], [10, 20], [1, 2]]
    assert (dx == 0).all()


def test_embedding_serves_runs_that_share_their_input_and_feeds_recurrent_layers():
    network = Network([Embedding(4, 2), LAYERS["gru"](3)], (5,))
    parameters = np.random.default_rng(0).standard_normal((3, network.parameter_count))
    codes = np.array([[[0.0, 1, 2, 3, 0], [3, 3, 1, 0, 2]]])
    shared = network.bind(codes, parameters)
    own = network.bind(np.repeat(codes, 3, axis=0), parameters)
    shared.forward()
    own.forward()
    np.testing.assert_array_equal(shared.output, own.output)


def test_arrays_inside_a_residual_layer_are_called_by_both_places():
    inside = (Dense(3), LAYERS["batch_norm"](), Dense(4))
    network = Network([Dense(4), Residual(inside)], (2,))
    assert set(network.variable_shapes()) == {
        *("layers.0.weight", "layers.0.bias"),
        *(f"layers.1.layers.{place}.{name}" for place in (0, 2) for name in ("weight", "bias")),
        *(f"layers.1.layers.1.{name}" for name in ("scale", "shift", "running_mean", "running_variance")),
    }
    assert network.weight_count == 2 * 4 + 2 * 4 * 3
    assert network.least_rows == 2


def test_a_residual_layer_refuses_another_shape_and_shows_both():
    with pytest.raises(ValueError, match=r"layers.1 \(residual\): the layers inside give \(3,\)") as caught:
        Network([Dense(4), Residual((Dense(5), Dense(3)))], (2,))
    assert "an input of (4,): (4,) → dense (5,) → dense (3,)" in str(caught.value)
    assert "(2,) → dense (4,)" in str(caught.value)


def test_a_residual_layer_needs_layers():
    with pytest.raises(ValueError, match="at least one layer inside"):
        Network([Residual(())], (2,))


def test_a_layer_inside_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"layers.0 \(residual\): layers.1 \(rnn\): rnn takes sequences"):
        Network([Residual((Dense(4), LAYERS["rnn"](4)))], (4,))


@pytest.mark.parametrize("kind", [*RECURRENT, "attention"])
def test_steps_allocate_nothing_that_stays(kind):
    layer = LAYERS[kind]() if kind == "attention" else LAYERS[kind](64)
    x = np.random.default_rng(0).standard_normal((1, 32, 20, 16))
    network = Network([layer], (20, 16))
    bound, _ = bind(network, x)
    dy = np.ones(bound.output.shape)

    def steps(count):
        for _ in range(count):
            bound.forward()
            bound.backward(dy)

    steps(3)
    tracemalloc.start()
    try:
        steps(2)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        steps(20)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4_000
    assert peak - before < 300_000  # what NumPy buffers on the way


@pytest.mark.parametrize(
    "layers",
    [
        [LAYERS["rnn"](40)],
        [LAYERS["lstm"](40)],
        [LAYERS["gru"](40)],
        [LAYERS["attention"](4)],
        [Residual((LAYERS["layer_norm"](), LAYERS["attention"](2)))],
        [LAYERS["batch_norm"](), LAYERS["group_norm"](2)],
    ],
    ids=lambda layers: layers[0].name,
)
def test_the_memory_that_is_said_is_about_the_memory_that_is_taken(layers):
    network = Network(layers, (30, 16))
    parameters = np.zeros((2, network.parameter_count))
    x = np.zeros((2, 64, 30, 16))
    tracemalloc.start()
    try:
        bound = network.bind(x, parameters, np.empty_like(parameters), input_gradient=True)
        bound.forward()
        bound.backward(np.zeros(bound.output.shape))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    said = 8 * 2 * 64 * (2 * network.values - 2 * 30 * 16)  # the input is there already
    assert 0.6 * taken < said < 1.7 * taken
