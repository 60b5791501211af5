"""Activation functions, one a file."""

from __future__ import annotations

from gdrun.component import Registry, class_lookup
from gdrun.nn.activation import Activation

ACTIVATIONS: Registry[Activation] = Registry(
    "gdrun.nn.activations",
    identity="identity.Identity",
    relu="relu.Relu",
    leaky_relu="leaky_relu.LeakyRelu",
    elu="elu.Elu",
    selu="selu.Selu",
    celu="celu.Celu",
    gelu="gelu.Gelu",
    silu="silu.Silu",
    swish="silu.Silu",
    mish="mish.Mish",
    sigmoid="sigmoid.Sigmoid",
    hard_sigmoid="hard_sigmoid.HardSigmoid",
    tanh="tanh.Tanh",
    hard_tanh="hard_tanh.HardTanh",
    softplus="softplus.Softplus",
    softsign="softsign.Softsign",
    softmax="softmax.Softmax",
    relu6="relu6.Relu6",
    hard_swish="hard_swish.HardSwish",
    exponential="exponential.Exponential",
)

__getattr__ = class_lookup(__name__, ACTIVATIONS)  # every one by its class's name
