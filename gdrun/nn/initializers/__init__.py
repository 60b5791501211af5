"""Initializers, one family a file."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.initializers.variance_scaling import HeNormal

INITIALIZERS = registry(he_normal=HeNormal)
