"""A step worked by hand, reference networks, names and order of parameters, shape errors."""

from __future__ import annotations

import numpy as np
import pytest
from golden_networks import check_golden
from nn_samples import golden

from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layers import LAYERS
from gdrun.nn.losses import LOSSES
from gdrun.nn.models import MODELS
from gdrun.nn.network import Network

Dense, Dropout, Flatten, Reshape = (LAYERS[name] for name in ("dense", "dropout", "flatten", "reshape"))
Relu = ACTIVATIONS["relu"]
GOLDEN = [case for case in golden("layers.json") if case["layers"][0]["name"] != "activation"]
GOLDEN += golden("convolutions.json")


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: "-".join(entry["name"] for entry in case["layers"]))
@pytest.mark.parametrize("runs", [1, 3])
def test_networks_have_the_values_and_gradients_of_torch(case, runs):
    check_golden(case, runs)


def test_golden_networks_are_there():
    assert len(GOLDEN) >= 25


def test_a_step_worked_by_hand():
    """A 2-2-1 network with relu and squared error, one row x = (1, 2), target 5.

    W₁ = [[1, −1], [½, 1]], b₁ = (0, −2), W₂ = [[3], [4]], b₂ = (1).
    Forward:  z₁ = x·W₁ + b₁ = (1 + 1 + 0, −1 + 2 − 2) = (2, −1); h = relu(z₁) = (2, 0);
              z₂ = 2·3 + 0·4 + 1 = 7; L = (7 − 5)² = 4.
    Backward: ∂L/∂z₂ = 2(7 − 5) = 4; ∂L/∂W₂ = hᵀ·4 = (8, 0); ∂L/∂b₂ = 4;
              ∂L/∂h = 4·W₂ᵀ = (12, 16); ∂L/∂z₁ = (12, 0), as z₁ is negative in the second place;
              ∂L/∂W₁ = xᵀ·(12, 0) = [[12, 0], [24, 0]]; ∂L/∂b₁ = (12, 0); ∂L/∂x = (12, 0)·W₁ᵀ = (12, 6).
    A step with rate ⅛: W₁ = [[−½, −1], [−2½, 1]], b₁ = (−1½, −2), W₂ = [[2], [4]], b₂ = (½).
              z₁ = (−½ − 5 − 1½, −1 + 2 − 2) = (−7, −1); h = (0, 0); z₂ = ½; L = 4½² = 20¼: too far.
    """
    network = Network([Dense(2, activation=Relu()), Dense(1)], (2,))
    assert [slot.name for slot in network.slots] == [
        "layers.0.weight",
        "layers.1.weight",
        "layers.0.bias",
        "layers.1.bias",
    ]
    parameters = np.array([[1, -1, 0.5, 1, 3, 4, 0, -2, 1]])
    gradients = np.empty_like(parameters)
    loss = LOSSES["mse"]()
    bound = network.bind(np.array([[[1.0, 2.0]]]), parameters, gradients, input_gradient=True)
    target = np.array([[[5.0]]])
    derive = loss.bind(bound.output, target)

    bound.forward()
    assert bound.output.item() == 7
    assert loss.value(bound.output, target).tolist() == [4]
    dx = bound.backward(derive())
    assert gradients.tolist() == [[12, 0, 24, 0, 8, 0, 12, 0, 4]]
    assert dx.tolist() == [[[12, 6]]]

    parameters -= gradients / 8
    bound.forward()
    assert bound.output.item() == 0.5
    assert loss.value(bound.output, target).tolist() == [20.25]


def test_the_mlp_on_flat_rows_counts_its_layers_from_zero():
    network = Network(MODELS["mlp"](hidden=(64,)).resolve((64,), 10), (64,))
    names = {name: view.shape for name, view in network.views(np.zeros((2, network.parameter_count))).items()}
    assert names == {
        "layers.0.weight": (2, 64, 64),
        "layers.1.weight": (2, 64, 10),
        "layers.0.bias": (2, 64),
        "layers.1.bias": (2, 10),
    }
    assert network.parameter_count == 64 * 64 + 64 + 64 * 10 + 10
    assert network.weight_count == 64 * 64 + 64 * 10


def test_the_mlp_drops_out_after_each_hidden_layer_and_flattens_images():
    layers = MODELS["mlp"](hidden=(8, 4), dropout=0.2).resolve((3, 3), 2)
    assert [entry.name for entry in layers] == ["flatten", "dense", "dropout", "dense", "dropout", "dense"]
    assert Network(layers, (3, 3)).describe() == (
        "(3, 3) → flatten (9,) → dense (8,) → dropout (8,) → dense (4,) → dropout (4,) → dense (2,)"
    )


def test_the_linear_model_is_one_dense_layer():
    assert [str(entry) for entry in MODELS["linear"]().resolve((5,), 3)] == [str(Dense(3))]
    assert [entry.name for entry in MODELS["linear"]().resolve((5, 2), 3)] == ["flatten", "dense"]
    assert [str(e) for e in MODELS["mlp"](hidden=()).resolve((5,), 3)] == [str(Dense(3))]


def test_a_sequential_model_is_what_it_lists():
    layers = (Dense(4), Dense(3))
    assert MODELS["sequential"](layers).resolve((5,), 3) == layers


def test_every_model_is_tested_here():
    assert set(MODELS) == {"mlp", "linear", "sequential", "lenet"}


def test_lenet_has_the_sizes_of_the_paper():
    network = Network(MODELS["lenet"]().resolve((28, 28, 1), 10), (28, 28, 1))
    assert network.describe() == (
        "(28, 28, 1) → conv2d (28, 28, 6) → max_pool2d (14, 14, 6) → conv2d (10, 10, 16) → "
        "max_pool2d (5, 5, 16) → flatten (400,) → dense (120,) → dense (84,) → dense (10,)"
    )
    # 156 as C1 of the paper; 2,416 where C3 has every filter see all maps; 48,120 and 10,164 as C5 and F6
    assert network.parameter_count == 156 + 2_416 + 48_120 + 10_164 + 850
    layers = MODELS["lenet"](filters=(3, 4), hidden=(8,), dropout=0.2).resolve((12, 12, 3), 2)
    assert Network(layers, (12, 12, 3)).output_shape == (2,)


def test_lenet_needs_images_large_enough():
    with pytest.raises(ValueError, match=r"lenet takes images .*, not rows of shape \(784,\)"):
        MODELS["lenet"]().resolve((784,), 10)
    with pytest.raises(ValueError, match="a window of 5 doesn't fit into 4"):
        Network(MODELS["lenet"]().resolve((8, 8, 1), 10), (8, 8, 1))


def test_a_sequential_model_must_end_with_the_outputs_needed():
    with pytest.raises(ValueError, match="end with a dense layer of 10 units") as caught:
        MODELS["sequential"]((Dense(32), Dense(7))).resolve((64,), 10)
    assert "the last layer gives (7,), but 10 outputs are needed" in str(caught.value)
    assert "(64,) → dense (32,) → dense (7,)" in str(caught.value)


@pytest.mark.parametrize("layers", [(), (Flatten(),)])
def test_a_sequential_model_must_have_something_to_train(layers):
    with pytest.raises(ValueError, match="no layer has anything to train: add a dense layer of 2 units"):
        MODELS["sequential"](layers).resolve((2,), 2)


@pytest.mark.parametrize(
    ("layers", "input_shape", "message", "shapes"),
    [
        ([Flatten(), Reshape((5, 2)), Dense(3)], (2, 5), "layers.2 (dense): dense takes", "reshape (5, 2)"),
        ([Dense(3)], (8, 8), "put a flatten first", "(8, 8)"),
        ([Dense(6), Reshape((4, 2))], (3,), "its sizes must multiply to 6", "(3,) → dense (6,)"),
    ],
)
def test_a_layer_that_does_not_fit_shows_the_shapes_up_to_it(layers, input_shape, message, shapes):
    with pytest.raises(ValueError, match="layers") as caught:
        Network(layers, input_shape)
    first, second = str(caught.value).splitlines()
    assert message in first
    assert second.endswith(shapes)


def test_starting_parameters_depend_on_the_seed_alone_and_biases_start_at_zero():
    network = Network([Dense(4, activation=Relu()), Dense(3)], (5,))
    he = INITIALIZERS["he_normal"]()
    first = network.initial_parameters(he, 3)
    np.testing.assert_array_equal(first, network.initial_parameters(he, 3))
    assert not np.array_equal(first, network.initial_parameters(he, 4))
    assert first.dtype == np.float64
    assert (first[: network.weight_count] != 0).all()
    assert (first[network.weight_count :] == 0).all()


def test_a_layers_own_initializers_come_first():
    ones, constant = INITIALIZERS["ones"](), INITIALIZERS["constant"](0.5)
    layers = [Dense(2, weight_initializer=ones, bias_initializer=constant), Dense(2)]
    network = Network(layers, (2,))
    values = network.initial_parameters(INITIALIZERS["zeros"](), 0)
    assert values.tolist() == [1, 1, 1, 1, 0, 0, 0, 0, 0.5, 0.5, 0, 0]


def test_a_network_bound_for_evaluation_has_no_backward_pass():
    network = Network([Dense(2)], (2,))
    bound = network.bind(np.ones((1, 3, 2)), np.ones((4, network.parameter_count)))
    bound.forward()
    assert bound.output.shape == (4, 3, 2)
    with pytest.raises(RuntimeError, match="bound for evaluation"):
        bound.backward(np.ones((4, 3, 2)))


@pytest.mark.parametrize("first", [[Flatten()], [LAYERS["activation"](Relu()), Flatten(), Dropout(0.1)], []])
def test_layers_before_the_first_parameters_have_no_gradient_to_pass_on(first):
    network = Network([*first, Dense(2)], (3, 2) if first else (6,))
    parameters = np.ones((1, network.parameter_count))
    gradients = np.empty_like(parameters)
    x = np.ones((1, 4, *network.input_shape))
    bound = network.bind(x, parameters, gradients, generators=network.generators([0]))
    bound.forward()
    assert bound.backward(np.ones((1, 4, 2))) is None
    assert (gradients > 0).all()
