"""Models: recipes for the layers of a network."""

from __future__ import annotations

from gdrun.component import Registry, class_lookup
from gdrun.nn.model import Model

MODELS: Registry[Model] = Registry(
    "gdrun.nn.models",
    mlp="mlp.Mlp",
    linear="linear.Linear",
    sequential="sequential.Sequential",
    lenet="lenet.Lenet",
)

__getattr__ = class_lookup(__name__, MODELS)  # every one by its class's name
