"""What the tests of networks share: every component with options worth testing, and small networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gdrun.nn.activation import Activation
from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.layer import Array, Layer
from gdrun.nn.layers import LAYERS
from gdrun.nn.loss import Loss
from gdrun.nn.losses import LOSSES

GOLDEN = Path(__file__).parent.parent / "golden"

_VARIANTS: dict[str, list[dict[str, Any]]] = {
    "leaky_relu": [{}, {"slope": 0.3}],
    "elu": [{}, {"alpha": 0.6}],
    "celu": [{}, {"alpha": 1.7}],
    "gelu": [{}, {"approximate": "tanh"}],
}
_LOSS_VARIANTS: dict[str, list[dict[str, Any]]] = {
    "softmax_cross_entropy": [{}, {"label_smoothing": 0.1}, {"class_weights": (0.5, 2.0, 1.5)}],
    "multiclass_svm": [{}, {"margin": 0.4}],
    "focal": [{}, {"gamma": 0.5}],
    "poly1": [{}, {"epsilon": -0.5}],
    "kl_divergence": [{}, {"label_smoothing": 0.2}],
    "huber": [{}, {"delta": 0.4}],
    "quantile": [{}, {"q": 0.8}],
}
OF_TWO_CLASSES = {"binary_cross_entropy", "hinge", "squared_hinge"}

ACTIVATION_CASES: list[Activation] = [
    cls(**options) for name, cls in ACTIVATIONS.items() for options in _VARIANTS.get(name, [{}])
]
LOSS_CASES: list[Loss] = [
    cls(**options) for name, cls in LOSSES.items() for options in _LOSS_VARIANTS.get(name, [{}])
]


def label(component: Any) -> str:
    """The test's name: `leaky_relu(slope=0.3)`."""
    return f"{component.name}({str(component).split('(', 1)[-1]}"


def golden(file: str) -> list[dict[str, Any]]:
    """The cases of one golden file; each names its source."""
    cases: list[dict[str, Any]] = json.loads((GOLDEN / file).read_text())
    assert cases
    assert all(case["source"] for case in cases)
    return cases


def activation(description: Any) -> Activation:
    """An activation from `relu` or `{"name": "relu", …}`."""
    options = {"name": description} if isinstance(description, str) else dict(description)
    return ACTIVATIONS[options.pop("name")](**options)


def layer(description: dict[str, Any]) -> Layer:
    """A layer from `{"name": "dense", …}`."""
    options = dict(description)
    if "activation" in options:
        options["activation"] = activation(options["activation"])
    if "layers" in options:
        options["layers"] = tuple(layer(entry) for entry in options["layers"])
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
    return LAYERS[options.pop("name")](**options)


def targets(loss: Loss, rows: int, rng: np.random.Generator, classes: int = 3) -> Array:
    """Random targets for a loss: class indices, or values in as many columns."""
    if loss.name == "poisson":
        return rng.poisson(2, (rows, classes)).astype(float)
    if loss.task == "regression":
        return rng.standard_normal((rows, classes))
    return rng.integers(0, 2 if loss.name in OF_TWO_CLASSES else classes, rows)


def outputs(loss: Loss, classes: int = 3) -> int:
    """How many outputs a network needs for these targets."""
    return loss.outputs(2 if loss.name in OF_TWO_CLASSES else classes)
