"""What layers share that draw random numbers in training: each run has its generator, evaluation has none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gdrun.nn.layer import Array, Bound, Workspace


def unchanged(x: Array, workspace: Workspace) -> Bound:
    """The layer in evaluation: y is x."""
    return Bound(x, _nothing, _pass_on, workspace.overwritable)


def generators_of(workspace: Workspace, layer: str) -> Sequence[np.random.Generator]:
    """One generator a run.

    Raises:
        ValueError: there are others; `layer` is who needs them.
    """
    if len(workspace.generators) != workspace.runs:
        raise ValueError(f"{layer} needs a generator for each of the {workspace.runs} runs in training")
    return workspace.generators


def output_for(x: Array, workspace: Workspace) -> Array:
    """Where y goes: over x where nobody needs that any more and every run has its own."""
    return x if workspace.overwritable and len(x) == workspace.runs else workspace.like(x)


def _nothing() -> None:
    pass


def _pass_on(dy: Array) -> Array:
    return dy
