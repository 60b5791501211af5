"""Models: recipes for the layers of a network."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.models.mlp import Mlp

MODELS = registry(mlp=Mlp)
