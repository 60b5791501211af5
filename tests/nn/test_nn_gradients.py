"""Every activation × loss, every layer, with and without bias, dropout; and wrong gradients are noticed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from gradient_check import RIGHT, WRONG, gradient_error
from nn_samples import ACTIVATION_CASES, LOSS_CASES, label, outputs

from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.layer import Bound
from gdrun.nn.layers import LAYERS, convolution
from gdrun.nn.losses import LOSSES

Dense, Dropout, Flatten, Reshape = (LAYERS[name] for name in ("dense", "dropout", "flatten", "reshape"))
Noise = LAYERS["gaussian_noise"]
ActivationLayer, Prelu, Maxout = (LAYERS[name] for name in ("activation", "prelu", "maxout"))
BatchNorm, LayerNorm, GroupNorm, RmsNorm = (
    LAYERS[f"{kind}_norm"] for kind in ("batch", "layer", "group", "rms")
)
Residual, Rnn, Lstm, Gru, Attention = (
    LAYERS[name] for name in ("residual", "rnn", "lstm", "gru", "attention")
)
Tanh, Softmax, Mse = ACTIVATIONS["tanh"], LOSSES["softmax_cross_entropy"], LOSSES["mse"]


@pytest.mark.parametrize("loss", LOSS_CASES, ids=label)
@pytest.mark.parametrize("activation", ACTIVATION_CASES, ids=label)
def test_every_activation_with_every_loss(activation, loss):
    layers = [Dense(4, activation=activation), Dense(outputs(loss))]
    assert gradient_error(layers, loss, (3,)) < RIGHT


@pytest.mark.parametrize("activation", ACTIVATION_CASES, ids=label)
def test_no_layer_writes_over_what_an_activation_still_needs(activation):
    layers = [Dense(4, activation=activation), ActivationLayer(ACTIVATIONS["sigmoid"]()), Dense(3)]
    assert gradient_error(layers, Softmax(), (3,)) < RIGHT


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("units", [1, 3, 33, 40])
@pytest.mark.parametrize("batch", [1, 4])
def test_dense_of_any_width(units, batch, bias):
    layers = [Dense(units, activation=Tanh(), bias=bias), Dense(3, bias=bias)]
    assert gradient_error(layers, Softmax(), (2,), batch=batch) < RIGHT


NETWORKS = {
    "dropout": [Dense(6, activation=Tanh()), Dropout(0.4), Dense(3)],
    "dropout after relu": [Dense(6, activation=ACTIVATIONS["relu"]()), Dropout(0.4), Dense(3)],
    "dropout twice, in place": [Dropout(0.2), Dense(6), Dropout(0.3), Dropout(0.5), Dense(3)],
    "gaussian noise": [Noise(0.2), Dense(6, activation=Tanh()), Noise(0.5), Dropout(0.3), Noise(), Dense(3)],
    "activation layers": [Dense(4), ActivationLayer(Tanh()), ActivationLayer(Tanh()), Dense(3)],
    "activation first": [ActivationLayer(ACTIVATIONS["silu"]()), Dense(3)],
    "activation last": [Dense(3), ActivationLayer(Tanh())],
    "reshape": [Dense(6, activation=Tanh()), Reshape((2, 3)), ActivationLayer(Tanh()), Flatten(), Dense(3)],
    "wide reshape": [Dense(36), Reshape((4, 9)), ActivationLayer(Tanh()), Flatten(), Dense(3)],
    "prelu": [Dense(6), Prelu(), Dense(5), Prelu(-0.5), Dense(3)],
    "wide prelu, in place": [Dense(40), Prelu(), Dropout(0.3), Dense(3)],
    "prelu first": [Prelu(), Dense(3), Prelu()],
    "prelu of channels": [Dense(12), Reshape((2, 3, 2)), Prelu(), Flatten(), Dense(3)],
    "maxout": [Dense(6), Maxout(), Dense(8), Maxout(4), Dense(3)],
    "wide maxout": [Dense(80), Maxout(), Dropout(0.3), Dense(9), Maxout(3)],
    "maxout first": [Maxout(), Dense(3)],
    "maxout of channels": [Dense(24), Reshape((2, 3, 4)), Maxout(), Flatten(), Dense(3)],
    "batch norm": [Dense(6), BatchNorm(), ActivationLayer(Tanh()), Dense(3)],
    "wide batch norm, in place": [Dense(40), BatchNorm(eps=0.1), Dropout(0.3), Dense(3)],
    "batch norm first and last": [BatchNorm(shift=False), Dense(3), BatchNorm(scale=False)],
    "batch norm of channels": [Dense(12), Reshape((2, 3, 2)), BatchNorm(), Flatten(), Dense(3)],
    "layer norm": [LayerNorm(), Dense(40, activation=Tanh()), LayerNorm(), Dense(3)],
    "layer norm of channels": [Dense(12), Reshape((2, 3, 2)), LayerNorm(scale=False), Flatten(), Dense(3)],
    "group norm": [Dense(12), GroupNorm(3), Dense(3)],
    "group norm of channels": [Dense(24), Reshape((2, 3, 4)), GroupNorm(2, shift=False), Flatten(), Dense(3)],
    "rms norm": [RmsNorm(), Dense(40, activation=Tanh()), RmsNorm(scale=False, shift=True), Dense(3)],
    "rnn": [Reshape((2, 2)), Rnn(3)],
    "rnn of rnn": [
        *(Dense(6), Reshape((3, 2)), Rnn(4, activation=ACTIVATIONS["gelu"](), return_sequences=True)),
        *(Rnn(34, activation=ACTIVATIONS["silu"]()), Dense(3)),
    ],
    "lstm of lstm": [Dense(6), Reshape((3, 2)), Lstm(4, return_sequences=True), Lstm(3)],
    "gru of gru": [Dense(6), Reshape((3, 2)), Gru(4, return_sequences=True), Gru(3)],
    "every time of a gru": [Dense(6), Reshape((3, 2)), Gru(4, return_sequences=True), Flatten(), Dense(3)],
    "normalized sequences": [
        *(Dense(6), Reshape((3, 2)), Lstm(4, return_sequences=True), BatchNorm(), LayerNorm()),
        *(Gru(4, return_sequences=True), GroupNorm(2), Attention(2), Rnn(3)),
    ],
    "attention": [Dense(12), Reshape((3, 4)), Attention(2), Flatten(), Dense(3)],
    "causal attention": [Dense(12), Reshape((3, 4)), Attention(causal=True, bias=False), Flatten(), Dense(3)],
    "residual": [
        Residual((Dense(4, activation=Tanh()), Dropout(0.3), BatchNorm(), Residual((Dense(4),)))),
        Dense(3),
    ],
    "residual, in place": [
        *(Dense(6), Residual((ActivationLayer(Tanh()),)), Residual((Dropout(0.3),))),
        Dense(3),
    ],
    "residual convolutions": [
        *(Dense(16), Reshape((4, 4, 1)), LAYERS["conv2d"](2, 3, padding="same"), BatchNorm()),
        Residual((LAYERS["conv2d"](2, 3, padding="same"), BatchNorm(), ActivationLayer(Tanh()))),
        *(GroupNorm(2), Flatten(), Dense(3)),
    ],
    "residual attention": [
        *(Dense(12), Reshape((3, 4)), Residual((LayerNorm(), Attention(2))), Flatten(), Dense(3)),
    ],
    "flatten last": [Dense(3, activation=Tanh()), Reshape((1, 3)), Flatten()],
    "linear": [Dense(3)],
    "no parameters": [ActivationLayer(Tanh())],
}


@pytest.mark.parametrize("loss", [Softmax(), Mse()], ids=label)
@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name, loss):
    features = 3 if name == "no parameters" else 4
    assert gradient_error(NETWORKS[name], loss, (features,)) < RIGHT


def test_images():
    layers = [Flatten(), Dense(5, activation=Tanh()), Dropout(0.3), Dense(3)]
    assert gradient_error(layers, Softmax(), (2, 3, 2)) < RIGHT


def conv(filters, kernel_size, **options):
    return LAYERS["conv2d"](filters, kernel_size, **options)


def along(filters, kernel_size, **options):
    return LAYERS["conv1d"](filters, kernel_size, **options)


MaxPool, AveragePool, GlobalPool = (
    LAYERS[f"{n}_pool{d}"] for n, d in (("max", "2d"), ("average", "2d"), ("global_average", ""))
)
OF_IMAGES = {
    "convolution": ((5, 4, 2), [conv(3, 3, activation=Tanh())]),
    "one channel": ((5, 6, 1), [conv(2, (3, 2), bias=False)]),
    "kernel 1": ((3, 2, 3), [conv(2, 1, activation=Tanh())]),
    "stride that leaves a rest": ((7, 6, 2), [conv(2, 3, stride=(2, 3))]),
    "dilation": ((7, 8, 2), [conv(2, (2, 3), dilation=(3, 2))]),
    "padding n": ((4, 5, 2), [conv(2, 3, padding=2, stride=2)]),
    "padding n, of one side a kernel sees nothing": ((3, 3, 1), [conv(2, 2, padding=3)]),
    "same": ((5, 4, 2), [conv(2, (4, 3), padding="same", activation=Tanh())]),
    "same with stride": ((5, 6, 2), [conv(2, 3, padding="same", stride=2)]),
    "stride beyond the kernel": ((7, 7, 2), [conv(2, 2, stride=3, padding="same")]),
    "groups": ((4, 4, 4), [conv(6, 3, groups=2, padding=1)]),
    "depthwise": ((4, 5, 3), [conv(6, 2, groups=3, dilation=2, padding="same")]),
    "in a row": ((6, 6, 1), [conv(3, 3, activation=Tanh()), conv(2, 2, activation=Tanh()), conv(3, 3)]),
    "sequence": ((6, 2), [along(3, 3, activation=Tanh()), along(2, 2, stride=2)]),
    "sequence, one feature": ((7, 1), [along(3, 3, padding="same", dilation=2)]),
    "sequence in groups": ((6, 4), [along(4, 3, padding=2, groups=2, bias=False)]),
    "maxima": ((4, 6, 2), [MaxPool(), conv(2, 2)]),
    "maxima of odd sizes": ((5, 7, 2), [MaxPool()]),
    "maxima that overlap": ((5, 6, 2), [MaxPool(3, stride=1), MaxPool((1, 2))]),
    "maxima with padding": ((5, 4, 2), [MaxPool(3, stride=2, padding=1)]),
    "maxima, same": ((5, 4, 2), [MaxPool(2, padding="same")]),
    "maxima with gaps": ((7, 7, 1), [MaxPool(2, stride=3)]),
    "means": ((4, 6, 2), [AveragePool(), conv(2, 2)]),
    "means that overlap": ((5, 6, 2), [AveragePool(3, stride=(1, 2), padding=1)]),
    "means, same": ((5, 4, 2), [AveragePool((2, 3), padding="same")]),
    "means with gaps": ((7, 7, 1), [AveragePool(2, stride=3)]),
    "mean of images": ((3, 2, 3), [conv(4, 2, activation=Tanh()), GlobalPool()]),
    "mean of sequences": ((4, 3), [GlobalPool()]),
    "after noise": ((5, 5, 2), [Dropout(0.3), conv(2, 3), Dropout(0.4), MaxPool(), Dropout(0.2)]),
    "relu": ((6, 5, 2), [conv(3, 3, activation=ACTIVATIONS["relu"]()), MaxPool(), AveragePool((2, 1))]),
    "prelu": ((5, 5, 1), [conv(3, 3), Prelu(), MaxPool()]),
}


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", OF_IMAGES)
def test_images_and_sequences(name, batch):
    shape, layers = OF_IMAGES[name]
    assert gradient_error([*layers, Flatten(), Dense(3)], Softmax(), shape, batch=batch) < RIGHT


@pytest.mark.parametrize("column_bytes", [1, 300, 1200, 5000])
@pytest.mark.parametrize(
    "name", ["convolution", "padding n", "same with stride", "depthwise", "in a row", "sequence"]
)
def test_convolutions_in_chunks_of_runs_images_or_lines(name, column_bytes, monkeypatch):
    monkeypatch.setattr(convolution, "COLUMN_BYTES", column_bytes)
    shape, layers = OF_IMAGES[name]
    assert gradient_error([*layers, Flatten(), Dense(3)], Softmax(), shape, batch=5) < RIGHT


# Wrong versions of right components. The checker must notice every one, else it proves nothing.


def mutant(base, change):
    """A subclass of a layer or activation whose backward pass is followed by `change`."""

    @dataclass(frozen=True)
    class Mutant(base):
        name = "mutant"

        def bind(self, x, *rest):
            bound = super().bind(x, *rest)
            gradients = rest[1] if len(rest) == 3 else {}

            def backward(dy):
                before = dy.copy()
                dx = bound.backward(dy)
                result = change(before, dx, gradients, x)
                return dx if result is None else result

            return Bound(bound.output, bound.forward, backward, bound.overwritable)

    return Mutant


def set_to(name, function):
    """Replace a gradient by a function of itself."""

    def change(dy, dx, gradients, x):
        gradients[name][...] = function(gradients[name].copy())

    return change


ACTIVATION_MUTANTS = {
    "sign": lambda dy, dx, gradients, x: -dx,
    "factor 2": lambda dy, dx, gradients, x: 2 * dx,
    "no derivative": lambda dy, dx, gradients, x: dy,
    "no upstream gradient": lambda dy, dx, gradients, x: dx / dy,
    "one row off": lambda dy, dx, gradients, x: np.roll(dx, 1, axis=1),
    "run of another": lambda dy, dx, gradients, x: dx[::-1],
}
DENSE_MUTANTS = {
    "sign of the weights": set_to("weight", np.negative),
    "sign of the bias": set_to("bias", np.negative),
    "factor 2 of the weights": set_to("weight", lambda g: 2 * g),
    "mean instead of the sum over the batch": set_to("bias", lambda g: g / 5),
    "no bias gradient": set_to("bias", np.zeros_like),
    "transposed weights": set_to("weight", lambda g: g.transpose(0, 2, 1)),
    "runs mixed up": set_to("weight", lambda g: g[::-1]),
    "input gradient without weights": lambda dy, dx, gradients, x: dy,
    "input gradient with the sign turned": lambda dy, dx, gradients, x: -dx,
}


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
@pytest.mark.parametrize("name", ACTIVATION_MUTANTS)
def test_wrong_activations_are_noticed(name, activation):
    broken = mutant(ACTIVATIONS[activation], ACTIVATION_MUTANTS[name])()
    assert gradient_error([Dense(4, activation=broken), Dense(3)], Softmax(), (3,)) > WRONG


SEQUENCE_MUTANTS = {
    "the last time forgotten": set_to("recurrent_weight", lambda g: g / 2),
    "sign of the recurrent weights": set_to("recurrent_weight", np.negative),
    "gates exchanged": set_to("bias", lambda g: np.roll(g, g.shape[-1] // 4 or 1, axis=-1)),
    "runs mixed up": set_to("weight", lambda g: g[::-1]),
    "times reversed": lambda dy, dx, gradients, x: dx[:, :, ::-1],
}


@pytest.mark.parametrize("kind", [Rnn, Lstm, Gru], ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", SEQUENCE_MUTANTS)
def test_wrong_recurrent_layers_are_noticed(name, kind):
    layers = [Dense(6, activation=Tanh()), Reshape((3, 2)), mutant(kind, SEQUENCE_MUTANTS[name])(4), Dense(3)]
    assert gradient_error(layers, Softmax(), (4,)) > WRONG


NORM_MUTANTS = {
    "constant statistics": lambda dy, dx, gradients, x: dy,
    "factor 2 of the scale": set_to("scale", lambda g: 2 * g),
    "scale and shift exchanged": set_to("shift", lambda g: g[..., ::-1]),
    "one row off": lambda dy, dx, gradients, x: np.roll(dx, 1, axis=1),
}


@pytest.mark.parametrize("kind", [BatchNorm, LayerNorm], ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", NORM_MUTANTS)
def test_wrong_normalizing_layers_are_noticed(name, kind):
    layers = [Dense(4, activation=Tanh()), mutant(kind, NORM_MUTANTS[name])(), Dense(3)]
    assert gradient_error(layers, Softmax(), (4,)) > WRONG


@pytest.mark.parametrize("name", DENSE_MUTANTS)
def test_wrong_dense_layers_are_noticed(name):
    broken = mutant(Dense, DENSE_MUTANTS[name])(4)
    layers = [Dense(4, activation=Tanh()), broken, ActivationLayer(Tanh()), Dense(3)]
    assert gradient_error(layers, Softmax(), (4,)) > WRONG


def test_a_dropout_that_draws_again_in_the_backward_pass_is_noticed():
    def change(dy, dx, gradients, x):
        return dy * np.random.default_rng(5).integers(0, 2, dy.shape) / 0.6

    layers = [Dense(4, activation=Tanh()), mutant(Dropout, change)(0.4), Dense(3)]
    assert gradient_error(layers, Softmax(), (3,)) > WRONG


LOSS_MUTANTS = {
    "sign": lambda gradient, prediction, encoded: -gradient,
    "factor 2": lambda gradient, prediction, encoded: 2 * gradient,
    "sum instead of the mean": lambda gradient, prediction, encoded: gradient * prediction.shape[1],
    "target forgotten": lambda gradient, prediction, encoded: prediction / prediction.shape[1],
    "softmax over the batch": lambda gradient, prediction, encoded: (
        gradient - gradient.mean(axis=1, keepdims=True)
    ),
    "row of another": lambda gradient, prediction, encoded: np.roll(gradient, 1, axis=1),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", LOSS_MUTANTS)
def test_wrong_losses_are_noticed(name, loss):
    @dataclass(frozen=True)
    class Mutant(LOSSES[loss]):
        name = loss  # by which its targets are drawn

        def bind(self, prediction, encoded):
            derive = super().bind(prediction, encoded)
            return lambda: LOSS_MUTANTS[name](derive(), prediction, encoded)

    layers = [Dense(4, activation=Tanh()), Dense(outputs(LOSSES[loss]()))]
    assert gradient_error(layers, Mutant(), (3,)) > WRONG


def test_a_missing_smoothing_term_is_noticed():
    @dataclass(frozen=True)
    class Mutant(LOSSES["softmax_cross_entropy"]):
        def bind(self, prediction, encoded):
            return Softmax().bind(prediction, encoded)

    assert gradient_error([Dense(3)], Mutant(label_smoothing=0.3), (3,)) > WRONG
