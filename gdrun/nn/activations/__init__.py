"""Activation functions, one a file."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.activations.celu import Celu
from gdrun.nn.activations.elu import Elu
from gdrun.nn.activations.exponential import Exponential
from gdrun.nn.activations.gelu import Gelu
from gdrun.nn.activations.hard_sigmoid import HardSigmoid
from gdrun.nn.activations.hard_swish import HardSwish
from gdrun.nn.activations.hard_tanh import HardTanh
from gdrun.nn.activations.identity import Identity
from gdrun.nn.activations.leaky_relu import LeakyRelu
from gdrun.nn.activations.mish import Mish
from gdrun.nn.activations.relu import Relu
from gdrun.nn.activations.relu6 import Relu6
from gdrun.nn.activations.selu import Selu
from gdrun.nn.activations.sigmoid import Sigmoid
from gdrun.nn.activations.silu import Silu
from gdrun.nn.activations.softplus import Softplus
from gdrun.nn.activations.softsign import Softsign
from gdrun.nn.activations.tanh import Tanh

ACTIVATIONS = registry(
    identity=Identity,
    relu=Relu,
    leaky_relu=LeakyRelu,
    elu=Elu,
    selu=Selu,
    celu=Celu,
    gelu=Gelu,
    silu=Silu,
    swish=Silu,
    mish=Mish,
    sigmoid=Sigmoid,
    hard_sigmoid=HardSigmoid,
    tanh=Tanh,
    hard_tanh=HardTanh,
    softplus=Softplus,
    softsign=Softsign,
    relu6=Relu6,
    hard_swish=HardSwish,
    exponential=Exponential,
)
