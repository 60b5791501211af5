"""Models: recipes for the layers of a network."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.models.linear import Linear
from gdrun.nn.models.mlp import Mlp
from gdrun.nn.models.sequential import Sequential

MODELS = registry(mlp=Mlp, linear=Linear, sequential=Sequential)
