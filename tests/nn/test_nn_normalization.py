"""Normalizing layers against PyTorch 2.13.0, their state, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from golden_networks import check_golden
from nn_samples import golden

from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layers import LAYERS
from gdrun.nn.models import MODELS
from gdrun.nn.network import Network

CASES = golden("normalization.json")
Dense, BatchNorm = LAYERS["dense"], LAYERS["batch_norm"]


def name_of(case):
    return f"{case['layers'][0]['name']} {np.shape(case['input'])}"


def test_there_are_cases_of_every_kind():
    assert {case["layers"][0]["name"] for case in CASES} == {
        f"{kind}_norm" for kind in ("batch", "layer", "group", "rms")
    }
    assert sum("state" in case for case in CASES) >= 3


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_values_and_gradients_are_those_of_torch(case, runs):
    check_golden(case, runs)


@pytest.mark.parametrize("case", [case for case in CASES if "state" in case], ids=name_of)
def test_running_statistics_and_their_use_are_those_of_torch(case):
    network, bound, x, state = check_golden(case, 2)
    x[...] = case["second_input"]
    bound.forward()
    for name, view in network.state_views(state).items():
        np.testing.assert_allclose(view[1], case["state"][name], rtol=1e-12)
    parameters = np.empty((2, network.parameter_count))
    for name, view in network.views(parameters).items():
        view[...] = case["weights"][name]
    evaluated = network.bind(np.array(case["input"])[None], parameters, state=state)
    before = state.copy()
    evaluated.forward()
    np.testing.assert_allclose(evaluated.output[1], case["evaluation_output"], rtol=1e-10, atol=1e-14)
    np.testing.assert_array_equal(state, before)


def test_state_is_no_parameter():
    network = Network([Dense(3), BatchNorm()], (4,))
    assert network.parameter_count == 4 * 3 + 3 + 2 * 3
    assert network.weight_count == 4 * 3
    assert network.state_count == 2 * 3
    assert network.initial_state().tolist() == [0, 0, 0, 1, 1, 1]
    assert [slot.name for slot in network.state_slots] == [
        "layers.1.running_mean",
        "layers.1.running_variance",
    ]


def test_variables_have_parameters_and_state_by_name_and_come_back_from_them():
    network = Network([Dense(3), BatchNorm()], (4,))
    flat = np.random.default_rng(0).standard_normal((2, network.parameter_count + network.state_count))
    arrays = {name: view[1] for name, view in network.variables(flat).items()}
    assert {name: array.shape for name, array in arrays.items()} == network.variable_shapes()
    np.testing.assert_array_equal(network.flat(arrays), flat[1])
    del arrays["layers.1.running_mean"]
    assert network.flat(arrays) is None


def test_scale_and_shift_start_at_one_and_zero_and_can_be_left_out():
    network = Network([BatchNorm(scale=False), LAYERS["rms_norm"]()], (2,))
    start = network.initial_parameters(INITIALIZERS["he_normal"](), 0)
    assert {name: view[0].tolist() for name, view in network.views(start[None]).items()} == {
        "layers.0.shift": [0, 0],
        "layers.1.scale": [1, 1],
    }


def test_batch_norm_needs_two_values_of_each_feature():
    network = Network([Dense(3), BatchNorm()], (4,))
    assert network.least_rows == 2
    assert Network([LAYERS["reshape"]((2, 2)), BatchNorm()], (4,)).least_rows == 1
    parameters = np.ones((1, network.parameter_count))
    with pytest.raises(ValueError, match="at least two values of each feature"):
        network.bind(np.ones((1, 1, 4)), parameters, np.empty_like(parameters))


def test_group_norm_refuses_channels_that_do_not_divide():
    with pytest.raises(ValueError, match="6 channels cannot be dealt out to 4 groups") as caught:
        Network([Dense(6), LAYERS["group_norm"](4)], (3,))
    assert "(3,) → dense (6,)" in str(caught.value)


def test_the_mlp_normalizes_between_a_hidden_layer_and_its_activation():
    layers = MODELS["mlp"](hidden=(8, 4), dropout=0.2, batch_norm=True).resolve((3,), 2)
    block = ["dense", "batch_norm", "activation", "dropout"]
    assert [entry.name for entry in layers] == [*block, *block, "dense"]
    assert [entry.bias for entry in layers if entry.name == "dense"] == [False, False, True]
